"""Somebody who signs in to the pages over HTTP and asks for them, and how long each took."""

import gzip
import http.client
import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from bench.many import Works, until

PASSWORD = "correct horse battery"
PATIENCE = 60.0
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Answer(NamedTuple):
    """What came back: ``sent`` bytes of body over the wire, in so many ``seconds``."""

    status: int
    text: str
    sent: int
    seconds: float
    location: str


@dataclass
class Visitor:
    """Asks one server, over one connection, as a browser would: packed, with cookies."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    _call: http.client.HTTPConnection = field(init=False)
    _token: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._call = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=PATIENCE)

    def get(self, path: str, *, part: bool = False) -> Answer:
        """Ask for a page, or for the part of it that a script asks for."""
        return self._ask("GET", path, None, {"HX-Request": "true"} if part else {})

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form, with the token of the last page that had one."""
        body = urlencode(fields | {"csrfmiddlewaretoken": self._token}).encode()
        return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def sign_up(self, link: str, name: str) -> None:
        """Make an account by a one-time link, and be signed in with it."""
        parts = urlsplit(link)
        key = parts.query.partition("key=")[2]
        self.get(f"{parts.path}?{parts.query}")
        made = self.post("/welcome", key=key, name=name, password=PASSWORD)
        if made.status != 303:
            raise SystemExit(f"signing up failed: {made.status} {made.text[:2000]}")

    def _ask(self, method: str, path: str, body: bytes | None, more: dict[str, str]) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        began = time.perf_counter()
        self._call.request(method, path, body, {"Accept-Encoding": "gzip", "Cookie": cookies} | more)
        answer = self._call.getresponse()
        sent = answer.read()
        seconds = time.perf_counter() - began
        for each in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(each).items()}
        text = (gzip.decompress(sent) if answer.headers.get("Content-Encoding") == "gzip" else sent).decode()
        if found := _TOKEN.search(text):
            self._token = found[1]
        return Answer(answer.status, text, len(sent), seconds, answer.headers.get("Location") or "")


def serve_pages(site: Works, command: str = "web") -> "subprocess.Popen[bytes]":
    """Start a process that shows the pages; return it when it answers."""
    web = site.start(command, "--port", str(site.port))

    def answers() -> bool:
        try:
            return Visitor(site.address).get("/healthz").status == 200
        except OSError:
            return False

    if until(answers, PATIENCE) is None:
        raise SystemExit(f"the pages are not there:\n{site.logs()[-3000:]}")
    return web


def one_time_link(site: Works) -> str:
    """Return a one-time link for an admin."""
    words = ["user", "link", "--role", "admin", "--json", "--url", site.address]
    command = [sys.executable, "-m", "bothways.cli.main", "-C", str(site.folder), *words]
    done = subprocess.run(command, env=site.whole_environment, stdout=subprocess.PIPE, check=True)
    return str(json.loads(done.stdout)["url"])
