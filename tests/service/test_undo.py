"""Undo of a record and of a field of a run: looked at before, carried out, undone in turn."""

import pytest

from bothways import errors
from bothways.jobs.now import undo_run
from bothways.service.issues import link, unlink
from bothways.service.syncs import turn_on
from bothways.service.undo import preview_undo
from bothways.service.why import why
from tests.memory_app import MemoryApp
from tests.office import Office


@pytest.fixture
def run(office: Office) -> str:
    """A run that wrote two fields of Dana and one of Emil to Bert."""
    dana, _ = office.pair("Dana", phone="1")
    emil, _ = office.pair("Emil", phone="2")
    office.anna.edit(dana, name="Dora", phone="11")
    office.anna.edit(emil, phone="22")
    return office.run().id


def held(office: Office) -> list[tuple[object, object]]:
    return sorted((each.values["name"], each.values["phone"]) for each in office.bert.live())


def test_undo_of_a_record_puts_back_that_record_alone(office: Office, run: str) -> None:
    assert held(office) == [("Dora", "11"), ("Emil", "22")]
    assert preview_undo(office.open(), run, record="Dora").restored == 1
    assert held(office) == [("Dora", "11"), ("Emil", "22")]
    assert undo_run(office.open(), run, record="Dora").restored == 1
    assert held(office) == [("Dana", "1"), ("Emil", "22")]
    assert not any(office.run().updated.values())


def test_undo_of_a_field_puts_back_that_field_alone(office: Office, run: str) -> None:
    assert preview_undo(office.open(), run, field="phone").restored == 2
    assert undo_run(office.open(), run, field="Phone").restored == 2
    assert held(office) == [("Dora", "1"), ("Emil", "2")]
    assert not any(office.run().updated.values())


def test_undo_of_a_field_of_a_record_can_be_undone(office: Office, run: str) -> None:
    undone = undo_run(office.open(), run, record="Dora", field="phone")
    assert held(office) == [("Dora", "1"), ("Emil", "22")]
    assert undo_run(office.open(), undone.id).restored == 1
    assert held(office) == [("Dora", "11"), ("Emil", "22")]
    assert undo_run(office.open(), run).restored == 2
    assert held(office) == [("Dana", "1"), ("Emil", "2")]


def test_undo_of_a_field_never_removes_a_record_that_the_run_created(office: Office) -> None:
    office.anna.add(email="new@x.test", name="New")
    office.plan()
    run = office.run()
    assert run.created["Bert"] == 1
    view = undo_run(office.open(), run.id, field="name")
    assert (view.restored, view.removed, len(office.bert.live())) == (0, 0, 1)
    assert [each.reason for each in view.kept] == ["created by the run; only the whole record can be undone"]


def test_created_record_that_another_sync_has_linked_to_one_that_was_there_stays(office: Office) -> None:
    """Removed, it would be deleted for that sync, and its partner would follow."""
    carl = MemoryApp("Carl", office.clock)
    there = carl.add(email="dana@x.test", name="Dana")
    office.anna.add(email="dana@x.test", name="Dana")
    office.anna.add(email="emil@x.test", name="Emil")
    run = office.run()
    office.change(
        "syncs:\n",
        "  Carl: {connector: memory}\nsyncs:\n  more: {state: draft, objects: {Bert: people, Carl: people}}\n",
    )
    turn_on(office.open(), "more", confirmed=True)
    office.run(sync="more", approved=True)
    assert len(carl.live()) == 2
    undone = undo_run(office.open(), run.id)
    assert (undone.removed, [(each.record, each.reason) for each in undone.kept]) == (
        1,
        [("Dana", "created by the run, linked to another record since")],
    )
    assert there in {each.id for each in carl.live()}


def test_undo_of_what_is_not_there_is_refused_and_changes_nothing(office: Office, run: str) -> None:
    with pytest.raises(errors.UnknownRecord):
        undo_run(office.open(), run, record="Nobody")
    with pytest.raises(errors.UnknownField):
        undo_run(office.open(), run, field="fax")
    assert held(office) == [("Dora", "11"), ("Emil", "22")]


def test_undo_of_a_link_is_looked_at_before_and_can_be_undone(office: Office) -> None:
    left, right = office.pair("Dana")

    def linked() -> bool:
        return all(why(office.open(), "people", left).record.ids.values())

    planned = unlink(office.open(), "people", left, right, only_planned=True)
    assert (planned.ids, linked()) == ({"Anna": left, "Bert": right}, True)
    assert unlink(office.open(), "people", left, right) == planned
    assert not linked()
    link(office.open(), "people", left, right)
    office.rest()
    assert (linked(), office.writes) == (True, 0)
