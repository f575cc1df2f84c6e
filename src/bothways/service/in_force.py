"""Bring the ledger in line with the settings: what the feeds read, which keys they keep, what is due.

Run before every plan and every run, by who has the turn of the sync; it does nothing where nothing has changed. Each
step can be done again after a crash: the last one, in one transaction, says that all of it is done.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from bothways.engine.deletes import Deletes
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import (
    FieldMap,
    MatchRule,
    SyncSpec,
    feed_slots,
    key_of,
    reference_slots,
    slot_of_names,
    sync_slots,
)
from bothways.ledger import causes, db, due, looking
from bothways.ledger.models import Feed, Revision, Sync
from bothways.records import Field, recipe_of
from bothways.records.normal import NORM_VERSION
from bothways.service.associations import stored_associations
from bothways.service.document import CONSENT, FieldDocument, SyncDocument
from bothways.service.door import Schema
from bothways.service.pairs_in_force import newly_paired
from bothways.service.revisions import add_revision, latest_revision, one_sided_fields
from bothways.service.scope import stored_fields, stored_scope
from bothways.service.spec import Resolved, Unfit
from bothways.sync.absorb import compute_keys, replace_keys
from bothways.sync.context import Context, End
from bothways.sync.poll import refresh

PAGE = 400


def bring_in_force(ctx: Context, resolved: Resolved, schema: Schema) -> None:
    """Let changed settings take effect: what the change touches is looked at again (row R14).

    ``schema``: the fields that both apps have by now. No feed reads any other for a sync that has not run since.
    """
    revision = latest_revision(ctx.sync)
    applied = in_words(resolved)
    before = revision.document["applied"]
    labels = labels_of(resolved)
    stands = before == applied and revision.document["settled"] and revision.document.get("labels") == labels
    reads = all(_reads(end.feed, ctx.sync, before) for end in (*ctx.ends.values(), *ctx.called.values()))
    there = all(_is_there(name, schema[end.side]) for end in ctx.ends.values() for name in end.feed.fields)
    if stands and reads and there:
        return
    taken_back = connection.in_atomic_block  # as all is by a plan by a file that is not saved: nobody is to wait for it
    changed = _let_read(ctx, applied, schema, alone=not taken_back)
    for end in ctx.ends.values():
        if _keys(before, end.side) != _keys(applied, end.side) or not reads:
            needed = {each.on(end.side).name for each in ctx.spec.fields if each.through or end.side in each.named}
            _compute_keys(ctx, end, needed | ctx.spec.match_fields(end.side))
    for end in ctx.called.values():
        if end.feed.pk in changed:
            _compute_keys(ctx, end, {name for object, name, *_ in _called(ctx.spec, end.side) if object == end.object})
    with db.transaction_():
        _let_read(ctx, applied, schema, alone=not taken_back)  # others may have come into force meanwhile
        document = {**revision.document, "applied": applied, "settled": True, "labels": labels}
        if before != applied and revision.document["settled"]:
            add_revision(ctx.sync, document, "the apps' fields, or a sync that it needs, changed", ctx.clock())
        else:
            Revision.objects.filter(pk=revision.pk).update(document=document)
        ctx.sync.slots = sync_slots(ctx.spec.match)
        ctx.sync.save(update_fields=["slots"])
        which = touched(before, applied) if reads else Touched.EVERYTHING
        _look_again(ctx.sync, which)
        if which is Touched.PAIRED:
            causes.mark_held_by(ctx.sync, newly_paired(before, applied) or ())


class Touched(StrEnum):
    """Which records a change of the settings touches: those that wait for more pairs of values, all those that wait,
    or also those without a link, or all."""

    PAIRED = "paired"
    HELD = "held"
    UNLINKED = "unlinked"
    EVERYTHING = "everything"


TOUCHES: Mapping[str, Touched] = {
    "off": Touched.HELD,
    "default": Touched.HELD,
    "wins": Touched.HELD,
    "set": Touched.HELD,
    "unfit": Touched.HELD,
    "tags": Touched.HELD,
    "match": Touched.UNLINKED,
    "slots": Touched.UNLINKED,
    "match_fields": Touched.UNLINKED,
    "roles": Touched.UNLINKED,
    "norm": Touched.UNLINKED,
    "phones": Touched.UNLINKED,
    "sends": Touched.UNLINKED,
}
"""What a change of each part of the exact settings touches; everything, where it is not named.

A link, once made, stays whatever the match rules say; and a pair that agreed on what it holds does not differ by
another default app, or by a direction that was opened.
"""


def touched(before: Mapping[str, Any] | None, applied: Mapping[str, Any]) -> Touched | None:
    """Return which records must be looked at again by new exact settings, None if none must."""
    if before is None:
        return Touched.EVERYTHING
    changed = [part for part in {**before, **applied} if before.get(part) != applied.get(part)]
    found = {TOUCHES.get(part, Touched.EVERYTHING) for part in changed if part not in ("fields", "holds")}
    if "fields" in changed or "holds" in changed:
        found.add(_by_fields(before, applied))
    return max(found, key=list(Touched).index, default=None)


def _by_fields(before: Mapping[str, Any], applied: Mapping[str, Any]) -> Touched:
    if newly_paired(before, applied) is not None:
        return Touched.PAIRED
    return Touched.HELD if _only_fewer(before, applied) else Touched.EVERYTHING


def _only_fewer(before: Mapping[str, Any], applied: Mapping[str, Any]) -> bool:
    """Tell whether mappings were only taken away, or put in another order: the others stay as they are."""
    was = list(zip(before["fields"], before["holds"], strict=True))
    return all(each in was for each in zip(applied["fields"], applied["holds"], strict=True))


def _look_again(sync: Sync, which: Touched | None) -> None:
    """Mark as due what new settings touch, in the caller's transaction."""
    if which is Touched.EVERYTHING:
        due.mark_everything(sync)
    elif which in (Touched.HELD, Touched.UNLINKED):
        due.mark_held(sync)
        if which is Touched.UNLINKED:
            due.mark_unlinked(sync)


def in_words(resolved: Resolved) -> dict[str, Any]:
    """Return the exact settings as plain data: two of them are equal if a plan would be the same."""
    spec = resolved.spec
    return {
        "fields": _rows(resolved, spec.fields),
        "off": _rows(resolved, resolved.switched_off),
        "holds": [[_holds(each.on(side)) for side in SIDES] for each in spec.fields],
        "match": [_match(rule) for rule in spec.match],
        "slots": [[*feed_slots(spec.match, side), *reference_slots(spec.fields, side)] for side in SIDES],
        "match_fields": [sorted(spec.match_fields(side)) for side in SIDES],
        "roles": [{role: list(names) for role, names in spec.roles[side].items()} for side in SIDES],
        "norm": NORM_VERSION,
        "default": str(spec.default),
        "sends": [spec.sends[side] for side in SIDES],
        **({"set": constants} if (constants := constants_in_words(resolved.document)) else {}),
        **({"tags": tags} if (tags := tags_in_words(resolved.document)) else {}),
        "scope": stored_scope(spec.scope),
        **({"wins": str(spec.wins)} if spec.wins else {}),
        **(
            {"consent": consent}
            if (consent := [[each.key, list(each.consent)] for each in spec.fields if each.consent])
            else {}
        ),
        **({"deletes": stored_deletes(spec.deletes)} if spec.deletes.removals else {}),
        **({"called": called} if (called := [_called(spec, side) for side in SIDES]) != [[], []] else {}),
        **({"associations": stored_associations(resolved.associations)} if resolved.associations else {}),
        **({"phones": phones} if (phones := [_phones(spec, side) for side in SIDES]) != [[], []] else {}),
        **(
            {"labels": labels}
            if (labels := [[each.name for each in spec.labels[side]] for side in SIDES]) != [[], []]
            else {}
        ),
        **({"neighbour": dict(resolved.neighbour)} if resolved.neighbour else {}),
        **({"unfit": unfit} if (unfit := [_unfit(each) for each in resolved.unfit]) else {}),
    }


def _unfit(each: Unfit) -> list[Any]:
    """Return a mapping that is left out as plain data, with the reason."""
    names = [each.document.names[side] for side in SIDES]
    way = f"to {each.document.to}" if each.document.to else "both"
    return [*names, way, each.document.enabled, each.error.code, each.error.said]


def _phones(spec: SyncSpec, side: Side) -> list[list[Any]]:
    """Return the mapped phone numbers of one side of which a country may be known: of the account, in which fields."""
    fields = [each.on(side) for each in spec.fields]
    return [[each.name, each.region, list(each.countries)] for each in fields if each.region or each.countries]


def _called(spec: SyncSpec, side: Side) -> list[list[str]]:
    """Return the objects of one side whose records are known by their names, each with the field of the name.

    Where the name is an e-mail address, that stands behind it.
    """
    maps = [each for each in spec.fields if side in each.named]
    return sorted(
        [str(each.on(side).refers_to), recipe.named, *(["email"] if each.by_email else [])]
        for each in maps
        if (recipe := recipe_of(each.on(side).name))
    )


def stored_deletes(deletes: Deletes) -> dict[str, Any]:
    """Return what becomes of the partners of deleted records as plain data."""
    return {"removals": {str(side): str(each) for side, each in deletes.removals.items()}, "grace": deletes.grace}


def constants_in_words(document: SyncDocument) -> list[list[Any]]:
    """Return the constants as plain rows: side, field, value, when."""
    return [[str(each.side), each.field, each.value, str(each.when)] for each in document.constants]


def tags_in_words(document: SyncDocument) -> list[list[Any]]:
    """Return the tags as plain rows: side, field, value, occasion."""
    return [[str(each.side), each.field, each.value, str(each.occasion)] for each in document.tags]


def _rows(resolved: Resolved, maps: Iterable[FieldMap]) -> list[list[Any]]:
    """Return mappings as plain rows; the policies of one come last, and only where it has any."""
    written = {key_of(each.names[Side.LEFT], each.names[Side.RIGHT]): each for each in resolved.document.fields or ()}
    rows = []
    for each in maps:
        policies = policies_of(written[each.key]) if each.key in written else {}
        policies |= {"through": each.through} if each.through else {}
        row = [each.left.name, each.right.name, str(each.direction), each.winner, each.clearing_follows]
        rows.append([*row, policies] if policies else row)
    return rows


def policies_of(each: FieldDocument) -> dict[str, Any]:
    """Return what a mapping has beside its direction, its winner and its way with empty values."""
    found = {
        "only": str(each.only) if each.only else None,
        "clean": list(each.clean),
        "values": [list(pair) for pair in each.values or ()],
        "other": str(each.other) if each.other else None,
        "consent": {str(side): CONSENT[out] for side, out in zip(SIDES, each.consent or (), strict=False)},
        "defaults": {str(side): option for side, option in each.defaults.items()},
    }
    return {name: value for name, value in found.items() if value}


def _match(rule: MatchRule) -> list[Any]:
    """Return a match rule as plain data: what is compared, the fields of both sides in words, and all else."""
    compared = " + ".join(part.compare for part in rule.on(Side.LEFT)[0])
    fields = [" or ".join(" + ".join(" ".join(part.fields) for part in key) for key in rule.on(side)) for side in SIDES]
    told = [compared, *fields, rule.name, str(rule.finding), list(rule.guards), rule.most, rule.tells_apart]
    return [*told, "small groups"] if rule.small_groups else told


def _holds(field: Field) -> list[Any]:
    """Return what a field can hold: when that changes, what did not fit may fit now."""
    options = [[option.key, option.label] for option in field.options]
    held = [str(field.type), options, field.max_length, field.precision, field.read_only, field.multi_valued]
    more = [str(field.items)] if field.items else ["forward only"] if field.forward_only else []
    return [*held, *more]


def labels_of(resolved: Resolved) -> dict[str, dict[str, str]]:
    """Return what people call the mapped fields, per side by name."""
    associated = (mapping for each in resolved.associations for mapping in each.maps)
    maps = (*resolved.spec.fields, *resolved.switched_off, *associated)
    labels = {str(side): {each.on(side).name: each.on(side).title for each in maps} for side in SIDES}
    for constant in (*resolved.spec.constants, *(each.constant for each in resolved.spec.tags)):
        labels[constant.side][constant.field.name] = constant.field.title
    return labels


def _read_what_is_needed(
    feed: Feed, sync: Sync, applied: Mapping[str, Any], schema: Mapping[str, Field] | None = None
) -> bool:
    """Let a feed read the fields and keep the keys of every sync that uses it; tell whether that changed.

    Of the other syncs only those in the ``schema`` are read, if it is known: an app would refuse any other.
    """
    names, slots = _needed(feed, sync, applied)
    for other in _of_connection(feed).exclude(pk=sync.pk):
        theirs = _needed(feed, other, latest_revision(other).document["applied"])
        names |= {name for name in theirs[0] if schema is None or _is_there(name, schema)}
        slots |= theirs[1]
    wanted, kept = sorted(names), [[slot, slots[slot]] for slot in sorted(slots)]
    if (feed.fields, feed.slots) == (wanted, kept):
        return False
    feed.fields, feed.slots = wanted, kept
    feed.save(update_fields=["fields", "slots"])
    return True


def _reads(feed: Feed, sync: Sync, applied: Mapping[str, Any] | None) -> bool:
    """Tell whether a feed reads the fields and keeps the keys that a sync needs of it."""
    names, slots = _needed(feed, sync, applied)
    return names <= set(feed.fields) and slots.keys() <= {slot for slot, _ in feed.slots}


def _let_read(ctx: Context, applied: Mapping[str, Any], schema: Schema, *, alone: bool) -> set[int]:
    """Let the feeds read what is needed of them, and return the ids of those for which that is news.

    ``alone``: with no other sync that uses them coming into force at the moment: of two that do, neither would know
    what the other one needs.
    """
    ends = [*ctx.ends.values(), *ctx.called.values()]
    changed = set[int]()
    with db.transaction_():
        if alone:
            db.lock_sync(ctx.sync.pk)  # before its feeds: so it is done where settings are saved
            rows = Feed.objects.select_for_update().filter(pk__in={end.feed.pk for end in ends}).order_by("pk")
            now = {row.pk: (row.fields, row.slots) for row in rows}
            for end in ends:
                end.feed.fields, end.feed.slots = now[end.feed.pk]
        for end in ends:
            known = schema[end.side] if end in ctx.ends.values() else None
            if _read_what_is_needed(end.feed, ctx.sync, applied, known):
                changed.add(end.feed.pk)
    return changed


def _is_there(name: str, schema: Mapping[str, Field]) -> bool:
    """Tell whether a field can be read: the app has it, or it is made of others."""
    return name in schema or recipe_of(name) is not None


def fields_in_use(feed: Feed) -> list[str]:
    """Return the fields that a feed reads for the syncs that are on, by the settings in force."""
    names = set[str]()
    for sync in _of_connection(feed).filter(state="on", deleted_at=0):
        names |= _needed(feed, sync, latest_revision(sync).document["applied"])[0]
    return sorted(names)


def _of_connection(feed: Feed) -> QuerySet[Sync]:
    """Return the syncs that use the connection of a feed: those that read it, and those that know names by it."""
    ours = Q(left__connection=feed.connection_id) | Q(right__connection=feed.connection_id)
    found: QuerySet[Sync] = Sync.objects.select_related("left", "right").filter(ours)
    return found


def _needed(feed: Feed, sync: Sync, applied: Mapping[str, Any] | None) -> tuple[set[str], dict[str, Any]]:
    """Return the fields that a sync reads of a feed, and the slots it keeps there: as a side of it, and for names."""
    names, slots = set[str](), dict[str, Any]()
    for number, own in enumerate((sync.left, sync.right)):
        if own.pk == feed.pk:
            names |= _fields(applied, SIDES[number])
            slots |= _slots(applied, SIDES[number])
        called = (applied or {}).get("called", ((), ()))[number]
        for object, name, *email in called:
            if (own.connection_id, object) == (feed.connection_id, feed.object):
                names.add(name)
                slots |= [slot_of_names(name, email=bool(email))]
    return names, slots


def _fields(applied: Mapping[str, Any] | None, side: Side) -> set[str]:
    place = SIDES.index(side)
    if applied is None:
        return set()
    constants = {name for of_side, name in one_sided_fields(applied) if of_side == side}
    return (
        {each[place] for each in applied["fields"]}
        | set(applied.get("match_fields", ((), ()))[place])
        | {name for *_, countries in applied.get("phones", ((), ()))[place] for name in countries}
        | constants
        | stored_fields(applied, side)
        | set(applied.get("labels", ((), ()))[place])
    )


def _slots(applied: Mapping[str, Any] | None, side: Side) -> dict[str, Any]:
    """Return the slots that a sync wants a feed to keep: their names, and what their keys are made of."""
    return dict(applied["slots"][SIDES.index(side)]) if applied and "slots" in applied else {}


def _keys(applied: Mapping[str, Any] | None, side: Side) -> object:
    """Return what the keys of a side, and what its guards look at, depend on."""
    if not applied or "slots" not in applied:
        return None
    return _slots(applied, side), applied["match_fields"][SIDES.index(side)], applied["norm"]


def _compute_keys(ctx: Context, end: End, needed: Collection[str]) -> None:
    """Give every record known its keys, reading those that lack a field ``needed`` for them."""
    after = ""
    while rows := looking.live_page(end.feed.pk, after, PAGE):
        after = rows[-1].id
        lacking = {row.id for row in rows if any(name not in (row.values or {}) for name in needed)}
        known = {row.id: row for row in rows} | refresh(ctx, end, lacking)
        with db.transaction_():
            keys = {row.id: compute_keys(end.feed, row.values) for row in known.values() if row.live and row.values}
            replace_keys(end.feed, keys)
