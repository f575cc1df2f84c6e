"""A deep check asks first, remembers in the workspace what it has made, and leaves nothing of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from bothways.connectors.http import TRIES
from bothways.connectors.hubspot import HubSpot
from bothways.errors import (
    AccountChanged,
    CredentialsRefused,
    DeepCheckNotConfirmed,
    DeepCheckNotNow,
    NotAllowed,
    NotCheckedDeeply,
)
from bothways.ledger import db
from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from bothways.sandbox.hubspot.problems import PORTAL
from bothways.service import apps, connect
from bothways.service.database import used
from bothways.service.deep_check import FOLDER, check_deeply
from bothways.service.rights import Actor, Role
from bothways.service.standing import pause_all, resume_all
from bothways.service.views import DeepFindingView, LeftRecordView
from bothways.service.workspace import Workspace, init, open_workspace
from tests.databases import empty_ledger
from tests.office import Office

pytestmark = pytest.mark.asks_oddly("an id twice", "which adds choices")


@pytest.fixture
def hubspot() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as hubspot:
        yield hubspot


@pytest.fixture
def workspace(tmp_path: Path, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace with HubSpot, whose waits move the stand-in's clock."""
    made = connect.setup_of
    monkeypatch.setattr(HubSpot, "limits", {})  # this one has none, and time stands still
    monkeypatch.setattr(connect, "setup_of", lambda *given: replace(made(*given), sleep=hubspot.advance))
    with empty_ledger(tmp_path):
        init(tmp_path)
        text = (tmp_path / "bothways.yaml").read_text()
        (tmp_path / "bothways.yaml").write_text(text.replace("apps: {}", "allow_hosts: [127.0.0.1]\napps: {}"))
        workspace = open_workspace(tmp_path)
        workspace.clock = hubspot.now
        monkeypatch.setenv("CRM_TOKEN", hubspot.token)
        apps.add_app(workspace, "crm", "hubspot", {"base_url": hubspot.url}, {"token": ("env", "CRM_TOKEN")})
        yield workspace


def notes(workspace: Workspace) -> list[Path]:
    """Return the files that remember made records."""
    return sorted((workspace.folder / FOLDER).glob("*.json"))


def test_it_asks_first_and_names_the_account(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    with pytest.raises(DeepCheckNotConfirmed) as need:
        check_deeply(workspace, "crm")
    assert f"HubSpot account {PORTAL} (A developer test account)" in need.value.message
    assert ": about 6 contacts" in need.value.message
    assert (hubspot.calls["batch/create"], hubspot.records("contacts")) == (0, {})


def test_each_finding_is_told_as_it_comes_and_nothing_is_left(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    told: list[DeepFindingView] = []
    remembered: list[int] = []

    def tell(found: DeepFindingView) -> None:
        told.append(found)
        remembered.append(len(notes(workspace)))

    hubspot.change(otherwise=["keeps-case"])
    view = check_deeply(workspace, "crm", confirmed=True, tell=tell)
    assert list(view.findings) == told
    assert [each.id for each in told if each.verdict == "otherwise"] == ["limits-told", "emails-lower-case"]
    assert 1 in remembered
    assert (view.left, notes(workspace), hubspot.records("contacts"), view.exit_code) == ((), [], {}, 2)


def test_read_only_asks_nothing_and_writes_nothing(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    view = check_deeply(workspace, "crm", read_only=True)
    assert view.account == f"HubSpot account {PORTAL} (A developer test account)"
    assert view.read_only
    assert hubspot.calls["batch/create"] == 0


def test_what_is_left_is_told_however_it_ends_and_archived_by_the_next_one(
    workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    left: list[LeftRecordView] = []

    def tell(found: DeepFindingView) -> None:
        if found.id == "index-lag":
            hubspot.revoke(hubspot.token)

    with pytest.raises(CredentialsRefused):
        check_deeply(workspace, "crm", confirmed=True, tell=tell, tell_left=left.extend)
    (id,) = hubspot.records("contacts")
    assert [(each.object, each.id) for each in left] == [("contacts", id)]
    assert len(notes(workspace)) == 1
    hubspot.grant("pat-sandbox")
    assert check_deeply(workspace, "crm", confirmed=True).left == ()
    assert (hubspot.records("contacts"), notes(workspace)) == ({}, [])


def test_records_that_stay_end_it_with_3(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    def tell(found: DeepFindingView) -> None:
        if found.id == "other-emails":
            hubspot.fault("500", times=TRIES, match="companies/batch/archive")

    view = check_deeply(workspace, "crm", confirmed=True, tell=tell)
    assert ([each.object for each in view.left], view.exit_code) == (["companies"], 3)


def test_only_one_at_a_time(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    check_deeply(workspace, "crm", read_only=True)
    (lock,) = (workspace.folder / FOLDER).glob("*.lock")
    with FileLock(lock), pytest.raises(DeepCheckNotNow):
        check_deeply(workspace, "crm", confirmed=True)
    assert hubspot.calls["batch/create"] == 0


def synced(workspace: Workspace, hubspot: HubSpotSandbox, left: str, right: str) -> Workspace:
    """Return the workspace with a sync that is on between two connections to the account, made if need be."""
    for name in {left, right} - workspace.document.apps.keys():
        apps.add_app(workspace, name, "hubspot", {"base_url": hubspot.url}, {"token": ("env", "CRM_TOKEN")})
    objects, fields = f"{{{left}: contacts, {right}: contacts}}", f"[{{{left}: email, {right}: email}}]"
    file = workspace.folder / "bothways.yaml"
    sync = f"syncs:\n  people: {{state: on, objects: {objects}, fields: {fields}}}\n"
    file.write_text(file.read_text().replace("syncs: {}\n", sync))
    return replace(open_workspace(workspace.folder), clock=hubspot.now)


@pytest.mark.parametrize("left", ["crm", "east"])
def test_no_record_is_made_that_a_sync_of_the_account_would_carry_to_another_app(
    workspace: Workspace, hubspot: HubSpotSandbox, left: str
) -> None:
    workspace = synced(workspace, hubspot, left, "west")
    with pytest.raises(DeepCheckNotNow, match="people would carry the records"):
        check_deeply(workspace, "crm", confirmed=True)
    assert hubspot.calls["batch/create"] == 0
    assert check_deeply(workspace, "crm", read_only=True).read_only
    pause_all(workspace)
    assert check_deeply(workspace, "crm", confirmed=True).left == ()


def test_check_ends_when_all_goes_on(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    workspace = synced(workspace, hubspot, "crm", "west")
    pause_all(workspace)
    told: list[str] = []

    def tell(found: DeepFindingView) -> None:
        told.append(found.id)
        if found.id == "own-writes":
            resume_all(workspace)

    with pytest.raises(DeepCheckNotNow, match="people would carry the records"):
        check_deeply(workspace, "crm", confirmed=True, tell=tell)
    assert (told[-1], hubspot.records("contacts"), notes(workspace)) == ("own-writes", {}, [])


def test_it_is_for_admins(workspace: Workspace) -> None:
    workspace.actor = Actor("Ana", Role.EDITOR)
    with pytest.raises(NotAllowed):
        check_deeply(workspace, "crm", read_only=True)


def test_another_account_than_before_is_left_alone(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    with used(workspace.database):
        db.execute("UPDATE connection SET account='7', trace='another'")
    with pytest.raises(AccountChanged):
        check_deeply(workspace, "crm", confirmed=True)
    assert hubspot.calls["batch/create"] == 0


def test_app_without_deep_checks_says_so(office: Office) -> None:
    with pytest.raises(NotCheckedDeeply, match="Memory has no such checks"):
        check_deeply(office.open(), "Anna", confirmed=True)
