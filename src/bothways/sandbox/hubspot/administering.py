"""The strings of an account that its administrator pulls: owners, pipelines, properties, rules, labels, own kinds."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.sandbox.hubspot import custom, pipelines, users
from bothways.sandbox.hubspot.inside import Inside
from bothways.sandbox.hubspot.joining import add_label, drop_label, pair_of


class Administered(Inside):
    """What an administrator does in the settings of an account. All raise Refused or ValueError."""

    def make_owner(self, email: str, first: str = "", last: str = "") -> str:
        """Let somebody use the account, and return the id of the owner who they are."""
        with self._inside():
            return users.add(self._crm.store, email, first, last, self._crm.now)

    def change_owner(self, id: str, *, email: str | None = None, archived: bool | None = None) -> None:
        """Change an owner's address, or take the user away (``archived``) or back."""
        changed = {"email": email, "archived": None if archived is None else int(archived)}
        with self._inside():
            given = {name: value for name, value in changed.items() if value is not None}
            users.change(self._crm.store, id, self._crm.now, **given)

    def make_pipeline(self, object: str, label: str, stages: Sequence[str]) -> dict[str, str]:
        """Make a pipeline after all others, and return its id as that of its label, and those of its stages."""
        kind = self._kind(object)
        said = {"deals": ({"probability": "0.5"}, {"probability": "0.5"}), "tickets": ({}, {"ticketState": "CLOSED"})}
        open, last = said.get(kind.name, ({}, {}))
        metadata = [open] * (len(stages) - 1) + [last]
        sent = [
            {"label": each, "displayOrder": place, "metadata": metadata[place]} for place, each in enumerate(stages)
        ]
        with self._inside():
            place = len(self._crm.pipelines[kind.name])
            id = pipelines.make(self._crm, kind, {"label": label, "displayOrder": place, "stages": sent})
            made = next(each for each in self._crm.pipelines[kind.name] if each.id == id)
        return {label: id, **{each.label: each.id for each in made.stages}}

    def make_object(
        self, name: str, labels: tuple[str, str], properties: Sequence[Mapping[str, Any]], **more: Any
    ) -> str:
        """Make a kind of record and return its type id; ``labels`` are for one and for several.

        The first of the properties is the one that a record is known by, unless ``more``, what else HubSpot knows of a
        kind in its own words, says so: requiredProperties, associatedObjects.
        """
        body = {
            "name": name,
            "labels": {"singular": labels[0], "plural": labels[1]},
            "primaryDisplayProperty": properties[0]["name"],
            "properties": list(properties),
            **more,
        }
        with self._inside():
            return custom.make(self._crm, body).type_id

    def define(self, object: str, definition: Mapping[str, Any]) -> None:
        """Add a property, or replace its definition (see ``schema.prop``)."""
        kind = self._kind(object)
        with self._inside():
            self._store.define(kind.name, dict(definition))
            self._crm.learn(kind)

    def set_rule(self, object: str, property: str, type: str, arguments: Sequence[str] | None = ()) -> None:
        """Set a rule of a property's values as an administrator would (see ``rules.TYPES``), or take it away (None)."""
        with self._inside():
            self._crm.rules.set_rule(self._kind(object).name, property, type, arguments)

    def require(self, object: str, property: str, *, when: str = "", holds: str = "") -> None:
        """Demand a value of a property whenever another one (``when``) holds something; else, of every new record."""
        rules, kind = self._crm.rules, self._kind(object).name
        with self._inside():
            if when:
                rules.when.setdefault(kind, []).append((when, holds, property))
            else:
                rules.made.setdefault(kind, []).append(property)

    def set_most(self, object: str, records: int) -> None:
        """Let the account hold so many records of a kind at most."""
        with self._inside():
            self._crm.rules.most[self._kind(object).name] = records

    def add_label(self, object: str, other: str, label: str, inverse: str = "") -> None:
        """Make a label for associations; ``inverse`` is its word seen from the other record, if that is another one."""
        with self._inside():
            kinds = self._kind(object), self._kind(other)
            turned = pair_of(self._crm, *kinds)[1]
            names, words = (kinds[0].name, kinds[1].name), (label, inverse or label)
            add_label(self._store, *(names[::-1] if turned else names), words[::-1] if turned else words)

    def drop_label(self, object: str, other: str, label: str) -> None:
        """Delete a label, which takes it from all associations as well."""
        with self._inside():
            for number in self._labels(object, other, [label]):
                drop_label(self._store, number)
