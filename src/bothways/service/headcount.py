"""How many records take part by a filter and a required e-mail address, counted among those that are known already.

The app is asked only for what nobody has read yet: how many records it has, and who is in a list. Where very many are
known they are counted aside, and whoever asks meanwhile is told so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from bothways.engine.filters import Filter, fields_of, lists_of, matches
from bothways.engine.sides import SIDES
from bothways.ledger import db, looking
from bothways.ledger.feeds import SeenRow
from bothways.ledger.models import Feed
from bothways.records import is_valid_email, text_of
from bothways.service import app_numbers, drafts
from bothways.service.aside import Aside
from bothways.service.database import on_database
from bothways.service.resolution import Resolution
from bothways.service.rights import Role, for_role
from bothways.service.views import KnownView
from bothways.service.workspace import Workspace

MOST = 20_000
"""Records; more are counted aside, and not while somebody waits for a page."""

PAGE = 2000

FRESH, LASTS = 60.0, 600.0
"""Seconds for which what was counted aside counts as new, and after which nobody is shown it any more."""

Lists = Mapping[str, frozenset[str]]
"""Ids of records by the names, in small letters, of lists of their app that they are in."""


class Sums(NamedTuple):
    """How many records fit a filter, hold no e-mail address, and fit it and hold one; None where a record is unread."""

    fitting: int
    lacking: int
    both: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is counted in a feed; ``email`` is the field of the address, "" for none. ``lists``: asked of the app."""

    feed: int
    filter: Filter | None
    email: str
    lists: Lists


Place = tuple[str, str]
"""A database, and what is counted there."""

_kept: dict[Place, tuple[float, Sums | None]] = {}
_aside = Aside("bothways-headcount")


def of_draft(workspace: Workspace, id: int) -> list[KnownView]:
    """Return how many records of each app take part by a draft, as far as that is known, without what is wrong with it.

    Both apps are asked for their fields. Raises UnknownDraft, and whatever keeps an app from being asked.
    """
    exact, _ = drafts.sound_part(workspace, id)
    return [each for each in of_settings(workspace, exact) if each is not None] if exact else []


def of_settings(workspace: Workspace, exact: Resolution) -> tuple[KnownView | None, ...]:
    """Return how many records of each app take part by settings that were made exact; None of an app that tells of
    none and was not read yet.
    """
    document, scope = exact.resolved.document, exact.resolved.spec.scope
    found = []
    for side in SIDES:
        place = document.apps[side], document.objects[side]
        seen = known(workspace, *place, scope.filters.get(side), scope.emails.get(side, ""), ask=True)
        at_most = side.other in scope.filters
        found.append(replace(seen, sends=document.sends[side], at_most=at_most) if seen else None)
    return tuple(found)


@on_database
@for_role(Role.VIEWER)
def known(
    workspace: Workspace, app: str, object: str, filter: Filter | None = None, email: str = "", *, ask: bool = False
) -> KnownView | None:
    """Return what is known of the records of an object, None where they were not all read yet.

    What a filter and an e-mail field come to is told only if all of it was read of every record. ``ask`` the app for
    what was not read at all.
    """
    feed = Feed.objects.filter(connection__name=app, object=object, baseline_done=True).first()
    unread = (lists_of(filter) if filter else set()) - set(feed.lists if feed else ())
    lists = app_numbers.members(workspace, app, object, unread) if ask else {}
    told = not unread - lists.keys()
    if feed is None:
        total = app_numbers.total(workspace, app, object) if ask else None
        if total is None:
            return None
        return KnownView(app, object, total, *_by_lists(total, filter, lists, blind=not told or bool(email)), None)
    read = set(feed.fields)
    wanted = filter if filter and fields_of(filter) <= read and told else None
    asked = _Asked(feed.pk, wanted, email if email in read else "", lists)
    total = int(db.value("SELECT COUNT(*) FROM seen WHERE feed_id=%s AND state='live'", (feed.pk,)))
    blind = (filter is not None and wanted is None) or asked.email != email
    if wanted is None and not asked.email:
        return KnownView(app, object, total, None, None, None if blind else total, feed.polled_at)
    if total <= MOST:
        at, sums, counting = feed.polled_at, _count(asked, workspace.clock()), False
    else:
        at, sums, counting = _of_many(workspace, asked)
    return KnownView(app, object, total, *_told(asked, sums, blind=blind), at, counting)


Told = tuple[int | None, int | None, int | None]
"""How many fit a filter, hold no e-mail address, and take part; None where that is not known."""


def _by_lists(total: int, filter: Filter | None, lists: Lists, *, blind: bool) -> Told:
    """Return what an app tells of records that nobody has read: whom its own lists let through."""
    names = lists_of(filter) if filter else set()
    if filter is None or fields_of(filter) or names - lists.keys():
        return None, None, None if blind or filter else total
    ids = {id for each in lists.values() for id in each}
    fitting = sum(matches(filter, {}, _lists_of(id, lists), 0.0) for id in ids)
    if matches(filter, {}, (), 0.0):
        fitting += max(total - len(ids), 0)
    return fitting, None, None if blind else fitting


def _told(asked: _Asked, sums: Sums | None, *, blind: bool) -> Told:
    if sums is None:
        return None, None, None
    fitting, lacking = sums.fitting if asked.filter else None, sums.lacking if asked.email else None
    return fitting, lacking, None if blind else sums.both


def _count(asked: _Asked, now: float) -> Sums | None:
    fitting = lacking = both = 0
    after = ""
    while rows := looking.live_page(asked.feed, after, PAGE):
        after = rows[-1].id
        if not all(_is_known(row) for row in rows):
            return None
        for row in rows:
            inside = (*row.lists, *_lists_of(row.id, asked.lists))
            fits = asked.filter is None or matches(asked.filter, row.values or {}, inside, now)
            has = not asked.email or _has_email(row, asked.email)
            fitting, lacking, both = fitting + fits, lacking + (not has), both + (fits and has)
    return Sums(fitting, lacking, both)


def _of_many(workspace: Workspace, asked: _Asked) -> tuple[float, Sums | None, bool]:
    """Return when very many records were counted last, what it came to, and whether that is to be waited for."""
    what = asked.feed, asked.filter, asked.email, sorted(asked.lists)
    place, now = (workspace.database, repr(what)), workspace.clock()
    for old, (at, _) in list(_kept.items()):
        if old[0] == place[0] and not 0 <= now - at < LASTS:
            _kept.pop(old, None)
    kept = _kept.get(place)
    if kept is None or now - kept[0] >= FRESH:
        _aside.do(workspace.database, place, lambda: _keep(workspace, place, asked))
    return (*kept, False) if kept else (now, None, True)


def _keep(workspace: Workspace, place: Place, asked: _Asked) -> None:
    _kept[place] = (workspace.clock(), _count(asked, workspace.clock()))


def _lists_of(id: str, lists: Lists) -> tuple[str, ...]:
    return tuple(name for name, ids in lists.items() if id in ids)


def _is_known(row: SeenRow) -> bool:
    return row.values is not None and row.read_at > 0 and row.problem is None


def _has_email(row: SeenRow, field: str) -> bool:
    value = (row.values or {}).get(field)
    return any(is_valid_email(text_of(each)) for each in (value if isinstance(value, list | tuple) else (value,)))
