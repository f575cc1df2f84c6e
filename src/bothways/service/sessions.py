"""One's own sessions: which browsers one is signed in with, ended one by one; and one's own password.

A session is told of by a number made from its key, since who knows the key has the session.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from bothways.errors import PasswordWrong
from bothways.ledger import db
from bothways.ledger.models import Account, OneTimeLink, Session
from bothways.ledger.sessions import LASTS
from bothways.service.accounts import (
    check_new_password,
    count_failure,
    digest_of,
    is_password,
    note,
    own,
    refuse_locked,
)
from bothways.service.database import on_database
from bothways.service.rights import Role, for_role
from bothways.service.views import SessionView
from bothways.service.workspace import Workspace

TOLD_EVERY = 60.0
"""Seconds after which it is noted again that a session or a token was used."""


@on_database
@for_role(Role.VIEWER)
def my_sessions(workspace: Workspace, this: str | None = None) -> list[SessionView]:
    """Return the browsers in which who is acting is signed in, those used last first; ``this``: the key of one."""
    return [
        SessionView(_number(row.session_key), row.agent, row.made_at, _used_at(row), row.session_key == this)
        for row in _mine(own(workspace)).order_by("-expire_date", "-made_at")
    ]


@on_database
@for_role(Role.VIEWER)
def end_session(workspace: Workspace, id: str) -> None:
    """End one of one's own sessions; one that has ended meanwhile is no failure."""
    account = own(workspace)
    for row in _mine(account):
        if _number(row.session_key) == id:
            with db.transaction_():
                row.delete()
                note(workspace, "ended a session", account.name)


@on_database
@for_role(Role.VIEWER)
def end_others(workspace: Workspace, this: str | None) -> int:
    """End all of one's own sessions but this one, and return how many that were."""
    account = own(workspace)
    with db.transaction_():
        count = _end_others(account, this)
        if count:
            note(workspace, "ended all other sessions", account.name)
    return count


@on_database
@for_role(Role.VIEWER)
def change_password(workspace: Workspace, old: str, new: str, this: str | None = None) -> None:
    """Change one's own password and end all sessions but this one, and a link by which it could be changed again.

    Raises PasswordWrong and SignInLocked, as signing in does, and PasswordWeak.
    """
    account, now = own(workspace), workspace.clock()
    refuse_locked(account, now)
    if not is_password(account, old):
        count_failure(account, now)
        raise PasswordWrong()
    check_new_password(new, account.name)
    with db.transaction_():
        Account.objects.filter(pk=account.pk).update(password=make_password(new), failed=0, locked_until=0.0)
        _end_others(account, this)
        OneTimeLink.objects.filter(account=account).delete()
        note(workspace, "changed the password", account.name)


@on_database
def touch(workspace: Workspace, key: str) -> None:
    """Note that a session is used, told to the minute; it lasts as long from now on as a new one."""
    ends = timezone.now() + timedelta(seconds=LASTS)
    rows = Session.objects.filter(session_key=key, expire_date__lt=ends - timedelta(seconds=TOLD_EVERY))
    if rows.exists():  # to look whether there is something to write waits for nobody who writes
        rows.update(expire_date=ends)


def _mine(account: Account) -> Any:
    return Session.objects.filter(account_id=account.pk, expire_date__gt=timezone.now())


def _used_at(row: Session) -> float:
    ends: datetime = row.expire_date
    return ends.timestamp() - LASTS


def _end_others(account: Account, this: str | None) -> int:
    return int(Session.objects.filter(account_id=account.pk).exclude(session_key=this or "").delete()[0])


def _number(key: str) -> str:
    return digest_of(key)[:16]
