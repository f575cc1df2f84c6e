"""Scope: which records take part in a sync, and what becomes of a link whose record no longer does.

A filter says which records of its own app take part. A pair takes part if each of its records whose app has a
filter fits it, and, where an e-mail address is required, one of the two has a valid one. What does not take
part is neither sent nor written to.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bothways.engine.filters import Filter, depends_on_time, fields_of, in_words, lists_of, matches
from bothways.engine.sides import SIDES, Side
from bothways.records import Value, is_valid_email, text_of

NO_EMAIL = "no valid e-mail address"
"""How it is said that the address is missing that is required."""


class Leaving(StrEnum):
    """What becomes of a linked pair that no longer takes part.

    FREEZE: nothing flows until it takes part again. KEEP: it stays in step. UNLINK: the link ends. TAG: as FREEZE, and
    its records are tagged.
    """

    FREEZE = "freeze"
    KEEP = "keep"
    UNLINK = "unlink"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Scope:
    """``filters`` per side that has one; ``emails``: the address field per side, none where none is required."""

    filters: Mapping[Side, Filter] = field(default_factory=dict)
    emails: Mapping[Side, str] = field(default_factory=dict)
    leaving: Leaving = Leaving.FREEZE

    def fields(self, side: Side) -> set[str]:
        """Return the names of the fields of one side that decide."""
        own = fields_of(self.filters[side]) if side in self.filters else set()
        return own | ({self.emails[side]} if side in self.emails else set())

    def lists(self, side: Side) -> set[str]:
        """Return the names of the app's lists that decide on one side, in small letters."""
        return lists_of(self.filters[side]) if side in self.filters else set()

    def fits(
        self, side: Side, values: Mapping[str, Value], now: float, *, lists: Collection[str] = (), linked: bool = False
    ) -> bool:
        """Tell whether a record of one side fits that side's filter, or is ``linked`` and kept in step anyway.

        ``lists`` are the names of the app's lists that it is in.
        """
        if side not in self.filters or (linked and self.leaving is Leaving.KEEP):
            return True
        return matches(self.filters[side], values, lists, now)

    def depends_on_time(self, side: Side) -> bool:
        """Tell whether records of a side can begin or cease to take part with nothing of them changing."""
        return side in self.filters and depends_on_time(self.filters[side])


Values = Mapping[Side, Mapping[str, Value] | None]
"""The values of a pair by side and field; None where there is no record."""


Lists = Mapping[Side, Collection[str]]
"""The names of the app's lists that each record of a pair is in."""
_IN_NONE: Lists = dict.fromkeys(SIDES, ())


def why_outside(
    scope: Scope,
    apps: Mapping[Side, str],
    values: Values,
    now: float,
    *,
    lists: Lists = _IN_NONE,
    linked: bool = False,
) -> str:
    """Return why a record or a pair does not take part, "" if it does. ``now`` is in seconds.

    A ``linked`` pair that is to be kept in step always takes part.
    """
    if linked and scope.leaving is Leaving.KEEP:
        return ""
    return next(_reasons(scope, apps, values, lists, now), "")


def _reasons(scope: Scope, apps: Mapping[Side, str], values: Values, lists: Lists, now: float) -> Iterator[str]:
    for side in SIDES:
        held = values.get(side)
        if held is not None and not scope.fits(side, held, now, lists=lists.get(side, ())):
            yield f"outside the filter of {apps[side]} ({in_words(scope.filters[side])})"
    if scope.emails and not any(_has_email(scope, side, values.get(side)) for side in SIDES):
        yield NO_EMAIL


def _has_email(scope: Scope, side: Side, held: Mapping[str, Value] | None) -> bool:
    if held is None or side not in scope.emails:
        return False
    value = held.get(scope.emails[side])
    return any(is_valid_email(text_of(each)) for each in (value if isinstance(value, list | tuple) else (value,)))
