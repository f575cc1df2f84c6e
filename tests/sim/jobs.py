"""What the processes of a pool are asked to do. Django is set up in them alone, so imports wait for it."""

from __future__ import annotations

from typing import Any

from tests.sim import database

SAME_AGAIN = 50
"""Every so many schedules, one is played twice: the traces must be the same (I13)."""


def start(server: str | None) -> None:
    """Make this process ready: its own ledger in memory, or on the PostgreSQL server of this URL."""
    database.start(server)


def mutation_names() -> list[str]:
    """Return the names of all known mistakes."""
    from tests.sim.mutations import MUTATIONS

    return list(MUTATIONS)


def play(task: tuple[str, int]) -> dict[str, Any]:
    """Play one schedule, named by the mutation to switch on ("" for none) and its seed."""
    from tests.sim import worker

    mutation, seed = task
    return worker.play(seed, mutation, twice=seed % SAME_AGAIN == 0 and not mutation)
