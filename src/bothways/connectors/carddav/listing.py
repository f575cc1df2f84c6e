"""What has changed: by the server's own reports, or by comparing etags where it has none.

The token, or the tags, are taken before any card is read, so that what is edited meanwhile is told by the
next poll. Deleted places are told at the very end of a poll: a card that was moved is then known by its new
place before its old one is said to be empty.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bothways.connectors.base import Gone, Page, Seen
from bothways.connectors.carddav import dav
from bothways.connectors.carddav.api import MISSING, Api, NotSupported
from bothways.connectors.carddav.cards import NAMELESS, Got, etag, fetch
from bothways.connectors.carddav.crowd import Crowd
from bothways.connectors.carddav.cursor import Position, mark
from bothways.connectors.carddav.dav import Multistatus
from bothways.connectors.carddav.facts import BATCH_READ
from bothways.errors import AppFailed, AppUnreachable, PageIncomplete
from bothways.records import Ref

TRUNCATED = 507
"""The status of the book itself in a report that does not tell everything (RFC 6578, 3.6)."""


UNFINISHED = "?"
"""Stands for the tag of a book whose comparison is under way: no book's tag equals it."""


def changes(api: Api, position: Position, fields: Sequence[str]) -> Iterator[Page]:
    """Yield the pages of everything changed since a position; raise PageIncomplete if they break off."""
    pages = _pages(api, position, fields)
    begun = False
    while True:
        try:
            page = next(pages, None)
        except (AppUnreachable, AppFailed) as error:
            if not begun:
                raise
            raise PageIncomplete(app=api.app, reason=str(error.facts.get("reason", ""))) from error
        if page is None:
            return
        begun = True
        yield page


def ids(api: Api, book: str) -> Iterator[list[Ref]]:
    """Yield the UIDs of all cards of a book, in batches. Only the cards themselves tell them."""
    crowd = Crowd()
    for paths in _batches(members(api, book)):
        yield [Ref(each.id, each.path, each.version) for each in crowd.admit(fetch(api, book, paths))]


def members(api: Api, book: str) -> list[str]:
    """Return the paths of all cards of a book, in order."""
    return sorted(_etags(api.listing(book), book))


def _pages(api: Api, position: Position, fields: Sequence[str]) -> Iterator[Page]:
    """Yield pages in the way that the server can: by its reports, or by comparing etags."""
    if position.etags is not None:
        yield from _compared(api, position, fields)
        return
    reporting = _reported if position.token and position.after is None else _full
    try:
        yield from reporting(api, position, fields)
    except NotSupported as refusal:
        fresh = Position(position.url, position.book)
        if reporting is _full or refusal.report:
            fresh = replace(fresh, etags={})
        yield from _pages(api, fresh, fields)


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
        position = replace(position, after=batch[-1], twins=crowd.twins)
        if number < len(batches):
            yield Page(_seen(found, fields), cursor=position.text)
    gone = _told([path for path in position.gone if path not in paths])
    yield Page(_seen(found, fields), gone, cursor=replace(position, after=None, gone=()).text, last=True)


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
        batches = _batches(sorted(there | set(crowd.twins) - gone if there or gone else ()))
        found: list[Got] = []
        for number, batch in enumerate(batches, start=1):
            found = crowd.admit(fetch(api, position.book, batch))
            if number < len(batches):
                yield Page(_seen(found, fields), _settled(found))
        pending = tuple(sorted((set(position.gone) | gone) - there))
        twins = {path: twin for path, twin in crowd.twins.items() if path not in gone}
        position = replace(position, token=report.token or position.token, gone=pending if more else (), twins=twins)
        told = [*_settled(found), *map(Gone, crowd.groups), *([] if more else _told(pending))]
        yield Page(_seen(found, fields), told, cursor=position.text, last=not more)


def _goes_on(api: Api, report: Multistatus, token: str) -> bool:
    """Tell whether a report was cut short and must be asked for again from the token it gave."""
    more = any(answer.status == TRUNCATED for answer in report.answers)
    if more and report.token in ("", token):
        raise PageIncomplete(app=api.app, reason="its report is cut short at the same place again and again")
    return more


def _gone(report: Multistatus, book: str) -> set[str]:
    return {answer.path for answer in report.answers if answer.status in MISSING and _is_member(answer.path, book)}


def _settled(found: Sequence[Got]) -> list[Gone]:
    """Return the stand-in ids that these cards no longer have, now that their UIDs can be read."""
    return [Gone(NAMELESS + each.path) for each in found if not each.id.startswith(NAMELESS)]


def _told(paths: Sequence[str]) -> list[Gone]:
    """Return what is gone with a place: the card that was there, or its stand-in."""
    return [gone for path in paths for gone in (Gone(address=path), Gone(NAMELESS + path))]


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
    found: list[Got] = []
    for number, batch in enumerate(batches, start=1):
        answers = fetch(api, book, batch)
        gone += [path for path, each in answers.items() if each.missing]
        for path, each in answers.items():
            if not each.missing:
                known[path.removeprefix(book)] = mark(each.version or "") or now.get(path, "")
        found = crowd.admit(answers)
        if number < len(batches):
            position = replace(position, etags=known, ctag=ctag and UNFINISHED, twins=crowd.twins)
            yield Page(_seen(found, fields), _settled(found), cursor=position.text)
    for path in gone:
        known.pop(path.removeprefix(book), None)
    told = [*_settled(found), *map(Gone, crowd.groups), *_told(gone)]
    position = replace(position, etags=known, ctag=ctag, twins=crowd.twins)
    yield Page(_seen(found, fields), told, cursor=position.text, last=True)


def _ctag(api: Api, book: str) -> str:
    status, found = api.look(book, [dav.CTAG], call="changes")
    if status in MISSING:
        raise api.gone()
    return next((answer.text(dav.CTAG) for answer in found.answers), "")


# --- helpers ------------------------------------------------------------------------------------------


def _etags(report: Multistatus, book: str) -> dict[str, str]:
    """Return the etags of the cards that are there, by their paths."""
    return {
        answer.path: etag(answer.text(dav.ETAG)) or ""
        for answer in report.answers
        if _is_member(answer.path, book) and answer.status < 400 and dav.D + "collection" not in answer.within(dav.TYPE)
    }


def _is_member(path: str, book: str) -> bool:
    return path.startswith(book) and path != book and not path.endswith("/")


def _seen(found: Sequence[Got], fields: Sequence[str]) -> list[Seen]:
    return [Seen(each.record(fields), has_values=not each.problem, problem=each.problem or None) for each in found]


def _batches(paths: Sequence[str]) -> list[Sequence[str]]:
    return [paths[start : start + BATCH_READ] for start in range(0, len(paths), BATCH_READ)]
