"""Which other products write: told by the history of the properties of the records changed last."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bothways.connectors.base import WriteSeen
from bothways.connectors.hubspot.api import Api
from bothways.connectors.hubspot.objects import Kind
from bothways.errors import ProtocolError

SAMPLE = 50
"""Records looked at: as many as one read with histories answers."""

PRODUCTS = ("INTEGRATION", "SYNC")
"""[K] What the ``sourceType`` of a write by a program that was connected holds; people, forms and imports do not."""


def writers(api: Api, kind: Kind, fields: Sequence[str]) -> list[WriteSeen]:
    """Return the latest write by each product in each of the records changed last: two calls; raise ProtocolError."""
    body = {
        "filterGroups": [],
        "sorts": [{"propertyName": kind.modified, "direction": "DESCENDING"}],
        "properties": [kind.modified],
        "limit": SAMPLE,
    }
    rows = api.rows(api.body(api.ask(kind.name, "search", body, call="search", pool="search")))
    if not rows or not fields:
        return []
    asked = {"properties": [], "propertiesWithHistory": [*fields], "inputs": [{"id": str(row["id"])} for row in rows]}
    found = api.rows(api.body(api.ask(kind.name, "batch/read", asked, call="read histories")))
    try:
        return [each for row in found for each in _of_record(row)]
    except (AttributeError, TypeError, ValueError) as error:
        raise ProtocolError(app=api.app, reason="a history that is none") from error


def _seconds(entry: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(str(entry.get("timestamp"))).timestamp()


def _of_record(row: Mapping[str, Any]) -> Iterator[WriteSeen]:
    latest: dict[str, WriteSeen] = {}
    for entries in (row.get("propertiesWithHistory") or {}).values():
        for entry in entries:
            if not any(word in str(entry.get("sourceType")) for word in PRODUCTS):
                continue
            source = str(entry.get("sourceId") or entry.get("sourceType"))
            at = _seconds(entry)
            if source not in latest or at > latest[source].at:
                latest[source] = WriteSeen(source, str(entry.get("sourceLabel") or source), str(row["id"]), at)
    yield from latest.values()
