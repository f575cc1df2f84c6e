"""A PostgreSQL server of the tests' own: its data in a folder, on a free port of 127.0.0.1."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ATTEMPTS = 3
"""Starts tried, each on another port: somebody else may take the free port just before the server does."""


class PostgresqlMissing(Exception):
    """PostgreSQL cannot be started on this machine; the message says what it lacks."""


def programs() -> Path:
    """Return the folder with initdb and pg_ctl, of the newest version there is; raise PostgresqlMissing."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: float(folder.parent.name))
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    raise PostgresqlMissing("PostgreSQL is not installed: no initdb under /usr/lib/postgresql or on PATH")


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def start_postgresql(
    folder: Path, *, fsync: bool = False, addresses: Sequence[str] = ("127.0.0.1",), inside: Sequence[str] = ()
) -> Iterator[str]:
    """Run a new, empty server with its data in ``folder`` and yield the URL of its first database.

    ``fsync=True`` keeps commits through a power cut, for tests that are about that. ``addresses`` are those it
    listens at, the first of which is in the URL; ``inside`` are words before a command that make it run elsewhere, as
    in a network of its own. Run as root, the server itself runs as the user postgres, who must be able to pass
    through the folders above. Raises PostgresqlMissing.
    """
    as_user, bin = [*inside, *_as_server_user(folder)], programs()
    data, log = folder / "data", folder / "log"
    auth = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    _run([*as_user, str(bin / "initdb"), "--pgdata", str(data), *auth])
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write("host all all samenet trust\n")
    control = [*as_user, str(bin / "pg_ctl"), "--pgdata", str(data), "--wait", "--silent"]
    port = _start(control, folder, log, addresses, "on" if fsync else "off")
    try:
        yield f"postgresql://postgres@{addresses[0]}:{port}/postgres"
    finally:
        _run([*control, "--mode=immediate", "stop"])


@contextmanager
def start_standby(folder: Path, primary: str) -> Iterator[str]:
    """Run a hot standby of the server at ``primary``, with its data in ``folder``, and yield its URL."""
    as_user, bin = _as_server_user(folder), programs()
    data, log = folder / "data", folder / "log"
    copy = [str(bin / "pg_basebackup"), "--pgdata", str(data), "--write-recovery-conf", "--checkpoint=fast"]
    _run([*as_user, *copy, "--no-sync", f"--dbname={primary}"])
    control = [*as_user, str(bin / "pg_ctl"), "--pgdata", str(data), "--wait", "--silent"]
    port = _start(control, folder, log, ("127.0.0.1",), "off")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/{primary.rpartition('/')[2]}"
    finally:
        _run([*control, "--mode=immediate", "stop"])


def restart_postgresql(folder: Path) -> None:
    """Start a server anew that has its data in ``folder``, as after a crash: all its connections are cut."""
    control = [*_as_server_user(folder), str(programs() / "pg_ctl"), "--pgdata", str(folder / "data")]
    _run([*control, "--wait", "--silent", "--mode=immediate", f"--log={folder / 'log'}", "restart"])


def _as_server_user(folder: Path) -> Sequence[str]:
    """Return the words before a command that make it run as a user whom PostgreSQL accepts."""
    if os.geteuid() != 0:
        return ()
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise PostgresqlMissing("PostgreSQL refuses to run as root, and there is no user postgres") from None
    os.chown(folder, user.pw_uid, user.pw_gid)
    words = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    reach = subprocess.run([*words, "test", "-w", str(folder)], check=False)
    if reach.returncode != 0:
        raise PostgresqlMissing(f"the user postgres cannot reach {folder}")
    return words


def _start(control: Sequence[str], folder: Path, log: Path, addresses: Sequence[str], fsync: str) -> int:
    for attempt in range(1, ATTEMPTS + 1):
        port = free_port()
        settings = {
            "port": port,
            "listen_addresses": ",".join(addresses),
            "unix_socket_directories": folder,
            "fsync": fsync,
            "max_connections": 100,
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        try:
            _run([*control, "--log", str(log), "--options", options, "start"])
        except RuntimeError as problem:
            if attempt == ATTEMPTS:
                written = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
                raise RuntimeError(f"{problem}\n{written}") from problem
        else:
            return port
    raise AssertionError("the last attempt returns or raises")


def _run(command: Sequence[str]) -> None:
    # The server inherits what is not closed: a pipe would keep us waiting for its end, so a file it is.
    done = subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, cwd="/"
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[-1]} of PostgreSQL failed with {done.returncode}: {' '.join(command)}")
