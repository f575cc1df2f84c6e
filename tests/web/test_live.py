"""Streams of a page: only what changes is sent, to who may see the page, until they go or all ends."""

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings

from bothways.web import live
from bothways.web.live import MOST, OVER, Streams, wants_stream
from tests.office import Office
from tests.web.browser import Browser
from tests.web.test_serving import Serving

Message = dict[str, Any]


def scope(cookie: str = "a=1", accept: str = "text/event-stream") -> Message:
    headers = [(b"accept", accept.encode()), (b"accept-encoding", b"gzip"), (b"cookie", cookie.encode())]
    return {"type": "http", "method": "GET", "path": "/x", "headers": headers}


class Page:
    """A page whose part is what it is told to be; ``asked`` are the requests for it."""

    def __init__(self, *parts: str, status: int = 200, state: str = "on") -> None:
        self.parts, self.status, self.state = list(parts), status, state
        self.asked: list[Message] = []

    async def __call__(self, scope: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        self.asked.append(scope)
        part = self.parts.pop(0) if len(self.parts) > 1 else self.parts[0]
        state = OVER if part.startswith("over") else self.state
        head = [(b"content-type", b"text/html"), (b"x-frame-options", b"DENY"), (b"content-length", b"9")]
        return self.status, [*head, *([(b"x-live", state.encode())] if state else [])], part.encode()


class Reader:
    """Who looks: takes what is sent, and goes when told to."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.gone = asyncio.Event()

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(dict(message))

    @property
    def text(self) -> str:
        return b"".join(each.get("body", b"") for each in self.sent).decode()

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "EVERY", 0.005)
    monkeypatch.setattr(live, "REST", 0)


async def _until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.001)


def test_only_who_asks_for_a_stream_gets_one() -> None:
    assert wants_stream(scope())
    assert not wants_stream(scope(accept="text/html"))
    assert not wants_stream({**scope(), "method": "POST"})


def test_what_has_not_changed_is_not_sent_again_and_the_end_ends_it() -> None:
    page, reader = (
        Page("<p>1</p>", "<p>1</p>", "<p>1</p>", "<p>2</p>\n<p>3</p>", "<p>2</p>\n<p>3</p>", "over"),
        Reader(),
    )
    asyncio.run(Streams(page).serve(scope(), reader.receive, reader.send))
    assert reader.text.split("\n\n") == [
        "event: message\ndata: <p>1</p>",
        "event: message\ndata: <p>2</p>\ndata: <p>3</p>",
        "event: over\ndata: over",
        "",
    ]
    assert len(page.asked) == 6
    headers = dict(reader.sent[0]["headers"])
    assert (headers[b"content-type"], headers[b"x-frame-options"]) == (b"text/event-stream", b"DENY")
    assert b"content-length" not in headers
    assert reader.sent[-1] == {"type": "http.response.body", "body": b""}


def test_part_is_asked_for_as_a_script_would_and_never_packed() -> None:
    page, reader = Page("over"), Reader()
    asyncio.run(Streams(page).serve(scope("session=abc"), reader.receive, reader.send))
    headers = dict(page.asked[0]["headers"])
    assert headers == {b"cookie": b"session=abc", b"hx-request": b"true"}


@pytest.mark.parametrize(
    ("page", "status"),
    [(Page("x", status=303), 303), (Page("x", status=403), 403), (Page("x", state=""), 406)],
    ids=["signed out", "not allowed", "no such part"],
)
def test_page_that_may_not_be_seen_or_has_no_such_part_is_not_streamed(page: Page, status: int) -> None:
    reader = Reader()
    asyncio.run(Streams(page).serve(scope(), reader.receive, reader.send))
    assert (reader.status, reader.text) == (status, "")


def test_one_stream_too_many_is_told_the_end_as_such_and_shows_nothing_that_may_not_be_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "MOST", 0)
    over, gone = Reader(), Reader()
    asyncio.run(Streams(Page("over")).serve(scope(), over.receive, over.send))
    asyncio.run(Streams(Page("<p>1</p>", status=403)).serve(scope(), gone.receive, gone.send))
    assert over.text == "event: over\ndata: over\n\n"
    assert (gone.status, gone.text) == (403, "")


def test_right_that_is_taken_away_ends_a_stream() -> None:
    page, reader = Page("<p>1</p>"), Reader()

    async def play() -> None:
        stream = asyncio.create_task(Streams(page).serve(scope(), reader.receive, reader.send))
        await _until(lambda: len(page.asked) > 3)
        page.status = 303
        await asyncio.wait_for(stream, 20)

    asyncio.run(play())
    assert reader.text.count("event:") == 1


def test_stream_ends_with_its_reader_and_asks_no_more() -> None:
    page, reader = Page("<p>1</p>"), Reader()

    async def play() -> None:
        streams = Streams(page)
        stream = asyncio.create_task(streams.serve(scope(), reader.receive, reader.send))
        await _until(lambda: len(page.asked) > 3)
        assert streams.count() == 1
        reader.gone.set()
        await asyncio.wait_for(stream, 20)
        asked = len(page.asked)
        await asyncio.sleep(0.02)
        assert (len(page.asked), streams.count()) == (asked, 0)

    asyncio.run(play())


def test_all_end_when_they_are_stopped_even_one_whose_reader_takes_nothing_and_none_is_begun() -> None:
    async def play() -> None:
        streams, page, stuck, quick = Streams(Page("<p>1</p>")), Page("<p>1</p>"), Reader(), Reader()
        never = asyncio.Event()

        async def blocked(message: Any) -> None:
            stuck.sent.append(dict(message))
            if message["type"] == "http.response.body":
                await never.wait()

        tasks = [
            asyncio.create_task(streams.serve(scope(), stuck.receive, blocked)),
            asyncio.create_task(streams.serve(scope(), quick.receive, quick.send)),
        ]
        await _until(lambda: len(stuck.sent) == 2 and quick.text)
        streams.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 20)
        assert quick.sent[-1] == {"type": "http.response.body", "body": b""}
        late = Reader()
        await streams.serve(scope(), late.receive, late.send)
        assert (late.status, page.asked) == (503, [])

    asyncio.run(play())


def test_one_session_has_so_many_streams_and_more_get_the_part_once_and_another_has_its_own() -> None:
    async def play() -> None:
        streams, readers = Streams(Page("<p>1</p>")), [Reader() for _ in range(MOST)]
        one = f"{settings.SESSION_COOKIE_NAME}=1"
        ours = [scope(f"beside={number}; {one}") for number in range(MOST)]
        asked = zip(ours, readers, strict=True)
        tasks = [asyncio.create_task(streams.serve(each, reader.receive, reader.send)) for each, reader in asked]
        await _until(lambda: streams.count() == MOST)
        one_more, other = Reader(), Reader()
        await asyncio.wait_for(streams.serve(scope(one), one_more.receive, one_more.send), 20)
        assert (one_more.status, one_more.text) == (200, "event: again\ndata: <p>1</p>\n\n")
        assert one_more.sent[-1] == {"type": "http.response.body", "body": b""}
        assert streams.count() == MOST
        another = scope(f"{settings.SESSION_COOKIE_NAME}=2")
        tasks.append(asyncio.create_task(streams.serve(another, other.receive, other.send)))
        await _until(lambda: other.text)
        readers[0].gone.set()
        await asyncio.wait_for(tasks[0], 20)
        again = Reader()
        tasks.append(asyncio.create_task(streams.serve(scope(one), again.receive, again.send)))
        await _until(lambda: again.text)
        streams.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 20)

    asyncio.run(play())


def test_reader_that_is_silently_gone_is_found_out_by_empty_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "QUIET", 0.0)
    page, reader = Page("<p>1</p>", "<p>1</p>", "over"), Reader()
    asyncio.run(Streams(page).serve(scope(), reader.receive, reader.send))
    assert reader.text == "event: message\ndata: <p>1</p>\n\n:\n\nevent: over\ndata: over\n\n"


def test_page_that_is_dear_to_make_is_asked_for_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "REST", 9)
    slept: list[float] = []

    async def play() -> None:
        loop = asyncio.get_running_loop()
        moment = [0.0]
        monkeypatch.setattr(loop, "time", lambda: moment[0])
        page, reader = Page("<p>1</p>", "over"), Reader()

        async def dear(scope: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
            moment[0] += 2.0
            return await page(scope)

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        monkeypatch.setattr(live.asyncio, "sleep", sleep)
        await Streams(dear)._changes(scope(), reader.send)

    asyncio.run(play())
    assert slept == [18.0]


# --- over real HTTP -----------------------------------------------------------------------------------


@pytest.fixture
def serving(office: Office) -> Iterator[tuple[Serving, Browser]]:
    """A process that serves pages, and a browser that is signed in there."""
    here = Browser(office.open())
    here.sign_up("Vera")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Serving(here.workspace, listener, works=False, pages=True), here


def _ask(serving: Serving, path: str, cookies: dict[str, str]) -> socket.socket:
    host, port = serving.listener.getsockname()[:2]
    link = socket.create_connection((host, port), timeout=20)
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    lines = [f"GET {path} HTTP/1.1", "host: 127.0.0.1", "accept: text/event-stream", f"cookie: {cookie}", "", ""]
    link.sendall("\r\n".join(lines).encode())
    return link


def _read(link: socket.socket, end: str) -> str:
    text = ""
    while end not in text:
        got = link.recv(65536)
        if not got:
            break
        text += got.decode()
    return text


def test_stream_comes_over_http_unpacked_and_nobody_else_gets_it(serving: tuple[Serving, Browser]) -> None:
    service, here = serving
    here.get("/syncs/people")
    here.post("/syncs/people/run")
    with service, contextlib.closing(_ask(service, "/syncs/people/now", here.cookies)) as link:
        text = _read(link, "Waiting for its turn")
        assert re.search(r"^content-type: text/event-stream\r$", text, re.M)
        assert "content-security-policy" in text
        assert "content-encoding" not in text
        assert "event: message" in text
        with contextlib.closing(_ask(service, "/syncs/people/now", {})) as stranger:
            refused = _read(stranger, "\r\n\r\n")
            assert "406" in refused.splitlines()[0]
            assert "Waiting" not in refused
        with contextlib.closing(_ask(service, "/activity", here.cookies)) as other:
            assert "406" in _read(other, "\r\n\r\n").splitlines()[0]


def test_open_stream_does_not_hold_up_the_end(serving: tuple[Serving, Browser]) -> None:
    service, here = serving
    here.get("/syncs/people")
    here.post("/syncs/people/run")
    with service:
        links = [_ask(service, "/syncs/people/now", here.cookies) for _ in range(3)]
        for link in links:
            assert "Waiting for its turn" in _read(link, "Waiting for its turn")
        began = time.monotonic()
    assert time.monotonic() - began < 10
    for link in links:
        link.close()
