"""The strings of an account that its administrator pulls: owners, pipelines, and kinds of record of its own."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from bothways.sandbox.hubspot import custom, pipelines, users
from bothways.sandbox.hubspot.crm import Crm
from bothways.sandbox.hubspot.schema import Kind


class Administered:
    """What an administrator does in the settings of an account. All raise Refused or ValueError."""

    _crm: Crm

    def _inside(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def _kind(self, name: str) -> Kind:
        raise NotImplementedError

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
        metadata = {"probability": "0.5"} if kind.name == "deals" else {}
        sent = [{"label": each, "displayOrder": place, "metadata": metadata} for place, each in enumerate(stages)]
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
