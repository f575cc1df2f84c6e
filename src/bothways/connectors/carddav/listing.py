"""What has changed: by the server's own reports, or by comparing etags where it has none.

The token, or the tags, are taken before any card is read, so that what is edited meanwhile is told by the
next poll. Deleted places are told at the very end of a poll: a card that was moved is then known by its new
place before its old one is said to be empty. For the same reason they are kept back as long as there is a card
that the server does not hand out; it is asked for again in each poll.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from bothways.connectors.base import Gone, Page, Seen
from bothways.connectors.carddav import dav
from bothways.connectors.carddav.api import MISSING, TRUNCATED, Api, Moved, NotSupported
from bothways.connectors.carddav.cards import DOUBLE, STAND_INS, Got, etag, fetch
from bothways.connectors.carddav.crowd import Crowd
from bothways.connectors.carddav.cursor import Position, mark
from bothways.connectors.carddav.dav import Multistatus
from bothways.connectors.carddav.facts import BATCH_READ
from bothways.errors import AppFailed, AppUnreachable, PageIncomplete
from bothways.records import Ref

UNFINISHED = "?"
"""Stands for the tag of a book whose comparison is under way: no book's tag equals it."""


def changes(
    api: Api, position: Position, fields: Sequence[str], find: Callable[[], str], *, anew: bool = False
) -> Iterator[Page]:
    """Yield the pages of everything changed since a position; raise PageIncomplete if they break off.

    ``find`` returns where the book is now: if it was moved, its listing begins anew. ``anew``: there was a cursor,
    and it was of no use.
    """
    pages = _pages(api, position, fields)
    if anew:
        pages = _restarted(pages, ())
    begun = moved = False
    while True:
        try:
            page = next(pages, None)
        except Moved:
            if begun or moved:
                raise PageIncomplete(app=api.app, reason="it tells of cards outside of the address book") from None
            moved, api.lost = True, True
            pages = _pages(api, Position(position.url, find()), fields)
            if anew or _is_under_way(position):
                pages = _restarted(pages, position.twins)
            continue
        except (AppUnreachable, AppFailed) as error:
            if not begun:
                raise
            raise PageIncomplete(app=api.app, reason=str(error.facts.get("reason", ""))) from error
        if page is None:
            return
        begun = True
        yield page


def ids(api: Api, book: str) -> Iterator[list[Ref]]:
    """Yield the UIDs of all cards of a book, in batches. Only the cards themselves tell them.

    A card that is not handed out is left out: whose UID it has is not known.
    """
    crowd = Crowd()
    for paths in _batches(members(api, book)):
        admitted = crowd.admit(fetch(api, book, paths))
        yield [Ref(each.id, each.path, each.version) for each in admitted if not each.unread]


def members(api: Api, book: str) -> list[str]:
    """Return the paths of all cards of a book, in order."""
    try:
        return sorted(_etags(api.listing(book), book))
    except Moved:
        raise api.gone() from None


def _pages(api: Api, position: Position, fields: Sequence[str]) -> Iterator[Page]:
    """Yield pages in the way that the server can: by its reports, or by comparing etags."""
    if position.etags is not None:
        yield from _compared(api, position, fields)
        return
    reporting = _reported if position.token and position.after is None else _full
    try:
        yield from reporting(api, position, fields)
    except NotSupported as refusal:
        fresh = Position(position.url, position.book, gone=position.gone)
        if reporting is _full or refusal.report:
            fresh = replace(fresh, etags={})
        pages = _pages(api, fresh, fields)
        yield from _restarted(pages, position.twins) if _is_under_way(position) else pages


def _is_under_way(position: Position) -> bool:
    """Tell whether anything was told of a book before."""
    return bool(position.token) or position.after is not None or position.etags is not None


def _restarted(pages: Iterator[Page], twins: Iterable[str]) -> Iterator[Page]:
    """Yield the pages of a listing that had to begin anew: the first one says so, and that known twins are none now."""
    first = next(pages)
    yield replace(first, gone=[*(Gone(DOUBLE + path) for path in twins), *first.gone], restarted=True)
    yield from pages


# --- everything ---------------------------------------------------------------------------------------


def _full(api: Api, position: Position, fields: Sequence[str]) -> Iterator[Page]:
    """Yield all cards in the order of their paths, from ``after`` on; the first token counts."""
    paths, token = _all_paths(api, position.book)
    position = replace(position, token=position.token or token)
    crowd = Crowd(dict(position.twins))
    batches = _batches(sorted(path for path in paths if position.after is None or path > position.after))
    found: list[Got] = []
    for number, batch in enumerate(batches, start=1):
        found = crowd.admit(fetch(api, position.book, batch))
        unread = (*position.unread, *_unread(found))
        position = replace(position, after=batch[-1], twins=crowd.twins, unread=unread)
        if number < len(batches):
            yield Page(_seen(found, fields), cursor=position.text)
    pending = tuple(path for path in position.gone if path not in paths)
    told, kept = ((), pending) if position.unread else (pending, ())
    yield Page(_seen(found, fields), _told(told), cursor=replace(position, after=None, gone=kept).text, last=True)


def _all_paths(api: Api, book: str) -> tuple[set[str], str]:
    """Return the paths of all cards, and the token to go on from; raise NotSupported."""
    paths: set[str] = set()
    token, more = "", True
    while more:
        report = api.changed(book, token)
        paths |= set(_etags(report, book))
        more = _goes_on(api, report, token)
        token = report.token
    if not token:
        raise NotSupported(report=True)
    return paths, token


# --- by report ----------------------------------------------------------------------------------------


def _reported(api: Api, position: Position, fields: Sequence[str]) -> Iterator[Page]:
    """Yield what the reports tell, one after the other while they are cut short."""
    more = True
    while more:
        report = api.changed(position.book, position.token)
        more = _goes_on(api, report, position.token)
        there, gone = set(_etags(report, position.book)), _gone(report, position.book)
        crowd = Crowd(dict(position.twins), frozenset(there | gone))
        again = set(position.unread) | (set(crowd.twins) if there or gone else set())
        batches = _batches(sorted(there | again - gone))
        found: list[Got] = []
        unread: list[str] = []
        for number, batch in enumerate(batches, start=1):
            found = crowd.admit(fetch(api, position.book, batch))
            unread += _unread(found)
            if number < len(batches):
                yield Page(_seen(found, fields), _settled(found))
        pending = tuple(sorted((set(position.gone) | gone) - there))
        told, kept = ((), pending) if more or unread else (pending, ())
        twins = {path: twin for path, twin in crowd.twins.items() if path not in gone}
        token = report.token or position.token
        position = replace(position, token=token, gone=kept, twins=twins, unread=tuple(unread))
        ended = [*_settled(found), *map(Gone, crowd.groups), *_told(told)]
        yield Page(_seen(found, fields), ended, cursor=position.text, last=not more)


def _goes_on(api: Api, report: Multistatus, token: str) -> bool:
    """Tell whether a report was cut short and must be asked for again from the token it gave."""
    more = any(answer.status == TRUNCATED for answer in report.answers)
    if more and report.token in ("", token):
        raise PageIncomplete(app=api.app, reason="its report is cut short at the same place again and again")
    return more


def _gone(report: Multistatus, book: str) -> set[str]:
    return {answer.path for answer in report.answers if answer.status in MISSING and _is_member(answer.path, book)}


def _settled(found: Sequence[Got]) -> list[Gone]:
    """Return the stand-in ids that these cards do not have, or no longer."""
    stand_ins = ((prefix + each.path, each.id) for each in found if not each.unread for prefix in STAND_INS)
    return [Gone(stand_in) for stand_in, id in stand_ins if stand_in != id]


def _unread(found: Sequence[Got]) -> list[str]:
    """Return the paths of the cards that were not handed out."""
    return [each.path for each in found if each.unread]


def _told(paths: Sequence[str]) -> list[Gone]:
    """Return what is gone with a place: the card that was there, or its stand-in."""
    return [gone for path in paths for gone in (Gone(address=path), *(Gone(prefix + path) for prefix in STAND_INS))]


# --- by etags -----------------------------------------------------------------------------------------


def _compared(api: Api, position: Position, fields: Sequence[str]) -> Iterator[Page]:
    """Yield what has another etag than it had. What is missing is asked for before it is said to be gone."""
    book, known = position.book, dict(position.etags or {})
    ctag = _ctag(api, book) if position.ctag or not known else ""
    if ctag and ctag == position.ctag:
        yield Page(cursor=position.text, last=True)
        return
    now = {path: mark(tag) for path, tag in _etags(api.listing(book), book).items()}
    missing = {book + name for name in known if book + name not in now}
    changed = {path for path, tag in now.items() if not tag or known.get(path.removeprefix(book)) != tag}
    crowd = Crowd(dict(position.twins), frozenset(missing | changed))
    batches = _batches(sorted(changed | missing | (set(crowd.twins) if changed or missing else set())))
    gone: list[str] = []
    unread: list[str] = []
    found: list[Got] = []
    for number, batch in enumerate(batches, start=1):
        answers = fetch(api, book, batch)
        gone += [path for path, each in answers.items() if each.missing]
        for path, each in answers.items():
            if not each.missing:
                known[path.removeprefix(book)] = "" if each.unread else mark(each.version or "") or now.get(path, "")
        found = crowd.admit(answers)
        unread += _unread(found)
        if number < len(batches):
            position = replace(position, etags=known, ctag=ctag and UNFINISHED, twins=crowd.twins)
            yield Page(_seen(found, fields), _settled(found), cursor=position.text)
    for path in gone:
        known.pop(path.removeprefix(book), None)
    pending = tuple(sorted(set(position.gone) - set(now) | set(gone)))
    told, kept = ((), pending) if unread else (pending, ())
    ended = [*_settled(found), *map(Gone, crowd.groups), *_told(told)]
    ctag = ctag and UNFINISHED if unread else ctag
    position = replace(position, etags=known, ctag=ctag, twins=crowd.twins, gone=kept)
    yield Page(_seen(found, fields), ended, cursor=position.text, last=True)


def _ctag(api: Api, book: str) -> str:
    status, found = api.look(book, [dav.CTAG], call="changes")
    if status in MISSING:
        raise api.gone()
    return next((answer.text(dav.CTAG) for answer in found.answers), "")


# --- helpers ------------------------------------------------------------------------------------------


def _etags(report: Multistatus, book: str) -> dict[str, str]:
    """Return the etags of the cards that are there, by their paths; one of which only a failure is told is there."""
    return {
        answer.path: etag(answer.text(dav.ETAG)) or ""
        for answer in report.answers
        if _is_member(answer.path, book)
        and answer.status not in MISSING
        and dav.D + "collection" not in answer.within(dav.TYPE)
    }


def _is_member(path: str, book: str) -> bool:
    return path.startswith(book) and path != book and not path.endswith("/")


def _seen(found: Sequence[Got], fields: Sequence[str]) -> list[Seen]:
    return [Seen(each.record(fields), has_values=not each.problem, problem=each.problem or None) for each in found]


def _batches(paths: Sequence[str]) -> list[Sequence[str]]:
    return [paths[start : start + BATCH_READ] for start in range(0, len(paths), BATCH_READ)]
