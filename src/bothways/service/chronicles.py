"""The chronicles of apps: read from where we stand, their hints taken in as those of webhooks, and what they tell of.

A position is stored after the hints that lead to it: who is killed in between takes the same hints in again. Nothing is
believed but that records are to be read, so that what is lost, late or told twice does no harm; and what is lost is
found by polling, a deletion by the walk of all ids.
"""

from dataclasses import dataclass
from hashlib import blake2b

from bothways.connectors.chronicle import PART, Chronicle, KeepsChronicle
from bothways.connectors.webhooks import Topic
from bothways.errors import (
    AppError,
    AppFailed,
    BothwaysError,
    ChronicleLost,
    ClientRefused,
    NotSubscribed,
    PermissionMissing,
)
from bothways.ledger import chronicles
from bothways.ledger.models import Feed
from bothways.ledger.webhooks import Own
from bothways.service.connect import open_app
from bothways.service.in_force import fields_in_use
from bothways.service.receiving import Received, keep, schedules_of
from bothways.service.subscribing import Changed, compared, words
from bothways.service.tracing import span
from bothways.service.workspace import Workspace

MOST_AT_ONCE = 100
"""Entries that are read in one go; what more there is waits for the next."""

REFUSALS = (PermissionMissing, ClientRefused)
"""What an app says that does not let us have its chronicle: nobody has asked for it, so that it is no failure."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of reading a chronicle: the hints taken in, and in words why some of it is lost, "" if none is."""

    received: tuple[Received, ...] = ()
    lost: str = ""


def chronicle_of(workspace: Workspace, app: str) -> Chronicle | None:
    """Return the chronicle of an app, None where it has none, or we are let in by a way that has none."""
    document = workspace.app(app)
    if document.oauth is None:
        return None
    connector = open_app(workspace, app).connector
    return connector.chronicle() if isinstance(connector, KeepsChronicle) else None


def follow(workspace: Workspace, app: str, chronicle: Chronicle) -> Followed:
    """Take in what an app has written down since we read last, in the caller's use of the database.

    Raises AppError; then what was taken in stays, and the position that belongs to it.
    """
    received: list[Received] = []
    lost = ""
    for _ in range(MOST_AT_ONCE):
        position = chronicles.stand(app).position
        with span("app chronicle", app=app):
            told = chronicle.read(position)
        now = workspace.clock()
        if told.hints:
            received.append(keep(workspace, app, told.hints, now))
        if told.lost:
            lost = told.lost
            chronicles.lost(app, lost, now)
        if told.position != position and not chronicles.go_on(app, position, told.position):
            break  # somebody else goes on with it
        if not told.more:
            chronicles.read(app, now)
            break
    return Followed(tuple(received), lost)


def topics(workspace: Workspace, app: str, chronicle: Chronicle) -> list[Topic]:
    """Return what the chronicle of an app is to tell of, for the syncs that are on and want to be told: one topic for
    each event, with all fields.
    """
    found: dict[str, set[str]] = {}
    for feed in Feed.objects.filter(connection__name=app):
        told = any(each.webhooks for each in schedules_of(workspace, feed).values())
        for topic in chronicle.topics(feed.object, fields) if told and (fields := fields_in_use(feed)) else ():
            found.setdefault(topic.event, set()).update(each for each in topic.field.split(",") if each)
    return [Topic(event, ",".join(sorted(found[event]))) for event in sorted(found)]


def fingerprint(wanted: list[Topic]) -> str:
    """Return what changes whenever something else is wanted."""
    return blake2b(repr([(each.event, each.field) for each in wanted]).encode(), digest_size=16).hexdigest()


def see_to(app: str, chronicle: Chronicle, wanted: list[Topic]) -> Changed:
    """Bring the subscriptions of a chronicle in line with what is wanted.

    Those of others are never changed: where one of theirs is to the same records, but not to the same fields, ours is
    not made, since it might be put in its place. Raises NotSubscribed for what is left out, when all else is done;
    AppError.
    """
    there, made = chronicle.subscribed(), chronicles.own(app)
    state = compared(wanted, there, made)
    kept = [each for each in made if each.ref not in state.lost]
    chronicles.keep_own(app, kept)
    for id in state.unneeded:
        chronicle.unsubscribe(id)
        kept = [each for each in kept if each.ref != id]
        chronicles.keep_own(app, kept)
    ours = {each.ref for each in made}
    theirs = {each.topic.event.removeprefix(PART) for each in there.subscriptions if each.id not in ours}
    left_out: list[tuple[Topic, str]] = []
    for topic in state.missing:
        if topic.event in theirs:
            left_out.append((topic, "somebody else has subscribed to other parts of it, which is not ours to change"))
            continue
        try:
            kept.append(Own(chronicle.subscribe(topic), topic.event, topic.field))
        except (AppFailed, PermissionMissing) as error:
            left_out.append((topic, str(error.facts.get("reason"))))
        chronicles.keep_own(app, kept)
    if left_out:
        topic, why = left_out[0]
        hint = f"Put that right in {app}; if somebody else needs theirs, use an app of its own there for Bothways."
        raise NotSubscribed(app=app, reason=f"not of {words([topic])}: {why}", hint=hint)
    return Changed(len(state.missing), 0, len(state.unneeded))


def loss_of(app: str, why: str) -> ChronicleLost:
    """Return what is told where a part of a chronicle is gone."""
    return ChronicleLost(app=app, reason=why)


# --- told ---------------------------------------------------------------------------------------------------


def note_on(workspace: Workspace, app: str) -> str:
    """Ask an app whether it lets us read its chronicle; return in words how its changes come, "" where it has none."""
    chronicle = chronicle_of(workspace, app)
    if chronicle is None:
        return ""
    try:
        chronicle.subscribed()
    except REFUSALS as error:
        reason = error.facts.get("reason")
        return f"Changes are found by polling. They would come at once by its journal: {reason}."
    except AppError as error:
        return f"Its journal cannot be read just now: {error.said}"
    return "Changes come at once by its journal, and polling goes on besides."


def is_refused(error: BothwaysError) -> bool:
    """Tell whether an app does not let us have its chronicle."""
    return isinstance(error, REFUSALS)
