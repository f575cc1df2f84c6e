"""Server-Sent Events: a part of a page, asked for again and again as any page is, sent when it has changed.

A stream holds no thread: it sleeps in the event loop, and what it sends is made where every page is made, with the same
questions of who may see it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from django.conf import settings

from bothways.web.bridge import Headers

EVENTS = b"text/event-stream"
LIVE = "X-Live"
"""The header by which a page says that this part of it changes (ON), or that it never does again (OVER)."""
ON, OVER = "on", "over"

EVERY = 0.5
"""Seconds between two looks at least, so that no more than two messages are sent in a second."""

REST = 9
"""How many times as long as making the part took a stream rests: of what a thread can do, it takes a tenth."""

QUIET = 15.0
"""Seconds after which an empty line is sent where nothing changes: so it is found out that a reader is gone."""

MOST = 4
"""Streams that one session may have open. A browser opens six connections to a site for all its windows, and what is
asked for besides needs some: one stream more gets the part once, and asks again in a moment.
"""

Answer = Callable[[Mapping[str, Any]], Awaitable[tuple[int, Headers, bytes]]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def wants_stream(scope: Mapping[str, Any]) -> bool:
    """Tell whether somebody asks for a stream of a page."""
    return scope["method"] == "GET" and any(name == b"accept" and EVENTS in value for name, value in scope["headers"])


class Streams:
    """All streams of a process. ``answer`` makes the answer to a request for a page."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._stopped = asyncio.Event()
        self._open = Counter[bytes]()

    def stop(self) -> None:
        """End all streams, and begin no more."""
        self._stopped.set()

    def count(self) -> int:
        """Return how many are open."""
        return self._open.total()

    async def serve(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Stream a page to who asks, until they go, nothing changes any more, or all streams are ended.

        Where their session has enough streams, they get the part once, as an event "again".
        """
        whose = _session_of(scope)
        if self._stopped.is_set():
            await _refuse(send, 503)
            return
        if self._open[whose] >= MOST:
            await self._changes(_for_part(scope), send, once=True)
            return
        self._open[whose] += 1
        tasks = [
            asyncio.create_task(each)
            for each in (self._changes(_for_part(scope), send), _gone(receive), self._stopped.wait())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open[whose] -= 1
            self._open += Counter()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if tasks[0].cancelled():
            with suppress(TimeoutError, OSError):
                await asyncio.wait_for(send({"type": "http.response.body", "body": b""}), EVERY)
        else:
            tasks[0].result()

    async def _changes(self, scope: Mapping[str, Any], send: Send, *, once: bool = False) -> None:
        loop, begun, last, sent_at = asyncio.get_running_loop(), False, b"", 0.0
        while True:
            asked_at = loop.time()
            status, headers, body = await self._answer(scope)
            state = next((value.decode() for name, value in headers if name == LIVE.lower().encode()), "")
            if not begun:
                if status != 200 or not state:
                    await _refuse(send, status if status != 200 else 406)
                    return
                await send({"type": "http.response.start", "status": 200, "headers": _headers(headers)})
                begun = True
            elif status != 200 or not state:
                break
            if body != last or state == OVER:
                await send(_message(body, "over" if state == OVER else "again" if once else "message"))
                last, sent_at = body, loop.time()
            elif loop.time() - sent_at >= QUIET:
                await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
                sent_at = loop.time()
            if state == OVER or once:
                break
            await asyncio.sleep(max(EVERY, REST * (loop.time() - asked_at)))
        await send({"type": "http.response.body", "body": b""})


def _session_of(scope: Mapping[str, Any]) -> bytes:
    """Return the session that a request is of, whatever cookies stand beside it; all of them where there is none."""
    cookies = next((value for name, value in scope["headers"] if name == b"cookie"), b"")
    named = (each.strip().partition(b"=") for each in cookies.split(b";"))
    return {name: value.strip(b' "') for name, _, value in named}.get(settings.SESSION_COOKIE_NAME.encode(), cookies)


async def _gone(receive: Receive) -> None:
    """Wait until who asked is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _for_part(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request for the changing part of a page, as a script would ask for it, not packed."""
    kept = [each for each in scope["headers"] if each[0] not in (b"accept", b"accept-encoding", b"hx-request")]
    return {**scope, "headers": [*kept, (b"hx-request", b"true")]}


def _headers(headers: Headers) -> Headers:
    """Return the headers of a stream: those that keep browsers from harm, and that nobody on the way may hold it up."""
    dropped = (b"content-type", b"content-length", b"set-cookie", b"vary", LIVE.lower().encode())
    kept = [each for each in headers if each[0] not in dropped]
    return [*kept, (b"content-type", EVENTS), (b"x-accel-buffering", b"no")]


def _message(body: bytes, event: str) -> dict[str, Any]:
    lines = b"".join(b"data: " + line + b"\n" for line in body.splitlines() if line.strip())
    text = b"event: " + event.encode() + b"\n" + lines + b"\n"
    return {"type": "http.response.body", "body": text, "more_body": True}


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": b""})
