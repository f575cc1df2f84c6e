"""An app is let in by OAuth from the command line: an address to open, an address to paste."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bothways.cli.main import main
from bothways.sandbox.hubspot import APP_SECRET, CLIENT_ID, FrozenClock, HubSpotSandbox
from bothways.service.workspace import load
from tests.consenting import SECRET_NAME, answered, register, words
from tests.databases import empty_ledger

REDIRECT = "http://127.0.0.1:8417/oauth/callback"
COMPANIES = ("crm.objects.companies.read", "crm.objects.companies.write", "crm.schemas.companies.read")

Run = Callable[..., int]


@pytest.fixture
def hubspot() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as made:
        register(made, REDIRECT)
        yield made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(SECRET_NAME, APP_SECRET)
    (tmp_path / "bothways.yaml").write_text("version: 1\nallow_hosts: [127.0.0.1]\napps: {}\nsyncs: {}\n")
    with empty_ledger(tmp_path):
        yield tmp_path


class Person:
    """Somebody at the terminal: opens the address that is shown, presses a button there, pastes what comes of it."""

    closed = False

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys, self.button, self.pastes, self.seen = capsys, "connect", "", ""

    def isatty(self) -> bool:
        return False

    def readline(self) -> str:
        self.seen += self.capsys.readouterr().err
        [address] = re.findall(r"^ +(http\S+)$", self.seen, re.MULTILINE)[-1:]
        return (self.pastes or answered(address, self.button)) + "\n"


@pytest.fixture
def person(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Person:
    made = Person(capsys)
    monkeypatch.setattr(sys, "stdin", made)
    return made


def add(folder: Path, hubspot: HubSpotSandbox, *more: str) -> int:
    own = ("--set", f"client_id={CLIENT_ID}", "--secret", f"client_secret=env:{SECRET_NAME}")
    at = ("--set", f"base_url={hubspot.url}", "--set", f"authorize_url={hubspot.url}/oauth/authorize")
    return main(["-C", str(folder), "app", "add", "crm", "hubspot", *own, *at, *more])


def test_app_is_connected_and_signed_in_to_again(
    folder: Path, hubspot: HubSpotSandbox, person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(folder, hubspot) == 0
    assert "✓ crm: HubSpot answers" in capsys.readouterr().out
    oauth = load(folder / "bothways.yaml").apps["crm"].oauth
    assert oauth is not None
    assert oauth.client_secret.name == SECRET_NAME
    hubspot.remove_apps()
    assert main(["-C", str(folder), "app", "check", "crm"]) == 77
    assert "bothways app login crm" in capsys.readouterr().err
    assert main(["-C", str(folder), "--json", "app", "login", "crm"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["format"], told["account_id"]) == ("bothways.app-check/1", "48151623")
    [token] = hubspot.refresh_tokens()
    assert token not in person.seen
    assert APP_SECRET not in person.seen


def test_permission_that_is_not_wanted_is_not_asked_for(
    folder: Path, hubspot: HubSpotSandbox, person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(folder, hubspot, *(word for each in COMPANIES for word in ("--without", each))) == 0
    [address] = re.findall(r"^ +(http\S+)$", person.seen, re.MULTILINE)
    assert "companies" not in words(address)["optional_scope"]
    assert "crm.objects.contacts.read" in words(address)["scope"]
    assert add(folder, hubspot, "--without", "oauth") == 64


def test_further_permission_is_asked_for_where_it_is_wanted_and_until_it_is_left_out(
    folder: Path, hubspot: HubSpotSandbox, person: Person
) -> None:
    scope = "crm.schemas.contacts.write"
    login = ["-C", str(folder), "app", "login", "crm"]
    assert add(folder, hubspot) == 0
    for more in ([], ["--with", scope], [], ["--without", scope], []):
        assert main([*login, *more]) == 0
    asked = [scope in words(each)["optional_scope"] for each in re.findall(r"^ +(http\S+)$", person.seen, re.MULTILINE)]
    assert asked == [False, False, True, True, False, False]
    assert main([*login, "--with", "content"]) == 64


def test_who_says_no_or_pastes_something_else_connects_nothing(
    folder: Path, hubspot: HubSpotSandbox, person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    person.button = "cancel"
    assert add(folder, hubspot) == 77
    assert "The user has not allowed it" in capsys.readouterr().err
    person.pastes = "https://www.example.com/"
    assert add(folder, hubspot) == 64
    assert REDIRECT in capsys.readouterr().err
    person.pastes = f"{REDIRECT}?code=guessed&state=guessed"
    assert add(folder, hubspot) == 77
    assert load(folder / "bothways.yaml").apps == {}


def test_typed_client_secret_is_kept_where_only_its_owner_reads_it(
    folder: Path, hubspot: HubSpotSandbox, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [APP_SECRET + "\n"]
    monkeypatch.setattr(person, "readline", lambda: lines.pop(0) if lines else Person.readline(person))
    own = ("--set", f"client_id={CLIENT_ID}", "--secret", "client_secret=stdin")
    at = ("--set", f"base_url={hubspot.url}", "--set", f"authorize_url={hubspot.url}/oauth/authorize")
    assert main(["-C", str(folder), "app", "add", "crm", "hubspot", *own, *at]) == 0
    [file] = (folder / ".bothways" / "secrets").iterdir()
    assert (file.read_text(), file.stat().st_mode & 0o077) == (APP_SECRET, 0)
    assert main(["-C", str(folder), "app", "remove", "crm"]) == 0
    assert not file.exists()
    assert hubspot.refresh_tokens() == []


def test_search_says_that_there_are_two_ways(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "search", "hubspot"]) == 0
    out = capsys.readouterr().out
    assert "or by OAuth, without token: --set client_id=... --secret client_secret=env:NAME" in out
