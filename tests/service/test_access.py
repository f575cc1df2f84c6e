"""Tokens that rotate are renewed once, whoever needs them, and rarely lost; on SQLite and on PostgreSQL."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from bothways import boot
from bothways.errors import AppFailed, DatabaseLocked, SignInNeeded
from bothways.ledger import access as ledger
from bothways.ledger import db
from bothways.sandbox.hubspot import APP_SECRET, Clock, HubSpotSandbox
from bothways.service import access, apps, letting_in
from bothways.service.access import Memory
from bothways.service.allowances import settle
from bothways.service.connect import access_of, open_app
from bothways.service.database import used
from bothways.service.same_account import ensure_same_account
from bothways.service.workspace import Workspace, open_workspace
from tests.consenting import OPTIONAL, REDIRECT, SECRET_NAME, answered, app_text, register
from tests.databases import empty_ledger

CHILD = """
import sys
from pathlib import Path
from bothways.service.apps import check_app
from bothways.service.workspace import open_workspace
workspace = open_workspace(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(check_app(workspace, "crm").account_id, flush=True)
"""
BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.server("postgresql"))]


@pytest.fixture
def hubspot() -> Iterator[HubSpotSandbox]:
    """An account whose refresh tokens are good for one use."""
    with HubSpotSandbox(rate=None, search_rate=None, clock=Clock()) as made:
        register(made, rotates=True)
        yield made


@pytest.fixture(params=BACKENDS)
def workspace(
    request: pytest.FixtureRequest, tmp_path: Path, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """A workspace that the account has let in, on either database."""
    monkeypatch.setenv(SECRET_NAME, APP_SECRET)
    database = ""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        with psycopg.connect(server, autocommit=True) as link:
            link.execute("DROP DATABASE IF EXISTS access_tests WITH (FORCE)")
            link.execute("CREATE DATABASE access_tests")
        monkeypatch.setenv("THE_DATABASE", f"{server.rpartition('/')[0]}/access_tests")
        database = "database: {env: THE_DATABASE}\n"
    head = f"version: 1\n{database}allow_hosts: [127.0.0.1]\n"
    (tmp_path / "bothways.yaml").write_text(f"{head}apps:\n{app_text(hubspot.url)}syncs: {{}}\n")
    with empty_ledger(tmp_path):
        opened = open_workspace(tmp_path)
        opened.clock = hubspot.now
        sign_in(opened)
        try:
            yield opened
        finally:
            boot.setup("sqlite:///:memory:")


def sign_in(workspace: Workspace) -> None:
    way = letting_in.way_again(workspace, "crm", {}, REDIRECT, OPTIONAL)
    back = letting_in.answer_in(answered(letting_in.address_of(way)))
    letting_in.arrive(workspace, way, letting_in.code_of(way, back))


def as_another_process(workspace: Workspace) -> access.KeptAccess:
    """Return the access to the app as a process has it that knows nothing yet."""
    made = access_of(workspace, workspace.app("crm"))
    return replace(made, memory=Memory())


def renewals(hubspot: HubSpotSandbox) -> int:
    return hubspot.calls["oauth/token"]


def test_many_that_need_a_token_at_once_have_it_renewed_once(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    hubspot.advance(4000)
    before, start = renewals(hubspot), threading.Barrier(6)
    hubspot.fault("slow", match="/token", seconds=0.5)

    def one(_: int) -> str:
        mine = as_another_process(workspace)
        start.wait()
        return mine.token()

    with ThreadPoolExecutor(6) as pool:
        tokens = set(pool.map(one, range(6)))
    assert (len(tokens), renewals(hubspot)) == (1, before + 1)
    assert len(hubspot.refresh_tokens()) == 1


def test_two_processes_whose_token_is_refused_at_once_renew_it_once(
    workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    hubspot.advance(4000)  # by their own clocks it is good
    before = renewals(hubspot)
    hubspot.fault("slow", match="/token", seconds=1.0)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(workspace.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [child.communicate(timeout=60) for child in children]
    assert [out for out, _ in said] == ["48151623\n"] * 2, said
    assert renewals(hubspot) == before + 1


def test_token_that_another_worker_renewed_is_taken_over(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    one, two = as_another_process(workspace), as_another_process(workspace)
    former = one.token()
    assert two.token() == former
    hubspot.advance(4000)
    two.refused(former)
    newer = two.token()
    before = renewals(hubspot)
    one.refused(former)
    assert (one.token(), renewals(hubspot)) == (newer, before)


def test_answer_that_cannot_be_kept_is_used_and_kept_later(
    workspace: Workspace, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot.advance(4000)
    keep = ledger.keep

    def locked(*_: object) -> bool:
        raise DatabaseLocked()

    monkeypatch.setattr(ledger, "keep", locked)
    mine = access_of(workspace, workspace.app("crm"))
    token = mine.token()
    assert mine.token() == token
    monkeypatch.setattr(ledger, "keep", keep)
    settle(workspace)
    before = renewals(hubspot)
    assert as_another_process(workspace).token() == token
    hubspot.advance(4000)
    as_another_process(workspace).token()
    assert renewals(hubspot) == before + 1, "the refresh token that came with it was kept as well"


def test_answer_that_cannot_be_kept_is_kept_with_the_next_one(
    workspace: Workspace, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot.advance(4000)
    keep = ledger.keep
    monkeypatch.setattr(ledger, "keep", lambda *_: (_ for _ in ()).throw(DatabaseLocked()))
    mine = access_of(workspace, workspace.app("crm"))
    mine.token()
    monkeypatch.setattr(ledger, "keep", keep)
    hubspot.advance(4000)
    assert mine.token() == as_another_process(workspace).token()


def test_answer_that_never_came_asks_for_a_sign_in_where_tokens_rotate(
    workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    hubspot.advance(4000)
    hubspot.fault("timeout-after-commit", match="/token")
    with pytest.raises(SignInNeeded, match="invalid refresh token"):
        as_another_process(workspace).token()
    sign_in(workspace)
    assert apps.check_app(replace(workspace, opened={}), "crm").account_id == "48151623"


def test_answer_that_never_came_costs_nothing_where_they_do_not(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    register(hubspot)
    sign_in(workspace)
    hubspot.advance(4000)
    hubspot.fault("timeout-after-commit", match="/token")
    assert as_another_process(workspace).token()


def test_token_server_that_fails_costs_nothing(workspace: Workspace, hubspot: HubSpotSandbox) -> None:
    hubspot.advance(4000)
    hubspot.fault("503", times=2, match="/token")
    with pytest.raises(AppFailed):
        as_another_process(workspace).token()
    assert as_another_process(workspace).token()


def test_sign_in_goes_before_what_could_not_be_kept(
    workspace: Workspace, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot.advance(4000)
    keep = ledger.keep
    monkeypatch.setattr(ledger, "keep", lambda *_: (_ for _ in ()).throw(DatabaseLocked()))
    mine = access_of(workspace, workspace.app("crm"))
    late = mine.token()
    monkeypatch.setattr(ledger, "keep", keep)
    sign_in(workspace)
    settle(workspace)
    mine.refused(late)
    assert mine.token() == as_another_process(workspace).token() != late


def test_sealed_tokens_open_for_their_connection_and_client_alone(workspace: Workspace) -> None:
    mine = access_of(workspace, workspace.app("crm"))
    client = mine.client()
    with used(workspace.database):
        row = ledger.find("crm")
    assert row is not None
    assert access.opened("crm", client, row.sealed).access == mine.token()
    for connection, other in (("crm2", client), ("crm", replace(client, id="x")), ("crm", replace(client, secret="x"))):
        with pytest.raises(SignInNeeded):
            access.opened(connection, other, row.sealed)


def test_who_writes_while_a_token_is_renewed_is_not_waited_for_long(
    workspace: Workspace, hubspot: HubSpotSandbox
) -> None:
    hubspot.advance(4000)
    mine = access_of(workspace, workspace.app("crm"))
    with used(workspace.database):
        with db.transaction_():
            db.execute("UPDATE connection SET failed=failed")
            token = mine.token()  # as in the middle of a plan by a file that is not saved
        settle(workspace)
    assert as_another_process(workspace).token() == token


def test_process_that_missed_a_sign_in_to_another_account_does_not_go_on_with_the_former(
    workspace: Workspace, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = replace(workspace, opened={})
    with used(workspace.database):
        ensure_same_account(worker, open_app(worker, "crm"))
    memory = replace(access_of(worker, worker.app("crm")).memory)
    former = memory.tokens
    with used(workspace.database):
        ledger.forget("crm")
    sign_in(workspace)
    access._memories[workspace.database, "crm"] = memory  # what the other process still knows
    assert former is not None
    assert memory.tokens == former
    with used(workspace.database):
        ensure_same_account(worker, open_app(worker, "crm"))
    assert access_of(worker, worker.app("crm")).token() != former.access


def test_who_has_an_app_open_does_not_go_on_with_the_former_sign_in_when_somebody_signs_in_in_its_process(
    workspace: Workspace,
) -> None:
    worker = replace(workspace, opened={})
    mine = access_of(worker, worker.app("crm"))
    former = mine.token()
    sign_in(workspace)
    with used(workspace.database):
        ensure_same_account(worker, open_app(worker, "crm"))
    assert mine.token() == as_another_process(workspace).token() != former
