#!/bin/sh
# Write the versions now in .venv to tools/constraints.txt.
set -eu
cd "$(dirname "$0")/.."
{
    echo "# The versions the tests passed with; made by tools/lock.sh. No hashes and no addresses: any registry serves."
    if [ -x .venv/bin/pip ]; then .venv/bin/pip freeze --exclude-editable; else uv pip freeze --exclude-editable --python .venv/bin/python; fi |
        grep -Ev '^(pip|setuptools|wheel)==' | LC_ALL=C sort -f
} >tools/constraints.new
if grep -En '@|://' tools/constraints.new; then
    echo "A version with an address cannot be locked." >&2
    exit 1
fi
mv tools/constraints.new tools/constraints.txt
