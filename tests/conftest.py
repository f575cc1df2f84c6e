"""Real servers, the browser, and the library of an extra, for the tests that name them; how many ran against each.

A test asks for a server by a fixture of the table below, or by the mark ``server(name)`` where it starts one
itself. Without that server it is skipped with the reason, unless BOTHWAYS_REQUIRE (names, comma-separated)
demands it: then it fails, and so does a whole run in which no test met a demanded server.
"""

import importlib.util
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from bothways.sandbox.processes import quick_folder
from tests.browser.chromium import chromium_missing
from tests.fidelity.node_client import NODE_CLIENT
from tests.fidelity.watching import Watching
from tests.namespaces import namespaces_missing
from tests.postgres import PostgresqlMissing, programs, start_postgresql

PBKDF2PasswordHasher.iterations = 1_000  # of the tests' own process: what makes guessing slow makes signing in slow
hypothesis.settings.register_profile("bothways", deadline=None, print_blob=True)
hypothesis.settings.load_profile("bothways")


def postgresql_missing() -> str | None:
    """Say why there is no PostgreSQL here; None where there is."""
    try:
        programs()
    except PostgresqlMissing as problem:
        return str(problem)
    return None if importlib.util.find_spec("psycopg") else "psycopg is not installed"


def radicale_missing() -> str | None:
    """Say why there is no Radicale here; None where there is."""
    return None if importlib.util.find_spec("radicale") else "Radicale is not installed"


def splink_missing() -> str | None:
    """Say why there is no Splink here; None where there is."""
    return None if importlib.util.find_spec("splink") else "Splink is not installed"


def hubspot_python_missing() -> str | None:
    """Say why there is no client of HubSpot for Python here; None where there is."""
    return None if importlib.util.find_spec("hubspot") else "hubspot-api-client is not installed"


def hubspot_node_missing() -> str | None:
    """Say why there is no client of HubSpot for Node.js here; None where there is."""
    found = NODE_CLIENT.joinpath("ready").exists() and NODE_CLIENT.joinpath("node").exists()
    return None if found else "HubSpot's client for Node.js is not installed: sh tools/node_client.sh"


MISSING: Mapping[str, Callable[[], str | None]] = {
    "chromium": cache(chromium_missing),
    "hubspot-node": hubspot_node_missing,
    "hubspot-python": hubspot_python_missing,
    "namespaces": cache(namespaces_missing),
    "postgresql": postgresql_missing,
    "radicale": radicale_missing,
    "splink": splink_missing,
}
BY_FIXTURE = {
    "chromium": "chromium",
    "postgresql": "postgresql",
    "radicale": "radicale",
    "radicale_server": "radicale",
}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Yield the URL of the first database of a PostgreSQL server that lives as long as the session."""
    with tempfile.TemporaryDirectory(prefix="bothways-postgresql-", dir=quick_folder()) as name:
        folder = Path(name)
        with start_postgresql(folder) as url:
            yield url


@pytest.fixture(scope="session")
def radicale_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Yield a Radicale server that lives as long as the session, as tests.servers.start_radicale gives it."""
    from tests.servers import start_radicale

    with start_radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


def demanded() -> set[str]:
    """Return the names of the servers that must be there."""
    return {name.strip() for name in os.environ.get("BOTHWAYS_REQUIRE", "").split(",") if name.strip()}


def servers_of(item: pytest.Item) -> set[str]:
    """Return the names of the servers a test asks for."""
    marked = {mark.args[0] for mark in item.iter_markers("server")}
    return marked | {BY_FIXTURE[name] for name in getattr(item, "fixturenames", ()) if name in BY_FIXTURE}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Refuse names of servers that nobody knows; keep the tests' folders in memory, since ledgers save with care."""
    if memory := quick_folder():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory)
    if unknown := demanded() - set(MISSING):
        raise pytest.UsageError(f"BOTHWAYS_REQUIRE names unknown servers: {', '.join(sorted(unknown))}")
    config.pluginmanager.register(Watching(), "bothways-watching")


FIRST = ("failure", "cli/demo", "browser", "bench")
"""Folders whose tests wait for processes and pages: begun first, so that all others use the processors meanwhile."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests first that take long."""
    first = [Path(__file__).parent / folder for folder in FIRST]
    items.sort(key=lambda item: not any(item.path.is_relative_to(folder) for folder in first))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose server is missing, or fail it if the server is demanded."""
    for name in sorted(servers_of(item)):
        reason = MISSING[name]()
        if reason is None:
            item.user_properties.append(("server", name))
        elif name in demanded():
            pytest.fail(f"{name} is demanded by BOTHWAYS_REQUIRE, but {reason}", pytrace=False)
        else:
            pytest.skip(reason)


COUNTS = pytest.StashKey[Counter[str]]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to count; under xdist the counts that matter are the controller's, made of all reports."""
    session.config.stash[COUNTS] = Counter()
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(ServerCounter(session.config.stash[COUNTS]), "bothways-server-counter")


class ServerCounter:
    """Counts the tests whose body ran against a server, from the reports of all workers."""

    def __init__(self, counts: Counter[str]) -> None:
        self.counts = counts

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one report."""
        if report.when == "call" and not report.skipped:
            self.counts.update(str(value) for name, value in report.user_properties if name == "server")


def is_whole_run(config: pytest.Config) -> bool:
    """Tell whether every test was asked for, rather than some files or names."""
    chosen = config.option.keyword or config.option.markexpr or config.option.collectonly
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not chosen


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a whole run in which no test met a server that is demanded."""
    config = session.config
    unmet = demanded() - set(config.stash[COUNTS])
    if unmet and is_whole_run(config) and not hasattr(config, "workerinput") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print how many tests ran against each server."""
    terminalreporter.section("real servers")
    for name in sorted(MISSING):
        count = config.stash[COUNTS][name]
        demand = "" if count or name not in demanded() else ", though BOTHWAYS_REQUIRE demands it"
        terminalreporter.line(f"{name}: {count} tests ran against it{demand}")
