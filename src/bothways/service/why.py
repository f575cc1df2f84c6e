"""Why a record holds what it holds: everything written to it, by which run and rule, in one plain sentence."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from bothways.engine.fields import ONLY_RULES
from bothways.engine.rules import because
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Only, key_of
from bothways.errors import UnknownField
from bothways.ledger import history, holds, journal, left_out
from bothways.ledger.journal import Entry, FieldWrite
from bothways.ledger.models import Sync
from bothways.records import Field as RecordField
from bothways.records import Value, canonical, is_blank
from bothways.service.database import on_database
from bothways.service.describing import Found, describe
from bothways.service.document import SyncDocument
from bothways.service.former import as_a_lead
from bothways.service.history import day_of
from bothways.service.records import find
from bothways.service.resolution import row_of
from bothways.service.revisions import latest_revision, one_sided_fields
from bothways.service.views import Event, FieldStory, WhyView
from bothways.service.workspace import Workspace
from bothways.service.yaml_file import nearest
from bothways.sync import conversions

WHAT = {
    "link": "linked",
    "create": "created",
    "archive": "deleted",
    "undo": "put back",
    "unlink": "no longer linked",
}
"""What a write is called, by its kind; all others are ``written``."""

PUT_BACK = ("update", "undo")
"""Kinds of writes of which a single field can be put back."""

NOT_DONE = {"failed": "refused", "dropped": "not written", "intent": "about to be written", "in_flight": "sent"}


@on_database
def why(workspace: Workspace, name: str, record: str, field: str | None = None) -> WhyView:
    """Return the story of each mapped field of a record, or of one; ``field`` is a name or label in either app, or
    the key of a mapping."""
    sync, found = find(workspace, name, record)
    document = workspace.sync(name)
    stored = latest_revision(sync).document
    rows = (stored["applied"] or {"fields": []})["fields"]
    maps = _maps(stored)
    narrowed = {
        key_of(left, right): more[0]["only"] for left, right, _, _, _, *more in rows if more and "only" in more[0]
    }
    labels = {side: (stored.get("labels") or {}).get(side, {}) for side in SIDES}
    if field is not None:
        maps = _chosen(document, maps, labels, field)
    entries = _entries(sync, found)
    gone_before = _gone_before(sync, found)
    teller = _Teller(workspace, document, sync, found, labels, narrowed, gone_before)
    teller.kept = history.still_there(each.run_id for each in entries)
    stories = tuple(teller.story(names, entries) for names in maps)
    view = describe(sync, document, [found], workspace.clock())[0]
    if found.link is None or found.link.state != "active":
        issue = next((f"h_{each.hold_id}" for _, each in teller.out), "")
        return WhyView(view, stories, gone_before=gone_before, left_out=issue)
    return WhyView(view, stories, found.link.reason, found.link.created_at, gone_before)


def keys_called(workspace: Workspace, name: str, field: str) -> frozenset[str]:
    """Return the keys of the mappings in which a field, by its name or label in either app, is; raise UnknownField."""
    stored = latest_revision(row_of(workspace, name)).document
    labels = {side: (stored.get("labels") or {}).get(side, {}) for side in SIDES}
    return frozenset(map(_key, _chosen(workspace.sync(name), _maps(stored), labels, field)))


def _key(names: Mapping[Side, str]) -> str:
    return key_of(*(names.get(side, "") for side in SIDES))


def _maps(stored: Mapping[str, Any]) -> list[dict[Side, str]]:
    """Return the names of the mapped fields by side; of a field that is only set, its one name."""
    applied = stored["applied"] or {"fields": []}
    maps = [dict(zip(SIDES, each[:2], strict=True)) for each in applied["fields"]]
    constants = [{Side(side): name} for side, name in dict.fromkeys(one_sided_fields(applied))]
    return maps + [each for each in constants if not any(each.items() <= names.items() for names in maps)]


def _chosen(
    document: SyncDocument, maps: list[dict[Side, str]], labels: Mapping[Side, Mapping[str, str]], field: str
) -> list[dict[Side, str]]:
    exact = [names for names in maps if _key(names) == field]
    if exact:
        return exact
    wanted = field.casefold()

    def called(names: Mapping[Side, str]) -> set[str]:
        return {word.casefold() for side, name in names.items() for word in (name, labels[side].get(name, name))}

    chosen = [names for names in maps if wanted in called(names)]
    if not chosen:
        known = {name for names in maps for name in names.values()}
        raise UnknownField(app=document.name, object="the mappings", field=field, hint=nearest(field, known))
    return chosen


def _entries(sync: Sync, found: Found) -> list[Entry]:
    """Return everything written for the pair and to its two records, newest first, its time as a lead included."""
    entries = {each.id: each for each in (journal.of_link(found.link.id) if found.link else ())}
    if found.link is not None and found.link.came_from is not None:
        entries |= {each.id: each for each in as_a_lead(sync, found.link.came_from)}
    for side, id in found.ids.items():
        if id:
            entries |= {each.id: each for each in journal.of_record(sync, side, id)}
    return sorted(entries.values(), key=lambda each: each.id, reverse=True)


def _gone_before(sync: Sync, found: Found) -> float | None:
    """Return the time before which history is gone, if the record was known by then."""
    gone = history.gone_before(sync)
    known = [row.first_seen_at for row in found.rows.values() if row]
    known += [found.link.created_at] if found.link else []
    return gone if gone and min(known, default=0.0) < gone else None


class _Teller:
    """Tells the stories of one record."""

    def __init__(
        self,
        workspace: Workspace,
        document: SyncDocument,
        sync: Sync,
        found: Found,
        labels: Mapping[Side, Mapping[str, str]],
        narrowed: Mapping[str, str],
        gone_before: float | None,
    ) -> None:
        self.gone_before, self.kept = gone_before, set[int]()
        self.apps, self.labels, self.found, self.now = document.apps, labels, found, workspace.clock()
        self.narrowed = {key: Only(only) for key, only in narrowed.items()}
        single = {} if found.link else {side: id for side, id in found.ids.items() if id}
        self.out = [
            (self.apps[side], each)
            for side, id in single.items()
            for each in left_out.of_records(sync, side, [id]).values()
        ]
        self.holds = [hold for side, id in found.ids.items() if id for hold in holds.of_records(sync, side, [id])]

    def story(self, names: Mapping[Side, str], entries: list[Entry]) -> FieldStory:
        """Return why one field holds what it holds."""
        key = _key(names)
        written = [(entry, entry.writes[key]) for entry in entries if key in entry.writes]
        values = {
            self.apps[side]: (row.values or {}).get(names[side])
            for side, row in self.found.rows.items()
            if row and side in names
        }
        standing = self._standing(values, written)
        events = [*self._held(key), *(self._event(entry, write, standing) for entry, write in written)]
        return FieldStory(
            {self.apps[side]: self.labels[side].get(names[side], names[side]) for side in names},
            values,
            self._sentence(names, values, written) + self._left_alone(key, values),
            tuple(sorted(events, key=lambda event: event.at, reverse=True)),
            key,
        )

    def _standing(self, values: Mapping[str, Value], written: list[tuple[Entry, FieldWrite]]) -> set[int]:
        """Return the entries whose value the app still holds: of each app the last one that has landed, or none."""
        latest: dict[Side, tuple[Entry, FieldWrite]] = {}
        for entry, write in written:
            if entry.state == "done" and write.landed and entry.kind != "unlink":
                latest.setdefault(entry.side, (entry, write))
        return {
            entry.id
            for entry, write in latest.values()
            if _equal(values.get(self.apps[entry.side]), write.after if write.stored is None else write.stored)
        }

    def _left_alone(self, key: str, values: Mapping[str, Value]) -> str:
        """Say by which policy of its mapping a difference stays."""
        if key not in self.narrowed or len(values) < 2 or _equal(*values.values()):
            return ""
        return f"; {because(ONLY_RULES[self.narrowed[key]])}"

    def _held(self, key: str) -> Iterator[Event]:
        for hold in self.holds:
            if hold.field in ("", key):
                app = self.apps[Side(hold.side)]
                yield Event(hold.opened_at, app, "held", None, hold.data.get("value"), "", hold.rule, hold.reason)
        for app, each in self.out:
            yield Event(each.at, app, "left out", None, None, "", "R10", each.why)

    def _event(self, entry: Entry, write: FieldWrite, standing: set[int]) -> Event:
        what = "became a contact" if entry.rule == conversions.RULE else WHAT.get(entry.kind, "written")
        if entry.state != "done":
            what = NOT_DONE[entry.state]
        elif not write.landed:
            what = "ignored by the app"
        elif write.conflict:
            what = "written over a change"
        after = write.after if write.stored is None else write.stored
        reason = entry.message if entry.state == "failed" and entry.message else write.reason
        at = entry.done_at or entry.created_at
        stands, gone = entry.id in standing, entry.run_id not in self.kept
        undoable = stands and entry.kind in PUT_BACK and not _equal(write.before, after) and not self._as_a_lead(entry)
        app, run = self.apps[entry.side], f"r_{entry.run_id}"
        return Event(at, app, what, write.before, after, run, write.rule, reason, stands, undoable and not gone, gone)

    def _as_a_lead(self, entry: Entry) -> bool:
        """Tell whether it was written by another sync, of the leads."""
        link = self.found.link
        return link is not None and link.came_from is not None and entry.link_id == link.came_from

    def _sentence(
        self, names: Mapping[Side, str], values: Mapping[str, Value], written: list[tuple[Entry, FieldWrite]]
    ) -> str:
        """Say where the value comes from: the last write that still stands, else that no run wrote it."""
        for entry, write in written:
            now = values.get(self.apps[entry.side])
            kept = write.after if write.stored is None else write.stored
            if entry.state == "done" and write.landed and entry.kind != "unlink":
                if not _equal(now, kept):
                    break
                at, app = moment(entry.done_at or entry.created_at, self.now), self.apps[entry.side]
                return f"{shown(now)} since {at} in {app}, written by run r_{entry.run_id}, because {write.reason}"
        held = [f"{shown(value)} in {app}" for app, value in values.items()]
        tail = "typed or imported there; no run wrote it" if not written else "changed there after the last write"
        if not written and self.gone_before is not None:
            day = day_of(self.gone_before)
            tail = f"no run wrote it after {day}; what was written before is no longer kept"
        return f"{', '.join(held)}: {tail}"


_TEXT = RecordField("text")


def _equal(left: Value, right: Value) -> bool:
    return canonical(left, _TEXT) == canonical(right, _TEXT) if _simple(left, right) else left == right


def _simple(*values: Value) -> bool:
    return all(value is None or isinstance(value, str) for value in values)


def shown(value: Value) -> str:
    """Return a value as people read it in a sentence."""
    if is_blank(value):
        return "(empty)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(shown(each) for each in value)
    if isinstance(value, Mapping):
        return shown(value.get("value"))
    return " ".join(str(value).split())


def moment(at: float, now: float) -> str:
    """Return a time as people read it: of today as 09:41, any other with its day."""
    then, today = time.localtime(at), time.localtime(now)
    same_day = then[:3] == today[:3]
    return time.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M", then)
