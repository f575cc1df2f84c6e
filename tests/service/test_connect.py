"""Secrets are read where they are, at the moment they are used; an account has one budget."""

import os
from pathlib import Path

import pytest

from bothways.errors import SecretMissing, SecretUnreadable, UnknownObject
from bothways.service.connect import Secrets, open_app
from bothways.service.document import SecretPlace
from tests.memory_app import Clock, MemoryApp
from tests.office import Office

PLACES = {"key": SecretPlace("env", "THE_KEY"), "pass": SecretPlace("file", "secrets/pass")}


def test_a_secret_of_the_environment_is_read_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Secrets("crm", PLACES, tmp_path)
    monkeypatch.setenv("THE_KEY", "one")
    assert store.get("key") == "one"
    monkeypatch.setenv("THE_KEY", "two")
    assert store.get("key") == "two"
    assert "two" not in repr(store)


def test_a_secret_of_a_file_is_read_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "pass").write_text(" word \r\n")
    assert Secrets("crm", PLACES, tmp_path).get("pass") == " word "


@pytest.mark.parametrize("held", [None, "", " \n"])
def test_a_missing_secret_names_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str | None) -> None:
    store = Secrets("crm", PLACES, tmp_path)
    monkeypatch.delenv("THE_KEY", raising=False)
    if held is not None:
        monkeypatch.setenv("THE_KEY", held)
    with pytest.raises(SecretMissing, match="for crm is missing: the environment variable THE_KEY"):
        store.get("key")
    with pytest.raises(SecretUnreadable, match="the file secrets/pass: No such file"):
        store.get("pass")
    with pytest.raises(SecretMissing, match='"token" under auth'):
        store.get("token")


def test_a_secret_of_an_empty_file_is_missing_and_one_of_a_file_that_is_no_text_cannot_be_read(tmp_path: Path) -> None:
    store, file = Secrets("crm", PLACES, tmp_path), tmp_path / "secrets" / "pass"
    file.parent.mkdir()
    file.write_bytes(b"\n")
    with pytest.raises(SecretMissing, match="the file secrets/pass holds nothing"):
        store.get("pass")
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SecretUnreadable, match="the file secrets/pass: it is not UTF-8 text"):
        store.get("pass")


def test_a_secret_of_the_environment_that_is_no_text_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environb, b"THE_KEY", b"p\xe4ss")
    with pytest.raises(SecretUnreadable, match="the environment variable THE_KEY: it is not UTF-8 text"):
        Secrets("crm", PLACES, tmp_path).get("key")


def test_a_secret_that_an_editor_of_windows_has_saved_is_read_without_its_mark(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "pass").write_bytes(b"\xef\xbb\xbfword\r\n")
    assert Secrets("crm", PLACES, tmp_path).get("pass") == "word"


def test_an_app_is_opened_once_and_anew_when_its_settings_change(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PW", "secret-word")
    MemoryApp("crm", Clock())
    entry = "  crm: {connector: locked, url: https://x, auth: {user: {env: WHO}, password: {env: PW}}}\n"
    office.change("syncs:\n", entry + "syncs:\n")
    monkeypatch.setenv("WHO", "ana")
    workspace = office.open()
    first = open_app(workspace, "crm")
    assert open_app(workspace, "crm") is first
    office.change("https://x", "https://y")
    second = office.open()
    assert open_app(second, "crm").document.settings["url"] == "https://y"
    assert open_app(second, "crm").budget.shared is first.budget.shared
    assert "secret-word" not in office.file.read_text()
    kept = [path.read_bytes() for path in (office.folder / ".bothways").iterdir()]
    assert kept
    assert not any(b"secret-word" in each for each in kept)


def test_fields_are_asked_for_once_in_ten_minutes(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_app(office.open(), "Anna")
    asked = []
    monkeypatch.setattr(app.connector, "fields", lambda object: asked.append(object) or office.anna.fields)
    for now in (0.0, 599.0, 601.0, 700.0):
        assert "email" in app.fields("people", now)
    assert asked == ["people", "people"]


def test_an_unknown_object_is_refused_with_its_place_and_the_nearest_name(office: Office) -> None:
    with pytest.raises(UnknownObject, match="Did you mean people") as caught:
        open_app(office.open(), "Anna").fields("peple", 0.0, "bothways.yaml:8:20")
    assert caught.value.where == "bothways.yaml:8:20"
