"""A proof by itself: what was done behind our back is looked at again, or asked about; what is meant is none of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bothways.errors import AppUnreachable, UnknownSync
from bothways.jobs.now import undo_run
from bothways.ledger import db
from bothways.service.database import used
from bothways.service.issues import pause
from bothways.service.proof import compare
from bothways.service.proving import HELD, KEPT, LASTING, MARKED, Found, last_proof, prove
from bothways.service.syncs import turn_off, turn_on
from bothways.sync.context import Progress
from tests.memory_app import Traits
from tests.office import SYNC, Office


def silent(progress: Progress) -> None:
    """Show nothing."""


def proven(
    office: Office, before: dict[str, Any] | None = None, progress: Callable[[Progress], None] = silent
) -> tuple[Found, dict[str, Any]]:
    workspace = office.open()
    with used(workspace.database):
        proof = prove(workspace, "people", before or {}, progress)
    assert proof is not None
    return proof


def marks(office: Office) -> set[str]:
    with used(office.open().database):
        return {str(id) for (id,) in db.rows("SELECT record_id FROM due")}


def tamper(office: Office, id: str, **values: str) -> None:
    """Change what Anna or Bert holds, so that no listing tells of it: a poll that was lost.

    Their listings show the record that was saved last again and again: another must have been saved after this one.
    """
    (office.anna if id.startswith("a") else office.bert).items[id].values.update(values)


def repairing(office: Office, most: int) -> None:
    office.change("    state: on\n", f"    state: on\n    proof: {{repair: {most}}}\n")


# --- found and repaired -------------------------------------------------------------------------------


def test_two_apps_in_step_do_not_differ_and_nothing_is_marked(office: Office) -> None:
    for name in ("Dana", "Eve"):
        office.pair(name)
    before = office.writes
    found, report = proven(office)
    assert (found.pairs, found.differing, report["marked"], report["held"]) == (2, {}, 0, 0)
    assert report["calls"] == {"Anna changes": 1, "Bert changes": 1}
    assert (marks(office), office.writes) == (set(), before)


def test_a_change_that_no_poll_told_is_marked_and_carried_by_the_next_run(office: Office) -> None:
    left, right = office.pair("Dana")
    office.pair("Eve")
    tamper(office, left, name="Dora")
    assert office.run().updated == {"Anna": 0, "Bert": 0}, "the listing does not tell"
    before = office.writes
    found, report = proven(office)
    assert (found.pairs, len(found.differing), report["marked"]) == (2, 1, 1)
    assert (marks(office), office.writes) == ({left, right}, before)
    [difference] = report["differences"]
    assert (difference["name"], difference["field"], difference["ids"]) == (
        "Dora",
        "Name",
        {"Anna": left, "Bert": right},
    )
    assert difference["why"] == f"Anna changed; the next run writes it to Bert; {MARKED}"
    assert "values" not in difference
    office.run()
    assert office.bert.values(right)["name"] == "Dora"
    found, report = proven(office, report)
    assert (found.differing, report["looked_at"]) == ({}, [])


def test_a_record_that_vanished_untold_is_marked_and_the_run_says_what_becomes_of_its_partner(folder: Path) -> None:
    office = Office(folder, SYNC, bert=Traits(reports_deletes=False))
    left, right = office.pair("Dana")
    office.pair("Eve")
    office.bert.delete(right)
    _, report = proven(office)
    assert report["marked"] == 1
    office.run()
    assert compare(office.open(), "people").pairs == 1
    assert office.anna.items[left].live


def test_as_many_as_the_settings_say_are_marked_and_of_more_a_person_is_asked(office: Office) -> None:
    repairing(office, 2)
    pairs = [office.pair(name) for name in ("Dana", "Eve", "Finn")]
    for left, _ in pairs[:2]:
        tamper(office, left, phone="+4930666666")
    assert proven(office)[1]["marked"] == 2
    office.pair("Zoe")
    for left, _ in pairs:
        tamper(office, left, phone="+4930777777")
    found, report = proven(office)
    assert (len(found.differing), report["marked"], report["held"]) == (3, 0, 3)
    assert report["differences"][0]["why"].endswith(HELD)
    assert marks(office) == set()
    office.run()
    assert not office.bert.holding("phone", "+4930777777"), "nothing is done unasked"
    compare(office.open(), "people", repair=True)
    office.run()
    assert len(office.bert.holding("phone", "+4930777777")) == 3


def test_what_differs_after_it_was_looked_at_is_told_and_not_marked_for_ever(office: Office) -> None:
    left, right = office.pair("Dana")
    tamper(office, left, name="Dora")
    _, report = proven(office)
    office.rest()
    office.pair("Zoe")
    tamper(office, right, name="Dana")  # somebody puts it back each time
    found, report = proven(office, report)
    assert (len(found.differing), report["marked"], report["lasting"]) == (1, 0, 1)
    assert report["differences"][0]["why"].endswith(LASTING)
    assert marks(office) == set()
    tamper(office, right, name="Dora")
    _, report = proven(office, report)
    assert report["looked_at"] == [], "it is equal again, and forgotten"


def test_what_was_marked_and_not_yet_run_is_waiting_and_remembered(office: Office) -> None:
    left, _ = office.pair("Dana")
    tamper(office, left, name="Dora")
    _, report = proven(office)
    found, again = proven(office, report)
    assert (found.differing, again["waiting"], again["looked_at"]) == ({}, 1, report["looked_at"])


def test_what_a_person_had_looked_at_is_remembered(office: Office) -> None:
    from bothways.ledger import proofs

    left, _ = office.pair("Dana")
    workspace = office.open()
    with used(workspace.database):
        sync_id = int(db.value("SELECT id FROM sync"))
        proofs.plan(sync_id, "", 0.0)
    tamper(office, left, name="Dora")
    compare(workspace, "people", repair=True)
    with used(workspace.database):
        assert len(db.value("SELECT report FROM proof")) > len('{"looked_at": []}')


def test_only_the_first_differences_are_kept(office: Office) -> None:
    for number in range(KEPT + 5):
        person = {"email": f"p{number}@x.test", "name": f"P{number}"}
        office.anna.add(**person)
        office.bert.add(**person)
    office.rest()
    for item in office.anna.live():
        item.values["name"] = "Other"
    found, report = proven(office)
    assert (len(found.differing), len(report["differences"])) == (KEPT + 5, KEPT)


# --- what is no difference ------------------------------------------------------------------------------


def test_a_change_made_while_it_compares_is_none(office: Office) -> None:
    left, right = office.pair("Dana")
    calls = 0

    def edits(progress: Progress) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:  # Anna was listed, Bert was not
            office.clock.advance(5)
            office.anna.edit(left, name="Dora")
            office.bert.edit(right, name="Dora")

    found, _ = proven(office, progress=edits)
    assert (found.pairs, found.differing) == (1, {})


def test_a_change_that_was_not_yet_polled_waits_for_its_run(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.clock.advance(10)
    office.anna.edit(left, name="Dora")
    found, report = proven(office)
    assert (found.differing, report["waiting"], report["marked"]) == ({}, 1, 0)
    assert marks(office) == {left}


def one_way(office: Office, left: str, right: str) -> None:
    office.change("    guards:", "    send: {Bert: none}\n    guards:")
    office.rest()
    office.bert.edit(right, name="Dot")
    office.rest()


def asked(office: Office, left: str, right: str) -> None:
    office.change("    guards:", "    conflicts: {default: ask}\n    guards:")
    office.rest()
    office.clock.advance(5)
    office.anna.edit(left, name="Dora")
    office.bert.edit(right, name="Dot")
    office.rest()


def refused(office: Office, left: str, right: str) -> None:
    office.bert.traits = Traits(refuses=lambda item: ("too odd", ("name",)))
    office.anna.edit(left, name="Dora")
    office.run()


def paused(office: Office, left: str, right: str) -> None:
    pause(office.open(), "people", left)
    office.anna.edit(left, name="Dora")
    office.rest()


def filtered(office: Office, left: str, right: str) -> None:
    office.change("    guards:", "    send: {Anna: {filter: {field: name, is_not: Dora}}}\n    guards:")
    office.rest()
    office.anna.edit(left, name="Dora")
    office.rest()


def from_now_on(office: Office, left: str, right: str) -> None:
    turn_off(office.open(), "people")
    office.anna.edit(left, name="Dora")
    turn_on(office.open(), "people", from_now=True)
    office.rest()


def undone(office: Office, left: str, right: str) -> None:
    office.anna.edit(left, name="Dora")
    run = office.run()
    office.clock.advance(5)
    undo_run(office.open(), run.id)
    office.rest()


def kept(office: Office, left: str, right: str) -> None:
    office.anna.edit(left, name="")
    office.rest()


@pytest.mark.parametrize("meant", [one_way, asked, refused, paused, filtered, from_now_on, undone, kept])
def test_a_difference_that_is_meant_is_none(office: Office, meant: Callable[[Office, str, str], None]) -> None:
    left, right = office.pair("Dana")
    meant(office, left, right)
    assert office.anna.items[left].values["name"] != office.bert.items[right].values["name"]
    found, report = proven(office)
    assert (found.differing, report["waiting"], report["explained"]) == ({}, 0, 1)


# --- no proof -------------------------------------------------------------------------------------------


def test_settings_changed_meanwhile_are_no_proof(office: Office) -> None:
    left, _ = office.pair("Dana")
    tamper(office, left, name="Dora")
    workspace = office.open()

    def turned_off(progress: Progress) -> None:
        if workspace.sync("people").state == "on":
            turn_off(workspace, "people")

    with used(workspace.database):
        assert prove(workspace, "people", {}, turned_off) is None
    assert marks(office) == set()


def test_an_app_that_breaks_off_gives_none_and_marks_nothing(office: Office) -> None:
    left, _ = office.pair("Dana")
    tamper(office, left, name="Dora")
    office.bert.fail("changes", AppUnreachable(app="Bert", reason="cut"))
    with pytest.raises(AppUnreachable):
        proven(office)
    assert marks(office) == set()


def test_a_sync_that_was_never_proven_has_no_last_proof(office: Office) -> None:
    assert last_proof(office.open(), "people") is None
    with pytest.raises(UnknownSync):
        last_proof(office.open(), "peple")
