#!/bin/sh
# Have PostgreSQL's programs on this machine, so that tests can start servers of their own.
# Installs Debian's package only as root and only where there is none; leaves no service running and
# touches none that was there before. Without it the tests that need it are skipped, with the reason.
set -eu

have_postgresql() {
    command -v initdb >/dev/null && return
    for program in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$program" ] && return
    done
    return 1
}

have_postgresql && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "PostgreSQL is not installed; its tests are skipped. On Debian: apt-get install postgresql" >&2
    exit 0
fi

clusters() { ls -d /etc/postgresql/*/* 2>/dev/null || true; }
before=$(clusters)
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -q && apt-get install -q -y --no-install-recommends postgresql; }; then
    echo "PostgreSQL could not be installed; its tests are skipped." >&2
    exit 0
fi

# The package makes a cluster of its own and may start it: stop that one, now and at every start of the machine.
for cluster in $(clusters); do
    case "$before" in *"$cluster"*) continue ;; esac
    version=$(basename "$(dirname "$cluster")") name=$(basename "$cluster")
    if [ -d /run/systemd/system ]; then systemctl stop "postgresql@$version-$name"; fi
    if pg_ctlcluster "$version" "$name" status >/dev/null; then pg_ctlcluster "$version" "$name" stop; fi
    echo manual >"$cluster/start.conf"
done
