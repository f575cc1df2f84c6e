"""Alerts: what is in trouble, and who was told of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TroubleView:
    """Something in trouble since a time. ``kind``: app, sync, failing, held, or channel for one that takes no alerts.

    ``told``: whether it was told of. ``settling``: it works again, and is over if it goes on so.
    """

    kind: str
    name: str
    code: str
    words: str
    to_do: str
    since: float
    told: bool
    settling: bool


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert over one channel. ``event``: trouble or over; ``sent_at`` None: not yet; ``answer``: the receiver's."""

    id: str
    channel: str
    event: str
    subject: str
    made_at: float
    sent_at: float | None
    tries: int
    answer: str


@dataclass(frozen=True, slots=True)
class AlertsView:
    """What is in trouble, and the alerts made last."""

    troubles: tuple[TroubleView, ...]
    alerts: tuple[AlertView, ...]


@dataclass(frozen=True, slots=True)
class SentView:
    """A test over one channel: whom it went to, and what the receiver answered."""

    channel: str
    to: str
    answer: str
