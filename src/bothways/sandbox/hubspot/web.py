"""HTTP/1.1 with kept connections, as little of it as the stand-in needs."""

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Request:
    """One request; ``target`` is the path with its query. ``met`` are the kinds of faults that it has met."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    met: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The path alone."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query alone."""
        return self.target.partition("?")[2]

    def first_half(self) -> bytes:
        """Return the body with only the first half of its inputs."""
        body = orjson.loads(self.body)
        return orjson.dumps({**body, "inputs": body["inputs"][: len(body["inputs"]) // 2]})


@dataclass(slots=True)
class Reply:
    """One answer: ``body`` is JSON to be, or bytes, or None."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Answer = Callable[[Request], Reply | None]


class _Server(ThreadingHTTPServer):
    """Remembers its connections, so that they can be closed with it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away; anything else is a mistake here, and told with its place."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Web:
    """Serves ``answer`` on 127.0.0.1; ``now`` gives the time for the Date of answers."""

    def __init__(self, answer: Answer, now: Callable[[], float], port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), _handler(answer, now))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Begin to serve, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and close all connections."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        for connection in list(self._server.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _handler(answer: Answer, now: Callable[[], float]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _any(self) -> None:
            length = self.headers.get("Content-Length") or "0"
            if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdecimal()):
                self.send_error(HTTPStatus.LENGTH_REQUIRED)
                return
            body = self.rfile.read(int(length))
            try:
                reply = answer(
                    Request(
                        self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body
                    )
                )
            except Exception:
                self._send(Reply(500, {"status": "error", "message": "internal error"}))
                raise
            if reply is None:
                self.close_connection = True
            else:
                self._send(reply)

        def _send(self, reply: Reply) -> None:
            content = b"" if reply.body is None or self.command == "HEAD" else reply.body
            if not isinstance(content, bytes):
                content = orjson.dumps(content)
            lines = [f"HTTP/1.1 {reply.status} {_phrase(reply.status)}", f"Date: {formatdate(now(), usegmt=True)}"]
            lines += [f"{name}: {value}" for name, value in sent_headers(reply).items()]
            if reply.status != HTTPStatus.NO_CONTENT:
                lines.append(f"Content-Length: {len(content)}")
            self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + content)

        do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            """Refuse what is no call, in the form of HubSpot's refusals, and read no further."""
            self.close_connection = True
            self._send(Reply(code, {"status": "error", "message": message or HTTPStatus(code).phrase}))

        def log_message(self, format: str, *args: object) -> None:
            return

    return Handler


def sent_headers(reply: Reply) -> dict[str, str]:
    """Return the headers of an answer, with the type of what it holds."""
    return (
        {"Content-Type": "application/json;charset=utf-8", **reply.headers} if reply.body is not None else reply.headers
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
