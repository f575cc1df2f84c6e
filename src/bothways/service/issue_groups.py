"""Issues by their causes: what needs somebody, what is tried by itself, what is ignored, what was mended.

No app is asked: options and labels are those of the settings in force.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bothways.connectors.base import REJECTED
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import names_of
from bothways.errors import UnknownIssue
from bothways.ledger import causes
from bothways.ledger.causes import Group, MendRow
from bothways.ledger.holds import HoldRow
from bothways.ledger.models import Sync
from bothways.records import Option
from bothways.service import issue_words as words
from bothways.service.database import on_database
from bothways.service.document import SyncDocument
from bothways.service.failing import troubles_of
from bothways.service.issues import find_issue, views_of
from bothways.service.pairs_in_force import PairsInForce, of_mapping, suggestion
from bothways.service.resolution import row_of
from bothways.service.revisions import latest_revision
from bothways.service.rights import Role, for_role
from bothways.service.unfit import unfit_mappings
from bothways.service.views import ChoiceView, GroupPage, GroupView, IssueCounts, IssueView, MendView, ValueView
from bothways.service.workspace import Workspace
from bothways.sync import merges

NEED, IGNORED = "need", "ignored"
MOST_FIELDS = 500
MOST_VALUES = 50
"""Values of one cause that are shown at once."""

NOT_RETRIED = (words.MATCH, words.MERGED, words.CONFLICT, words.CONSENT, words.FROZEN)
"""Causes for which to try again is no answer."""

_GROUP = re.compile(r"g_([0-9]{1,18})_([0-9a-f]{12})")
_UNPAIRED = re.compile(r'"(.*)" is (?:paired with none|not one) of the choices of .*', re.DOTALL)
_FORWARD = " only moves forward, and "


# --- looking ------------------------------------------------------------------------------------------


@on_database
def counts(workspace: Workspace) -> IssueCounts:
    """Return how many issues there are of each kind."""
    rows = [row_of(workspace, name) for name in workspace.document.syncs]
    failing = troubles_of(workspace)
    retrying = sum(each.need == words.RETRYING for each in failing)
    held, ignored = sum(map(causes.count, rows)), sum(causes.count(row, ignored=True) for row in rows)
    need = held + len(failing) - retrying + len(unfit_mappings(workspace))
    return IssueCounts(need, retrying, ignored)


@on_database
@for_role(Role.VIEWER)
def groups(
    workspace: Workspace,
    name: str | None = None,
    *,
    ignored: bool = False,
    after: str | None = None,
    size: int = 50,
) -> GroupPage:
    """Return the causes of a sync's issues, of all syncs if None: those with the oldest issues first of each.

    ``after``: where the page before has ended. Raises UnknownSync.
    """
    names = list(workspace.document.syncs) if name is None else [name]
    first, last = _place(after)
    rows = [row_of(workspace, each) for each in names]
    ids = [row.pk for row in rows]
    start = ids.index(first) if first in ids else 0
    found: list[tuple[Sync, Group]] = []
    for row in rows[start:]:
        behind = last if row.pk == first else 0
        found += [(row, each) for each in causes.groups(row, behind, size + 1 - len(found), ignored=ignored)]
        if len(found) > size:
            break
    shown = found[:size]
    views = tuple(view for row in rows for view in _views(workspace, row, [g for of, g in shown if of == row], ignored))
    ends = shown[-1] if shown else None
    return GroupPage(views, f"{ends[0].pk}-{ends[1].first}" if ends and len(found) > size else None)


@on_database
@for_role(Role.VIEWER)
def show_group(workspace: Workspace, id: str, *, ignored: bool | None = None) -> GroupView:
    """Return a group of issues by its id, or that of one of its issues; raise UnknownIssue if none is left of it."""
    sync, found = find_group(workspace, id, ignored=ignored)
    return _views(workspace, sync, [found], bool(ignored))[0]


@on_database
@for_role(Role.VIEWER)
def conflict_groups(workspace: Workspace) -> list[GroupView]:
    """Return the fields whose differences wait for a person, of all syncs."""
    found: list[GroupView] = []
    for name in workspace.document.syncs:
        row = row_of(workspace, name)
        found += _views(workspace, row, causes.groups(row, size=MOST_FIELDS, kind="conflict"), False)
    return found


@on_database
@for_role(Role.VIEWER)
def last_mend(workspace: Workspace, id: str) -> MendView | None:
    """Return what was done about a group last, if anything was."""
    told = _GROUP.fullmatch(id)
    row = Sync.objects.select_related("left", "right").filter(pk=int(told[1])).first() if told else None
    if told is None or row is None or row.name not in workspace.document.syncs:
        return None
    found = causes.last_mends(row, [told[2]], even_if_over=True).get(told[2])
    return _mend_view(workspace, row, found) if found else None


@on_database
@for_role(Role.VIEWER)
def group_issues(
    workspace: Workspace, id: str, *, after: str | None = None, size: int = 50, ignored: bool | None = None
) -> list[IssueView]:
    """Return the issues of a group, the oldest first: at most ``size`` that come after the one named."""
    sync, found = find_group(workspace, id, ignored=ignored)
    last = int(after[2:]) if after and re.fullmatch(r"h_[0-9]{1,18}", after) else 0
    return views_of(sync, workspace.sync(sync.name), causes.page(sync, found.cause, last, size, ignored=ignored))


@on_database
@for_role(Role.VIEWER)
def alike(workspace: Workspace, issues: Sequence[IssueView]) -> dict[str, int]:
    """Return, per difference of a field, how many others are between the same two values."""
    found: dict[str, int] = {}
    for name in {each.sync for each in issues}:
        ids = [int(each.id[2:]) for each in issues if each.sync == name]
        found |= {f"h_{id}": count for id, count in causes.alike(row_of(workspace, name), ids).items()}
    return found


@on_database
@for_role(Role.VIEWER)
def solved(workspace: Workspace, *, before: int | None = None, size: int = 50) -> list[MendView]:
    """Return what was mended or tried again, the newest first."""
    rows = {row.pk: row for row in (row_of(workspace, name) for name in workspace.document.syncs)}
    found = causes.mends(list(rows), before, size)
    return [_mend_view(workspace, rows[each.sync_id], each) for each in found]


def find_group(workspace: Workspace, id: str, *, ignored: bool | None = None) -> tuple[Sync, Group]:
    """Return a group and its sync; raise UnknownIssue."""
    told = _GROUP.fullmatch(id)
    if told is None:
        sync, hold = find_issue(workspace, id)
        return sync, _group_of(sync, hold, ignored, id)
    row = Sync.objects.select_related("left", "right").filter(pk=int(told[1])).first()
    found = causes.group(row, told[2], ignored=ignored) if row and row.name in workspace.document.syncs else None
    if row is None or found is None:
        raise UnknownIssue(issue=id)
    return row, found


def _group_of(sync: Sync, hold: HoldRow, ignored: bool | None, id: str) -> Group:
    cause = causes.cause_of(sync, hold.id)
    found = causes.group(sync, causes.digest_of(cause), ignored=ignored) if cause else None
    if found is None:
        raise UnknownIssue(issue=id)
    return found


def _place(after: str | None) -> tuple[int, int]:
    told = re.fullmatch(r"([0-9]{1,18})-([0-9]{1,18})", after or "")
    return (int(told[1]), int(told[2])) if told else (0, 0)


# --- in words -----------------------------------------------------------------------------------------


def _views(workspace: Workspace, sync: Sync, found: Sequence[Group], ignored: bool) -> list[GroupView]:
    """Return groups of a sync as people see them."""
    if not found:
        return []
    document, revision = workspace.sync(sync.name), latest_revision(sync)
    applied, labels = revision.document.get("applied"), revision.document.get("labels") or {}
    firsts = causes.first_of(found)
    single = [firsts[each.first] for each in found if each.size == 1 and each.first in firsts]
    alone = {each.id: each for each in views_of(sync, document, single)}
    mends = {} if ignored else causes.last_mends(sync, [each.digest for each in found])
    views = []
    for each in found:
        side = Side(firsts[each.first].side) if each.first in firsts else Side.LEFT
        facts = _facts(document, labels, each.cause.field, each.reason, side)
        cause = cause_word(each.cause.kind, each.cause.rule, each.cause.field, each.reason)
        mapping = of_mapping(applied, each.cause.field) if applied and each.cause.field else None
        target = next(side for side in SIDES if document.apps[side] == facts["app"])
        need = words.NEEDS[cause]
        values: dict[str, Any] = {}
        if cause == words.UNPAIRED:
            values = _values(sync, each, mapping, target, ignored)
            need = words.FIX if values else words.IN_APP
            cause = cause if values else words.MISFIT
        told = words.words_of(cause, facts)
        mend = mends.get(each.digest)
        views.append(
            GroupView(
                f"g_{sync.pk}_{each.digest}",
                sync.name,
                cause,
                need,
                each.size,
                *told,
                _said(document, each.reason),
                facts["field"],
                facts["app"],
                facts["other"],
                each.cause.field,
                each.since,
                each.next_try,
                ignored,
                cause not in NOT_RETRIED,
                sync.state == "on",
                **values,
                revision=sync.revision,
                issue=alone.get(f"h_{each.first}"),
                mend=_mend_view(workspace, sync, mend) if mend else None,
            )
        )
    return views


def cause_word(kind: str, rule: str, field: str, reason: str) -> str:
    """Return the cause of a hold."""
    if kind == "match":
        return words.MERGED if rule == merges.RULE else words.MATCH
    if kind == "refused":
        if f": {REJECTED}" in reason:
            return words.RULE_VALUE if field else words.RULE
        return words.REFUSED_VALUE if field else words.REFUSED
    if kind == "value":
        if value_in(reason) is not None:
            return words.UNPAIRED
        return words.FORWARD if _FORWARD in reason else words.MISFIT
    return kind


def value_in(reason: str) -> str | None:
    """Return the value that has no partner among the options, by the reason of its hold."""
    told = _UNPAIRED.fullmatch(reason.partition(": ")[2])
    return told[1] if told else None


def side_of(document: SyncDocument, reason: str) -> Side | None:
    """Return the side whose app does not take something, by the reason."""
    starts = (" does not take it: ", " refused: ")
    named = (side for side in SIDES if any(reason.startswith(document.apps[side] + each) for each in starts))
    reached = (side for side in SIDES if reason.endswith(f" let that through to {document.apps[side]}"))
    return next(named, None) or next(reached, None)


def _said(document: SyncDocument, reason: str) -> str:
    """Return what an app said, of a reason that begins with who said it."""
    for app in document.pair:
        for start in (f"{app} does not take it: ", f"{app} refused: "):
            if reason.startswith(start):
                return reason.removeprefix(start)
    return reason


def _facts(
    document: SyncDocument, labels: Mapping[str, Mapping[str, str]], mapping: str, reason: str, side: Side
) -> dict[str, str]:
    """Return which field and which apps a reason speaks of; ``side`` where it names none."""
    app = side_of(document, reason) or side
    names = names_of(mapping)
    name = names.get(app) or names.get(app.other, "")
    label = labels.get(app, {}).get(name) or labels.get(app.other, {}).get(names.get(app.other, "")) or name
    return {"field": label, "app": document.apps[app], "other": document.apps[app.other]}


def _values(sync: Sync, group: Group, mapping: PairsInForce | None, target: Side, ignored: bool) -> dict[str, Any]:
    """Return the values of a cause and the options they can be paired with; nothing where they cannot be."""
    if mapping is None or not mapping.can_be_said(target):
        return {}
    taken = mapping.taken(target)
    source = {option.key: option.label or option.key for option in mapping.fields[target.other].options}
    options = [each for each in mapping.fields[target].options if not each.hidden]
    free = [each for each in options if each.key not in taken]
    if not free:
        return {}
    told = causes.reasons(sync, group.cause, MOST_VALUES + 1, ignored=ignored)
    lines = [(value, count) for reason, count in told[:MOST_VALUES] if (value := value_in(reason)) is not None]
    shown = sum(count for _, count in lines)
    return {
        "values": tuple(
            ValueView(value, source.get(value, value), count, suggestion(value, source.get(value, ""), free))
            for value, count in lines
        ),
        "more_values": group.size - shown,
        "choices": tuple(_choices(options, taken, source)),
    }


def _choices(options: Iterable[Option], taken: Mapping[str, str], source: Mapping[str, str]) -> Iterable[ChoiceView]:
    for each in options:
        partner = taken.get(each.key, "")
        yield ChoiceView(each.key, each.label or each.key, source.get(partner, partner))


def _mend_view(workspace: Workspace, sync: Sync, mend: MendRow) -> MendView:
    document = workspace.sync(sync.name)
    labels = latest_revision(sync).document.get("labels") or {}
    facts = _facts(document, labels, mend.cause.field, mend.reason, Side.LEFT)
    title = words.words_of(cause_word(*mend.cause[:3], mend.reason), facts).title
    solved, waiting = mend.total - mend.left, mend.left - mend.tried
    return MendView(mend.id, sync.name, title, mend.how, mend.author, mend.at, mend.total, solved, waiting)
