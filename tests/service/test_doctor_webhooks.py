"""The doctor's look at webhooks: whether a call arrives, what the app was asked to tell of, when it last did."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bothways.connectors.webhooks import Delivery
from bothways.errors import BothwaysError, WebhookRefused
from bothways.ledger import webhooks
from bothways.ledger.webhooks import SILENCE
from bothways.service.database import used
from bothways.service.doctor import doctor
from bothways.service.receiving import receive
from bothways.service.views import Finding
from bothways.service.workspace import open_workspace
from tests.hooked_accounts import Owned, owned_accounts


class Door:
    """What stands at the public address: Bothways itself, or ``status`` and nothing else. ``told`` is the address as
    Bothways takes it to have been called, "" for as it was.
    """

    def __init__(self) -> None:
        self.accounts: Owned | None = None
        self.status, self.told = 0, ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def answer(self, path: str, headers: Any, body: bytes) -> int:
        if self.status or self.accounts is None:
            return self.status
        workspace = open_workspace(self.accounts.workspace.folder, take_over=False)
        delivery = Delivery("POST", (self.told or self.url) + path, headers, body, workspace.clock())
        try:
            with used(workspace.database):
                receive(workspace, path.split("?")[0].removeprefix("/hooks/"), delivery)
        except WebhookRefused:
            return 401
        except BothwaysError:
            return 404
        return 200

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(door.answer(self.path, dict(self.headers), body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        return Handler


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.server.shutdown()
    door.server.server_close()


@pytest.fixture
def accounts(door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Owned]:
    with owned_accounts(tmp_path, monkeypatch, door.url) as accounts:
        door.accounts = accounts
        yield accounts


def found(accounts: Owned, *, bad: bool = False) -> list[Finding]:
    findings = doctor(accounts.workspace.folder)
    return [each for each in findings if each.level != "ok"] if bad else findings


def told(accounts: Owned) -> str:
    return "\n".join(each.what for each in found(accounts))


def test_all_is_well_where_a_call_arrives_and_all_is_subscribed_to(accounts: Owned, door: Door) -> None:
    accounts.see_to()
    assert found(accounts, bad=True) == []
    assert f"App east: a signed test call to {door.url}/hooks/east arrived" in told(accounts)
    assert f"App east: all {len(accounts.topics)} subscriptions are there" in told(accounts)
    assert "App east: no webhook has come yet" in told(accounts)
    assert "App west: a signed" not in told(accounts)


def test_test_call_counts_as_no_webhook_and_one_that_came_is_told_with_its_time(accounts: Owned) -> None:
    accounts.see_to()
    assert "no webhook has come yet" in told(accounts)
    with used(accounts.workspace.database):
        webhooks.came("east", 1_790_000_000.0)
    assert "its last webhook came at 2026-09-21 14:13 UTC" in told(accounts)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (302, "it was sent elsewhere"),
        (404, "nothing is known there of east"),
        (502, "HTTP 502"),
        (204, "somebody else took it"),
    ],
)
def test_call_that_ends_elsewhere_is_a_problem_in_words(accounts: Owned, door: Door, status: int, words: str) -> None:
    accounts.see_to()
    door.status = status
    (problem,) = found(accounts, bad=True)
    assert (problem.level, problem.code) == ("problem", "BW-135")
    assert words in problem.what
    assert problem.to_do


def test_proxy_that_changes_the_address_is_named(accounts: Owned, door: Door) -> None:
    accounts.see_to()
    door.told = "http://inside.example.com"
    (problem,) = found(accounts, bad=True)
    assert "its signature did not fit" in problem.what
    assert "proxy" in problem.to_do


def test_nobody_at_the_address_is_a_warning_since_none_may_serve_just_now(accounts: Owned, door: Door) -> None:
    accounts.see_to()
    door.server.shutdown()
    door.server.server_close()
    (warning,) = found(accounts, bad=True)
    assert (warning.level, warning.code) == ("warning", "BW-135")
    assert "bothways up" in warning.to_do


def test_what_is_missing_or_paused_is_named(accounts: Owned) -> None:
    accounts.see_to()
    accounts.east._hooks.remove(int(accounts.east.subscribed()["subscriptions"][0]["id"]))
    (warning,) = found(accounts, bad=True)
    assert (warning.level, warning.code) == ("warning", "BW-137")
    assert "not subscribed to contact.creation" in warning.what


def test_webhooks_that_go_elsewhere_are_a_problem(accounts: Owned) -> None:
    accounts.see_to()
    accounts.east._hooks.send_to("https://other.example.com/hooks")
    (problem,) = found(accounts, bad=True)
    assert (problem.level, problem.code) == ("problem", "BW-136")


def test_of_a_private_app_it_is_said_what_to_subscribe_to_by_hand(accounts: Owned, door: Door) -> None:
    accounts.be_private()
    assert found(accounts, bad=True) == []
    (line,) = [each.what for each in found(accounts) if "made by hand" in each.what]
    assert f"should be to {door.url}/hooks/east, to contact.creation; contact.deletion;" in line
    assert "contact.propertyChange of " in line
    assert "jobtitle" in line


def test_public_address_that_is_missing_or_not_encrypted_is_named(accounts: Owned, door: Door) -> None:
    accounts.be_private()
    accounts.change((f'public_url: "{door.url}"\n', ""))
    (warning,) = found(accounts, bad=True)
    assert "no public_url is set" in warning.what
    accounts.change(("version: 1\n", "version: 1\npublic_url: http://sync.invalid\n"))
    problem, unreached = found(accounts, bad=True)
    assert "is not https" in problem.what
    assert unreached.level == "warning"


def test_dead_subscription_is_a_problem_where_polling_finds_changes(accounts: Owned) -> None:
    accounts.see_to()
    now = accounts.workspace.clock()
    with used(accounts.workspace.database):
        webhooks.awaited("east", now - 3 * SILENCE)
        webhooks.came("east", now - 2 * SILENCE)
        webhooks.found_changes("east", now)
    (problem,) = found(accounts, bad=True)
    assert (problem.level, problem.code) == ("problem", "BW-139")
    assert "though polling finds changes" in problem.what
