"""Texts that stand for records: which of the other app's records, by their names, each of them is the name of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from bothways.engine.keys import keys_of
from bothways.engine.plan import Pair
from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap, SyncSpec, slot_of_names
from bothways.ledger import feeds
from bothways.ledger.feeds import SeenRow
from bothways.ledger.models import Feed
from bothways.records import Value, name_form, name_of, recipe_of, same_name, text_of
from bothways.sync.context import Context
from bothways.sync.poll import refresh

Values = Mapping[str, Value] | None
"""What a record holds, None where there is none."""

Rows = Callable[[FieldMap, set[str]], Mapping[str, SeenRow]]
"""Returns what is known of the records of these ids that a mapping knows by their names."""


def with_names(ctx: Context, pairs: Iterable[Pair]) -> SyncSpec:
    """Return the settings with every text looked up that may have to be written as the record that it names."""
    if not ctx.called:
        return ctx.spec
    kept = list(pairs)
    values = [{side: each.values if each else None for side, each in pair.records.items()} for pair in kept]

    def fresh(mapping: FieldMap, ids: set[str]) -> Mapping[str, SeenRow]:
        return refresh(ctx, ctx.called[mapping.key], ids)

    return _with(ctx.spec, {key: end.feed for key, end in ctx.called.items()}, values, fresh)


def as_known(spec: SyncSpec, called: Mapping[str, Feed], values: Iterable[Mapping[Side, Values]]) -> SyncSpec:
    """Return the same by what was last read of the records, asking no app. ``called`` are their feeds by mapping."""
    kept = list(values)
    return _with(spec, called, kept, lambda mapping, ids: feeds.seen_by_id(called[mapping.key].pk, ids))


def _with(spec: SyncSpec, called: Mapping[str, Feed], values: Sequence[Mapping[Side, Values]], rows: Rows) -> SyncSpec:
    maps = tuple(
        _looked_up(each, called[each.key], values, rows) if each.key in called else each for each in spec.fields
    )
    return replace(spec, fields=maps)


def _looked_up(mapping: FieldMap, feed: Feed, values: Sequence[Mapping[Side, Values]], rows: Rows) -> FieldMap:
    side = mapping.named
    assert side is not None
    texts = {text for each in values if (text := _text_of(mapping, side, each))}
    recipe = recipe_of(mapping.on(side).name)
    assert recipe is not None
    name = recipe.named
    slot, parts = slot_of_names(name)
    keys = {text: {(slot, feeds.key_hash(key)) for key in keys_of(parts, {name: text})} for text in texts}
    holders = feeds.holders(feed.pk, set().union(*keys.values())) if keys else {}
    ids = {text: set().union(*(holders.get(key, ()) for key in each)) for text, each in keys.items()}
    known = rows(mapping, set().union(*ids.values())) if ids else {}
    return replace(mapping, called={text: _of_name(text, name, sorted(each), known) for text, each in ids.items()})


def _text_of(mapping: FieldMap, side: Side, values: Mapping[Side, Values]) -> str:
    """Return the text that is to be looked up, "" where both hold the same name or there is none."""
    held, there = values.get(side), values.get(side.other)
    text = text_of(there.get(mapping.on(side.other).name)) if there is not None else ""
    return "" if held is not None and same_name(held.get(mapping.on(side).name), text) else text


def _of_name(text: str, field: str, ids: list[str], rows: Mapping[str, SeenRow]) -> list[tuple[str, str]]:
    """Return the records that a text is the name of: of several, the one that has the same legal form."""
    names = {id: name_of((row.values or {}).get(field)) for id in ids if (row := rows.get(id)) is not None and row.live}
    alike = [(id, name) for id, name in names.items() if same_name(name, text)]
    exact = [(id, name) for id, name in alike if name_form(name) == name_form(text)]
    return exact if len(exact) == 1 else alike
