"""The users of an account, as the owners to whom records can belong.

Callers hold the sandbox's lock and an open transaction.
"""

from typing import Any, NamedTuple

from bothways.sandbox.hubspot.store import Store
from bothways.sandbox.hubspot.values import is_whole

FIRST_ID, FIRST_USER = 41_000_000, 9_000_000


class Owner(NamedTuple):
    """One owner. An owner and the user who it is have different numbers."""

    number: int
    email: str
    first: str
    last: str
    archived: int
    created: int
    updated: int

    @property
    def id(self) -> str:
        return str(FIRST_ID + self.number)

    @property
    def user(self) -> int:
        return FIRST_USER + self.number


def owners(store: Store, first: int = 0, *, archived: bool | None = False) -> list[Owner]:
    """Return the owners from a number on; ``archived`` None: all."""
    query = "SELECT number, email, first, last, archived, created, updated FROM owners WHERE number>=? ORDER BY number"
    found = [Owner(*row) for row in store.db.execute(query, (first,))]
    return [each for each in found if archived in (None, bool(each.archived))]


def owns(store: Store, id: str) -> bool:
    """Tell whether records can belong to an owner of this id. [K] To one whose user is no more, they cannot."""
    if not is_whole(id):
        return False
    query = "SELECT 1 FROM owners WHERE number=? AND NOT archived"
    return store.db.execute(query, (int(id) - FIRST_ID,)).fetchone() is not None


def add(store: Store, email: str, first: str, last: str, now: int) -> str:
    """Make an owner and return the id."""
    insert = "INSERT INTO owners (email, first, last, archived, created, updated) VALUES (?, ?, ?, 0, ?, ?)"
    row = store.db.execute(insert, (email, first, last, now, now))
    return str(FIRST_ID + (row.lastrowid or 0))


def change(store: Store, id: str, now: int, **changed: Any) -> None:
    """Change an owner; raise ValueError if there is none."""
    names = ", ".join(f"{name}=?" for name in changed)
    sql = f"UPDATE owners SET {names}, updated=? WHERE number=?"
    number = int(id) - FIRST_ID if id.isdecimal() else -1
    if not store.db.execute(sql, (*changed.values(), now, number)).rowcount:
        raise ValueError(f"there is no owner {id}")
