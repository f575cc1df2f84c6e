"""What people do with the records of an account, over its pages and without the API."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.sandbox.hubspot import memberships
from bothways.sandbox.hubspot.changes import PERSON, Author
from bothways.sandbox.hubspot.crm import found, shown
from bothways.sandbox.hubspot.inside import Inside
from bothways.sandbox.hubspot.joining import End, join, labels_between, labels_on, names_of, part, unlabel


class WorkedIn(Inside):
    """What the people of an account do. All raise Refused or ValueError."""

    def create(self, object: str, properties: Mapping[str, Any]) -> str:
        """Make a record as a person in the app would, and return its id; raise Refused."""
        with self._inside():
            return str(self._crm.create(self._kind(object), self._typed(properties), trusted=True).id)

    def edit(self, object: str, id: str, properties: Mapping[str, Any], *, by: str = "") -> None:
        """Change a record; with no properties, only its date of modification. Raises Refused.

        ``by``: as a product of this name does, instead of a person.
        """
        author = Author("INTEGRATION", f"id of {by}", by) if by else PERSON
        with self._inside(by=author):
            self._crm.update(self._kind(object), self._live(object, id), self._typed(properties), trusted=True)

    def archive(self, object: str, id: str) -> None:
        """Put a record into the recycle bin; raise Refused."""
        with self._inside():
            self._crm.archive(self._kind(object), self._live(object, id))

    def forget(self, object: str, id: str) -> None:
        """Delete a record for good, as privacy laws want it; raise Refused."""
        with self._inside():
            self._crm.forget(self._kind(object), self._live(object, id))

    def restore(self, object: str, id: str) -> None:
        """Take a record out of the recycle bin; raise Refused."""
        with self._inside():
            row = self._crm.one(self._kind(object), id, archived=True)
            self._crm.restore(self._kind(object), found(row))

    def merge(self, object: str, primary: str, other: str) -> str:
        """Merge two records and return the id of the new one; raise Refused."""
        with self._inside():
            rows = [self._live(object, id) for id in (primary, other)]
            return str(self._crm.merge(self._kind(object), *rows).id)

    def associate(
        self, object: str, id: str, other: str, other_id: str, *, primary: bool = False, labels: Sequence[str] = ()
    ) -> None:
        """Associate two records as a person would, with labels if any are given; raise ValueError for an unknown one.

        ``primary`` is for the company of a contact or a deal.
        """
        with self._inside():
            join(
                self._crm,
                *self._ends(object, id, other, other_id),
                main=primary,
                labels=self._labels(object, other, labels),
            )

    def dissociate(self, object: str, id: str, other: str, other_id: str) -> None:
        """Take the association of two records away as a person would."""
        with self._inside():
            part(self._crm, *self._ends(object, id, other, other_id))

    def unlabel(self, object: str, id: str, other: str, other_id: str, labels: Sequence[str]) -> None:
        """Take labels from the association of two records as a person would; they stay associated."""
        with self._inside():
            unlabel(self._crm, *self._ends(object, id, other, other_id), self._labels(object, other, labels))

    def labelled(self, object: str, id: str, other: str) -> dict[str, list[str]]:
        """Return the labels of a record's associations, as they are seen from it, by the id of the other record."""
        kind, far = self._kind(object), self._kind(other)
        with self._inside():
            row, words = self._live(object, id), labels_between(self._crm, kind, far)
            hung = {
                there: labels_on(self._store, names_of(self._crm, kind, row.id, far, there))
                for there, _ in self._store.associated(kind.name, row.id, far.name)
            }
        return {str(there): sorted(words[number][1] for number in hung[there]) for there in hung}

    def associated(self, object: str, id: str, other: str) -> list[str]:
        """Return the ids of the live records that a record is associated with, the primary one first."""
        with self._inside():
            found = self._store.associated(self._kind(object).name, self._live(object, id).id, self._kind(other).name)
            return [str(each) for each, main in sorted(found, key=lambda row: (not row[1], row[0]))]

    def get(self, object: str, id: str) -> dict[str, Any] | None:
        """Return a record as the API shows it, archived or not, with every property it has."""
        kind = self._kind(object)
        with self._inside():
            row = self._crm.one(kind, id, archived=None)
            return shown(kind, row, list(row.props), self._crm.properties[kind.name]) if row else None

    def records(self, object: str) -> dict[str, dict[str, str]]:
        """Return the values of all live records by id."""
        kind, definitions = self._kind(object), self._crm.properties[self._kind(object).name]
        with self._inside():
            rows = self._store.page(kind.name, 0, -1)
        return {str(row.id): shown(kind, row, list(row.props), definitions)["properties"] for row in rows}

    def set_list(self, object: str, title: str, ids: Sequence[str], *, dynamic: bool = False) -> str:
        """Make a list of records, or give the one of this title these members; return its id."""
        kind = self._kind(object)
        with self._inside():
            found = memberships.named(self._store, kind.name, title) or memberships.make(
                self._store, kind.name, title, "DYNAMIC" if dynamic else "MANUAL", self._crm.now
            )
            memberships.clear(self._store, found.id)
            memberships.add(self._store, found.id, [int(id) for id in ids], self._crm.now)
            return str(found.id)

    def drop_list(self, object: str, title: str) -> None:
        """Delete a list; its records stay."""
        with self._inside():
            found = memberships.named(self._store, self._kind(object).name, title)
            if found is not None:
                memberships.save(self._store, found._replace(deleted=self._crm.now))

    def _ends(self, object: str, id: str, other: str, other_id: str) -> tuple[End, End]:
        return (self._kind(object), self._live(object, id)), (self._kind(other), self._live(other, other_id))

    def _typed(self, properties: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a person types as the app takes it."""
        if not self.trims:
            return properties
        return {name: value.strip() if isinstance(value, str) else value for name, value in properties.items()}
