#!/bin/sh
# Make sure that the programs the tests drive are there: Chromium, PostgreSQL, Java, npm, pdftotext, an Arabic font.
# With the word go: Go and its transparency log packages instead, which only `make interop` needs.
# As root on Debian or Ubuntu the missing ones are installed; otherwise they are named and the script fails.
set -eu

missing=
need() { # package, then the files or commands of which one must exist
    package=$1
    shift
    for wanted; do
        case $wanted in
        /*) [ -e "$wanted" ] && return 0 ;;
        *) command -v "$wanted" >/dev/null && return 0 ;;
        esac
    done
    missing="$missing $package"
}

first_match() { for file; do [ -e "$file" ] && echo "$file" && return 0; done; echo /nonexistent; }

if [ "${1:-}" = go ]; then
    need golang-go go
    need golang-golang-x-mod-dev /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog/tlog.go
else
    need chromium /usr/bin/chromium
    need postgresql "$(first_match /usr/lib/postgresql/*/bin/initdb)"
    need default-jre-headless java
    need nodejs node
    need npm npm
    need poppler-utils pdftotext
    need libatomic1 "$(first_match /usr/lib/*/libatomic.so.1)" # Playwright's own node is linked to it
    need fonts-noto-core /usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf
fi

[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    printf 'Il manque pour les tests :%s\nMissing for the tests:%s\n' "$missing" "$missing" >&2
    printf '    sudo apt-get install --no-install-recommends%s\n' "$missing" >&2
    exit 1
fi

echo "apt-get install$missing" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Word splitting of $missing is wanted: one word, one package.
# shellcheck disable=SC2086
if ! { apt-get update -q && apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    printf 'apt-get a échoué.\napt-get failed.\n' >&2
    exit 1
fi
