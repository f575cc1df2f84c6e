"""Who is let in by an OpenID provider: those who were invited, and those whom a rule of the settings names.

An account is bound to the number that the provider has for somebody, never to a name or an e-mail address, which may
come to belong to another.
"""

from django.db import IntegrityError

from bothways.errors import IdentityTaken, LastAdmin, LedgerError, LinkUsed, NotInvited, SwitchedOff
from bothways.ledger import db
from bothways.ledger.models import Account, Deed, Identity, OneTimeLink, Session
from bothways.service.accounts import end_links, free_name_like, keep, link_called, own, refuse_last, view_of
from bothways.service.database import on_database
from bothways.service.document import SignInDocument
from bothways.service.openid import Person, provider_of
from bothways.service.rights import Role, for_role
from bothways.service.views import AccountView, WaysView
from bothways.service.workspace import Workspace


@on_database
def let_in(workspace: Workspace, person: Person, word: str = "") -> AccountView:
    """Return the account of somebody whom the provider has named; ``word``: of a one-time link that they came with.

    Raises NotInvited, SwitchedOff, and with a link also LinkUsed and IdentityTaken.
    """
    provider = provider_of(workspace)
    try:
        return _let_in(workspace, provider, person, word)
    except LedgerError as error:
        if not isinstance(error.__cause__, IntegrityError):
            raise
    return _let_in(workspace, provider, person, word)  # somebody came by another browser at the same moment


def _let_in(workspace: Workspace, provider: SignInDocument, person: Person, word: str) -> AccountView:
    with db.transaction_():
        account = _by_link(workspace, person, word) if word else _known(workspace, provider, person)
    return view_of(account)


@on_database
@for_role(Role.VIEWER)
def my_ways(workspace: Workspace) -> WaysView:
    """Return by which ways one can sign in."""
    account, provider = own(workspace), workspace.document.sign_in
    known = provider is not None and Identity.objects.filter(account=account, issuer=provider.issuer).exists()
    return WaysView(bool(account.password), provider.name if provider is not None and known else "")


def _known(workspace: Workspace, provider: SignInDocument, person: Person) -> Account:
    identity = Identity.objects.select_related("account").filter(issuer=person.issuer, subject=person.subject).first()
    role = role_of(provider, person)
    if identity is None:
        if role is None:
            raise NotInvited(name=provider.name)
        return _made(workspace, person, role, by_rule=True)
    account: Account = identity.account
    if account.left_at:
        raise SwitchedOff(who=account.name)
    if identity.by_rule:
        if role is None:
            raise NotInvited(name=provider.name)
        _give(workspace, account, role)
    return _signed_in(workspace, account)


def _by_link(workspace: Workspace, person: Person, word: str) -> Account:
    """Use up a one-time link: for a new account, or for another way into the account that it is of."""
    link = link_called(workspace, word)
    known = Identity.objects.select_related("account").filter(issuer=person.issuer, subject=person.subject).first()
    if known is not None and known.account_id != link.account_id:
        raise IdentityTaken(who=known.account.name)
    if link.account:
        keep(link.account)
    if not OneTimeLink.objects.filter(pk=link.pk).delete()[0]:
        raise LinkUsed()
    if link.account is None:
        return _made(workspace, person, Role(link.role), by_rule=False)
    account: Account = link.account
    if account.left_at:
        raise SwitchedOff(who=account.name)
    Identity.objects.filter(account=account, issuer=person.issuer).delete()
    Identity.objects.create(account=account, issuer=person.issuer, subject=person.subject)
    Account.objects.filter(pk=account.pk).update(password="", failed=0, locked_until=0.0)
    Session.objects.filter(account_id=account.pk).delete()
    _note(workspace, account, "signs in with the provider from now on")
    return _signed_in(workspace, account)


def role_of(provider: SignInDocument, person: Person) -> Role | None:
    """Return the highest role that a rule gives somebody, None if no rule speaks of them."""
    given = {Role(provider.roles[value]) for value in person.values if value in provider.roles}
    return max(given, key=list(Role).index) if given else None


def _made(workspace: Workspace, person: Person, role: Role, *, by_rule: bool) -> Account:
    name = free_name_like(person.name)
    account = Account.objects.create(name=name, key=name.casefold(), role=role, made_at=workspace.clock())
    Identity.objects.create(account=account, issuer=person.issuer, subject=person.subject, by_rule=by_rule)
    _note(workspace, account, f"made an account ({role}) with the provider")
    return _signed_in(workspace, account)


def _give(workspace: Workspace, account: Account, role: Role) -> None:
    """Give an account the role that a rule says; the only admin stays one."""
    if account.role == role:
        return
    try:
        if role is not Role.ADMIN:
            refuse_last(account)
            end_links(account)
    except LastAdmin:
        return
    Account.objects.filter(pk=account.pk).update(role=role)
    account.role = role
    _note(workspace, account, f"became {role}, as the provider says")


def _signed_in(workspace: Workspace, account: Account) -> Account:
    """Note that somebody has come in. Wrong passwords count on: nobody has shown that they know the right one."""
    account.signed_in_at = workspace.clock()
    Account.objects.filter(pk=account.pk).update(signed_in_at=account.signed_in_at)
    return account


def _note(workspace: Workspace, account: Account, what: str) -> None:
    Deed.objects.create(at=workspace.clock(), who=account.name, what=what, about=account.name)
