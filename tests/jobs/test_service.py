"""A worker at work: what others have left is taken, whatever the queue does."""

import asyncio

from bothways.errors import BothwaysError
from bothways.jobs.queue import Queue, in_memory
from bothways.jobs.service import Service
from bothways.ledger.models import Feed
from bothways.service.database import used
from bothways.service.views import RunView
from tests.office import Office


class Mute(Queue):
    """A queue in which everything waits for ever."""

    async def trigger(self, *_: object, **__: object) -> bool:
        return True


def _ours(problem: Exception) -> BothwaysError:
    raise problem


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
