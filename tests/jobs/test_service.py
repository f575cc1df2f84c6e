"""A worker at work: a long proof holds up no run and ends when the worker stops; what others left is taken."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from bothways.connectors.ends import End
from bothways.errors import BothwaysError, OurFault
from bothways.jobs.queue import Queue, in_memory
from bothways.jobs.service import Service
from bothways.ledger import troubles
from bothways.ledger.models import Feed, Proof, Sync
from bothways.service.database import used
from bothways.service.views import RunView
from bothways.service.workspace import Workspace
from tests.memory_app import MemoryConnector
from tests.office import Office


def until(true: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait until something holds; tell whether it came to that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


class AtWork:
    """A worker in a thread of this process, which takes one turn at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self.failures: list[BothwaysError] = []
        self._loop, self._stop = asyncio.new_event_loop(), asyncio.Event()
        queue = in_memory()
        self._service = Service(workspace, queue, 1, lambda view: None, self._failed, self._ours)
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._service.run(self._stop)))
        self._thread.start()

    def _failed(self, name: str, error: BothwaysError) -> None:
        self.failures.append(error)

    def _ours(self, problem: Exception) -> BothwaysError:
        return OurFault(reason=repr(problem), incident="i_1")

    def tell_to_stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)

    def wait(self) -> bool:
        self._thread.join(30)
        ended = not self._thread.is_alive()
        if ended:
            self._loop.close()
        return ended


def idle(office: Office) -> bool:
    """Tell whether no feed is being read and no sync runs, and none is about to."""
    with used(office.open().database):
        now = office.clock()
        return not any(each.objects.exclude(taken_at=None, due_at__gt=now).exists() for each in (Feed, Sync))


def proofs(office: Office) -> list[Proof]:
    with used(office.open().database):
        return list(Proof.objects.all())


def test_proof_that_takes_long_holds_up_no_run_and_ends_when_the_worker_stops(office: Office) -> None:
    left, right = office.pair()
    workspace = office.open()
    reached, go_on = threading.Event(), threading.Event()

    def hold_up(when: str, call: str) -> None:
        if threading.current_thread().name.startswith("bothways-proof") and not go_on.is_set():
            reached.set()
            go_on.wait(60)

    office.anna.hook = hold_up
    worker = AtWork(workspace)
    try:
        assert until(lambda: bool(proofs(office)))
        office.clock.now = proofs(office)[0].due_at
        assert reached.wait(30), worker.failures
        assert until(lambda: idle(office)), "a clock that stands still makes nothing due that ends after it was put on"
        office.anna.edit(left, name="Dana Lee")
        office.clock.advance(61)
        assert until(lambda: office.bert.values(right)["name"] == "Dana Lee"), worker.failures
        assert proofs(office)[0].worker, "the proof is still being made"
        worker.tell_to_stop()
    finally:
        worker.tell_to_stop()
        go_on.set()
        assert worker.wait()
    [proof] = proofs(office)
    assert (proof.worker, proof.proven_at, worker.failures) == ("", 0.0, [])
    assert proof.due_at <= office.clock(), "another worker makes it anew"


def _ours(problem: Exception) -> BothwaysError:
    raise problem


class Mute(Queue):
    """A queue in which everything waits for ever."""

    async def trigger(self, *_: object, **__: object) -> bool:
        return True


def test_what_a_worker_that_is_gone_has_left_does_not_wait_in_the_queue(office: Office) -> None:
    office.pair()
    office.clock.advance(600)
    workspace = office.open()
    with used(workspace.database):
        Feed.objects.update(due_at=office.clock() + 1000)
        Feed.objects.filter(connection__name="Anna").update(taken_at=1.0, beat_at=1.0, worker="gone", due_at=1.0)
    queue = Mute(in_memory()._connect)
    service = Service(workspace, queue, 2, list[RunView]().append, lambda name, error: None, _ours)
    before = office.anna.calls["changes"]

    async def work() -> None:
        stop, read = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        office.anna.hook = lambda when, call: loop.call_soon_threadsafe(read.set) and None
        working = asyncio.create_task(service.run(stop))
        await asyncio.wait_for(read.wait(), 30)
        stop.set()
        await working

    asyncio.run(work())
    assert office.anna.calls["changes"] == before + 1


def test_a_worker_takes_note_of_what_ends_that_its_syncs_work_by(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = [End("version 1 of its API", 1.0, "1970-01", "Speak version 2")]
    monkeypatch.setattr(MemoryConnector, "ends", staticmethod(lambda settings: past), raising=False)
    worker = AtWork(office.open())

    def noted() -> bool:
        with used(office.open().database):
            return {each.name for each in troubles.known() if each.code == "BW-584"} == {"Anna", "Bert"}

    try:
        assert until(noted)
    finally:
        worker.tell_to_stop()
        assert worker.wait()
