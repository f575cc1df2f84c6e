"""What belongs to what in the account, and the labels that hang on it.

Callers hold the sandbox's lock and an open transaction. [K] in a comment marks what HubSpot's documentation does not
promise.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from bothways.sandbox.hubspot.changes import Change
from bothways.sandbox.hubspot.crm import Crm
from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.schema import Kind, Pair
from bothways.sandbox.hubspot.store import Row, Store

End = tuple[Kind, Row]
"""One record of an association."""

Names = tuple[str, int, str, int]
"""Kind and id of both records of an association, in the order of ``Crm.pairs``."""


class Label(NamedTuple):
    """A label: what it is called, and the ids of its types, from the first kind and back.

    HubSpot counts the types that accounts define apart from its own, so that the same number can be both [K].
    """

    number: int
    words: tuple[str, str]

    @property
    def types(self) -> tuple[int, int]:
        return 2 * self.number - 1, 2 * self.number


def labels_of(store: Store, object: str, other: str) -> list[Label]:
    """Return the labels of the associations between two kinds."""
    query = "SELECT number, label, inverse FROM labels WHERE object=? AND other=? AND label IS NOT NULL"
    rows = store.db.execute(query, (object, other))
    return [Label(number, (label, inverse)) for number, label, inverse in rows]


def add_label(store: Store, object: str, other: str, words: tuple[str, str]) -> Label:
    """Make a label."""
    sql = "INSERT INTO labels (object, other, label, inverse) VALUES (?, ?, ?, ?)"
    return Label(store.db.execute(sql, (object, other, *words)).lastrowid or 0, words)


def rename_label(store: Store, number: int, label: str, inverse: str) -> None:
    """Change the words of a label."""
    store.db.execute("UPDATE labels SET label=?, inverse=? WHERE number=?", (label, inverse, number))


def drop_label(store: Store, number: int) -> None:
    """Delete a label, which takes it from all associations as well."""
    store.db.execute("DELETE FROM labelled WHERE label=?", (number,))
    store.db.execute("DELETE FROM labels WHERE number=?", (number,))


def labels_on(store: Store, names: Names) -> set[int]:
    """Return the labels that hang on an association, by number."""
    query = "SELECT label FROM labelled WHERE object=? AND id=? AND other=? AND other_id=?"
    return {row[0] for row in store.db.execute(query, names)}


def _hang(store: Store, names: Names, numbers: Iterable[int]) -> None:
    """Hang labels on an association."""
    rows = [(*names, number) for number in numbers]
    store.db.executemany("INSERT INTO labelled VALUES (?, ?, ?, ?, ?)", rows)


def _take(store: Store, names: Names, numbers: Iterable[int]) -> None:
    """Take labels from an association."""
    rows = [(*names, number) for number in numbers]
    sql = "DELETE FROM labelled WHERE object=? AND id=? AND other=? AND other_id=? AND label=?"
    store.db.executemany(sql, rows)


def pair_of(crm: Crm, kind: Kind, other: Kind) -> tuple[Pair, int]:
    """Return how two kinds are associated, and which of the two is asked about; raise Refused."""
    for place, names in enumerate(((kind.name, other.name), (other.name, kind.name))):
        if names in crm.pairs:
            return crm.pairs[names], place
    raise Refused(400, f"{kind.name} cannot be associated with {other.name}")


def labels_between(crm: Crm, kind: Kind, other: Kind) -> dict[int, tuple[int, str]]:
    """Return the labels that the account has made, by number: type and word, as seen from the first kind given."""
    place = pair_of(crm, kind, other)[1]
    names = (kind.name, other.name) if place == 0 else (other.name, kind.name)
    return {each.number: (each.types[place], each.words[place]) for each in labels_of(crm.store, *names)}


def join(crm: Crm, one: End, two: End, *, main: bool, labels: AbstractSet[int] = frozenset()) -> None:
    """Associate two records, with these labels besides. The first company of a record becomes its primary one [K]."""
    ends = _in_order(crm, one, two)
    names, id = _names(ends), ends[1][1].id
    held, hung = crm.store.associated(*names[:3]), labels_on(crm.store, names)
    gone = frozenset() if crm.labels_stay else hung - labels
    if {(id, True), (id, main)}.isdisjoint(held) or labels - hung or gone:
        first = crm.pairs[names[0], names[2]].primary is not None and not any(is_main for _, is_main in held)
        crm.store.associate(*names, main=main or first)
        crm.joined.setdefault(names, crm.now)
        _hang(crm.store, names, labels - hung)
        _take(crm.store, names, gone)
        crm.touch(*ends)
        _tell(crm, ends, main=main or first)


def part(crm: Crm, one: End, two: End) -> None:
    """Take the association of two records away, with all its labels."""
    ends = _in_order(crm, one, two)
    if crm.store.dissociate(*_names(ends)):
        crm.joined.pop(_names(ends), None)
        crm.touch(*ends)
        _tell(crm, ends, removed=True)


def unlabel(crm: Crm, one: End, two: End, labels: AbstractSet[int], *, main: bool = False) -> None:
    """Take labels from the association of two records, which stays; ``main``: what makes it the primary one [K]."""
    ends = _in_order(crm, one, two)
    hung = labels_on(crm.store, _names(ends)) & labels
    _take(crm.store, _names(ends), hung)
    unmarked = main and crm.store.unmark(*_names(ends))
    if hung or unmarked:
        crm.touch(*ends)
        _tell(crm, ends, removed=True, main=unmarked)


def _tell(crm: Crm, ends: tuple[End, End], *, removed: bool = False, main: bool = False) -> None:
    """Have webhooks tell of an association or of a label on it, from either end [K]."""
    for (kind, row), (other, there) in (ends, ends[::-1]):
        facts = {
            "associationType": f"{kind.label}_TO_{other.label}".upper(),
            "fromObjectId": row.id,
            "toObjectId": there.id,
            "associationRemoved": removed,
            "isPrimaryAssociation": main,
        }
        crm.told.append(Change("associationChange", kind, crm.now, crm.by, facts, other))


def names_of(crm: Crm, kind: Kind, id: int, other: Kind, other_id: int) -> Names:
    """Return the names of the two ends of an association, in their order."""
    names = (kind.name, id, other.name, other_id)
    return names if (kind.name, other.name) in crm.pairs else (*names[2:], *names[:2])


def _in_order(crm: Crm, one: End, two: End) -> tuple[End, End]:
    return (one, two) if (one[0].name, two[0].name) in crm.pairs else (two, one)


def _names(ends: tuple[End, End]) -> Names:
    (own, one), (far, two) = ends
    return own.name, one.id, far.name, two.id
