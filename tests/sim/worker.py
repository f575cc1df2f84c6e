"""Plays schedules one after another in one process."""

from __future__ import annotations

import traceback

from bothways.ledger import db
from tests.sim import database
from tests.sim.mutations import mutated
from tests.sim.oracle import Broken
from tests.sim.schedule import Result, Schedule


def play(seed: int, mutation: str = "", *, twice: bool = False) -> dict[str, object]:
    """Play one schedule, with one known mistake switched on if named; return what came of it as plain data."""
    with mutated(mutation):
        result = _once(seed)
        if twice and result.broken is None and _once(seed).digest != result.digest:
            result.broken = Broken("I13", "the same seed played twice gave two traces")
    return {
        "seed": seed,
        "rules": result.rules,
        "edits": result.edits,
        "writes": result.writes,
        "crashes": result.crashes,
        "broken": str(result.broken) if result.broken else "",
        "trace": result.trace if result.broken else [],
    }


def _once(seed: int) -> Result:
    database.fresh()
    schedule = Schedule(seed)
    db.after_commit[:] = [lambda: schedule.world.step("commit")]
    try:
        return schedule.play()
    except Exception:  # noqa: BLE001 - whatever it is, it was found
        broken = Broken("I0", f"an error that nobody foresaw: {traceback.format_exc()}")
        return Result(seed, trace=schedule.world.events, broken=broken)
    finally:
        db.after_commit.clear()
