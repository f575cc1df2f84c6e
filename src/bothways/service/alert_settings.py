"""Who is alerted, said by a person: a channel of the settings file at a time, comments and all else left as they are.

Secrets that are typed are kept in files of the workspace. One that is there already is kept where nothing is typed, but
only for the mail server and the user that it was given for: it would else be told to whatever server is named.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bothways.errors import MissingKey, WrongType
from bothways.service import yaml_edit
from bothways.service.accounts import note
from bothways.service.database import on_database
from bothways.service.document import MAIL, WEBHOOK, AlertsDocument, MailDocument, SecretPlace, WebhookDocument
from bothways.service.reading_alerts import ADDRESS, MOST, alerts_data, alerts_of
from bothways.service.rights import Role, for_role
from bothways.service.secret_files import forget, is_kept, kept
from bothways.service.views import ChannelsView, MailView, WebhookView
from bothways.service.workspace import Workspace, changing, reload
from bothways.service.yaml_file import node_of, parse, read_text, shown

SECTION = "alerts"
FORM = "the alerts"
"""What stands for the name of the file in the places of what is wrong."""

TYPE_IT = "It was given for another server or user, so it is not sent there. Type it once more."


@for_role(Role.ADMIN)
def channels(workspace: Workspace) -> ChannelsView:
    """Return by which channels who is alerted; no secret."""
    alerts = workspace.document.alerts
    mail, webhook = alerts.mail, alerts.webhook
    return ChannelsView(_mail(mail) if mail else None, _webhook(webhook) if webhook else None)


@on_database
@for_role(Role.ADMIN)
def set_mail(
    workspace: Workspace,
    *,
    to: Sequence[str],
    sender: str,
    host: str,
    port: int | None,
    security: str,
    user: str = "",
    password: str = "",
) -> None:
    """Let alerts be sent by mail; without ``user`` there is no password, and where none is typed the former stays.

    Raises the SettingsError that the file would be refused for, and MissingKey where the password must be typed.
    """
    reload(workspace)
    wrong = next((each for each in to if not re.fullmatch(ADDRESS, each)), None)
    if wrong is not None or not 0 < len(to) <= MOST:
        got = shown(wrong) if wrong is not None else f"{len(to)} of them"
        raise WrongType(where=FORM, key="to", expected=f"a list of mail addresses, 1 to {MOST}", got=got)
    before = workspace.document.alerts.mail
    smtp: dict[str, Any] = {"host": host, "security": security}
    smtp |= {"port": port} if port is not None else {}
    with kept(workspace.folder, SECTION, {"password": password} if user and password else {}) as files:
        if user:
            smtp["user"] = user
            if files:
                smtp["password"] = dict([files["password"]])
            elif before is not None and before.password is not None:
                smtp["password"] = {before.password.kind: before.password.name}
        entry = {"to": list(to), "from": sender, "smtp": smtp}
        after = _checked(MAIL, entry).mail
        if user and not files and before is not None and after is not None and _goes_elsewhere(before, after):
            raise MissingKey(where=FORM, key="password", hint=TYPE_IT)
        _write(workspace, MAIL, entry)
        note(workspace, "set the alerts by mail", ", ".join(to))
    _forget_unused(workspace, before.password if before else None)


@on_database
@for_role(Role.ADMIN)
def set_webhook(workspace: Workspace, *, url: str = "", hidden: bool = False, secret: str = "", sign: bool) -> None:
    """Let alerts be posted to an address; ``hidden``: the address is a secret itself. What is not typed stays.

    ``sign``: they are signed with the secret. Raises the SettingsError that the file would be refused for.
    """
    reload(workspace)
    before = workspace.document.alerts.webhook
    typed = ({"url": url} if hidden and url else {}) | ({"secret": secret} if sign and secret else {})
    if typed.get("url"):
        _checked(WEBHOOK, {"url": url})
    with kept(workspace.folder, f"{SECTION}_{WEBHOOK}", typed) as files:
        entry: dict[str, Any] = {}
        if "url" in files:
            entry["url"] = dict([files["url"]])
        elif url:
            entry["url"] = url
        elif before is not None and isinstance(before.url, SecretPlace):
            entry["url"] = {before.url.kind: before.url.name}
        if "secret" in files:
            entry["secret"] = dict([files["secret"]])
        elif sign and before is not None and before.secret is not None:
            entry["secret"] = {before.secret.kind: before.secret.name}
        if sign and "secret" not in entry:
            raise MissingKey(where=FORM, key="secret", hint="Type the one that the receiver knows.")
        _checked(WEBHOOK, entry)
        _write(workspace, WEBHOOK, entry)
        note(workspace, "set the alerts by webhook", "" if isinstance(entry["url"], Mapping) else _host_of(url))
    _forget_unused(workspace, *_places(before))


@on_database
@for_role(Role.ADMIN)
def remove_channel(workspace: Workspace, channel: str) -> None:
    """Let no alerts be sent by a channel any more; one that is not in use is no failure."""
    reload(workspace)
    before = workspace.document.alerts
    if channel not in before.channels:
        return
    with changing(workspace):
        if channel in workspace.document.alerts.channels:
            yaml_edit.remove_entry(workspace.file, SECTION, channel)
    note(workspace, f"ended the alerts by {channel}")
    places = [before.mail.password if before.mail else None] if channel == MAIL else _places(before.webhook)
    _forget_unused(workspace, *places)


def _checked(channel: str, entry: Mapping[str, Any]) -> AlertsDocument:
    """Return a channel as the file would be read with it, or refuse it by the same rules."""
    return alerts_of(node_of({SECTION: {channel: entry}}, FORM))


def _write(workspace: Workspace, channel: str, entry: Mapping[str, Any]) -> None:
    """Write a channel into the file in the words that people chose, and take it over."""
    with changing(workspace):
        held = parse(read_text(workspace.file), workspace.file.name).node(SECTION)
        if held.data.get(channel) is not None:
            yaml_edit.set_entry(workspace.file, SECTION, channel, _as_before(workspace, channel, entry))
        else:
            if channel in held:
                yaml_edit.remove_entry(workspace.file, SECTION, channel)
            yaml_edit.add_entry(workspace.file, SECTION, channel, entry)


def _as_before(workspace: Workspace, channel: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry in which each part that means what it meant before is written as it was."""
    was = yaml_edit.entry(workspace.file, SECTION, channel)
    meant = _meant(channel, was)
    means = _meant(channel, entry)
    return {key: was[key] if key in was and meant[key] == means[key] else value for key, value in entry.items()}


def _meant(channel: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = alerts_data(_checked(channel, entry))[channel]  # type: ignore[assignment]
    return found


def _goes_elsewhere(before: MailDocument, after: MailDocument) -> bool:
    return (before.host, before.port, before.security, before.user) != (
        after.host,
        after.port,
        after.security,
        after.user,
    )


def _places(webhook: WebhookDocument | None) -> list[SecretPlace | None]:
    return [webhook.url if isinstance(webhook.url, SecretPlace) else None, webhook.secret] if webhook else []


def _forget_unused(workspace: Workspace, *places: SecretPlace | None) -> None:
    """Remove secrets that were kept for what the file said before and are named no more."""
    forget(workspace.folder, [each for each in places if each is not None], workspace.document)


def _host_of(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _mail(mail: MailDocument) -> MailView:
    password = _words(mail.password)
    return MailView(mail.to, mail.sender, mail.host, mail.port, mail.security, mail.user, password)


def _webhook(webhook: WebhookDocument) -> WebhookView:
    hidden = isinstance(webhook.url, SecretPlace)
    kept_at = _words(webhook.url) if isinstance(webhook.url, SecretPlace) else ""
    return WebhookView("" if hidden else str(webhook.url), kept_at, _words(webhook.secret))


def _words(place: SecretPlace | None) -> str:
    if place is None:
        return ""
    return "typed in here" if is_kept(place) else place.words
