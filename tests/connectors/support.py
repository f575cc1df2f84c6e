"""A scripted web server, a clock that only moves when told, and what a connector is made from."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bothways.connectors.base import Budget, Setup
from bothways.connectors.budget import MemoryBudget
from bothways.errors import SecretMissing


class Time:
    """Seconds that pass only by sleeping."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


class Secrets:
    """Hands out what it was given."""

    def __init__(self, **secrets: str) -> None:
        self.held = secrets

    def get(self, name: str) -> str:
        if name not in self.held:
            raise SecretMissing(app="Test", what=name)
        return self.held[name]


def make_setup(time: Time, *, budget: Budget | None = None, allow: tuple[str, ...] = ("127.0.0.1",), **kwargs) -> Setup:
    """Return a Setup on a clock of its own; keyword arguments ``settings`` and ``secrets`` go into it."""
    return Setup(
        app="Test",
        settings=kwargs.get("settings", {}),
        secrets=Secrets(**kwargs.get("secrets", {})),
        budget=budget or MemoryBudget({}, time.clock, time.sleep, app="Test", today=time.clock),
        allow_hosts=frozenset(allow),
        clock=time.clock,
        sleep=time.sleep,
    )


@dataclass
class Asked:
    """One request as the server got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Answer:
    """What the server does with a request: answer, or break off after ``cut`` bytes of the answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None


Script = Callable[[Asked], Answer]

WATCHERS: list[Callable[[Asked], None]] = []
"""Who is told of every request to a scripted server."""


class Web:
    """A server whose answers are scripted; ``asked`` holds all it was asked, ``sockets`` its connections."""

    def __init__(self, script: Script) -> None:
        self.asked: list[Asked] = []
        self.sockets: Counter[tuple[str, int]] = Counter()
        self.script = script
        self.hold = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, self.headers, body)
            web.asked.append(asked)
            for watch in WATCHERS:
                watch(asked)
            web.sockets[self.client_address] += 1
            answer = web.script(asked)
            if answer.cut == 0:
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut])
            self.close_connection = answer.cut is not None

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_PROPFIND = do_REPORT = _any

        def log_message(self, format: str, *args: object) -> None:
            return

    return Handler


@contextmanager
def web(script: Script | list[Answer]) -> Iterator[Web]:
    """Serve a script, or a list of answers in turn (the last one for ever)."""
    if isinstance(script, list):
        answers = list(script)

        def in_turn(asked: Asked) -> Answer:
            return answers.pop(0) if len(answers) > 1 else answers[0]

        script = in_turn
    site = Web(script)
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.hold.set()
        site.server.shutdown()
        site.server.server_close()
        thread.join()
