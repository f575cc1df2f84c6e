"""Apps are listed, checked, and added only once they answer."""

import pytest

from bothways.connectors.base import Account
from bothways.errors import (
    AccountChanged,
    AppInUse,
    CredentialsRefused,
    MissingKey,
    PermissionMissing,
    SecretInFile,
    SecretMissing,
    UnknownApp,
    UnknownConnector,
    UnknownKey,
    UsageError,
)
from bothways.service import apps
from tests.memory_app import MemoryApp, MemoryConnector
from tests.office import Office


@pytest.fixture
def crm(office: Office, monkeypatch: pytest.MonkeyPatch) -> MemoryApp:
    """A third app, and the password for it."""
    monkeypatch.setenv("CRM_PW", "secret-word")
    return MemoryApp("crm", office.clock)


SETTINGS = {"url": "https://crm.example/", "user": "ana"}
SECRETS = {"password": ("env", "CRM_PW")}


def test_the_catalogue_tells_what_each_connector_wants(office: Office) -> None:
    found = {each.name: each for each in apps.catalogue()}
    assert set(found) == {"memory", "locked", "many"}
    assert [each.name for each in found["locked"].settings] == ["url", "user", "password", "port"]
    assert found["locked"].category == "Vault"


@pytest.mark.parametrize(
    ("text", "category", "names"),
    [
        ("", "", {"memory", "locked", "many"}),
        ("MAN", "", {"many"}),
        ("vault", "", {"locked"}),
        ("", "In memory", {"memory", "many"}),
        ("lock", "In memory", set()),
        ("", "vault", set()),
    ],
)
def test_apps_are_found_by_text_and_category(office: Office, text: str, category: str, names: set[str]) -> None:
    assert {each.name for each in apps.fitting(apps.catalogue(), text, category)} == names


def test_apps_are_listed_with_their_syncs_without_being_asked(office: Office) -> None:
    listed = apps.list_apps(office.open())
    assert [(each.name, each.connector, each.title, each.syncs) for each in listed] == [
        ("Anna", "memory", "Memory", ("people",)),
        ("Bert", "memory", "Memory", ("people",)),
    ]
    assert not office.anna.calls


def test_a_check_says_who_we_are_and_what_is_there(office: Office) -> None:
    office.anna.add(email="a@x.test")
    view = apps.check_app(office.open(), "Anna")
    assert (view.name, view.account_id, view.objects[0].name, view.objects[0].count) == ("Anna", "Anna", "people", 1)
    assert [each.name for each in apps.app_objects(office.open(), "Anna")] == ["people"]
    assert [each.name for each in apps.app_fields(office.open(), "Anna", "people")] == ["email", "name", "phone"]


def test_what_may_not_be_counted_is_not_said_to_be_readable(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: MemoryConnector, __: str) -> int:
        raise PermissionMissing(app="Anna", reason="no people")

    monkeypatch.setattr(MemoryConnector, "count", refused)
    (people,) = apps.check_app(office.open(), "Anna").objects
    assert (people.readable, people.writable, people.count) == (False, False, None)


def test_an_unknown_app_is_refused(office: Office) -> None:
    with pytest.raises(UnknownApp, match="Did you mean Anna"):
        apps.check_app(office.open(), "Ana")


def test_an_app_that_answers_is_added_to_the_file_and_usable_at_once(office: Office, crm: MemoryApp) -> None:
    workspace = office.open()
    view = apps.add_app(workspace, "crm", "locked", SETTINGS, SECRETS)
    assert (view.name, view.account_label) == ("crm", "crm")
    assert apps.check_app(workspace, "crm") == view
    text = office.file.read_text()
    assert "# the first" in text
    assert "secret-word" not in text
    assert "password: {env: CRM_PW}" in text
    document = office.open().document.apps["crm"]
    assert document.settings == {"url": "https://crm.example/", "user": "ana", "port": "443"}


def test_nothing_is_written_if_the_app_refuses(office: Office, crm: MemoryApp) -> None:
    before = office.file.read_text()
    crm.fail("check", CredentialsRefused(app="crm"))
    with pytest.raises(CredentialsRefused):
        apps.add_app(office.open(), "crm", "locked", SETTINGS, SECRETS)
    assert office.file.read_text() == before


def test_mistakes_are_refused_before_the_app_is_asked(office: Office, crm: MemoryApp) -> None:
    before, workspace = office.file.read_text(), office.open()
    with pytest.raises(UsageError, match="already"):
        apps.add_app(workspace, "Anna", "memory", {}, {})
    with pytest.raises(UnknownConnector):
        apps.add_app(workspace, "crm", "lokced", SETTINGS, SECRETS)
    with pytest.raises(UnknownKey, match="uri"):
        apps.add_app(workspace, "crm", "locked", {**SETTINGS, "uri": "x"}, SECRETS)
    with pytest.raises(MissingKey, match="url"):
        apps.add_app(workspace, "crm", "locked", {"user": "ana"}, SECRETS)
    for name in ("token", "port"):
        with pytest.raises(UsageError, match=f'no secret "{name}"') as refused:
            apps.add_app(workspace, "crm", "locked", SETTINGS, {name: ("env", "X")})
        assert refused.value.advice == "It takes: user, password."
    with pytest.raises(SecretInFile) as caught:
        apps.add_app(workspace, "crm", "locked", {**SETTINGS, "password": "hunter2"}, {})
    assert "hunter2" not in str(caught.value)
    assert not crm.calls
    assert office.file.read_text() == before


@pytest.mark.parametrize("name", ["a/b", "enabled", "", " x", "a:b", "#x", "-", "x" * 70])
def test_a_name_that_the_file_cannot_hold_is_refused_before_the_app_is_asked(
    office: Office, crm: MemoryApp, name: str
) -> None:
    app = MemoryApp(name, office.clock)
    before = office.file.read_text()
    with pytest.raises(UsageError, match="cannot be the name of an app") as caught:
        apps.add_app(office.open(), name, "locked", SETTINGS, SECRETS)
    assert caught.value.exit_code == 64
    assert not app.calls
    assert office.file.read_text() == before
    assert list(office.open().document.apps) == ["Anna", "Bert"]


def test_a_password_in_the_address_is_refused_before_the_app_is_asked(office: Office, crm: MemoryApp) -> None:
    before = office.file.read_text()
    with pytest.raises(SecretInFile) as caught:
        apps.add_app(office.open(), "crm", "locked", {**SETTINGS, "url": "https://ana:hunter2@crm.example/"}, SECRETS)
    assert "hunter2" not in str(caught.value)
    assert not crm.calls
    assert office.file.read_text() == before


def test_a_missing_secret_names_its_variable(office: Office, crm: MemoryApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRM_PW")
    with pytest.raises(SecretMissing, match="CRM_PW"):
        apps.add_app(office.open(), "crm", "locked", {"url": "https://x"}, {"user": ("env", "CRM_PW"), **SECRETS})


# --- typed secrets ------------------------------------------------------------------------------------


def secrets(office: Office) -> dict[str, str]:
    """Return what is kept of typed secrets, by file."""
    folder = office.folder / ".bothways" / "secrets"
    return {path.name: path.read_text() for path in folder.iterdir()} if folder.is_dir() else {}


def test_typed_secret_is_kept_where_only_its_owner_reads_it(office: Office, crm: MemoryApp) -> None:
    workspace = office.open()
    apps.add_app(workspace, "crm", "locked", SETTINGS, {}, {"password": "hunter2"})
    assert secrets(office) == {"crm_password": "hunter2"}
    path = office.folder / ".bothways" / "secrets" / "crm_password"
    assert (path.stat().st_mode & 0o077, path.parent.stat().st_mode & 0o077) == (0, 0)
    assert "hunter2" not in office.file.read_text()
    found = apps.show_app(office.open(), "crm")
    assert found.secrets == (("password", "Password", "typed in here"),)
    assert found.settings == (("Address", "https://crm.example/"), ("User name", "ana"), ("Port", "443"))


def test_typed_secret_goes_again_if_the_app_refuses_it_and_no_other_is_touched(office: Office, crm: MemoryApp) -> None:
    kept = office.folder / ".bothways" / "secrets" / "crm_password"
    kept.parent.mkdir(parents=True)
    kept.write_text("of an app that works")
    crm.fail("check", CredentialsRefused(app="crm"))
    with pytest.raises(CredentialsRefused):
        apps.add_app(office.open(), "crm", "locked", SETTINGS, {}, {"password": "hunter2"})
    assert secrets(office) == {"crm_password": "of an app that works"}


def test_empty_secret_is_none(office: Office, crm: MemoryApp) -> None:
    with pytest.raises(SecretMissing):
        apps.add_app(office.open(), "crm", "locked", SETTINGS, {}, {"password": " "})
    assert secrets(office) == {}


def test_app_lets_us_in_again_with_another_secret_and_the_former_one_is_forgotten(
    office: Office, crm: MemoryApp
) -> None:
    apps.add_app(office.open(), "crm", "locked", SETTINGS, {}, {"password": "hunter2"})
    apps.sign_in_again(office.open(), "crm", {}, {"password": "hunter3"})
    assert list(secrets(office).values()) == ["hunter3"]
    apps.sign_in_again(office.open(), "crm", SECRETS)
    assert secrets(office) == {}
    assert "password: {env: CRM_PW}" in office.file.read_text()


def test_former_secret_stays_where_the_app_refuses_the_other_one(office: Office, crm: MemoryApp) -> None:
    apps.add_app(office.open(), "crm", "locked", SETTINGS, {}, {"password": "hunter2"})
    before = office.file.read_text()
    crm.fail("check", CredentialsRefused(app="crm"))
    with pytest.raises(CredentialsRefused):
        apps.sign_in_again(office.open(), "crm", {}, {"password": "hunter3"})
    with pytest.raises(UsageError, match='no secret "token"'):
        apps.sign_in_again(office.open(), "crm", {}, {"token": "hunter3"})
    assert list(secrets(office).values()) == ["hunter2"]
    assert office.file.read_text() == before


def test_secret_of_another_account_is_not_taken_over(
    office: Office, crm: MemoryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps.add_app(office.open(), "crm", "locked", SETTINGS, {}, {"password": "hunter2"})
    apps.sign_in_again(office.open(), "crm", {}, {"password": "hunter3"})
    monkeypatch.setattr(MemoryConnector, "check", lambda connector: Account("4242", "account 4242"))
    with pytest.raises(AccountChanged):
        apps.sign_in_again(office.open(), "crm", {}, {"password": "hunter4"})
    assert list(secrets(office).values()) == ["hunter3"]


def test_disconnected_app_is_gone_with_its_secrets(office: Office, crm: MemoryApp) -> None:
    apps.add_app(office.open(), "crm", "locked", SETTINGS, {}, {"password": "hunter2"})
    apps.disconnect(office.open(), "crm")
    assert list(office.open().document.apps) == ["Anna", "Bert"]
    assert secrets(office) == {}


def test_typed_secret_that_another_app_uses_as_well_stays(office: Office, crm: MemoryApp) -> None:
    MemoryApp("again", office.clock)
    apps.add_app(office.open(), "crm", "locked", SETTINGS, {}, {"password": "hunter2"})
    apps.add_app(office.open(), "again", "locked", SETTINGS, {"password": ("file", "./.bothways/secrets/crm_password")})
    apps.sign_in_again(office.open(), "crm", {}, {"password": "hunter3"})
    assert secrets(office) == {"crm_password": "hunter2", "crm_password_2": "hunter3"}
    apps.disconnect(office.open(), "crm")
    assert secrets(office) == {"crm_password": "hunter2"}
    apps.disconnect(office.open(), "again")
    assert secrets(office) == {}


def test_app_that_a_sync_uses_stays(office: Office) -> None:
    before = office.file.read_text()
    with pytest.raises(AppInUse, match="people"):
        apps.disconnect(office.open(), "Anna")
    assert office.file.read_text() == before
