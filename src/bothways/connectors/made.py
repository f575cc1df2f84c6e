"""Fields that an app does not have, made of those it has, for every connector: see ``records.made``.

Whoever uses the connector reads and writes a made field like any other; the app only ever sees its parts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import cast

from bothways.connectors.base import Connector, Page, Read, WriteItem, WriteResult
from bothways.records import Field, Recipe, Record, Ref, Value, recipe_of

Recipes = Mapping[str, Recipe]


@cache
def with_made(kind: type[Connector]) -> type[Connector]:
    """Return a kind of connector that knows made fields besides the app's own, and does all else as it did."""
    return cast(type[Connector], type(kind.__name__, (_WithMade, kind), {"__doc__": kind.__doc__}))


class _WithMade:
    """What comes before a connector's own methods. A field of the app's own of a made one's name goes first."""

    @property
    def __beneath(self) -> Connector:
        return cast(Connector, super())

    def __own(self, object: str) -> frozenset[str]:
        """Return the names of the app's own fields, asked for once."""
        known: dict[str, frozenset[str]] = self.__dict__.setdefault("_own_fields", {})
        if object not in known:
            self.fields(object)
        return known[object]

    def fields(self, object: str) -> Sequence[Field]:
        """Return the app's own fields."""
        found = self.__beneath.fields(object)
        self.__dict__.setdefault("_own_fields", {})[object] = frozenset(each.name for each in found)
        return found

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Yield pages of what changed, made fields among the values."""
        made = self.__made(object, fields)
        for page in self.__beneath.changes(object, cursor, _asked(fields, made)):
            seen = [replace(each, record=_with(each.record, made)) for each in page.seen] if made else page.seen
            yield replace(page, seen=seen)

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        """Return one answer per ref, made fields among the values."""
        made = self.__made(object, fields)
        answers = self.__beneath.read(object, refs, _asked(fields, made))
        return [replace(each, record=each.record and _with(each.record, made)) for each in answers] if made else answers

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return ids per value; a made field cannot be looked up."""
        return {} if self.__made(object, [field]) else self.__beneath.find(object, field, values)

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        """Write the parts of made fields, and tell of them as of the made ones."""
        made = {item.key: self.__made(object, [*item.values, *item.base]) for item in items}
        if not any(made.values()):
            return self.__beneath.write(object, items)
        sent = [
            replace(item, values=_apart(item.values, made[item.key]), base=_apart(item.base, made[item.key]))
            for item in items
        ]
        return [_told(result, made[result.key]) for result in self.__beneath.write(object, sent)]

    def __made(self, object: str, names: Sequence[str]) -> Recipes:
        """Return the made ones of these fields."""
        found = {name: recipe for name in names if (recipe := recipe_of(name)) is not None}
        own = self.__own(object) if found else frozenset()
        return {name: recipe for name, recipe in found.items() if name not in own}


def _asked(fields: Sequence[str], made: Recipes) -> Sequence[str]:
    """Return the fields that the app is asked for."""
    parts = [part for recipe in made.values() for part in recipe.parts]
    return list(dict.fromkeys([*(name for name in fields if name not in made), *parts])) if made else fields


def _with(record: Record, made: Recipes) -> Record:
    """Return a record with its made fields, where it shows all their parts."""
    values = record.values
    more = {name: each.make(values) for name, each in made.items() if all(part in values for part in each.parts)}
    return replace(record, values={**values, **more})


def _apart(values: Mapping[str, Value], made: Recipes) -> dict[str, Value]:
    """Return values with the parts of the made fields in their place."""
    plain = {name: value for name, value in values.items() if name not in made}
    parts = [made[name].take_apart(value) for name, value in values.items() if name in made]
    return plain | {name: value for each in parts for name, value in each.items()}


def _told(result: WriteResult, made: Recipes) -> WriteResult:
    """Return a result in the words of the made fields: what is held of them, and which were refused."""
    named = [name for name, recipe in made.items() if set(recipe.parts) & set(result.fields)]
    parts = {part for name in named for part in made[name].parts}
    fields = tuple(dict.fromkeys([*named, *(name for name in result.fields if name not in parts)]))
    record = _with(result.record, made) if result.record is not None else None
    return replace(result, record=record, fields=fields)
