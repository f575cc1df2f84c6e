"""Webhooks of apps: verified by their connectors, kept as hints, followed by the next turn of their feeds."""

from bothways.connectors.webhooks import Delivery, ReceivesWebhooks
from bothways.errors import NoWebhooks
from bothways.ledger import db, hints, turns
from bothways.ledger.models import Feed
from bothways.service.connect import open_app
from bothways.service.workspace import Workspace

BURST = 0.5
"""Seconds for which saves of records are gathered before they are read: one form is often saved field by field."""


def receive(workspace: Workspace, app: str, delivery: Delivery) -> list[int]:
    """Keep what a delivery names, in the caller's use of the database; return the feeds to be read after ``BURST``.

    Objects that no sync uses are left out. Raises UnknownApp, NoWebhooks, WebhookRefused, SecretMissing.
    """
    connector = open_app(workspace, app).connector
    if not isinstance(connector, ReceivesWebhooks):
        raise NoWebhooks(app=app)
    changed: dict[str, set[str]] = {}
    for each in connector.hints(delivery):
        changed.setdefault(each.object, set()).add(each.id)
    if not changed:
        return []
    feeds = list(Feed.objects.filter(connection__name=app, object__in=changed))
    with db.transaction_():
        for feed in feeds:
            hints.keep(feed, changed[feed.object], delivery.received_at)
        turns.ask(turns.FEED, [feed.pk for feed in feeds], workspace.clock() + BURST)
    return [feed.pk for feed in feeds]
