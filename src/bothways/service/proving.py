"""The proof that is made by itself: what differs without a reason is looked at by the next run, or a person is asked.

It writes to no app. A pair differs without a reason if it still does when both records and all that the ledger knows
of them were read once more, after what the apps tell of by themselves was taken in, and no run is about to look at it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bothways.engine.sides import SIDES
from bothways.ledger import db, due, links, proofs
from bothways.ledger.links import LinkRow
from bothways.ledger.models import Sync
from bothways.service.database import on_database
from bothways.service.proof import PAGE, Judge, Judged, judge_of, mark_pairs
from bothways.service.resolution import row_of
from bothways.service.views import Difference, LastProof
from bothways.service.work import Report
from bothways.service.workspace import Workspace
from bothways.sync.context import End, FeedReader
from bothways.sync.reading import read_feed

KEPT = 100
"""Differences that a report keeps."""

MARKED, LASTING, HELD = "the next run looks at it", "it was looked at and still differs", "it waits for you"
"""What becomes of a pair that differs without a reason."""


@dataclass(slots=True)
class Found:
    """What a comparison found. ``differing``: the pairs that differ without a reason, by their links; the first of
    them in ``differences``. ``waiting``: the links of those that a run is about to look at."""

    pairs: int = 0
    explained: int = 0
    differing: dict[int, LinkRow] = field(default_factory=dict)
    differences: list[tuple[int, Difference]] = field(default_factory=list)
    waiting: set[int] = field(default_factory=set)


def prove(
    workspace: Workspace, name: str, before: Mapping[str, Any], progress: Report
) -> tuple[Found, dict[str, Any]] | None:
    """Compare both sides of a sync, and mark what differs without a reason as due, if it is no more than its settings
    say; return what was found, and the report to be kept; None if the settings were changed meanwhile: then it proves
    nothing. In the caller's use of the database.

    ``before``: the last report. A pair that was looked at for it and still differs is not marked again. Raises
    AppError, and whatever ``progress``, which is called after each page, raises.
    """
    began, repair = workspace.clock(), workspace.sync(name).timing.proof.repair
    judge = judge_of(workspace, name, progress)
    bill, found = judge.bill(), Found()
    doubtful = []
    for each in judge.whole():
        found.pairs += 1
        if each.open:
            doubtful.append(each.link.id)
        else:
            found.explained += bool(each.kept)
    if doubtful:
        _look_twice(workspace, judge, doubtful, found)
    if Sync.objects.values_list("revision", flat=True).get(pk=judge.sync.pk) != judge.sync.revision:
        return None
    looked_at = {*before.get("looked_at", ())}
    new = {id: link for id, link in found.differing.items() if id not in looked_at}
    held = len(new) > repair
    if new and not held:
        with db.transaction_():
            mark_pairs(judge.sync, new.values())
    kept = looked_at & (found.differing.keys() | found.waiting)
    fates = {id: LASTING if id in looked_at else HELD if held else MARKED for id in found.differing}
    report = {
        "seconds": workspace.clock() - began,
        "explained": found.explained,
        "waiting": len(found.waiting),
        "marked": 0 if held else len(new),
        "lasting": len(found.differing) - len(new),
        "held": len(new) if held else 0,
        "calls": dict(judge.bill() - bill),
        "differences": [_kept(each, fates[id]) for id, each in found.differences],
        "looked_at": sorted(kept | (set() if held else new.keys())),
    }
    return found, report


def _look_twice(workspace: Workspace, judge: Judge, doubtful: list[int], found: Found) -> None:
    """Take in what the apps tell of by themselves, then read the pairs that differ once more, by id."""
    feeds = (judge.sync.left, judge.sync.right)
    for side, feed in zip(SIDES, feeds, strict=True):
        end = End(side, judge.apps[side].name, feed, judge.apps[side].connector)
        read_feed(FeedReader(judge.sync.name, workspace.clock, report=judge.report), end)
    for ids in db.chunks(doubtful, PAGE):
        page = [link for link in links.by_id(ids).values() if link.state == "active"]
        waiting = _waiting(judge.sync, page)
        judged = judge.again(page)
        waiting |= _waiting(judge.sync, page)  # made due, or done and cleared, while they were read
        for each in judged:
            _sort_in(each, each.link.id in waiting, found)


def _sort_in(each: Judged, waits: bool, found: Found) -> None:
    id = each.link.id
    if each.open and waits:
        found.waiting.add(id)
    elif each.open:
        found.differing[id] = each.link
        found.differences += [(id, one) for one in each.open[: KEPT - len(found.differences)]]
    else:
        found.explained += bool(each.kept)


def _waiting(sync: Sync, page: Collection[LinkRow]) -> set[int]:
    """Return the links of which a record is due."""
    marked = {side: due.marked(sync, side, [str(link.on(side)) for link in page]) for side in SIDES}
    return {link.id for link in page if any(link.on(side) in marked[side] for side in SIDES)}


def _kept(each: Difference, fate: str) -> dict[str, Any]:
    """Return a difference as it is kept: without the values, which are in the apps."""
    return {"name": each.name, "ids": dict(each.ids), "field": each.field, "why": f"{each.why}; {fate}"}


@on_database
def last_proof(workspace: Workspace, name: str) -> LastProof | None:
    """Return what the last proof of a sync found, None if none was made; no app is asked. Raises UnknownSync."""
    return proof_of(row_of(workspace, name))


def proof_of(sync: Sync) -> LastProof | None:
    """Return the last proof of a sync, in the caller's use of the database."""
    row = proofs.of(sync)
    if row is None:
        return None
    report = row.report
    return LastProof(
        row.proven_at,
        report["seconds"],
        row.pairs,
        row.differing,
        report["explained"],
        report["waiting"],
        report["marked"],
        report["lasting"],
        report["held"],
        report["calls"],
        tuple(Difference(each["name"], {}, each["field"], each["why"], each["ids"]) for each in report["differences"]),
    )
