"""Plans: counted, listed in pages, and kept for being applied."""

from pathlib import Path

import pytest

from bothways.errors import PlanOutdated
from bothways.ledger.models import Plan
from bothways.records import Field, FieldType, Option
from bothways.service import preview
from bothways.service.database import used
from bothways.service.views import ActionView
from tests.memory_app import PEOPLE, Traits
from tests.office import Office


def actions(office: Office, plan_id: str, show: str = "all", size: int = 400) -> list[ActionView]:
    """Return all actions of a plan, page by page."""
    workspace, found, after = office.open(), list[ActionView](), -1
    while page := preview.plan_actions(workspace, plan_id, show=show, after=after, size=size):
        assert len(page) <= size
        found += page
        after = page[-1].seq
    return found


@pytest.fixture
def busy(office: Office) -> Office:
    """Everything at once: a conflict, a link, two creates, a hold, a record with nothing in it."""
    left, right = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    office.bert.edit(right, name="Daisy")
    office.anna.add(email="l@x.test", name="Lea")
    office.bert.add(email="l@x.test", phone="+4930111222")
    office.anna.add(email="c@x.test", name="Cleo")
    office.bert.add(email="k@x.test", name="Karl")
    office.anna.add(email="h@x.test", name="H1")
    office.anna.add(email="h@x.test", name="H2")
    office.anna.add()
    office.clock.advance(120)
    office.plan()
    return office


def test_a_plan_counts_what_a_run_would_do(busy: Office) -> None:
    before = busy.writes
    view = busy.plan()
    assert busy.writes == before
    assert (view.sync, view.apps) == ("people", ("Anna", "Bert"))
    assert (view.created, view.updated) == ({"Anna": 1, "Bert": 1}, {"Anna": 1, "Bert": 2})
    assert (view.linked, view.held, view.left_out, view.failing, view.waiting) == (1, 2, 1, 0, 0)
    assert (view.conflicts, view.changes, view.compared) == (1, 4, 8)
    assert view.emptied == {}
    assert view.brakes == ()
    run = busy.apply(view)
    assert (run.created, run.updated) == (view.created, view.updated)


def test_actions_are_listed_with_their_fields_and_reasons(busy: Office) -> None:
    found = {row.name: row for row in actions(busy, busy.plan().id)}
    assert {row.kind for row in found.values()} == {"update", "link", "create", "hold"}
    dana = found["Dora"]
    assert (dana.kind, dana.ids) == ("update", {"Anna": "a00001", "Bert": "b00001"})
    (field,) = dana.fields
    assert (field.app, field.field, field.label, field.before, field.after) == ("Bert", "name", "Name", "Daisy", "Dora")
    assert (field.rule, field.reason, field.conflict) == ("F4", "both changed; Anna wins", True)
    assert [each.app for each in found["Lea"].fields] == ["Bert", "Anna"]
    assert {each.app for each in found["Karl"].fields} == {"Anna"}
    assert found["Cleo"].ids == {"Anna": "a00003", "Bert": None}
    assert "2 records of one app have the same e-mail" in found["H1"].reason


def test_actions_can_be_listed_by_what_they_are(busy: Office) -> None:
    plan = busy.plan().id
    assert [row.name for row in actions(busy, plan, "conflicts")] == ["Dora"]
    assert {row.name for row in actions(busy, plan, "held")} == {"H1", "H2"}
    assert actions(busy, plan, "emptied") == []
    kinds = [row.kind for row in actions(busy, plan, "everything")]
    assert set(kinds) - {row.kind for row in actions(busy, plan)} == {"leave out"}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_of_any_size_list_the_same(busy: Office, size: int) -> None:
    plan = busy.plan().id
    for show in ("all", "conflicts", "held", "everything"):
        assert actions(busy, plan, show, size) == actions(busy, plan, show)


def test_what_would_be_emptied_is_counted_and_listed(office: Office) -> None:
    office.change("    guards:", "    conflicts: {when_empty: clear}\n    guards:")
    left, _ = office.pair("Dana", phone="+4930123456")
    office.anna.edit(left, phone=None)
    view = office.plan()
    assert view.emptied == {"Phone in Bert": 1}
    (row,) = actions(office, view.id, "emptied")
    assert (row.fields[0].label, row.fields[0].before, row.fields[0].after) == ("Phone", "+4930123456", None)


def test_a_brake_shows_in_the_plan_with_what_releases_it(office: Office) -> None:
    office.change("max_emptied: 1000", "max_emptied: 0")
    office.change("    guards:", "    conflicts: {when_empty: clear}\n    guards:")
    left, _ = office.pair("Dana", phone="+4930123456")
    office.anna.edit(left, phone=None)
    view = office.plan()
    assert [(each.name, each.reason) for each in view.brakes] == [
        ("max_emptied", "Phone in Bert would be emptied in 1 records")
    ]
    assert f"apply {view.id} --yes" in view.brakes[0].hint


def test_what_the_other_app_cannot_hold_is_failing_and_what_is_lost_is_told(folder: object) -> None:
    from pathlib import Path

    assert isinstance(folder, Path)
    text, number = Field("size", FieldType.TEXT, "Size"), Field("size", FieldType.NUMBER, "Size")
    note, short = Field("note", label="Note"), Field("note", label="Note", max_length=5)
    office = Office(folder, fields=(*PEOPLE, text, note), bert_fields=(*PEOPLE, number, short))
    office.change(
        "    guards:",
        "    fields: [{Anna: email, Bert: email}, {Anna: size, Bert: size}, {Anna: note, Bert: note}]\n    guards:",
    )
    left, _ = office.pair("Dana")
    office.anna.edit(left, size="big", note="much too long")
    view = office.plan()
    (row,) = actions(office, view.id)
    by_name = {each.field: each for each in row.fields}
    assert by_name["size"].app == "Bert"
    assert '"big" is not a number' in by_name["size"].hold
    assert (by_name["note"].after, by_name["note"].lost) == ("much", "8 characters beyond 5")
    office.apply(view)
    office.anna.edit(left, note="other")
    assert office.plan().changes == 1


def test_names_come_from_the_revision_a_plan_was_made_under(office: Office) -> None:
    office.anna.add(email="a@x.test", name="Ann")
    view = office.plan()
    office.change("    guards:", "    fields: [{Anna: email, Bert: email}]\n    guards:")
    (row,) = actions(office, view.id)
    assert {each.label for each in row.fields} == {"E-mail", "Name"}


def test_only_some_plans_are_kept(office: Office) -> None:
    plans = [office.plan().id for _ in range(preview.KEPT + 2)]
    with used(office.open().database):
        assert Plan.objects.count() == preview.KEPT
    with pytest.raises(PlanOutdated):
        preview.plan_actions(office.open(), plans[0])


def test_a_draft_sees_what_changed_between_two_plans(office: Office) -> None:
    office.change("state: on", "state: draft")
    office.anna.add(email="a@x.test")
    assert office.plan().changes == 1
    office.bert.add(email="a@x.test")
    view = office.plan()
    assert (view.created["Bert"], view.linked) == (0, 1)


def test_a_sync_that_is_off_can_be_planned(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.change("state: on", "state: off")
    office.anna.edit(left, name="Dora")
    assert office.plan().updated == {"Anna": 0, "Bert": 1}


def test_progress_is_told(office: Office) -> None:
    office.anna.add(email="a@x.test")
    told = []
    preview.plan(office.open(), "people", progress=told.append)
    assert {(each.phase, each.app) for each in told} == {
        ("Reading", "Anna"),
        ("Reading", "Bert"),
        ("Matching", "people"),
    }


def test_an_app_that_cannot_hold_a_value_for_now_is_waited_for(office: Office) -> None:
    office.bert.traits = Traits(refuses=lambda item: ("no", ("name",)) if item.values.get("name") == "Dora" else None)
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    assert office.run().failing == 1
    view = office.plan()
    assert view.failing + view.changes == 1


def test_a_value_that_did_not_fit_is_planned_once_the_field_can_hold_it(folder: Path) -> None:
    """Nobody edits anything: an option was added in the other app."""

    def tier(*keys: str) -> Field:
        options = tuple(Option(key, key.title()) for key in keys)
        return Field("tier", FieldType.CHOICE, "Tier", meaning="jobTitle", options=options)

    text = Field("tier", FieldType.TEXT, "Tier", meaning="jobTitle")
    office = Office(folder, fields=(*PEOPLE, text), bert_fields=(*PEOPLE, tier("gold")))
    left, right = office.pair()
    office.anna.edit(left, tier="Silver")
    assert office.run().failing == 1
    office.bert.fields = (*PEOPLE, tier("gold", "silver"))
    assert office.plan().updated["Bert"] == 1
    assert office.run().failing == 0
    assert office.bert.values(right)["tier"] == "silver"


def test_a_plan_of_a_sync_that_is_off_shows_what_it_meets_for_the_first_time(office: Office) -> None:
    office.change("state: on", "state: off")
    for number in range(3):
        office.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    assert office.plan().created == {"Anna": 0, "Bert": 3}
    assert office.plan().created == {"Anna": 0, "Bert": 3}
