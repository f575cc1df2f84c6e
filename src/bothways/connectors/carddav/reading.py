"""Reading cards by UID: where they were last seen, else wherever they are now."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bothways.connectors.base import Exists, Read
from bothways.connectors.carddav.api import Api
from bothways.connectors.carddav.cards import DOUBLE, NAMELESS, STAND_INS, Got, fetch
from bothways.connectors.carddav.dav import segment
from bothways.connectors.carddav.facts import BATCH_READ
from bothways.connectors.carddav.listing import members
from bothways.records import Ref


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought: cards by the id asked for, and whether a card that was met was not handed out.

    An id that was not found may then be that card's. So it may be where the server lists a card and hands out none.
    """

    cards: Mapping[str, Got]
    unread: bool = False


def read(api: Api, book: Callable[[], str], refs: Sequence[Ref], fields: Sequence[str]) -> list[Read]:
    """Return one answer per ref, in order.

    MISSING is only said of a UID that no card of the book has: once per call, and only if a card is not
    where it was, the whole book is looked through for it. A card whose own place holds something without a
    readable UID is there, with that as its problem.
    """
    found = find(api, book, refs)
    return [_answer(ref, found, fields) for ref in refs]


def find(api: Api, book: Callable[[], str], refs: Sequence[Ref]) -> Found:
    """Return the cards of these UIDs; those that are nowhere are left out."""
    if not refs:
        return Found({})
    places: dict[str, list[str]] = {}
    for ref in refs:
        places.setdefault(_place(book, ref), []).append(ref.id)
    looked = fetch(api, book(), sorted(places))
    found = _matching(looked, places)
    unread = any(each.unread for each in looked.values())
    lost = {ref.id for ref in refs if ref.id not in found and not ref.id.startswith(STAND_INS)}
    for paths, listed in _elsewhere(api, book, lost, looked):
        more = fetch(api, book(), paths)
        unread = unread or any(each.unread or (listed and each.missing) for each in more.values())
        for each in more.values():
            if each.id in lost:
                found.setdefault(each.id, each)
        if lost <= set(found):
            break
    return Found(found, unread)


def made(api: Api, book: Callable[[], str], uids: Sequence[str]) -> Found:
    """Return the cards that were made with these UIDs, by these: at the places made of them with any other UID, too.

    There are servers that give each card a UID of their own.
    """
    found = find(api, book, [Ref(uid) for uid in uids])
    places = {book() + name_of(uid): uid for uid in uids if uid not in found.cards}
    if not places:
        return found
    there = {places[path]: each for path, each in fetch(api, book(), sorted(places)).items() if not each.missing}
    return replace(found, cards={**found.cards, **there})


def id_of(uid: str, card: Got) -> str:
    """Return the id of a card that was made with a UID: its own, if it can be read."""
    return uid if card.nameless else card.id


def name_of(uid: str) -> str:
    """Return the name of the file that a card made by us is kept in, and by many others, too."""
    return segment(uid) + ".vcf"


def _place(book: Callable[[], str], ref: Ref) -> str:
    """Return where a card should be: what its stand-in id says, where it was seen, or where its name would be."""
    for prefix in STAND_INS:
        if ref.id.startswith(prefix):
            return ref.id.removeprefix(prefix)
    return ref.address or book() + name_of(ref.id)


def _matching(looked: Mapping[str, Got], places: Mapping[str, Collection[str]]) -> dict[str, Got]:
    """Return the cards of the ids that are asked for: at their own place, or at another of these places."""
    wanted = {id for ids in places.values() for id in ids}
    there = [(looked[path], id) for path, ids in sorted(places.items()) for id in ids if not looked[path].missing]
    found = {id: each for each, id in there if each.id == id}
    for each, _ in there:
        if each.id in wanted:
            found.setdefault(each.id, each)
    for each, id in there:
        if id.startswith(DOUBLE):
            found |= _still_twin(each)
        elif each.nameless and not id.startswith(NAMELESS):
            found.setdefault(id, each)
    return found


def _still_twin(each: Got) -> dict[str, Got]:
    """Return a card that another one's UID was seen in, by its stand-in id; nothing if it can be no twin any more."""
    if each.is_group or (each.nameless and not each.unread):
        return {}
    return {DOUBLE + each.path: each if each.unread else each.as_twin()}


def _elsewhere(
    api: Api, book: Callable[[], str], lost: set[str], looked: Mapping[str, Got]
) -> Iterator[tuple[list[str], bool]]:
    """Yield the paths to look at for lost cards, and whether the server says that something is there.

    First come those where their names would be, then all others, and those where nothing was found though it is listed.
    """
    if not lost:
        return
    likely = sorted({book() + name_of(uid) for uid in lost} - looked.keys())
    for start in range(0, len(likely), BATCH_READ):
        yield likely[start : start + BATCH_READ], False
    rest = [path for path in members(api, book()) if path not in looked or looked[path].missing]
    rest = [path for path in rest if path not in likely]
    for start in range(0, len(rest), BATCH_READ):
        yield rest[start : start + BATCH_READ], True


def _answer(ref: Ref, found: Found, fields: Sequence[str]) -> Read:
    each = found.cards.get(ref.id)
    if each is None and found.unread and not ref.id.startswith(STAND_INS):
        return Read(ref.id, Exists.UNKNOWN)
    if each is None or each.is_group:
        return Read(ref.id, Exists.MISSING)
    return Read(ref.id, Exists.EXISTS, replace(each.record(fields), id=ref.id), each.problem or None)
