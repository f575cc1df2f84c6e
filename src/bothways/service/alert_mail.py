"""An alert by mail: one conversation with the mail server that the settings name, guarded and limited in time."""

import smtplib
import socket
import ssl
import time
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Any

from bothways.connectors.guard import resolved
from bothways.connectors.secrets import SHORTEST
from bothways.errors import AlertNotSent, BothwaysError
from bothways.service.document import MailDocument

DEADLINE = 30.0
"""Seconds that the conversation may take, whatever the server does."""

LONGEST = 300
"""Characters of a server's answer that are kept."""

POLICY = SMTP.clone(cte_type="7bit")
"""Of a mail that any server takes as it is."""

TAKEN = (250, 251)


def send(mail: MailDocument, password: str, allow_hosts: frozenset[str], alert: dict[str, Any], now: float) -> str:
    """Send an alert to all who are to have it; return the server's answer, and who was refused if not all were.

    Raises AlertNotSent if the server, or each address, takes none.
    """
    try:
        server = _Server(mail, allow_hosts)
        try:
            return _hand_over(server, mail, password, written(mail, alert, now))
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()
    except BothwaysError as error:
        raise AlertNotSent(channel="mail", reason=error.message.rstrip(".")) from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        said = _said(error)
        reason = f"{mail.host} said {said}" if said[:1].isdigit() else f"{mail.host}: {said}"
        if len(password) >= SHORTEST:
            reason = reason.replace(password, "***")
        raise AlertNotSent(channel="mail", reason=reason.rstrip(".")) from error


def written(mail: MailDocument, alert: dict[str, Any], now: float) -> bytes:
    """Return an alert as a mail. All mails of one trouble are of one conversation; each has an id of its own."""
    domain = mail.sender.rpartition("@")[2]
    message = EmailMessage(POLICY)
    message["From"], message["To"] = mail.sender, ", ".join(mail.to)
    message["Subject"] = f"Bothways: {alert['subject']}"
    message["Date"] = formatdate(now, usegmt=True)
    message["Message-ID"] = f"<{alert['id']}@{domain}>"
    if "trouble" in alert:
        message["References"] = f"<{alert['trouble']}.trouble@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(alert["text"] + "\n")
    return bytes(message)


class _Server(smtplib.SMTP):
    """A connection to a mail server, by the settings: where it may be, how it is protected, until when it is used."""

    def __init__(self, mail: MailDocument, allow_hosts: frozenset[str]) -> None:
        self._end = time.monotonic() + DEADLINE
        self._allow = allow_hosts
        self._tls = ssl.create_default_context() if mail.security != "none" else None
        self._at_once = mail.security == "tls"
        super().__init__(mail.host, mail.port, timeout=DEADLINE)
        if mail.security == "starttls":
            try:
                self.starttls(context=self._tls)
            except Exception:
                self.close()
                raise

    def _left(self) -> float:
        return max(self._end - time.monotonic(), 0.001)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Return a socket to the first address that answers, of those that may be called."""
        problem: OSError = OSError("no address")
        for family, kind, proto, _, address in resolved(host, port, self._allow):
            found = socket.socket(family, kind, proto)
            try:
                found.settimeout(self._left())
                found.connect(address)
                return self._tls.wrap_socket(found, server_hostname=host) if self._tls and self._at_once else found
            except OSError as error:
                found.close()
                problem = error
        raise problem

    def getreply(self) -> tuple[int, bytes]:
        """Wait for an answer, no longer than is left."""
        if self.sock is not None:
            self.sock.settimeout(self._left())
        return super().getreply()


def _hand_over(server: _Server, mail: MailDocument, password: str, message: bytes) -> str:
    server.ehlo_or_helo_if_needed()
    if mail.user:
        server.login(mail.user, password)
    code, answer = server.mail(mail.sender)
    if code not in TAKEN:
        raise smtplib.SMTPSenderRefused(code, answer, mail.sender)
    answers = {each: server.rcpt(each) for each in mail.to}
    refused = {each: said for each, said in answers.items() if said[0] not in TAKEN}
    if len(refused) == len(answers):
        raise smtplib.SMTPRecipientsRefused(refused)
    code, answer = server.data(message)
    if code not in TAKEN:
        raise smtplib.SMTPDataError(code, answer)
    return "; ".join(
        [_line(code, answer), *(f"not taken for {each}: {_line(*said)}" for each, said in refused.items())]
    )


def _line(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"[:LONGEST]


def _said(error: Exception) -> str:
    """Return in words why a server did not take a mail, its own words where it said any."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{_line(*said)} to {each}" for each, said in error.recipients.items())
    if isinstance(error, smtplib.SMTPResponseException):
        return _line(error.smtp_code, error.smtp_error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message or 'the names do not match'})"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the connection broke off"
    if isinstance(error, UnicodeError):
        return "its user or its password holds a character that is not ASCII"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
