"""Differences that a person is asked about: held per field, decided, remembered, carried out, void, undone."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bothways.errors import (
    AppError,
    ConsentDoesNotFit,
    DecisionDoesNotFit,
    NoDifference,
    OutcomeUnknown,
    SettingsContradict,
    UnknownApp,
    UnknownIssue,
    ValuesMoved,
)
from bothways.jobs import now
from bothways.ledger.models import Revision
from bothways.records import Field, FieldType
from bothways.service import conflicts, preview
from bothways.service import issues as inbox
from bothways.service.conflicts import Alike
from bothways.service.export import export
from bothways.service.resolution import resolution
from bothways.service.syncs import show_sync
from bothways.service.views import IssueView
from bothways.service.why import why
from tests.office import SYNC, Office

ASK = SYNC + "    conflicts: {default: ask}\n"
FIELDS = (
    Field("email", FieldType.EMAIL, "E-mail", meaning="email"),
    Field("name", label="Name", meaning="name"),
    Field("job", label="Job title", meaning="jobTitle", max_length=12),
    Field("out", FieldType.BOOLEAN, "Unsubscribed", meaning="optOut"),
)


@pytest.fixture
def asking(folder: Path) -> Office:
    return Office(folder, ASK, fields=FIELDS)


def waiting(office: Office) -> list[IssueView]:
    return inbox.list_issues(office.open(), "people")


def differ(office: Office, name: str = "Dana", job: str = "Buyer", other: str = "Cook") -> tuple[str, str]:
    """Let both apps hold another job of a person, linked and at rest."""
    ids = office.pair(name, job="Clerk")
    office.anna.edit(ids[0], job=job)
    office.bert.edit(ids[1], job=other)
    office.run()
    return ids


def jobs(office: Office, ids: tuple[str, str]) -> tuple[object, object]:
    return office.anna.items[ids[0]].values["job"], office.bert.items[ids[1]].values["job"]


def test_difference_is_held_with_both_values_and_the_other_fields_flow(asking: Office) -> None:
    ids = asking.pair(job="Clerk")
    asking.anna.edit(ids[0], job="Buyer", name="Dana Lee")
    asking.bert.edit(ids[1], job="Cook")
    asking.run()
    assert jobs(asking, ids) == ("Buyer", "Cook")
    assert asking.bert.items[ids[1]].values["name"] == "Dana Lee"
    (issue,) = waiting(asking)
    assert (issue.kind, issue.field, issue.values) == ("conflict", "job=job", {"Anna": "Buyer", "Bert": "Cook"})
    writes = asking.writes
    asking.run(full=True)
    assert (asking.writes, len(waiting(asking))) == (writes, 1)


def test_decision_that_only_one_app_has_when_the_other_record_is_deleted_is_asked_for_again_when_it_is_restored(
    asking: Office,
) -> None:
    for name in ("Eve", "Finn"):
        asking.pair(name)
    ids = differ(asking)
    conflicts.type_value(asking.open(), waiting(asking)[0].id, "Baker")
    asking.bert.fail("write update", OutcomeUnknown(app="Bert", reason="time-out"))
    asking.run()
    assert jobs(asking, ids) == ("Baker", "Cook")
    asking.bert.delete(ids[1])
    asking.run(full=True)
    asking.run(full=True)
    assert not waiting(asking)
    asking.bert.restore(ids[1])
    asking.rest()
    assert jobs(asking, ids) == ("Baker", "Cook"), "nothing is overwritten that was not decided again"
    (issue,) = waiting(asking)
    assert (issue.kind, issue.values) == ("conflict", {"Anna": "Baker", "Bert": "Cook"})


def test_difference_of_a_first_link_is_held_and_what_is_empty_is_filled(asking: Office) -> None:
    ids = asking.anna.add(email="d@x.test", job="Buyer"), asking.bert.add(email="d@x.test", job="Cook", name="Dana")
    asking.rest()
    assert jobs(asking, ids) == ("Buyer", "Cook")
    assert asking.anna.items[ids[0]].values["name"] == "Dana"
    assert [each.field for each in waiting(asking)] == ["job=job"]


def test_difference_of_a_first_link_with_nothing_else_to_write_is_held(asking: Office) -> None:
    asking.anna.add(email="d@x.test", job="Buyer")
    asking.bert.add(email="d@x.test", job="Cook")
    asking.rest()
    assert asking.writes == 0
    assert [each.field for each in waiting(asking)] == ["job=job"]


def test_what_a_person_is_asked_stands_in_a_plan_as_a_conflict_to_decide_with_both_values(
    asking: Office, tmp_path: Path
) -> None:
    ids = asking.pair(job="Clerk")
    other = asking.pair("Eve", job="Clerk")
    asking.anna.add(email="new@x.test", job="Buyer")
    asking.bert.add(email="new@x.test", job="Cook")
    asking.anna.edit(ids[0], job="Buyer", name="Dana Lee")
    asking.bert.edit(ids[1], job="Cook")
    asking.anna.edit(other[0], job="Buyer")
    asking.bert.edit(other[1], job="Cook")
    asking.plan()
    view = asking.plan()
    assert (view.to_decide, view.conflicts) == (3, 0)
    rows = preview.plan_actions(asking.open(), view.id, show="conflicts")
    fields = [each for row in rows for each in row.fields if each.between]
    assert [dict(each.between) for each in fields] == [{"Anna": "Buyer", "Bert": "Cook"}] * 3
    export(tmp_path / "plan.csv", view, rows)
    text = (tmp_path / "plan.csv").read_text(encoding="utf-8-sig")
    assert text.count('"","Job title","Anna: Buyer; Bert: Cook","","FK"') == text.count('"to decide"') == 3


def test_a_sync_tells_how_many_differences_nobody_has_decided(asking: Office) -> None:
    differ(asking)
    differ(asking, "Eve")
    assert show_sync(asking.open(), "people").counts.to_decide == 2
    conflicts.choose_app(asking.open(), waiting(asking)[0].id, "Anna")
    assert show_sync(asking.open(), "people").counts.to_decide == 1


@pytest.mark.parametrize(("app", "value"), [("Anna", "Buyer"), ("Bert", "Cook")])
def test_one_app_s_value_is_chosen_and_the_next_run_writes_it(asking: Office, app: str, value: str) -> None:
    ids = differ(asking)
    (decided,) = conflicts.choose_app(asking.open(), waiting(asking)[0].id, app)
    assert decided.decided == f"you chose the value of {app}"
    assert jobs(asking, ids) == ("Buyer", "Cook")
    asking.rest()
    assert jobs(asking, ids) == (value, value)
    assert waiting(asking) == []
    story = why(asking.open(), "people", "dana@x.test", "job").fields[0]
    assert f"because you chose the value of {app}" in story.sentence


def test_typed_value_goes_to_both(asking: Office) -> None:
    ids = differ(asking)
    conflicts.type_value(asking.open(), waiting(asking)[0].id, "Baker")
    asking.rest()
    assert jobs(asking, ids) == ("Baker", "Baker")
    assert waiting(asking) == []


def test_typed_value_goes_whole_to_the_app_that_has_room_for_it(folder: Path) -> None:
    """The other gets what it holds of it, as of any value that comes from there."""
    roomy = [replace(each, max_length=None) for each in FIELDS]
    office = Office(folder, ASK, fields=FIELDS, bert_fields=roomy)
    ids = differ(office)
    conflicts.type_value(office.open(), waiting(office)[0].id, "Head of bakery")
    office.rest()
    assert jobs(office, ids) == ("Head of bake", "Head of bakery")
    assert waiting(office) == []


def test_typed_value_goes_to_both_by_a_saved_plan_too(asking: Office) -> None:
    ids = differ(asking)
    conflicts.type_value(asking.open(), waiting(asking)[0].id, "Baker")
    applied = asking.apply(asking.plan())
    assert (applied.updated, applied.skipped) == ({"Anna": 1, "Bert": 1}, 0)
    assert jobs(asking, ids) == ("Baker", "Baker")


def test_decision_is_void_once_a_value_was_edited_and_the_person_is_asked_again(asking: Office) -> None:
    ids = differ(asking)
    conflicts.choose_app(asking.open(), waiting(asking)[0].id, "Anna")
    asking.bert.edit(ids[1], job="Chef")
    asking.rest()
    assert jobs(asking, ids) == ("Buyer", "Chef")
    (issue,) = waiting(asking)
    assert (issue.decided, issue.values) == ("", {"Anna": "Buyer", "Bert": "Chef"})
    asking.bert.edit(ids[1], job="Cook")
    asking.rest()
    assert jobs(asking, ids) == ("Buyer", "Cook"), "a void decision does not come back"


def test_people_who_bring_both_in_line_by_hand_end_the_question(asking: Office) -> None:
    ids = differ(asking)
    asking.bert.edit(ids[1], job="Buyer")
    asking.rest()
    assert waiting(asking) == []


def test_decision_of_which_only_a_later_run_finds_that_it_was_carried_out_ends_the_question(asking: Office) -> None:
    ids = differ(asking)
    conflicts.choose_app(asking.open(), waiting(asking)[0].id, "Anna")
    asking.bert.fail("write update", OutcomeUnknown(app="Bert", reason="time-out"), when="after")
    asking.run()
    asking.anna.edit(ids[0], job="Wizard")
    asking.bert.traits = replace(asking.bert.traits, refuses=lambda item: ("no", ("job",)))
    asking.run()
    assert jobs(asking, ids) == ("Wizard", "Buyer")
    assert [issue.kind for issue in waiting(asking)] == ["refused"]


def test_typed_value_of_which_one_half_is_found_to_have_arrived_still_goes_to_the_other(asking: Office) -> None:
    ids = differ(asking)
    conflicts.type_value(asking.open(), waiting(asking)[0].id, "Baker")
    asking.anna.fail("write update", OutcomeUnknown(app="Anna", reason="time-out"), when="after")
    asking.run()
    asking.rest()
    assert jobs(asking, ids) == ("Baker", "Baker")
    assert waiting(asking) == []


def half_done(office: Office) -> tuple[str, str]:
    """Let a typed value be written to Anna, and not to Bert."""
    ids = differ(office)
    conflicts.type_value(office.open(), waiting(office)[0].id, "Baker")
    office.bert.fail("write update", OutcomeUnknown(app="Bert", reason="time-out"), when="before")
    with suppress(AppError):
        office.run()
    assert jobs(office, ids) == ("Baker", "Cook")
    return ids


def test_decision_done_in_one_app_alone_is_asked_anew_after_a_pause(asking: Office) -> None:
    ids = half_done(asking)
    inbox.pause(asking.open(), "people", "dana@x.test")
    asking.rest()
    assert (jobs(asking, ids), waiting(asking)) == (("Baker", "Cook"), [])
    inbox.resume(asking.open(), "people", "dana@x.test")
    asking.rest()
    [issue] = waiting(asking)
    assert issue.values == {"Anna": "Baker", "Bert": "Cook"}


def test_decision_done_in_one_app_alone_and_taken_back_is_asked_anew(asking: Office) -> None:
    half_done(asking)
    inbox.withdraw(asking.open(), waiting(asking)[0].id)
    asking.rest()
    [issue] = waiting(asking)
    assert issue.values == {"Anna": "Baker", "Bert": "Cook"}


def test_decision_taken_back_while_it_is_on_its_way_to_the_first_app_is_asked_anew(asking: Office) -> None:
    ids = differ(asking)
    issue = waiting(asking)[0].id
    conflicts.type_value(asking.open(), issue, "Baker")
    asking.anna.fail("write update", OutcomeUnknown(app="Anna", reason="time-out"), when="after")
    with suppress(AppError):
        asking.run()
    inbox.withdraw(asking.open(), issue)
    asking.rest()
    assert jobs(asking, ids) == ("Baker", "Cook")
    assert [each.values for each in waiting(asking)] == [{"Anna": "Baker", "Bert": "Cook"}]


def test_decision_done_in_one_app_alone_gives_way_to_another(asking: Office) -> None:
    ids = half_done(asking)
    conflicts.choose_app(asking.open(), waiting(asking)[0].id, "Bert")
    asking.rest()
    assert waiting(asking)[0].values == {"Anna": "Baker", "Bert": "Cook"}, "they have not seen that value yet"
    conflicts.choose_app(asking.open(), waiting(asking)[0].id, "Bert")
    asking.rest()
    assert (jobs(asking, ids), waiting(asking)) == (("Cook", "Cook"), [])


def test_decision_done_in_one_app_alone_is_as_at_the_first_look_once_the_field_flows_one_way(asking: Office) -> None:
    ids = half_done(asking)
    fields = "      - {Anna: email, Bert: email}\n      - {Anna: job, Bert: job, direction: to_Bert}\n"
    asking.change("    conflicts", f"    fields:\n{fields}    conflicts")
    asking.rest()
    assert (jobs(asking, ids), waiting(asking)) == (("Baker", "Baker"), [])


def test_decision_taken_back_before_the_run(asking: Office) -> None:
    ids = differ(asking)
    issue = waiting(asking)[0].id
    conflicts.choose_app(asking.open(), issue, "Anna")
    assert inbox.withdraw(asking.open(), issue).decided == ""
    asking.rest()
    assert jobs(asking, ids) == ("Buyer", "Cook")


@pytest.mark.parametrize(("alike", "decided"), [(Alike.NONE, 1), (Alike.VALUES, 2), (Alike.FIELD, 3)])
def test_the_same_for_those_alike(asking: Office, alike: Alike, decided: int) -> None:
    pairs = [differ(asking, "Dana"), differ(asking, "Eve"), differ(asking, "Finn", other="Chef")]
    rows = conflicts.choose_app(asking.open(), waiting(asking)[0].id, "Anna", alike)
    assert len(rows) == decided
    asking.rest()
    assert sum(jobs(asking, ids) == ("Buyer", "Buyer") for ids in pairs) == decided
    assert len(waiting(asking)) == 3 - decided


def test_made_a_rule_it_stands_in_the_settings_and_decides_what_waits(asking: Office) -> None:
    pairs = [differ(asking, "Dana"), differ(asking, "Eve")]
    assert conflicts.make_rule(asking.open(), waiting(asking)[0].id, "Bert") == "job"
    assert "job: Bert" in asking.file.read_text()
    asking.rest()
    assert [jobs(asking, ids) for ids in pairs] == [("Cook", "Cook")] * 2
    assert waiting(asking) == []


def test_rule_goes_to_the_mapping_that_has_a_winner_of_its_own(asking: Office) -> None:
    asking.change(
        "    conflicts: {default: ask}\n",
        "    fields:\n      - {Anna: email, Bert: email}\n      - {Anna: job, Bert: job, winner: ask}\n",
    )
    ids = differ(asking)
    conflicts.make_rule(asking.open(), waiting(asking)[0].id, "Anna")
    assert "winner: Anna" in asking.file.read_text()
    asking.rest()
    assert jobs(asking, ids) == ("Buyer", "Buyer")


def test_what_a_decision_wrote_can_be_undone(asking: Office) -> None:
    ids = differ(asking)
    conflicts.choose_app(asking.open(), waiting(asking)[0].id, "Anna")
    done = asking.run()
    now.undo_run(asking.open(), done.id)
    assert jobs(asking, ids) == ("Buyer", "Cook")
    asking.rest()
    assert jobs(asking, ids) == ("Buyer", "Cook")


def test_what_cannot_be_decided_so_is_refused(asking: Office) -> None:
    differ(asking)
    issue = waiting(asking)[0].id
    with pytest.raises(UnknownApp):
        conflicts.choose_app(asking.open(), issue, "Carl")
    with pytest.raises(DecisionDoesNotFit):
        conflicts.type_value(asking.open(), issue, "  ")
    asking.anna.add(email="x@x.test")
    asking.bert.add(email="x@x.test")
    asking.bert.add(email="x@x.test")
    asking.run()
    match = next(each for each in waiting(asking) if each.kind == "match")
    with pytest.raises(NoDifference):
        conflicts.choose_app(asking.open(), match.id, "Anna")


def test_newest_wins_by_the_modified_time_of_the_records(asking: Office) -> None:
    asking.change("default: ask", "default: newest")
    ids = asking.pair(job="Clerk")
    asking.bert.edit(ids[1], job="Cook")
    asking.clock.advance(300)
    asking.anna.edit(ids[0], job="Buyer")
    asking.rest()
    assert jobs(asking, ids) == ("Buyer", "Buyer")
    story = why(asking.open(), "people", "dana@x.test", "job").fields[0]
    assert "both changed; Anna was changed last" in story.sentence


# --- consent ------------------------------------------------------------------------------------------


def outs(office: Office, ids: tuple[str, str]) -> tuple[object, object]:
    return office.anna.items[ids[0]].values["out"], office.bert.items[ids[1]].values["out"]


def test_opted_out_wins_over_the_default_app_at_first_link(asking: Office) -> None:
    ids = asking.anna.add(email="d@x.test", out=False), asking.bert.add(email="d@x.test", out=True)
    asking.rest()
    assert outs(asking, ids) == (True, True)


def test_undo_never_opts_in_and_says_so(asking: Office) -> None:
    ids = asking.anna.add(email="d@x.test", out=False), asking.bert.add(email="d@x.test", out=True)
    done = asking.run()
    view = now.undo_run(asking.open(), done.id)
    assert outs(asking, ids) == (True, True)
    assert any("opted out" in str(each) for each in view.kept)


def test_opted_out_against_the_direction_is_reported_and_not_overwritten(asking: Office) -> None:
    asking.change("    conflicts", "    send: {Bert: none}\n    conflicts")
    ids = asking.anna.add(email="d@x.test", out=False), asking.bert.add(email="d@x.test", out=True)
    asking.rest()
    assert outs(asking, ids) == (False, True)
    (issue,) = waiting(asking)
    assert (issue.kind, "Bert says opted out" in issue.reason) == ("consent", True)


def test_new_record_of_somebody_opted_out_is_reported_where_that_may_not_be_written(asking: Office) -> None:
    maps = ["{Anna: email, Bert: email}", "{Anna: out, Bert: out, direction: to_Anna}"]
    asking.change("    conflicts", "    fields:\n" + "".join(f"      - {each}\n" for each in maps) + "    conflicts")
    ann = asking.anna.add(email="d@x.test", out=True)
    asking.rest()
    assert len(asking.bert.items) == 1
    (issue,) = waiting(asking)
    assert (issue.kind, issue.record) == ("consent", ann)
    asking.rest()
    assert len(waiting(asking)) == 1


def test_subscribed_in_one_app_is_unsubscribed_in_the_other(asking: Office) -> None:
    fields = (
        "      - {Anna: email, Bert: email}\n      - {Anna: out, Bert: out, consent: {Anna: opt_out, Bert: opt_in}}\n"
    )
    asking.change("    conflicts", f"    fields:\n{fields}    conflicts")
    ids = asking.anna.add(email="d@x.test", out=True), asking.bert.add(email="d@x.test", out=True)
    asking.rest()
    assert outs(asking, ids) == (True, False)
    asking.clock.advance(1000)
    asking.bert.edit(ids[1], out=True)
    asking.rest()
    assert outs(asking, ids) == (False, True), "opted in again by a person"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("{Anna: job, Bert: job, consent: opt_out}", ConsentDoesNotFit),
        ("{Anna: out, Bert: out, only_on_create: true}", SettingsContradict),
        ("{Anna: out, Bert: out, consent: opt_in, only_when_empty: true}", SettingsContradict),
    ],
)
def test_consent_that_cannot_be_kept_is_refused(asking: Office, line: str, error: type[Exception]) -> None:
    asking.change("    conflicts", f"    fields:\n      - {{Anna: email, Bert: email}}\n      - {line}\n    conflicts")
    with pytest.raises(error):
        asking.run()


def test_runs_with_the_same_settings_make_no_revision(asking: Office) -> None:
    asking.pair("Dana", job="Clerk")
    before = Revision.objects.count()
    asking.run()
    assert Revision.objects.count() == before


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (lambda office, ids: office.anna.edit(ids[0], job="Chef"), ValuesMoved),
        (lambda office, ids: office.anna.edit(ids[0], job="Cook"), UnknownIssue),
    ],
    ids=["another value", "no difference any more"],
)
def test_what_a_run_finds_while_the_apps_are_asked_is_not_decided_unseen(
    asking: Office,
    monkeypatch: pytest.MonkeyPatch,
    edit: Callable[[Office, tuple[str, str]], object],
    error: type[Exception],
) -> None:
    ids = differ(asking)
    (issue,) = waiting(asking)

    def meanwhile(*asked: Any) -> Any:
        monkeypatch.setattr(conflicts, "resolution", resolution)
        edit(asking, ids)
        asking.run()
        return resolution(*asked)

    monkeypatch.setattr(conflicts, "resolution", meanwhile)
    with pytest.raises(error):
        conflicts.choose_app(asking.open(), issue.id, "Bert")
    assert [each.values["Anna"] for each in waiting(asking)] == (["Chef"] if error is ValuesMoved else [])
