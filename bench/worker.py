"""One run of the sync in a process of its own, so that its time and its memory are its alone.

``python -m bench.worker FOLDER`` (a workspace) does what ``bothways run`` does and prints the figures as JSON.
"""

import json
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

from bench.accounts import NAMES
from bothways.jobs.now import run_sync
from bothways.service.connect import open_app
from bothways.service.workspace import open_workspace


def measured(folder: Path) -> dict[str, Any]:
    """Do one run and return what it cost: calls, its seconds, and the processor time and memory of the process."""
    workspace = open_workspace(folder)
    began = time.monotonic()
    view = run_sync(workspace, "contacts", approved=True)
    return {
        "seconds": time.monotonic() - began,
        "cpu": _cpu(),
        "memory": peak_memory(),
        "created": dict(view.created),
        "updated": dict(view.updated),
        "bill": dict(view.bill),
        "waited": sum(open_app(workspace, name).budget.shared.waited for name in NAMES),
    }


def _cpu() -> float:
    """Return the user and system time of this process, in seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_memory() -> int:
    """Return the most memory that this process ever held."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(found[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]))))
