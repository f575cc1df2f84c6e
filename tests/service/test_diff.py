"""What an edited settings file would change, in the settings and in the records, before it is saved."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways import errors
from bothways.ledger import db
from bothways.ledger.models import Revision
from bothways.service.diff import diff, in_words, plan_file
from bothways.service.syncs import export
from bothways.service.views import ActionView, PlanView
from bothways.service.workspace import Workspace, open_workspace
from tests.office import SYNC, Office

FIELDS = "    fields: [{Anna: email, Bert: email}, {Anna: name, Bert: name}]\n    guards:"


def closed(office: Office) -> Workspace:
    """Return the workspace as ``sync diff`` opens it: its file is not taken over."""
    return open_workspace(office.folder, take_over=False)


def words(office: Office, *asked: object) -> list[str]:
    return [in_words(change) for change in diff(closed(office), *asked)]  # type: ignore[arg-type]


def everything() -> dict[str, list[tuple[object, ...]]]:
    """Return every row of the ledger."""
    tables = ("sync", "feed", "revision", "seen", "match_key", "due", "link", "shadow", "plan", "plan_action", "hold")
    return {name: sorted(map(tuple, db.rows(f"SELECT * FROM {name}")), key=repr) for name in tables}


def test_a_file_that_says_what_is_in_force_changes_nothing(office: Office) -> None:
    office.open()
    assert words(office) == []


def test_what_is_exported_differs_in_nothing(office: Office, tmp_path: Path) -> None:
    office.change("    guards:", FIELDS)
    other = tmp_path / "exported.yaml"
    other.write_text(export(office.open(), "people"), encoding="utf-8")
    assert words(office, "people", other) == []


def test_differences_are_told_by_setting_and_saved_by_nobody(office: Office) -> None:
    office.change("    guards:", FIELDS)
    office.open()
    office.change(
        "{Anna: name, Bert: name}", "{Anna: name, Bert: name, direction: to_Bert}, {Anna: phone, Bert: phone}"
    )
    office.change("first_run: 1000", "first_run: 5")
    office.change("{Anna: email, Bert: email}, ", "")
    before = Revision.objects.count()
    assert set(words(office)) == {
        'fields email ⇄ email: {"Anna": "email", "Bert": "email"} → not set',
        "fields name ⇄ name direction: not set → to_Bert",
        'fields phone ⇄ phone: not set → {"Anna": "phone", "Bert": "phone"}',
        "guards first_run: 1000 → 5",
    }
    assert Revision.objects.count() == before
    assert words(office)


def test_a_new_sync_an_app_and_a_sync_that_is_gone_are_told(office: Office) -> None:
    office.open()
    office.change("  people:   # who we know", "  persons:")
    office.change("Bert: {connector: memory}", "Bert: {connector: memory}\n  Cleo: {connector: memory}")
    changes = diff(closed(office))
    assert {(each.sync, each.part) for each in changes} >= {("persons", "objects"), ("people", "state")}
    assert next(each.after for each in changes if (each.sync, each.part) == ("people", "state")) == "off"


def test_a_file_that_cannot_be_used_is_refused_with_its_place(office: Office, tmp_path: Path) -> None:
    office.open()
    other = tmp_path / "other.yaml"
    other.write_text(SYNC.replace("state: on", "state: maybe"), encoding="utf-8")
    with pytest.raises(errors.WrongType, match=r"other.yaml:7:12"):
        diff(closed(office), None, other)
    with pytest.raises(errors.UnknownSync, match="Did you mean people"):
        diff(closed(office), "peple")


def planned(office: Office, text: str) -> tuple[PlanView, list[ActionView]]:
    file = office.folder / "edited.yaml"
    file.write_text(text, encoding="utf-8")
    taken: list[tuple[PlanView, list[ActionView]]] = []

    def take(view: PlanView, actions: Iterator[ActionView]) -> None:
        taken.append((view, list(actions)))

    plan_file(office.open(), file, "people", "all", take)
    return taken[0]


def test_a_plan_by_a_file_tells_what_its_settings_would_do_and_saves_nothing(office: Office) -> None:
    office.change("    guards:", FIELDS)
    left, right = office.pair("Dana")
    office.anna.edit(left, phone="+49 30 1")
    office.run()
    before, writes = everything(), office.writes
    text = office.file.read_text(encoding="utf-8")
    view, (action,) = planned(office, text.replace("fields: [", "fields: [{Anna: phone, Bert: phone}, "))
    assert (view.id, view.updated, action.kind) == ("", {"Anna": 0, "Bert": 1}, "update")
    assert [(each.app, each.field, each.before, each.after) for each in action.fields] == [
        ("Bert", "phone", None, "+49 30 1")
    ]
    assert (everything(), office.writes) == (before, writes)
    assert office.file.read_text(encoding="utf-8") == text
    assert office.bert.values(right).get("phone") is None
    assert not any(office.run().updated.values())


def test_a_plan_by_a_file_tells_who_would_leave(office: Office) -> None:
    office.pair("Dana")
    office.pair("Emil")
    text = office.file.read_text(encoding="utf-8")
    filter = "    send: {Anna: {filter: {field: name, is: Dana}}}\n    guards:"
    view, _ = planned(office, text.replace("    guards:", filter))
    assert sum(view.leaving.values()) == 1
    assert not office.plan().leaving


def test_a_plan_by_a_file_that_could_not_be_saved_is_refused_as_saving_would_be(office: Office) -> None:
    office.pair("Dana")
    before = everything()
    with pytest.raises(errors.SettingsError, match="cannot change"):
        planned(office, SYNC.replace("Bert: people}", "Bert: companies}"))
    with pytest.raises(errors.UnknownField):
        planned(office, SYNC.replace("    guards:", "    fields: [{Anna: nothing, Bert: name}]\n    guards:"))
    assert everything() == before
