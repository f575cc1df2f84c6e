"""Webhooks of apps: verified by their connectors, kept as hints, followed by the next turn of their feeds."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from bothways.connectors.webhooks import Delivery, ReceivesWebhooks
from bothways.errors import NoWebhooks
from bothways.ledger import db, hints, turns, webhooks
from bothways.ledger.models import Feed
from bothways.service.connect import open_app
from bothways.service.workspace import Workspace

BURST = 0.5
"""Seconds for which saves of records are gathered before they are read: one form is often saved field by field."""


TEST = "bothways_test"
"""The name, in an address, of what a test call brings to show that it arrived."""


@dataclass(frozen=True, slots=True)
class Received:
    """What was kept of a delivery: the feeds to be read, and the records to be read, each with its object.

    ``new`` of them were not to be read already.
    """

    feeds: tuple[int, ...] = ()
    records: tuple[str, ...] = ()
    new: int = 0


def receive(workspace: Workspace, app: str, delivery: Delivery) -> Received:
    """Keep what a delivery names, in the caller's use of the database; its feeds are to be read after ``BURST``.

    Objects that no sync uses are left out. Raises UnknownApp, NoWebhooks, WebhookRefused, SecretMissing.
    """
    connector = open_app(workspace, app).connector
    if not isinstance(connector, ReceivesWebhooks):
        raise NoWebhooks(app=app)
    changed: dict[str, set[str]] = {}
    for each in connector.hints(delivery):
        changed.setdefault(each.object, set()).add(each.id)
    if nonce := nonce_of(delivery.url):
        webhooks.tested(app, nonce)
        return Received()
    feeds, new = list(Feed.objects.filter(connection__name=app, object__in=changed)), 0
    with db.transaction_():
        webhooks.came(app, delivery.received_at)
        for feed in feeds:
            new += hints.keep(feed, changed[feed.object], delivery.received_at)
        turns.ask(turns.FEED, [feed.pk for feed in feeds], turns.clock_of(workspace.clock) + BURST)
    ids = tuple(f"{feed.object} {id}" for feed in feeds for id in sorted(changed[feed.object]))
    return Received(tuple(feed.pk for feed in feeds), ids, new)


def nonce_of(url: str) -> str:
    """Return the word that a test call to this address brings, "" for a call that is none."""
    return next(iter(parse_qs(urlsplit(url).query).get(TEST, ())), "")
