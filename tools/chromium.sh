#!/bin/sh
# Have the browser Chromium on this machine, and a font for it, so that tests can look at the pages.
# Installs Debian's packages only as root and only where there is no browser; touches nothing else. Without it the tests
# that need it are skipped, with the reason.
set -eu

for program in chromium chromium-browser google-chrome; do
    command -v "$program" >/dev/null && exit 0
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Chromium is not installed; its tests are skipped. On Debian: apt-get install chromium" >&2
    exit 0
fi

export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -q && apt-get install -q -y --no-install-recommends chromium fonts-dejavu-core; }; then
    echo "Chromium could not be installed; its tests are skipped." >&2
fi
