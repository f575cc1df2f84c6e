"""Whoever is at work heeds the wish that it ends: asked between two batches, where nothing is half done."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from bothways.ledger import halts
from bothways.service.halting import error_of
from bothways.sync.context import Context, Progress


@dataclass(slots=True)
class Heeding:
    """Hands the reports of a run on, and raises StoppedByPerson once somebody wants it to end.

    ``known``: the wish that was there when it began, of which it is no concern: an undo of a sync that is paused.
    """

    report: Callable[[Progress], None]
    sync: int
    name: str
    known: int | None = None

    def __call__(self, step: Progress) -> None:
        """Take a report, which is made after a page was read or planned, or a batch written and recorded."""
        self.report(step)
        if connection.in_atomic_block:
            return
        found = halts.of(self.sync)
        if found is not None and found.pk != self.known:
            raise error_of(self.name, found)


def heed(ctx: Context, *, though_halted: bool = False) -> Context:
    """Let what works with a context end when somebody wants that; ``though_halted``: by a later wish alone."""
    found = halts.of(ctx.sync.pk) if though_halted else None
    ctx.report = Heeding(ctx.report, ctx.sync.pk, ctx.name, found.pk if found is not None else None)
    return ctx
