"""Who is alerted: read with its defaults, given back as it was, and refused with its place."""

import pytest

from bothways import errors
from bothways.service.document import AlertsDocument, Document, MailDocument, SecretPlace, WebhookDocument
from bothways.service.reading import document_of
from bothways.service.reading_alerts import MOST, alerts_data
from bothways.service.yaml_file import parse

HEAD = "version: 1\nalerts:\n"
MAIL = "  mail: {to: [ops@example.com], from: bothways@example.com, smtp: "


def read(text: str) -> Document:
    return document_of(parse(text, "bothways.yaml"))


def test_mail_and_webhook_are_read_with_what_is_usual() -> None:
    found = read(HEAD + MAIL + "{host: smtp.example.com}}\n  webhook: {url: 'https://hooks.example.com/x'}\n").alerts
    mail = MailDocument(("ops@example.com",), "bothways@example.com", "smtp.example.com", 587, "starttls")
    assert found == AlertsDocument(mail, WebhookDocument("https://hooks.example.com/x"))


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_port_is_the_usual_one_of_the_security(security: str, port: int) -> None:
    mail = read(HEAD + MAIL + f"{{host: h, security: {security}}}}}\n").alerts.mail
    assert mail is not None
    assert (mail.security, mail.port) == (security, port)


def test_secrets_are_pointed_to_and_an_address_may_be_one() -> None:
    text = MAIL + "{host: h, user: ann, password: {env: SMTP}}}\n  webhook: {url: {env: HOOK}, secret: {file: s}}\n"
    found = read(HEAD + text).alerts
    assert found.mail is not None
    assert (found.mail.user, found.mail.password) == ("ann", SecretPlace("env", "SMTP"))
    assert found.webhook == WebhookDocument(SecretPlace("env", "HOOK"), SecretPlace("file", "s"))
    assert alerts_data(found)["webhook"] == {"url": {"env": "HOOK"}, "secret": {"file": "s"}}


@pytest.mark.parametrize("text", ["", "alerts:\n", "alerts: {}\n", "alerts: {mail: , webhook: }\n"])
def test_nobody_is_alerted_where_the_file_names_nobody(text: str) -> None:
    found = read("version: 1\n" + text).alerts
    assert (found, alerts_data(found)) == (AlertsDocument(), {})


SMTP = MAIL + "{host: h"
REFUSED: dict[str, tuple[str, type[errors.SettingsError], str, str]] = {
    "unknown channel": (HEAD + "  pager: {}\n", errors.UnknownKey, "3:3", "mail"),
    "alerts as a list": ("version: 1\nalerts: [a@x.test]\n", errors.WrongType, "2:9", "keys with values"),
    "mail to nobody": (HEAD + "  mail: {from: a@x.test, smtp: {host: h}}\n", errors.MissingKey, "3:9", '"to"'),
    "mail to an empty list": (
        HEAD + MAIL.replace("ops@example.com", "") + "{host: h}}\n",
        errors.WrongType,
        "3:14",
        "",
    ),
    "mail to one who is no list": (
        HEAD + MAIL.replace("[ops@example.com]", "a@x.test") + "{host: h}}\n",
        errors.WrongType,
        "3:14",
        "a list",
    ),
    "mail to no address": (HEAD + MAIL.replace("ops@", "ops") + "{host: h}}\n", errors.WrongType, "3:14", "addresses"),
    "mail to a header": (
        HEAD + MAIL.replace("ops@example.com", '"a@x.test\\nBcc: b@x.test"') + "{host: h}}\n",
        errors.WrongType,
        "3:14",
        "addresses",
    ),
    "mail to too many": (
        HEAD + MAIL.replace("ops@example.com", ", ".join(f"p{n}@x.test" for n in range(MOST + 1))) + "{host: h}}\n",
        errors.WrongType,
        "3:14",
        f"{MOST} at most",
    ),
    "mail from no address": (
        HEAD + MAIL.replace("bothways@", "") + "{host: h}}\n",
        errors.WrongType,
        "3:39",
        "address",
    ),
    "mail by no server": (HEAD + MAIL + "{}}\n", errors.MissingKey, "3:67", "smtp.example.com"),
    "another security": (HEAD + SMTP + ", security: ssl}}\n", errors.WrongType, "3:87", "starttls, tls or none"),
    "port of nothing": (HEAD + SMTP + ", port: 0}}\n", errors.WrongType, "3:83", "from 1 to"),
    "port beyond the last": (HEAD + SMTP + ", port: 65536}}\n", errors.WrongType, "3:83", "from 1 to"),
    "user without a password": (HEAD + SMTP + ", user: ann}}\n", errors.MissingKey, "3:67", '"password"'),
    "password without a user": (HEAD + SMTP + ", password: {env: X}}}\n", errors.MissingKey, "3:67", '"user"'),
    "password that anybody reads": (
        HEAD + SMTP + ", security: none, user: ann, password: {env: X}}}\n",
        errors.SettingsContradict,
        "3:114",
        "security: none",
    ),
    "password in the file": (
        HEAD + SMTP + ", user: ann, password: hunter2}}\n",
        errors.SecretInFile,
        "3:98",
        "password: {env: NAME}",
    ),
    "webhook without an address": (HEAD + "  webhook: {secret: {env: X}}\n", errors.MissingKey, "3:12", '"url"'),
    "webhook by mail": (HEAD + "  webhook: {url: 'mailto:a@x.test'}\n", errors.WrongType, "3:18", "web address"),
    "webhook with a password": (
        HEAD + "  webhook: {url: 'https://a:hunter2@x.test/'}\n",
        errors.SecretInFile,
        "3:18",
        "url: {env: NAME}",
    ),
    "webhook with its secret": (
        HEAD + "  webhook: {url: 'https://x.test/', secret: hunter2}\n",
        errors.SecretInFile,
        "3:45",
        "secret: {env: NAME}",
    ),
    "webhook from nowhere": (HEAD + "  webhook: {url: {}}\n", errors.WrongType, "3:18", "env: NAME"),
}


@pytest.mark.parametrize("case", REFUSED, ids=list(REFUSED))
def test_refusals_name_the_place(case: str) -> None:
    text, kind, place, words = REFUSED[case]
    with pytest.raises(kind) as caught:
        read(text)
    assert type(caught.value) is kind
    assert (caught.value.where, words in str(caught.value)) == (f"bothways.yaml:{place}", True), str(caught.value)
    assert "hunter2" not in str(caught.value)
