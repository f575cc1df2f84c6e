"""What is an alert: which trouble is told of and when, that it is over, and in which words.

The rule: what only a person ends - credentials, permissions, settings, a brake - is told of at once. What may pass by
itself is told of when it has lasted ``LASTING``, and records that fail or are held when there have been any for
``RECORDS_LASTING``. Each is told of once. An app or a sync that was told of works again when what failed was tried
again and nothing failed for ``CALM``; that is told too.

An alert holds names of apps and syncs, codes, counts and commands: never what an app said, and nothing of a record.
"""

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from string import Formatter
from typing import Any

import orjson

from bothways.errors import (
    AccountChanged,
    BothwaysError,
    CredentialsRefused,
    EndsSoon,
    HasEnded,
    LedgerError,
    ListGone,
    ObjectGone,
    PermissionMissing,
    SettingsError,
    StoppedByBrake,
)
from bothways.ledger import alerts, troubles
from bothways.ledger.models import new_mark
from bothways.ledger.troubles import Trouble
from bothways.service.database import on_database
from bothways.service.views import AlertsView, AlertView, RunView, TroubleView
from bothways.service.workspace import Workspace

LASTING = 900.0
RECORDS_LASTING = 3600.0
CALM = 300.0
"""Seconds."""

FAR_AHEAD = 86_400.0
"""Seconds. What is to be told later than in so long was put there by a clock that was wrong then."""

APP, SYNC, FAILING, HELD, CHANNEL, ENDING = "app", "sync", "failing", "held", "channel", "ending"
"""What can be in trouble: an app as a whole, a sync by itself, records that fail or are held, a channel of alerts, what
an app works by and will support no longer.
"""

BEGUN, OVER, TEST = "trouble", "over", "test"
"""What an alert tells: of a trouble, that it is over, nothing at all."""

FOR_A_PERSON = (
    AccountChanged,
    CredentialsRefused,
    PermissionMissing,
    ObjectGone,
    ListGone,
    SettingsError,
    StoppedByBrake,
)
"""What does not pass by itself."""

HARMLESS = frozenset(
    (
        *("app", "name", "other", "object", "field", "target", "part", "left", "right", "type", "left_type"),
        *("right_type", "allowed", "list", "label", "source", "status", "key", "hint", "library", "extra"),
        *("direction", "setting", "host", "incident"),
    )
)
"""Facts of a failure that are names, codes or commands; no other is told."""

AGAIN = {APP: "works again", SYNC: "runs again"}
GIVEN_UP = {
    APP: "is no longer tried, since no sync that is on uses it",
    SYNC: "is no longer run, since it is off",
}
"""How it is told that a trouble is over. Of records it is not: whoever decided on them knows."""

SUBJECTS = {EndsSoon.code: "ends soon", HasEnded.code: "has ended"}

SEE = {
    FAILING: "Look at them: bothways records {name} --state failing",
    HELD: "Decide: bothways issues {name}",
}


# --- what was found -----------------------------------------------------------------------------------


def fails(kind: str, name: str, error: BothwaysError, now: float, until: float) -> None:
    """Take note that an app or a sync failed and is tried again by ``until`` at the latest (seconds).

    A database that fails is no trouble of theirs.
    """
    if isinstance(error, LedgerError):
        return
    at_once = isinstance(error, FOR_A_PERSON)
    troubles.begin(
        kind,
        name,
        code=error.code,
        words=_words(error, name),
        to_do=_filled(error.to_do, error.facts) or "See: bothways doctor",
        now=now,
        until=until,
        tell_at=now if at_once else now + LASTING,
        even_if_told=at_once,
    )


def works(kind: str, names: Collection[str], now: float) -> None:
    """Take note that apps or syncs work."""
    troubles.end((each for each in troubles.of(names) if each.kind == kind), now, CALM)


def ran(view: RunView, apps: Collection[str], now: float) -> None:
    """Take note of a run: both apps answered, and so many records fail or are held after it."""
    known = {(each.kind, each.name): each for each in troubles.of((*apps, view.sync))}
    good = {(APP, app) for app in apps} | ({(SYNC, view.sync)} if view.state != "stopped" else set())
    for kind, count in ((FAILING, view.failing), (HELD, view.held)):
        here = (kind, view.sync)
        if not count:
            good.add(here)
        elif here not in known or known[here].over_at or known[here].words != _counted(kind, view.sync, count):
            words, to_do = _counted(kind, view.sync, count), SEE[kind].format(name=shlex.quote(view.sync))
            tell_at = now + RECORDS_LASTING
            troubles.begin(kind, view.sync, code="", words=words, to_do=to_do, now=now, tell_at=tell_at)
    troubles.end((each for key, each in known.items() if key in good), now, CALM)


def ends(found: Mapping[str, EndsSoon | HasEnded], now: float) -> None:
    """Take note of what ends that apps work by, and of nothing else from now on."""
    known = {each.name: each for each in troubles.known() if each.kind == ENDING}
    for name in known.keys() - found.keys():
        troubles.forget(ENDING, name)
    for name, error in found.items():
        if name not in known or (known[name].code, known[name].words) != (error.code, error.message):
            words, to_do = error.message, error.advice
            troubles.begin(
                ENDING, name, code=error.code, words=words, to_do=to_do, now=now, tell_at=now, even_if_told=True
            )


# --- what is told of it -------------------------------------------------------------------------------


def settle(channels: Collection[str], now: float) -> None:
    """Let what is to be told by now become alerts for these channels, each change together with its alerts.

    Where there is no channel, troubles wait to be told.
    """
    known = [each for each in troubles.known() if each.kind != CHANNEL]
    unwatched = troubles.unwatched() if known else set()
    for each in known:
        if each.id in unwatched:
            _tell_over(each, channels, now, GIVEN_UP)
        elif each.over_at:
            if _is_due(each.over_at, now):
                _tell_over(each, channels, now, AGAIN)
        elif each.tell_at and _is_due(each.tell_at, now) and channels:
            alerts.tell(each, troubles.told, _document(BEGUN, each, _subject(each), _lines(each), now), channels, now)


def _is_due(at: float, now: float) -> bool:
    return not now < at <= now + FAR_AHEAD


def _tell_over(trouble: Trouble, channels: Collection[str], now: float, words: Mapping[str, str]) -> None:
    """Forget a trouble that is over, and tell of it if the trouble was told of and there are words for that."""
    subject = f"{trouble.name} {words.get(trouble.kind, '')}"
    lines = (f"{subject}.", f"It had failed since {_moment(trouble.since)} ({trouble.code}).")
    to_tell = channels if trouble.told and trouble.kind in words else ()
    alerts.tell(trouble, troubles.over, _document(OVER, trouble, subject, lines, now), to_tell, now)


def _subject(trouble: Trouble) -> str:
    if trouble.kind in (FAILING, HELD):
        return f"{trouble.name} has {trouble.kind} records"
    if trouble.kind == ENDING:
        return f"{trouble.name} works by what {SUBJECTS[trouble.code]} ({trouble.code})"
    return f"{trouble.name} {'has stopped' if trouble.code == StoppedByBrake.code else 'fails'} ({trouble.code})"


def _lines(trouble: Trouble) -> Iterable[str]:
    yield f"{trouble.words} ({trouble.code})" if trouble.code else trouble.words
    if trouble.kind != ENDING:
        yield f"Since {_moment(trouble.since)}. What waits is not lost."
    yield trouble.to_do


def _document(event: str, trouble: Trouble, subject: str, lines: Iterable[str], now: float) -> str:
    return document(
        event,
        subject,
        lines,
        now,
        trouble=trouble.mark,
        kind=trouble.kind,
        name=trouble.name,
        code=trouble.code,
        since=trouble.since,
    )


def document(event: str, subject: str, lines: Iterable[str], now: float, **about: Any) -> str:
    """Return a new alert as JSON: what a webhook gets as it is, and a mail is made from."""
    head = {"format": "bothways.alert/1", "id": new_mark(), "event": event, "at": now}
    return orjson.dumps({**head, **about, "subject": subject, "text": "\n".join(lines)}).decode()


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


# --- looked at ----------------------------------------------------------------------------------------


@on_database
def overview(workspace: Workspace, most: int) -> AlertsView:
    """Return what is in trouble, and the alerts made last: those that are not sent yet first."""
    return AlertsView(tuple(_standing(workspace)), tuple(map(_alert_view, alerts.latest(most))))


@on_database
def unsent(workspace: Workspace) -> list[TroubleView]:
    """Return the channels by which alerts cannot be sent."""
    return [each for each in _standing(workspace) if each.kind == CHANNEL]


def _standing(workspace: Workspace) -> Iterator[TroubleView]:
    """Yield what is in trouble; a channel that the settings no longer name is not."""
    for each in troubles.known():
        if each.kind != CHANNEL or each.name in workspace.document.alerts.channels:
            told, settling = bool(each.told), bool(each.over_at)
            yield TroubleView(each.kind, each.name, each.code, each.words, each.to_do, each.since, told, settling)


def _alert_view(each: alerts.Alert) -> AlertView:
    said = orjson.loads(each.document)
    sent_at = each.sent_at or None
    return AlertView(
        said["id"], each.channel, said["event"], said["subject"], each.made_at, sent_at, each.tries, each.answer
    )


# --- in words -----------------------------------------------------------------------------------------


def _counted(kind: str, name: str, count: int) -> str:
    what = "waits for a person" if kind == HELD else "is refused by an app or cannot be read"
    many = "wait for a person" if kind == HELD else "are refused by an app or cannot be read"
    return f"{count:,} {'record' if count == 1 else 'records'} of {name} {what if count == 1 else many}."


def _words(error: BothwaysError, name: str) -> str:
    """Return what happened, without what an app said and without anything of a record."""
    if type(error) is StoppedByBrake:
        return error.message  # its reason is our own: names and counts
    words = _filled(re.sub(r": \{\w+\}", "", error.what), error.facts)
    place = f"{error.where}: " if isinstance(error, SettingsError) and error.where else ""
    return f"{place}{words}" if words else f"{name} failed."


def _filled(template: str, facts: Mapping[str, object]) -> str:
    """Return a sentence with its facts, "" if one of them is not harmless."""
    named = {field for _, field, _, _ in Formatter().parse(template) if field}
    return template.format_map(facts).strip() if named <= HARMLESS & facts.keys() else ""
