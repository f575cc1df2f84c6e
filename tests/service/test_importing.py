"""Syncs of an exported file, brought in: as drafts, the rest of the settings as it was, or refused with the place."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from bothways.errors import (
    AppOfAnotherKind,
    AppsNotThere,
    MissingKey,
    NotAllowed,
    PermissionMissing,
    ReplacesRunning,
    SettingsMoved,
    StartsTooLate,
    SyncNameTaken,
    SyncsThere,
    UnknownField,
    UnknownKey,
    UsageError,
    YamlUnreadable,
)
from bothways.service import drafts, syncs
from bothways.service.diff import in_words
from bothways.service.importing import import_syncs, put, wanted_of
from bothways.service.rights import Actor, Role
from bothways.service.syncs import exported
from bothways.service.views import ImportedSync
from bothways.service.workspace import load
from bothways.service.yaml_edit import dumped
from bothways.service.yaml_file import parse
from tests.databases import empty_ledger
from tests.office import Office, plug_in
from tests.service.documents import DOCUMENTS, without_places

HERE = """\
# our settings
version: 1
apps:
  Anna: {connector: memory}   # the first
  Bert: {connector: memory}

syncs:   # all of them
  others:   # not yet
    state: off
    objects: {Anna: people, Bert: people}

# the end
"""
BROUGHT = """\
version: 1
revision: 40
apps:
  Anna: {connector: memory}
  Bert: {connector: memory}
syncs:
  people:
    state: on
    objects: {Anna: people, Bert: people}
    fields:
      - {Anna: email, Bert: email}
      - {Anna: name, Bert: name}
    guards: {first_run: 7}
"""
MORE = BROUGHT + "  friends:\n    objects: {Anna: people, Bert: people}\n"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A workspace with a sync that is off, and a file with another one to bring in."""
    plug_in(monkeypatch)
    with empty_ledger(tmp_path):
        yield Office(tmp_path, HERE)


def bring(office: Office, text: str = BROUGHT, **more: Any) -> Any:
    return import_syncs(office.open(), text, "brought.yaml", **more)


def test_new_sync_is_a_draft_whatever_its_file_says_and_the_rest_of_the_file_is_as_it_was(office: Office) -> None:
    (made,) = bring(office).syncs
    assert (made.name, made.new, made.state, made.said) == ("people", True, "draft", "on")
    assert made.objects == {"Anna": "people", "Bert": "people"}
    assert "fields name ⇄ name" in {in_words(change).split(":")[0] for change in made.changes}
    text = office.file.read_text()
    start, end = text.index("  people:"), text.index("\n# the end")
    assert text[:start] + text[end:] == HERE
    assert "revision" not in text
    shown = syncs.show_sync(office.open(), "people")
    assert (shown.state, shown.guards["first_run"], len(shown.mappings)) == ("draft", 7, 2)
    office.anna.add(email="dana@x.test", name="Dana")
    assert not office.bert.live(), "nothing flows"


def test_what_was_brought_in_is_exported_as_it_was(office: Office) -> None:
    bring(office)
    once = syncs.export(office.open(), "people")
    (same,) = bring(office, once, replacing=True).syncs
    assert (same.new, same.changes) == (False, ())
    before = office.file.read_text()
    bring(office, once, name="again")
    assert syncs.export(office.open(), "again").replace("again:", "people:").splitlines()[2:] == once.splitlines()[2:]
    assert office.file.read_text().startswith(before[: before.index("\n# the end")])


@pytest.fixture(scope="module")
def plugged_in() -> Iterator[None]:
    """Let the connectors of the tests be known."""
    with pytest.MonkeyPatch.context() as patch:
        plug_in(patch)
        yield


@pytest.mark.usefixtures("plugged_in")
@settings(max_examples=30)
@given(DOCUMENTS)
def test_export_import_export_is_the_same_for_settings_of_every_kind(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    file = tmp_path_factory.mktemp("there") / "bothways.yaml"
    file.write_text(dumped(data), encoding="utf-8")
    document = load(file)
    text = exported(document, "people", 7)
    file.write_text("# ours\n" + dumped({**data, "syncs": {}}), encoding="utf-8")
    (wanted,) = wanted_of(parse(text, "brought.yaml"), load(file).apps)
    put(file, ImportedSync("people", True, "draft", "", {}, ()), wanted.entry)
    after = load(file)
    assert file.read_text(encoding="utf-8").startswith("# ours\n")
    assert after.syncs["people"].state == "draft"
    again = replace(after, syncs={"people": replace(after.syncs["people"], state=document.syncs["people"].state)})
    assert exported(again, "people", 7) == text
    assert without_places(again.syncs) == without_places(document.syncs)
    assert without_places(after.apps) == without_places(document.apps)


def test_several_syncs_are_brought_in_together_or_none(office: Office) -> None:
    made = bring(office, MORE).syncs
    assert [(each.name, each.state) for each in made] == [("people", "draft"), ("friends", "draft")]
    text = syncs.export(office.open(), "people", "friends")
    assert [each.name for each in bring(office, text, replacing=True).syncs] == ["people", "friends"]
    before = office.file.read_text()
    wrong = MORE.replace("friends", "rivals").replace("people:\n    state", "foes:\n    state")
    wrong += "    fields: [{Anna: email, Bert: nmae}]\n"
    with pytest.raises(UnknownField) as caught:
        bring(office, wrong)
    assert caught.value.where.startswith("brought.yaml:16:")
    assert office.file.read_text() == before


def test_name_that_is_there_is_refused_unless_it_is_to_be_replaced(office: Office) -> None:
    bring(office)
    before = office.file.read_text()
    with pytest.raises(SyncsThere, match=r"people.*--name.*--replace"):
        bring(office, MORE.replace("first_run: 7", "first_run: 8"))
    assert office.file.read_text() == before
    (changed,) = bring(office, BROUGHT.replace("first_run: 7", "first_run: 8"), replacing=True).syncs
    assert [in_words(change) for change in changed.changes] == ["guards first_run: 7 → 8"]
    assert (changed.new, changed.state, changed.said) == (False, "draft", "on")
    after = office.file.read_text()
    assert after == before.replace("first_run: 7", "first_run: 8")


def test_one_that_is_on_is_changed_only_if_that_is_meant_and_stays_on(office: Office) -> None:
    bring(office)
    syncs.turn_on(office.open(), "people")
    wider = BROUGHT.replace("first_run: 7", "first_run: 8").replace("state: on", "state: off")
    before = office.file.read_text()
    with pytest.raises(ReplacesRunning, match="--yes"):
        bring(office, wider, replacing=True)
    assert office.file.read_text() == before
    assert bring(office, BROUGHT, replacing=True).syncs[0].changes == (), "what changes nothing needs no yes"
    (changed,) = bring(office, wider, replacing=True, confirmed=True).syncs
    assert (changed.state, changed.said) == ("on", "off")
    assert syncs.show_sync(office.open(), "people").state == "on"


def test_what_would_change_is_said_and_refused_before_anything_is_saved(office: Office) -> None:
    before = office.file.read_text()
    planned = bring(office, only_planned=True)
    assert office.file.read_text() == before
    assert "people" not in {each.name for each in syncs.list_syncs(office.open())}
    assert bring(office) == planned
    syncs.turn_on(office.open(), "people")
    office.run()
    late = BROUGHT.replace("state: on", "start: changes_from_now")
    for how in ({"only_planned": True}, {"confirmed": True}):
        before = office.file.read_text()
        with pytest.raises(StartsTooLate):
            bring(office, late, replacing=True, **how)
        assert office.file.read_text() == before
        assert syncs.show_sync(office.open(), "people").state == "on"


def test_another_name_is_for_one_sync_and_must_be_a_name(office: Office) -> None:
    bring(office, name="contacts 2")
    assert syncs.show_sync(office.open(), "contacts 2").state == "draft"
    for text, name in ((MORE, "more"), (BROUGHT, "direction"), (BROUGHT, "a/b")):
        with pytest.raises(UsageError):
            bring(office, text, name=name)


def test_name_of_a_draft_of_a_new_sync_is_taken(office: Office) -> None:
    drafts.begin(office.open(), "people", ("Anna", "Bert"), ("people", "people"))
    with pytest.raises(SyncNameTaken, match="people"):
        bring(office)
    assert bring(office, name="friends").syncs[0].new


def test_apps_that_are_not_there_are_named_all_at_once_with_how_to_connect_them(office: Office) -> None:
    head, _, friends = MORE.replace("Anna", "Ann B").partition("  friends:")
    text = f"{head}  friends:{friends.replace('Bert', 'Cleo')}"
    with pytest.raises(AppsNotThere) as caught:
        bring(office, text)
    assert caught.value.where == "brought.yaml:9:15"
    assert "Ann B, Cleo" in caught.value.message
    assert "bothways app add 'Ann B' memory; bothways app add Cleo CONNECTOR" in caught.value.advice


def test_app_that_is_described_otherwise_stays_as_it_is_and_is_named(office: Office) -> None:
    before = office.file.read_text()
    text = BROUGHT.replace("Bert: {connector: memory}", "Bert: {connector: memory, country: NO}")
    assert bring(office, text, only_planned=True).apps == ("Bert",)
    assert bring(office, only_planned=True).apps == ()
    with pytest.raises(AppOfAnotherKind, match=r"locked.*memory") as caught:
        bring(office, BROUGHT.replace("Bert: {connector: memory}", "Bert: {connector: locked}"))
    assert caught.value.where == "brought.yaml:5:21"
    assert office.file.read_text() == before


def test_file_that_says_nothing_of_apps_or_alerts_of_its_own_is_brought_in(office: Office) -> None:
    start, end = BROUGHT.index("apps:"), BROUGHT.index("syncs:")
    assert bring(office, BROUGHT[:start] + "allow_hosts: [x.test]\n" + BROUGHT[end:]).syncs[0].new
    assert "x.test" not in office.file.read_text()


@pytest.mark.parametrize(
    ("old", "new", "error", "where"),
    [
        ("guards:", "gaurds:", UnknownKey, "brought.yaml:13:5"),
        ("  people:", "  people: [", YamlUnreadable, "brought.yaml:"),
        ("Bert: name", "Bert: nmae", UnknownField, "brought.yaml:12:"),
        ("version: 1\n", "", MissingKey, "brought.yaml:1:1"),
        (BROUGHT[BROUGHT.index("  people:") :], "", MissingKey, "brought.yaml:1:1"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_in_the_file_that_is_brought_in(
    office: Office, old: str, new: str, error: type[Exception], where: str
) -> None:
    before = office.file.read_text()
    assert old in BROUGHT
    with pytest.raises(error) as caught:
        bring(office, BROUGHT.replace(old, new, 1))
    assert getattr(caught.value, "where", "").startswith(where)
    assert office.file.read_text() == before


def test_app_that_does_not_let_us_write_and_role_that_may_not_refuse_it(office: Office) -> None:
    viewer = replace(office.open(), actor=Actor("Olga Brandt", Role.OPERATOR), opened={})
    with pytest.raises(NotAllowed):
        import_syncs(viewer, BROUGHT, "brought.yaml")
    office.bert.fail("check", PermissionMissing(app="Bert", reason="no"), times=9)
    before = office.file.read_text()
    with pytest.raises(PermissionMissing):
        bring(office)
    assert office.file.read_text() == before


def test_what_somebody_else_changes_while_the_apps_are_asked_is_not_overwritten_unseen(office: Office) -> None:
    bring(office)
    wider = BROUGHT.replace("first_run: 7", "first_run: 8")
    office.bert.once("before", "check", lambda: office.change("first_run: 7", "first_run: 3"))
    with pytest.raises(SettingsMoved, match="first_run: 3 → 8"):
        bring(office, wider, replacing=True)
    assert "first_run: 3" in office.file.read_text()
    office.bert.once("before", "check", lambda: office.change("  others:", "  friends:"))
    with pytest.raises(SyncsThere, match="friends"):
        bring(office, name="friends")


def test_state_that_a_file_does_not_give_is_not_said(office: Office) -> None:
    bring(office)
    syncs.turn_on(office.open(), "people")
    (same,) = bring(office, BROUGHT.replace("    state: on\n", ""), replacing=True).syncs
    assert (same.state, same.said) == ("on", "")
