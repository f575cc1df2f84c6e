"""The kinds of record that an account has made for itself, as its schemas tell of them.

Source: HubSpot's guide of the schemas API.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bothways.connectors.hubspot.objects import KINDS, Kind, Reference, custom_kind
from bothways.errors import PermissionMissing

if TYPE_CHECKING:
    from bothways.connectors.hubspot.api import Api

KEPT = 600.0
"""Seconds for which it is not asked again which kinds there are."""


class Customs:
    """Those of one account."""

    def __init__(self, api: "Api", clock: Callable[[], float]) -> None:
        self._api, self._clock = api, clock
        self._asked_at: float | None = None
        self._schemas: dict[str, tuple[Kind, Mapping[str, Any]]] = {}
        self._references: dict[str, Sequence[Reference]] = {}

    def all(self) -> Sequence[Kind]:
        """Return all of them; none where the token may not read schemas."""
        if self._asked_at is None or not 0 <= self._clock() - self._asked_at < KEPT:
            try:
                self._ask()
            except PermissionMissing:
                self._schemas, self._asked_at = {}, self._clock()
        return [kind for kind, _ in self._schemas.values()]

    def one(self, name: str) -> Kind | None:
        """Return the one of this name, as it was when it was met first; None if there is none.

        Raises PermissionMissing.
        """
        if name not in self._schemas:
            self._ask()
        return self._schemas[name][0] if name in self._schemas else None

    def renew(self, name: str) -> None:
        """Ask for one anew, if it is known. It is never missing meanwhile: a write beside this goes by it."""
        if name in self._schemas:
            self._ask()
        self._references.pop(name, None)

    def references(self, name: str) -> Sequence[Reference]:
        """Return what the records of one are associated with.

        An association of two of these kinds stands with the one that was made later.
        """
        if name not in self._references and self.one(name) is not None:
            schema = self._schemas[name][1]
            types = {str(each.get("toObjectTypeId")) for each in schema.get("associations") or ()}
            earlier = [kind for kind, _ in self._schemas.values() if _number(kind.name) < _number(name)]
            known = [kind for kind in (*KINDS.values(), *earlier) if kind.type_id in types]
            found = [self._reference(name, kind) for kind in known]
            self._references[name] = [each for each in found if each is not None]
        return self._references.get(name, ())

    def _ask(self) -> None:
        kinds = {str(row["objectTypeId"]): (custom_kind(row), row) for row in self._api.schemas()}
        self._schemas = {name: (kind, row) for name, (kind, row) in kinds.items() if kind is not None}
        self._asked_at = self._clock()

    def _reference(self, name: str, other: Kind) -> Reference | None:
        """Return an association by the number that the account has for it; None where the token may not read it.

        [K] The type without a label is one of those that its labels are listed with, in a category of the account's.
        """
        try:
            rows = self._api.labels(name, other.name)
        except PermissionMissing:
            return None
        plain = next((row for row in rows if not row.get("label")), None)
        if plain is None:
            return None
        return Reference(other.name, other.label, int(plain["typeId"]), category=str(plain.get("category")))


def _number(name: str) -> int:
    return int(name.partition("-")[2])
