"""Watches what every test has our connector ask the stand-ins for HubSpot, and what they answer.

All stand-ins of a process of tests write down what they were asked, those in processes of their own included: the
environment names the file. Whatever was written while a test ran is checked as part of that test. So are the requests
to scripted servers, in the tests of the connector.
"""

import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import orjson
import pytest

from bothways.sandbox.hubspot.exchanges import EXCHANGES, asked
from bothways.sandbox.hubspot.web import Request
from bothways.sandbox.processes import quick_folder
from tests.connectors.support import WATCHERS, Asked
from tests.fidelity.checking import SENT, Checker
from tests.fidelity.form import NOT_YET
from tests.fidelity.forms import FORMS

OURS = Path(__file__).parent.parent / "connectors" / "hubspot"
"""The tests of the connector, which must meet every row of the table that says that we make this call."""

LARGEST = 32 * 2**20
"""Bytes from which on the file is emptied when it has been read."""

MAKE = f"make it in a test in tests/{OURS.parent.name}/{OURS.name}, or say in the table why we never do"
TAKE_OUT = "it is made now, so take NOT_YET out of its row"

TOLD = 5
"""So many problems of one test are told."""


class Watch:
    """The file and what is read of it; ``count`` is how many exchanges that were."""

    def __init__(self) -> None:
        handle, name = tempfile.mkstemp(prefix="bothways-exchanges-", dir=quick_folder())
        os.close(handle)
        self.path, self._read = Path(name), 0
        self.count = 0
        self._checker = Checker()
        self._asked: list[Asked] = []

    def note(self, each: Asked) -> None:
        """Note what a scripted server was asked."""
        self._asked.append(each)

    def problems(self, *, scripted: bool) -> list[str]:
        """Return what is wrong with the exchanges since the last time; ``scripted``: and with what servers were asked
        that are scripted."""
        noted, self._asked = self._asked, []
        lines = self._lines()
        self.count += len(lines)
        found = [problem for line in lines for problem in self._checker.problems(orjson.loads(line))]
        return found + [each for one in noted if scripted for each in self._checker.problems_sent(_exchange(one))]

    def met(self) -> set[str]:
        """Return the rows that our connector has met since the last time."""
        met, self._checker.met = self._checker.met, set()
        return met

    def _lines(self) -> list[bytes]:
        size = self.path.stat().st_size
        if size == self._read:
            return []
        with self.path.open("rb+") as file:
            file.seek(self._read)
            new = file.read(size - self._read)
            whole = new.rfind(b"\n") + 1
            self._read += whole
            if self._read > LARGEST and self._read == os.fstat(file.fileno()).st_size:
                file.truncate(0)
                self._read = 0
        return new[:whole].splitlines()


class Watching:
    """The plugin of pytest: fails the test by which something was sent or answered that has not its form."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.met: set[str] = set()
        os.environ[EXCHANGES] = str(self.watch.path)
        WATCHERS.append(self.watch.note)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Check what a test and its fixtures have caused so far."""
        yield
        self._check(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Check what its end has caused."""
        yield
        self._check(item)

    def _check(self, item: pytest.Item) -> None:
        of_the_connector = item.path.is_relative_to(OURS)
        wanted = [words for mark in item.iter_markers("asks_oddly") for words in mark.args]
        found = self.watch.problems(scripted=of_the_connector)
        problems = [each for each in found if not (each.startswith(SENT) and any(words in each for words in wanted))]
        met = self.watch.met()
        if of_the_connector:
            self.met |= met
        if problems:
            more = [f"and {len(problems) - TOLD} more"] if len(problems) > TOLD else []
            pytest.fail("\n".join(["Not as HubSpot documents it:", *problems[:TOLD], *more]), pytrace=False)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take over what a process of tests has met."""
        output = getattr(node, "workeroutput", {})
        self.met |= set(output.get("forms", ()))
        self.watch.count += output.get("exchanges", 0)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run of all tests of the connector that have met other rows than the table says."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput |= {"forms": sorted(self.met), "exchanges": self.watch.count}
        elif self.unmet(session.config) and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Say how many exchanges there were, and name the rows that are wrong."""
        terminalreporter.line(f"{self.watch.count} exchanges with stand-ins for HubSpot were checked")
        unmet = self.unmet(config)
        if unmet and not terminalreporter.stats.keys() & {"failed", "error"}:
            terminalreporter.section("calls of HubSpot of which the table says another thing than the tests")
            for title, to_do in unmet.items():
                terminalreporter.line(f"{title}: {to_do}")

    def unmet(self, config: pytest.Config) -> dict[str, str]:
        """Return rows whose ``unsent`` is wrong, with what to do; none where not all tests of the connector ran."""
        wrong = {each.title: MAKE for each in FORMS if not each.unsent and each.title not in self.met}
        wrong |= {each.title: TAKE_OUT for each in FORMS if each.unsent == NOT_YET and each.title in self.met}
        return wrong if _all(config) else {}

    def pytest_unconfigure(self) -> None:
        """Take the file away."""
        WATCHERS.remove(self.watch.note)
        self.watch.path.unlink(missing_ok=True)


def _exchange(each: Asked) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in each.headers.items()}
    return asked(Request(each.method, each.path, headers, each.body))


def _all(config: pytest.Config) -> bool:
    """Tell whether all tests of the connector were asked for, among others or alone."""
    options = config.option
    chosen = options.keyword or options.markexpr or options.collectonly or getattr(options, "lf", False)
    places = [config.rootpath / each.partition("::")[0] for each in config.args if "::" not in each]
    return not chosen and any(OURS.is_relative_to(each.resolve()) for each in places)
