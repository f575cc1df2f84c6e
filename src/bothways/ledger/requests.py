"""What people ask the service for: a row each, taken in a turn of its sync, kept with what came of it.

A request belongs to whoever has the turn of its sync. One that is at work when a turn is taken was left by a worker
that is gone, and is done again. Times are seconds.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from bothways.ledger import db, turns
from bothways.ledger.models import OPEN, Request

ASKED, AT_WORK = OPEN
RUN, UNDO = "run", "undo"
DONE, FAILED, WITHDRAWN = "done", "failed", "withdrawn"

WANTED = 86_400.0
"""Seconds after which nobody is taken to want any more what nobody has begun."""

KEPT = 30 * 86_400.0
"""Seconds for which what has ended is kept."""


def add(sync_id: int, kind: str, parameters: Mapping[str, Any], by: str, now: float, *, once: bool = False) -> Request:
    """Store what somebody asks for, and forget what has long ended.

    ``once``: return what the same person has asked for in the same words, where that has not ended; of a run only where
    it was not begun, since one that is at work may have looked already.
    """
    with db.transaction_():
        if once:
            db.lock_sync(sync_id)  # one asks after the other
            states = (ASKED,) if kind == RUN else OPEN
            for each in Request.objects.filter(sync_id=sync_id, kind=kind, asked_by=by, state__in=states):
                if each.parameters == dict(parameters):
                    same: Request = each
                    return same
        Request.objects.filter(ended_at__lt=now - KEPT).delete()
        made: Request = Request.objects.create(
            sync_id=sync_id, kind=kind, parameters=dict(parameters), asked_by=by, asked_at=now
        )
        return made


def get(id: int) -> Request:
    """Return a request."""
    found: Request = Request.objects.select_related("sync").get(pk=id)
    return found


def next_of(sync_id: int, now: float) -> Request | None:
    """Return what is to be done next for a sync: what was begun and left, else what was asked for first.

    While all is paused, of what is only to be looked at.
    """
    rows = Request.objects.select_related("sync").filter(sync_id=sync_id, state__in=OPEN)
    if turns.paused_at():
        rows = rows.filter(kind=turns.LOOKS)
    for row in rows.order_by("id"):
        if row.state == AT_WORK or now - row.asked_at <= WANTED:
            found: Request = row
            return found
        withdraw(row.pk, now)
    return None


def last_of(sync_id: int, kind: str | None = None) -> Request | None:
    """Return what was last asked for a sync, of one kind or any."""
    rows = Request.objects.select_related("sync").filter(sync_id=sync_id).order_by("-id")
    found: Request | None = (rows.filter(kind=kind) if kind else rows).first()
    return found


def last_plan_of(sync_id: int, draft: int | None) -> Request | None:
    """Return which plan was last asked for a sync by the settings of a draft, or by those in force."""
    rows = Request.objects.select_related("sync").filter(sync_id=sync_id, kind=turns.LOOKS, parameters__draft=draft)
    found: Request | None = rows.order_by("-id").first()
    return found


def of_records(sync_id: int, since: float) -> list[Request]:
    """Return what was asked for single records of a sync and has not ended, or has since then, in order."""
    rows = Request.objects.select_related("sync").filter(sync_id=sync_id, kind__in=(RUN, UNDO))
    rows = rows.filter(Q(state__in=OPEN) | Q(ended_at__gte=since)).order_by("id")
    return [each for each in rows if each.parameters.get("record")]


def open_of(sync_id: int) -> Request | None:
    """Return what is done first of what was asked for a sync and has not ended."""
    rows = Request.objects.select_related("sync").filter(sync_id=sync_id, state__in=OPEN)
    found: Request | None = rows.order_by("id").first()
    return found


def is_open(sync_id: int, kind: str) -> bool:
    """Tell whether something of a kind was asked for a sync and has not ended."""
    return bool(Request.objects.filter(sync_id=sync_id, kind=kind, state__in=OPEN).exists())


def begin(row: Request, worker: str, now: float) -> bool:
    """Say that a worker, which has the turn, is at it; False if it was withdrawn meanwhile."""
    with db.transaction_():
        found = Request.objects.filter(pk=row.pk, state__in=OPEN)
        return bool(found.update(state=AT_WORK, worker=worker, begun_at=now, progress=None))


def tell(row: Request, worker: str, progress: Mapping[str, Any]) -> None:
    """Keep how far it is."""
    with db.transaction_():
        Request.objects.filter(pk=row.pk, state=AT_WORK, worker=worker).update(progress=dict(progress))


def end(
    row: Request,
    worker: str,
    now: float,
    *,
    answer: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
) -> None:
    """Keep what came of it: an answer, or an error; nothing if another worker has taken it over."""
    with db.transaction_():
        state = DONE if error is None else FAILED
        found = Request.objects.filter(pk=row.pk, state=AT_WORK, worker=worker)
        found.update(state=state, answer=answer, error=error, ended_at=now, progress=None)


def withdraw(id: int, now: float, states: tuple[str, ...] = (ASKED,)) -> bool:
    """Take back what was asked for; False if it is in none of these states."""
    with db.transaction_():
        return bool(Request.objects.filter(pk=id, state__in=states).update(state=WITHDRAWN, ended_at=now))


def withdraw_all(sync_id: int, now: float) -> None:
    """Take back everything that was asked for a sync."""
    with db.transaction_():
        Request.objects.filter(sync_id=sync_id, state__in=OPEN).update(state=WITHDRAWN, ended_at=now)
