#!/bin/sh
# Run a command and show what it printed only when it fails, with its exit code.
output=$("$@" 2>&1) || {
    code=$?
    printf '%s\n' "$output"
    exit "$code"
}
