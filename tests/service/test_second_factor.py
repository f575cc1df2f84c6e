"""A second factor: codes by time that are good once, recovery codes, and what an admin can do."""

import pytest
from pyotp import TOTP

from bothways.errors import CodeRefused, NoSecondFactor, NotAllowed, SecondFactorIsOn, SignInExpired, SignInLocked
from bothways.ledger.models import Account, RecoveryCode
from bothways.service import accounts, second_factor
from bothways.service.accounts import TRIES
from bothways.service.database import used
from bothways.service.rights import Actor, Role
from bothways.service.workspace import Workspace
from tests.office import Office

GOOD = "correct horse battery"
STEP = 30


def made(office: Office, name: str = "Ana Ruiz", role: Role = Role.ADMIN) -> Workspace:
    """Make an account, and return the workspace with it acting."""
    workspace = office.open()
    workspace.actor = None
    account = accounts.use_link(workspace, accounts.make_link(workspace, role), name, GOOD)
    workspace.actor = account.actor
    return workspace


def turned_on(workspace: Workspace) -> tuple[TOTP, tuple[str, ...]]:
    """Turn the second factor of who is acting on; return what makes its codes, and the recovery codes."""
    second_factor.begin(workspace)
    totp = TOTP(second_factor.begun(workspace).secret)
    return totp, second_factor.confirm(workspace, totp.at(int(workspace.clock())))


def code(totp: TOTP, workspace: Workspace, steps: int = 0) -> str:
    """Return the code of so many intervals from now."""
    return totp.at(int(workspace.clock()), counter_offset=steps)


def finish(workspace: Workspace, given: str) -> None:
    """Give a code after the password."""
    assert workspace.actor is not None
    half = accounts.sign_in(workspace, "Ana Ruiz", GOOD)
    assert half.second_factor
    assert second_factor.finish_sign_in(workspace, half.id, given).name == "Ana Ruiz"


def test_second_factor_is_on_when_its_first_code_has_come(office: Office) -> None:
    workspace = made(office)
    second_factor.begin(workspace)
    new = second_factor.begun(workspace)
    assert new.address.startswith("otpauth://totp/Bothways:Ana%20Ruiz?secret=" + new.secret)
    assert not accounts.sign_in(workspace, "Ana Ruiz", GOOD).second_factor, "it is not on yet"
    with pytest.raises(CodeRefused):
        second_factor.confirm(workspace, "000000" if code(TOTP(new.secret), workspace) != "000000" else "111111")
    codes = second_factor.confirm(workspace, code(TOTP(new.secret), workspace))
    assert len(set(codes)) == 10
    assert second_factor.my_second_factor(workspace).on
    with pytest.raises(NoSecondFactor):
        second_factor.begun(workspace)
    with pytest.raises(SecondFactorIsOn):
        second_factor.begin(workspace)


def test_code_is_good_once_also_the_one_that_confirmed_it(office: Office) -> None:
    workspace = made(office)
    totp, _ = turned_on(workspace)
    with pytest.raises(CodeRefused):
        finish(workspace, code(totp, workspace))
    office.clock.advance(STEP)
    given = code(totp, workspace)
    finish(workspace, f"{given[:3]} {given[3:]}")
    with pytest.raises(CodeRefused):
        finish(workspace, given)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clock_of_a_phone_may_be_one_interval_off(office: Office, steps: int, taken: bool) -> None:
    workspace = made(office)
    totp, _ = turned_on(workspace)
    office.clock.advance(10 * STEP)
    if taken:
        finish(workspace, code(totp, workspace, steps))
    else:
        with pytest.raises(CodeRefused):
            finish(workspace, code(totp, workspace, steps))


def test_code_from_before_the_last_one_used_is_no_good(office: Office) -> None:
    workspace = made(office)
    totp, _ = turned_on(workspace)
    office.clock.advance(10 * STEP)
    finish(workspace, code(totp, workspace, 1))
    with pytest.raises(CodeRefused):
        finish(workspace, code(totp, workspace))


def test_recovery_code_is_good_once_however_it_is_typed(office: Office) -> None:
    workspace = made(office)
    _, codes = turned_on(workspace)
    finish(workspace, codes[3].upper().replace("-", " "))
    assert second_factor.my_second_factor(workspace).recovery_codes == 9
    with pytest.raises(CodeRefused):
        finish(workspace, codes[3])
    finish(workspace, codes[4])


def test_wrong_codes_lock_as_wrong_passwords_do_and_a_right_password_between_does_not_help(office: Office) -> None:
    workspace = made(office)
    totp, codes = turned_on(workspace)
    half = accounts.sign_in(workspace, "Ana Ruiz", GOOD)
    for _ in range(TRIES):
        accounts.sign_in(workspace, "Ana Ruiz", GOOD)
        with pytest.raises(CodeRefused):
            second_factor.finish_sign_in(workspace, half.id, "wrong")
    office.clock.advance(STEP)
    for given in (code(totp, workspace), codes[0]):
        with pytest.raises(SignInLocked):
            second_factor.finish_sign_in(workspace, half.id, given)
    with pytest.raises(SignInLocked):
        accounts.sign_in(workspace, "Ana Ruiz", GOOD)
    office.clock.advance(61)
    finish(workspace, code(totp, workspace))


def test_it_is_turned_off_by_a_code_and_by_nothing_else(office: Office) -> None:
    workspace = made(office)
    totp, codes = turned_on(workspace)
    with pytest.raises(CodeRefused):
        second_factor.turn_off(workspace, "")
    assert second_factor.my_second_factor(workspace).on
    office.clock.advance(STEP)
    second_factor.turn_off(workspace, code(totp, workspace))
    assert not accounts.sign_in(workspace, "Ana Ruiz", GOOD).second_factor
    with pytest.raises(NoSecondFactor):
        second_factor.turn_off(workspace, codes[0])
    assert second_factor.my_second_factor(workspace).recovery_codes == 0


def test_admin_takes_it_from_somebody_and_nobody_else_does(office: Office) -> None:
    workspace = made(office)
    turned_on(workspace)
    ana = workspace.actor
    workspace.actor = Actor("Eve", Role.EDITOR)
    with pytest.raises(NotAllowed):
        second_factor.reset(workspace, "Ana Ruiz")
    workspace.actor = ana
    assert not second_factor.reset(workspace, "ana ruiz").second_factor
    assert not accounts.sign_in(workspace, "Ana Ruiz", GOOD).second_factor
    with pytest.raises(NoSecondFactor):
        second_factor.reset(workspace, "Ana Ruiz")


def test_code_of_somebody_who_is_gone_or_has_none_signs_nobody_in(office: Office) -> None:
    workspace = made(office)
    bert = made(office, "Bert")
    _, codes = turned_on(bert)
    assert bert.actor is not None
    half = accounts.sign_in(bert, "Bert", GOOD)
    accounts.switch_off(bert, "Bert")
    workspace.actor = None
    for id in (half.id, 0):
        with pytest.raises(SignInExpired):
            second_factor.finish_sign_in(workspace, id, codes[0])


def test_new_password_by_a_link_leaves_the_second_factor_on(office: Office) -> None:
    workspace = made(office)
    turned_on(workspace)
    made_anew = accounts.use_link(workspace, accounts.make_link(workspace, name="Ana Ruiz"), "", "another long one")
    assert made_anew.second_factor


def test_secret_is_in_no_other_table_and_recovery_codes_in_none(office: Office) -> None:
    workspace = made(office)
    totp, codes = turned_on(workspace)
    finish(workspace, codes[0])
    told = str(accounts.deeds(workspace))
    for deed in ("turned on a second factor", "used a recovery code"):
        assert deed in told
    with used(workspace.database):
        stored = str(list(RecoveryCode.objects.values())) + told
        assert totp.secret not in stored
        for each in codes:
            assert each not in stored
            assert each.replace("-", "") not in stored
        assert Account.objects.get().totp_new == ""
