"""An app that has become another account is neither read nor written, until it is itself again or somebody says so."""

from dataclasses import replace

import pytest

from bothways.connectors.base import Account, Setup
from bothways.errors import AccountChanged, CredentialsRefused, NotAllowed
from bothways.ledger import db
from bothways.service.database import used
from bothways.service.doctor import doctor
from bothways.service.proof import compare
from bothways.service.rights import Actor, Role
from bothways.service.same_account import accept_account
from tests.jobs.test_turns import Shift
from tests.memory_app import MemoryConnector
from tests.office import SYNC, Office

ANNA = "Anna: {connector: locked, url: https://anna.example/, auth: {user: ann, password: {env: ANNA_PW}}}"


class Accounts:
    """Who we are in Anna's app by our password; ``asked``: how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.by_password, self.asked = {"first": "4711", "second": "4711", "other": "4242"}, 0
        self._environment, self._password = monkeypatch, ""
        self.come_with("first")

    def come_with(self, password: str) -> None:
        """Let our password be another one from now on."""
        self._password = password
        self._environment.setenv("ANNA_PW", password)

    def check(self, connector: MemoryConnector) -> Account:
        """Stand for the connectors' own check."""
        if connector.app.name != "Anna":
            return Account(connector.app.name, connector.app.name)
        self.asked += 1
        id = self.by_password[self._password]
        return Account(id, f"account {id}")


@pytest.fixture
def accounts(office: Office, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    made = Accounts(monkeypatch)
    monkeypatch.setattr(MemoryConnector, "check", lambda connector: made.check(connector))
    office.write(SYNC.replace("Anna: {connector: memory}", ANNA))
    return made


def test_account_is_asked_for_once_and_not_with_every_run(office: Office, accounts: Accounts) -> None:
    office.pair()
    before = accounts.asked
    for _ in range(3):
        office.run()
    assert accounts.asked == before > 0


def test_other_credentials_of_the_same_account_change_nothing(office: Office, accounts: Accounts) -> None:
    left, right = office.pair()
    accounts.come_with("second")
    before = accounts.asked
    office.anna.edit(left, name="Dana Lee")
    office.rest()
    assert office.bert.values(right)["name"] == "Dana Lee"
    assert accounts.asked == before + 1


def test_other_account_is_neither_read_nor_written_until_the_former_one_is_back(
    office: Office, accounts: Accounts
) -> None:
    left, right = office.pair()
    accounts.come_with("other")
    office.anna.edit(left, name="Somebody Else")
    office.bert.edit(right, name="Dana Lee")
    calls, writes = office.anna.calls.copy(), len(office.anna.writes)
    for _ in range(2):
        with pytest.raises(AccountChanged, match=r"account 4242.*4711"):
            office.run()
    with pytest.raises(AccountChanged):
        office.plan()
    with pytest.raises(AccountChanged):
        compare(office.open(), "people")
    assert (office.anna.calls, len(office.anna.writes)) == (calls, writes)
    assert office.bert.values(right)["name"] == "Dana Lee"
    accounts.come_with("first")
    office.anna.edit(left, name="Dana")
    office.rest()
    assert office.anna.values(left)["name"] == office.bert.values(right)["name"]


def test_other_address_is_asked_who_we_are_there(office: Office, accounts: Accounts) -> None:
    office.pair()
    accounts.by_password["first"] = "4242"
    office.run()
    office.change("anna.example", "dora.example")
    with pytest.raises(AccountChanged):
        office.run()


def test_account_that_is_said_to_be_the_same_goes_on(office: Office, accounts: Accounts) -> None:
    left, right = office.pair()
    accounts.come_with("other")
    office.anna.edit(left, name="Dana Lee")
    with pytest.raises(AccountChanged):
        office.run()
    viewer = replace(office.open(), actor=Actor("Vera", Role.OPERATOR))
    with pytest.raises(NotAllowed):
        accept_account(viewer, "Anna")
    assert accept_account(office.open(), "Anna").id == "4242"
    office.rest()
    assert office.bert.values(right)["name"] == "Dana Lee"


def test_worker_lets_it_rest_and_reads_nothing(office: Office, accounts: Accounts) -> None:
    left, right = office.pair()
    shift = Shift(office)
    shift.work(120, 20)
    accounts.come_with("other")
    office.anna.edit(left, name="Somebody Else")
    office.bert.edit(right, name="Dana Lee")
    before = office.anna.calls["changes"]
    shift.work(600, 20)
    assert office.anna.calls["changes"] == before
    assert [type(each) for each in shift.failures] == [AccountChanged]
    accounts.come_with("first")
    office.anna.edit(left, name="Dana")
    shift.work(7200, 60)
    assert office.anna.values(left)["name"] == office.bert.values(right)["name"]


def test_app_that_cannot_say_who_we_are_is_not_taken_for_another(
    office: Office, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.pair()
    accounts.come_with("second")

    def refused(connector: MemoryConnector) -> Account:
        raise CredentialsRefused(app=connector.app.name)

    with monkeypatch.context() as patch:
        patch.setattr(MemoryConnector, "check", refused)
        with pytest.raises(CredentialsRefused):
            office.run()
    office.run()


def test_nothing_that_is_kept_holds_the_secret(office: Office, accounts: Accounts) -> None:
    office.pair()
    with used(office.open().database):
        kept = [str(value) for row in db.rows("SELECT name, settings, account, trace FROM connection") for value in row]
    assert "4711" in kept
    assert not any("first" in each for each in kept)


class OpenedWith:
    """Who we are in Anna's app by the password that a connector was made with: it stays good when another one comes."""

    def __init__(self, accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
        self.by_password, made = accounts.by_password, MemoryConnector.__init__

        def make(connector: MemoryConnector, setup: Setup) -> None:
            made(connector, setup)
            connector.__dict__["password"] = setup.secrets.get("password") if setup.app == "Anna" else ""

        monkeypatch.setattr(MemoryConnector, "__init__", make)
        monkeypatch.setattr(MemoryConnector, "check", self.check)

    def check(self, connector: MemoryConnector) -> Account:
        id = self.by_password.get(connector.__dict__["password"], connector.app.name)
        return Account(id, f"account {id}")


def test_other_account_is_noticed_though_the_former_credentials_still_open_the_former_one(
    office: Office, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        known = OpenedWith(accounts, patch)
        patch.setattr(MemoryConnector, "check", lambda connector: known.check(connector))
        left, right = office.pair()
        shift = Shift(office)
        shift.work(120, 20)
        accounts.come_with("other")
        shift.work(600, 20)
        office.anna.edit(left, name="Somebody Else")
        begun_anew = Shift(office)
        begun_anew.work(600, 20)
        assert office.bert.values(right)["name"] == "Dana"
        assert AccountChanged in [type(each) for each in shift.failures + begun_anew.failures]


def test_doctor_tells_of_another_account(office: Office, accounts: Accounts) -> None:
    office.pair()
    accounts.come_with("other")
    assert [each.code for each in doctor(office.folder) if each.level == "problem"] == [AccountChanged.code]
    accounts.come_with("second")
    assert [each for each in doctor(office.folder) if each.level == "problem"] == []
