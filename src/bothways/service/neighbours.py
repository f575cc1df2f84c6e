"""The sync of the contacts, for one of leads, and the other way round: found by what both apps say of their objects."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from bothways.engine.scope import Scope
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding
from bothways.ledger.models import Sync
from bothways.service.associations import is_turned
from bothways.service.document import SyncDocument
from bothways.service.revisions import latest_revision
from bothways.service.scope import scope_in_force
from bothways.sync.context import Neighbour

LEAD, PERSON = "Lead", "Person"
"""The meanings of the two objects."""

Meaning = Callable[[str, str], str | None]
"""Tells what an object of an app holds, by the names of both."""


def neighbour_of(document: SyncDocument, others: Collection[SyncDocument], meaning: Meaning) -> SyncDocument | None:
    """Return the sync of the same two apps that has one object in common, and contacts where ours has leads, or leads.

    One that is on goes before one that is not.
    """
    apps, ends = document.pair, set(document.ends)
    found = [each for each in others if each.pair in (apps, apps[::-1]) and each.name != document.name]
    found = [each for each in found if len(ends.intersection(each.ends)) == 1]
    fits = [
        each for each in found if {meaning(*_own(document, each)), meaning(*_own(each, document))} == {LEAD, PERSON}
    ]
    return next((each for each in fits if each.state == "on"), next(iter(fits), None))


def _own(document: SyncDocument, other: SyncDocument) -> tuple[str, str]:
    """Return the end that a sync has and the other has not."""
    return next(end for end in document.ends if end not in other.ends)


def stored_neighbour(document: SyncDocument, neighbour: SyncDocument, meaning: Meaning) -> dict[str, Any]:
    """Return what of a neighbour sync decides about the records of ours, as plain data."""
    row = Sync.objects.get(name=neighbour.name)
    applied = latest_revision(row).document["applied"] or {}
    links = [each[4] == Finding.LINK for each in applied.get("match", ())]
    slots = [pair for pair, linking in zip(row.slots, links, strict=False) if linking]
    return {
        "sync": neighbour.name,
        "leads": meaning(*_own(neighbour, document)) == LEAD,
        "shared": next(str(side) for side in SIDES if document.ends[SIDES.index(side)] in neighbour.ends),
        "turned": is_turned(document, neighbour),
        "on": neighbour.state == "on",
        "slots": slots,
        "sends": [neighbour.sends[side] for side in SIDES],
        **({"scope": applied["scope"]} if "scope" in applied else {}),
    }


def neighbour_in_force(stored: Mapping[str, Any]) -> Neighbour | None:
    """Return a neighbour sync as a run knows it; None if it is no more."""
    row = Sync.objects.select_related("left", "right").filter(name=stored["sync"], deleted_at=0).first()
    if row is None:
        return None
    applied = latest_revision(row).document["applied"] or {"fields": []}
    return Neighbour(
        row,
        Side(stored["shared"]),
        stored["leads"],
        stored["turned"],
        stored["on"],
        [(left, right) for left, right, *_ in applied["fields"]],
        [(left, right) for left, right in stored["slots"]],
        scope_in_force(stored) if "scope" in stored else Scope(),
        dict(zip(SIDES, stored["sends"], strict=True)),
    )


def in_words(stored: Mapping[str, Any]) -> str:
    """Say what becomes of leads, in the sync of the leads or of the contacts."""
    name, off = stored["sync"], "" if stored["on"] else " (which is not on)"
    if stored["leads"]:
        return f'kept by the sync "{name}"{off}; a contact goes before a lead'
    return f'left out where there is a contact; handed over to the sync "{name}"{off} when they become one'
