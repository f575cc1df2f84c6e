"""The log for programs: one line of JSON per event, which holds nothing of what records hold, and never a secret."""

import asyncio
import json
import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bothways.connectors.webhooks import Delivery
from bothways.errors import AppUnreachable, BothwaysError, OurFault
from bothways.jobs import logs
from bothways.jobs.turns import Worker, take_turn
from bothways.ledger import rests, turns
from bothways.ledger.turns import FEED, SYNC
from bothways.sandbox.hubspot import HubSpotSandbox
from bothways.service import accounts
from bothways.service.database import used
from bothways.service.workspace import Workspace, open_workspace
from bothways.web.dispatcher import Dispatcher
from tests.databases import empty_ledger
from tests.hooked_accounts import secrets, settings
from tests.jobs.test_turns import Shift
from tests.office import Office
from tests.web.browser import Browser

MARK = "zqx"
"""Stands in every value of every record of these tests, and in every secret."""


@pytest.fixture
def lines() -> Iterator[list[str]]:
    found: list[str] = []
    logs.begin(found.append)
    yield found
    logs.end()


def events(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def test_nothing_is_logged_before_it_begins_and_after_it_ends(lines: list[str]) -> None:
    logs.end()
    logs.failure("Bert", AppUnreachable(app="Bert", reason="no route"))
    assert lines == []


def test_run_is_one_line_with_its_id_its_sync_and_its_time(office: Office, lines: list[str]) -> None:
    shift = Shift(office)
    shift.worker.on_run = logs.run
    office.anna.add(email="ann@x.test", name="Ann")
    shift.work(1)
    runs = [each for each in events(lines) if each["event"] == "run"]
    assert [(each["sync"], each["level"], each["run"][:2]) for each in runs] == [("people", "info", "r_")] * len(runs)
    assert runs
    assert runs[0]["time"].endswith("Z")
    assert "reason" not in runs[0]


def test_turn_that_is_taken_over_is_told_with_who_had_it(office: Office, lines: list[str]) -> None:
    office.pair()
    shift = Shift(office)
    shift.work(1)
    with used(shift.worker.workspace.database):
        [id] = turns.due(SYNC, office.clock() + 7200, 1)
        turns.ask(SYNC, [id], office.clock())
        assert turns.take(SYNC, id, "frozen", office.clock()) is not None
        office.clock.advance(turns.TAKEOVER + 1)
        turns.ask(SYNC, [id], office.clock())
        assert take_turn(shift.worker, SYNC, id)
    told = [each for each in events(lines) if each["event"] == "takeover"]
    assert [(each["of"], each["worker"], each["level"]) for each in told] == [("people", "frozen", "warning")]


def test_failure_has_its_code_and_its_words_only_at_debug(lines: list[str]) -> None:
    error = AppUnreachable(app="Bert", reason=f"no route to {MARK}")
    logs.failure("Bert", error)
    logs.begin(lines.append, "debug")
    logs.failure("Bert", error)
    brief, long = events(lines)
    assert (brief["of"], brief["code"], brief["error"], brief["level"]) == (
        "Bert",
        "BW-201",
        "AppUnreachable",
        "warning",
    )
    assert MARK not in json.dumps(brief)
    assert MARK in long["message"]


def test_what_libraries_warn_of_is_a_line_without_its_words(lines: list[str]) -> None:
    try:
        raise ValueError(MARK)
    except ValueError:
        logging.getLogger("some.library").exception("it was %s", MARK)
    logging.getLogger("some.library").info("said by the way")
    (line,) = events(lines)
    assert (line["of"], line["exception"], line["level"]) == ("some.library", "ValueError", "error")
    assert MARK not in json.dumps(line)


def test_page_that_breaks_is_logged_by_the_id_that_it_shows_with_where_it_broke_and_nothing_it_held(
    office: Office, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError(MARK)

    here = Browser(office.open())
    monkeypatch.setattr(accounts, "is_new", broken)
    told = re.search(r"i_[0-9a-f]{8}", here.get("/login").text)
    assert told
    (line,) = (each for each in events(lines) if each.get("incident") == told[0])
    assert line["exception"] == "ValueError"
    assert line["places"][-1].endswith(" broken")
    assert MARK not in json.dumps(lines)


def test_in_sentences_a_page_that_breaks_is_told_by_its_id_too_and_nothing_that_it_held(office: Office) -> None:
    said: list[str] = []
    logs.begin_in_sentences(said.append)
    try:
        raise ValueError(MARK)
    except ValueError:
        logging.getLogger("bothways.web").error("it was %s", MARK, extra={"incident": "i_1"}, exc_info=True)
    finally:
        logs.end()
    assert said[0] == "bothways.web: ValueError (i_1)"
    assert said[1].startswith(f"    {__file__}:")
    assert MARK not in "".join(said)


# --- nothing of what records hold -------------------------------------------------------------------------


class Served:
    """Two accounts in step whose records and secrets are marked through and through, and all that happens to them."""

    def __init__(self, folder: Path, east: HubSpotSandbox, west: HubSpotSandbox) -> None:
        self.east, self.west = east, west
        (folder / "bothways.yaml").write_text(settings(east, west))
        self.workspace: Workspace = open_workspace(folder)
        self.later = 0.0
        self.workspace.clock = lambda: time.time() + self.later
        self.worker = Worker(self.workspace, "one", logs.run, logs.failure, self.ask, self.understood)
        self.door = Dispatcher(self.workspace, self.trigger, logs.failure)

    def ask(self, kind: str, ids: list[int]) -> None:
        turns.ask(kind, ids, self.worker.clock())

    async def trigger(self, kind: str, ids: list[int]) -> None:
        """Leave what is due to ``work``."""

    def understood(self, problem: Exception) -> BothwaysError:
        return problem if isinstance(problem, BothwaysError) else OurFault(reason=repr(problem), incident="i_1")

    def work(self) -> None:
        """Let an hour pass and take every turn; apps that rested are tried again."""
        self.later += 3600
        with used(self.workspace.database):
            rests.end(["east", "west"])
            for kind in (FEED, SYNC):
                for id in turns.due(kind, self.worker.clock(), 10):
                    take_turn(self.worker, kind, id)

    async def hook(self, body: bytes, headers: list[tuple[bytes, bytes]]) -> int:
        answered: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            answered.extend([message["status"]] if "status" in message else [])

        scope = {"type": "http", "method": "POST", "path": "/hooks/east", "scheme": "http", "headers": headers}
        await self.door(scope, receive, send)
        return answered[0]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    tokens = {f"pat-{MARK}-1234": None}
    with (
        HubSpotSandbox(tokens, rate=None, search_rate=None, client_secret=f"secret-{MARK}") as east,
        HubSpotSandbox(tokens, rate=None, search_rate=None) as west,
        empty_ledger(tmp_path),
    ):
        for name, secret in secrets(east, west).items():
            monkeypatch.setenv(name, secret)
        monkeypatch.setenv("EAST_SECRET", f"secret-{MARK}")
        yield Served(tmp_path, east, west)


def person(number: int, **more: str) -> dict[str, str]:
    values = {name: f"{MARK}{number} {name}" for name in ("firstname", "lastname", "company", "jobtitle", "city")}
    return {"email": f"{MARK}{number}@{MARK}.test", **values, **more}


def test_no_line_holds_anything_of_a_record_or_a_secret_whatever_happens(served: Served, lines: list[str]) -> None:
    ids = [served.east.create("contacts", person(number)) for number in range(3)]
    served.work()
    served.work()
    for number, kind in enumerate(("400", "401", "403", "404", "409", "garbage")):
        served.east.edit("contacts", ids[0], person(0, jobtitle=f"{MARK} {number}"))
        served.west.fault(kind, times=2, match="contacts")
        served.work()
        served.west.clear_faults()
    event = {"objectId": int(ids[0]), "subscriptionType": "contact.propertyChange", "propertyValue": f"{MARK} new"}
    asyncio.run(served.hook(json.dumps([event]).encode(), [(b"x-hubspot-signature-v3", MARK.encode())]))
    call = _signed(served, [event])
    assert (
        asyncio.run(served.hook(call.body, [(k.lower().encode(), v.encode()) for k, v in call.headers.items()])) == 200
    )

    told = events(lines)
    assert {"run", "failure", "webhooks"} <= {each["event"] for each in told}
    assert len({each["code"] for each in told if each["event"] == "failure"}) >= 4
    assert [line for line in lines if MARK in line.lower()] == []


def test_ids_of_records_are_told_at_debug_alone(served: Served, lines: list[str]) -> None:
    id = served.east.create("contacts", person(1))
    call = _signed(served, [{"objectId": int(id), "subscriptionType": "contact.creation"}])
    headers = [(name.lower().encode(), value.encode()) for name, value in call.headers.items()]
    asyncio.run(served.hook(call.body, headers))
    logs.begin(lines.append, "debug")
    asyncio.run(served.hook(call.body, headers))
    brief, long = [each for each in events(lines) if each["event"] == "webhooks"]
    assert (brief["app"], brief["records"], brief["new"]) == ("east", 1, 1)
    assert "ids" not in brief
    assert (long["ids"], long["new"]) == ([f"contacts {id}"], 0)
    assert [line for line in lines if MARK in line.lower()] == []


def _signed(served: Served, told: list[dict[str, Any]]) -> Delivery:
    """Return a delivery as HubSpot signs it."""
    from bothways.sandbox.hubspot.hooks import signature

    body, stamp, url = json.dumps(told).encode(), f"{served.workspace.clock() * 1000:.0f}", "http:///hooks/east"
    signed = signature(f"secret-{MARK}", url, body, stamp)
    headers = {"X-HubSpot-Signature-v3": signed, "X-HubSpot-Request-Timestamp": stamp}
    return Delivery("POST", url, headers, body, served.workspace.clock())
