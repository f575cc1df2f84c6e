"""What the apps' histories of single fields tell, asked only where it has a say, and then for many records at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from bothways.connectors.abilities import LastChange, TellsHistory
from bothways.engine.field_state import Told
from bothways.engine.plan import Action, Pair
from bothways.engine.sides import SIDES, Side
from bothways.ledger import journal
from bothways.records import Field, FieldType
from bothways.sync.context import Context

Changes = Mapping[Side, Mapping[str, Mapping[str, LastChange]]]


def plan_with_histories(ctx: Context, pairs: Sequence[Pair], plan: Callable[[int, Pair], Action]) -> list[Action]:
    """Return the action for each pair, planned anew where a decision asks for the histories of its fields.

    ``plan`` gets the place of the pair, and the pair. Raises AppError.
    """
    actions = [plan(place, pair) for place, pair in enumerate(pairs)]
    asking = {place: pairs[place] for place, action in enumerate(actions) if any(each.asks for each in action.fields)}
    if not asking:
        return actions
    keys = {each.mapping.key for place in asking for each in actions[place].fields if each.asks}
    changes = {side: _known(ctx, side, _asked(ctx, side, asking.values(), keys)) for side in SIDES}
    if any(changes.values()):
        for place, pair in asking.items():
            actions[place] = plan(place, replace(pair, told={key: _told(ctx, pair, key, changes) for key in keys}))
    return actions


def _asked(
    ctx: Context, side: Side, pairs: Iterable[Pair], keys: Iterable[str]
) -> Mapping[str, Mapping[str, LastChange]]:
    """Return the last changes of these mappings' fields on one side; nothing where its app keeps no histories."""
    end = ctx.ends[side]
    if not isinstance(end.connector, TellsHistory):
        return {}
    ids = sorted({record.id for pair in pairs if (record := pair.records[side]) is not None})
    fields = sorted({name for key in keys for name in _names(ctx.mapping(key).on(side))})
    return end.connector.last_changes(end.object, ids, fields) if fields else {}


def _known(
    ctx: Context, side: Side, changes: Mapping[str, Mapping[str, LastChange]]
) -> Mapping[str, Mapping[str, LastChange]]:
    """Return changes by nobody where the program may be ourselves: another sync of ours wrote to the record then."""
    unsure = {id for id, each in changes.items() if any(change.may_be_us for change in each.values())}
    written = journal.written_at(ctx.ends[side].feed, unsure, ctx.sync.pk) if unsure else {}

    def known(id: str, change: LastChange) -> LastChange:
        ours = change.may_be_us and journal.wrote_then(written.get(id, ()), change.at)
        return LastChange(change.at) if ours else change

    return {id: {name: known(id, change) for name, change in each.items()} for id, each in changes.items()}


def _names(field: Field) -> list[str]:
    """Return what the app has of a field: its parts, if we made it of several; nothing of what refers to records."""
    return [part.name for part in field.parts or (field,) if part.type is not FieldType.REFERENCE]


def _told(ctx: Context, pair: Pair, key: str, changes: Changes) -> dict[Side, Told]:
    told = {}
    for side in SIDES:
        record, names = pair.records[side], _names(ctx.mapping(key).on(side))
        known = changes[side].get(record.id, {}) if record is not None else {}
        last = max((known[name] for name in names if name in known), key=lambda each: each.at, default=None)
        if last is not None:
            told[side] = Told(last.at, last.by, last.may_be_us)
    return told
