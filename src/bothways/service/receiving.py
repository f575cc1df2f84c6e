"""What apps say has changed, by webhooks or otherwise: kept as hints, followed by the next turn of their feeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from django.db.models import Q

from bothways.connectors.webhooks import Delivery, Hint, ReceivesWebhooks
from bothways.errors import NoWebhooks
from bothways.ledger import db, hints, turns, webhooks
from bothways.ledger.models import Feed, Sync
from bothways.service.connect import open_app
from bothways.service.schedule_document import Schedule
from bothways.service.workspace import Workspace

TEST = "bothways_test"
"""The name, in an address, of what a test call brings to show that it arrived."""


@dataclass(frozen=True, slots=True)
class Received:
    """What was kept of a delivery: the feeds to be read, each with the seconds after which that is done (its burst
    window), and the records to be read, each with its object. ``new`` of them were not to be read already.
    """

    feeds: Mapping[int, float] = field(default_factory=dict)
    records: tuple[str, ...] = ()
    new: int = 0


def receive(workspace: Workspace, app: str, delivery: Delivery) -> Received:
    """Keep what a delivery names, in the caller's use of the database.

    Objects of which no sync wants to be told are left out: polling finds what changed. So are the records of other
    accounts, which may have the same app. Raises UnknownApp, NoWebhooks, WebhookRefused, SecretMissing.
    """
    connector = open_app(workspace, app).connector
    if not isinstance(connector, ReceivesWebhooks):
        raise NoWebhooks(app=app)
    named = connector.hints(delivery)
    if nonce := nonce_of(delivery.url):
        webhooks.tested(app, nonce)
        return Received()
    account = str(db.value("SELECT account FROM connection WHERE name=%s", (app,)) or "")
    ours = [each for each in named if not (account and each.account) or each.account == account]
    if named and not ours:
        return Received()
    with db.transaction_():
        webhooks.came(app, delivery.received_at)
        return keep(workspace, app, ours, delivery.received_at)


def keep(workspace: Workspace, app: str, named: Sequence[Hint], told_at: float) -> Received:
    """Keep which records an app says have changed, however it said so, and let their feeds be read soon."""
    changed: dict[str, set[str]] = {}
    for each in named:
        changed.setdefault(each.object, set()).add(each.id)
    bursts: dict[int, float] = {}
    ids, new = list[str](), 0
    with db.transaction_():
        for feed in Feed.objects.filter(connection__name=app, object__in=changed):
            wanted = [each.burst for each in schedules_of(workspace, feed).values() if each.webhooks]
            if wanted:
                bursts[feed.pk] = min(wanted)
                new += hints.keep(feed, changed[feed.object], told_at)
                ids += [f"{feed.object} {id}" for id in sorted(changed[feed.object])]
                turns.ask(turns.FEED, [feed.pk], workspace.clock() + bursts[feed.pk])
    return Received(bursts, tuple(ids), new)


def nonce_of(url: str) -> str:
    """Return the word that a test call to this address brings, "" for a call that is none."""
    return next(iter(parse_qs(urlsplit(url).query).get(TEST, ())), "")


def schedules_of(workspace: Workspace, feed: Feed) -> dict[int, Schedule]:
    """Return the schedules of the syncs that use a feed and are on, by their ids; the usual one where a sync is newer
    than the settings that this process has read.
    """
    syncs = Sync.objects.filter(Q(left=feed) | Q(right=feed), state="on", deleted_at=0)
    known = workspace.document.syncs
    return {each.pk: known[each.name].timing.schedule if each.name in known else Schedule() for each in syncs}
