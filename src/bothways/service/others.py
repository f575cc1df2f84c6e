"""Who else writes what a sync would write: asked when it gets on."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bothways.connectors.abilities import TellsWriters, WriteSeen
from bothways.engine.sides import SIDES, Side
from bothways.errors import AppError
from bothways.ledger import journal
from bothways.ledger.models import Feed, Sync
from bothways.service.document import SyncDocument
from bothways.service.resolution import Resolution, resolution
from bothways.service.revisions import latest_revision, one_sided_fields
from bothways.service.workspace import Workspace

Place = tuple[str, str]
"""An app and one of its objects."""

READ_ONLY = 4
"""Where, among the facts kept of a mapped field, it stands that the field cannot be written."""

SHOWN = 5
"""Fields named; more would not be read."""


class Other(NamedTuple):
    """Somebody who writes the same, in words, and as plain rows to be known again by: who, app, object, field."""

    words: str
    rows: list[list[str]]


def other_writers(workspace: Workspace, found: Resolution) -> list[Other]:
    """Return who else writes what a sync would write: syncs that are on, and other products seen at work."""
    return [*second_writers(workspace, found), *products_at_work(found)]


def second_writers(workspace: Workspace, found: Resolution) -> list[Other]:
    """Return which syncs that are on write the same fields of the same object. No record is read.

    The sync of the contacts is none for that of the leads, nor the other way round: they share no record.
    """
    document, neighbour = found.resolved.document, (found.resolved.neighbour or {}).get("sync")
    mine = dict(_of_resolution(found))
    told = []
    for other in workspace.document.syncs.values():
        if other.state != "on" or other.name in (document.name, neighbour) or not set(other.ends) & set(document.ends):
            continue
        for place, fields in _written(workspace, other).items():
            both = sorted(fields & mine.get(place, set()))
            if both:
                names = ", ".join(both[:SHOWN]) + (", ..." if len(both) > SHOWN else "")
                words = f"the sync {other.name} writes {names} of {place[1]} in {place[0]} too"
                told.append(Other(words, [[f"sync {other.name}", *place, field] for field in both]))
    return told


def products_at_work(found: Resolution) -> list[Other]:
    """Return which other products are seen writing the same fields, in apps that tell.

    A product is ours if one of its writes is one of the journal. An app that cannot be asked tells nothing.
    """
    told = []
    for side, (place, fields) in zip(SIDES, _of_resolution(found), strict=True):
        connector = found.apps[side].connector
        if not fields or not isinstance(connector, TellsWriters):
            continue
        try:
            seen = connector.writers(place[1], sorted(fields))
        except AppError:
            continue
        ours = _ours(place, seen)
        counts = Counter(each.name for each in seen if each.source not in ours)
        told += [
            Other(
                f"{name} writes {place[1]} in {place[0]} too (seen in {count} of the records changed last); "
                "pause it there first",
                [[f"product {name}", *place, ""]],
            )
            for name, count in counts.most_common()
        ]
    return told


def _ours(place: Place, seen: Sequence[WriteSeen]) -> set[str]:
    """Return the sources of which a write was made by one of our syncs, by the record and the time."""
    feed = Feed.objects.filter(connection__name=place[0], object=place[1]).first()
    if feed is None:
        return set()
    written = journal.written_at(feed, {each.record_id for each in seen})
    return {each.source for each in seen if journal.wrote_then(written.get(each.record_id, ()), each.at)}


def _of_resolution(found: Resolution) -> Iterator[tuple[Place, set[str]]]:
    spec, document = found.resolved.spec, found.resolved.document
    for side, place in zip(SIDES, document.ends, strict=True):
        names = {each.on(side).name for each in spec.fields if spec.writes(each, side)}
        yield place, names | {each.on(side).name for each in spec.one_sided} - {""}


def _written(workspace: Workspace, document: SyncDocument) -> dict[Place, set[str]]:
    """Return the fields that a sync writes: as last in force, else as its settings and the apps say."""
    row = Sync.objects.filter(name=document.name).first()
    stored = latest_revision(row).document if row is not None else {}
    if stored.get("settled"):
        return dict(_of_words(document, stored["applied"]))
    return dict(_of_resolution(resolution(workspace, document.name)))


def _of_words(document: SyncDocument, applied: Mapping[str, Any]) -> Iterator[tuple[Place, set[str]]]:
    for number, side in enumerate(SIDES):
        names = {
            row[number]
            for row, holds in zip(applied["fields"], applied["holds"], strict=True)
            if applied["sends"][1 - number] and row[2] in ("both", _to(side)) and not holds[number][READ_ONLY]
        }
        constants = {name for of_side, name in one_sided_fields(applied) if of_side == side}
        yield document.ends[number], names | constants


def _to(side: Side) -> str:
    return f"to {side}"
