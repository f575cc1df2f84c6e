"""The settings of a sync as a text: compared, applied, refused where it says more or was made from something else."""

from dataclasses import replace
from typing import Any

import pytest

from bothways.errors import (
    MissingKey,
    NotAllowed,
    NotOfThisSync,
    PermissionMissing,
    StaleSettings,
    UnknownField,
    UnknownKey,
    UnknownSync,
    YamlUnreadable,
)
from bothways.service import settings_text, syncs
from bothways.service.admission import check
from bothways.service.diff import in_words
from bothways.service.rights import Actor, Role
from bothways.service.settings_text import apply, compare
from bothways.service.workspace import Workspace
from tests.office import Office

FIELDS = "    fields:\n      - {Anna: email, Bert: email}\n      - {Anna: name, Bert: name}\n"


def as_(office: Office, name: str, role: Role = Role.EDITOR) -> Workspace:
    """Return the workspace in somebody's hands."""
    return replace(office.open(), actor=Actor(name, role), opened={})


def exported(office: Office) -> str:
    return syncs.export(office.open(), "people")


def test_text_as_it_was_exported_changes_nothing(office: Office) -> None:
    before = office.file.read_text()
    assert compare(office.open(), "people", exported(office)).changes == ()
    assert apply(office.open(), "people", exported(office)).changes == ()
    assert office.file.read_text() == before


@pytest.mark.parametrize("role", Role)
def test_who_is_alerted_and_who_may_sign_in_stands_in_the_text_of_admins_alone(office: Office, role: Role) -> None:
    office.write(
        office.file.read_text()
        + "alerts: {webhook: {url: 'https://hooks.example.com/zqx'}}\n"
        + "sign_in: {issuer: 'https://login.example.com', client_id: zqx, client_secret: {env: ZQX}}\n"
    )
    text = syncs.export(as_(office, "Vera", role), "people")
    assert ("zqx" in text) is (role is Role.ADMIN)
    assert ("ZQX" in text) is (role is Role.ADMIN)
    assert compare(office.open(), "people", text).changes == ()
    assert "zqx" in exported(office), "at the command line all of it"


def test_edited_text_is_compared_then_in_the_file_and_in_force_and_the_rest_of_the_file_is_as_it_was(
    office: Office,
) -> None:
    text = exported(office).replace("first_run: 1000", "first_run: 7") + FIELDS
    words = {in_words(change) for change in compare(office.open(), "people", text).changes}
    assert words == {
        "guards first_run: 1000 → 7",
        'fields email ⇄ email: not set → {"Anna": "email", "Bert": "email"}',
        'fields name ⇄ name: not set → {"Anna": "name", "Bert": "name"}',
    }
    assert "first_run: 1000" in office.file.read_text(), "nothing was saved"
    assert len(apply(office.open(), "people", text).changes) == 3
    file = office.file.read_text()
    assert "# the first" in file
    assert "# who we know" in file
    assert "every:" not in file, "what the text does not change is not written out"
    assert syncs.show_sync(office.open(), "people").guards["first_run"] == 7
    assert [each.fields for each in syncs.show_sync(office.open(), "people").mappings] == [
        {"Anna": "email", "Bert": "email"},
        {"Anna": "name", "Bert": "name"},
    ]
    assert compare(office.open(), "people", exported(office)).changes == ()


def test_part_that_is_left_out_is_taken_out_of_the_file(office: Office) -> None:
    office.change("    guards:", FIELDS + "    guards:")
    text = exported(office)
    assert FIELDS in text
    apply(office.open(), "people", text.replace(FIELDS, ""))
    assert "fields:" not in office.file.read_text()


def test_state_is_told_and_stays(office: Office) -> None:
    found = apply(office.open(), "people", exported(office).replace("state: on", "state: off"))
    assert (found.changes, found.state) == ((), "off")
    with_more = exported(office).replace("state: on", "state: off").replace("first_run: 1000", "first_run: 7")
    assert [in_words(each) for each in apply(office.open(), "people", with_more).changes] == [
        "guards first_run: 1000 → 7"
    ]
    assert syncs.show_sync(office.open(), "people").state == "on"


def test_what_somebody_else_has_changed_meanwhile_is_not_overwritten_unseen(office: Office) -> None:
    text = exported(office)
    theirs = text.replace("max_emptied: 1000", "max_emptied: 3")
    apply(as_(office, "Edo Sato"), "people", theirs)
    mine = text.replace("first_run: 1000", "first_run: 7")
    before = office.file.read_text()
    for do in (compare, apply):
        with pytest.raises(StaleSettings) as caught:
            do(as_(office, "Ana Ruiz"), "people", mine)
        assert caught.value.facts["who"] == "Edo Sato"
        assert caught.value.facts["diff"] == "guards.first_run: 1000 → 7; guards.max_emptied: 3 → 1000"
    assert office.file.read_text() == before
    seen = caught.value.facts["current"]
    assert isinstance(seen, int)
    with pytest.raises(StaleSettings):
        apply(as_(office, "Ana Ruiz"), "people", mine, seen - 1)
    assert len(apply(as_(office, "Ana Ruiz"), "people", mine, seen).changes) == 2
    assert "max_emptied: 1000" in office.file.read_text()


def test_that_it_was_turned_off_or_another_sync_was_changed_meanwhile_outdates_no_text(office: Office) -> None:
    office.file.write_text(
        office.file.read_text() + "  others:\n    state: off\n    objects: {Anna: people, Bert: people}\n"
    )
    text = exported(office)
    office.change("    state: off\n", "    state: off\n    guards: {first_run: 3}\n")
    office.open()
    syncs.turn_off(office.open(), "people")
    found = apply(office.open(), "people", text.replace("first_run: 1000", "first_run: 7"))
    assert ([in_words(each) for each in found.changes], found.state) == (["guards first_run: 1000 → 7"], "on")
    assert syncs.show_sync(office.open(), "people").state == "off"


def test_text_that_does_not_tell_what_it_was_made_from_is_refused(office: Office) -> None:
    text = exported(office)
    revision = next(line for line in text.splitlines(keepends=True) if line.startswith("revision:"))
    with pytest.raises(MissingKey, match="revision"):
        apply(office.open(), "people", text.replace(revision, "").replace("first_run: 1000", "first_run: 7"))


@pytest.mark.parametrize(
    ("old", "new", "error", "where"),
    [
        ("guards:", "gaurds:", UnknownKey, "line:12:5"),
        ("  people:", "  people: [", YamlUnreadable, "line:"),
        ("Anna: {connector: memory}", "Anna: {connector: memory, country: NO}", NotOfThisSync, "line:3:1"),
        ("syncs:\n  people:", "syncs:\n  friends:", NotOfThisSync, "line:6:1"),
        ("version: 1", "version: 1\npublic_url: https://x.test", NotOfThisSync, "line:2:1"),
    ],
)
def test_what_is_wrong_with_a_text_is_told_with_its_place(
    office: Office, old: str, new: str, error: type[Exception], where: str
) -> None:
    text, before = exported(office), office.file.read_text()
    assert old in text
    with pytest.raises(error) as caught:
        apply(office.open(), "people", text.replace(old, new, 1))
    assert getattr(caught.value, "where", "").startswith(where)
    assert office.file.read_text() == before


def test_field_that_the_app_does_not_have_is_told_with_its_place_when_it_is_applied(office: Office) -> None:
    text, before = exported(office) + FIELDS.replace("Bert: name", "Bert: nmae"), office.file.read_text()
    assert compare(office.open(), "people", text).changes, "no app is asked"
    with pytest.raises(UnknownField) as caught:
        apply(office.open(), "people", text)
    line = next(number for number, words in enumerate(text.splitlines(), start=1) if "nmae" in words)
    assert caught.value.where.startswith(f"line:{line}:")
    assert office.file.read_text() == before


def test_app_that_does_not_let_us_write_refuses_it(office: Office) -> None:
    text = exported(office).replace("first_run: 1000", "first_run: 7")
    office.bert.fail("check", PermissionMissing(app="Bert", reason="no"), times=9)
    with pytest.raises(PermissionMissing):
        apply(office.open(), "people", text)
    assert "first_run: 1000" in office.file.read_text()


@pytest.mark.parametrize("do", [compare, apply])
def test_sync_that_is_not_there_and_role_that_may_not(office: Office, do: object) -> None:
    with pytest.raises(UnknownSync):
        do(office.open(), "friends", exported(office))  # type: ignore[operator]
    with pytest.raises(NotAllowed):
        do(as_(office, "Olga Brandt", Role.OPERATOR), "people", exported(office))  # type: ignore[operator]


def test_what_somebody_changes_while_the_apps_are_asked_is_not_overwritten(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = exported(office).replace("first_run: 1000", "first_run: 7")

    def meanwhile(*asked: Any) -> Any:
        office.change("first_run: 1000", "first_run: 8")
        return check(*asked)

    monkeypatch.setattr(settings_text, "check", meanwhile)
    with pytest.raises(StaleSettings):
        apply(office.open(), "people", text)
    assert "first_run: 8" in office.file.read_text()
