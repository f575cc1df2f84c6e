"""Scope from the settings to the apps: in force, shown, explained, and looked at again when it is edited."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bothways import errors
from bothways.connectors.base import Connector
from bothways.engine.filters import InList, in_words
from bothways.engine.scope import Scope
from bothways.engine.sides import Side
from bothways.jobs import now
from bothways.records import Field, FieldType, Option
from bothways.service import preview, proof, records, syncs
from bothways.service.door import check_lists
from bothways.service.reading import document_of
from bothways.service.scope import scope_in_force, stored_scope
from bothways.service.yaml_file import parse
from tests.memory_app import PEOPLE
from tests.office import SYNC, Office, plug_in
from tests.service.test_spec import LEFT, RIGHT, spec

LAND = Field("land", label="Country")
STAGE = Field("stage", FieldType.CHOICE, "Stage", options=(Option("lead", "New lead"), Option("customer", "Customer")))
FIELDS = (*PEOPLE, LAND, STAGE)
GERMAN = "    send: {Anna: {filter: {field: land, is: DE}}}\n"
MAPPED = "    fields:\n      - {Anna: email, Bert: email}\n      - {Anna: name, Bert: name}\n"
PLUS = "    send: {Anna: {filter: {any: [{field: land, in: [DE, FR]}, {field: stage, is: customer}]}}}\n"


@pytest.fixture(autouse=True)
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the connectors of the tests be known."""
    plug_in(monkeypatch)


def office(folder: Path, more: str) -> Office:
    made = Office(folder, SYNC + MAPPED + more, fields=FIELDS)
    for number, land in enumerate(("DE", "FR", "NO")):
        made.anna.add(email=f"p{number}@x.test", name=f"P{number}", land=land)
    return made


def settle(made: Office) -> None:
    for _ in range(3):
        made.clock.advance(61)
        now.run_sync(made.open(), "people")


def test_a_plan_tells_who_is_left_out_and_who_enters_or_leaves_after_an_edit(tmp_path: Path) -> None:
    made = office(tmp_path, GERMAN)
    made.clock.advance(61)
    first = preview.plan(made.open(), "people")
    assert (first.created["Bert"], first.left_out) == (1, 2)
    assert first.left_out_why == {"outside the filter of Anna (Country is DE)": 2}
    settle(made)
    assert len(made.bert.live()) == 1
    made.change("is: DE", "in: [FR, NO]")
    made.clock.advance(61)
    edited = preview.plan(made.open(), "people")
    why = "outside the filter of Anna (Country is FR or NO)"
    assert (edited.leaving, edited.entering, edited.created["Bert"]) == ({why: 1}, 0, 2)
    actions = preview.plan_actions(made.open(), edited.id)
    assert ("leave out", why) in [(each.kind, each.reason) for each in actions]
    settle(made)
    made.change("in: [FR, NO]", "known: true")
    made.clock.advance(61)
    back = preview.plan(made.open(), "people")
    assert (back.leaving, back.entering, back.changes) == ({}, 1, 0)


def test_records_and_counts_say_what_is_left_out_and_why(tmp_path: Path) -> None:
    made = office(tmp_path, GERMAN)
    settle(made)
    made.anna.edit(made.anna.live()[0].id, land="FR")
    settle(made)
    page = records.list_records(made.open(), "people", state="left_out").rows
    assert {each.reason for each in page} == {"outside the filter of Anna (Country is DE)"}
    assert sorted(each.name for each in page) == ["P0", "P1", "P2"]
    counts = syncs.show_sync(made.open(), "people").counts
    assert (counts.in_sync, counts.left_out) == (0, 3)


def test_a_difference_in_a_frozen_pair_is_explained(tmp_path: Path) -> None:
    made = office(tmp_path, GERMAN)
    settle(made)
    made.anna.edit(made.anna.live()[0].id, land="FR", name="Paul")
    proved = proof.compare(made.open(), "people")
    assert [each.why for each in proved.explained] == ["outside the filter of Anna (Country is DE)"]
    assert proved.different == ()


def test_a_sync_shows_its_scope_in_words_and_exports_what_it_reads(tmp_path: Path) -> None:
    made = office(tmp_path, PLUS + "    when_leaving_filter: unlink\n    require: [email]\n")
    (listed,) = syncs.list_syncs(made.open())
    assert listed.sends == {"Anna": "land is DE or FR, or stage is customer", "Bert": "all"}
    settle(made)
    shown = syncs.show_sync(made.open(), "people")
    assert shown.sends == {"Anna": "Country is DE or FR, or Stage is Customer", "Bert": "all"}
    assert (shown.when_leaving, shown.requires) == ("unlink", {"Anna": "email", "Bert": "email"})
    exported = document_of(parse(syncs.export(made.open(), "people"), "bothways.yaml")).syncs["people"]
    assert syncs.settings_of(exported) == syncs.settings_of(made.open().sync("people"))


def test_saving_the_same_filter_again_makes_no_revision(tmp_path: Path) -> None:
    made = office(tmp_path, PLUS)
    settle(made)
    before = syncs.show_sync(made.open(), "people").revision
    made.write(made.file.read_text() + "# the same\n")
    settle(made)
    assert syncs.show_sync(made.open(), "people").revision == before


@pytest.mark.parametrize(
    ("filter", "error", "said"),
    [
        ("{field: lnd, is: DE}", errors.UnknownField, "land"),
        ("{field: land, greater: 5}", errors.OperatorDoesNotFit, "is, is_not, in, contains"),
        ("{field: land, is: 5}", errors.OperandDoesNotFit, 'Put it in quotes: "5"'),
        ("{field: stage, in: [lead, prospect]}", errors.OperandDoesNotFit, "There are: New lead, Customer"),
    ],
)
def test_a_filter_that_does_not_fit_the_fields_is_refused_with_its_place(
    tmp_path: Path, filter: str, error: type[errors.SettingsError], said: str
) -> None:
    made = office(tmp_path, f"    send: {{Anna: {{filter: {filter}}}}}\n")
    with pytest.raises(error) as refused:
        preview.plan(made.open(), "people")
    assert refused.value.where.startswith("bothways.yaml:13:")
    assert said in str(refused.value)
    assert made.bert.live() == []


@pytest.mark.parametrize(
    ("more", "emails"),
    [
        ("", {Side.LEFT: "email", Side.RIGHT: "Mail"}),
        ("    require: [email]\n", {Side.LEFT: "email", Side.RIGHT: "Mail"}),
        ("    require: []\n", {}),
    ],
)
def test_people_need_an_email_unless_the_settings_clear_that(more: str, emails: dict[Side, str]) -> None:
    assert spec(more).scope.emails == emails


def test_what_is_no_person_needs_no_email() -> None:
    companies = [replace(each, meaning=None) if each.meaning == "givenName" else each for each in LEFT]
    assert spec(left=companies).scope.emails == {}
    assert spec("    require: [email]\n", left=companies).scope.emails == {Side.LEFT: "email", Side.RIGHT: "Mail"}


def test_an_email_that_nobody_can_have_cannot_be_required() -> None:
    left, right = ([each for each in fields if each.type is not FieldType.EMAIL] for fields in (LEFT, RIGHT))
    match = "    match: [{A: phone, B: Phone}]\n"
    with pytest.raises(errors.SettingsError, match="none of the two apps has a field for it") as refused:
        spec(match + "    require: [email]\n", left=left, right=right)
    assert refused.value.where == "bothways.yaml:9:14"


def test_a_scope_is_kept_whole_with_its_revision() -> None:
    found = spec(
        "    send: {A: {filter: {all: [{field: score, between: [1, 2]}, {not: {field: created, in_last_days: 9}}]}}}\n"
    )
    kept = scope_in_force({"scope": stored_scope(found.scope)})
    assert in_words(kept.filters[Side.LEFT]) == "score is between 1 and 2, and not (created is in the last 9 days)"
    assert stored_scope(kept) == stored_scope(found.scope)


def test_a_first_sync_of_many_records_is_advised_to_begin_with_a_filter(tmp_path: Path) -> None:
    made = Office(tmp_path, SYNC + MAPPED, fields=FIELDS)
    for number in range(101):
        made.anna.add(email=f"p{number}@x.test", land="DE")
    made.clock.advance(61)
    assert preview.plan(made.open(), "people").advice.startswith("This first sync would write 101 records.")
    assert "{Anna: {filter:" in now.run_sync(made.open(), "people").advice
    made.clock.advance(61)
    assert now.run_sync(made.open(), "people").advice == ""


@pytest.mark.parametrize(("count", "more"), [(100, ""), (101, GERMAN)])
def test_few_records_or_a_filter_need_no_advice(tmp_path: Path, count: int, more: str) -> None:
    made = Office(tmp_path, SYNC + MAPPED + more, fields=FIELDS)
    for number in range(count):
        made.anna.add(email=f"p{number}@x.test", land="DE")
    made.clock.advance(61)
    assert preview.plan(made.open(), "people").advice == ""


LISTED = "    send: {Anna: {filter: {all: [{list: VIP}, {field: land, is: DE}]}}}\n"


def test_a_list_of_the_app_chooses_the_records(tmp_path: Path) -> None:
    made = office(tmp_path, LISTED)
    made.anna.lists["vip"] = [item.id for item in made.anna.live()]
    settle(made)
    assert [item.values["name"] for item in made.bert.live()] == ["P0"]
    shown = syncs.show_sync(made.open(), "people")
    assert shown.sends["Anna"] == "in the list VIP, and Country is DE"
    left = {row.name: row.reason for row in records.list_records(made.open(), "people", state="left_out").rows}
    assert left == dict.fromkeys(("P1", "P2"), "outside the filter of Anna (in the list VIP, and Country is DE)")
    made.anna.lists["vip"] = []
    here = next(item.id for item in made.anna.live() if item.values["name"] == "P0")
    made.anna.edit(here, name="Paul")
    made.clock.advance(600)
    settle(made)
    told = proof.compare(made.open(), "people")
    assert [(each.field, each.why) for each in told.explained] == [
        ("Name", "outside the filter of Anna (in the list VIP, and Country is DE)")
    ]


@pytest.mark.parametrize(
    ("names", "said"), [(["Press", "VIPs"], "VIPs"), ([], "no list named"), (["VIP", "vip"], "more than one list")]
)
def test_a_list_that_is_not_there_once_is_refused_at_the_door(tmp_path: Path, names: list[str], said: str) -> None:
    made = office(tmp_path, LISTED)
    made.anna.lists = {name: [] for name in names}
    with pytest.raises(errors.UnknownList, match=said) as raised:
        made.run()
    assert raised.value.where.startswith("bothways.yaml:")
    assert made.writes == 0


def test_lists_are_refused_where_an_app_keeps_none(tmp_path: Path) -> None:
    document = office(tmp_path, LISTED).open().sync("people")

    class Bare:
        """An app without lists."""

    with pytest.raises(errors.ListsNotKnown, match="Anna"):
        check_lists(document, Scope({Side.LEFT: InList("VIP")}), Side.LEFT, cast(Connector, Bare()))
