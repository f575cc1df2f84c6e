"""Fields that an app does not have, made of those it has, for every connector: see ``records.made``.

Whoever uses the connector reads and writes a made field like any other; the app only ever sees its parts. Names of
what is referred to are read with each record that refers to it: a call for every batch of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import cast

from bothways.connectors.base import Connector, Exists, Page, Read, Seen, WriteItem, WriteResult
from bothways.errors import AppError
from bothways.records import Field, Recipe, Record, Ref, Value, ids_in, ids_of, is_blank, named, recipe_of

Recipes = Mapping[str, Recipe]
Names = Mapping[str, Mapping[str, Value]]
"""By made field, the names of the records that are referred to by their ids; one that cannot be read has none."""


@cache
def with_made(kind: type[Connector]) -> type[Connector]:
    """Return a kind of connector that knows made fields besides the app's own, and does all else as it did."""
    return cast(type[Connector], type(kind.__name__, (_WithMade, kind), {"__doc__": kind.__doc__}))


class _WithMade:
    """What comes before a connector's own methods. A field of the app's own of a made one's name goes first."""

    @property
    def __beneath(self) -> Connector:
        return cast(Connector, super())

    def __own(self, object: str) -> Mapping[str, Field]:
        """Return the app's own fields by name, asked for once."""
        known: dict[str, Mapping[str, Field]] = self.__dict__.setdefault("_own_fields", {})
        if object not in known:
            self.fields(object)
        return known[object]

    def fields(self, object: str) -> Sequence[Field]:
        """Return the app's own fields."""
        found = self.__beneath.fields(object)
        self.__dict__.setdefault("_own_fields", {})[object] = {each.name: each for each in found}
        return found

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Yield pages of what changed, made fields among the values."""
        made = self.__made(object, fields)
        for page in self.__beneath.changes(object, cursor, _asked(fields, made)):
            yield replace(page, seen=self.__seen(object, page.seen, made)) if made else page

    def __seen(self, object: str, seen: Sequence[Seen], made: Recipes) -> Sequence[Seen]:
        names = self.__names(object, [each.record for each in seen], made)
        return [
            replace(
                each, record=_with(each.record, made, names), problem=each.problem or _why(each.record, made, names)
            )
            for each in seen
        ]

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        """Return one answer per ref, made fields among the values."""
        made = self.__made(object, fields)
        answers = self.__beneath.read(object, refs, _asked(fields, made))
        if not made:
            return answers
        names = self.__names(object, [each.record for each in answers if each.record], made)
        return [
            replace(
                each, record=_with(each.record, made, names), problem=each.problem or _why(each.record, made, names)
            )
            if each.record
            else each
            for each in answers
        ]

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return ids per value; a made field cannot be looked up."""
        return {} if self.__made(object, [field]) else self.__beneath.find(object, field, values)

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        """Write the parts of made fields, and tell of them as of the made ones."""
        made = {item.key: self.__made(object, [*item.values, *item.base]) for item in items}
        if not any(made.values()):
            return self.__beneath.write(object, items)
        results = self.__beneath.write(object, [self.__sent(object, item, made[item.key]) for item in items])
        every = {name: recipe for recipes in made.values() for name, recipe in recipes.items()}
        try:
            names = self.__names(object, [each.record for each in results if each.record], every)
        except AppError:  # all is written; what is held of them by name is then as it was sent
            names = {}
        return [_told(result, made[result.key], names) for result in results]

    def __sent(self, object: str, item: WriteItem, made: Recipes) -> WriteItem:
        """Return an item with the parts of the made fields in their place."""
        values = _apart(item.values, made) | self.__references(object, item.values, item.base, made)
        return replace(
            item, values=values, base=_apart(item.base, made) | self.__references(object, item.base, {}, made)
        )

    def __references(
        self, object: str, values: Mapping[str, Value], base: Mapping[str, Value], made: Recipes
    ) -> dict[str, Value]:
        """Return what the references hold that are written by name: the primary one of ``base`` alone is replaced."""
        found: dict[str, Value] = {}
        for name, recipe in made.items():
            if recipe.named and name in values:
                held = ids_in(base.get(name))
                rest = held if is_blank(base.get(name)) else held[1:]
                ids = list(dict.fromkeys([*ids_in(values[name]), *rest]))
                several = self.__own(object)[recipe.parts[0]].multi_valued
                found[recipe.parts[0]] = ids if several else next(iter(ids), None)
        return found

    def __made(self, object: str, names: Sequence[str]) -> Recipes:
        """Return the made ones of these fields."""
        found = {name: recipe for name in names if (recipe := recipe_of(name)) is not None}
        own = self.__own(object) if found else {}
        return {name: recipe for name, recipe in found.items() if name not in own}

    def __names(self, object: str, records: Iterable[Record], made: Recipes) -> Names:
        """Read the names of what these records refer to first, by the fields that are made of it."""
        kept, found = list(records), {}
        for name, recipe in made.items():
            to = self.__own(object)[recipe.parts[0]].refers_to if recipe.named else None
            if to is not None:
                ids = dict.fromkeys(id for each in kept for id in ids_of(each.values.get(recipe.parts[0]))[:1])
                found[name] = dict(self.__named(to, recipe.named, list(ids)))
        return found

    def __named(self, object: str, field: str, ids: Sequence[str]) -> Iterator[tuple[str, Value]]:
        size = cast(Connector, self).capabilities.batch_read
        for start in range(0, len(ids), size):
            for read in self.__beneath.read(object, [Ref(id) for id in ids[start : start + size]], [field]):
                if read.exists is not Exists.UNKNOWN and read.problem is None:
                    yield read.asked, read.record.values.get(field) if read.record else None


def _asked(fields: Sequence[str], made: Recipes) -> Sequence[str]:
    """Return the fields that the app is asked for."""
    parts = [part for recipe in made.values() for part in recipe.parts]
    return list(dict.fromkeys([*(name for name in fields if name not in made), *parts])) if made else fields


def _with(record: Record, made: Recipes, names: Names) -> Record:
    """Return a record with its made fields, where it shows all their parts and they can be told."""
    values = record.values
    more = {}
    for name, each in made.items():
        if not all(part in values for part in each.parts):
            continue
        if not each.named:
            more[name] = each.make(values)
            continue
        ids = ids_of(values[each.parts[0]])
        if not ids or ids[0] in names.get(name, {}):
            more[name] = named(names[name][ids[0]], ids) if ids else None
    return replace(record, values={**values, **more})


def _why(record: Record, made: Recipes, names: Names) -> str | None:
    """Say why a record cannot be used: the name of what it refers to is not known."""
    for name, each in made.items():
        ids = ids_of(record.values.get(each.parts[0])) if each.named else ()
        if ids and ids[0] not in names.get(name, {}):
            return f"{each.named} of {ids[0]}, which it refers to, cannot be read"
    return None


def _apart(values: Mapping[str, Value], made: Recipes) -> dict[str, Value]:
    """Return values with the parts of the joined fields in their place, and without those that refer to records."""
    plain = {name: value for name, value in values.items() if name not in made}
    parts = [made[name].take_apart(value) for name, value in values.items() if name in made and not made[name].named]
    return plain | {name: value for each in parts for name, value in each.items()}


def _told(result: WriteResult, made: Recipes, names: Names) -> WriteResult:
    """Return a result in the words of the made fields: what is held of them, and which were refused."""
    refused = [name for name, recipe in made.items() if set(recipe.parts) & set(result.fields)]
    parts = {part for name in refused for part in made[name].parts}
    fields = tuple(dict.fromkeys([*refused, *(name for name in result.fields if name not in parts)]))
    record = _with(result.record, made, names) if result.record is not None else None
    return replace(result, record=record, fields=fields)
