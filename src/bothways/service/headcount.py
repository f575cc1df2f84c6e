"""How many records a filter would let through, counted among those that are known already. No app is asked."""

from bothways.engine.filters import Filter, fields_of, lists_of, matches
from bothways.ledger import db, looking
from bothways.ledger.feeds import SeenRow
from bothways.ledger.models import Feed
from bothways.records import is_valid_email, text_of
from bothways.service.database import on_database
from bothways.service.rights import Role, for_role
from bothways.service.views import KnownView
from bothways.service.workspace import Workspace

MOST = 20_000
"""Records; of more, none is looked at while somebody waits for a page."""

PAGE = 2000


@on_database
@for_role(Role.VIEWER)
def known(
    workspace: Workspace, app: str, object: str, filter: Filter | None = None, email: str = ""
) -> KnownView | None:
    """Return what is known of the records of an object, None where they were not all read yet.

    What a filter and an e-mail field come to is told only if all of it was read of every record.
    """
    feed = Feed.objects.filter(connection__name=app, object=object, baseline_done=True).first()
    if feed is None:
        return None
    total = int(db.value("SELECT COUNT(*) FROM seen WHERE feed_id=%s AND state='live'", (feed.pk,)))
    read = set(feed.fields)
    if total > MOST:
        return KnownView(total, None, None, feed.polled_at)
    wanted = filter if filter and fields_of(filter) <= read and lists_of(filter) <= set(feed.lists) else None
    asked = email if email in read else ""
    fitting, lacking, now = 0, 0, workspace.clock()
    after = ""
    while (wanted or asked) and (rows := looking.live_page(feed.pk, after, PAGE)):
        after = rows[-1].id
        if not all(_is_known(row) for row in rows):
            return KnownView(total, None, None, feed.polled_at)
        if wanted:
            fitting += sum(matches(wanted, row.values or {}, row.lists, now) for row in rows)
        lacking += sum(bool(asked) and not _has_email(row, asked) for row in rows)
    return KnownView(total, fitting if wanted else None, lacking if asked else None, feed.polled_at)


def _is_known(row: SeenRow) -> bool:
    return row.values is not None and row.read_at > 0 and row.problem is None


def _has_email(row: SeenRow, field: str) -> bool:
    value = (row.values or {}).get(field)
    return any(is_valid_email(text_of(each)) for each in (value if isinstance(value, list | tuple) else (value,)))
