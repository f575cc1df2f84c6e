"""Subscriptions: what an app must be asked to tell of, and, where its API allows, made, checked and repaired.

A subscription is ours if we made it: then its id stands in the ledger. No other is ever changed or deleted, though one
to what we want serves us as well. The same goes for the address: it is changed only where there is none, or where it
is the one that we found to be ours before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from time import gmtime, strftime
from urllib.parse import quote

from bothways.connectors import registry
from bothways.connectors.base import Connector
from bothways.connectors.webhooks import ReceivesWebhooks, Subscribed, Subscribes, Topic
from bothways.errors import AppFailed, NotSubscribed, WebhooksElsewhere, WebhooksSilent
from bothways.ledger import webhooks
from bothways.ledger.models import Feed, Sync
from bothways.ledger.webhooks import Known, Own
from bothways.service.connect import open_app
from bothways.service.in_force import fields_in_use
from bothways.service.receiving import schedules_of
from bothways.service.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Changed:
    """How many subscriptions were made, resumed and deleted."""

    made: int = 0
    resumed: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """How the subscriptions of an app stand.

    ``missing`` are wanted and not there; ``paused`` and ``unneeded`` are ids of ours. ``foreign_paused`` are wanted,
    and paused by whoever made them. ``lost`` are ids of ours that are no more.
    """

    missing: Sequence[Topic]
    paused: Sequence[str]
    unneeded: Sequence[str]
    foreign_paused: Sequence[Topic]
    lost: Sequence[str]


def awaited(workspace: Workspace, app: str) -> Connector | None:
    """Return the connector of an app that sends webhooks which can be believed; None if it does not.

    Raises SecretMissing.
    """
    if not issubclass(registry.connector_class(workspace.app(app).connector), ReceivesWebhooks):
        return None
    connector = open_app(workspace, app).connector
    return connector if isinstance(connector, ReceivesWebhooks) and connector.awaits_webhooks() else None


def subscriber(connector: Connector) -> Subscribes | None:
    """Return a connector as one through which subscriptions can be made; None if it is none."""
    return connector if isinstance(connector, Subscribes) and connector.can_subscribe() else None


def address_of(workspace: Workspace, app: str) -> str:
    """Return where an app is to send its webhooks; "" where no public address is set."""
    url = workspace.document.public_url
    return f"{url}/hooks/{quote(app, safe='')}" if url else ""


def topics(workspace: Workspace, app: str, connector: Subscribes) -> list[Topic]:
    """Return what an app is to tell of, for the syncs that are on: first what is of whole records.

    Nothing of an object of which no sync wants to be told.
    """
    found: set[Topic] = set()
    for feed in Feed.objects.filter(connection__name=app):
        told = any(each.webhooks for each in schedules_of(workspace, feed).values())
        if told and (fields := fields_in_use(feed)):
            found |= set(connector.topics(feed.object, fields))
    return sorted(found, key=lambda topic: (bool(topic.field), topic))


def wanting(workspace: Workspace) -> set[str]:
    """Return the apps of which a sync that is on wants to be told of something by webhooks."""
    known, both = workspace.document.syncs, ("left__connection__name", "right__connection__name")
    on = Sync.objects.filter(state="on", deleted_at=0).values_list("name", *both)
    return {app for name, *apps in on if name not in known or known[name].timing.schedule.webhooks for app in apps}


def fingerprint(workspace: Workspace, app: str, wanted: Sequence[Topic]) -> str:
    """Return what changes whenever the subscriptions of an app must be seen to again."""
    settings = sorted(workspace.app(app).settings.items())
    told = repr((address_of(workspace, app), settings, [(each.event, each.field) for each in wanted]))
    return blake2b(told.encode(), digest_size=16).hexdigest()


def see_to(workspace: Workspace, app: str) -> Changed:
    """Bring the subscriptions of an app in line with what the syncs that are on need.

    Raises WebhooksElsewhere before anything is changed; NotSubscribed when all else is done; AppError.
    """
    connector = subscriber(open_app(workspace, app).connector)
    if connector is None:
        return Changed()
    wanted, there = topics(workspace, app, connector), connector.subscribed()
    _bring_here(app, connector, there, address_of(workspace, app))
    state = compared(wanted, there, webhooks.own(app))
    webhooks.forget(app, state.lost)
    for id in state.unneeded:
        connector.unsubscribe(id)
        webhooks.forget(app, [id])
    for id in state.paused:
        connector.resume(id)
    room = max(there.most - len(there.subscriptions) + len(state.unneeded), 0)
    refused: dict[Topic, str] = {}
    for topic in state.missing[:room]:
        try:
            webhooks.made(app, Own(connector.subscribe(topic), topic.event, topic.field))
        except AppFailed as error:  # some fields are not told of
            refused[topic] = str(error.facts.get("reason"))
    if flaw := flaw_of(app, state, room, there.most):
        raise flaw
    if refused:
        reason = f"it refuses {words(list(refused))}: {next(iter(refused.values()))}"
        raise NotSubscribed(app=app, reason=reason, hint=f"Nothing need be done, unless {app} should tell of it.")
    return Changed(len(state.missing), len(state.paused), len(state.unneeded))


def _bring_here(app: str, connector: Subscribes, there: Subscribed, ours: str) -> None:
    known = webhooks.known(app).address
    if there.address not in ("", known, ours):
        raise WebhooksElsewhere(app=app, address=there.address, ours=ours)
    if there.address != ours:
        connector.send_to(ours)
    if known != ours:
        webhooks.sent_to(app, ours)


def compared(wanted: Sequence[Topic], there: Subscribed, own: Sequence[Own]) -> State:
    """Return what is to be done, by what there is and by what of it we made."""
    made = {each.ref: Topic(each.event, each.field) for each in own}
    by_id = {each.id: each for each in there.subscriptions}
    ours = {id for id, topic in made.items() if id in by_id and by_id[id].topic == topic}
    told = {each.topic for each in there.subscriptions if each.active}
    resumed = {each.topic: each.id for each in there.subscriptions if each.id in ours and each.topic not in told}
    present = {each.topic for each in there.subscriptions}
    return State(
        missing=[topic for topic in wanted if topic not in present],
        paused=[resumed[topic] for topic in wanted if topic in resumed],
        unneeded=sorted(id for id in ours if by_id[id].topic not in wanted),
        foreign_paused=[topic for topic in wanted if topic in present - told - resumed.keys()],
        lost=sorted(made.keys() - ours),
    )


def flaw_of(app: str, state: State, room: int, most: int) -> NotSubscribed | None:
    """Return what is to be told of what cannot be put right by us, None if all can."""
    if left := state.missing[room:]:
        reason = f"of {most:,} subscriptions there is no room for {len(left)}, such as {words(left[:1])}"
        return NotSubscribed(app=app, reason=reason, hint=f"Delete some in {app} that nobody needs, or map less.")
    if state.foreign_paused:
        reason = f"somebody has paused {words(state.foreign_paused)}"
        return NotSubscribed(app=app, reason=reason, hint=f"Let them go on in {app}.")
    return None


def silence_of(app: str, known: Known) -> WebhooksSilent:
    """Return what is told of an app whose webhooks come no more."""
    last = f"since {moment(known.came_at)}" if known.came_at else "yet"
    return WebhooksSilent(app=app, last=last)


def moment(at: float) -> str:
    """Return a time in words."""
    return strftime("%Y-%m-%d %H:%M UTC", gmtime(at))


def words(topics: Sequence[Topic]) -> str:
    """Return topics as people find them in the app: events, and after those of fields the names of these."""
    fields: dict[str, list[str]] = {}
    for topic in topics:
        fields.setdefault(topic.event, []).extend([topic.field] if topic.field else [])
    return "; ".join(f"{event} of {', '.join(names)}" if names else event for event, names in fields.items())
