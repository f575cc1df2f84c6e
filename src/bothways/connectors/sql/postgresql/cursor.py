"""Where a listing stands, as the opaque text that is kept for us."""

from dataclasses import asdict, dataclass

import orjson

from bothways.errors import OurFault


@dataclass(frozen=True, slots=True)
class Position:
    """A position in the listing of one table.

    ``generation`` is what the cursor belongs to (see ``statements.GENERATION``). ``since`` is the snapshot up to
    which everything was read before, "" in the first, full listing; ``upto`` the one of the first page of what is
    being read now; ``after`` the last key read. ``restarted``: the full listing was begun anew.
    """

    generation: str = ""
    since: str = ""
    upto: str = ""
    after: tuple[str, ...] = ()
    restarted: bool = False

    @property
    def text(self) -> str:
        """The cursor."""
        return orjson.dumps({name: value for name, value in asdict(self).items() if value}).decode()


def position_of(cursor: str | None) -> Position:
    """Return the position that a cursor stands for; raise OurFault if it is not one of ours."""
    try:
        plain = orjson.loads(cursor) if cursor else {}
        return Position(**plain | {"after": tuple(plain.get("after", ()))})
    except (orjson.JSONDecodeError, TypeError, AttributeError) as error:
        raise OurFault(reason="a cursor of a database cannot be read", incident="sql-cursor") from error
