"""An app is let in by OAuth: connected, signed in to again as the same account, disconnected."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

from bothways.errors import (
    AccessNotAllowed,
    AccountChanged,
    ClientRefused,
    MissingKey,
    NotAllowed,
    SecretInFile,
    SecretMissing,
    SignInNeeded,
    UsageError,
    VisitOver,
    WrongType,
)
from bothways.ledger import access, db
from bothways.sandbox.hubspot import APP_SECRET, CLIENT_ID, FrozenClock, HubSpotSandbox, single
from bothways.sandbox.hubspot.schema import prop
from bothways.service import apps, letting_in, syncs
from bothways.service.connect import open_app
from bothways.service.database import used
from bothways.service.document import CLIENT_SECRET
from bothways.service.letting_in import Way
from bothways.service.rights import Actor, Role
from bothways.service.same_account import ensure_same_account
from bothways.service.schema import settings_schema
from bothways.service.workspace import Workspace, load, open_workspace
from tests.consenting import OPTIONAL, REDIRECT, SECRET_NAME, answered, app_text, register
from tests.databases import empty_ledger

HEAD = "version: 1\nallow_hosts: [127.0.0.1]\n"


@pytest.fixture
def hubspot() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as made:
        register(made)
        yield made


@pytest.fixture
def workspace(tmp_path: Path, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace without apps, on the account's clock."""
    monkeypatch.setenv(SECRET_NAME, APP_SECRET)
    (tmp_path / "bothways.yaml").write_text(f"{HEAD}apps: {{}}\nsyncs: {{}}\n")
    with empty_ledger(tmp_path):
        opened = open_workspace(tmp_path)
        opened.clock = hubspot.now
        yield opened


def way_to(workspace: Workspace, hubspot: HubSpotSandbox, name: str = "crm") -> Way:
    """Return the way to the account."""
    settings = {"base_url": hubspot.url, "client_id": CLIENT_ID, "authorize_url": f"{hubspot.url}/oauth/authorize"}
    secrets = {CLIENT_SECRET: ("env", SECRET_NAME)}
    return letting_in.way_to(workspace, name, "hubspot", settings, secrets, REDIRECT, OPTIONAL)


def go(workspace: Workspace, way: Way, button: str = "connect", allow: list[str] | None = None):
    """Go the way, press a button at the app, and come back."""
    back = letting_in.answer_in(answered(letting_in.address_of(way), button, allow))
    return letting_in.arrive(workspace, way, letting_in.code_of(way, back))


def again(workspace: Workspace) -> Way:
    return letting_in.way_again(workspace, "crm", {}, REDIRECT, OPTIONAL)


def everything_kept(workspace: Workspace) -> str:
    """Return all that is in the database and in files, as text."""
    with used(workspace.database):
        tables = [name for (name,) in db.rows("SELECT name FROM sqlite_master WHERE type='table'")]
        rows = str([db.rows(f"SELECT * FROM {name}") for name in tables])
    files = [path for path in workspace.folder.rglob("*") if path.is_file() and "ledger.db" not in path.name]
    return rows + "".join(path.read_text() for path in files)


def test_app_that_is_allowed_is_connected_and_answers(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    view = go(workspace, way_to(workspace, hubspot))
    assert (view.name, view.account_id) == ("crm", "48151623")
    assert [(each.name, each.readable, each.writable) for each in view.objects] == [
        ("contacts", True, True),
        ("companies", True, True),
        ("deals", True, True),
        ("leads", True, True),
        ("tickets", True, True),
        ("products", True, True),
        ("owners", True, False),
    ]
    assert load(workspace.file).apps["crm"].oauth is not None
    assert apps.check_app(replace(workspace, opened={}), "crm").account_id == "48151623"
    details = apps.show_app(workspace, "crm")
    assert (details.by_oauth, details.missing, details.signed_in_at) == (True, (), hubspot.now())
    assert ("Client id", CLIENT_ID) in details.settings
    assert [name for name, _, _ in details.secrets] == [CLIENT_SECRET, "webhook_secret", "developer_key"]


def test_nothing_that_lets_anybody_in_can_be_read_anywhere(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    go(workspace, way_to(workspace, hubspot))
    [refresh] = hubspot.refresh_tokens()
    opened = open_app(workspace, "crm")
    token = opened.connector._api.http._access.token()  # type: ignore[attr-defined]
    kept = everything_kept(workspace)
    assert "access" in kept
    assert refresh not in kept
    assert token not in kept
    assert APP_SECRET not in kept
    assert refresh not in repr(opened.connector._api.http._access)  # type: ignore[attr-defined]


def test_access_that_ended_is_renewed_without_anybody(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    go(workspace, way_to(workspace, hubspot))
    before = hubspot.calls["oauth/token"]
    for _ in range(3):
        apps.check_app(workspace, "crm")
    assert hubspot.calls["oauth/token"] == before
    hubspot.advance(1750)
    apps.check_app(workspace, "crm")
    assert hubspot.calls["oauth/token"] == before + 1, "renewed before the app refuses it"
    hubspot.advance(4000)
    apps.check_app(replace(workspace, opened={}), "crm")
    assert hubspot.calls["oauth/token"] == before + 2


def test_what_was_not_allowed_is_told_with_what_it_blocks(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    refused = ("crm.objects.deals.write", "tickets", "crm.objects.custom.write", "crm.objects.owners.read")
    left = [each for each in OPTIONAL if "companies" not in each and each not in refused]
    type = hubspot.make_object("pet", ("Pet", "Pets"), [prop("pet_name", "Name", group="pet")])
    view = go(workspace, way_to(workspace, hubspot), allow=left)
    may = {each.name: (each.readable, each.writable) for each in view.objects}
    assert may == {
        "contacts": (True, True),
        "companies": (False, False),
        "deals": (True, False),
        "leads": (True, True),
        "tickets": (False, False),
        "products": (True, True),
        type: (True, False),
        "owners": (False, False),
    }
    missing = apps.show_app(workspace, "crm").missing
    assert {each.label for each in missing} == {
        "read companies",
        "add and change companies",
        "read, add and change tickets",
        "add and change objects that you have made",
        "read who your users are",
        "see which properties companies have",
        "add and change deals",
    }
    assert {name for each in missing for name in each.reads} == {"companies", "tickets", "owners"}
    assert {name for each in missing for name in each.writes} == {"companies", "deals", "tickets", "custom"}


def test_who_is_not_let_in_is_told_why_and_nothing_is_written(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    before = workspace.file.read_text()
    with pytest.raises(AccessNotAllowed, match="has not allowed it") as caught:
        go(workspace, way_to(workspace, hubspot), "cancel")
    assert REDIRECT in caught.value.advice
    assert workspace.file.read_text() == before
    assert hubspot.refresh_tokens() == []


def test_answer_of_another_way_is_not_taken(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    one, two = way_to(workspace, hubspot), way_to(workspace, hubspot)
    back = letting_in.answer_in(answered(letting_in.address_of(one)))
    for answer in (back, {**back, "state": ""}, {"code": back["code"]}, {}):
        with pytest.raises(VisitOver):
            letting_in.code_of(two, answer)
    with pytest.raises(SignInNeeded, match="verifier"):
        letting_in.arrive(workspace, two, back["code"])


def test_words_of_a_refusal_are_cut(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    way = way_to(workspace, hubspot)
    with pytest.raises(AccessNotAllowed) as caught:
        letting_in.code_of(way, {"state": way.state, "error": "x", "error_description": "a\x00\n" + "b" * 9999})
    assert len(caught.value.message) < 400
    assert "\x00" not in caught.value.message


def test_wrong_client_secret_is_told_as_that(
    workspace: Workspace, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_NAME, "guessed-and-wrong")
    with pytest.raises(ClientRefused) as caught:
        go(workspace, way_to(workspace, hubspot))
    assert "guessed-and-wrong" not in str(caught.value)
    monkeypatch.delenv(SECRET_NAME)
    with pytest.raises(SecretMissing, match=SECRET_NAME):
        go(workspace, way_to(workspace, hubspot))


def test_app_that_fails_behind_the_door_is_not_connected_and_gets_all_back(
    workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    hubspot.fault("403", match="account-info")
    with pytest.raises(Exception, match="does not allow"):
        go(workspace, way_to(workspace, hubspot))
    assert "crm" not in load(workspace.file).apps
    assert hubspot.refresh_tokens() == []


def test_mistakes_are_refused_before_anybody_is_sent_away(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    with pytest.raises(UsageError, match="cannot be the name"):
        way_to(workspace, hubspot, "a/b")
    go(workspace, way_to(workspace, hubspot))
    with pytest.raises(UsageError, match="already"):
        way_to(workspace, hubspot)
    secrets = {CLIENT_SECRET: ("env", SECRET_NAME)}
    with pytest.raises(MissingKey, match="client_id"):
        letting_in.way_to(workspace, "b", "hubspot", {}, secrets, REDIRECT, ())
    with pytest.raises(UsageError, match="client_secret"):
        letting_in.way_to(workspace, "b", "carddav", {"url": "https://a.example"}, secrets, REDIRECT, ())
    viewer = replace(workspace, actor=Actor("Vera", Role.OPERATOR))
    with pytest.raises(NotAllowed):
        letting_in.way_again(viewer, "crm", {}, REDIRECT, ())


# --- later --------------------------------------------------------------------------------------------------


def test_access_that_somebody_took_away_asks_for_a_sign_in_and_that_is_all_it_takes(
    workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    go(workspace, way_to(workspace, hubspot))
    hubspot.remove_apps()
    for _ in range(2):
        with pytest.raises(SignInNeeded, match="sign in again"):
            apps.check_app(workspace, "crm")
    go(workspace, again(workspace))
    assert apps.check_app(workspace, "crm").account_id == "48151623"


def test_who_signs_in_again_sees_the_fields_that_are_seen_by_now(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    workspace.schemas = {}
    go(workspace, way_to(workspace, hubspot))
    assert "shoe_size" not in open_app(workspace, "crm").fields("contacts", workspace.clock())
    hubspot.define("contacts", prop("shoe_size", "Shoe size", custom=True))
    go(workspace, again(workspace))
    later = replace(workspace, opened={})
    assert "shoe_size" in open_app(later, "crm").fields("contacts", workspace.clock())


def test_another_account_is_not_taken_over(
    workspace: Workspace, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(workspace, way_to(workspace, hubspot))
    [first] = hubspot.refresh_tokens()
    with used(workspace.database):
        ensure_same_account(workspace, open_app(workspace, "crm"))
    monkeypatch.setattr(single, "PORTAL", 4242)
    with pytest.raises(AccountChanged, match="4242"):
        go(workspace, again(workspace))
    assert hubspot.refresh_tokens() == [first], "what the other account gave is given back"
    monkeypatch.undo()
    monkeypatch.setenv(SECRET_NAME, APP_SECRET)
    hubspot.advance(4000)
    assert apps.check_app(workspace, "crm").account_id == "48151623"


def test_account_is_asked_for_after_each_sign_in_and_not_after_each_renewal(
    workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    go(workspace, way_to(workspace, hubspot))
    with used(workspace.database):
        ensure_same_account(workspace, open_app(workspace, "crm"))
        before = hubspot.calls["account-info"]
        hubspot.advance(4000)
        ensure_same_account(workspace, open_app(workspace, "crm"))
        assert hubspot.calls["account-info"] == before
    go(workspace, again(workspace))
    with used(workspace.database):
        before = hubspot.calls["account-info"]
        ensure_same_account(workspace, open_app(workspace, "crm"))
        assert hubspot.calls["account-info"] == before + 1


def test_tokens_are_of_no_use_with_another_client_secret(
    workspace: Workspace, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(workspace, way_to(workspace, hubspot))
    monkeypatch.setenv(SECRET_NAME, "another secret")
    hubspot.advance(4000)
    with pytest.raises(SignInNeeded, match="client id and secret of then"):
        apps.check_app(replace(workspace, opened={}), "crm")


def test_disconnected_app_gets_back_what_it_gave(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    go(workspace, way_to(workspace, hubspot))
    assert apps.disconnect(workspace, "crm") is True
    assert hubspot.refresh_tokens() == []
    with used(workspace.database):
        assert access.find("crm") is None
    assert "crm" not in load(workspace.file).apps


def test_app_that_cannot_be_told_is_disconnected_all_the_same(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    go(workspace, way_to(workspace, hubspot))
    hubspot.fault("503", times=9, match="revoke")
    assert apps.disconnect(workspace, "crm") is False
    with used(workspace.database):
        assert access.find("crm") is None


# --- the file ----------------------------------------------------------------------------------------------


def test_settings_that_name_nobody_yet_ask_for_a_sign_in(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    workspace.file.write_text(f"{HEAD}apps:\n{app_text(hubspot.url)}syncs: {{}}\n")
    opened = open_workspace(workspace.folder)
    with pytest.raises(SignInNeeded, match="nobody has signed in"):
        apps.check_app(opened, "crm")
    assert all(not each.allowed for each in apps.show_app(opened, "crm").permissions)
    go(opened, again(opened))
    assert apps.check_app(opened, "crm").account_id == "48151623"


@pytest.mark.parametrize(
    ("auth", "error"),
    [
        ("{oauth: {client_id: a, client_secret: s}}", SecretInFile),
        ("{oauth: {client_id: a}}", MissingKey),
        ("{oauth: {client_secret: {env: A}}}", MissingKey),
        ("{oauth: {client_id: a, client_secret: {env: A}}, token: {env: B}}", WrongType),
        ("{oauth: {client_id: a, client_secret: {env: A}, authorize_url: nonsense}}", WrongType),
        ("{}", MissingKey),
    ],
)
def test_what_cannot_be_is_refused_when_the_file_is_read(
    workspace: Workspace, auth: str, error: type[Exception]
) -> None:
    workspace.file.write_text(f"{HEAD}apps:\n  crm: {{connector: hubspot, auth: {auth}}}\n")
    with pytest.raises(error):
        load(workspace.file)


def test_schema_takes_what_reading_takes(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    validator = Draft202012Validator(settings_schema())
    oauth: dict[str, object] = {"client_id": "a", "client_secret": {"env": "A"}, "authorize_url": hubspot.url}
    app = {"connector": "hubspot", "auth": {"oauth": oauth}}
    validator.validate({"version": 1, "apps": {"crm": app}})
    validator.validate({"version": 1, "apps": {"crm": {"connector": "hubspot", "auth": {"token": {"env": "A"}}}}})
    oauth["client_secret"] = "typed"
    with pytest.raises(ValidationError):
        validator.validate({"version": 1, "apps": {"crm": app}})


def test_exported_settings_name_it_as_the_file_does(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    text = f"{HEAD}apps:\n{app_text(hubspot.url)}{app_text(hubspot.url, 'two')}"
    workspace.file.write_text(f"{text}syncs:\n  people: {{state: off, objects: {{crm: contacts, two: contacts}}}}\n")
    document = load(workspace.file)
    copy = workspace.folder / "copy.yaml"
    copy.write_text(syncs.exported(document, "people", 1))
    assert load(copy).apps["crm"].oauth == document.apps["crm"].oauth is not None
