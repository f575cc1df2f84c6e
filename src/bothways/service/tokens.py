"""Tokens of the API: by which a program acts in the name of a person, never with more than that person may now.

A token is shown when it is made, and kept as a digest. It ends when it is revoked, when its time is over, and when its
person is switched off.
"""

import secrets
from typing import Any, NamedTuple

from bothways.errors import NotAllowed, TokenNotMade, TokenRefused, UnknownToken
from bothways.ledger import db
from bothways.ledger.models import Account, Token
from bothways.service.accounts import account_called, digest_of, note, own
from bothways.service.database import on_database
from bothways.service.rights import Actor, Role, for_role
from bothways.service.sessions import TOLD_EVERY
from bothways.service.views import TokenView
from bothways.service.work import plain_id
from bothways.service.workspace import Workspace

BEGINS = "bothways_"
"""How every token begins, so that programs which look for secrets in what is published know one."""

DAY = 86_400.0
LONGEST_NAME, LONGEST_LIFE = 100, 3650
"""Characters of the name of a token; days for which one can be good, if it is to end."""


class Bearer(NamedTuple):
    """Who calls: the number of the token, and in whose name and with which role it acts."""

    token: int
    actor: Actor


@on_database
@for_role(Role.VIEWER)
def make_token(
    workspace: Workspace, name: str, role: Role, *, days: float | None = None, person: str = ""
) -> tuple[TokenView, str]:
    """Return a new token and its word, which cannot be shown again. ``days``: when it ends, None if it does not.

    It is for who is acting; at the command line, for ``person``. Raises TokenNotMade, NotAllowed for a role that its
    person does not have, UnknownPerson.
    """
    account = own(workspace) if workspace.actor else account_called(person)
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise TokenNotMade(reason=f"a name has 1 to {LONGEST_NAME} characters")
    if days is not None and not 0 < days <= LONGEST_LIFE:
        raise TokenNotMade(reason=f"it can be good for 1 to {LONGEST_LIFE} days")
    if account.left_at:
        raise TokenNotMade(reason=f"{account.name} is switched off")
    if not Role(account.role).includes(role):
        raise NotAllowed(who=account.name, needed=role, role=account.role)
    word, now = BEGINS + secrets.token_urlsafe(32), workspace.clock()
    with db.transaction_():
        row = Token.objects.create(
            account=account,
            name=name,
            digest=digest_of(word),
            role=role,
            made_at=now,
            ends_at=now + days * DAY if days else 0.0,
        )
        note(workspace, f"made a token ({role})", f"{name} of {account.name}")
    return _view(row), word


@on_database
@for_role(Role.VIEWER)
def list_tokens(workspace: Workspace) -> list[TokenView]:
    """Return one's own tokens, at the command line those of all, the newest first."""
    return [_view(row) for row in _at_hand(workspace).order_by("-pk")]


@on_database
@for_role(Role.VIEWER)
def revoke_token(workspace: Workspace, id: str) -> TokenView:
    """End a token of one's own, at the command line any, at once; raise UnknownToken."""
    return _revoke(workspace, _at_hand(workspace), id)


@on_database
@for_role(Role.ADMIN)
def all_tokens(workspace: Workspace, most: int = 50, *, after: str | None = None) -> list[TokenView]:
    """Return tokens of everybody, the newest first; before the token ``after``."""
    rows = Token.objects.select_related("account").order_by("-pk")
    number = plain_id(after, "t") if after is not None else None
    return [_view(row) for row in (rows if number is None else rows.filter(pk__lt=number))[:most]]


@on_database
@for_role(Role.ADMIN)
def revoke_any(workspace: Workspace, id: str) -> TokenView:
    """End a token, whoever it is of, at once; raise UnknownToken."""
    return _revoke(workspace, Token.objects.select_related("account"), id)


@on_database
def bearer_of(workspace: Workspace, word: str) -> Bearer:
    """Return who calls with a token; raise TokenRefused."""
    now = workspace.clock()
    row = Token.objects.select_related("account").filter(digest=digest_of(word)).first()
    if row is None or row.account.left_at or 0 < row.ends_at <= now:
        raise TokenRefused()
    if row.used_at < now - TOLD_EVERY:
        Token.objects.filter(pk=row.pk).update(used_at=now)
    return Bearer(row.pk, Actor(row.account.name, _role(row), row.account.pk))


def _at_hand(workspace: Workspace) -> Any:
    rows = Token.objects.select_related("account")
    return rows.filter(account=own(workspace)) if workspace.actor else rows


def _revoke(workspace: Workspace, rows: Any, id: str) -> TokenView:
    row = rows.filter(pk=plain_id(id, "t")).first()
    if row is None:
        raise UnknownToken(token=id)
    view = _view(row)
    with db.transaction_():
        row.delete()
        note(workspace, "revoked a token", f"{view.name} of {view.person}")
    return view


def _role(row: Token) -> Role:
    """Return what a token may do now: what its person may, at most."""
    least, own_role = Role(row.role), Role(row.account.role)
    return least if own_role.includes(least) else own_role


def _view(row: Token) -> TokenView:
    account: Account = row.account
    return TokenView(f"t_{row.pk}", row.name, account.name, _role(row), row.made_at, row.used_at, row.ends_at or None)
