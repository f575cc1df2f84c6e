"""Run a command while our standard input is held open: ``python -m bothways.sandbox.keeper COMMAND...``.

Whoever started the keeper can end in any way, even by ``kill -9``: its end of the pipe closes with it, and the
command is ended.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

PATIENCE = 10.0
"""Seconds that the command may take to end when asked to."""


def main(command: Sequence[str]) -> int:
    """Run the command until it ends, standard input closes or SIGTERM comes; return its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    threading.Thread(target=_end_when_alone, args=(child,), daemon=True).start()
    return child.wait()


def _end_when_alone(child: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 4096):
        pass
    child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
