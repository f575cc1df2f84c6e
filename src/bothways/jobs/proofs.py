"""Proofs by themselves: planned by the settings of their syncs, made slowly, broken off when the worker stops."""

import threading
import time
from typing import TYPE_CHECKING

from bothways.errors import TooManyDiffer
from bothways.jobs import metrics
from bothways.jobs.schedule import lot_of, next_proof, quiet_until
from bothways.ledger import proofs
from bothways.ledger.models import Proof
from bothways.ledger.turns import Turn
from bothways.service.proving import prove
from bothways.service.schedule_document import Timing, timing_settings
from bothways.sync.context import Progress

if TYPE_CHECKING:
    from bothways.jobs.turns import Worker

LONGEST_REST = 10.0
"""Seconds that a proof rests at most after a page."""


class BrokenOff(Exception):
    """The worker stops: the proof begins anew, here or elsewhere."""


class Pace:
    """Lets a proof rest after each page for as long as that took: half of what an app allows is left to the runs."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping, self._since = stopping, time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Rest; raise BrokenOff if the worker stops."""
        if self._stopping.wait(min(time.monotonic() - self._since, LONGEST_REST)):
            raise BrokenOff
        self._since = time.monotonic()


def arrange(worker: "Worker") -> None:
    """Let every sync that is on have its proof at the time that its settings say, and tell how the last ones ended."""
    known, now = worker.workspace.document.syncs, worker.workspace.clock()
    ahead = worker.clock() - now
    for each in proofs.planned():
        document = known.get(each.name)
        if document is None or document.timing.proof.days == 0:
            if each.timing is not None:
                proofs.unplan(each.sync_id)
            continue
        told_by = str(timing_settings(document.timing))
        if each.timing != told_by:
            proofs.plan(
                each.sync_id, told_by, _next(document.timing, each.sync_id, each.proven_at or None, now) + ahead
            )
        if each.proven_at:
            metrics.proven(each.name, each.proven_at, each.differing)


def make(worker: "Worker", turn: Turn) -> tuple[float, int]:
    """Make the proof of a turn; return when the next one is, and that none failed.

    Raises BrokenOff, and what the settings or the apps fail with.
    """
    row = Proof.objects.select_related("sync").get(pk=turn.id)
    name, now = row.sync.name, worker.workspace.clock()
    ahead, timing = worker.clock() - now, worker.workspace.sync(name).timing
    quiet, planned = timing.schedule.quiet, row.due_at - ahead
    if quiet is not None and timing.proof.at is None and quiet_until(quiet, now) is None:
        return _next(timing, row.sync_id, None, now) + ahead, 0  # its quiet hours have passed meanwhile
    proof = prove(worker.own(), name, row.report, Pace(worker.stopping))
    if proof is None:
        return turn.taken_at, 0
    found, report = proof
    if proofs.keep(turn, now, found.pairs, len(found.differing), report):
        metrics.proven(name, now, len(found.differing))
        if report["held"] and not row.report.get("held"):
            worker.on_failure(name, _too_many(name, found.pairs, report["held"], timing))
    return _next(timing, row.sync_id, planned, worker.workspace.clock()) + ahead, 0


def _next(timing: Timing, sync_id: int, last: float | None, now: float) -> float:
    return next_proof(timing.proof, timing.schedule.quiet, lot_of(sync_id), last, now)


def _too_many(name: str, pairs: int, held: int, timing: Timing) -> TooManyDiffer:
    return TooManyDiffer(name=name, pairs=f"{pairs:,}", differ=f"{held:,}", repair=timing.proof.repair)
