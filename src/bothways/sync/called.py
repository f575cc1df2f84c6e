"""Texts that stand for records: which of the other app's records, by their names, each of them is the name of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from bothways.engine.keys import keys_of
from bothways.engine.plan import Pair
from bothways.engine.sides import Side
from bothways.engine.spec import Called, FieldMap, SyncSpec, slot_of_names
from bothways.ledger import feeds
from bothways.ledger.feeds import SeenRow
from bothways.ledger.models import Feed
from bothways.records import Value, name_form, name_of, recipe_of, same_name
from bothways.sync.context import Context
from bothways.sync.poll import refresh

Values = Mapping[str, Value] | None
"""What a record holds, None where there is none."""

Feeds = Mapping[tuple[str, Side], Feed]
"""The feeds of the records that are known by their names, by the key of a mapping and the side that refers to them."""

Rows = Callable[[FieldMap, Side, set[str]], Mapping[str, SeenRow]]
"""Returns what is known of the records of these ids that a side of a mapping knows by their names."""


def with_names(ctx: Context, pairs: Iterable[Pair]) -> SyncSpec:
    """Return the settings with every text looked up that may have to be written as the record that it names."""
    if not ctx.called:
        return ctx.spec
    kept = list(pairs)
    values = [{side: each.values if each else None for side, each in pair.records.items()} for pair in kept]

    def fresh(mapping: FieldMap, side: Side, ids: set[str]) -> Mapping[str, SeenRow]:
        return refresh(ctx, ctx.called[mapping.key, side], ids)

    return _with(ctx.spec, {key: end.feed for key, end in ctx.called.items()}, values, fresh)


def as_known(spec: SyncSpec, called: Feeds, values: Iterable[Mapping[Side, Values]]) -> SyncSpec:
    """Return the same by what was last read of the records, asking no app. ``called`` are their feeds."""
    kept = list(values)
    return _with(spec, called, kept, lambda mapping, side, ids: feeds.seen_by_id(called[mapping.key, side].pk, ids))


def _with(spec: SyncSpec, called: Feeds, values: Sequence[Mapping[Side, Values]], rows: Rows) -> SyncSpec:
    maps = []
    for each in spec.fields:
        sides = [side for side in each.named if (each.key, side) in called]
        found = {side: _looked_up(each, side, called[each.key, side], values, rows) for side in sides}
        maps.append(replace(each, called=found) if found else each)
    return replace(spec, fields=tuple(maps))


def _looked_up(
    mapping: FieldMap, side: Side, feed: Feed, values: Sequence[Mapping[Side, Values]], rows: Rows
) -> Called:
    """Return of which records of a side the texts of the other one are the name."""
    texts = {text for each in values if (text := _text_of(mapping, side, each))}
    recipe = recipe_of(mapping.on(side).name)
    assert recipe is not None
    name = recipe.named
    email = mapping.by_email
    slot, parts = slot_of_names(name, email=email)
    keys = {text: {(slot, feeds.key_hash(key)) for key in keys_of(parts, {name: text})} for text in texts}
    holders = feeds.holders(feed.pk, set().union(*keys.values())) if keys else {}
    ids = {text: set().union(*(holders.get(key, ()) for key in each)) for text, each in keys.items()}
    known = rows(mapping, side, set().union(*ids.values())) if ids else {}
    return {text: _of_name(text, name, sorted(each), known, email=email) for text, each in ids.items()}


def _text_of(mapping: FieldMap, side: Side, values: Mapping[Side, Values]) -> str:
    """Return the text that is to be looked up, "" where both hold the same name or there is none."""
    held, there = values.get(side), values.get(side.other)
    text = name_of(there.get(mapping.on(side.other).name)) if there is not None else ""
    alike = held is not None and same_name(held.get(mapping.on(side).name), text, email=mapping.by_email)
    return "" if alike else text


def _of_name(
    text: str, field: str, ids: list[str], rows: Mapping[str, SeenRow], *, email: bool
) -> list[tuple[str, str]]:
    """Return the records that a text is the name of: of several, the one that has the same legal form."""
    names = {id: name_of((row.values or {}).get(field)) for id in ids if (row := rows.get(id)) is not None and row.live}
    alike = [(id, name) for id, name in names.items() if same_name(name, text, email=email)]
    exact = [(id, name) for id, name in alike if name_form(name, email=email) == name_form(text, email=email)]
    return exact if len(exact) == 1 else alike
