"""A proxy in front of an app that kills its client at a chosen request."""

from __future__ import annotations

import http.client
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

READS = ("/search", "/batch/read")
METHODS = ("GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "POST", "PUT", "PATCH", "DELETE", "MKCOL")
NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass(frozen=True)
class Moment:
    """When to strike: at the ``nth`` request of a kind ("read" or "write") and where the request then stands.

    ``before`` the app got it, ``after`` the app did it but before its answer arrived, or ``later``: so many
    seconds after the answer was handed on.
    """

    kind: str
    nth: int
    place: str
    delay: float = 0.0


class _Server(ThreadingHTTPServer):
    """A server that takes it calmly when a killed client breaks off."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Proxy:
    """Stands before the app at ``target``. ``strike`` is called at the moment; ``counts`` are requests by kind."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.counts: Counter[str] = Counter()
        self.moment: Moment | None = None
        self.struck: str | None = None
        self._strike: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{self.target.path}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def arm(self, moment: Moment | None, strike: Callable[[], None]) -> None:
        """Begin to count anew, and strike once at this moment."""
        with self._lock:
            self.counts.clear()
            self.moment, self._strike, self.struck = moment, strike, None

    def place_of(self, method: str, path: str) -> Moment | None:
        """Count a request; return the moment if it is this one."""
        with self._lock:
            kind = kind_of(method, path)
            self.counts[kind] += 1
            due = self.moment is not None and (kind, self.counts[kind]) == (self.moment.kind, self.moment.nth)
            if not due:
                return None
            self.struck = f"{self.moment.place} {method} {path}"
            return self.moment

    def strike(self, delay: float = 0.0) -> None:
        """Strike now, or so many seconds later."""
        if delay:
            threading.Timer(delay, self._strike).start()
        else:
            self._strike()

    def ask(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Have the app answer a request."""
        connection = http.client.HTTPConnection(str(self.target.hostname), self.target.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers.items()))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


def kind_of(method: str, path: str) -> str:
    """Return whether a request reads or writes."""
    if method in ("PUT", "PATCH", "DELETE", "MKCOL"):
        return "write"
    return "write" if method == "POST" and not path.partition("?")[0].endswith(READS) else "read"


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            moment = proxy.place_of(self.command, self.path)
            if moment is not None and moment.place == "before":
                proxy.strike()
                self.close_connection = True
                return
            status, headers, answer = proxy.ask(self.command, self.path, self.headers, body)
            if moment is not None and moment.place == "after":
                proxy.strike()
                self.close_connection = True
                return
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in NOT_PASSED_ON:
                    self.send_header(name, value)
            date = {name.lower(): value for name, value in headers}.get("date")
            self.send_header("Date", date or self.date_time_string())
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)
            if moment is not None:
                proxy.strike(moment.delay or 0.001)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    for method in METHODS:
        setattr(Handler, f"do_{method}", Handler.handle_any)
    return Handler
