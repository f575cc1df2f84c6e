"""Accounts: made by one-time links, signed in with a password, locked after too many tries, with four roles."""

from dataclasses import replace

import pytest

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
from bothways.ledger.models import Account, OneTimeLink
from bothways.service import accounts, sessions, syncs
from bothways.service.accounts import LINK_LASTS, TRIES
from bothways.service.database import used
from bothways.service.rights import Actor, Role
from bothways.service.views import AccountView
from bothways.service.workspace import Workspace
from tests.office import Office

GOOD = "correct horse battery"


def made(workspace: Workspace, name: str = "Ana Ruiz", role: Role = Role.ADMIN) -> AccountView:
    """Make an account by a link of its own."""
    return accounts.use_link(workspace, accounts.make_link(workspace, role), name, GOOD)


def test_first_account_is_made_by_a_one_time_link(office: Office) -> None:
    workspace = office.open()
    assert accounts.is_new(workspace)
    word = accounts.make_link(workspace)
    assert accounts.link_is_for(workspace, word) == (Role.ADMIN, "")
    account = accounts.use_link(workspace, word, " Ana  Ruiz ", GOOD)
    assert (account.name, account.role, account.is_on) == ("Ana Ruiz", Role.ADMIN, True)
    assert not accounts.is_new(workspace)
    with pytest.raises(LinkUsed):
        accounts.use_link(workspace, word, "Bert", GOOD)


def test_link_that_two_use_at_the_same_moment_makes_one_account(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = office.open()
    word = accounts.make_link(workspace)
    check = accounts.check_new_password

    def used_meanwhile(password: str, name: str) -> None:
        check(password, name)
        OneTimeLink.objects.all().delete()

    monkeypatch.setattr(accounts, "check_new_password", used_meanwhile)
    with pytest.raises(LinkUsed):
        accounts.use_link(workspace, word, "Bert", GOOD)
    assert accounts.is_new(workspace)


def test_neither_a_password_nor_a_link_can_be_read_from_the_database(office: Office) -> None:
    workspace = office.open()
    made(workspace)
    word = accounts.make_link(workspace)
    with used(workspace.database):
        assert GOOD not in str(list(Account.objects.values()))
        assert word not in str(list(OneTimeLink.objects.values()))


def test_good_links_are_listed_the_newest_first_until_they_are_used_or_over(office: Office) -> None:
    workspace = office.open()
    ana = made(workspace)
    bo = replace(workspace, actor=made(workspace, "Bo").actor)
    accounts.make_link(bo, Role.VIEWER)
    office.clock.advance(60)
    word = accounts.make_link(replace(workspace, actor=ana.actor), Role.EDITOR)
    accounts.make_link(bo, name="Ana Ruiz")
    assert [(each.role, each.name, each.made_by) for each in accounts.good_links(workspace)] == [
        (Role.ADMIN, "Ana Ruiz", "Bo"),
        (Role.EDITOR, "", "Ana Ruiz"),
        (Role.VIEWER, "", "Bo"),
    ]
    accounts.use_link(workspace, word, "Eve", GOOD)
    office.clock.advance(LINK_LASTS - 30)
    assert [each.name for each in accounts.good_links(office.open())] == ["Ana Ruiz"]


def test_revoked_link_is_good_no_more_and_the_deed_is_kept(office: Office) -> None:
    workspace = office.open()
    word, other = accounts.make_link(workspace, Role.VIEWER), accounts.make_link(workspace, Role.EDITOR)
    revoked = accounts.revoke_link(workspace, accounts.good_links(workspace)[1].id)
    assert revoked.role == Role.VIEWER
    with pytest.raises(LinkUsed):
        accounts.use_link(workspace, word, "Bert", GOOD)
    assert accounts.link_is_for(workspace, other) == (Role.EDITOR, "")
    deed = accounts.deeds(workspace)[0]
    assert (deed.what, deed.about) == ("revoked a one-time link", "a new viewer")
    for id in (revoked.id, "l_999", "l_", "t_1", ""):
        with pytest.raises(UnknownLink):
            accounts.revoke_link(workspace, id)


def test_only_admins_see_and_revoke_links(office: Office) -> None:
    workspace = office.open()
    accounts.make_link(workspace, Role.ADMIN)
    eve = replace(workspace, actor=Actor("Eve", Role.EDITOR))
    with pytest.raises(NotAllowed):
        accounts.good_links(eve)
    with pytest.raises(NotAllowed):
        accounts.revoke_link(eve, accounts.good_links(workspace)[0].id)


def test_link_ends_after_three_days(office: Office) -> None:
    word = accounts.make_link(office.open())
    office.clock.advance(LINK_LASTS + 1)
    with pytest.raises(LinkUsed):
        accounts.link_is_for(office.open(), word)


def test_sign_in_takes_the_name_in_any_case_and_the_right_password(office: Office) -> None:
    workspace = office.open()
    made(workspace)
    assert accounts.sign_in(workspace, "ana RUIZ", GOOD).name == "Ana Ruiz"
    for name, password in (("Ana Ruiz", "wrong"), ("Nobody", GOOD), ("", "")):
        with pytest.raises(SignInRefused):
            accounts.sign_in(workspace, name, password)


def test_too_many_wrong_passwords_lock_the_account_for_longer_each_time(office: Office) -> None:
    workspace = office.open()
    made(workspace)

    def fail() -> None:
        with pytest.raises(SignInRefused):
            accounts.sign_in(workspace, "Ana Ruiz", "wrong")

    def locked() -> bool:
        try:
            accounts.sign_in(workspace, "Ana Ruiz", GOOD)
        except SignInLocked:
            return True
        return False

    for _ in range(TRIES):
        fail()
    assert locked()
    office.clock.advance(61)
    fail()
    office.clock.advance(61)
    assert locked(), "two minutes after the next one"
    office.clock.advance(61)
    assert not locked()
    fail()
    assert not locked(), "a right password lets the count begin anew"


@pytest.mark.parametrize("password", ["short", "password123", "my ana ruiz 1", "x" * 257])
def test_password_that_is_easy_to_guess_is_refused_and_the_link_stays(office: Office, password: str) -> None:
    workspace = office.open()
    word = accounts.make_link(workspace)
    with pytest.raises(PasswordWeak):
        accounts.use_link(workspace, word, "Ana Ruiz", password)
    assert accounts.use_link(workspace, word, "Ana Ruiz", GOOD)


@pytest.mark.parametrize("name", ["", "  ", "ANA ruiz", "x" * 101, "Ana\u200b Ruiz", "\u202eAna Ruiz", "\x1b"])
def test_name_that_somebody_has_or_that_is_none_is_refused(office: Office, name: str) -> None:
    workspace = office.open()
    made(workspace)
    with pytest.raises(NameRefused):
        made(workspace, name)


def test_link_for_an_account_gives_it_a_new_password_and_ends_its_lock(office: Office) -> None:
    workspace = office.open()
    made(workspace)
    word = accounts.make_link(workspace, name="ana ruiz")
    account = accounts.use_link(workspace, word, "ignored", "another long one")
    assert (account.name, account.role) == ("Ana Ruiz", Role.ADMIN)
    assert accounts.sign_in(workspace, "Ana Ruiz", "another long one")
    with pytest.raises(SignInRefused):
        accounts.sign_in(workspace, "Ana Ruiz", GOOD)
    with pytest.raises(UnknownPerson):
        accounts.make_link(workspace, name="Nobody")


def test_only_the_last_link_for_an_account_is_good_and_none_once_it_has_another_password(office: Office) -> None:
    workspace = office.open()
    made(workspace)
    sent_to_somebody_else, right = (accounts.make_link(workspace, name="Ana Ruiz") for _ in range(2))
    with pytest.raises(LinkUsed):
        accounts.use_link(workspace, sent_to_somebody_else, "", "another long one")
    account = accounts.use_link(workspace, right, "", GOOD)
    again = accounts.make_link(workspace, name="Ana Ruiz")
    workspace.actor = account.actor
    sessions.change_password(workspace, GOOD, "another long one")
    workspace.actor = None
    with pytest.raises(LinkUsed):
        accounts.use_link(workspace, again, "", GOOD)


def test_last_admin_stays_one(office: Office) -> None:
    workspace = office.open()
    made(workspace)
    with pytest.raises(LastAdmin):
        accounts.set_role(workspace, "Ana Ruiz", Role.VIEWER)
    with pytest.raises(LastAdmin):
        accounts.switch_off(workspace, "Ana Ruiz")
    made(workspace, "Bert")
    assert accounts.set_role(workspace, "Ana Ruiz", Role.VIEWER).role is Role.VIEWER
    assert not accounts.switch_off(workspace, "Ana Ruiz").is_on
    with pytest.raises(SignInRefused):
        accounts.sign_in(workspace, "Ana Ruiz", GOOD)


def test_links_of_an_admin_end_when_they_are_none_any_more(office: Office) -> None:
    workspace = office.open()
    made(workspace)
    made(workspace, "Bert")
    ours = accounts.make_link(workspace)
    for less in (
        lambda: accounts.set_role(workspace, "Bert", Role.EDITOR),
        lambda: accounts.switch_off(workspace, "Bert"),
    ):
        accounts.set_role(workspace, "Bert", Role.ADMIN)
        workspace.actor = Actor("Bert", Role.ADMIN)
        words = [accounts.make_link(workspace, Role.ADMIN), accounts.make_link(workspace, name="Ana Ruiz")]
        workspace.actor = None
        less()
        for word in words:
            with pytest.raises(LinkUsed):
                accounts.use_link(workspace, word, "Bert again", GOOD)
    assert accounts.link_is_for(workspace, ours) == (Role.ADMIN, "")


def test_who_is_switched_off_gets_no_new_password_and_no_link_for_one(office: Office) -> None:
    workspace = office.open()
    made(workspace)
    made(workspace, "Bert")
    word = accounts.make_link(workspace, name="Bert")
    accounts.switch_off(workspace, "Bert")
    with pytest.raises(LinkUsed):
        accounts.use_link(workspace, word, "", GOOD)
    with pytest.raises(SwitchedOff):
        accounts.make_link(workspace, name="Bert")


def test_who_lacks_a_role_is_refused_by_the_use_case_and_nothing_changes(office: Office) -> None:
    workspace = office.open()
    workspace.actor = Actor("Vera", Role.VIEWER)
    with pytest.raises(NotAllowed) as refused:
        syncs.turn_off(workspace, "people")
    assert "Vera may not do this: it takes the role editor" in str(refused.value)
    assert syncs.show_sync(workspace, "people").state == "on"
    with pytest.raises(NotAllowed):
        accounts.make_link(workspace)
    workspace.actor = Actor("Eve", Role.EDITOR)
    syncs.turn_off(workspace, "people")
    workspace.actor = None


def test_what_was_done_is_kept_with_who_did_it(office: Office) -> None:
    workspace = office.open()
    made(workspace)
    workspace.actor = Actor("Ana Ruiz", Role.ADMIN)
    accounts.make_link(workspace, Role.EDITOR)
    done = [(each.who, each.what, each.about) for each in accounts.deeds(workspace)]
    assert done[:2] == [
        ("Ana Ruiz", "made a one-time link", "a new editor"),
        ("Ana Ruiz", "made an account", "Ana Ruiz"),
    ]
    workspace.actor = None


def test_roles_have_the_rights_of_those_before_them() -> None:
    assert [[one.includes(other) for other in Role] for one in Role] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]
