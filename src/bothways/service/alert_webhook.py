"""An alert by webhook: its document, posted once, signed so that the receiver can tell who sent it."""

import hashlib
import hmac

from bothways.connectors.base import Setup
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.http import HttpClient, Manners, Response, plain_words
from bothways.errors import AlertNotSent, AppFailed, BothwaysError
from bothways.service.connect import Secrets

TIMEOUT = 15.0
"""Seconds without a byte from the receiver before it counts as not answering."""

LONGEST = 300
"""Characters of a receiver's answer that are kept."""

RECEIVER = "its receiver"
"""What the address is called in messages: it may be a secret itself."""


def send(url: str, secrets: Secrets, signed: bool, allow_hosts: frozenset[str], body: bytes, now: float) -> str:
    """Post an alert, signed with the secret of that name if it is to be; return the answer. Raises AlertNotSent."""
    try:
        headers = {"Content-Type": "application/json", "Bothways-Timestamp": str(int(now))}
        if signed:
            headers["Bothways-Signature"] = signature(secrets.get("secret"), str(int(now)), body)
        setup = Setup(RECEIVER, {}, secrets, MemoryBudget(app=RECEIVER), allow_hosts)
        client = HttpClient(url, setup, timeout=TIMEOUT, tries=1, connections=1, manners=Manners(words=_words))
        try:
            response = client.request("POST", url, body=body, headers=headers, call="alert", repeatable=True)
        finally:
            client.close()
    except AppFailed as error:
        reason = f"{RECEIVER} said HTTP {error.facts['status']}, {error.facts['reason']}"
        raise AlertNotSent(channel="webhook", reason=reason) from error
    except BothwaysError as error:
        raise AlertNotSent(channel="webhook", reason=error.message.rstrip(".")) from error
    return f"HTTP {response.status}, {_words(response)}"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return by which a receiver that knows the secret can tell that the alert is ours, and when it was sent."""
    return f"v1={hmac.new(secret.encode(), timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def _words(response: Response) -> str:
    said = " ".join(response.body[: LONGEST * 4].decode("utf-8", "replace").split())[:LONGEST]
    return said or plain_words(response)
