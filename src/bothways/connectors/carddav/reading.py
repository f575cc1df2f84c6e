"""Reading cards by UID: where they were last seen, else wherever they are now."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bothways.connectors.base import Exists, Read
from bothways.connectors.carddav.api import Api
from bothways.connectors.carddav.cards import NAMELESS, TWIN, Got, fetch
from bothways.connectors.carddav.dav import segment
from bothways.connectors.carddav.facts import BATCH_READ
from bothways.connectors.carddav.listing import members
from bothways.records import Ref


def read(api: Api, book: Callable[[], str], refs: Sequence[Ref], fields: Sequence[str]) -> list[Read]:
    """Return one answer per ref, in order.

    MISSING is only said of a UID that no card of the book has: once per call, and only if a card is not
    where it was, the whole book is looked through for it.
    """
    found = find(api, book, refs)
    return [_answer(ref, found.get(ref.id), fields) for ref in refs]


def find(api: Api, book: Callable[[], str], refs: Sequence[Ref]) -> dict[str, Got]:
    """Return the cards of these UIDs; those that are nowhere are left out."""
    found: dict[str, Got] = {}
    places = {path: ref.id for ref in refs if (path := _place(ref))}
    if places:
        found |= _matching(fetch(api, book(), sorted(places)), places)
    lost = {ref.id for ref in refs if ref.id not in found and not ref.id.startswith(NAMELESS)}
    for paths in _elsewhere(api, book, lost, set(places)):
        cards = [each for each in fetch(api, book(), paths).values() if not each.missing and each.id in lost]
        for each in cards:
            found.setdefault(each.id, each)
        if lost <= set(found):
            break
    return found


def name_of(uid: str) -> str:
    """Return the name of the file that a card made by us is kept in, and by many others, too."""
    return segment(uid) + ".vcf"


def _place(ref: Ref) -> str | None:
    return ref.id.removeprefix(NAMELESS) if ref.id.startswith(NAMELESS) else ref.address


def _matching(got: Mapping[str, Got], places: Mapping[str, str]) -> dict[str, Got]:
    """Return the cards that are still where they were. A stand-in id goes by its place alone."""
    there = {id: got[path] for path, id in places.items() if not got[path].missing}
    return {id: each for id, each in there.items() if each.id == id or id.startswith(NAMELESS)}


def _elsewhere(api: Api, book: Callable[[], str], lost: set[str], known: set[str]) -> Iterator[list[str]]:
    """Yield the paths to look at for lost cards: first where their names would be, then all others."""
    if not lost:
        return
    likely = sorted({book() + name_of(uid) for uid in lost} - known)
    for start in range(0, len(likely), BATCH_READ):
        yield likely[start : start + BATCH_READ]
    rest = [path for path in members(api, book()) if path not in known and path not in likely]
    for start in range(0, len(rest), BATCH_READ):
        yield rest[start : start + BATCH_READ]


def _answer(ref: Ref, found: Got | None, fields: Sequence[str]) -> Read:
    if found is None or (found.card is not None and found.card.is_group):
        return Read(ref.id, Exists.MISSING)
    problem = found.problem or (TWIN if ref.id.startswith(NAMELESS) else "")
    if problem:
        return Read(ref.id, Exists.EXISTS, found.record(fields), problem)
    return Read(ref.id, Exists.EXISTS, found.record(fields))
