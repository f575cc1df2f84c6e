"""What is sent and comes piece by piece: whole, or not at all, whatever becomes of the connection."""

import asyncio
import io
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import bothways.web  # noqa: F401 - prepares Django
from bothways.service.receiving import Received
from bothways.web.bridge import Pages
from bothways.web.dispatcher import PIECE, Dispatcher, _send_file
from tests.office import Office


def sent(file: io.BytesIO, most: int | None = None) -> list[MutableMapping[str, Any]]:
    """Send a file; return what the server was told, up to ``most`` messages, after which the connection is gone."""
    told: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        if most is not None and len(told) == most:
            raise ConnectionError
        told.append(message)

    with ThreadPoolExecutor(1) as threads:
        asyncio.run(_send_file(send, 200, [(b"content-length", b"0"), (b"x", b"y")], file, threads))
    return told


def test_file_is_sent_whole_in_pieces_with_its_length() -> None:
    whole = bytes(range(256)) * (PIECE // 100)
    file = io.BytesIO(whole)
    start, *pieces = sent(file)
    assert start["headers"] == [(b"x", b"y"), (b"content-length", str(len(whole)).encode())]
    assert b"".join(each["body"] for each in pieces) == whole
    assert max(len(each["body"]) for each in pieces) == PIECE
    assert [each.get("more_body", False) for each in pieces] == [True] * (len(pieces) - 1) + [False]
    assert file.closed


def test_file_is_closed_where_the_reader_is_gone() -> None:
    file = io.BytesIO(bytes(PIECE * 3))
    with pytest.raises(ConnectionError):
        sent(file, most=2)
    assert file.closed


@pytest.mark.parametrize("path", ["/settings/text", "/hooks/Anna"])
def test_what_comes_by_half_is_not_heeded(office: Office, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    pieces: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": b"text=half", "more_body": True},
        {"type": "http.disconnect"},
    ]
    heeded: list[object] = []

    async def receive() -> MutableMapping[str, Any]:
        return pieces.pop(0)

    async def send(_: object) -> None:
        return None

    async def trigger(*_: object) -> None:
        return None

    monkeypatch.setattr("bothways.web.dispatcher.receive", lambda *given: heeded.append(given) or Received())
    monkeypatch.setattr(Dispatcher, "_answer_page", lambda *given: heeded.append(given))
    pages = Pages(office.open(), lambda *_: None)
    app = Dispatcher(office.open(), trigger, lambda *told: heeded.append(told), pages=pages)
    asyncio.run(app({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send))
    app.threads.shutdown()
    assert (pieces, heeded) == ([], [])
