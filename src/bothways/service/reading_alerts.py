"""From the file to who is alerted, and back: by mail, by webhook. Secrets stand elsewhere and are only pointed to."""

import re
from collections.abc import Mapping

from bothways.errors import MissingKey, SecretInFile, SettingsContradict, WrongType
from bothways.service.document import CHANNELS, AlertsDocument, MailDocument, SecretPlace, WebhookDocument
from bothways.service.reading_apps import address_parts, secret_place, secret_places
from bothways.service.yaml_file import Node, shown

MAIL = ("to", "from", "smtp")
SMTP = ("host", "port", "security", "user", "password")
WEBHOOK = ("url", "secret")

PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""How a connection to a mail server may be protected, and the port that is usual then."""

LAST_PORT = 65_535
MOST = 50
"""Addresses that a mail goes to at most."""

ADDRESS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-]+@[A-Za-z0-9.\-]+"
"""A mail address that any server takes."""

HINTS = {
    "to": "Such as: to: [ops@example.com]",
    "from": "Such as: from: bothways@example.com",
    "smtp": "Such as: smtp: {host: smtp.example.com}",
    "host": "Such as: host: smtp.example.com",
    "url": "Such as: url: https://hooks.example.com/bothways",
}


def alerts_of(root: Node) -> AlertsDocument:
    """Return who is alerted; nobody where the file says nothing."""
    node = root.node("alerts")
    node.only(CHANNELS)
    mail = _mail(node.node("mail")) if node.data.get("mail") is not None else None
    return AlertsDocument(mail, _webhook(node.node("webhook")) if node.data.get("webhook") is not None else None)


def _mail(node: Node) -> MailDocument:
    node.only(MAIL)
    for key in MAIL:
        node.need(key, HINTS[key])
    to = node.list("to")
    if not 0 < len(to) <= MOST or not all(isinstance(each, str) and re.fullmatch(ADDRESS, each) for each in to):
        raise node.wrong("to", f"a list of mail addresses, {MOST} at most")
    if not re.fullmatch(ADDRESS, node.text("from")):
        raise WrongType(where=node.value_place("from"), key="from", expected="a mail address", got="something else")
    smtp = node.node("smtp")
    smtp.only(SMTP)
    smtp.need("host", HINTS["host"])
    security = smtp.choice("security", tuple(PORTS), "starttls")
    user = smtp.text("user") if smtp.data.get("user") is not None else ""
    password = _secret(smtp, "password")
    if bool(user) != bool(password):
        raise MissingKey(where=smtp.place, key="password" if user else "user", hint="A server wants both or none.")
    if password and security == "none":
        raise SettingsContradict(where=smtp.value_place("password"), key="password", other="security: none")
    return MailDocument(
        tuple(to), node.text("from"), smtp.text("host"), _port(smtp, security), security, user, password
    )


def _port(smtp: Node, security: str) -> int:
    port = smtp.whole("port", PORTS[security])
    if not 0 < port <= LAST_PORT:
        expected = f"a port from 1 to {LAST_PORT}"
        raise WrongType(where=smtp.value_place("port"), key="port", expected=expected, got=shown(port))
    return port


def _webhook(node: Node) -> WebhookDocument:
    node.only(WEBHOOK)
    node.need("url", HINTS["url"])
    if isinstance(node.data["url"], Mapping):
        return WebhookDocument(secret_place(node, "url"), _secret(node, "secret"))
    url = node.text("url")
    parts = address_parts(url)
    if parts is not None and parts.username is not None:
        raise SecretInFile(where=node.value_place("url"), key="url", instead=secret_places("url"))
    if parts is None or not url.startswith(("http://", "https://")) or not parts.hostname:
        expected = "a web address such as https://hooks.example.com/bothways"
        raise WrongType(where=node.value_place("url"), key="url", expected=expected, got="something else")
    return WebhookDocument(url, _secret(node, "secret"))


def _secret(node: Node, key: str) -> SecretPlace | None:
    if node.data.get(key) is None:
        return None
    if not isinstance(node.data[key], Mapping):
        raise SecretInFile(where=node.value_place(key), key=key, instead=secret_places(key))
    return secret_place(node, key)


def alerts_data(alerts: AlertsDocument) -> dict[str, object]:
    """Return who is alerted as plain data in the words of the file; nothing if nobody is."""
    data: dict[str, object] = {}
    if (mail := alerts.mail) is not None:
        smtp: dict[str, object] = {"host": mail.host, "port": mail.port, "security": mail.security}
        if mail.password is not None:
            smtp |= {"user": mail.user, "password": _place(mail.password)}
        data["mail"] = {"to": list(mail.to), "from": mail.sender, "smtp": smtp}
    if (webhook := alerts.webhook) is not None:
        url = webhook.url if isinstance(webhook.url, str) else _place(webhook.url)
        data["webhook"] = {"url": url} | ({"secret": _place(webhook.secret)} if webhook.secret else {})
    return data


def _place(place: SecretPlace) -> dict[str, str]:
    return {place.kind: place.name}
