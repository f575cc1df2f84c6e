"""How right suggestions are, and what they cost: ``python -m bench.suggesting SET COUNT SHARE`` prints JSON.

It is a process of its own, so that its memory is its alone. No app is asked, nothing is written to one.
"""

import json
import sys
import tempfile
import time
from typing import Any

from django.core.management import call_command
from tests.likenesses import FIELDS, colleagues, fake_people

from bench.worker import peak_memory
from bothways import boot
from bothways.engine.sides import SIDES


def measured(name: str, count: int, share: float) -> dict[str, Any]:
    """Fill a ledger with a set, ask for suggestions, and count which of them are one person."""
    books = fake_people(0) if name == "fake_1000" else colleagues(count, share, 0)
    with tempfile.TemporaryDirectory(prefix="bothways-bench-") as folder:
        boot.setup(f"sqlite:///{folder}/ledger.db")
        call_command("migrate", verbosity=0)
        from bench import ledger
        from bothways.service.suggesting import suggestions

        ctx = ledger.two_books(FIELDS)
        ledger.keep(ctx, [{f"{place:09d}": held for place, (_, held) in enumerate(book)} for book in books])
        wall, cpu = time.monotonic(), time.process_time()
        view = suggestions(ctx, count * 10)
        spent = {"seconds": time.monotonic() - wall, "cpu": time.process_time() - cpu}
    found: dict[bool, list[bool]] = {True: [], False: []}
    for pair in view.pairs:
        who = [books[place][int(pair.ids[ctx.spec.apps[side]])][0] for place, side in enumerate(SIDES)]
        found[pair.likely].append(who[0] == who[1])
    return {
        "records": [len(book) for book in books],
        "alike": len({who for who, _ in books[0]} & {who for who, _ in books[1]}),
        "likely": [len(found[True]), sum(found[True])],
        "possible": [len(found[False]), sum(found[False])],
        "memory": peak_memory(),
        **spent,
    }


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
