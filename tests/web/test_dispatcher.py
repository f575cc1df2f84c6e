"""Files that are sent piece by piece: whole, and closed whatever becomes of the connection."""

import asyncio
import io
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import bothways.web  # noqa: F401 - prepares Django
from bothways.web.dispatcher import PIECE, _send_file


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
