"""One process that serves: webhooks arrive over real HTTP, a worker follows them, both stand-ins end up equal."""

import asyncio
import gc
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bothways.connectors.webhooks import Topic
from bothways.errors import BothwaysError, OurFault
from bothways.jobs.queue import queue_of
from bothways.jobs.service import Service
from bothways.sandbox.hubspot import HubSpotSandbox, subscriptions
from bothways.service.doctor import doctor
from bothways.service.views import RunView
from bothways.service.workspace import Workspace, open_workspace
from bothways.web.serving import serve_until
from tests.databases import empty_ledger
from tests.hooked_accounts import owned_accounts, secrets, settings


def until(true: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait until something holds; tell whether it came to that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


@dataclass
class Serving:
    """A process that serves, in a thread of this one, with what it told of."""

    workspace: Workspace
    listener: socket.socket
    runs: list[RunView] = field(default_factory=list)
    failures: list[BothwaysError] = field(default_factory=list)
    works: bool = True
    pages: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    def __enter__(self) -> "Serving":
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def _serve(self) -> None:
        queue = queue_of(self.workspace.database)
        worker = Service(self.workspace, queue, 2, self.runs.append, self._failed, _ours)
        service = worker if self.works else None
        serving = serve_until(self._stop, self.workspace, queue, service, self.listener, self._failed, pages=self.pages)
        self._loop.run_until_complete(serving)

    def _failed(self, name: str, error: BothwaysError) -> None:
        self.failures.append(error)


def _ours(problem: Exception) -> BothwaysError:
    return OurFault(reason=repr(problem), incident="i_1")


@dataclass
class Accounts:
    """Two accounts that hold the same person, and the process that keeps them in step."""

    east: HubSpotSandbox
    west: HubSpotSandbox
    ids: tuple[str, str]
    serving: Serving


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Accounts]:
    with HubSpotSandbox() as east, HubSpotSandbox() as west, empty_ledger(tmp_path):
        for name, secret in secrets(east, west).items():
            monkeypatch.setenv(name, secret)
        ids = [each.create("contacts", {"email": "ann@x.test", "firstname": "Ann"}) for each in (east, west)]
        (tmp_path / "bothways.yaml").write_text(settings(east, west))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serving = Serving(open_workspace(tmp_path), listener)
            with serving:
                assert until(lambda: bool(serving.runs)), serving.failures
                east.subscribe(f"{serving.url}/hooks/east", subscriptions("contact", ["firstname", "email"]))
                yield Accounts(east, west, (ids[0], ids[1]), serving)


def test_edit_told_of_by_a_webhook_arrives_within_seconds_though_polling_is_a_minute_away(accounts: Accounts) -> None:
    east, west, (mine, theirs) = accounts.east, accounts.west, accounts.ids
    east.edit("contacts", mine, {"firstname": "Anna"})
    assert until(lambda: west.records("contacts")[theirs]["firstname"] == "Anna", 10), accounts.serving.failures
    assert accounts.serving.failures == []
    count = 'bothways_delay_seconds_count{kind="update",sync="people"}'
    assert until(lambda: count in accounts.serving.get("/metrics")[1])


def test_forged_webhook_is_refused_and_moves_nothing(accounts: Accounts) -> None:
    request = urllib.request.Request(f"{accounts.serving.url}/hooks/east", b'[{"objectId": 1}]', method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value:
        assert refused.value.code == 401
    assert [error.code for error in accounts.serving.failures] == ["BW-173"]


def test_it_tells_how_it_is(accounts: Accounts) -> None:
    serving = accounts.serving
    assert serving.get("/healthz") == (200, "ok\n")
    assert serving.get("/readyz") == (200, "ok\n")
    assert serving.get("/elsewhere")[0] == 404
    assert serving.get("/hooks/nobody")[0] == 405
    assert serving.listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), "what is ready is sent at once"
    status, text = serving.get("/metrics")
    assert status == 200
    assert 'bothways_run_seconds_count{state="done",sync="people"}' in text
    assert "bothways_calls_total{" in text


def test_subscriptions_are_made_by_the_service_and_what_they_tell_of_arrives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with owned_accounts(tmp_path, monkeypatch, url) as accounts:
            east, west = accounts.east, accounts.west
            with Serving(accounts.workspace, listener) as serving:
                assert until(lambda: Topic("contact.propertyChange", "jobtitle") in accounts.topics), serving.failures
                (mine,), (theirs,) = east.records("contacts"), west.records("contacts")
                east.edit("contacts", mine, {"jobtitle": "Baker"})
                assert until(lambda: west.records("contacts")[theirs].get("jobtitle") == "Baker", 10)
                told = [each.what for each in doctor(tmp_path) if "App east" in each.what]
                assert any("a signed test call" in each for each in told), told
                assert any("its last webhook came at" in each for each in told), told
                assert serving.failures == []


def test_process_that_only_answers_takes_over_changes_of_the_settings(accounts: Accounts, tmp_path: Path) -> None:
    file = tmp_path / "bothways.yaml"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        web = Serving(open_workspace(tmp_path), listener, works=False)
        with web:
            assert until(lambda: web.get("/readyz")[0] == 200)
            file.write_text(
                file.read_text().replace("version: 1\n", "version: 1\npublic_url: https://new.example.com\n")
            )
            assert until(lambda: web.workspace.document.public_url == "https://new.example.com")
            file.write_text(file.read_text().replace("every: 60s", "every: never"))
            assert until(lambda: bool(web.failures))
            file.write_text(file.read_text().replace("every: never", "every: 90s"))
            assert until(lambda: web.workspace.sync("people").every == 90)
    assert [error.code for error in web.failures] == ["BW-105"]


def test_process_that_serves_holds_no_cycles_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bothways.web.serving.TIDY", 0.01)
    gone = threading.Event()
    itself: list[object] = []
    cycle = type("Cycle", (), {"itself": itself})()
    itself.append(cycle)
    weakref.finalize(cycle, gone.set)
    gc.disable()  # what Python would collect by itself
    try:
        with empty_ledger(tmp_path), socket.create_server(("127.0.0.1", 0)) as listener:
            (tmp_path / "bothways.yaml").write_text("version: 1\n")
            del itself, cycle
            with Serving(open_workspace(tmp_path), listener, works=False):
                assert gone.wait(20)
    finally:
        gc.enable()


def test_what_few_need_is_not_loaded_by_everybody_who_serves() -> None:
    few = ("authlib.oidc.core", "joserfc", "segno", "psycopg", "rich", "splink")
    code = "import sys; from bothways import boot; boot.prepare(); import bothways.web.serving, bothways.web.urls;"
    code += f" print(*(name for name in {few} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []
