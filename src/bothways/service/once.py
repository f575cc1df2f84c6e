"""Calls with an idempotency key: what was answered to the first is answered to each like it, for a day, per token.

All of it in the caller's use of the database.
"""

from typing import NamedTuple

from bothways.errors import KeyTaken, KeyUsedOtherwise
from bothways.ledger import db
from bothways.ledger.models import Answered
from bothways.service.workspace import Workspace

KEPT = 86_400.0
"""Seconds for which an answer is given again."""


class Kept(NamedTuple):
    """An answer that was given before: its status, its type and its text."""

    status: int
    kind: str
    body: str


def begin(workspace: Workspace, token: int, key: str, digest: str) -> Kept | None:
    """Return what was answered to the same call before; None if there was none, then it counts as begun.

    Raises KeyUsedOtherwise for another call, KeyTaken if its answer is not there yet or was a secret.
    """
    now = workspace.clock()
    with db.transaction_():
        Answered.objects.filter(at__lt=now - KEPT).delete()
        row, made = Answered.objects.get_or_create(token_id=token, key=key, defaults={"digest": digest, "at": now})
    if made:
        return None
    if row.digest != digest:
        raise KeyUsedOtherwise()
    if not row.status:
        reason = "is at work, or broke off so that nobody knows what came of it"
        raise KeyTaken(reason=reason, hint="Look whether it was done before you call again with a new key.")
    if not row.body:
        raise KeyTaken(reason="was answered with a secret, which is not kept", hint="Call again with a new key.")
    return Kept(row.status, row.kind, row.body)


def keep(token: int, key: str, answer: Kept) -> None:
    """Keep what was answered."""
    rows = Answered.objects.filter(token_id=token, key=key)
    rows.update(status=answer.status, kind=answer.kind, body=answer.body)


def forget(token: int, key: str) -> None:
    """Let a call that was not carried out be made again."""
    Answered.objects.filter(token_id=token, key=key).delete()
