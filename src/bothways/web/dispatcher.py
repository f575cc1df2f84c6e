"""The ASGI application: takes webhooks in, their bodies as raw as they came, answers those who watch the service, and
leaves the pages and the API to Django.

``POST /hooks/APP`` stores what a webhook names before it is answered. ``GET /healthz`` tells whether the process works,
``/readyz`` whether its database answers as well, ``/metrics`` what Prometheus reads.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import unquote

from bothways.connectors.webhooks import Delivery
from bothways.errors import BothwaysError, LedgerError, NoWebhooks, SettingsError, UnknownApp, WebhookRefused
from bothways.jobs import logs, metrics
from bothways.ledger import db, turns
from bothways.service.database import kept_open
from bothways.service.receiving import receive
from bothways.service.workspace import Workspace
from bothways.web import assets
from bothways.web.bridge import Body, Headers, Pages, is_call, too_long
from bothways.web.live import Streams, wants_stream

LARGEST = 2_000_000
"""Bytes of a body that are read; no app sends so many."""

WATCHED = ("/healthz", "/readyz", "/metrics")
"""What those ask for who watch the service."""

PIECE = 256 * 1024
"""Bytes of a file that are sent at once."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Trigger = Callable[[str, list[int]], Awaitable[object]]


class TooLarge(Exception):
    """A body is longer than any webhook."""


class BrokenOff(Exception):
    """Whoever called has gone before all of the body has come: what came may say something else than all of it."""


@dataclass
class Dispatcher:
    """Answers every call. ``public_url``: the address by which apps reach it, without it what they called.

    ``trigger`` queues turns; ``is_alive`` tells whether the worker beside it works. ``pages``: None shows none.
    """

    workspace: Workspace
    trigger: Trigger
    on_failure: Callable[[str, BothwaysError], None]
    is_alive: Callable[[], bool] = lambda: True
    pages: Pages | None = None
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(4, thread_name_prefix="bothways-web")
    )

    _soon: dict[int, asyncio.Task[None]] = field(default_factory=dict, init=False)
    streams: Streams = field(init=False)

    def __post_init__(self) -> None:
        self.streams = Streams(self._answer_part)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call of the server."""
        if scope["type"] != "http":
            return
        path, method = str(scope["path"]), str(scope["method"])
        if path.startswith("/hooks/"):
            status, answer = await self._hook(scope, receive) if method == "POST" else (405, "POST only\n")
        elif path not in WATCHED and self.pages is not None:
            await self._page(scope, receive, send)
            return
        elif method not in ("GET", "HEAD"):
            status, answer = 405, "GET only\n"
        elif path == "/healthz":
            status, answer = (200, "ok\n") if self.is_alive() else (503, "the worker does not answer\n")
        elif path == "/readyz":
            status, answer = await self._ready()
        elif path == "/metrics":
            status, answer = 200, metrics.exposed()
        else:
            status, answer = 404, "not found\n"
        await _answer(send, status, answer, head=method == "HEAD")

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, head = str(scope["path"]), scope["method"] == "HEAD"
        if path.startswith(assets.PREFIX):
            headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
            found = assets.answer(path, headers.get(b"accept-encoding", ""))
            await _send(send, *found, head=head)
            return
        if wants_stream(scope):
            await self.streams.serve(scope, receive, send)
            return
        try:
            body = await _body(receive)
        except TooLarge:
            if is_call(path):
                await _send(send, *too_long(LARGEST), head=head)
            else:
                await _answer(send, 413, "too large\n", head=head)
            return
        except BrokenOff:
            return
        status, sent, answer = await self._answer_page(scope, body)
        if isinstance(answer, bytes):
            await _send(send, status, sent, answer, head=head)
        else:
            await _send_file(send, status, sent, answer, self.threads)

    async def _answer_part(self, scope: Mapping[str, Any]) -> tuple[int, Headers, bytes]:
        status, headers, answer = await self._answer_page(scope)
        if isinstance(answer, bytes):
            return status, headers, answer
        answer.close()
        return 406, headers, b""

    async def _answer_page(self, scope: Mapping[str, Any], body: bytes = b"") -> tuple[int, Headers, Body]:
        assert self.pages is not None
        return await asyncio.get_running_loop().run_in_executor(self.threads, self.pages.answer, scope, body)

    async def _hook(self, scope: Scope, receive_: Receive) -> tuple[int, str]:
        app = unquote(str(scope["path"]).removeprefix("/hooks/")).rstrip("/")
        try:
            body = await _body(receive_)
        except TooLarge:
            return 413, "too large\n"
        except BrokenOff:
            return 400, "broken off\n"
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        url = self._url(scope, headers)
        delivery = Delivery(str(scope["method"]), url, headers, body, self.workspace.clock())
        try:
            received = await self._in_thread(receive, self.workspace, app, delivery)
        except (UnknownApp, NoWebhooks):
            metrics.webhooks.labels("", "refused").inc()
            return 404, "not found\n"
        except WebhookRefused as error:
            metrics.webhooks.labels(app, "refused").inc()
            self.on_failure(app, error)
            return 401, f"{error.code}\n"
        except (SettingsError, LedgerError) as error:
            self.on_failure(app, error)
            return 503, f"{error.code}\n"
        metrics.tell_received(app, len(received.records), received.new)
        logs.webhooks(app, received.records, received.new)
        for feed in received.feeds.keys() - self._soon.keys():
            self._soon[feed] = asyncio.create_task(self._follow(feed, received.feeds[feed]))
        return 200, "taken\n"

    async def _follow(self, feed: int, burst: float) -> None:
        """Have a feed read when the burst in which a first save was told of is over."""
        await asyncio.sleep(burst)
        del self._soon[feed]
        await self.trigger(turns.FEED, [feed])

    def _url(self, scope: Scope, headers: Mapping[str, str]) -> str:
        query = bytes(scope.get("query_string") or b"").decode("latin-1")
        target = bytes(scope.get("raw_path") or str(scope["path"]).encode()).decode("latin-1") + (query and f"?{query}")
        own = self.workspace.document.public_url
        host = next((value for name, value in headers.items() if name.lower() == "host"), "")
        return (own.rstrip("/") if own else f"{scope.get('scheme', 'http')}://{host}") + target

    async def _ready(self) -> tuple[int, str]:
        try:
            await self._in_thread(db.value, "SELECT 1")
        except LedgerError as error:
            return 503, f"{error.code}\n"
        return (200, "ok\n") if self.is_alive() else (503, "the worker does not answer\n")

    async def _in_thread(self, call: Callable[..., Any], *args: Any) -> Any:
        def inside() -> Any:
            with kept_open(self.workspace.database):
                return call(*args)

        return await asyncio.get_running_loop().run_in_executor(self.threads, inside)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BrokenOff
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST:
            raise TooLarge
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(send: Send, status: int, text: str, *, head: bool) -> None:
    headers = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8"), (b"cache-control", b"no-store")]
    await _send(send, status, headers, text.encode(), head=head)


async def _send_file(send: Send, status: int, headers: Headers, file: IO[bytes], threads: ThreadPoolExecutor) -> None:
    """Send a file piece by piece, and close it whatever happens."""
    loop = asyncio.get_running_loop()
    with file:
        size = await loop.run_in_executor(threads, file.seek, 0, os.SEEK_END)
        file.seek(0)
        length = (b"content-length", str(size).encode())
        kept = [each for each in headers if each[0] != b"content-length"]
        await send({"type": "http.response.start", "status": status, "headers": [*kept, length]})
        while piece := await loop.run_in_executor(threads, file.read, PIECE):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _send(send: Send, status: int, headers: Headers, body: bytes, *, head: bool) -> None:
    length = (b"content-length", str(len(body)).encode())
    kept = [each for each in headers if each[0] != b"content-length"]
    await send({"type": "http.response.start", "status": status, "headers": [*kept, length]})
    await send({"type": "http.response.body", "body": b"" if head else body})
