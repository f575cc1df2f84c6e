"""A chronicle: what an app itself writes down of what happens to its records, which we read from a position on.

It is fetched by us, so that no address of ours must be reached, and it is a hint and no more, as a webhook is
(``connectors.webhooks``): the records that it names are read again, and nothing else in it is believed. What is late in
it, twice or missing does no harm, since polling goes on under it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bothways.connectors.webhooks import Hint, Subscribed, Topic

PART = "a part of "
"""Begins the event of a subscription that somebody has made to less than all that we would subscribe to."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a chronicle tells from a position on.

    ``position`` is where to go on once the hints are kept. ``more``: there may be more already. ``lost`` says in words
    why a part of it is not told and never will be, "" for nothing: it is too old, or cannot be read.
    """

    hints: Sequence[Hint] = ()
    position: str = ""
    more: bool = False
    lost: str = ""


class Chronicle(Protocol):
    """The chronicle of one account. It tells of what was subscribed to.

    Methods raise as those of ``Connector``; PermissionMissing or ClientRefused where the app does not let us have one.
    """

    def read(self, position: str) -> Told:
        """Return what comes after a position; from "", where to begin, which is now."""
        ...

    def topics(self, object: str, fields: Sequence[str]) -> Sequence[Topic]:
        """Return what must be subscribed to for the records of an object and these fields of them; calls no app.

        A topic may name several fields, with a comma between them: of those of one event one subscription is made.
        """
        ...

    def subscribed(self) -> Subscribed:
        """Return what there is for this account."""
        ...

    def subscribe(self, topic: Topic) -> str:
        """Make a subscription and return its id; raise OutcomeUnknown as well."""
        ...

    def unsubscribe(self, id: str) -> None:
        """Delete a subscription; one that is gone already is no failure. Raises OutcomeUnknown as well."""
        ...


@runtime_checkable
class KeepsChronicle(Protocol):
    """What a connector has besides, if its app writes down what happens, for those who may read it."""

    def chronicle(self) -> Chronicle | None:
        """Return the account's chronicle, None where we are let in by a way that has none; calls no app."""
        ...
