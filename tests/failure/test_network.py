"""The network between a worker and its database is cut, without a word to either; nothing is lost or done twice."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.commits import commits, watch_commits
from tests.failure.test_workers import TAKEN_OVER_WITHIN, Site, running
from tests.namespaces import Network, network
from tests.postgres import start_postgresql

CUT, OTHER = 0, 1
"""The cable by which one worker reaches the database, and that of everybody else."""

pytestmark = [pytest.mark.server("postgresql"), pytest.mark.server("namespaces")]


@pytest.fixture
def cables() -> Iterator[Network]:
    with network() as made:
        yield made


@pytest.fixture
def site(cables: Network, tmp_path: Path) -> Iterator[Site]:
    with (
        TemporaryDirectory(prefix="bothways-postgresql-") as name,
        start_postgresql(
            server := Path(name), addresses=(cables.addresses[OTHER], cables.addresses[CUT]), inside=cables.inside
        ) as url,
        running(tmp_path, server, url) as site,
    ):
        watch_commits(url)
        yield site


def _until(true: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def test_worker_cut_off_from_its_database_is_taken_over_from_notices_it_and_comes_back(
    site: Site, cables: Network
) -> None:
    first = site.start("worker", url=site.url.replace(cables.addresses[OTHER], cables.addresses[CUT]))
    assert site.is_linked(60), site.logs()
    site.edit("before")
    assert site.arrives("before", 60), site.logs()

    site.east.fault("slow", times=1000, seconds=2.0)  # it is cut off in the midst of a turn
    site.edit("in the midst")
    assert _until(lambda: _is_at_work(site, first), 60), site.logs()
    cables.cut(CUT)
    site.east.clear_faults()
    second = site.start("worker")
    assert site.arrives("in the midst", TAKEN_OVER_WITHIN), site.logs()
    log = next(site.folder.glob("worker-1.log"))
    assert _until(lambda: "BW-304" in log.read_text(), TAKEN_OVER_WITHIN), "it does not wait for an answer for ever"
    site.edit("while cut")
    assert site.arrives("while cut", TAKEN_OVER_WITHIN), site.logs()

    cables.mend(CUT)
    second.terminate()
    assert second.wait(30) == 0
    site.edit("mended")
    assert site.arrives("mended", TAKEN_OVER_WITHIN), site.logs()
    first.terminate()
    assert first.wait(30) == 0
    assert site.takers().total() == 0
    assert "Traceback" not in site.logs()
    assert site.east.records("contacts")[site.mine]["firstname"] == "mended"
    assert [len(each.records("contacts")) for each in (site.east, site.west)] == [1, 1]
    written, overlapping = commits(site.url)
    assert written > 0
    assert overlapping == 0


def _is_at_work(site: Site, process: subprocess.Popen[bytes]) -> bool:
    return any(f"-{process.pid}-" in worker for worker in site.takers())
