"""What a connector has besides, if it can try on a real account whether the app behaves as its code takes for granted.

It is tried by calls alone, on records that are made for it and archived at the end. No other record is touched.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Verdict(StrEnum):
    """What a check found: the app behaves as we thought, or not, or that could not be checked there."""

    AS_THOUGHT = "as_thought"
    OTHERWISE = "otherwise"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one check.

    ``says`` is what we take for true, ``seen`` what was seen, or why nothing was. ``means``: what it means for syncs
    where it is not so. ``where`` is the place in our code that goes by it.
    """

    id: str
    says: str
    verdict: Verdict
    seen: str
    means: str
    where: str


@dataclass(frozen=True, slots=True)
class Made:
    """A record that a check has made or may have made, in which case ``id`` is "".

    ``name`` is what it is called there, like no other; ``email`` its unique address, "" if it has none. ``at`` is when
    it was begun, in seconds; 0 once the app has answered, so that a look by its
    address tells whether it is there.
    """

    object: str
    name: str
    id: str = ""
    email: str = ""
    at: float = 0.0


class Keeper(Protocol):
    """Remembers the records that checks have made, beyond the end of the process, until they are archived."""

    def all(self) -> Sequence[Made]:
        """Return what is remembered."""
        ...

    def keep(self, made: Sequence[Made]) -> None:
        """Remember these, and no others."""
        ...


@runtime_checkable
class ChecksDeeply(Protocol):
    """What such a connector has. Methods raise as those of ``Connector``."""

    def deep_makes(self) -> str:
        """Return in words what records the checks make, as it is told before they begin: the end of a sentence."""
        ...

    def deep_checks(self, keeper: Keeper, *, read_only: bool) -> Generator[Finding, None, None]:
        """Yield what each check found.

        ``read_only``: only what can be seen without writing anything. Else, when the generator ends or is closed, all
        that the keeper remembers is archived, what an earlier check has left included; what cannot be stays with it.
        """
        ...
