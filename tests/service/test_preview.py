"""Plans: counted, listed in pages, and kept for being applied."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bothways.connectors.base import Read
from bothways.errors import PlanOutdated, StoppedByBrake, UnknownRecord
from bothways.ledger.models import Plan
from bothways.records import Field, FieldType, Option, Ref
from bothways.service import preview
from bothways.service.database import used
from bothways.service.views import ActionView, PlanView
from bothways.service.workspace import open_workspace
from tests.memory_app import PEOPLE, MemoryConnector, Traits
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


def test_plan_that_was_made_while_the_settings_were_changed_is_none_of_the_new_ones(
    busy: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = preview.preview

    def changed_meanwhile(*given: Any, **more: Any) -> Any:
        busy.change("max_emptied: 1000", "max_emptied: 7")
        open_workspace(busy.folder)
        return make(*given, **more)

    monkeypatch.setattr(preview, "preview", changed_meanwhile)
    plan = busy.plan()
    made = preview.latest_plan(busy.open(), "people")
    assert made is not None
    assert (made.view.id, made.outdated) == (plan.id, preview.SETTINGS)
    with pytest.raises(PlanOutdated, match="settings were changed"):
        busy.apply(plan)


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


# --- a part alone ---------------------------------------------------------------------------------------


def plan_part(office: Office, **part: object) -> PlanView:
    """Plan a part a minute later."""
    office.clock.advance(60)
    return preview.plan(office.open(), "people", **part)  # type: ignore[arg-type]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the ids of the records that are read by id, as they are."""
    ids, true = list[str](), MemoryConnector.read

    def noted(self: MemoryConnector, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        ids.extend(ref.id for ref in refs)
        return true(self, object, refs, fields)

    monkeypatch.setattr(MemoryConnector, "read", noted)
    return ids


def test_plan_of_one_record_reads_it_and_its_partner_alone_and_says_of_it_what_the_whole_plan_says(
    busy: Office, read: list[str]
) -> None:
    whole = {row.name: row for row in actions(busy, busy.plan().id)}
    for counted in (read, busy.anna.calls, busy.bert.calls):
        counted.clear()  # type: ignore[attr-defined]
    view = plan_part(busy, record="Anna:a00001")
    assert (view.part, view.compared, view.known, view.changes) == ("record", 1, 8, 1)
    (row,) = actions(busy, view.id)
    assert (row.ids, row.fields) == (whole["Dora"].ids, whole["Dora"].fields)
    assert sorted(read) == ["a00001", "b00001"]
    assert not {"changes", "ids"} & {*busy.anna.calls, *busy.bert.calls}, "no listing is read"
    for name in ("Lea", "Cleo", "H1"):
        (row,) = actions(busy, plan_part(busy, record=name).id, "everything")
        assert (row.kind, row.reason, row.fields) == (whole[name].kind, whole[name].reason, whole[name].fields)


def test_plan_of_one_record_sees_an_edit_that_no_listing_has_told_and_is_written_exactly(busy: Office) -> None:
    busy.rest()
    left, right = busy.pair("Nora")
    busy.anna.edit(left, name="Norah")
    view = plan_part(busy, record=f"Bert:{right}")
    assert (view.updated, view.changes) == ({"Anna": 0, "Bert": 1}, 1)
    busy.anna.add(email="new@x.test", name="New")
    before = busy.writes
    assert busy.apply(view).updated == {"Anna": 0, "Bert": 1}
    assert (busy.writes, busy.bert.values(right)["name"]) == (before + 1, "Norah")


def test_record_that_nobody_knows_yet_is_refused_and_nothing_is_planned(busy: Office) -> None:
    with pytest.raises(UnknownRecord):
        plan_part(busy, record="nobody@x.test")


def test_plan_of_one_record_of_a_sync_that_is_off(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.change("state: on", "state: off")
    office.anna.edit(left, name="Dora")
    assert plan_part(office, record="dana@x.test").updated == {"Anna": 0, "Bert": 1}


def test_sample_says_of_some_what_the_whole_plan_says_of_them(busy: Office) -> None:
    whole = {row.ids["Anna"] or row.ids["Bert"]: row for row in actions(busy, busy.plan().id, "everything")}
    view = plan_part(busy, sample=3)
    assert (view.part, view.known) == ("sample", 8)
    some = actions(busy, view.id, "everything")
    assert 1 <= len(some) == view.compared <= 3
    for row in some:
        same = whole[row.ids["Anna"] or row.ids["Bert"]]
        assert (row.kind, row.reason, row.ids, row.fields) == (same.kind, same.reason, same.ids, same.fields)
    assert len(actions(busy, plan_part(busy, sample=1000).id, "everything")) == len(whole)


def test_plan_of_a_part_is_no_look_at_all_that_a_new_sync_writes(office: Office) -> None:
    office.change("first_run: 1000", "first_run: 2")
    for number in range(5):
        office.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    run = office.apply(plan_part(office, sample=1))
    assert (run.created["Bert"], run.state) == (1, "done")
    assert office.run().created["Bert"] == 1, "what is left of the first two"
    with pytest.raises(StoppedByBrake):
        office.run()
    missing = {item.values["email"] for item in office.anna.live()} - {
        item.values["email"] for item in office.bert.live()
    }
    assert office.apply(plan_part(office, record=str(min(missing))), approved=True).created["Bert"] == 1
    with pytest.raises(StoppedByBrake):
        office.run()
    office.run(approved=True)
    assert len(office.bert.live()) == 5


def test_plans_of_parts_take_the_place_of_no_whole_one_and_overtake_none(busy: Office) -> None:
    whole = busy.plan()
    for _ in range(preview.KEPT + 2):
        last = plan_part(busy, record="Dora")
    made = preview.latest_plan(busy.open(), "people")
    assert made is not None
    assert made.view.id == whole.id
    assert preview.made_plan(busy.open(), last.id).view == last
    with used(busy.open().database):
        assert Plan.objects.count() == 1 + 1 + preview.KEPT
    run = busy.apply(whole)
    assert (run.skipped, run.updated) == (0, whole.updated)
