"""An alert by mail, to a real mail server: what it holds, how it is protected, what is said when it is not taken."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from socket import create_server
from typing import Any

import pytest

from bothways.errors import AlertNotSent
from bothways.service import alert_mail
from bothways.service.document import MailDocument
from tests.certificates import certify
from tests.mail_server import PASSWORD, USER, Mailbox, mail_server
from tests.postgres import free_port

NOW = 1_790_000_000.0
ALLOWED = frozenset({"localhost"})
ALERT: dict[str, Any] = {
    "id": "a1b2",
    "trouble": "c3d4",
    "subject": "Straße fails (BW-202)",
    "text": "Straße does not accept the credentials. (BW-202)\n.\nGive a valid token.",
}
MAIL = MailDocument(("ops@example.com", "eve@example.com"), "bothways@example.org", "localhost", 25, "none")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


def context(folder: Path, name: str) -> ssl.SSLContext:
    """Return what a server needs to show a certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    return made


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a certificate of localhost that this machine trusts, and one of elsewhere."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certify(tmp_path, "localhost", "server")))
    certify(tmp_path, "elsewhere.test", "elsewhere")
    return tmp_path


def send(mail: MailDocument, password: str = "") -> str:
    return alert_mail.send(mail, password, ALLOWED, ALERT, NOW)


def test_mail_goes_to_all_with_an_id_of_its_own_and_one_of_its_trouble(mailbox: Mailbox) -> None:
    assert send(replace(MAIL, port=mailbox.port)) == "250 OK"
    [mail] = mailbox.mails
    assert mailbox.senders == ["bothways@example.org"]
    assert (mail["From"], mail["To"]) == ("bothways@example.org", "ops@example.com, eve@example.com")
    assert mail["Subject"] == "Bothways: Straße fails (BW-202)"
    assert (mail["Message-ID"], mail["References"]) == ("<a1b2@example.org>", "<c3d4.trouble@example.org>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.timestamp() == NOW
    assert mail.get_content().splitlines() == ALERT["text"].splitlines()


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_password_goes_over_tls_alone(trusted: Path, security: str) -> None:
    with mail_server(**{security: context(trusted, "server")}) as mailbox:
        mail = replace(MAIL, port=mailbox.port, security=security, user=USER)
        assert send(mail, PASSWORD) == "250 OK"
        assert (mailbox.logins, len(mailbox.mails)) == ([USER.encode()], 1)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_server_that_cannot_prove_who_it_is_gets_neither_password_nor_mail(trusted: Path, security: str) -> None:
    with mail_server(**{security: context(trusted, "elsewhere")}) as mailbox:
        with pytest.raises(AlertNotSent, match="certificate"):
            send(replace(MAIL, port=mailbox.port, security=security, user=USER), PASSWORD)
        assert (mailbox.logins, mailbox.mails) == ([], [])


def test_server_without_starttls_gets_no_mail_in_the_clear(mailbox: Mailbox) -> None:
    with pytest.raises(AlertNotSent, match="STARTTLS"):
        send(replace(MAIL, port=mailbox.port, security="starttls"))
    assert mailbox.mails == []


def test_wrong_password_is_told_in_the_words_of_the_server_and_not_repeated(trusted: Path) -> None:
    refused = pytest.raises(AlertNotSent, match=r"localhost said 535 5\.7\.8")
    with mail_server(starttls=context(trusted, "server")) as mailbox, refused as caught:
        send(replace(MAIL, port=mailbox.port, security="starttls", user=USER), "hunter2")
    assert "hunter2" not in str(caught.value)


def test_who_is_refused_is_named_and_the_others_get_it(mailbox: Mailbox) -> None:
    mailbox.refused = {"eve@example.com"}
    assert send(replace(MAIL, port=mailbox.port)) == (
        "250 OK; not taken for eve@example.com: 550 no mailbox eve@example.com"
    )
    assert len(mailbox.mails) == 1


def test_mail_that_everybody_is_refused_is_not_sent(mailbox: Mailbox) -> None:
    mailbox.refused = {*MAIL.to}
    with pytest.raises(AlertNotSent, match=r"550 no mailbox ops@example\.com"):
        send(replace(MAIL, port=mailbox.port))


def test_mail_that_the_server_does_not_take_is_not_sent(mailbox: Mailbox) -> None:
    mailbox.answer = "452 disk full"
    with pytest.raises(AlertNotSent, match="localhost said 452 disk full"):
        send(replace(MAIL, port=mailbox.port))


def test_nobody_there_is_told_as_such() -> None:
    with pytest.raises(AlertNotSent, match="localhost: Connection refused"):
        send(replace(MAIL, port=free_port()))


def test_server_that_says_nothing_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_mail, "DEADLINE", 0.05)
    with create_server(("127.0.0.1", 0)) as silent, pytest.raises(AlertNotSent, match="no answer in time"):
        send(replace(MAIL, port=silent.getsockname()[1]))


def test_private_address_must_be_allowed(mailbox: Mailbox) -> None:
    with pytest.raises(AlertNotSent, match="loopback"):
        alert_mail.send(replace(MAIL, port=mailbox.port), "", frozenset(), ALERT, NOW)
    assert mailbox.mails == []
