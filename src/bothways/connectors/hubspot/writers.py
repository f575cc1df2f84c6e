"""Who wrote what, and when: told by the histories of properties."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bothways.connectors.abilities import LastChange, WriteSeen
from bothways.connectors.hubspot.api import Api
from bothways.connectors.hubspot.objects import Kind
from bothways.errors import ProtocolError

PAGE = 50
"""Records that one read with histories answers; as many are looked at for products at work."""

PRODUCTS = ("INTEGRATION", "SYNC")
"""[K] What the ``sourceType`` of a write by a program that was connected holds; people, forms and imports do not."""

WORKFLOWS = ("AUTOMATION", "WORKFLOW")
"""[K] The same of a write by a workflow of the account itself."""

Row = Mapping[str, Any]


def writers(api: Api, kind: Kind, fields: Sequence[str], own: str) -> list[WriteSeen]:
    """Return the latest write by each product in each of the records changed last: two calls; raise ProtocolError.

    ``own`` is the number of our own app, which is left out, "" where it is not known.
    """
    body = {
        "filterGroups": [],
        "sorts": [{"propertyName": kind.modified, "direction": "DESCENDING"}],
        "properties": [kind.modified],
        "limit": PAGE,
    }
    rows = api.rows(api.body(api.ask(kind.name, "search", body, call="search", pool="search")))
    if not rows or not fields:
        return []
    found = _histories(api, kind, [str(row["id"]) for row in rows], fields)
    try:
        return [each for row in found for each in _of_record(row, own)]
    except (AttributeError, TypeError, ValueError) as error:
        raise _no_history(api) from error


def last_changes(
    api: Api, kind: Kind, ids: Sequence[str], fields: Sequence[str], own: str
) -> dict[str, dict[str, LastChange]]:
    """Return when, and by which program, properties got their values: a call for fifty records; raise ProtocolError.

    ``own`` is the number of our own app, which is not named, "" where it is not known. It is believed to be ours where
    the history of the property has it, as we have written there.
    """
    changes: dict[str, dict[str, LastChange]] = {}
    for start in range(0, len(ids) if fields else 0, PAGE):
        for row in _histories(api, kind, ids[start : start + PAGE], fields):
            try:
                known = {name: sorted(entries, key=_seconds, reverse=True) for name, entries in _entries(row)}
                changes[str(row["id"])] = {
                    name: _last_change(entries, own) for name, entries in known.items() if entries
                }
            except (AttributeError, TypeError, ValueError) as error:
                raise _no_history(api) from error
    return changes


def _histories(api: Api, kind: Kind, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Row]:
    asked = {"properties": [], "propertiesWithHistory": [*fields], "inputs": [{"id": id} for id in ids]}
    return api.rows(api.body(api.ask(kind.name, "batch/read", asked, call="read histories")))


def _no_history(api: Api) -> ProtocolError:
    return ProtocolError(app=api.app, reason="a history that is none")


def _entries(row: Row) -> Iterator[tuple[str, Sequence[Row]]]:
    yield from (row.get("propertiesWithHistory") or {}).items()


def _seconds(entry: Row) -> float:
    return datetime.fromisoformat(str(entry.get("timestamp"))).timestamp()


def _last_change(entries: Sequence[Row], own: str) -> LastChange:
    by, known = _by(entries, own), own in map(_source, entries)
    return LastChange(_seconds(entries[0]), by, bool(by) and not known and not _is(entries[0], WORKFLOWS))


def _by(entries: Sequence[Row], own: str) -> str:
    """Return the program that wrote the first of the entries, if it is not ours and another has written the second."""
    sources = [_source(entry) if _is(entry, PRODUCTS + WORKFLOWS) else "" for entry in entries[:2]]
    if len(sources) < 2 or not all(sources) or sources[0] in (own, sources[1]):
        return ""
    label = str(entries[0].get("sourceLabel") or sources[0])
    return f"the workflow {label}" if _is(entries[0], WORKFLOWS) else label


def _is(entry: Row, words: Sequence[str]) -> bool:
    return any(word in str(entry.get("sourceType")) for word in words)


def _source(entry: Row) -> str:
    """Return who wrote an entry: [K] of a write over the API the number of the app."""
    return str(entry.get("sourceId") or entry.get("sourceType"))


def _of_record(row: Row, own: str) -> Iterator[WriteSeen]:
    latest: dict[str, WriteSeen] = {}
    for _, entries in _entries(row):
        for entry in entries:
            if not _is(entry, PRODUCTS) or _source(entry) == own:
                continue
            source, at = _source(entry), _seconds(entry)
            if source not in latest or at > latest[source].at:
                latest[source] = WriteSeen(source, str(entry.get("sourceLabel") or source), str(row["id"]), at)
    yield from latest.values()
