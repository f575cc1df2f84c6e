"""Differences that wait for a person: whose value is right, or which one it is; for one pair, or for all alike.

A decision is remembered with the values that the person saw, and carried out by the next run (row FD). Where a
record holds another value by then, it is void, and the person is asked again.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from bothways.engine.countries import read_there
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec, called, names_of, project
from bothways.engine.unseen import project_over
from bothways.errors import DecisionDoesNotFit, NoDifference, UnknownApp, UnknownIssue, ValuesMoved
from bothways.ledger import causes, db, feeds, holds, links, looking
from bothways.ledger.holds import HoldRow
from bothways.ledger.models import Sync
from bothways.records import CannotCoerce, Field, Value, coerce, goes_back, is_blank
from bothways.service.database import on_database
from bothways.service.document import SyncDocument
from bothways.service.issues import find_issue, views_of
from bothways.service.resolution import resolution
from bothways.service.revisions import latest_revision
from bothways.service.rights import Role, for_role
from bothways.service.views import IssueView, RuleView
from bothways.service.winners import set_winner
from bothways.service.work import feeds_called
from bothways.service.workspace import Workspace
from bothways.service.yaml_file import nearest
from bothways.sync.called import as_known
from bothways.sync.held import answer

_TYPED = Field("typed")


class Alike(StrEnum):
    """Which other differences a decision is for: none, those of the same values, or all of the field."""

    NONE = "none"
    VALUES = "values"
    FIELD = "field"


def mark_of(values: Mapping[str, Value]) -> str:
    """Return a mark of the values between which somebody is to choose, by app: of others it is another one."""
    return blake2b(json.dumps(values, sort_keys=True, default=str).encode(), digest_size=8).hexdigest()


@on_database
@for_role(Role.OPERATOR)
def choose_app(
    workspace: Workspace, issue: str, app: str, alike: Alike = Alike.NONE, *, seen: str = ""
) -> list[IssueView]:
    """Decide that one app's value is right; return the issues decided, the one named first.

    ``seen``: the mark of the values that were looked at. Raises UnknownIssue, NoDifference, UnknownApp, ValuesMoved if
    they are others by now, and DecisionDoesNotFit if the other app cannot hold it.
    """
    sync, hold = _difference(workspace, issue, seen)
    source = _side(workspace.sync(sync.name), app)
    mapping = _mapping(workspace, sync, hold, issue)

    def values(each: HoldRow) -> dict[Side, Value]:
        value = each.data["values"][source]
        there = _looked_up(sync, _read_there(sync, mapping, each), source, value)
        return {source.other: project_over(there, value, source.other, each.data["values"][source.other]).value}

    return _decide(workspace, sync, hold, mapping, issue, values, f"you chose the value of {app}", alike)


@on_database
@for_role(Role.OPERATOR)
def type_value(
    workspace: Workspace, issue: str, text: str, alike: Alike = Alike.NONE, *, seen: str = ""
) -> list[IssueView]:
    """Decide on a value that both apps are to hold; return the issues decided, the one named first.

    ``text`` is read as a value of either app, an option by its key or label; ``seen``: the mark of the values that were
    looked at. Raises UnknownIssue, NoDifference, ValuesMoved, and DecisionDoesNotFit if one of the apps cannot hold it.
    """
    sync, hold = _difference(workspace, issue, seen)
    mapping = _mapping(workspace, sync, hold, issue)
    for side in mapping.named:
        mapping = _looked_up(sync, mapping, side.other, text)

    def values(each: HoldRow) -> dict[Side, Value]:
        return _typed(_read_there(sync, mapping, each), text, issue)

    return _decide(workspace, sync, hold, mapping, issue, values, "you typed it", alike)


@on_database
@for_role(Role.VIEWER)
def preview_rule(workspace: Workspace, issue: str, app: str) -> RuleView:
    """Return what it would mean to let one app win every difference of a field; nothing is changed.

    Raises UnknownIssue, NoDifference, UnknownApp.
    """
    sync, hold = _difference(workspace, issue)
    document = workspace.sync(sync.name)
    side = _side(document, app)
    decided = causes.count_decided(sync, hold.field)
    return RuleView(
        sync.name,
        issue,
        _label(sync, hold.field, side),
        app,
        document.apps[side.other],
        causes.count_differing(sync, hold.field) - decided,
        decided,
        sync.revision,
    )


@on_database
@for_role(Role.EDITOR)
def make_rule(workspace: Workspace, issue: str, app: str, revision: int | None = None) -> str:
    """Let one app win every difference of the field from now on, in the settings; return the field's name there.

    What waits of this field is decided so by the next run. ``revision``: of the settings that were looked at. Raises
    UnknownIssue, NoDifference, and what ``set_winner`` does.
    """
    sync, hold = _difference(workspace, issue)
    return names_of(set_winner(workspace, sync.name, hold.field, app, revision).key)[Side.LEFT]


# --- behind them --------------------------------------------------------------------------------------


def _difference(workspace: Workspace, issue: str, seen: str = "") -> tuple[Sync, HoldRow]:
    sync, hold = find_issue(workspace, issue)
    if hold.kind != "conflict":
        raise NoDifference(issue=issue, reason=hold.reason)
    if seen:
        apps = workspace.sync(sync.name).apps
        if seen != mark_of({apps[Side(side)]: value for side, value in hold.data["values"].items()}):
            raise ValuesMoved(issue=issue)
    return sync, hold


def _side(document: SyncDocument, app: str) -> Side:
    for side in SIDES:
        if document.apps[side] == app:
            return side
    raise UnknownApp(where=document.place, name=app, hint=nearest(app, document.pair))


def _mapping(workspace: Workspace, sync: Sync, hold: HoldRow, issue: str) -> FieldMap:
    fields = resolution(workspace, sync.name).resolved.spec.fields
    found = next((each for each in fields if each.key == hold.field), None)
    if found is None:
        raise NoDifference(issue=issue, reason="the field is not synced any more")
    return found


def _read_there(sync: Sync, mapping: FieldMap, hold: HoldRow) -> FieldMap:
    """Return a mapping as it holds for the two records that differ, by what was last read of them."""
    side = Side(hold.side)
    link = links.live_by_record(sync, side, [hold.record_id]).get(hold.record_id)
    if link is None or not any(mapping.on(each).countries for each in SIDES):
        return mapping
    ids = {each: str(link.on(each)) for each in SIDES}
    rows = {each: feeds.seen_by_id(looking.feed_id(sync, each), [ids[each]]).get(ids[each]) for each in SIDES}
    return read_there(mapping, {each: row.values if row else None for each, row in rows.items()})


def _looked_up(sync: Sync, mapping: FieldMap, source: Side, value: Value) -> FieldMap:
    """Return a mapping that knows of which record of the other side a text is the name, where that matters."""
    if source.other not in mapping.named:
        return mapping
    spec = SyncSpec({}, (mapping,))
    values = {source: {mapping.on(source).name: value}, source.other: None}
    found = as_known(spec, feeds_called(sync, spec), [values]).fields[0]
    return replace(found, called={**mapping.called, source.other: found.called.get(source.other, {})})


def _typed(mapping: FieldMap, text: str, issue: str) -> dict[Side, Value]:
    """Return what each side is to hold for a text that a person typed, read as a value of the side that loses less."""
    reasons: list[str] = []
    found: list[tuple[int, dict[Side, Value]]] = []
    for side in SIDES:
        try:
            if len(mapping.named) == len(SIDES):
                found.append((0, {each: called(mapping, text, each) for each in SIDES}))
            else:
                own = coerce(text, _TYPED, mapping.on(side))
                values = {side: own.value, side.other: project(mapping, own.value, side.other).value}
                found.append((len(own.lost), values))
        except CannotCoerce as problem:
            reasons.append(str(problem))
    if not found:
        raise DecisionDoesNotFit(issue=issue, reason=reasons[0])
    _, values = min(found, key=lambda each: each[0])
    if any(map(is_blank, values.values())):
        raise DecisionDoesNotFit(issue=issue, reason="it is empty")
    return values


def _decide(
    workspace: Workspace,
    sync: Sync,
    hold: HoldRow,
    mapping: FieldMap,
    issue: str,
    values: Callable[[HoldRow], Mapping[Side, Value]],
    words: str,
    alike: Alike,
) -> list[IssueView]:
    """Remember a decision for a difference, which must fit, and for those alike that it fits."""
    try:
        decided = [(hold, _stored(hold, mapping, values(hold), words))]
    except CannotCoerce as problem:
        raise DecisionDoesNotFit(issue=issue, reason=str(problem)) from problem
    for each in _alike(sync, hold, alike):
        try:
            decided.append((each, _stored(each, mapping, values(each), words)))
        except (CannotCoerce, DecisionDoesNotFit):
            continue
    with db.between_commits(sync.pk):
        for each, decision in decided:
            found = holds.by_id(each.id)
            if found is not None and found[1].data.get("values") == each.data["values"]:
                answer(sync, found[1], decision)
            elif each is hold:  # a run has looked at it while the apps were asked
                raise ValuesMoved(issue=issue) if found is not None else UnknownIssue(issue=issue)
    now = [found[1] for each, _ in decided if (found := holds.by_id(each.id))]
    return views_of(sync, workspace.sync(sync.name), now)


def _alike(sync: Sync, hold: HoldRow, alike: Alike) -> list[HoldRow]:
    if alike is Alike.NONE:
        return []
    others = [each for each in holds.conflicts(sync, hold.field) if each.id != hold.id]
    return [each for each in others if alike is Alike.FIELD or each.data["values"] == hold.data["values"]]


def _stored(hold: HoldRow, mapping: FieldMap, values: Mapping[Side, Value], words: str) -> dict[str, Any]:
    """Return a decision as plain data; ``sync.held.decided_of`` reads it again. Raises CannotCoerce.

    That is for a choice that would move back, which its app does not let happen.
    """
    seen = hold.data["values"]
    for side, value in values.items():
        if goes_back(seen.get(side), value, mapping.on(side)):
            raise CannotCoerce(f"{mapping.on(side).title} only moves forward")
    return {"seen": seen, "values": {str(side): value for side, value in values.items()}, "words": words}


def _label(sync: Sync, key: str, side: Side) -> str:
    """Return what people call a field of a side, by the settings in force."""
    name = names_of(key)[side]
    labels = latest_revision(sync).document.get("labels") or {}
    return str(labels.get(side, {}).get(name, name))
