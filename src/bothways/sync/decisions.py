"""What a person decides about who belongs together, in the caller's transaction; the next run goes by it."""

from collections.abc import Collection, Mapping, Sequence

from bothways.engine.matching import ALONE
from bothways.engine.sides import SIDES, Side
from bothways.ledger import due, feeds, holds, left_out, links
from bothways.ledger.holds import HoldRow
from bothways.ledger.links import LinkRow
from bothways.ledger.models import Sync
from bothways.sync.absorb import end_link, wake
from bothways.sync.alike import wake_neighbours
from bothways.sync.merges import RULE

Ends = tuple[str | None, str | None]
"""The ids of two records that are to be linked, left first; None: nobody yet, one is to be made."""


def choose(sync: Sync, ids: Mapping[Side, str], now: float) -> None:
    """Decide that two records are the same thing, whatever was decided of them before (row R6)."""
    for side, id in ids.items():
        holds.withdraw(sync, side, id)
        links.forget_apart(sync, side, id, (ids[side.other], ALONE))
    holds.choose(sync, dict(ids), now)
    _look_again(sync, {side: [id] for side, id in ids.items()})


def keep_apart(sync: Sync, side: Side, id: str, others: Sequence[str]) -> None:
    """Decide that a held record is none of these of the other side."""
    holds.withdraw(sync, side, id)
    links.keep_apart(sync, [_pair(side, id, other) for other in others])
    _look_again(sync, {side: [id], side.other: others})


def keep_two_apart(sync: Sync, ids: Mapping[Side, str]) -> None:
    """Decide that two records are not the same thing, though one may have been chosen for the other."""
    for side, id in ids.items():
        if holds.chosen(sync, side, [id]).get(id) == ids[side.other]:
            holds.withdraw(sync, side, id)
    links.keep_apart(sync, [(ids[Side.LEFT], ids[Side.RIGHT])])
    _look_again(sync, {side: [id] for side, id in ids.items()})


def make_new(sync: Sync, side: Side, id: str) -> None:
    """Decide that nobody of the other side is the held record (row R8)."""
    holds.withdraw(sync, side, id)
    links.forget_apart(sync, side, id, [ALONE])
    links.keep_apart(sync, [_pair(side, id, ALONE)])
    _look_again(sync, {side: [id]})


def leave_out(sync: Sync, hold: HoldRow, author: str, now: float) -> None:
    """Decide that the held record takes no part, until that is taken back (row R10)."""
    side = Side(hold.side)
    holds.withdraw(sync, side, hold.record_id)
    left_out.leave_out(sync, hold, author, now)
    _look_at_all_alike(sync, side, hold.record_id)


def withdraw(sync: Sync, side: Side, id: str) -> None:
    """Take back what was decided of a record; of one that is left out only that, and the rest stands as before."""
    partner = holds.chosen(sync, side, [id]).get(id)
    holds.withdraw(sync, side, id)
    if not left_out.take_back(sync, side, id):
        links.forget_apart(sync, side, id)
    _look_again(sync, {side.other: [partner] if partner else []})
    _look_at_all_alike(sync, side, id)


def unlink(sync: Sync, link: LinkRow, now: float) -> None:
    """End the link of two records and keep them apart; both wait, and nothing is created for them."""
    ids = {side: str(link.on(side)) for side in SIDES}
    links.keep_apart(sync, [(ids[Side.LEFT], ids[Side.RIGHT])])
    end_link(sync, link, now, links.UNLINKED, None)
    _look_again(sync, {side: [id] for side, id in ids.items()})


def choose_the_other(sync: Sync, link: LinkRow, side: Side, now: float) -> None:
    """End the link that a merge has left, so that its record can be linked to the partner left over on ``side``.

    Who was its partner is then left alone, and never created again.
    """
    links.keep_apart(sync, [(str(link.left_id), str(link.right_id))])
    end_link(sync, link, now, f"{RULE}: you chose the other of two pairs", side)


def pause(sync: Sync, link: LinkRow, *, paused: bool) -> None:
    """Let nothing flow between two linked records, or let it flow again."""
    links.pause(link.id, paused=paused)
    if not paused:
        _look_again(sync, {side: [id] for side in SIDES if (id := link.on(side))})


def decided_otherwise(sync: Sync, pairs: Collection[Ends], of: Collection[Side] = SIDES) -> set[Ends]:
    """Return those of some pairs of which a person has said that they are none, of their records of these sides.

    The two are kept apart, or the record belongs to nobody, or to another one, which is free.
    """
    found = set[Ends]()
    for side in of:
        place = SIDES.index(side)
        ids = {pair: (id, pair[1 - place]) for pair in pairs if (id := pair[place]) is not None}
        apart = links.apart(sync, side, [id for id, partner in ids.values() if partner is not None])
        promised = _promised(sync, side, [id for id, _ in ids.values()])
        for pair, (id, partner) in ids.items():
            kept_apart = partner is not None and apart.get(id, set()) & {partner, ALONE}
            if kept_apart or promised.get(id, partner) != partner:
                found.add(pair)
    return found


def _promised(sync: Sync, side: Side, ids: Collection[str]) -> dict[str, str]:
    """Return the partners that a person has chosen for some records of ``side``, if they are free, by their ids."""
    chosen = holds.chosen(sync, side, ids)
    theirs = holds.chosen(sync, side.other, chosen.values())
    taken = links.live_by_record(sync, side.other, chosen.values())
    return {id: partner for id, partner in chosen.items() if theirs.get(partner) == id and partner not in taken}


def _pair(side: Side, id: str, other: str) -> tuple[str, str]:
    return (id, other) if side is Side.LEFT else (other, id)


def _look_again(sync: Sync, ids: Mapping[Side, Sequence[str]]) -> None:
    for side, each in ids.items():
        due.mark(sync, side, each)
        wake_neighbours(sync, side, each)


def _look_at_all_alike(sync: Sync, side: Side, id: str) -> None:
    """Look again at a record, and at all without a partner that share a key with it."""
    _look_again(sync, {side: [id]})
    feed = int(sync.left_id if side is Side.LEFT else sync.right_id)
    wake(sync, side, feeds.all_keys_of(feed, [id]).get(id, ()), [id])
