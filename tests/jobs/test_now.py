"""Runs, plans and undos as a person asks for them."""

import sqlite3
import threading
from pathlib import Path

import pytest

from bothways.errors import (
    AppUnreachable,
    ConfirmationNeeded,
    DatabaseLocked,
    DiskFull,
    PlanOutdated,
    SecondRunner,
    StoppedByBrake,
    SyncOff,
    UnknownRun,
    UnknownSync,
)
from bothways.jobs import now
from bothways.service import Progress, preview
from bothways.service.lock import runner
from bothways.service.log import runs
from bothways.service.syncs import show_sync, turn_off, turn_on
from bothways.service.undo import preview_undo
from bothways.service.views import plain
from tests.memory_app import PEOPLE, MemoryApp, Traits
from tests.office import SYNC, Office


def people(office: Office, count: int) -> list[tuple[str, str]]:
    """Let both apps know so many people, linked and at rest."""
    rows = [{"email": f"p{number}@x.test", "name": f"P{number}"} for number in range(count)]
    ids = [(office.anna.add(**row), office.bert.add(**row)) for row in rows]
    office.rest()
    return ids


# --- runs ---------------------------------------------------------------------------------------------


def test_a_run_links_creates_and_updates_and_tells_so_by_app(office: Office) -> None:
    office.anna.add(email="a@x.test", name="Ann")
    office.bert.add(email="a@x.test", name="Anne")
    office.bert.add(email="c@x.test", name="Cid")
    view = office.run()
    assert (view.id, view.sync, view.state, view.exit_code) == ("r_1", "people", "done", 0)
    assert view.created == {"Anna": 1, "Bert": 0}
    assert view.updated == {"Anna": 0, "Bert": 1}
    assert view.bill == {"Anna changes": 1, "Anna write create": 1, "Bert changes": 1, "Bert write update": 1}
    assert office.bert.holding("name", "Ann")
    assert office.anna.holding("name", "Cid")


def test_a_run_without_change_costs_one_listing_call_per_app(office: Office) -> None:
    office.pair()
    assert office.run().bill == {"Anna changes": 1, "Bert changes": 1}


def test_a_sync_that_is_off_or_a_draft_does_not_run(office: Office) -> None:
    for state in ("off", "draft"):
        office.write(SYNC.replace("state: on", f"state: {state}"))
        with pytest.raises(SyncOff):
            office.run()
    assert not office.anna.calls


def test_an_unknown_sync_is_refused_with_the_nearest_name(office: Office) -> None:
    with pytest.raises(UnknownSync, match="Did you mean people"):
        office.run(sync="peple")


def test_the_first_run_stops_after_some_records_with_exit_code_5(office: Office) -> None:
    office.change("first_run: 1000", "first_run: 2")
    for number in range(5):
        office.anna.add(email=f"p{number}@x.test")
    view = office.run()
    assert (view.state, view.exit_code, view.created["Bert"], view.remaining) == ("stopped", 5, 2, 3)
    assert "first 2 records" in view.reason
    assert office.run(approved=True).created["Bert"] == 3
    assert office.run().exit_code == 0


def test_a_failing_record_gives_exit_code_3_and_a_held_one_4(office: Office) -> None:
    office.bert.traits = Traits(refuses=lambda item: ("too long", ()) if item.values.get("name") == "Bad" else None)
    office.anna.add(email="bad@x.test", name="Bad")
    view = office.run()
    assert (view.failing, view.held, view.exit_code) == (1, 0, 3)
    office.bert.traits = Traits()
    office.clock.advance(120)
    assert office.run().exit_code == 0
    office.anna.add(email="two@x.test", name="One")
    office.anna.add(email="two@x.test", name="Two")
    view = office.run()
    assert (view.failing, view.held, view.exit_code) == (0, 2, 4)


def test_a_brake_stops_before_the_first_write_and_only_approval_releases_it(office: Office) -> None:
    office.change("max_change: 100%", "max_change: 10%")
    ids = people(office, 60)
    for left, _ in ids[:55]:
        office.anna.edit(left, name="Renamed")
    before = office.writes
    with pytest.raises(StoppedByBrake, match="more than 10 %"):
        office.run()
    assert office.writes == before
    assert runs(office.open(), "people")[0].state == "stopped"
    assert office.run(approved=True).updated["Bert"] == 55


def test_a_record_made_just_now_waits_and_the_run_says_until_when(office: Office) -> None:
    office.pair()
    office.anna.add(email="new@x.test")
    office.clock.advance(1)
    view = now.run_sync(office.open(), "people")
    assert (view.waiting, view.created["Bert"]) == (1, 0)
    assert view.next_at is not None
    assert view.next_at > office.clock()
    office.clock.now = view.next_at + 60
    assert now.run_sync(office.open(), "people").created["Bert"] == 1


def test_an_app_that_fails_ends_the_run_and_is_in_the_log(office: Office) -> None:
    office.pair()
    office.bert.fail("changes", AppUnreachable(app="Bert", reason="no route"))
    with pytest.raises(AppUnreachable):
        office.run()
    last = runs(office.open())[0]
    assert (last.state, "Bert cannot be reached" in last.reason) == ("failed", True)
    assert office.run().state == "done"


def test_a_run_that_is_broken_off_is_recorded_as_such_and_the_next_one_goes_on(office: Office) -> None:
    office.anna.add(email="a@x.test")
    workspace = office.open()

    def ctrl_c(step: Progress) -> None:
        if step.phase == "Writing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        now.run_sync(workspace, "people", progress=ctrl_c)
    assert runs(office.open())[0].state == "interrupted"
    office.rest()
    assert len(office.bert.live()) == 1


def test_a_full_run_finds_what_was_deleted_unseen(office: Office) -> None:
    office.bert.traits = Traits(reports_deletes=False)
    ids = people(office, 3)
    office.bert.delete(ids[0][1])
    office.run()
    assert show_sync(office.open(), "people").counts.in_sync == 3
    office.run(full=True)
    assert show_sync(office.open(), "people").counts.in_sync == 2


# --- one runner ---------------------------------------------------------------------------------------


def test_a_second_runner_is_refused_and_reading_goes_on(office: Office) -> None:
    office.pair()
    workspace = office.open()
    caught: list[BaseException] = []

    def other() -> None:
        for deed in (lambda: now.run_sync(workspace, "people"), lambda: preview.plan(workspace, "people")):
            try:
                deed()
            except SecondRunner as error:
                caught.append(error)

    with runner(workspace):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert show_sync(workspace, "people").counts.in_sync == 1
        assert now.run_sync(workspace, "people").state == "done"
    assert len(caught) == 2
    assert caught[0].exit_code == 75


def test_the_lock_is_free_again_after_a_run_that_failed(office: Office) -> None:
    office.bert.fail("changes", AppUnreachable(app="Bert", reason="no route"))
    with pytest.raises(AppUnreachable):
        office.run()
    assert office.run().state == "done"


def test_a_locked_database_is_told_in_our_own_words(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from bothways import boot

    workspace = office.open()
    monkeypatch.setattr(boot, "LOCK_TIMEOUT", 0.05)
    boot.setup("sqlite:///:memory:")
    with sqlite3.connect(office.folder / ".bothways" / "ledger.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseLocked) as caught:
            now.run_sync(workspace, "people")
        other.execute("ROLLBACK")
    assert caught.value.exit_code == 75


# --- plans --------------------------------------------------------------------------------------------


def test_a_plan_writes_nothing_and_applying_it_writes_exactly_it(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dana Novak")
    office.anna.add(email="c@x.test", name="Chen")
    office.clock.advance(120)
    office.plan()
    before = office.writes
    plan = office.plan()
    assert office.writes == before
    assert (plan.created, plan.updated, plan.changes) == ({"Anna": 0, "Bert": 1}, {"Anna": 0, "Bert": 1}, 2)
    view = office.apply(plan)
    assert (view.created, view.updated, view.skipped) == (plan.created, plan.updated, 0)
    assert view.exit_code == 0


def test_a_record_changed_since_the_plan_is_skipped_listed_and_done_by_the_next_run(office: Office) -> None:
    (dana, _), (eve, eve2) = office.pair("Dana"), office.pair("Eve")
    office.anna.edit(dana, name="Dana N.")
    office.anna.edit(eve, name="Eve P.")
    plan = office.plan()
    office.bert.edit(eve2, name="Evelyn")
    view = office.apply(plan)
    assert (view.updated["Bert"], view.skipped) == (1, 1)
    assert [(each.name, each.ids) for each in view.skipped_records] == [("Eve P.", {"Anna": eve, "Bert": eve2})]
    assert "changed since" in view.skipped_records[0].reason
    assert office.bert.values(eve2)["name"] == "Evelyn"
    office.rest()
    assert office.anna.values(eve)["name"] == office.bert.values(eve2)["name"] == "Eve P."


def test_a_plan_of_a_draft_can_be_applied_once_the_sync_is_on(office: Office) -> None:
    office.change("state: on", "state: draft")
    office.anna.add(email="a@x.test")
    plan = office.plan()
    assert plan.created["Bert"] == 1
    with pytest.raises(SyncOff):
        office.apply(plan)
    office.change("state: draft", "state: on")
    view = office.apply(plan)
    assert (view.created["Bert"], view.waiting) == (1, 0)


def test_applying_asks_for_confirmation_first(office: Office) -> None:
    office.anna.add(email="a@x.test")
    plan = office.plan()
    with pytest.raises(ConfirmationNeeded, match="would write 1 records") as caught:
        office.apply(plan, approved=False)
    assert caught.value.exit_code == 64
    assert not office.bert.live()


def test_max_change_stops_an_apply_even_with_approval(office: Office) -> None:
    ids = people(office, 4)
    office.anna.edit(ids[0][0], name="New")
    plan = office.plan()
    workspace = office.open()
    with pytest.raises(StoppedByBrake, match="1 of 4 linked records"):
        now.apply_plan(workspace, plan.id, max_change=10, approved=True)
    assert now.apply_plan(workspace, plan.id, max_change=25, approved=True).updated["Bert"] == 1


def test_a_limit_leaves_the_rest_and_is_no_failure(office: Office) -> None:
    for number in range(4):
        office.anna.add(email=f"p{number}@x.test")
    plan = office.plan()
    view = now.apply_plan(office.open(), plan.id, limit=3, approved=True)
    assert (view.created["Bert"], view.remaining, view.exit_code) == (3, 1, 0)
    assert office.run(approved=True).created["Bert"] == 1


@pytest.mark.parametrize("plan_id", ["p_99", "99", "r_1", "p_", "p_1; DROP", "p_99999999999999999999"])
def test_a_plan_that_is_not_there_is_refused(office: Office, plan_id: str) -> None:
    with pytest.raises(PlanOutdated) as caught:
        now.apply_plan(office.open(), plan_id, approved=True)
    assert caught.value.exit_code == 65


def test_a_plan_is_applied_once_and_not_after_its_settings_changed(office: Office) -> None:
    office.anna.add(email="a@x.test")
    first, second = office.plan(), office.plan()
    office.apply(first)
    with pytest.raises(PlanOutdated):
        office.apply(first)
    office.change("max_emptied: 1000", "max_emptied: 7")
    with pytest.raises(PlanOutdated, match="settings were changed"):
        office.apply(second)


# --- undo ---------------------------------------------------------------------------------------------


def test_an_undo_puts_back_what_nobody_edited_and_says_what_it_left(office: Office) -> None:
    (dana, dana2), (eve, eve2) = office.pair("Dana"), office.pair("Eve")
    office.anna.edit(dana, name="Dora")
    office.anna.edit(eve, name="Eva")
    run = office.run()
    office.bert.edit(eve2, name="Evelyn")
    office.clock.advance(5)
    seen = preview_undo(office.open(), run.id)
    assert (seen.id, seen.run, seen.restored, seen.removed) == ("", run.id, 1, 0)
    assert [(each.app, each.record, each.id) for each in seen.kept] == [("Bert", "Evelyn", eve2)]
    assert office.bert.values(dana2)["name"] == "Dora"
    view = now.undo_run(office.open(), run.id)
    assert (view.run, view.restored, len(view.kept)) == (run.id, 1, 1)
    assert office.bert.values(dana2)["name"] == "Dana"
    assert runs(office.open())[0].undoes == run.id
    office.rest()
    assert office.bert.values(dana2)["name"] == "Dana"


def test_an_undo_removes_what_the_run_created_and_it_is_not_created_again(office: Office) -> None:
    office.anna.add(email="a@x.test", name="Ann")
    run = office.run()
    assert len(office.bert.live()) == 1
    office.clock.advance(5)
    assert now.undo_run(office.open(), run.id).removed == 1
    assert not office.bert.live()
    office.rest()
    assert not office.bert.live()


def test_a_run_can_be_undone_after_its_field_was_taken_out_of_the_settings(office: Office) -> None:
    left, right = office.pair("Dana", phone="+4930123456")
    office.anna.edit(left, phone="+4930999999")
    run = office.run()
    office.change("    guards:", "    fields: [{Anna: email, Bert: email}, {Anna: name, Bert: name}]\n    guards:")
    office.run()
    view = now.undo_run(office.open(), run.id)
    assert office.bert.values(right)["phone"] in ("+4930123456", "+4930999999")
    assert view.run == run.id


def test_an_unknown_run_is_refused(office: Office) -> None:
    for run_id in ("r_7", "7", "p_1"):
        with pytest.raises(UnknownRun):
            now.undo_run(office.open(), run_id)


def test_turning_off_keeps_everything_and_what_changed_meanwhile_is_seen_after(office: Office) -> None:
    left, right = office.pair()
    turn_off(office.open(), "people")
    office.anna.edit(left, name="Dora")
    with pytest.raises(SyncOff):
        office.run()
    office.change("state: off", "state: on")
    assert office.run().updated == {"Anna": 0, "Bert": 1}
    assert office.bert.values(right)["name"] == "Dora"


def test_views_are_plain_data(office: Office) -> None:
    data = plain(office.run())
    assert data["created"] == {"Anna": 0, "Bert": 0}
    assert data["skipped_records"] == []


def test_settings_that_another_process_took_over_are_used_at_once(office: Office) -> None:
    left, right = office.pair("Dana")
    old = office.open()
    office.change("    guards:", "    fields: [{Anna: email, Bert: email}]\n    guards:")
    office.open()
    office.anna.edit(left, name="Dora")
    office.clock.advance(60)
    assert now.run_sync(old, "people").updated == {"Anna": 0, "Bert": 0}
    assert office.bert.values(right)["name"] == "Dana"
    assert show_sync(old, "people").revision == 2


def test_a_full_disk_is_told_and_the_run_goes_on_once_there_is_room(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bothways import boot

    for number in range(300):
        office.anna.add(email=f"p{number}@x.test", name="x" * 500)
    office.open()
    boot.setup("sqlite:///:memory:")
    with monkeypatch.context() as small:
        small.setattr(boot, "SQLITE_PRAGMAS", f"{boot.SQLITE_PRAGMAS} PRAGMA max_page_count=120;")
        with pytest.raises(DiskFull) as caught:
            office.run()
    assert caught.value.exit_code == 74
    boot.setup("sqlite:///:memory:")
    office.rest()
    assert len(office.bert.live()) == 300
    assert len(office.bert.writes) == 300


def test_a_plan_that_writes_nothing_needs_approval_all_the_same_where_a_brake_holds(office: Office) -> None:
    """Ending links is no write; without a brake on it an empty answer of an app would be enough."""
    people(office, 40)
    for item in office.bert.live()[:30]:
        office.bert.delete(item.id)
    plan = office.plan()
    assert [brake.name for brake in plan.brakes] == ["empty_source"]
    with pytest.raises(StoppedByBrake, match="30 of 40 records are gone from Bert"):
        office.apply(plan, approved=False)
    counts = show_sync(office.open(), "people").counts
    assert (counts.in_sync, counts.waiting, counts.left_out) == (10, 30, 0), "no link has ended"
    assert office.run(approved=True).unlinked == 30


CHAIN = """\
version: 1
apps:
  Anna: {connector: memory}
  Bert: {connector: memory}
  Carl: {connector: memory}
syncs:
  one:
    state: on
    objects: {Anna: people, Bert: people}
    guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}
  two:
    state: on
    objects: {Bert: people, Carl: people}
    guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}
"""


def test_what_one_sync_writes_another_one_carries_on(folder: Path) -> None:
    office = Office(folder, CHAIN)
    carl = MemoryApp("Carl", office.clock, Traits(), PEOPLE)
    apps = (office.anna, office.bert, carl)
    ids = [app.add(email="ann@x.test", name="Ann") for app in apps]

    def run(times: int) -> None:
        for _ in range(times):
            office.run(sync="one")
            office.run(sync="two")

    for name in ("one", "two"):
        turn_on(office.open(), name, confirmed=True)
    run(3)
    office.anna.edit(ids[0], name="Anne")
    office.anna.add(email="new@x.test", name="New")
    run(6)
    assert [sorted(str(item.values["name"]) for item in app.live()) for app in apps] == [["Anne", "New"]] * 3
    carl.edit(ids[2], name="Anneli")
    run(3)
    assert [app.values(id)["name"] for app, id in zip(apps, ids, strict=True)] == ["Anneli"] * 3
    before = office.writes + len(carl.writes)
    run(2)
    assert office.writes + len(carl.writes) == before
