"""What a test has our connector send, and what it is answered, is checked as part of that test."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import urllib3

from bothways.connectors.http import HttpClient
from bothways.sandbox.hubspot import HubSpotSandbox, start
from bothways.sandbox.hubspot.exchanges import EXCHANGES
from tests.connectors.hubspot.account import Account, unlimited
from tests.connectors.support import Answer, Time, make_setup, web
from tests.fidelity import watching as module
from tests.fidelity.form import NOT_YET
from tests.fidelity.forms import FORMS
from tests.fidelity.watching import MAKE, OURS, TAKE_OUT, Watching

WRONG = "/crm/objects/2026-09/contacts?limit=101"
FAILED = pytest.fail.Exception


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watching]:
    """Yield a plugin of our own: what is done wrong here must not fail the test that wants it."""
    monkeypatch.setenv(EXCHANGES, "")
    made = Watching()
    yield made
    made.pytest_unconfigure()


@pytest.fixture
def hubspot(watching: Watching) -> Iterator[HubSpotSandbox]:
    with unlimited() as made:
        yield made


def run(
    watching: Watching,
    test: Callable[[], object],
    path: Path = OURS / "test_x.py",
    phase: str = "call",
    oddly: tuple[str, ...] = (),
) -> None:
    """Run a test as pytest does; raise what it fails with. ``oddly``: its mark."""
    marks = {"asks_oddly": [pytest.mark.asks_oddly(*oddly).mark]}
    item = SimpleNamespace(path=path, iter_markers=lambda name: iter(marks[name]))
    around = getattr(watching, f"pytest_runtest_{phase}")(cast(pytest.Item, item))
    next(around)
    test()
    with pytest.raises(StopIteration):
        next(around)


def ours(url: str, target: str = WRONG) -> Callable[[], object]:
    """Return what asks as our connector does."""
    http = HttpClient(url, make_setup(Time()), {"Authorization": "Bearer pat-sandbox"})
    return lambda: http.request("GET", target, repeatable=False, ok=range(600))


def theirs(url: str) -> Callable[[], object]:
    """Return what asks as anybody does."""
    return lambda: urllib3.request("GET", url + WRONG, headers={"Authorization": "Bearer pat-sandbox"})


@pytest.mark.parametrize("phase", ["call", "teardown"])
def test_wrong_call_fails_the_test_that_makes_it_and_no_other(watching: Watching, hubspot: HubSpotSandbox, phase: str):
    with pytest.raises(FAILED, match=r"sent GET .*List records.*query\.limit"):
        run(watching, ours(hubspot.url), phase=phase)
    run(watching, theirs(hubspot.url))
    run(watching, Account(hubspot).connector.check)


def test_what_a_test_asks_oddly_on_purpose_is_passed_over_and_nothing_else(watching: Watching, hubspot: HubSpotSandbox):
    run(watching, ours(hubspot.url), oddly=("an id twice", "query.limit"))
    with pytest.raises(FAILED, match=r"query\.limit"):
        run(watching, ours(hubspot.url), oddly=("an id twice",))


def test_wrong_call_to_a_stand_in_with_a_process_of_its_own_fails(watching: Watching):
    with start(rate=0) as hubspot, pytest.raises(FAILED, match=r"query\.limit"):
        run(watching, ours(hubspot.url))


def test_calls_to_scripted_servers_count_in_the_tests_of_the_connector(watching: Watching):
    with web([Answer()]) as site:
        run(watching, ours(site.url), OURS.parent / "carddav" / "test_x.py")
        with pytest.raises(FAILED, match=r"query\.limit"):
            run(watching, ours(site.url))


def test_wrong_answer_fails_whoever_asked(watching: Watching, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bothways.sandbox.hubspot.single.PORTAL", "123")
    with pytest.raises(FAILED, match=r"answered 200 .*portalId"):
        run(watching, Account(hubspot).connector.check)


def test_stand_in_that_breaks_down_fails_the_test(
    watching: Watching, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch
):
    def breaks(*args: Any, **more: Any) -> None:
        raise ConnectionError  # the one mistake that the server says nothing of

    monkeypatch.setattr(hubspot._limits, "refusal", breaks)
    with pytest.raises(FAILED, match=r"answered 500 .*nobody ordered this"):
        run(watching, theirs(hubspot.url))


def test_file_is_emptied_once_it_is_large_and_nothing_is_lost(
    watching: Watching, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "LARGEST", 0)
    for _ in range(2):
        run(watching, Account(hubspot).connector.check)
        assert watching.watch.path.stat().st_size == 0
        assert watching.met == {"Read the account's details"}
        watching.met.clear()


def test_rows_that_say_another_thing_than_the_tests_are_named(
    watching: Watching, hubspot: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch
):
    def unmet(*args: str, **chosen: Any) -> dict[str, str]:
        option = SimpleNamespace(**{"keyword": "", "markexpr": "", "collectonly": False, **chosen})
        config = SimpleNamespace(rootpath=OURS.parents[2], args=list(args), option=option)
        return watching.unmet(cast(pytest.Config, config))

    every = {each.title: MAKE for each in FORMS if not each.unsent}
    run(watching, Account(hubspot).connector.check, OURS.parent / "test_elsewhere.py")
    assert unmet("tests") == unmet("tests/connectors/hubspot") == every
    run(watching, Account(hubspot).connector.check)
    assert unmet("tests") == {each: MAKE for each in every if each != "Read the account's details"}
    watching.pytest_testnodedown(SimpleNamespace(workeroutput={"forms": list(every)}), None)
    assert unmet("tests") == {}
    monkeypatch.setattr(module, "FORMS", [replace(each, unsent=NOT_YET) for each in FORMS])
    assert unmet("tests") == dict.fromkeys(every, TAKE_OUT)
    assert unmet("tests/connectors/hubspot/test_lists.py") == {}
    assert unmet("tests/connectors/hubspot::test_x", "tests/web") == {}
    assert unmet("tests", keyword="lists") == {}
