"""The life of a sync: from which changes on it carries, off and on again."""

from pathlib import Path
from typing import Any

import pytest

from bothways.errors import (
    NoPartner,
    NotPaused,
    OldLinks,
    OnAlready,
    OthersNotConfirmed,
    OthersWriteToo,
    PlanOutdated,
    SettingsError,
    StartsTooLate,
)
from bothways.jobs.now import apply_plan, run_sync
from bothways.ledger.models import Sync
from bothways.service import deleting, issues, preview, syncs
from bothways.service.admission import note_admitted
from bothways.service.database import used
from bothways.service.records import list_records
from bothways.service.syncs import show_sync, turn_off, turn_on
from bothways.service.why import why
from bothways.service.workspace import Workspace
from bothways.sync.context import Progress
from tests.memory_app import APPS, MemoryApp
from tests.office import SYNC, Office
from tests.service.meanwhile import Meanwhile

FROM_NOW = SYNC.replace("state: on", "state: on\n    start: changes_from_now")
PAUSED = "you paused it"
BEFORE = "it was there before, and has not changed since the sync began to carry changes"


def people(office: Office) -> tuple[str, str, str]:
    """Two records of one person that differ, and one in Anna alone."""
    left = office.anna.add(email="dana@x.test", name="Dana", phone="1")
    right = office.bert.add(email="dana@x.test", name="Dana N.", phone="")
    return left, right, office.anna.add(email="eve@x.test", name="Eve")


# --- start: changes_from_now --------------------------------------------------------------------------


def test_what_was_there_is_neither_created_nor_merged_and_pairs_are_linked_silently(folder: Path) -> None:
    office = Office(folder, FROM_NOW)
    left, right, _ = people(office)
    view = office.plan()
    assert (view.changes, view.linked, view.agreed, view.left_out_why) == (0, 1, 1, {BEFORE: 1})
    office.rest()
    assert office.writes == 0
    assert show_sync(office.open(), "people").counts.in_sync == 1
    assert office.anna.values(left)["phone"] == "1"
    assert "phone" not in office.bert.values(right)


def test_only_edits_made_after_that_flow_field_by_field(folder: Path) -> None:
    office = Office(folder, FROM_NOW)
    left, right, _ = people(office)
    office.rest()
    office.bert.edit(right, phone="2")
    office.rest()
    assert office.anna.values(left) == {"email": "dana@x.test", "name": "Dana", "phone": "2"}
    assert office.bert.values(right)["name"] == "Dana N."


def test_a_record_that_was_there_is_created_once_it_is_edited_and_a_new_one_at_once(folder: Path) -> None:
    office = Office(folder, FROM_NOW)
    _, _, eve = people(office)
    office.rest()
    office.anna.edit(eve, phone="3")
    office.anna.add(email="new@x.test", name="New")
    office.rest()
    assert sorted(each.values["email"] for each in office.bert.live()) == [
        "dana@x.test",
        "eve@x.test",
        "new@x.test",
    ]


def test_records_that_become_a_match_by_an_edit_exchange_that_edit_alone(folder: Path) -> None:
    office = Office(folder, FROM_NOW)
    left = office.anna.add(email="dana@x.test", name="Dana", phone="1")
    right = office.bert.add(email="dnaa@x.test", name="D.", phone="2")
    office.rest()
    office.bert.edit(right, email="dana@x.test")
    office.rest()
    assert show_sync(office.open(), "people").counts.in_sync == 1
    assert office.writes == 0
    assert office.anna.values(left)["phone"] == "1"
    assert office.bert.values(right)["phone"] == "2"


def test_a_record_made_since_is_merged_with_its_match_as_in_any_sync(folder: Path) -> None:
    office = Office(folder, FROM_NOW)
    left, _, eve = people(office)
    office.rest()
    made = office.bert.add(email="eve@x.test", name="Evelyn", phone="9")
    office.rest()
    assert office.bert.values(made)["name"] == "Eve"
    assert office.anna.values(eve)["phone"] == "9"
    assert office.anna.values(left)["name"] == "Dana"


def test_ambiguous_records_that_were_there_wait_for_nobody_until_one_is_edited(folder: Path) -> None:
    office = Office(folder, FROM_NOW)
    first = office.anna.add(email="dana@x.test", name="Dana")
    office.anna.add(email="dana@x.test", name="Dana too")
    office.bert.add(email="dana@x.test", name="Dana")
    office.rest()
    assert show_sync(office.open(), "people").counts.held == 0
    office.anna.edit(first, phone="1")
    office.rest()
    assert show_sync(office.open(), "people").counts.held == 1


def test_records_and_why_tell_what_was_there_before(folder: Path) -> None:
    office = Office(folder, FROM_NOW)
    _, _, eve = people(office)
    office.rest()
    (row,) = list_records(office.open(), "people", state="left_out").rows
    assert (row.reason, row.left_out_by) == (BEFORE, "from_now")
    assert why(office.open(), "people", f"Anna:{eve}").record.reason == BEFORE


def test_a_plan_of_a_draft_from_now_on_is_what_its_first_run_does(folder: Path) -> None:
    office = Office(folder, FROM_NOW.replace("state: on", "state: draft"))
    left, right, _ = people(office)
    made = office.plan()
    turn_on(office.open(), "people")
    office.anna.edit(left, phone="5")
    office.apply(made)
    office.rest()
    assert office.bert.values(right)["name"] == "Dana N."
    assert show_sync(office.open(), "people").counts.in_sync == 1


def test_an_edit_between_two_halves_of_a_line_that_broke_off_is_carried(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bothways.ledger import noted

    office = Office(folder, FROM_NOW)
    _, _, eve = people(office)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(noted, "drawn", crash)
    with pytest.raises(KeyboardInterrupt):
        office.run()
    monkeypatch.undo()
    from tests.office import plug_in

    plug_in(monkeypatch)
    office.anna.edit(eve, phone="7")
    office.rest()
    assert [each.values["phone"] for each in office.bert.live() if each.values["email"] == "eve@x.test"] == ["7"]


def test_start_all_again_catches_up_with_what_was_there(folder: Path) -> None:
    office = Office(folder, FROM_NOW)
    people(office)
    office.rest()
    office.change("\n    start: changes_from_now", "")
    assert office.plan().created == {"Anna": 0, "Bert": 1}
    office.rest()
    assert len(office.bert.live()) == 2


def test_changes_from_now_cannot_be_set_once_a_sync_has_run(folder: Path) -> None:
    office = Office(folder)
    office.rest()
    office.change("state: on", "state: on\n    start: changes_from_now")
    with pytest.raises(StartsTooLate) as refused:
        office.open()
    assert refused.value.where.endswith("8:12")


# --- off, and on again --------------------------------------------------------------------------------


def off_and_changed(folder: Path) -> tuple[Office, str, str]:
    """Return an office whose sync was turned off, and what was edited and made since."""
    office = Office(folder)
    left, right = office.pair("Dana", phone="1")
    turn_off(office.open(), "people")
    office.anna.edit(left, phone="2")
    office.anna.add(email="new@x.test", name="New")
    return office, left, right


def test_on_again_catches_up_with_all_that_changed_meanwhile(folder: Path) -> None:
    office, _, right = off_and_changed(folder)
    turn_on(office.open(), "people")
    assert (office.plan().updated, office.plan().created) == ({"Anna": 0, "Bert": 1}, {"Anna": 0, "Bert": 1})
    office.rest()
    assert office.bert.values(right)["phone"] == "2"
    assert len(office.bert.live()) == 2


def test_catching_up_stops_at_the_brakes(folder: Path) -> None:
    from bothways.errors import StoppedByBrake

    office = Office(folder, SYNC.replace("max_change: 100%", "max_change: 10%"))
    ids = [office.anna.add(email=f"{n}@x.test", name=f"N{n}") for n in range(60)]
    for n in range(60):
        office.bert.add(email=f"{n}@x.test", name=f"N{n}")
    office.rest()
    turn_off(office.open(), "people")
    for id in ids:
        office.anna.edit(id, phone="2")
    turn_on(office.open(), "people")
    with pytest.raises(StoppedByBrake):
        office.run()
    assert office.writes == 0


def test_on_again_from_now_takes_note_and_carries_only_later_edits(folder: Path) -> None:
    office, left, right = off_and_changed(folder)
    look = preview.plan(office.open(), "people", from_now=True)
    assert (look.changes, look.agreed, look.left_out) == (0, 1, 1)
    written = office.writes
    turn_on(office.open(), "people", from_now=True)
    office.rest()
    assert office.writes == written
    assert office.bert.values(right)["phone"] == "1"
    office.anna.edit(left, name="Dana II")
    office.rest()
    assert office.bert.values(right)["name"] == "Dana II"
    assert office.bert.values(right)["phone"] == "1"


def test_asked_for_changes_from_now_on_again_while_note_is_taken_what_is_there_by_then_is_left_as_it_is(
    office: Office,
) -> None:
    office.change("state: on", "state: off")
    office.anna.add(email="dana@x.test", name="Dana")
    turn_on(office.open(), "people", from_now=True)
    again = list[str]()

    def off_and_on(step: Progress) -> None:
        if step.phase == "Taking note" and not again:
            again.append("done")
            turn_off(office.open(), "people")
            office.anna.add(email="eve@x.test", name="Eve")
            turn_on(office.open(), "people", from_now=True)

    office.clock.advance(60)
    run_sync(office.open(), "people", progress=off_and_on)
    assert again
    office.rest()
    assert office.bert.live() == []


def test_a_look_at_from_now_is_not_applied_and_changes_nothing(folder: Path) -> None:
    office, _, right = off_and_changed(folder)
    look = preview.plan(office.open(), "people", from_now=True)
    turn_on(office.open(), "people")
    with pytest.raises(PlanOutdated, match="from now on"):
        apply_plan(office.open(), look.id, approved=True)
    office.rest()
    assert office.bert.values(right)["phone"] == "2"


def test_a_plan_made_before_turning_on_from_now_is_not_applied(folder: Path) -> None:
    office, _, _ = off_and_changed(folder)
    made = office.plan()
    turn_on(office.open(), "people", from_now=True)
    with pytest.raises(PlanOutdated):
        office.apply(made)


def test_sync_is_on_for_nobody_before_all_that_was_answered_is_kept(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.change("state: on", "state: off")
    office.open()
    seen = list[str]()

    def look(own: Workspace) -> None:
        with used(own.database):
            seen.append(Sync.objects.get().state)

    def note_late(*given: Any) -> None:
        other = Meanwhile(office, look)
        other.begin()
        other.thread.join()
        note_admitted(*given)

    monkeypatch.setattr(syncs, "note_admitted", note_late)
    turn_on(office.open(), "people")
    assert seen == ["off"]
    look(office.open())
    assert seen == ["off", "on"]


def test_from_now_is_refused_while_a_sync_is_on(office: Office) -> None:
    with pytest.raises(OnAlready):
        turn_on(office.open(), "people", from_now=True)
    with pytest.raises(OnAlready):
        preview.plan(office.open(), "people", from_now=True)


def test_off_again_before_the_line_was_drawn_and_on_without_it_catches_up(folder: Path) -> None:
    office, _, right = off_and_changed(folder)
    turn_on(office.open(), "people", from_now=True)
    turn_off(office.open(), "people")
    turn_on(office.open(), "people")
    office.rest()
    assert office.bert.values(right)["phone"] == "2"


# --- saving -------------------------------------------------------------------------------------------


def test_saving_twice_writes_nothing(office: Office) -> None:
    office.pair("Dana")
    revision, written = show_sync(office.open(), "people").revision, office.writes
    office.write(office.file.read_text() + "# nothing new\n")
    office.write(office.file.read_text().replace("guards: {first_run: 1000, ", "guards: {first_run:  1000, "))
    assert office.plan().changes == 0
    assert show_sync(office.open(), "people").revision == revision
    assert show_sync(office.open(), "people").counts.waiting == 0
    office.rest()
    assert office.writes == written


def due_after(office: Office, old: str, new: str) -> int:
    """Edit the settings, let the edit take effect, and return how many records it lets be looked at again."""
    from bothways.ledger import due
    from bothways.ledger.models import Sync
    from bothways.service import work
    from bothways.service.database import used

    office.change(old, new)
    workspace = office.open()
    with used(workspace.database):
        work.context(workspace, "people")
        return due.count(Sync.objects.get(name="people"))


MAPPED = SYNC.replace(
    "    guards:",
    "    match: [{Anna: email, Bert: email}]\n    send: {Anna: all, Bert: none}\n"
    "    fields:\n      - {Anna: email, Bert: email}\n      - {Anna: name, Bert: name}\n    guards:",
)


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("max_emptied: 1000", "max_emptied: 7", 0),
        ("    guards:", "    conflicts: {default_app: Bert}\n    guards:", 0),
        ("      - {Anna: name, Bert: name}\n", "", 0),
        ("{Anna: name, Bert: name}", "{Anna: name, Bert: name, enabled: false}", 0),
        ("match: [{Anna: email, Bert: email}]", "match: [{Anna: name, Bert: name}]", 1),
        ("send: {Anna: all, Bert: none}", "send: {Anna: all, Bert: all}", 1),
        ("    guards:", "      - {Anna: phone, Bert: phone}\n    guards:", 3),
        ("send: {Anna: all,", "send: {Anna: {filter: {field: name, is: Dana}},", 3),
    ],
)
def test_an_edit_of_the_settings_rechecks_only_what_it_touches(folder: Path, old: str, new: str, marked: int) -> None:
    office = Office(folder, MAPPED)
    office.pair("Dana")
    office.bert.add(email="only@x.test", name="Only")
    office.rest()
    assert due_after(office, old, new) == marked


# --- one record paused --------------------------------------------------------------------------------


def test_a_paused_record_gets_and_gives_nothing_and_nothing_is_forgotten(office: Office) -> None:
    left, right = office.pair("Dana", phone="1")
    assert issues.pause(office.open(), "people", "dana@x.test").reason == PAUSED
    office.anna.edit(left, phone="2")
    office.bert.edit(right, name="Dana B.")
    office.rest()
    assert (office.anna.values(left)["name"], office.bert.values(right)["phone"]) == ("Dana", "1")
    (row,) = list_records(office.open(), "people", state="left_out").rows
    assert row.reason == PAUSED
    assert why(office.open(), "people", "dana@x.test").record.reason == PAUSED
    issues.resume(office.open(), "people", "dana@x.test")
    office.rest()
    assert (office.anna.values(left)["name"], office.bert.values(right)["phone"]) == ("Dana B.", "2")
    assert show_sync(office.open(), "people").counts.in_sync == 1


def test_a_record_paused_after_a_plan_was_made_is_skipped_by_it(office: Office) -> None:
    left, right = office.pair("Dana", phone="1")
    office.anna.edit(left, phone="2")
    made = office.plan()
    issues.pause(office.open(), "people", "dana@x.test")
    assert office.apply(made).skipped == 1
    assert office.bert.values(right)["phone"] == "1"


def test_a_filter_left_and_entered_does_not_end_a_pause(folder: Path) -> None:
    office = Office(
        folder, SYNC.replace("    guards", "    send: {Anna: {filter: {field: name, is: Dana}}, Bert: all}\n    guards")
    )
    left, right = office.pair("Dana", phone="1")
    issues.pause(office.open(), "people", "dana@x.test")
    for name in ("Other", "Dana"):
        office.anna.edit(left, name=name, phone="2")
        office.rest()
    assert office.bert.values(right)["phone"] == "1"


def test_a_paused_pair_whose_record_is_deleted_is_no_longer_linked(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.pair("Eve")
    issues.pause(office.open(), "people", "dana@x.test")
    office.anna.delete(left)
    office.run(full=True)
    office.rest()
    counts = show_sync(office.open(), "people").counts
    assert (counts.in_sync, counts.left_out) == (1, 1)
    assert len(office.bert.live()) == 2


def test_only_a_linked_record_is_paused_and_only_a_paused_one_resumed(office: Office) -> None:
    office.pair("Dana")
    with pytest.raises(NotPaused):
        issues.resume(office.open(), "people", "dana@x.test")
    office.write(SYNC.replace("    guards", "    send: {Anna: all, Bert: none}\n    guards"))
    office.bert.add(email="eve@x.test", name="Eve")
    office.rest()
    with pytest.raises(NoPartner):
        issues.pause(office.open(), "people", "eve@x.test")


# --- who else writes ----------------------------------------------------------------------------------


THREE = """\
version: 1
apps: {Anna: {connector: memory}, Bert: {connector: memory}, Carl: {connector: memory}}
syncs:
"""


def syncs_of(*ways: str) -> str:
    """Return a file with a sync for each way, such as ``Anna>Bert`` or ``Anna=Bert``, the last of them a draft."""
    text = THREE
    for number, way in enumerate(ways):
        apps = way.replace(">", "=").split("=")
        none = f"    send: {{{apps[1]}: none}}\n" if ">" in way else ""
        state = "draft" if number == len(ways) - 1 else "on"
        text += f"  s{number}:\n    state: {state}\n    objects: {{{apps[0]}: people, {apps[1]}: people}}\n{none}"
    return text


def with_carl(folder: Path, text: str) -> Office:
    office = Office(folder, text)
    MemoryApp("Carl", office.clock)
    return office


@pytest.mark.parametrize(
    "ways",
    [
        ("Anna=Bert", "Bert=Carl", "Carl=Anna"),
        ("Anna>Bert", "Bert>Carl", "Carl>Anna"),
        ("Anna>Bert", "Bert>Anna"),
        ("Anna>Bert", "Anna>Bert"),
    ],
)
def test_a_ring_of_syncs_is_refused(folder: Path, ways: tuple[str, ...]) -> None:
    office = with_carl(folder, syncs_of(*ways))
    with pytest.raises(SettingsError, match="ring"):
        turn_on(office.open(), f"s{len(ways) - 1}", confirmed=True)


@pytest.mark.parametrize("ways", [("Anna>Bert", "Bert>Carl", "Anna>Carl"), ("Anna=Bert", "Carl=Bert")])
def test_a_second_sync_that_writes_the_same_fields_is_named_and_turned_on_only_when_that_is_meant(
    folder: Path, ways: tuple[str, ...]
) -> None:
    office = with_carl(folder, syncs_of(*ways))
    last, app = f"s{len(ways) - 1}", "Carl" if len(ways) == 3 else "Bert"
    with pytest.raises(OthersWriteToo, match=f"the sync s{len(ways) - 2} writes email, name, phone of people in {app}"):
        turn_on(office.open(), last)
    assert show_sync(office.open(), last).state == "draft"
    turn_on(office.open(), last, confirmed=True)
    assert show_sync(office.open(), last).state == "on"


def turned_on_by_hand(folder: Path) -> Office:
    """Two syncs that write to Bert: the second one gets on by an edit of the file."""
    office = with_carl(folder, syncs_of("Anna>Bert", "Carl>Bert"))
    office.run(sync="s0")
    office.change("state: draft", "state: on")
    return office


def test_a_sync_turned_on_in_the_file_does_not_run_before_a_second_writer_is_accepted(folder: Path) -> None:
    office = turned_on_by_hand(folder)
    APPS["Carl"].add(email="dana@x.test", name="Dana")
    with pytest.raises(OthersNotConfirmed, match="the sync s0 writes email, name, phone of people in Bert") as refused:
        office.run(sync="s1")
    assert "bothways sync on s1 --yes" in refused.value.advice
    made = office.plan("s1")
    with pytest.raises(OthersNotConfirmed):
        office.apply(made)
    assert office.bert.live() == []
    turn_on(office.open(), "s1", confirmed=True)
    office.run(sync="s1")
    office.run(sync="s1")
    assert [each.values["name"] for each in office.bert.live()] == ["Dana"]


def test_who_was_accepted_is_asked_about_again_only_after_the_sync_was_off(folder: Path) -> None:
    office = turned_on_by_hand(folder)
    turn_on(office.open(), "s1", confirmed=True)
    office.write(office.file.read_text() + "    conflicts: {when_empty: clear}\n")
    office.run(sync="s1")
    turn_on(office.open(), "s1")
    turn_off(office.open(), "s1")
    with pytest.raises(OthersWriteToo):
        turn_on(office.open(), "s1")
    office.change("state: off", "state: on")
    with pytest.raises(OthersNotConfirmed):
        office.run(sync="s1")


def test_an_edit_by_which_a_sync_that_is_on_writes_what_another_writes_stops_it_until_that_is_accepted(
    folder: Path,
) -> None:
    text = syncs_of("Anna>Bert", "Carl>Bert").replace(
        "Bert: people}\n", "Bert: people}\n    fields: [{Anna: phone, Bert: phone}]\n    match: none\n", 1
    )
    office = with_carl(folder, f"{text}    fields: [{{Carl: email, Bert: email}}]\n")
    office.run(sync="s0")
    office.change("state: draft", "state: on")
    office.run(sync="s1")
    office.change("[{Carl: email, Bert: email}]", "[{Carl: email, Bert: email}, {Carl: phone, Bert: phone}]")
    office.plan("s1")
    with pytest.raises(OthersNotConfirmed, match="the sync s0 writes phone of people in Bert"):
        office.run(sync="s1")
    turn_on(office.open(), "s1", confirmed=True)
    office.run(sync="s1")


def test_an_edit_saved_while_a_sync_is_turned_on_is_asked_about_before_it_runs(folder: Path) -> None:
    text = syncs_of("Anna>Bert", "Carl>Bert").replace(
        "Bert: people}\n", "Bert: people}\n    fields: [{Anna: phone, Bert: phone}]\n    match: none\n", 1
    )
    office = with_carl(folder, f"{text}    fields: [{{Carl: email, Bert: email}}]\n")
    stale = office.open()
    office.change("[{Carl: email, Bert: email}]", "[{Carl: email, Bert: email}, {Carl: phone, Bert: phone}]")
    turn_on(stale, "s1")
    with pytest.raises(OthersNotConfirmed, match="the sync s0 writes phone of people in Bert"):
        office.run(sync="s1")


def test_an_upgrade_does_not_ask_about_syncs_that_run(folder: Path) -> None:
    from bothways.ledger.models import Revision
    from bothways.service.database import used

    office = turned_on_by_hand(folder)
    turn_on(office.open(), "s1", confirmed=True)
    office.run(sync="s1")
    with used(office.open().database):
        for row in Revision.objects.all():
            row.document = {key: each for key, each in row.document.items() if key not in ("admitted", "others")}
            row.save()
    office.run(sync="s1")


def test_a_sync_turned_on_in_the_file_must_say_what_becomes_of_the_links_of_a_deleted_one(office: Office) -> None:
    office.pair()
    text = office.file.read_text()
    deleting.delete(office.open(), "people", confirmed=True)
    office.write(text.replace("people:   #", "others:   #"))
    with pytest.raises(OldLinks):
        office.run(sync="others")
    turn_on(office.open(), "others", old_links=deleting.LEAVE)
    office.run(sync="others")


def test_syncs_that_write_to_different_apps_are_turned_on_at_once(folder: Path) -> None:
    office = with_carl(folder, syncs_of("Anna>Bert", "Bert>Carl"))
    turn_on(office.open(), "s1")
    assert show_sync(office.open(), "s1").state == "on"


def test_what_another_sync_writes_is_known_from_its_settings_in_force(folder: Path) -> None:
    text = syncs_of("Anna>Bert", "Carl>Bert").replace(
        "Bert: people}\n", "Bert: people}\n    fields: [{Anna: email, Bert: email}]\n", 1
    )
    office = with_carl(folder, text)
    office.run(sync="s0")
    with pytest.raises(OthersWriteToo, match="writes email of people in Bert"):
        turn_on(office.open(), "s1")
