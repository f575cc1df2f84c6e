#!/bin/sh
# Make .venv and install the project with everything its tests, checks and demo need.
# Exact versions come from tools/constraints.txt; where they can no longer be had, the newest that
# pyproject.toml allows are taken.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
constraints=tools/constraints.txt
what="--editable .[postgres,suggest] --group dev --group demo"

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Bothways needs Python 3.11 or newer; \"$python\" is $("$python" --version 2>&1). Say which: make PYTHON=..." >&2
    exit 1
}

venv_works() {
    [ -x .venv/bin/python ] && .venv/bin/python -c "import os, sys
sys.exit(sys.version_info < (3, 11) or not os.path.samefile(sys.prefix, '.venv') or open('.venv/.made').read().strip() != '$PWD')" 2>/dev/null
}

make_venv() {
    rm -rf .venv
    if command -v uv >/dev/null; then
        uv venv --python "$python" .venv
    elif ! "$python" -m venv .venv; then
        # Debian splits venv off from Python.
        [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 1
        apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends python3-venv
        rm -rf .venv
        "$python" -m venv .venv
    fi
    echo "$PWD" >.venv/.made
}

install() { # shellcheck disable=SC2086
    if command -v uv >/dev/null; then
        uv pip install --python .venv/bin/python $what "$@"
    else
        .venv/bin/python -m pip install --quiet --disable-pip-version-check $what "$@"
    fi
}

venv_works || make_venv
command -v uv >/dev/null ||
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' # knows --group
install --constraint "$constraints" || {
    echo "The versions of $constraints cannot be installed here; taking the newest that pyproject.toml allows." >&2
    install
}
