"""A mail server in the process of the tests: aiosmtpd, with what it is to answer."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.postgres import ATTEMPTS, free_port

USER, PASSWORD = "ann", "correct horse"


@dataclass
class Mailbox:
    """What the server took, and what it answers: ``refused`` addresses, ``answer`` to a mail.

    ``arrived`` is set as soon as a mail is there; ``hold``: what is waited for before it is answered.
    """

    port: int = 0
    refused: set[str] = field(default_factory=set)
    answer: str = "250 OK"
    mails: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    hold: threading.Event | None = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return f"550 no mailbox {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        mail = message_from_bytes(content if isinstance(content, bytes) else b"", policy=default)
        assert isinstance(mail, EmailMessage)
        if self.answer.startswith("250"):
            self.mails.append(mail)
            self.senders.append(envelope.mail_from or "")
        self.arrived.set()
        if self.hold is not None:
            await asyncio.to_thread(self.hold.wait)
        return self.answer

    def login(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Let the one user in."""
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    def subjects(self) -> list[str]:
        """Return the subjects of all mails, without what all have in common."""
        return [str(each["Subject"]).removeprefix("Bothways: ") for each in self.mails]


@contextmanager
def mail_server(starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    """Run a mail server on 127.0.0.1; with TLS it wants the user and the password."""
    mailbox = Mailbox()
    more: dict[str, Any] = {"authenticator": mailbox.login, "auth_required": starttls is not None}
    if starttls is not None:
        more |= {"tls_context": starttls, "require_starttls": True}
    if tls is not None:
        more |= {"ssl_context": tls, "auth_require_tls": False}  # it is not told of the TLS around it
    for attempt in range(ATTEMPTS):
        mailbox.port = free_port()
        controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **more)
        try:
            controller.start()
            break
        except OSError:
            assert attempt < ATTEMPTS - 1, "no free port"
    try:
        yield mailbox
    finally:
        if mailbox.hold is not None:
            mailbox.hold.set()
        controller.stop()
