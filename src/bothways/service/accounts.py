"""Accounts: made by one-time links, signed in with a password, and what they did.

Passwords are kept as hashes alone, and links as digests: neither can be shown again. All times are in seconds.
"""

import hashlib
import secrets

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils import timezone

from bothways.errors import (
    LastAdmin,
    LinkUsed,
    NameRefused,
    NotAllowed,
    PasswordWeak,
    SignInLocked,
    SignInRefused,
    SwitchedOff,
    UnknownLink,
    UnknownPerson,
)
from bothways.ledger import db
from bothways.ledger.models import Account, Deed, OneTimeLink, Session, Token
from bothways.service.database import on_database
from bothways.service.revisions import author_of
from bothways.service.rights import Role, for_role
from bothways.service.views import AccountView, DeedView, OneTimeLinkView
from bothways.service.work import plain_id
from bothways.service.workspace import Workspace

DAY = 86_400.0
LINK_LASTS = 3 * DAY
"""Seconds in which a one-time link can be used."""

SHORTEST, LONGEST = 10, 256
"""Characters of a password; NIST SP 800-63B wants at least 8, and no rules of which."""

TRIES = 5
"""Wrong passwords in a row after which nobody can sign in for a while, which doubles with each further one."""

FIRST_LOCK, LONGEST_LOCK = 60.0, 3600.0
"""Seconds for which nobody can sign in after too many wrong passwords, at first and at most."""


@on_database
@for_role(Role.ADMIN)
def make_link(workspace: Workspace, role: Role = Role.ADMIN, name: str = "") -> str:
    """Return the word of a new one-time link: for a new account of a role, or a new password of the account ``name``.

    One for an account takes the place of those before it. Raises UnknownPerson, and SwitchedOff for an account that is.
    """
    account = account_called(name) if name else None
    if account is not None and account.left_at:
        raise SwitchedOff(who=account.name)
    word, now = secrets.token_urlsafe(24), workspace.clock()
    OneTimeLink.objects.filter(ends_at__lt=now).delete()
    if account is not None:
        OneTimeLink.objects.filter(account=account).delete()
    OneTimeLink.objects.create(
        digest=digest_of(word),
        role=account.role if account else role,
        account=account,
        made_by=author_of(workspace),
        ends_at=now + LINK_LASTS,
    )
    note(workspace, "made a one-time link", account.name if account else f"a new {role}")
    return word


@on_database
def link_is_for(workspace: Workspace, word: str) -> tuple[Role, str]:
    """Return for which role a one-time link is, and for whose account, "" for a new one; raise LinkUsed."""
    link = link_called(workspace, word)
    return Role(link.role), link.account.name if link.account else ""


@on_database
@for_role(Role.ADMIN)
def good_links(workspace: Workspace) -> list[OneTimeLinkView]:
    """Return the one-time links that nobody has used and that are good still, the newest first."""
    rows = OneTimeLink.objects.select_related("account").filter(ends_at__gte=workspace.clock())
    return [_link_view(row) for row in rows.order_by("-pk")]


@on_database
@for_role(Role.ADMIN)
def revoke_link(workspace: Workspace, id: str) -> OneTimeLinkView:
    """Let a one-time link be good no more; raise UnknownLink."""
    rows = OneTimeLink.objects.select_related("account").filter(ends_at__gte=workspace.clock())
    row = rows.filter(pk=plain_id(id, "l")).first()
    if row is None:
        raise UnknownLink(link=id)
    view = _link_view(row)
    with db.transaction_():
        if not OneTimeLink.objects.filter(pk=row.pk).delete()[0]:  # somebody used it at the same moment
            raise UnknownLink(link=id)
        note(workspace, "revoked a one-time link", view.name or f"a new {view.role}")
    return view


@on_database
def use_link(workspace: Workspace, word: str, name: str, password: str) -> AccountView:
    """Make the account that a one-time link allows, or give it a new password; the link is used up by it.

    Raises LinkUsed, NameRefused, PasswordWeak.
    """
    with db.transaction_():
        link = link_called(workspace, word)
        name = link.account.name if link.account else _named(name)
        check_new_password(password, name)
        if link.account:
            keep(link.account)
        if not OneTimeLink.objects.filter(pk=link.pk).delete()[0]:  # somebody used it at the same moment
            raise LinkUsed()
        account = link.account or Account(name=name, key=_key(name), role=link.role, made_at=workspace.clock())
        account.password, account.failed, account.locked_until = make_password(password), 0, 0.0
        account.signed_in_at = workspace.clock()
        changed = ["password", "failed", "locked_until", "signed_in_at"]
        account.save(update_fields=changed if link.account else None)  # a role, say, may be another one by now
        Session.objects.filter(account_id=account.pk).delete()
        Deed.objects.create(
            at=workspace.clock(), who=name, what="set a password" if link.account else "made an account", about=name
        )
    return view_of(account)


@on_database
def sign_in(workspace: Workspace, name: str, password: str) -> AccountView:
    """Return the account of a name and a password; raise SignInRefused, and SignInLocked after too many tries.

    One with a second factor is not signed in by that yet: see ``second_factor.finish_sign_in``. It takes as long for a
    name that nobody has.
    """
    account, now = Account.objects.filter(key=_key(name), left_at=0.0).first(), workspace.clock()
    if account is not None:
        refuse_locked(account, now)
    right = is_password(account, password)
    if account is None or not right:
        if account is not None:
            count_failure(account, now)
        raise SignInRefused()
    return view_of(account) if account.totp else signed_in(account, now)


def is_password(account: Account | None, password: str) -> bool:
    """Tell whether this is the password of an account."""
    known = account is not None and bool(account.password)
    return check_password(password[:LONGEST], account.password if account and known else _DUMMY) and known


def signed_in(account: Account, now: float) -> AccountView:
    """Note that somebody has shown who they are; what failed before counts no more."""
    Account.objects.filter(pk=account.pk).update(failed=0, locked_until=0.0, signed_in_at=now)
    account.signed_in_at = now
    return view_of(account)


def refuse_locked(account: Account, now: float) -> None:
    """Raise SignInLocked while there were too many tries."""
    if account.locked_until > now:
        raise SignInLocked(name=account.name, minutes=max(1, round((account.locked_until - now) / 60)))


def count_failure(account: Account, now: float) -> None:
    """Count a wrong password or code; too many in a row lock the account for a while."""
    with db.transaction_():
        db.execute("UPDATE account SET failed=failed+1 WHERE id=%s", (account.pk,))
        beyond = int(db.value("SELECT failed FROM account WHERE id=%s", (account.pk,)) or 0) - TRIES
        if beyond >= 0:
            until = now + min(FIRST_LOCK * 2.0 ** min(beyond, 10), LONGEST_LOCK)
            db.execute("UPDATE account SET locked_until=%s WHERE id=%s", (until, account.pk))


@on_database
def account_of(workspace: Workspace, id: int) -> AccountView | None:
    """Return an account that is on, None if there is none."""
    row = Account.objects.filter(pk=id, left_at=0.0).first()
    return view_of(row) if row else None


@on_database
def is_new(workspace: Workspace) -> bool:
    """Tell whether nobody has an account yet."""
    return not Account.objects.exists()


@on_database
@for_role(Role.ADMIN)
def list_accounts(workspace: Workspace) -> list[AccountView]:
    """Return all accounts, by name."""
    alive = Session.objects.filter(account_id__isnull=False, expire_date__gt=timezone.now())
    open_ = list(alive.values_list("account_id", flat=True))
    return [view_of(row, open_.count(row.pk)) for row in Account.objects.order_by("key")]


@on_database
@for_role(Role.ADMIN)
def set_role(workspace: Workspace, name: str, role: Role) -> AccountView:
    """Give an account another role; raise UnknownPerson, LastAdmin. The links that an admin made end with that role."""
    with db.transaction_():
        account = account_called(name)
        if role is not Role.ADMIN:
            refuse_last(account)
            end_links(account)
        Account.objects.filter(pk=account.pk).update(role=role)
        note(workspace, f"made {role}", account.name)
    account.role = role
    return view_of(account)


@on_database
@for_role(Role.ADMIN)
def switch_off(workspace: Workspace, name: str) -> AccountView:
    """Let somebody sign in no more, and end their sessions, tokens and links; raise UnknownPerson, LastAdmin."""
    with db.transaction_():
        account = account_called(name)
        refuse_last(account)
        keep(account)
        end_links(account)
        OneTimeLink.objects.filter(account=account).delete()
        account.left_at = workspace.clock()
        account.save(update_fields=["left_at"])
        Session.objects.filter(account_id=account.pk).delete()
        Token.objects.filter(account=account).delete()
        note(workspace, "switched off", account.name)
    return view_of(account)


@on_database
def admins(workspace: Workspace) -> list[str]:
    """Return the names of those who can change what somebody may do."""
    return [row.name for row in Account.objects.filter(role=Role.ADMIN, left_at=0.0).order_by("key")]


@on_database
@for_role(Role.ADMIN)
def deeds(workspace: Workspace, most: int = 100, *, after: int | None = None) -> list[DeedView]:
    """Return what was done last, the newest first; before the deed ``after``."""
    rows = Deed.objects.order_by("-id") if after is None else Deed.objects.filter(pk__lt=after).order_by("-id")
    return [DeedView(row.pk, row.at, row.who, row.what, row.about) for row in rows[:most]]


def note(workspace: Workspace, what: str, about: str = "") -> None:
    """Keep for the audit log what somebody does, in the caller's use of the database. It must hold no secret."""
    Deed.objects.create(at=workspace.clock(), who=author_of(workspace), what=what, about=about)


def digest_of(word: str) -> str:
    """Return by what a long word made by chance is known, which cannot be turned back into it."""
    return hashlib.sha256(word.encode()).hexdigest()


def link_called(workspace: Workspace, word: str) -> OneTimeLink:
    """Return the one-time link of a word; raise LinkUsed."""
    found = OneTimeLink.objects.select_related("account").filter(digest=digest_of(word)).first()
    if found is None or found.ends_at < workspace.clock():
        raise LinkUsed()
    return found


def _key(name: str) -> str:
    return name.strip().casefold()


def _seen(name: str) -> str:
    """Return a name as it is seen: of two that differ in what is not seen alone, nobody could tell who is who."""
    return " ".join("".join(each if each.isprintable() else " " for each in name).split())


def _named(name: str) -> str:
    name = _seen(name)
    if not name or len(name) > 100:
        raise NameRefused(name=name or "nothing", reason="a name has 1 to 100 characters")
    if Account.objects.filter(key=_key(name)).exists():
        raise NameRefused(name=name, reason="somebody is called so already")
    return name


def free_name_like(wish: str) -> str:
    """Return a name that nobody has yet, as near to what is wished for as can be."""
    name = _seen(wish)[:90].strip() or "Somebody"
    taken = set(Account.objects.filter(key__startswith=_key(name)).values_list("key", flat=True))
    tries = (name, *(f"{name} {number}" for number in range(2, len(taken) + 3)))
    return next(each for each in tries if _key(each) not in taken)


def check_new_password(password: str, name: str) -> None:
    """Raise PasswordWeak for one that is easy to guess."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordWeak(reason=f"it takes {SHORTEST} to {LONGEST} characters")
    if _key(name) in password.casefold() and len(name) > 3:
        raise PasswordWeak(reason="it has your name in it")
    try:
        CommonPasswordValidator().validate(password)
    except ValidationError as error:
        raise PasswordWeak(reason="many people use it") from error


def account_called(name: str) -> Account:
    """Return the account of a name; raise UnknownPerson."""
    found = Account.objects.filter(key=_key(name)).first()
    if found is None:
        raise UnknownPerson(name=name)
    return found


def own(workspace: Workspace) -> Account:
    """Return the account of who is acting; raise NotAllowed where nobody is who has one."""
    actor = workspace.actor
    found = Account.objects.filter(pk=actor.account, left_at=0.0).first() if actor else None
    if found is None:
        who = actor.name if actor else "the command line"
        raise NotAllowed(who=who, needed="of an account", role="none")
    return found


def keep(account: Account) -> None:
    """Let nobody else change an account in the caller's transaction: before its links, lest two wait for ever."""
    list(Account.objects.select_for_update().filter(pk=account.pk).values_list("pk"))


def refuse_last(account: Account) -> None:
    """Raise LastAdmin if there is no other admin; until the caller's transaction ends, nobody else makes one less."""
    admins = Account.objects.select_for_update().filter(role=Role.ADMIN, left_at=0.0).order_by("pk")
    if [each.pk for each in admins] == [account.pk]:
        raise LastAdmin(name=account.name)


def _link_view(row: OneTimeLink) -> OneTimeLinkView:
    name = row.account.name if row.account else ""
    return OneTimeLinkView(f"l_{row.pk}", Role(row.role), name, row.made_by, row.ends_at)


def end_links(account: Account) -> None:
    """Let the one-time links be good no more that somebody made who may make none any more."""
    OneTimeLink.objects.filter(made_by=account.name).delete()


def view_of(row: Account, sessions: int = 0) -> AccountView:
    """Return an account as it is shown."""
    is_on, second = not row.left_at, bool(row.totp)
    return AccountView(
        row.pk,
        row.name,
        Role(row.role),
        row.made_at,
        row.signed_in_at,
        is_on,
        sessions,
        second,
        row.language,
        row.time_zone,
        row.look,
    )


_DUMMY = "pbkdf2_sha256$1000000$tcTFkGd9mFZHrGBe8gjpxV$9SuUe0AROPTkf3IHu3hZcwMmqGwkBVtyT2g9dRgt0hY="
"""A hash that no password has: checked where there is no account, so that it takes as long."""
