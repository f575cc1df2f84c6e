"""Who is alerted, said by a person: the file keeps its comments, secrets go nowhere but where they were meant to."""

import re
from pathlib import Path

import pytest

from bothways.errors import MissingKey, NotAllowed, SettingsError, WrongType
from bothways.service import accounts, alert_settings
from bothways.service.database import used
from bothways.service.rights import Actor, Role
from bothways.service.workspace import Workspace
from tests.office import Office

MAIL = {"to": ["ops@x.test"], "sender": "bothways@x.test", "host": "smtp.x.test", "port": None, "security": "starttls"}
WRITTEN = """\
alerts:   # who is told
  mail:
    to: [ops@x.test]   # the office
    from: bothways@x.test   # us
    smtp: {host: smtp.x.test, user: ann, password: {env: SMTP_PASSWORD}}   # theirs
"""


@pytest.fixture
def workspace(office: Office) -> Workspace:
    return office.open()


def secrets(office: Office) -> list[Path]:
    """Return the files of secrets that were typed."""
    folder = office.folder / ".bothways" / "secrets"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def with_alerts(office: Office) -> Workspace:
    """Return a workspace whose file alerts somebody, with comments."""
    office.change("version: 1\n", f"version: 1\n{WRITTEN}")
    return office.open()


def test_mail_is_written_with_its_password_elsewhere_and_the_rest_as_it_was(
    office: Office, workspace: Workspace
) -> None:
    before = office.file.read_text()
    alert_settings.set_mail(workspace, **MAIL, user="ann", password="s3cret word")
    text = office.file.read_text()
    assert "s3cret" not in text
    assert text.startswith(before.rstrip("\n"))
    [kept] = secrets(office)
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == ("s3cret word", 0o600)
    mail = workspace.document.alerts.mail
    assert mail is not None
    assert (mail.to, mail.host, mail.port, mail.user) == (("ops@x.test",), "smtp.x.test", 587, "ann")
    view = alert_settings.channels(workspace).mail
    assert view is not None
    assert view.password == "typed in here"


def test_comments_stay_and_a_secret_of_the_environment_is_kept_where_nothing_is_typed(office: Office) -> None:
    workspace = with_alerts(office)
    alert_settings.set_mail(workspace, **{**MAIL, "to": ["ops@x.test", "ana@x.test"], "port": 587}, user="ann")
    text = re.sub(" +#", "   #", office.file.read_text())  # blanks before a comment may move
    assert WRITTEN.replace("[ops@x.test]", "[ops@x.test, ana@x.test]") in text


@pytest.mark.parametrize(
    "elsewhere", [{"host": "evil.x.test"}, {"port": 2525}, {"security": "tls"}, {"user": "bob"}], ids=str
)
def test_kept_password_goes_to_no_other_server(office: Office, elsewhere: dict[str, object]) -> None:
    workspace = with_alerts(office)
    before = office.file.read_text()
    given = {**MAIL, "user": "ann", **elsewhere}
    with pytest.raises(MissingKey, match="password"):
        alert_settings.set_mail(workspace, **given)
    assert office.file.read_text() == before
    alert_settings.set_mail(workspace, **given, password="typed anew")
    assert "SMTP_PASSWORD" not in office.file.read_text()


def test_password_that_is_replaced_or_no_longer_needed_is_forgotten(office: Office, workspace: Workspace) -> None:
    alert_settings.set_mail(workspace, **MAIL, user="ann", password="the first")
    [first] = secrets(office)
    alert_settings.set_mail(workspace, **MAIL, user="ann", password="the second")
    [second] = secrets(office)
    assert (first != second, second.read_text()) == (True, "the second")
    alert_settings.set_mail(workspace, **{**MAIL, "to": ["eve@x.test"]}, user="ann")
    assert secrets(office) == [second]
    alert_settings.set_mail(workspace, **MAIL)
    assert secrets(office) == []


@pytest.mark.parametrize(
    ("wrong", "key"),
    [({"to": []}, "to"), ({"to": ["nobody"]}, "to"), ({"sender": "x"}, "from"), ({"port": 0}, "port")],
    ids=str,
)
def test_what_the_file_would_be_refused_for_is_refused_and_nothing_is_kept(
    office: Office, workspace: Workspace, wrong: dict[str, object], key: str
) -> None:
    before = office.file.read_text()
    with pytest.raises(WrongType) as refused:
        alert_settings.set_mail(workspace, **{**MAIL, **wrong}, user="ann", password="s3cret word")
    assert refused.value.facts["key"] == key
    assert (office.file.read_text(), secrets(office)) == (before, [])


def test_password_without_protection_is_refused(office: Office, workspace: Workspace) -> None:
    with pytest.raises(SettingsError, match="security: none"):
        alert_settings.set_mail(workspace, **{**MAIL, "security": "none"}, user="ann", password="s3cret word")
    assert secrets(office) == []


def test_address_that_is_a_secret_itself_is_in_no_file_of_settings(office: Office, workspace: Workspace) -> None:
    hook = "https://chat.x.test/hooks/T0/B0/abc"
    alert_settings.set_webhook(workspace, url=hook, hidden=True, sign=False)
    assert "chat.x.test" not in office.file.read_text()
    assert [each.read_text() for each in secrets(office)] == [hook]
    alert_settings.set_webhook(workspace, hidden=True, sign=True, secret="for signing")
    assert sorted(each.read_text() for each in secrets(office)) == ["for signing", hook]
    view = alert_settings.channels(workspace).webhook
    assert view is not None
    assert (view.url, view.kept, view.secret) == ("", "typed in here", "typed in here")
    alert_settings.set_webhook(workspace, url="https://hooks.x.test/", sign=True)
    assert "https://hooks.x.test/" in office.file.read_text()
    assert [each.read_text() for each in secrets(office)] == ["for signing"]


def test_webhook_is_refused_without_what_it_needs(office: Office, workspace: Workspace) -> None:
    for given, key in (
        ({"sign": False}, "url"),
        ({"url": "ftp://x.test", "sign": False}, "url"),
        ({"url": "nothing", "hidden": True, "sign": False}, "url"),
        ({"url": "https://ana:pw@x.test/", "sign": False}, "url"),
        ({"url": "https://x.test/", "sign": True}, "secret"),
    ):
        with pytest.raises(SettingsError) as refused:
            alert_settings.set_webhook(workspace, **given)  # type: ignore[arg-type]
        assert refused.value.facts["key"] == key
    assert (workspace.document.alerts.channels, secrets(office)) == ((), [])


def test_channel_is_taken_out_alone(office: Office) -> None:
    workspace = with_alerts(office)
    alert_settings.set_webhook(workspace, url="https://hooks.x.test/", sign=True, secret="for signing")
    alert_settings.remove_channel(workspace, "mail")
    assert workspace.document.alerts.channels == ("webhook",)
    assert "# who is told" in office.file.read_text()
    alert_settings.remove_channel(workspace, "webhook")
    assert (workspace.document.alerts.channels, secrets(office)) == ((), [])
    alert_settings.remove_channel(workspace, "webhook")
    assert office.open().document.alerts.channels == ()


def test_channel_that_stands_there_empty_is_filled(office: Office) -> None:
    office.change("version: 1\n", "version: 1\nalerts: {mail: null}\n")
    workspace = office.open()
    alert_settings.set_mail(workspace, **MAIL)
    assert workspace.document.alerts.channels == ("mail",)


def test_only_an_admin_may_and_what_was_done_is_noted_without_a_secret(office: Office, workspace: Workspace) -> None:
    workspace.actor = Actor("Edo", Role.EDITOR)
    for refused in (
        lambda: alert_settings.channels(workspace),
        lambda: alert_settings.set_mail(workspace, **MAIL),
        lambda: alert_settings.set_webhook(workspace, url="https://hooks.x.test/", sign=False),
        lambda: alert_settings.remove_channel(workspace, "mail"),
    ):
        with pytest.raises(NotAllowed):
            refused()
    workspace.actor = Actor("Ana", Role.ADMIN)
    alert_settings.set_mail(workspace, **MAIL, user="ann", password="s3cret word")
    alert_settings.set_webhook(workspace, url="https://hooks.x.test/T0/secret", sign=False)
    alert_settings.remove_channel(workspace, "webhook")
    with used(workspace.database):
        found = [(each.who, each.what, each.about) for each in accounts.deeds(workspace)]
    assert found == [
        ("Ana", "ended the alerts by webhook", ""),
        ("Ana", "set the alerts by webhook", "hooks.x.test"),
        ("Ana", "set the alerts by mail", "ops@x.test"),
    ]
