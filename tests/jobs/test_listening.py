"""What a worker hears of the queue: a burst of news is one or two, and nothing else is held back."""

import asyncio

from bothways.jobs.listening import TOGETHER, Together

NEWS = '{"type": "table_changed_event", "operation": "insert"}'
OTHER = '{"type": "cancellation_event", "ids": [1]}'


def test_burst_of_news_is_told_at_its_beginning_and_once_more() -> None:
    async def play() -> list[object]:
        heard: list[object] = []
        told = asyncio.Event()

        def hear(payload: object) -> None:
            heard.append(payload)
            if len(heard) == 2:
                told.set()

        listener = Together(hear)
        for _ in range(100):
            listener(NEWS)
        assert heard == [NEWS], "the first is told at once"
        await asyncio.wait_for(told.wait(), 10)
        await asyncio.sleep(2 * TOGETHER)
        return heard

    assert asyncio.run(play()) == [NEWS, NEWS]


def test_what_is_no_news_of_the_table_is_handed_on_as_it_comes() -> None:
    async def play() -> list[object]:
        heard: list[object] = []
        listener = Together(heard.append)
        for payload in (NEWS, OTHER, OTHER):
            listener(payload)
        return heard

    assert asyncio.run(play()) == [NEWS, OTHER, OTHER]


def test_news_after_a_while_is_told_at_once_again() -> None:
    async def play() -> list[object]:
        heard: list[object] = []
        listener = Together(heard.append)
        listener(NEWS)
        await asyncio.sleep(2 * TOGETHER)
        listener(NEWS)
        return heard

    assert asyncio.run(play()) == [NEWS, NEWS]
