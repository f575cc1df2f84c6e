"""Settings come into force by what concerns them, however many other syncs there are."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bothways.connectors.base import Page, Read, Ref
from bothways.ledger import feeds
from bothways.ledger.models import Feed, Sync
from bothways.records import Field, Record
from bothways.service import in_force
from bothways.service.database import used
from bothways.service.work import context
from bothways.service.workspace import Workspace, take_over_changes
from bothways.sync.lists import LISTS_EVERY, refresh_lists
from tests.memory_app import APPS, PEOPLE, MemoryApp, MemoryConnector
from tests.office import Office
from tests.service.meanwhile import LET_IN, Meanwhile

OTHERS = """\
version: 1
apps:
  Anna: {connector: memory}
  Bert: {connector: memory}
  Cleo: {connector: memory}
  Dora: {connector: memory}
syncs:
  people:
    state: on
    objects: {Anna: people, Bert: people}
"""
ANOTHER = """\
  other%d:
    objects: {Cleo: people, Dora: people}
"""


def queries_of_a_first_plan(folder: Path, others: int) -> int:
    folder.mkdir()
    office = Office(folder, OTHERS + "".join(ANOTHER % number for number in range(others)))
    apps = [MemoryApp(name, office.clock) for name in ("Cleo", "Dora")]
    assert all(app.add(email="dana@x.test") for app in apps)
    workspace = office.open()
    take_over_changes(workspace)
    with used(workspace.database):
        assert Sync.objects.count() == 1 + others
        with CaptureQueriesContext(connection) as found:
            office.plan()
        return len(found)


def test_settings_come_into_force_by_the_syncs_of_their_connections_alone(folder: Path) -> None:
    few, more = queries_of_a_first_plan(folder / "few", 1), 30
    grown = queries_of_a_first_plan(folder / "many", 1 + more) - few
    assert grown < more / 3, "a few depend on how long it takes, and none on how many other syncs there are"


TWO = """\
version: 1
apps:
  Anna: {connector: memory}
  Bert: {connector: memory}
  Cleo: {connector: memory}
syncs:
  people:
    state: on
    objects: {Anna: people, Bert: people}
    fields: [{Anna: email, Bert: email}]
  friends:
    state: on
    objects: {Anna: people, Cleo: people}
    send: {Anna: all, Cleo: none}
    fields: [{Anna: email, Cleo: email}]
"""


def two(folder: Path) -> Office:
    """Let two syncs be of the same people of Anna's."""
    fields = (*PEOPLE, Field("job", label="Job"), Field("city", label="City"))
    office = Office(folder, TWO, fields=fields)
    MemoryApp("Cleo", office.clock, fields=fields)
    return office


class OnlyWhatIsAsked:
    """Has apps answer with the fields that they are asked for, as most do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read, changes = MemoryConnector.read, MemoryConnector.changes

        def cut(record: Record, fields: Sequence[str]) -> Record:
            return replace(record, values={name: record.values.get(name) for name in fields})

        def read_these(app: MemoryConnector, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> list[Read]:
            found = read(app, object, refs, fields)
            return [replace(each, record=cut(each.record, fields) if each.record else None) for each in found]

        def changes_of(app: MemoryConnector, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
            for page in changes(app, object, cursor, fields):
                yield replace(page, seen=[replace(each, record=cut(each.record, fields)) for each in page.seen])

        monkeypatch.setattr(MemoryConnector, "read", read_these)
        monkeypatch.setattr(MemoryConnector, "changes", changes_of)


def test_feed_of_two_syncs_that_come_into_force_at_once_reads_what_both_need(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    OnlyWhatIsAsked(monkeypatch)
    office = two(folder)
    cleo = APPS["Cleo"]
    left, right = office.anna.add(email="dana@x.test", job="Cook"), office.bert.add(email="dana@x.test")
    cleo.add(email="dana@x.test", name="Dana")
    for name in ("people", "friends") * 3:
        office.run(sync=name)
    office.change("[{Anna: email, Bert: email}]", "[{Anna: email, Bert: email}, {Anna: job, Bert: job}]")
    office.change("[{Anna: email, Cleo: email}]", "[{Anna: email, Cleo: email}, {Anna: city, Cleo: city}]")
    workspace, read_what = office.open(), in_force._let_read
    other = Meanwhile(office, lambda own: _in_force(own, "friends"))

    def read_late(*given: Any, **more: Any) -> set[int]:
        changed = read_what(*given, **more)
        if other.thread.ident is None:
            other.thread.start()
            other.thread.join()
        return changed

    monkeypatch.setattr(in_force, "_let_read", read_late)
    _in_force(workspace, "people")
    monkeypatch.setattr(in_force, "_let_read", read_what)
    other.thread.join()
    assert other.failure is None
    with used(workspace.database):
        assert {"job", "city"} <= set(Feed.objects.get(connection__name="Anna").fields)
    office.bert.edit(right, job="Chef")
    office.run()
    office.run()
    assert office.anna.values(left)["job"] == office.bert.values(right)["job"] == "Cook", "no value is unknown"


def test_keys_that_another_sync_has_come_to_need_are_not_lost_to_a_run_at_work(folder: Path) -> None:
    office = two(folder)
    left, _ = office.pair("Dana", job="Cook")
    office.run(sync="friends")
    office.change("[{Anna: email, Cleo: email}]", "[{Anna: email, Cleo: email}]\n    match: [{Anna: job, Cleo: job}]")
    office.anna.edit(left, name="Dana Lee")
    other = Meanwhile(office, lambda own: _in_force(own, "friends"))
    office.anna.once("before", "changes", lambda: (other.thread.start(), other.thread.join()))
    office.run()
    assert other.failure is None
    with used(office.open().database):
        slots = dict(Feed.objects.get(connection__name="Anna").slots)
        [slot] = [name for name, parts in slots.items() if "job" in str(parts)]
        assert [slot for slot, _ in feeds.keys_of(Sync.objects.get(name="friends").left_id, [left])[left]].count(
            slot
        ) == 1


def test_lists_that_two_syncs_read_at_once_are_both_known(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = two(folder)
    ids = {name: office.anna.add(email=f"{name}@x.test", name=name) for name in ("vip", "gold")}
    office.anna.lists |= {name: [] for name in ids}
    office.change(
        "objects: {Anna: people, Bert: people}",
        "objects: {Anna: people, Bert: people}\n    send: {Anna: {filter: {list: vip}}}",
    )
    office.change("send: {Anna: all, Cleo: none}", "send: {Anna: {filter: {list: gold}}, Cleo: none}")
    office.run(sync="people")
    office.anna.lists |= {name: list(ids.values()) for name in ids}
    office.clock.advance(LISTS_EVERY)
    ready, go_on, in_lists = threading.Event(), threading.Event(), feeds.in_lists

    def read_later(own: Workspace) -> None:
        with used(own.database):
            ctx = context(own, "friends")
            ready.set()
            assert go_on.wait(30)
            refresh_lists(ctx)

    other = Meanwhile(office, read_later)
    other.thread.start()

    def look_early(feed: int) -> Any:
        found = in_lists(feed)
        if not go_on.is_set():
            go_on.set()
            other.thread.join(LET_IN)
        return found

    monkeypatch.setattr(feeds, "in_lists", look_early)
    assert ready.wait(30)
    workspace = office.open()
    with used(workspace.database):
        refresh_lists(context(workspace, "people"))
        other.thread.join()
        assert other.failure is None
        assert in_lists(Feed.objects.get(connection__name="Anna").pk) == dict.fromkeys(
            ids.values(), frozenset(("gold", "vip"))
        )


def _in_force(workspace: Workspace, name: str) -> None:
    with used(workspace.database):
        context(workspace, name)
