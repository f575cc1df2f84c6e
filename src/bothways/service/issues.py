"""The match inbox: what is held, and what a person decides about who belongs together.

A decision is remembered at once and looked at by the next run: it links (row R6), creates (R8), or leaves out (R10).
What it rests on is looked at with no commit of a run in between.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from bothways.engine.matching import ALONE
from bothways.engine.sides import SIDES, Side
from bothways.errors import (
    CandidatesMoved,
    LinkedAlready,
    NoPartner,
    NotForDeciding,
    NotLinked,
    NotPaused,
    StillBeingWritten,
    UnknownIssue,
    UnknownRecord,
)
from bothways.ledger import db, feeds, holds, journal, left_out, links, looking
from bothways.ledger.holds import HoldRow
from bothways.ledger.journal import Entry
from bothways.ledger.models import Sync
from bothways.service.database import on_database
from bothways.service.describing import describe
from bothways.service.document import SyncDocument
from bothways.service.records import find
from bothways.service.resolution import row_of
from bothways.service.revisions import author_of
from bothways.service.rights import Role, for_role
from bothways.service.views import CandidateView, IssueView, PairHistory, PairView, RecordView
from bothways.service.work import plain_id
from bothways.service.workspace import Workspace
from bothways.sync import decisions, merges
from bothways.sync.held import answer
from bothways.sync.payload import name_of

MOST_WRITTEN = 10
"""Writes told of each pair that a merge concerns."""


@on_database
def list_issues(
    workspace: Workspace, name: str | None = None, *, after: str | None = None, size: int = 50
) -> list[IssueView]:
    """Return what is held in a sync, in all of them if None, oldest first of each: at most ``size``.

    ``after``: only what comes after this issue; raises UnknownIssue if there is none such any more.
    """
    names, last = list(workspace.document.syncs) if name is None else [name], 0
    if after is not None:
        before, hold = find_issue(workspace, after)
        last, names = hold.id, names[names.index(before.name) :] if before.name in names else []
    found: list[IssueView] = []
    for each in names:
        sync = row_of(workspace, each)
        found += views_of(sync, workspace.sync(each), holds.page(sync, last, size - len(found)))
        last = 0
    return found


@on_database
def show_issue(workspace: Workspace, issue: str) -> IssueView:
    """Return one issue; raise UnknownIssue."""
    sync, hold = find_issue(workspace, issue)
    view = views_of(sync, workspace.sync(sync.name), [hold])[0]
    return replace(view, histories=tuple(_histories(workspace, sync, hold)))


@on_database
@for_role(Role.OPERATOR)
def link_issue(workspace: Workspace, issue: str, record: str) -> IssueView:
    """Decide that the held record and this one of the other app are the same thing; the next run links them.

    ``record`` is an id in the other app. Raises UnknownIssue, NotForDeciding, UnknownRecord, LinkedAlready.
    """
    with _deciding(workspace, issue) as (sync, hold):
        side = Side(hold.side)
        if hold.rule == merges.RULE:
            _choose_the_other(workspace, sync, hold, record)
        _choose(workspace, sync, {side: hold.record_id, side.other: record})
    return _after(workspace, sync, hold)


@on_database
@for_role(Role.OPERATOR)
def keep_apart(workspace: Workspace, issue: str, records: Sequence[str]) -> IssueView:
    """Decide that the held record is none of these of the other app; the next run matches it without them.

    Raises UnknownIssue, NotForDeciding, UnknownRecord.
    """
    with _deciding(workspace, issue) as (sync, hold):
        side = Side(hold.side)
        for record in records:
            _there(workspace, sync, side.other, record)
        decisions.keep_apart(sync, side, hold.record_id, records)
    return _after(workspace, sync, hold)


@on_database
@for_role(Role.OPERATOR)
def create_issue(workspace: Workspace, issue: str, seen: Collection[str] | None = None) -> IssueView:
    """Decide that nobody in the other app is the held record; the next run creates it there.

    ``seen``: the ids of the records there that were looked at. Raises UnknownIssue, NotForDeciding, and CandidatesMoved
    if another one may be its partner by now.
    """
    with _deciding(workspace, issue) as (sync, hold):
        known = {id for side, id in hold.data.get("candidates", ()) if side != hold.side}
        if seen is not None and not known <= set(seen):
            raise CandidatesMoved(issue=issue)
        decisions.make_new(sync, Side(hold.side), hold.record_id)
    return _after(workspace, sync, hold)


@on_database
@for_role(Role.OPERATOR)
def leave_out(workspace: Workspace, issue: str) -> IssueView:
    """Decide that the held record takes no part: it has no partner, and none is made for it, until that is taken back.

    Whatever is edited changes nothing of it. Raises UnknownIssue, NotForDeciding.
    """
    with _deciding(workspace, issue) as (sync, hold):
        decisions.leave_out(sync, hold, author_of(workspace), workspace.clock())
    return _after(workspace, sync, hold)


@on_database
@for_role(Role.OPERATOR)
def withdraw(workspace: Workspace, issue: str) -> IssueView:
    """Take back all that was decided about a held record or field; it waits again.

    Of a record that is left out only that is taken back, also by the issue that it was: the rest stands as before.
    Raises UnknownIssue, NotForDeciding.
    """
    sync, _ = find_issue(workspace, issue)
    with db.between_commits(sync.pk):
        sync, hold = find_issue(workspace, issue)
        if hold.field and hold.data.get("decided"):
            answer(sync, hold, None)
        else:
            if hold.kind != left_out.KIND:
                _for_deciding(workspace, issue)
            decisions.withdraw(sync, Side(hold.side), hold.record_id)
    return _after(workspace, sync, hold)


@on_database
@for_role(Role.OPERATOR)
def link(workspace: Workspace, name: str, left: str, right: str) -> PairView:
    """Decide that two records are the same thing, whatever was decided before; return the two.

    Each is named as people know it (an id, ``app:id``, an e-mail address, a name); the order does not count
    where the names say the app. Raises UnknownRecord, SeveralRecords, LinkedAlready.
    """
    sync, pair = _two(workspace, name, left, right)
    with db.between_commits(sync.pk):
        _choose(workspace, sync, pair)
    return _pair_view(workspace, sync, pair)


@on_database
@for_role(Role.OPERATOR)
def keep_two_apart(workspace: Workspace, name: str, left: str, right: str) -> PairView:
    """Decide that two records are not the same thing; return the two. They are named as for ``link``.

    What was chosen for either of them is forgotten, and the next run matches both anew.
    Raises UnknownRecord, SeveralRecords, LinkedAlready.
    """
    sync, pair = _two(workspace, name, left, right)
    with db.between_commits(sync.pk):
        _refuse_linked(workspace, sync, pair)
        decisions.keep_two_apart(sync, pair)
    return _pair_view(workspace, sync, pair)


@on_database
@for_role(Role.OPERATOR)
def unlink(workspace: Workspace, name: str, left: str, right: str, *, only_planned: bool = False) -> PairView:
    """End the link of two records and keep them apart; return the two.

    Both stay as they are, and wait for a person to say whom they belong to; nothing is created for them.
    ``only_planned``: say whether it can be done, and change nothing.
    Raises UnknownRecord, SeveralRecords, NotLinked, StillBeingWritten.
    """
    with db.between_commits(row_of(workspace, name).pk):
        sync, one = find(workspace, name, left)
        _, other = find(workspace, name, right)
        if one.link is None or other.link is None or one.link.id != other.link.id:
            raise NotLinked(left=left, right=right, name=name)
        row, busy = one.link, journal.open_link_ids(sync)
        if row.state != "active" or row.id in busy or row.left_id is None or row.right_id is None:
            raise StillBeingWritten(record=left, name=name)
        if not only_planned:
            decisions.unlink(sync, row, workspace.clock())
    return _pair_view(workspace, sync, {Side.LEFT: row.left_id, Side.RIGHT: row.right_id})


@on_database
@for_role(Role.OPERATOR)
def pause(workspace: Workspace, name: str, record: str) -> RecordView:
    """Let nothing flow between a record and its partner until a person says so; nothing is forgotten meanwhile.

    Raises UnknownRecord, SeveralRecords, NoPartner.
    """
    return _pause(workspace, name, record, paused=True)


@on_database
@for_role(Role.OPERATOR)
def resume(workspace: Workspace, name: str, record: str) -> RecordView:
    """Let changes flow again between a paused record and its partner, those made meanwhile among them.

    Raises UnknownRecord, SeveralRecords, NoPartner, NotPaused.
    """
    return _pause(workspace, name, record, paused=False)


def _pause(workspace: Workspace, name: str, record: str, *, paused: bool) -> RecordView:
    with db.between_commits(row_of(workspace, name).pk):
        sync, found = find(workspace, name, record)
        link = found.link
        if link is None or link.state != "active":
            raise NoPartner(record=record, name=name)
        if not paused and not link.paused:
            raise NotPaused(record=record, name=name)
        decisions.pause(sync, link, paused=paused)
    sync, found = find(workspace, name, record)
    return describe(sync, workspace.sync(name), [found], workspace.clock())[0]


# --- behind them --------------------------------------------------------------------------------------


def find_issue(workspace: Workspace, issue: str) -> tuple[Sync, HoldRow]:
    """Return a hold and its sync, or what was left out for it; raise UnknownIssue."""
    number = plain_id(issue, "h")
    found = (holds.by_id(number) or left_out.by_hold(number)) if number is not None else None
    sync = Sync.objects.filter(pk=found[0]).first() if found else None
    if found is None or sync is None or sync.name not in workspace.document.syncs:
        raise UnknownIssue(issue=issue)
    return sync, found[1]


def _for_deciding(workspace: Workspace, issue: str) -> tuple[Sync, HoldRow]:
    sync, hold = find_issue(workspace, issue)
    if hold.kind != "match":
        raise NotForDeciding(issue=issue, reason=hold.reason)
    return sync, hold


@contextmanager
def _deciding(workspace: Workspace, issue: str) -> Iterator[tuple[Sync, HoldRow]]:
    """Yield an issue that is to be decided, and its sync; as it is then it stays until that is done."""
    sync, _ = find_issue(workspace, issue)
    with db.between_commits(sync.pk):
        yield _for_deciding(workspace, issue)


def _two(workspace: Workspace, name: str, left: str, right: str) -> tuple[Sync, dict[Side, str]]:
    """Return a sync and the ids of two of its records, one of each app, by what people call them."""
    sync = row_of(workspace, name)
    found = [find(workspace, name, each)[1] for each in (left, right)]
    sides = [{side for side, row in each.rows.items() if row is not None} for each in found]
    first = Side.RIGHT if Side.LEFT not in sides[0] or Side.RIGHT not in sides[1] else Side.LEFT
    ids = {first: found[0].ids[first], first.other: found[1].ids[first.other]}
    for side, id in ids.items():
        if id is None:
            record, app = left if side is first else right, _app(workspace, sync, side)
            raise UnknownRecord(record=record, name=f"{name}, in {app}")
    return sync, {side: str(id) for side, id in ids.items()}


def _choose(workspace: Workspace, sync: Sync, ids: dict[Side, str]) -> None:
    _refuse_linked(workspace, sync, ids)
    decisions.choose(sync, ids, workspace.clock())


def _refuse_linked(workspace: Workspace, sync: Sync, ids: dict[Side, str]) -> None:
    for side, id in ids.items():
        _there(workspace, sync, side, id)
        taken = links.live_by_record(sync, side, [id]).get(id)
        if taken is not None:
            partner = taken.on(side.other) or "a record that is being created"
            raise LinkedAlready(app=_app(workspace, sync, side), record=id, partner=partner, name=sync.name)


def _choose_the_other(workspace: Workspace, sync: Sync, hold: HoldRow, record: str) -> None:
    """End the link of the record that a merge has left, if it is this one, so that who was left over can have it."""
    side = Side(hold.side)
    now_linked = links.live_by_record(sync, side.other, [record]).get(record)
    if now_linked is None or now_linked.id not in hold.data.get("links", ()):
        return
    if now_linked.state != "active" or now_linked.id in journal.open_link_ids(sync):
        raise StillBeingWritten(record=record, name=sync.name)
    decisions.choose_the_other(sync, now_linked, side, workspace.clock())


def _histories(workspace: Workspace, sync: Sync, hold: HoldRow) -> Iterator[PairHistory]:
    """Yield both pairs that became one by a merge, each with what was written."""
    found = links.by_id(hold.data.get("links", ()))
    for link in (found[id] for id in hold.data.get("links", ()) if id in found):
        written = [
            (each.done_at or each.created_at, _app(workspace, sync, each.side), _said(each))
            for each in reversed(journal.of_link(link.id))
            if each.state == "done" and each.kind != "unlink"
        ]
        ids = {_app(workspace, sync, side): link.on(side) for side in SIDES}
        yield PairHistory(ids, link.created_at, link.reason, link.ended_at, tuple(written[:MOST_WRITTEN]))


def _said(entry: Entry) -> str:
    names = ", ".join(sorted(write.field for write in entry.writes.values()))
    return f"{entry.kind}d {names}" if entry.kind.endswith("e") else f"{entry.kind} {names}"


def _there(workspace: Workspace, sync: Sync, side: Side, id: str) -> None:
    """Refuse a record that is not known to be there."""
    row = feeds.seen_by_id(looking.feed_id(sync, side), [id]).get(id)
    if row is None or not row.live:
        raise UnknownRecord(record=id, name=f"{sync.name}, in {_app(workspace, sync, side)}")


def _app(workspace: Workspace, sync: Sync, side: Side) -> str:
    return workspace.sync(sync.name).apps[side]


def _pair_view(workspace: Workspace, sync: Sync, ids: dict[Side, str]) -> PairView:
    return PairView(sync.name, {_app(workspace, sync, side): ids[side] for side in SIDES})


def _after(workspace: Workspace, sync: Sync, hold: HoldRow) -> IssueView:
    """Return an issue as it is now."""
    found = holds.by_id(hold.id)
    return views_of(sync, workspace.sync(sync.name), [found[1] if found else hold])[0]


def views_of(sync: Sync, document: SyncDocument, rows: Sequence[HoldRow]) -> list[IssueView]:
    """Return holds of a sync as people see them."""
    wanted: dict[Side, set[str]] = {side: set() for side in SIDES}
    for hold in rows:
        for side, id in [(hold.side, hold.record_id), *hold.data.get("candidates", ())]:
            wanted[Side(side)].add(id)
    names = {
        (side, id): name_of(row)
        for side in SIDES
        for id, row in feeds.seen_by_id(looking.feed_id(sync, side), wanted[side]).items()
    }
    ids = {side: {hold.record_id for hold in rows if hold.side == side} for side in SIDES}
    apart = {side: links.apart(sync, side, ids[side]) for side in SIDES}
    out = {side: left_out.of_records(sync, side, ids[side]) for side in SIDES}

    def decided(hold: HoldRow) -> str:
        side = Side(hold.side)
        return _decided(hold, apart[side].get(hold.record_id, set()), is_out=hold.record_id in out[side])

    return [_view(sync, document, hold, names, decided(hold)) for hold in rows]


def _view(
    sync: Sync, document: SyncDocument, hold: HoldRow, names: dict[tuple[Side, str], str], decided: str
) -> IssueView:
    side = Side(hold.side)
    candidates = [(Side(each), id) for each, id in hold.data.get("candidates", ())]
    return IssueView(
        f"h_{hold.id}",
        sync.name,
        hold.kind,
        document.apps[side],
        hold.record_id,
        names.get((side, hold.record_id), ""),
        hold.field,
        hold.reason,
        hold.opened_at,
        tuple(CandidateView(document.apps[each], id, names.get((each, id), "")) for each, id in candidates),
        decided,
        {document.apps[Side(each)]: value for each, value in hold.data.get("values", {}).items()},
    )


def _decided(hold: HoldRow, apart: set[str], *, is_out: bool) -> str:
    if decided := hold.data.get("decided"):
        return str(decided["words"])
    if is_out and hold.kind in ("match", left_out.KIND):
        return "leave it out"
    if hold.kind != "match":
        return ""
    if chosen := hold.data.get("chosen"):
        return f"link to {chosen}"
    if ALONE in apart:
        return "create"
    return f"keep apart from {', '.join(sorted(apart))}" if apart else ""
