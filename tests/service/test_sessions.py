"""One's own password and sessions; the sessions themselves are tried through the pages."""

import pytest

from bothways.errors import NotAllowed, PasswordWeak, PasswordWrong, SignInLocked, SignInRefused
from bothways.service import accounts, sessions
from bothways.service.accounts import TRIES
from tests.office import Office
from tests.service.test_second_factor import GOOD, made

NEW = "another long one"


def test_password_is_changed_by_who_knows_the_old_one(office: Office) -> None:
    workspace = made(office)
    with pytest.raises(PasswordWrong):
        sessions.change_password(workspace, "wrong", NEW)
    with pytest.raises(PasswordWeak):
        sessions.change_password(workspace, GOOD, "short")
    assert accounts.sign_in(workspace, "Ana Ruiz", GOOD)
    sessions.change_password(workspace, GOOD, NEW)
    assert accounts.sign_in(workspace, "Ana Ruiz", NEW)
    with pytest.raises(SignInRefused):
        accounts.sign_in(workspace, "Ana Ruiz", GOOD)
    assert ("Ana Ruiz", "changed the password") in [(each.who, each.what) for each in accounts.deeds(workspace)]


def test_guessing_the_old_password_locks_the_account(office: Office) -> None:
    workspace = made(office)
    for _ in range(TRIES):
        with pytest.raises(PasswordWrong):
            sessions.change_password(workspace, "wrong", NEW)
    with pytest.raises(SignInLocked):
        sessions.change_password(workspace, GOOD, NEW)


def test_command_line_has_no_sessions_of_its_own(office: Office) -> None:
    workspace = office.open()
    workspace.actor = None
    with pytest.raises(NotAllowed):
        sessions.my_sessions(workspace)
