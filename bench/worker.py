"""One run of the sync in a process of its own, so that its time and its memory are its alone.

``python -m bench.worker FOLDER RATE EAST WEST`` (the addresses of the accounts) prints the figures as JSON.
"""

import json
import re
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.accounts import NAMES
from bothways import boot


def measured(folder: Path, urls: Mapping[str, str], *, paced: bool) -> dict[str, Any]:
    """Do one run and return what it cost: calls, seconds, bytes."""
    boot.setup(f"sqlite:///{folder / 'ledger.db'}")
    from bench.ledger import context
    from bothways.sync.run import run

    ctx, budgets = context(urls, paced=paced)
    began, cpu = time.monotonic(), _cpu()
    report = run(ctx, approved=True)
    return {
        "seconds": time.monotonic() - began,
        "cpu": _cpu() - cpu,
        "memory": _peak_memory(),
        "written": report.written,
        "bills": {name: dict(budget.bill) for name, budget in budgets.items()},
        "waited": sum(budget.waited for budget in budgets.values()),
        "allowed": {name: budget.allowed("") for name, budget in budgets.items()},
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_memory() -> int:
    """Return the most memory that this process ever held."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(found[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    addresses = dict(zip(NAMES, sys.argv[3:5], strict=True))
    print(json.dumps(measured(Path(sys.argv[1]), addresses, paced=sys.argv[2] != "0")))
