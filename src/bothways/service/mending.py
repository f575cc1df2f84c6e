"""What somebody does about all issues of one cause: pair values, try again, ignore, and take that back."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import key_of
from bothways.errors import NotForThat, NothingChosen, PairingAmbiguous, UnknownChoice
from bothways.ledger import causes, db, turns
from bothways.ledger.causes import Group
from bothways.ledger.models import Sync
from bothways.records import FieldType, option_named
from bothways.service import issue_words as words
from bothways.service.database import on_database
from bothways.service.draft_rows import Row
from bothways.service.draft_sight import sight_of
from bothways.service.issue_groups import NOT_RETRIED, cause_word, find_group, side_of, value_in
from bothways.service.pairs_in_force import Pair, PairsInForce, of_mapping
from bothways.service.revisions import author_of, latest_revision
from bothways.service.rights import Role, for_role
from bothways.service.settings_change import Entry, change_entry, entry_of, refuse_if_moved
from bothways.service.views import DraftView, TriedView
from bothways.service.work import plain_id
from bothways.service.workspace import Workspace
from bothways.service.yaml_file import nearest

RETRY, PAIRING = "retry", "pairing"
KEPT_FOR = 30 * 86_400.0
"""Seconds for which it is told what was mended."""


@on_database
@for_role(Role.OPERATOR)
def retry(workspace: Workspace, id: str) -> TriedView:
    """Let the issues of a group, or a single one, be tried at once: the next run takes exactly their records.

    Raises UnknownIssue, and NotForThat for what waits for a decision.
    """
    hold = plain_id(id, "h")
    sync, group = find_group(workspace, id, ignored=None if hold is not None else False)
    if cause_word(*group.cause[:3], group.reason) in NOT_RETRIED:
        raise NotForThat(issue=id, reason="it waits for somebody, and trying again changes nothing")
    return _try_again(workspace, sync, group, RETRY, hold_id=hold)


@on_database
@for_role(Role.OPERATOR)
def ignore(workspace: Workspace, id: str) -> int:
    """Leave the issues of a group, or a single one, alone until a record is edited again; return how many.

    Nothing else changes: what is refused is still tried again by itself. Raises UnknownIssue.
    """
    sync, group = find_group(workspace, id, ignored=False)
    with db.transaction_():
        causes.tidy(workspace.clock() - KEPT_FOR)
        return causes.ignore(sync, group.cause, author_of(workspace), workspace.clock(), plain_id(id, "h"))


@on_database
@for_role(Role.OPERATOR)
def take_back(workspace: Workspace, id: str) -> int:
    """Ask about ignored issues again, those of a group or a single one; return how many. Raises UnknownIssue."""
    sync, group = find_group(workspace, id, ignored=True)
    with db.transaction_():
        return causes.take_back(sync, group.cause, plain_id(id, "h"))


@on_database
@for_role(Role.EDITOR)
def pair_values(workspace: Workspace, id: str, revision: int, choices: Mapping[str, str]) -> TriedView:
    """Pair values that an app does not accept with its options, in the settings, and try their records again.

    ``choices``: options by key or label, by value; "" leaves one as it is. ``revision`` is that of the settings which
    were looked at. Raises UnknownIssue, NotForThat where no values are to be paired, NothingChosen, UnknownChoice,
    PairingAmbiguous, and SettingsMoved, DraftInTheWay and MendRefused, with nothing saved.
    """
    sync, group = find_group(workspace, id, ignored=False)
    mapping, target = _mapping(workspace, sync, group, id)
    chosen = {value: option.strip() for value, option in choices.items() if option.strip()}
    if not chosen:
        raise NothingChosen
    only = [reason for reason, _ in causes.reasons(sync, group.cause, group.size) if value_in(reason) in chosen]
    if strange := chosen.keys() - {value_in(reason) for reason in only}:
        raise NotForThat(issue=id, reason=f'"{min(strange)}" is none of its values')
    yours = ", ".join(f"{value} is {option}" for value, option in chosen.items())
    refuse_if_moved(workspace, sync.name, revision, yours)
    apps = workspace.sync(sync.name).apps
    found = [(value, _option(mapping, target, apps[target], option)) for value, option in chosen.items()]
    _check_clear(mapping, target, apps, found)
    new = [pair if target is Side.RIGHT else (pair[1], pair[0]) for pair in found]
    rows = _all_rows(workspace, sync.name)

    def is_it(row: Row) -> bool:
        return key_of(*(str(row.get(apps[side], "")) for side in SIDES)) == mapping.key

    def part(entry: Entry) -> Row | None:
        return next(filter(is_it, entry.get("fields") or rows), None)

    def edit(entry: Entry) -> Entry:
        own = entry.get("fields") or rows
        return {**entry, "fields": [_with_pairs(row, mapping, target, new) if is_it(row) else row for row in own]}

    if part(entry_of(workspace, sync.name)) is None:
        raise NotForThat(issue=id, reason="the field is not mapped any more")
    change_entry(workspace, sync, edit, part)
    return _try_again(workspace, sync, group, PAIRING, only=only)


# --- behind them --------------------------------------------------------------------------------------


def _try_again(
    workspace: Workspace,
    sync: Sync,
    group: Group,
    how: str,
    *,
    only: Sequence[str] | None = None,
    hold_id: int | None = None,
) -> TriedView:
    now = workspace.clock()
    with db.transaction_():
        causes.tidy(now - KEPT_FOR)
        _, count = causes.try_again(sync, group, how, author_of(workspace), now, only=only, hold_id=hold_id)
    if sync.state == "on":
        turns.ask(turns.SYNC, [sync.pk], now)
    return TriedView(sync.name, count, sync.state == "on")


def _mapping(workspace: Workspace, sync: Sync, group: Group, id: str) -> tuple[PairsInForce, Side]:
    """Return the mapping whose values are to be paired, and the side that does not accept them."""
    applied, document = latest_revision(sync).document["applied"], workspace.sync(sync.name)
    found = of_mapping(applied, group.cause.field) if applied else None
    target = side_of(document, group.reason)
    unpaired = cause_word(*group.cause[:3], group.reason) == words.UNPAIRED
    if found is None or target is None or not unpaired or not found.can_be_said(target):
        raise NotForThat(issue=id, reason="it is not about values that can be paired here")
    return found, target


def _option(mapping: PairsInForce, target: Side, app: str, name: str) -> str:
    field = mapping.fields[target]
    found = option_named(name, field.options)
    if found is None:
        hint = nearest(name, [option.label or option.key for option in field.options])
        raise UnknownChoice(app=app, field=field.title, choice=name, hint=hint)
    return found.key


def _check_clear(mapping: PairsInForce, target: Side, apps: Mapping[Side, str], found: Sequence[Pair]) -> None:
    """Refuse a second partner for an option that can have one only."""
    taken = mapping.taken(target)
    alone = target.other in mapping.written or target is Side.LEFT
    for value, option in found:
        partners = [taken[option]] if option in taken else []
        partners += [other for other, same in found if same == option] if alone else []
        if len(partners) > 1 or (partners and option in taken):
            named = " and ".join(f'"{each}"' for each in dict.fromkeys((*partners, value)))
            raise PairingAmbiguous(
                choice=option, app=apps[target], several=named, other=apps[target.other], direction=f"to_{apps[target]}"
            )


def _all_rows(workspace: Workspace, name: str) -> list[Row]:
    """Return the rows of a sync that names none: those of the same meaning, for which both apps are asked."""
    entry = entry_of(workspace, name)
    if entry.get("fields") is not None:
        return []
    left, right = workspace.sync(name).pair
    return sight_of(workspace, DraftView(0, name, False, 0, "", 0.0, (left, right), entry)).rows


def _with_pairs(row: Row, mapping: PairsInForce, target: Side, new: Sequence[Pair]) -> Row:
    """Return a row with more pairs; what had no partner before and gets none stays held."""
    values = dict(row["values"]) if row.get("values") is not None else dict(_stood(mapping, target))
    changed: dict[str, Any] = {**row, "values": {**values, **dict(new)}}
    both = [*mapping.pairs, *new]
    left_over = any(
        not option.hidden and option.key not in {pair[place] for pair in both}
        for place, side in enumerate(SIDES)
        if side.other in mapping.written
        for option in mapping.fields[side].options
    )
    return {**changed, "other": "hold"} if left_over and "other" not in row else changed


def _stood(mapping: PairsInForce, target: Side) -> list[Pair]:
    """Return what was paired without a word in the settings; texts were known by keys and labels alike."""
    if mapping.fields[target.other].type is FieldType.CHOICE:
        return list(mapping.pairs)
    options = mapping.fields[target].options
    return [(name, option.key) for option in options for name in dict.fromkeys((option.key, option.label)) if name]
