"""Drafts of syncs: changed by versions, checked as a whole with everything that is wrong, saved in the file."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bothways.engine.sides import Side
from bothways.errors import (
    DraftChanged,
    DraftOutdated,
    DraftRefused,
    LedgerError,
    NotAllowed,
    SyncNameTaken,
    UnknownDraft,
    UnknownKey,
    UsageError,
)
from bothways.ledger.models import Draft
from bothways.records import Field
from bothways.service import deleting, drafts, syncs
from bothways.service import workspace as workspaces
from bothways.service.admission import check
from bothways.service.connect import Schemas
from bothways.service.database import used
from bothways.service.rights import Actor, Role
from bothways.service.views import DraftView
from bothways.service.workspace import Workspace
from tests.memory_app import MemoryConnector
from tests.office import Office

EMAIL = {"Anna": "email", "Bert": "email"}
NAME = {"Anna": "name", "Bert": "name"}


def as_(office: Office, name: str, role: Role = Role.EDITOR) -> Workspace:
    """Return the workspace in somebody's hands."""
    return replace(office.open(), actor=Actor(name, role), opened={})


def changed(office: Office, draft: DraftView, **parts: object) -> DraftView:
    return drafts.change(office.open(), draft.id, draft.version, **parts)


def new(office: Office, name: str = "friends") -> DraftView:
    """Begin a new sync of what no other sync has, between other apps than it would form a ring with."""
    office.change("state: on", "state: off")
    return drafts.begin(office.open(), name, ("Anna", "Bert"), ("people", "people"))


# --- beginning ----------------------------------------------------------------------------------------


def test_new_draft_is_two_way_and_changes_neither_file_nor_syncs(office: Office) -> None:
    made = new(office)
    before = office.file.read_text()
    assert (made.name, made.new, made.version, made.apps) == ("friends", True, 1, ("Anna", "Bert"))
    assert made.settings["send"] == {"Anna": "all", "Bert": "all"}
    assert drafts.problems(office.open(), made.id) == []
    assert office.file.read_text() == before
    assert [each.name for each in syncs.list_syncs(office.open())] == ["people"]
    assert drafts.drafts(office.open()) == [made]


def test_there_is_one_draft_of_a_sync_which_says_what_the_file_says(office: Office) -> None:
    made = drafts.edit(office.open(), "people")
    assert (made.new, made.settings["objects"]) == (False, {"Anna": "people", "Bert": "people"})
    assert made.settings["guards"] == {"first_run": 1000, "max_change": "100%", "max_emptied": 1000}
    assert drafts.edit(office.open(), "people") == made


@pytest.mark.parametrize(
    ("name", "apps", "error"),
    [
        ("people", ("Anna", "Bert"), SyncNameTaken),
        ("-", ("Anna", "Bert"), UsageError),
        ("x", ("Anna",) * 2, UsageError),
    ],
)
def test_draft_that_cannot_be_is_not_begun(
    office: Office, name: str, apps: tuple[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        drafts.begin(office.open(), name, apps, ("people", "people"))
    assert drafts.drafts(office.open()) == []


def test_name_of_another_draft_is_taken(office: Office) -> None:
    made = new(office)
    with pytest.raises(SyncNameTaken):
        drafts.begin(office.open(), "friends", ("Bert", "Anna"), ("people", "people"))
    assert drafts.rename(office.open(), made.id, made.version, "foes").name == "foes"
    drafts.begin(office.open(), "friends", ("Bert", "Anna"), ("people", "people"))


def test_sync_that_is_there_keeps_its_name(office: Office) -> None:
    made = drafts.edit(office.open(), "people")
    with pytest.raises(UsageError):
        drafts.rename(office.open(), made.id, made.version, "others")


# --- changing -----------------------------------------------------------------------------------------


def test_parts_are_set_and_taken_out(office: Office) -> None:
    made = drafts.edit(office.open(), "people")
    second = changed(office, made, fields=[EMAIL], guards=None)
    assert (second.version, second.settings["fields"], "guards" in second.settings) == (2, [EMAIL], False)
    assert drafts.draft(office.open(), made.id) == second


@pytest.mark.parametrize("part", ["state", "feilds"])
def test_part_that_no_draft_has_is_refused(office: Office, part: str) -> None:
    made = drafts.edit(office.open(), "people")
    with pytest.raises(UnknownKey):
        changed(office, made, **{part: "on"})


def test_of_two_editors_the_second_is_told_and_overwrites_nothing(office: Office) -> None:
    made = drafts.edit(office.open(), "people")
    drafts.change(as_(office, "Ana"), made.id, made.version, fields=[EMAIL])
    with pytest.raises(DraftChanged, match="Ana has changed"):
        drafts.change(as_(office, "Ben"), made.id, made.version, fields=[NAME])
    assert drafts.draft(office.open(), made.id).settings["fields"] == [EMAIL]


def test_discarded_draft_is_gone(office: Office) -> None:
    made = drafts.edit(office.open(), "people")
    drafts.discard(office.open(), made.id)
    for ask in (drafts.draft, drafts.problems, drafts.differences, drafts.discard):
        with pytest.raises(UnknownDraft):
            ask(office.open(), made.id)


def test_viewer_looks_and_changes_nothing(office: Office) -> None:
    made = drafts.edit(office.open(), "people")
    viewer = as_(office, "Vera", Role.OPERATOR)
    assert drafts.draft(viewer, made.id) == made
    for act in (
        lambda: drafts.edit(viewer, "people"),
        lambda: drafts.begin(viewer, "x", ("Anna", "Bert"), ("people", "people")),
        lambda: drafts.change(viewer, made.id, 1, fields=[]),
        lambda: drafts.rename(viewer, made.id, 1, "x"),
        lambda: drafts.take_up(viewer, made.id, 1),
        lambda: drafts.discard(viewer, made.id),
        lambda: drafts.save(viewer, made.id, 1),
    ):
        with pytest.raises(NotAllowed):
            act()


# --- what is wrong ------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_told_with_its_place(office: Office) -> None:
    made = drafts.edit(office.open(), "people")
    wrong = changed(
        office,
        made,
        fields=[EMAIL, {"Anna": "nmae", "Bert": "name"}, NAME, NAME, NAME, {**NAME, "direction": "sideways"}],
        match=[{"Anna": "name", "Bert": "nobody"}],
        when_leaving_filter="explode",
    )
    found = [(each.part, each.item, each.code) for each in drafts.problems(office.open(), wrong.id)]
    assert sorted(found, key=str) == sorted(
        [
            ("fields", 1, "BW-111"),
            ("fields", 3, "BW-112"),
            ("fields", 4, "BW-112"),
            ("fields", 5, "BW-105"),
            ("match", 0, "BW-111"),
            ("when_leaving_filter", None, "BW-105"),
        ],
        key=str,
    )
    exact, same = drafts.sound_part(office.open(), wrong.id)
    assert len(same) == 6
    assert exact is not None
    assert [each.on(Side.LEFT).name for each in exact.resolved.spec.fields] == ["email", "name"]


def test_each_key_of_a_part_is_wrong_for_itself_and_the_rest_holds(office: Office) -> None:
    made = drafts.edit(office.open(), "people")
    constants = [{"field": "shoe", "value": "x"}, {"field": "phone", "value": "+44 1"}]
    wrong = changed(
        office,
        made,
        fields=[EMAIL, NAME],
        send={"Anna": {"filter": {"all": []}}, "Bert": "all"},
        conflicts={"default_app": "Bert", "per_field": {"name": "Anna", "shoe": "Bert"}, "when_empty": "never"},
        deletes={"Anna": "explode", "grace": "1d"},
        guards={"first_run": 7, "max_change": "lots"},
        schedule={"every": "1s", "quiet_hours": {"from": "22:00"}},
        set={"Anna": constants, "Bert": [{"field": "phone", "value": "+44 1"}]},
    )
    exact, found = drafts.sound_part(office.open(), wrong.id)
    assert {(each.part, each.key, each.item) for each in found} == {
        ("send", "Anna", None),
        ("conflicts", "per_field", 1),
        ("conflicts", "when_empty", None),
        ("deletes", "Anna", None),
        ("guards", "max_change", None),
        ("schedule", "every", None),
        ("schedule", "quiet_hours", None),
        ("set", "Anna", 0),
    }
    assert exact is not None
    document = exact.resolved.document
    assert (document.default, document.deletes.grace, document.guards.first_run) == (Side.RIGHT, 86_400.0, 7)
    assert (list(document.winners), len(document.constants)) == (["name"], 2)


def test_what_is_missing_is_told_of_its_part(office: Office) -> None:
    made = changed(office, drafts.edit(office.open(), "people"), fields=[])
    assert [each.part for each in drafts.problems(office.open(), made.id)] == ["fields"]


def test_free_name_can_be_had(office: Office) -> None:
    assert drafts.free_name(office.open(), "People") == "people 2"
    assert drafts.free_name(office.open(), "public.order items!") == "public.order items"
    assert drafts.free_name(office.open(), "direction") == "records", "no key of the file"
    made = new(office, "records")
    assert drafts.free_name(office.open(), "???") == "records 2"
    assert made.name == "records"


def test_what_is_told_has_words_and_no_line_of_a_file(office: Office) -> None:
    made = changed(office, drafts.edit(office.open(), "people"), fields=[{"Anna": "nmae", "Bert": "name"}, EMAIL])
    [problem] = drafts.problems(office.open(), made.id)
    assert "nmae" in problem.message
    assert "draft" not in problem.message


def test_what_is_missing_is_told_where_nothing_else_is_wrong(office: Office) -> None:
    made = changed(office, drafts.edit(office.open(), "people"), fields=[])
    [problem] = drafts.problems(office.open(), made.id)
    assert problem.code == "BW-106"
    assert drafts.sound_part(office.open(), made.id)[0] is None


def test_nothing_flows_where_both_send_nothing(office: Office) -> None:
    made = changed(office, drafts.edit(office.open(), "people"), send={"Anna": "none", "Bert": "none"})
    [problem] = drafts.problems(office.open(), made.id)
    assert (problem.part, problem.code) == ("send", "BW-117")


def test_apps_are_asked_for_their_fields_once_for_all_requests(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    made = drafts.edit(office.open(), "people")
    schemas: Schemas = {}
    asked, fields = list[str](), MemoryConnector.fields

    def counted(self: MemoryConnector, object: str) -> Sequence[Field]:
        asked.append(self.app.name)
        return fields(self, object)

    monkeypatch.setattr(MemoryConnector, "fields", counted)

    def look() -> list[str]:
        asked.clear()
        drafts.problems(replace(office.open(), opened={}, schemas=schemas), made.id)
        return sorted(set(asked))

    assert look() == ["Anna", "Bert"]
    assert look() == []
    office.change("Anna: {connector: memory}", "Anna: {connector: memory, country: NO}")
    assert look() == ["Anna"], "other settings of an app may mean other fields"


# --- saving -------------------------------------------------------------------------------------------


def test_saved_edit_is_in_the_file_and_in_force_and_the_rest_of_the_file_is_as_it_was(office: Office) -> None:
    office.pair()
    made = changed(office, drafts.edit(office.open(), "people"), fields=[EMAIL], conflicts={"default_app": "Bert"})
    changes = [(each.part, each.key, each.after) for each in drafts.differences(office.open(), made.id)]
    assert ("conflicts", "default_app", "Bert") in changes
    assert drafts.save(as_(office, "Ana"), made.id, made.version) == "people"
    text = office.file.read_text()
    assert "# the first" in text
    assert "# who we know" in text
    view = syncs.show_sync(office.open(), "people")
    assert (view.state, view.default_app, [each.fields for each in view.mappings]) == ("on", "Bert", [EMAIL])
    assert drafts.drafts(office.open()) == []


def test_saved_new_sync_is_a_draft_that_can_be_turned_on(office: Office) -> None:
    made = new(office)
    made = changed(office, made, fields=[EMAIL, NAME], match=[EMAIL])
    drafts.save(office.open(), made.id, made.version)
    assert syncs.show_sync(office.open(), "friends").state == "draft"
    syncs.turn_on(office.open(), "friends")
    assert syncs.show_sync(office.open(), "friends").state == "on"


def test_wrong_draft_is_not_saved(office: Office) -> None:
    made = changed(office, drafts.edit(office.open(), "people"), fields=[{"Anna": "nmae", "Bert": "name"}])
    before = office.file.read_text()
    with pytest.raises(DraftRefused, match="nmae"):
        drafts.save(office.open(), made.id, made.version)
    assert office.file.read_text() == before
    assert drafts.draft(office.open(), made.id) == made


def test_sync_that_has_run_does_not_begin_with_changes_alone(office: Office) -> None:
    made = changed(office, drafts.edit(office.open(), "people"), start="changes_from_now")
    assert drafts.problems(office.open(), made.id) == []
    office.pair()
    assert [each.part for each in drafts.problems(office.open(), made.id)] == ["start"]
    with pytest.raises(DraftRefused, match="has run already"):
        drafts.save(office.open(), made.id, made.version)


@pytest.mark.parametrize("is_new", [True, False])
def test_file_stays_as_it_was_where_what_is_saved_cannot_take_effect(
    office: Office, monkeypatch: pytest.MonkeyPatch, is_new: bool
) -> None:
    made = changed(office, new(office) if is_new else drafts.edit(office.open(), "people"), fields=[EMAIL])
    before = office.file.read_text()
    reload = workspaces.reload

    def failing(workspace: Workspace) -> None:
        if office.file.read_text() != before:
            raise LedgerError(reason="the disk is gone")
        reload(workspace)

    monkeypatch.setattr(workspaces, "reload", failing)
    with pytest.raises(LedgerError):
        drafts.save(office.open(), made.id, made.version)
    assert office.file.read_text() == before
    assert drafts.draft(office.open(), made.id) == made


def test_older_version_of_a_draft_is_not_saved(office: Office) -> None:
    made = drafts.edit(office.open(), "people")
    changed(office, made, fields=[EMAIL])
    with pytest.raises(DraftChanged):
        drafts.save(office.open(), made.id, made.version)


def test_draft_that_somebody_changes_while_it_is_saved_is_not_forgotten(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, before = changed(office, drafts.edit(office.open(), "people"), fields=[EMAIL]), office.file.read_text()

    def meanwhile(*asked: Any) -> Any:
        changed(office, made, require=["email"])
        return check(*asked)

    monkeypatch.setattr(drafts, "check", meanwhile)
    with pytest.raises(DraftChanged):
        drafts.save(office.open(), made.id, made.version)
    assert office.file.read_text() == before
    assert drafts.draft(office.open(), made.id).settings["require"] == ["email"]


def test_draft_does_not_overwrite_what_was_edited_in_the_file_a_moment_ago(office: Office) -> None:
    made, opened = changed(office, drafts.edit(office.open(), "people"), fields=[EMAIL]), office.open()
    office.change("max_emptied: 1000", "max_emptied: 7")
    with pytest.raises(DraftOutdated, match="max_emptied: 1000 → 7"):
        drafts.save(opened, made.id, made.version)


def test_draft_that_would_overwrite_newer_settings_is_not_saved_until_it_is_taken_up(office: Office) -> None:
    made = changed(office, drafts.edit(office.open(), "people"), fields=[EMAIL])
    office.change("max_emptied: 1000", "max_emptied: 7")
    with pytest.raises(DraftOutdated, match="max_emptied: 1000 → 7"):
        drafts.save(office.open(), made.id, made.version)
    made = drafts.take_up(office.open(), made.id, made.version)
    drafts.save(office.open(), made.id, made.version)
    assert syncs.show_sync(office.open(), "people").guards["max_emptied"] == 1000


def test_sync_that_was_turned_off_meanwhile_stays_off(office: Office) -> None:
    made = changed(office, drafts.edit(office.open(), "people"), fields=[EMAIL])
    syncs.turn_off(office.open(), "people")
    drafts.save(office.open(), made.id, made.version)
    assert syncs.show_sync(office.open(), "people").state == "off"


def test_draft_of_a_deleted_sync_goes_with_it(office: Office) -> None:
    drafts.edit(office.open(), "people")
    deleting.delete(office.open(), "people", confirmed=True)
    with used(office.open().database):
        assert not Draft.objects.exists()
