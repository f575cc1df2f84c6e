"""Two linked pairs that became one, since a person merged two linked records: held until a person decides (row R0)."""

from collections.abc import Mapping

from bothways.engine.matching import ALONE
from bothways.engine.sides import Side
from bothways.ledger import due, holds, links
from bothways.ledger.holds import HoldRow
from bothways.ledger.links import LinkRow
from bothways.ledger.models import Sync

RULE = "R0"
Candidates = tuple[tuple[Side, str], ...]


def hold_merged(sync: Sync, side: Side, link: LinkRow, survivor: LinkRow, app: str, now: float) -> None:
    """Hold, in the caller's transaction, the partner of a record that was merged on ``side``.

    ``link`` is the link that ends, ``survivor`` that of the record which is left; ``app`` is where the merge was.
    """
    reason = f"these two pairs became one record in {app}: {link.on(side)} was merged into {survivor.on(side)}"
    hold_left_over(sync, side, link, survivor, reason, now)


def hold_left_over(sync: Sync, side: Side, link: LinkRow, survivor: LinkRow, reason: str, now: float) -> None:
    """Hold, in the caller's transaction, the partner of a record of ``side`` that has ``survivor`` as its link."""
    left_over = link.on(side.other)
    if left_over is None:
        return
    known = [(side, survivor.on(side)), (side.other, survivor.on(side.other))]
    data = {"candidates": [[each.value, id] for each, id in known if id], "links": [link.id, survivor.id]}
    holds.put(sync, HoldRow(side.other, left_over, RULE, reason, "match", link_id=link.id, data=data), now)


def follow(sync: Sync, side: Side, id: str, to: str, now: float) -> None:
    """Let what a person is asked of a record, and has chosen for it, follow it to the one that it was merged into.

    ``to`` stays what it is where it has a partner, or where a person is asked or has chosen of it. A choice does not
    stand against what was said of the other one: that it is left out, say.
    """
    partner = holds.chosen(sync, side, [id]).get(id)
    holds.withdraw(sync, side, id)
    free = not links.live_by_record(sync, side, [to])
    asked = bool(holds.of_records(sync, side, [to]))
    for hold in holds.naming(sync, RULE, id):
        known = [[end, to if (end, one) == (side, id) else one] for end, one in hold.data.get("candidates", ())]
        own = (hold.side, hold.record_id) == (side, id) and free and not asked
        if own or known != hold.data.get("candidates"):
            holds.move(hold, to if own else hold.record_id, {**hold.data, "candidates": known})
    if partner:
        due.mark(sync, side.other, [partner])
        taken = holds.chosen(sync, side, [to]) or links.live_by_record(sync, side.other, [partner])
        if free and not taken:
            holds.choose(sync, {side: to, side.other: partner}, now)
    chosen = holds.chosen(sync, side, [to]).get(to)
    if chosen and links.apart(sync, side, [to]).get(to, set()) & {chosen, ALONE}:
        holds.withdraw(sync, side, to)
        due.mark(sync, side.other, [chosen])


def merges_undecided(sync: Sync, side: Side, ended: Mapping[str, LinkRow]) -> dict[str, Candidates]:
    """Return, per record of one side that a merge has left over, between whom a person is to choose.

    Decided is what was kept apart from the record that the merge left, and what is to be nobody's partner.
    """
    left_over = [id for id, link in ended.items() if link.by_merge and link.survivor == side]
    if not left_over:
        return {}
    apart = links.apart(sync, side, left_over)
    found = {}
    for hold in holds.of_records(sync, side, left_over):
        candidates = tuple((Side(each), str(id)) for each, id in hold.data.get("candidates", ()))
        survivors = {id for each, id in candidates if each is side.other}
        if hold.rule == RULE and not apart.get(hold.record_id, set()) & {*survivors, ALONE}:
            found[hold.record_id] = candidates
    return found


def made_nobodys(sync: Sync, side: Side, ended: Mapping[str, LinkRow]) -> set[str]:
    """Return those that a merge has left over and that a person wants to have a new partner made for."""
    left_over = [id for id, link in ended.items() if link.by_merge and link.survivor == side]
    return {id for id, others in links.apart(sync, side, left_over).items() if ALONE in others} if left_over else set()
