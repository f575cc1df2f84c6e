"""The queue's contract, on both of its kinds: what is queued is handed over once, so many at once, the urgent first."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from itertools import count

import psycopg
import pytest

from bothways.jobs import listening
from bothways.jobs.queue import Handler, Queue, queue_of
from tests.ledger.conftest import new_database

NUMBER = count()
LONG = 60.0
"""Seconds that no test takes unless something hangs."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server("postgresql"))])
def database(request: pytest.FixtureRequest) -> str:
    """Return the URL of a database in which no queue was used yet."""
    return "sqlite:///any.db" if request.param == "sqlite" else fresh(request.getfixturevalue("postgresql"))


def fresh(postgresql: str) -> str:
    return new_database(postgresql, f"queue_{next(NUMBER)}")


def play(database: str, scene: Callable[[Queue], Coroutine[None, None, None]]) -> None:
    """Play a scene with a queue and let go of its connections afterwards."""

    async def whole() -> None:
        queue = queue_of(database)
        try:
            await asyncio.wait_for(scene(queue), LONG)
        finally:
            await queue.close()
            await queue.disconnect()

    asyncio.run(whole())


async def worked(queue: Queue, handler: Handler, at_once: int, done: asyncio.Event) -> None:
    """Let a worker work until something is done, and end it."""
    working = asyncio.create_task(queue.run_worker(handler, at_once))
    await done.wait()
    await queue.close()
    await working


def test_each_turn_is_handed_over_once_by_its_kind_and_number(database: str) -> None:
    handed: list[tuple[str, int]] = []

    async def scene(queue: Queue) -> None:
        done = asyncio.Event()

        async def handler(kind: str, id: int) -> None:
            handed.append((kind, id))
            if len(handed) == 5:
                done.set()

        assert await queue.trigger("sync", [3, 1, 2])
        assert await queue.trigger("sync", [1, 2])
        assert await queue.trigger("feed", [1, 2])
        await worked(queue, handler, 2, done)

    play(database, scene)
    assert sorted(handed) == [("feed", 1), ("feed", 2), ("sync", 1), ("sync", 2), ("sync", 3)]


def test_urgent_turns_come_first(database: str) -> None:
    handed: list[int] = []

    async def scene(queue: Queue) -> None:
        done = asyncio.Event()

        async def handler(kind: str, id: int) -> None:
            handed.append(id)
            if len(handed) == 4:
                done.set()

        await queue.trigger("sync", [1, 2])
        await queue.trigger("sync", [3, 4], urgent=True)
        await worked(queue, handler, 1, done)

    play(database, scene)
    assert sorted(handed[:2]) == [3, 4]


@pytest.mark.parametrize("at_once", [2, 3])
def test_no_more_turns_are_taken_at_once_than_asked_for(database: str, at_once: int) -> None:
    most = now = handed = 0

    async def scene(queue: Queue) -> None:
        done, full = asyncio.Event(), asyncio.Event()

        async def handler(kind: str, id: int) -> None:
            nonlocal most, now, handed
            now, handed = now + 1, handed + 1
            most = max(most, now)
            if now == at_once:
                full.set()
            await full.wait()
            now -= 1
            if handed == 12:
                done.set()

        await queue.trigger("sync", range(12))
        await worked(queue, handler, at_once, done)

    play(database, scene)
    assert most == at_once


def test_turn_that_was_queued_while_a_worker_waits_is_taken_at_once_and_may_be_queued_again(database: str) -> None:
    async def scene(queue: Queue) -> None:
        done, again = asyncio.Event(), asyncio.Event()
        handed: list[int] = []

        async def handler(kind: str, id: int) -> None:
            handed.append(id)
            (done if len(handed) == 2 else again).set()

        async def told() -> None:
            while not done.is_set():
                await queue.trigger("sync", [7])
                await asyncio.sleep(0.01)

        await asyncio.gather(worked(queue, handler, 1, done), told())
        assert again.is_set()

    play(database, scene)


def test_worker_that_is_closed_ends_when_what_it_has_taken_has_ended(database: str) -> None:
    ended: list[int] = []

    async def scene(queue: Queue) -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def handler(kind: str, id: int) -> None:
            begun.set()
            await go_on.wait()
            ended.append(id)

        await queue.trigger("sync", [1])
        working = asyncio.create_task(queue.run_worker(handler, 1))
        await begun.wait()
        await queue.close()
        assert not working.done()
        assert await queue.trigger("sync", [2]), "nothing is wrong: a tick finds it"
        go_on.set()
        await working

    play(database, scene)
    assert ended == [1]


def test_turn_that_fails_leaves_the_others_be(database: str) -> None:
    handed: list[int] = []

    async def scene(queue: Queue) -> None:
        done = asyncio.Event()

        async def handler(kind: str, id: int) -> None:
            handed.append(id)
            if len(handed) == 3:
                done.set()
            if id == 1:
                raise RuntimeError("broken")

        await queue.trigger("sync", [1, 2, 3])
        await worked(queue, handler, 1, done)

    play(database, scene)
    assert sorted(handed) == [1, 2, 3]


@pytest.mark.server("postgresql")
def test_place_that_has_become_free_waits_for_no_news_of_others(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though news of the table are held back for ever: only what the worker itself has ended makes it look again."""
    monkeypatch.setattr(listening, "TOGETHER", 10 * LONG)
    handed: list[int] = []

    async def scene(queue: Queue) -> None:
        done, about_to_wait = asyncio.Event(), asyncio.Event()
        queuer = (await queue._connected()).queuer
        queuer.qm.min_dequeue_poll_interval = timedelta(seconds=10 * LONG)
        ask = queuer.qm._effective_dequeue_timeout

        async def asked(longest: timedelta) -> timedelta:
            about_to_wait.set()
            return await ask(longest)

        monkeypatch.setattr(queuer.qm, "_effective_dequeue_timeout", asked)

        async def handler(kind: str, id: int) -> None:
            await about_to_wait.wait()
            handed.append(id)
            about_to_wait.clear()
            if len(handed) == 6:
                done.set()

        await queue.trigger("sync", range(6))
        async with asyncio.timeout(15):
            await worked(queue, handler, 2, done)

    play(fresh(postgresql), scene)
    assert sorted(handed) == list(range(6))


@pytest.mark.server("postgresql")
def test_queue_whose_tables_are_gone_says_so_and_makes_them_anew(postgresql: str) -> None:
    database = fresh(postgresql)

    async def scene(queue: Queue) -> None:
        done = asyncio.Event()

        async def handler(kind: str, id: int) -> None:
            done.set()

        assert await queue.trigger("sync", [1])
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("DROP TABLE pgqueuer")
        assert not await queue.trigger("sync", [1])
        assert await queue.trigger("sync", [1])
        await worked(queue, handler, 1, done)

    play(database, scene)
