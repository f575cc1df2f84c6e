"""Servers in processes of their own: started, waited for, and surely ended."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PATIENCE = 20.0
"""Seconds that a server may take to be ready, or to end when asked to."""

_LOOK = 0.02
"""Seconds between two looks at what a starting server says."""

MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory; containers often have but 64 MB of it."""

ROOM = 2 * 1024**3
"""Bytes that have to be free there."""


class DidNotStart(RuntimeError):
    """A server ended, or was not ready in time; the message is what it said."""


@contextlib.contextmanager
def running(
    module: str, arguments: Sequence[str], log: Path, ready: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, ...]]:
    """Run ``python -m module`` and yield the groups of the pattern ``ready`` once its output matches it.

    Its output goes to ``log``. It ends with the block, and with this process if that is killed; Ctrl-C in
    the terminal does not reach it. ``environment``: None is ours. Raises DidNotStart.
    """
    command = [sys.executable, "-m", "bothways.sandbox.keeper", sys.executable, "-u", "-m", module, *arguments]
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        yield _wait_until_ready(keeper, log, ready)
    finally:
        _end(keeper)


def _wait_until_ready(process: "subprocess.Popen[bytes]", log: Path, ready: str) -> tuple[str, ...]:
    pause = threading.Event()
    for _ in range(round(PATIENCE / _LOOK)):
        said = log.read_text(errors="replace")
        if match := re.search(ready, said):
            return match.groups()
        if process.poll() is not None:
            break
        pause.wait(_LOOK)
    raise DidNotStart(log.read_text(errors="replace").strip()[-500:] or "it said nothing")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a keeper and with it what it keeps: asked first, then by force."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()


def quick_folder() -> str | None:
    """Return a folder in memory for throw-away data, because servers save with care.

    None where there is none, where it has not ROOM, or where TMPDIR says what is to be used.
    """
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and "TMPDIR" not in os.environ
    return str(MEMORY) if usable and shutil.disk_usage(MEMORY).free >= ROOM else None
