"""A second factor: codes of an app on somebody's phone (TOTP, RFC 6238), asked for after the password.

Its secret is shown until the first code has come, and never again. Ten recovery codes stand in for a lost phone; they
are kept as digests, and each is good once. A code is good for its half minute and those beside it, and once.
"""

import base64
import hmac
import secrets

from pyotp import TOTP, random_base32

from bothways.errors import CodeRefused, NoSecondFactor, SecondFactorIsOn, SignInExpired
from bothways.ledger import db
from bothways.ledger.models import Account, Deed, RecoveryCode
from bothways.service.accounts import account_called, count_failure, digest_of, note, own, refuse_locked, signed_in
from bothways.service.accounts import view_of as account_view
from bothways.service.database import on_database
from bothways.service.rights import Role, for_role
from bothways.service.views import AccountView, NewFactorView, SecondFactorView
from bothways.service.workspace import Workspace

DRIFT = 1
"""Intervals before and after the present one of which a code is taken: clocks of phones are not ours."""

CODES = 10
"""Recovery codes that somebody gets."""

_RANDOM = 10
"""Bytes of chance in a recovery code: too many to be found from its digest."""


@on_database
@for_role(Role.VIEWER)
def my_second_factor(workspace: Workspace) -> SecondFactorView:
    """Return how one's own second factor stands."""
    account = own(workspace)
    return SecondFactorView(bool(account.totp), RecoveryCode.objects.filter(account=account).count())


@on_database
@for_role(Role.VIEWER)
def begin(workspace: Workspace) -> None:
    """Make a secret for one's own second factor, to be confirmed by a first code; raise SecondFactorIsOn."""
    account = own(workspace)
    if account.totp:
        raise SecondFactorIsOn(name=account.name)
    Account.objects.filter(pk=account.pk, totp="").update(totp_new=random_base32())


@on_database
@for_role(Role.VIEWER)
def begun(workspace: Workspace) -> NewFactorView:
    """Return the secret that waits for its first code; raise NoSecondFactor if none does."""
    account = own(workspace)
    if account.totp or not account.totp_new:
        raise NoSecondFactor(name=account.name)
    address = TOTP(account.totp_new).provisioning_uri(name=account.name, issuer_name="Bothways")
    return NewFactorView(account.totp_new, address)


@on_database
@for_role(Role.VIEWER)
def confirm(workspace: Workspace, code: str) -> tuple[str, ...]:
    """Turn one's own second factor on by its first code; return the recovery codes, which cannot be shown again.

    Raises NoSecondFactor if it was not begun, CodeRefused.
    """
    account = own(workspace)
    if account.totp or not account.totp_new:
        raise NoSecondFactor(name=account.name)
    step = _step_of(account.totp_new, code, workspace.clock())
    if step is None:
        raise CodeRefused()
    codes = tuple(_recovery_code() for _ in range(CODES))
    with db.transaction_():
        waiting = Account.objects.filter(pk=account.pk, totp="", totp_new=account.totp_new)
        if not waiting.update(totp=account.totp_new, totp_new="", totp_step=step):
            raise NoSecondFactor(name=account.name)
        RecoveryCode.objects.filter(account=account).delete()
        for each in codes:
            RecoveryCode.objects.create(account=account, digest=digest_of(_plain(each)))
        note(workspace, "turned on a second factor", account.name)
    return codes


@on_database
@for_role(Role.VIEWER)
def turn_off(workspace: Workspace, code: str) -> None:
    """Turn one's own second factor off, by a code of it; raise NoSecondFactor, CodeRefused, SignInLocked."""
    account = own(workspace)
    if not account.totp:
        raise NoSecondFactor(name=account.name)
    _check(workspace, account, code)
    _remove(workspace, account, "turned off the second factor")


@on_database
@for_role(Role.ADMIN)
def reset(workspace: Workspace, name: str) -> AccountView:
    """Take the second factor from somebody who has lost it; raise UnknownPerson, NoSecondFactor."""
    account = account_called(name)
    if not account.totp:
        raise NoSecondFactor(name=account.name)
    _remove(workspace, account, "took the second factor from")
    return account_view(account)


@on_database
def finish_sign_in(workspace: Workspace, id: int, code: str) -> AccountView:
    """Return the account of who has given the password, by a code of its second factor.

    Raises CodeRefused, SignInLocked, and SignInExpired if there is no such account or second factor any more.
    """
    account = Account.objects.filter(pk=id, left_at=0.0).exclude(totp="").first()
    if account is None:
        raise SignInExpired()
    _check(workspace, account, code)
    return signed_in(account, workspace.clock())


def _check(workspace: Workspace, account: Account, code: str) -> None:
    """Use a code up; a wrong one counts as a wrong password does."""
    now = workspace.clock()
    refuse_locked(account, now)
    if not (_use_code(account, code, now) or _use_recovery_code(account, code, now)):
        count_failure(account, now)
        raise CodeRefused()


def _use_code(account: Account, code: str, now: float) -> bool:
    """Use a code up that counts now, unless one of its interval or a later one was used."""
    step = _step_of(account.totp, code, now)
    if step is None:
        return False
    before = Account.objects.filter(pk=account.pk, totp=account.totp, totp_step__lt=step)
    return bool(before.update(totp_step=step))


def _step_of(secret: str, code: str, now: float) -> int | None:
    """Return of which interval a code is, None if of none that counts now."""
    totp, given = TOTP(secret), _plain(code)
    present = int(now) // totp.interval
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), given.encode()):
            return step
    return None


def _use_recovery_code(account: Account, code: str, now: float) -> bool:
    with db.transaction_():
        used, _ = RecoveryCode.objects.filter(account=account, digest=digest_of(_plain(code))).delete()
        if used:
            Deed.objects.create(at=now, who=account.name, what="used a recovery code", about=account.name)
    return bool(used)


def _remove(workspace: Workspace, account: Account, deed: str) -> None:
    with db.transaction_():
        Account.objects.filter(pk=account.pk).update(totp="", totp_new="", totp_step=0)
        RecoveryCode.objects.filter(account=account).delete()
        note(workspace, deed, account.name)
    account.totp = ""


def _recovery_code() -> str:
    word = base64.b32encode(secrets.token_bytes(_RANDOM)).decode().lower()
    return "-".join(word[start : start + 4] for start in range(0, len(word), 4))


def _plain(code: str) -> str:
    """Return a code as it is compared: without what people put between."""
    return "".join(each for each in code.lower() if each.isalnum())[:64]
