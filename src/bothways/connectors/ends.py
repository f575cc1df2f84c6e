"""What a connection works by that its app will support no longer, as data of its connector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bothways.connectors.base import Connector

WARNED = 180 * 86_400.0
"""Seconds before an end from which on it is told."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of something that a connection works by.

    ``part`` names it, ``at`` is when it ends (seconds), ``date`` the same as the app tells it, a day or a month;
    ``hint`` says what to do.
    """

    part: str
    at: float
    date: str
    hint: str

    def is_near(self, now: float) -> bool:
        """Tell whether it ends soon, or has."""
        return now >= self.at - WARNED


def ends_of(kind: type[Connector], settings: Mapping[str, str]) -> Sequence[End]:
    """Return the ends of what a connection with these settings works by; none where its app has not told of any.

    A connector class tells them by a class method ``ends`` of the settings, without asking its app.
    """
    told: object = getattr(kind, "ends", None)
    return list(told(settings)) if callable(told) else []
