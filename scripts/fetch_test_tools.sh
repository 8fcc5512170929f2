#!/bin/sh
# Fetch what the tests need from npm into .cache/test-tools: the axe accessibility rules and the Nu HTML checker.
# One file is kept of each; a file already there is not fetched again.
set -eu
cd "$(dirname "$0")/.."
tools=.cache/test-tools
mkdir -p "$tools"

fetch() { # package, version, SHA-256 of the archive, file inside it
    kept=$tools/$1-$2-$(basename "$4")
    [ -f "$kept" ] && return 0
    scratch=$(mktemp -d "$tools/fetch.XXXXXX")
    echo "npm pack $1@$2" >&2
    if npm pack --silent --pack-destination "$scratch" "$1@$2" >/dev/null </dev/null &&
        echo "$3  $scratch/$1-$2.tgz" | sha256sum --check --quiet >&2 &&
        tar -xzf "$scratch/$1-$2.tgz" -C "$scratch" "package/$4"; then
        mv "$scratch/package/$4" "$kept"
        rm -rf "$scratch"
    else
        rm -rf "$scratch"
        printf '%s : téléchargement impossible ou contenu inattendu.\n%s: not fetched, or not the expected content.\n' "$1" "$1" >&2
        exit 1
    fi
}

fetch axe-core 4.14.1 e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745 axe.min.js
fetch vnu-jar 26.9.27 5970d3ffca91a627cf0965e5d91bb2e4242307c29292998de0b419d6a901b2b7 build/dist/vnu.jar
