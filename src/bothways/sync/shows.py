"""What of a plan is listed together: records that are created, updated, emptied, in conflict, to be decided, left out.

Each is a condition for the database, which may let too many pass, and one for the stored action, which is exact.
"""

from collections.abc import Callable, Mapping

from bothways.ledger.plans import ActionRow
from bothways.records import is_blank
from bothways.sync.payload import LEAVES


def _any(row: ActionRow) -> bool:
    return True


def _loud(row: ActionRow) -> bool:
    loud = row.writes_left or row.writes_right or row.kind in ("create", "link", "hold", "unlink")
    return loud or (row.kind == "leave out" and row.data.get("moves") == LEAVES)


def _conflicting(row: ActionRow) -> bool:
    return any(each["conflict"] or each.get("held") for each in row.data["fields"])


def _emptying(row: ActionRow) -> bool:
    return any(
        each["write"] and is_blank(each["value"]) and not is_blank(each["before"]) for each in row.data["fields"]
    )


def _holding(row: ActionRow) -> bool:
    return row.kind == "hold" or any(each["hold"] for each in row.data["fields"])


def _creating(row: ActionRow) -> bool:
    return row.kind == "create"


def _updating(row: ActionRow) -> bool:
    return row.kind != "create" and (row.writes_left or row.writes_right)


def _left_out(row: ActionRow) -> bool:
    return row.kind == "leave out"


_WRITES = "(writes_left OR writes_right)"
_LOUD = f"({_WRITES} OR kind IN ('create','link','hold','unlink') "
_LOUD += "OR (kind='leave out' AND rule='R10' AND link_id IS NOT NULL))"
SHOWS: Mapping[str, tuple[str, Callable[[ActionRow], bool]]] = {
    "all": (_LOUD, _loud),
    "create": ("kind='create'", _creating),
    "update": (f"kind<>'create' AND {_WRITES}", _updating),
    "emptied": (_WRITES, _emptying),
    "conflicts": (f"({_WRITES} OR kind IN ('hold','link'))", _conflicting),
    "held": ("kind IN ('hold','update','link','create')", _holding),
    "left_out": ("kind='leave out'", _left_out),
    "everything": ("", _any),
}


TOUCHED = "touched"
"""Under which the records and linked pairs are counted that a plan does not leave as they are."""


def shown_under(row: ActionRow) -> list[str]:
    """Return under which of these an action is listed."""
    return [name for name, (_, fits) in SHOWS.items() if fits(row)]
