#!/bin/sh
# Prepare .venv from a lock file, starting from python3 and a network only (no pip, no ensurepip, no root).
#
#   scripts/bootstrap.sh run     what the application needs (requirements.lock)
#   scripts/bootstrap.sh test    that and the test tools (requirements-dev.lock)
#
# uv comes from PATH if it is the pinned version, else through pip, else through the pip wheel of Debian.
# Nothing is done when .venv already answers to the same locks in the same folder.
set -eu
cd "$(dirname "$0")/.."

mode=${1:-run}
cache=.cache
uv_version=$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' scripts/uv.txt)
uv=$cache/uv-$uv_version/uv
stamp=.venv/.prepared

fail() { # French sentence, English sentence
    printf '%s\n%s\n' "Mise en place impossible : $1" "Set-up failed: $2" >&2
    exit 1
}

fingerprint() {
    { pwd -P; cat requirements.lock requirements-dev.lock scripts/uv.txt scripts/bootstrap.sh; } | sha256sum | cut -d' ' -f1
}

# --- is there anything to do? -------------------------------------------------------------------
case $mode in run | test) ;; *) fail "mode inconnu « $mode »" "unknown mode '$mode'" ;; esac
wanted=$(fingerprint)
if [ -x .venv/bin/python ] && [ -f "$stamp" ]; then
    read -r done_mode done_for <"$stamp"
    if [ "$done_for" = "$wanted" ] && { [ "$done_mode" = test ] || [ "$mode" = run ]; }; then
        exit 0
    fi
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "il faut python3 en version 3.11 ou plus." "python3, version 3.11 or later, is needed."
mkdir -p "$cache"
scratch=$(mktemp -d "$cache/bootstrap.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# --- pip, only as a way to uv -------------------------------------------------------------------
# Debian's pip wheel is fetched with lists of its own, so that neither root nor the system's state is needed.
debian_pip() {
    command -v apt-get >/dev/null || return 1
    command -v dpkg-deb >/dev/null || return 1
    apt_root=$(pwd -P)/$scratch/apt
    mkdir -p "$apt_root/lists/partial" "$apt_root/cache/archives/partial"
    set -- -qq -o "Dir::State::Lists=$apt_root/lists" -o "Dir::Cache=$apt_root/cache" \
        -o APT::Sandbox::User= -o Acquire::Languages=none -o Acquire::Retries=3
    apt-get "$@" update >&2 || return 1
    (cd "$apt_root" && apt-get "$@" download python3-pip-whl >&2 && dpkg-deb -x python3-pip-whl_*.deb .) || return 1
    for wheel in "$apt_root"/usr/share/python-wheels/pip-*.whl; do
        [ -f "$wheel" ] && pip_program=$wheel/pip && return 0
    done
    return 1
}

pip_program=
if python3 -m pip --version >/dev/null 2>&1; then
    run_pip() { python3 -m pip "$@"; }
else
    run_pip() { python3 "$pip_program" "$@"; }
fi

fetch_uv() {
    echo "Téléchargement de uv $uv_version…" >&2
    if ! python3 -m pip --version >/dev/null 2>&1; then
        debian_pip || fail "ni uv, ni pip, ni le paquet python3-pip-whl ; réseau ou certificats (ca-certificates) absents ?" \
            "no uv, no pip and no python3-pip-whl package; is the network or ca-certificates missing?"
    fi
    run_pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
        --dest "$scratch" --requirement scripts/uv.txt ||
        fail "uv $uv_version n’a pas pu être téléchargé (réseau ? processeur $(uname -m) ?)." \
            "uv $uv_version could not be fetched (network? processor $(uname -m)?)."
    python3 -m zipfile -e "$scratch"/uv-*.whl "$scratch/uv"
    mkdir -p "$(dirname "$uv")"
    mv "$scratch"/uv/uv-*.data/scripts/uv "$uv"
    chmod +x "$uv"
}

if [ ! -x "$uv" ]; then
    case $(uv --version 2>/dev/null || true) in
    "uv $uv_version" | "uv $uv_version "*)
        mkdir -p "$(dirname "$uv")"
        ln -sf "$(command -v uv)" "$uv"
        ;;
    *) fetch_uv ;;
    esac
fi

# uv does not read pip's settings: hand over the index that pip would ask, if one was chosen.
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    index=${PIP_INDEX_URL:-}
    if [ -z "$index" ] && { [ -n "$pip_program" ] || python3 -m pip --version >/dev/null 2>&1; }; then
        index=$(run_pip config get global.index-url 2>/dev/null || true)
    fi
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
fi
export UV_PYTHON_DOWNLOADS=never UV_NO_CONFIG=1 UV_SYSTEM_CERTS=true

# --- .venv --------------------------------------------------------------------------------------
case $mode in run) lock=requirements.lock ;; test) lock=requirements-dev.lock ;; esac
if [ -f "$stamp" ] && [ "$(sed -n 2p "$stamp")" != "$(pwd -P)" ]; then
    rm -rf .venv # the folder was moved: the scripts inside name the old place
fi
rm -f "$stamp"
if ! .venv/bin/python -c '' 2>/dev/null; then
    rm -rf .venv
    "$uv" venv --quiet --python "$(command -v python3)" .venv ||
        fail "le dossier .venv n’a pas pu être créé." ".venv could not be created."
fi
echo "Installation des dépendances ($lock)…" >&2
"$uv" pip sync --quiet --require-hashes --compile-bytecode --python .venv/bin/python "$lock" ||
    fail "les dépendances n’ont pas pu être installées (réseau ? place sur le disque ?)." \
        "the dependencies could not be installed (network? disk space?)."

# The project itself runs from this folder: one path and one command, so no build backend is needed to run it.
packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
pwd -P >"$packages/aidants.pth"
cat >.venv/bin/aidants <<EOF
#!$(pwd -P)/.venv/bin/python
import sys

from aidants.cli import main

sys.exit(main())
EOF
chmod +x .venv/bin/aidants
printf '%s %s\n%s\n' "$mode" "$wanted" "$(pwd -P)" >"$stamp"
