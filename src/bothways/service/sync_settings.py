"""From the settings document back to the words of the file."""

from collections.abc import Sequence

from bothways.engine.deletes import GRACE
from bothways.engine.scope import Leaving
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Wins
from bothways.records import Unpaired
from bothways.service.document import (
    CONSENT,
    FROM_NOW,
    LIST,
    NONE,
    ONLY_KEYS,
    USUAL,
    AssociationDocument,
    ConditionDocument,
    FieldDocument,
    FilterDocument,
    MatchDocument,
    SmallGroups,
    SyncDocument,
    TagDocument,
)
from bothways.service.schedule_document import timing_settings, written


def settings_of(sync: SyncDocument) -> dict[str, object]:
    """Return a sync as plain data in the words of the file, complete: what a revision keeps."""
    conflicts: dict[str, object] = {"default_app": sync.apps[sync.default], "when_empty": sync.when_empty}
    if sync.winners:
        conflicts["per_field"] = {name: winner_word(sync, each.who) for name, each in sync.winners.items()}
    if sync.wins is not None:
        conflicts["default"] = str(sync.wins)
    data: dict[str, object] = {
        "state": sync.state,
        "objects": {sync.apps[side]: sync.objects[side] for side in SIDES},
        "send": {sync.apps[side]: _send(sync, side) for side in SIDES},
        "conflicts": conflicts,
        "guards": {
            "first_run": sync.guards.first_run,
            "max_change": f"{written(sync.guards.max_change)}%",
            "max_emptied": sync.guards.max_emptied,
            "max_deletes": sync.guards.max_deletes,
        },
        **timing_settings(sync.timing),
    }
    if sync.scope.leaving is not Leaving.FREEZE:
        left = {sync.apps[each.side]: _tag(each) for each in sync.scope.tags}
        data["when_leaving_filter"] = {"tag": left} if left else str(sync.scope.leaving)
    if sync.deletes.removals or sync.deletes.grace != GRACE:
        tags = {each.side: _tag(each) for each in sync.deletes.tags}
        removals: dict[str, object] = {
            sync.apps[side]: {"tag": tags[side]} if side in tags else str(each)
            for side, each in sync.deletes.removals.items()
        }
        data["deletes"] = {**removals, "grace": f"{written(sync.deletes.grace)}s"}
    if sync.scope.from_now:
        data["start"] = FROM_NOW
    if sync.scope.require is not None:
        data["require"] = list(sync.scope.require)
    if sync.match is not None:
        data["match"] = (
            sync.match if isinstance(sync.match, str) else [_rule(sync, each) for each in sync.match] or NONE
        )
    if sync.small_groups is not SmallGroups.HOLD:
        data["small_groups"] = str(sync.small_groups)
    if sync.constants:
        data["set"] = {
            sync.apps[side]: [
                {"field": each.field, "value": each.value, "when": str(each.when)}
                for each in sync.constants
                if each.side is side
            ]
            for side in SIDES
            if any(each.side is side for each in sync.constants)
        }
    if sync.fields is not None:
        data["fields"] = [_field(sync, each) for each in sync.fields]
    if sync.associations is not None:
        data["associations"] = [_association(sync, each) for each in sync.associations]
    return data


def _tag(each: TagDocument) -> dict[str, object]:
    return {"field": each.field, "value": each.value}


def _association(sync: SyncDocument, each: AssociationDocument) -> dict[str, object]:
    data: dict[str, object] = {sync.apps[side]: each.names[side] for side in SIDES}
    if each.sync is not None:
        data["sync"] = each.sync
    if each.to is not None:
        data["direction"] = f"to_{sync.apps[each.to]}"
    if not each.enabled:
        data["enabled"] = False
    if each.labels is not None:
        data["labels"] = dict(each.labels)
    return data


def winner_word(sync: SyncDocument, winner: Side | Wins) -> str:
    """Return who wins in the words of the file: an app, newest or ask."""
    return sync.apps[winner] if isinstance(winner, Side) else str(winner)


def _send(sync: SyncDocument, side: Side) -> object:
    if side in sync.scope.filters:
        return {"filter": filter_data(sync.scope.filters[side])}
    return "all" if sync.sends[side] else "none"


def filter_data(filter: FilterDocument) -> dict[str, object]:
    """Return a filter as plain data in the words of the file."""
    if isinstance(filter, ConditionDocument) and filter.operator == LIST:
        return {LIST: filter.operand}
    if isinstance(filter, ConditionDocument):
        return {"field": filter.field, filter.operator: filter.operand}
    parts = [filter_data(part) for part in filter.parts]
    return {filter.kind: parts[0] if filter.kind == "not" else parts}


def _rule(sync: SyncDocument, rule: MatchDocument) -> object:
    if not rule.names:
        return USUAL
    data: dict[str, object] = {sync.apps[side]: _plain([_plain(part) for part in rule.names[side]]) for side in SIDES}
    return data | ({"compare": _plain(rule.compare)} if rule.compare else {})


def _plain(many: Sequence[object]) -> object:
    """Return a list, or the one thing in it."""
    return many[0] if len(many) == 1 and not isinstance(many[0], list) else list(many)


def _field(sync: SyncDocument, each: FieldDocument) -> dict[str, object]:
    data: dict[str, object] = {sync.apps[side]: each.names[side] for side in SIDES}
    if each.to is not None:
        data["direction"] = f"to_{sync.apps[each.to]}"
    if each.when_empty is not None:
        data["when_empty"] = each.when_empty
    if each.only is not None:
        data[ONLY_KEYS[each.only]] = True
    if each.winner is not None:
        data["winner"] = winner_word(sync, each.winner)
    if each.consent is not None:
        words = {sync.apps[side]: CONSENT[out] for side, out in zip(SIDES, each.consent, strict=True)}
        alike = each.consent[0] is each.consent[1]
        data["consent"] = CONSENT[each.consent[0]] if alike else words
    if each.clean:
        data["clean"] = list(each.clean)
    if each.values is not None:
        data["values"] = dict(each.values)
    if each.other is Unpaired.DEFAULT:
        data["other"] = {"default": {sync.apps[side]: option for side, option in each.defaults.items()}}
    elif each.other is not None:
        data["other"] = str(each.other)
    if not each.enabled:
        data["enabled"] = False
    return data
