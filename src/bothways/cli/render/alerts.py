"""Alerts as text: what is in trouble, what was sent, what a test came to."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bothways.cli.text import ago, columns, cut, moment

if TYPE_CHECKING:
    from bothways.service.views import AlertsView, AlertView, SentView, TroubleView

CHANNEL = "channel"


def overview(view: "AlertsView", now: float) -> list[str]:
    """Return what is in trouble, since when and whether it was told of, and the latest alerts."""
    lines = [line for each in view.troubles for line in _trouble(each, now)]
    if not view.alerts:
        return [*(lines or ["Nothing is in trouble."]), "No alert was sent in the last 30 days."]
    head = ("Made", "By", "Sent", "Alert", "Answer")
    return [*(lines or ["Nothing is in trouble."]), "", *columns([head, *(_alert(each, now) for each in view.alerts)])]


def _trouble(view: "TroubleView", now: float) -> Iterator[str]:
    told = "" if view.kind == CHANNEL else ", told" if view.told else ", not told yet"
    better = ", works again and is over if it goes on so" if view.settling else ""
    code = f" ({view.code})" if view.code else ""
    yield f"! {view.words}{code} Since {ago(view.since, now)}{told}{better}."
    yield f"    {view.to_do}"


def _alert(view: "AlertView", now: float) -> tuple[str, ...]:
    sent = moment(view.sent_at, now) if view.sent_at else f"not yet, {view.tries} tried"
    return moment(view.made_at, now), view.channel, sent, view.subject, cut(view.answer)


def unsent(views: Sequence["TroubleView"]) -> list[str]:
    """Return the channels that take no alerts, as a line each."""
    return [f"! {view.words} ({view.code}) See: bothways alerts list" for view in views]


def tested(views: Sequence["SentView"]) -> list[str]:
    """Return which channels took a test, and what their receivers answered."""
    return [f"✓ {view.channel} to {view.to}: {view.answer}" for view in views]
