"""What a person has said of a lead holds for the contact that its app turned it into, as it follows a merge (row R0c).

Whom it is kept apart from, that it is left out or declared new, whom it was unlinked from, the partner that was chosen
for it and a question that a merge has left: all is handed over from the sync of the leads to that of the contacts in
the moment in which the conversion is learnt, whether these are on or not. What was said of the contact itself stays.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q

from bothways.engine.matching import ALONE
from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, due, feeds, holds, left_out, links
from bothways.ledger.holds import HoldRow
from bothways.ledger.links import LinkRow, NewLink
from bothways.ledger.models import Feed, Sync
from bothways.sync import merges

End = tuple[Sync, Side, str]
"""A record, by its id, of one side of a sync."""


def follow_conversion(sync: Sync, side: Side, feed: Feed, id: str, into: tuple[str, str], now: float) -> list[End]:
    """Hand over, in the caller's transaction, what is known of a lead of ``side`` that was turned ``into`` a contact.

    Return that contact where anything was, to be looked at again. There must be a sync of it with the records that the
    leads are synced with; one that was deleted and may be restored will do, where nothing is looked at.
    """
    object, contact = into
    its_feed = Feed.objects.filter(connection_id=feed.connection_id, object=object).first()
    if its_feed is None or not Sync.objects.filter(pk=sync.pk, deleted_at=0).exists():
        return []
    shared = sync.right_id if side is Side.LEFT else sync.left_id
    fits = Q(left=its_feed, right=shared) | Q(left=shared, right=its_feed)
    found = Sync.objects.select_related("left", "right").filter(fits)
    contacts = found.filter(deleted_at=0).first() or found.order_by("-deleted_at").first()
    if contacts is None:
        return []
    there = Side.LEFT if contacts.left_id == its_feed.pk else Side.RIGHT
    end = contacts, there, feeds.survivors(its_feed.pk, [contact]).get(contact, contact)
    return [end] if _hand_over((sync, side, id), end, now) and not contacts.deleted_at else []


def catch_up(contacts: Sync, now: float) -> None:
    """Hand over to a sync that is new, in the caller's transaction, what was decided of leads that became its contacts
    while there was none."""
    feeds_ = {side: contacts.left if side is Side.LEFT else contacts.right for side in SIDES}
    for there, feed in feeds_.items():
        shared = feeds_[there.other]
        others = Sync.objects.select_related("left", "right").filter(deleted_at=0).exclude(pk=contacts.pk)
        for leads in others.filter(Q(left=shared) | Q(right=shared)):
            side = Side.RIGHT if leads.left_id == shared.pk else Side.LEFT
            theirs = leads.left if side is Side.LEFT else leads.right
            if theirs.connection_id != feed.connection_id or theirs.pk == feed.pk:
                continue
            for id, contact in _decided_and_turned(leads, side, theirs, feed.object):
                now_is = feeds.survivors(feed.pk, [contact]).get(contact, contact)
                _hand_over((leads, side, id), (contacts, there, now_is), now)


def decided_leads(leads: Sync, side: Side, feed: Feed, before: float) -> set[str]:
    """Return the leads without a link, as far as is known still there, that were last read ``before`` a time (seconds)
    and of which is said that they have no partner, or another one than their keys say."""
    other = side.other
    said = (
        f"EXISTS (SELECT 1 FROM apart a WHERE a.sync_id=%s AND a.{side}_id=s.record_id AND a.{other}_id=%s) OR "
        f"EXISTS (SELECT 1 FROM link l WHERE l.sync_id=%s AND l.{side}_id=s.record_id AND l.state='ended' "
        "AND (l.ended_by=%s OR l.survivor=%s OR l.frozen=%s)) OR "
        "EXISTS (SELECT 1 FROM hold h WHERE h.sync_id=%s AND h.side=%s AND h.record_id=s.record_id AND h.data LIKE %s)"
    )
    linked = f"SELECT 1 FROM link l WHERE l.sync_id=%s AND l.{links.LIVE} AND l.{side}_id=s.record_id"
    old = "SELECT record_id FROM seen s WHERE feed_id=%s AND state='live' AND read_at<%s"
    of_links = (leads.pk, links.UNLINKED, str(side), links.PAUSED)
    of_holds = (leads.pk, str(side), '%"chosen":"%')
    asked = (feed.pk, before, leads.pk, leads.pk, ALONE, *of_links, *of_holds)
    found = db.rows(f"{old} AND NOT EXISTS ({linked}) AND ({said})", asked)
    return {str(id) for (id,) in found}


def _decided_and_turned(leads: Sync, side: Side, feed: Feed, object: str) -> list[tuple[str, str]]:
    """Return the leads that became records of an object and of which something is known, each with its contact."""
    known = (
        f"EXISTS (SELECT 1 FROM apart a WHERE a.sync_id=%s AND a.{side}_id=s.record_id) OR "
        f"EXISTS (SELECT 1 FROM link l WHERE l.sync_id=%s AND l.{side}_id=s.record_id AND l.state='ended')"
    )
    sql = f"SELECT record_id FROM seen s WHERE feed_id=%s AND state='converted' AND ({known}) ORDER BY record_id"
    rows = feeds.seen_by_id(feed.pk, [id for (id,) in db.rows(sql, (feed.pk, leads.pk, leads.pk))])
    return [(id, row.became[1]) for id, row in rows.items() if row.became and row.became[0] == object]


def _hand_over(lead: End, contact: End, now: float) -> bool:
    """Hand over what is known of a lead, and tell whether that was anything.

    A lead with a partner is nobody's no more, whatever was said before; nor is a contact that has one, or for which a
    person has chosen one.
    """
    leads, side, id = lead
    contacts, there, to = contact
    known = links.apart(leads, side, [id]).get(id, set())
    partner = holds.chosen(leads, side, [id]).get(id)
    ended = links.ended_by_record(leads, side, [id]).get(id)
    if not (known or partner or ended):
        return False
    its = links.live_by_record(leads, side, [id]).get(id)
    taken = links.live_by_record(contacts, there, [to]).get(to)
    chosen = holds.chosen(contacts, there, [to]).get(to)
    free = its is None and taken is None and chosen is None
    if free:
        left_out.hand_over(leads, side, id, contacts, there, to, lambda data: _said_there(data, side, there))
        if ended is not None:
            _hand_over_ended(ended, lead, contact, now)
            _hand_over_question(lead, contact, now)
    else:
        links.forget_apart(leads, side, id, [ALONE])
    links.copy_apart(leads, side, id, contacts, there, to)
    links.forget_apart(leads, side, id, [ALONE])
    if other := (taken.on(there.other) if taken else chosen):
        links.forget_apart(contacts, there, to, [other])
    if partner:
        holds.withdraw(leads, side, id)
        due.mark(leads, side.other, [partner])
        if free:
            _choose(contact, partner, now)
    _look_again(contacts, there.other, known - {ALONE})
    return True


def _hand_over_ended(ended: LinkRow, lead: End, contact: End, now: float) -> None:
    """Let a contact have had the link of a lead by which that waits for a person, by which nobody is made for it, or
    which a person had paused."""
    side = lead[1]
    contacts, there, to = contact
    partner = ended.on(side.other)
    strength = 0 if ended.by_conversion else ended.withholds(side)
    own = links.ended_by_record(contacts, there, [to]).get(to)
    stronger = strength > (own.withholds(there) if own else 0)
    if partner is None or not (stronger or ended.ended_by == links.UNLINKED or (ended.paused and own is None)):
        return
    ids = {there: to, there.other: partner}
    new = NewLink(ids[Side.LEFT], ids[Side.RIGHT], "ended", ended.rule, ended.reason, ended.id)
    [made] = links.create(contacts, [new], ended.created_at)
    survivor = there if ended.survivor == side and strength else None
    links.end(made, now if own else ended.ended_at or now, ended.ended_by, survivor)
    if ended.paused:
        links.pause(made, paused=True)


def _hand_over_question(lead: End, contact: End, now: float) -> None:
    """Ask of a contact what a person is asked of a lead that a merge has left over."""
    leads, side, id = lead
    contacts, there, to = contact
    link = links.ended_by_record(contacts, there, [to]).get(to)
    for hold in holds.of_records(leads, side, [id]):
        if hold.rule == merges.RULE and link is not None and link.by_merge:
            data = _said_there(hold.data, side, there) | {"links": [link.id]}
            holds.put(contacts, HoldRow(there, to, hold.rule, hold.reason, hold.kind, link_id=link.id, data=data), now)


def _choose(contact: End, partner: str, now: float) -> None:
    """Let the partner that was chosen for a lead be the contact's, if nobody has decided otherwise of either."""
    contacts, there, to = contact
    apart = links.apart(contacts, there, [to]).get(to, set())
    if not (
        holds.chosen(contacts, there.other, [partner])
        or apart & {partner, ALONE}
        or links.live_by_record(contacts, there.other, [partner])
    ):
        holds.choose(contacts, {there: to, there.other: partner}, now)
        _look_again(contacts, there.other, [partner])


def _look_again(sync: Sync, side: Side, ids: Iterable[str]) -> None:
    if not sync.deleted_at:
        due.mark(sync, side, ids)


def _said_there(data: Mapping[str, Any], side: Side, there: Side) -> dict[str, Any]:
    """Return what stands beside the hold of a lead in the words of the sync of the contacts, which knows no leads."""
    candidates = [[str(there.other), id] for each, id in data.get("candidates", ()) if each == side.other]
    rest = {key: value for key, value in data.items() if key not in ("candidates", "links", "chosen")}
    return {**rest, "candidates": candidates}
