"""A stand-in for My app: its API as README.md describes it, in memory, served on this machine."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "a token of the stand-in"
NAMES = ("email", "name", "phone")
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)

Answer = tuple[int, Any]


class StandIn:
    """The records, and what people do with them there. ``fail``: after how many more calls one is answered by 500."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.account = {"id": "7", "name": "Account seven"}
        self.calls, self.fail, self.url = 0, 0, ""
        self._saves, self._lock = 0, threading.Lock()

    def save(self, id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Make or change a record; every save is a second later than the one before."""
        self._saves += 1
        held = self.records.get(id, {"id": id, **dict.fromkeys(NAMES)})
        changed_at = (BEGINNING + timedelta(seconds=self._saves)).isoformat()
        self.records[id] = {**held, **values, "changed_at": changed_at}
        return self.records[id]

    def create(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Make a record."""
        return self.save(f"p{self._saves + 1}", values)

    def answer(self, method: str, address: str, token: str, body: Any) -> Answer:
        """Answer a call with a status and what is said as JSON."""
        with self._lock:
            self.calls += 1
            if token != f"Bearer {TOKEN}":
                return 401, {"message": "Who are you?"}
            found = self._answer(method, address, body)
            self.fail -= 1
            return found if self.fail else (500, {"message": "Out of order"})

    def _answer(self, method: str, address: str, body: Any) -> Answer:
        parts = urlsplit(address)
        match method, *parts.path.strip("/").split("/"):
            case "GET", "me":
                return 200, self.account
            case "GET", "people":
                return 200, {"people": self._listed(parse_qs(parts.query))}
            case "POST", "people":
                return self._refusal(body) or (201, self.create(body))
            case _, "people", id if unquote(id) not in self.records:
                return 404, {"message": "There is no such person"}
            case "GET", "people", id:
                return 200, self.records[unquote(id)]
            case "PATCH", "people", id:
                return self._refusal(body) or (200, self.save(unquote(id), body))
            case "DELETE", "people", id:
                del self.records[unquote(id)]
                return 204, None
        return 405, {"message": "That cannot be done here"}

    def _listed(self, query: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        """Return records by when they were changed, from a moment on, and then by id."""
        since, after = query["changed_since"][0], query.get("after", [""])[0]
        rows = sorted(self.records.values(), key=lambda row: (row["changed_at"], row["id"]))
        return [row for row in rows if (row["changed_at"], row["id"]) > (since, after)][: int(query["limit"][0])]

    def _refusal(self, values: Mapping[str, Any]) -> Answer | None:
        unknown = [name for name in values if name not in NAMES]
        return (422, {"message": f"A person has no {unknown[0]}"}) if unknown else None


@contextmanager
def serving() -> Iterator[StandIn]:
    """Serve a stand-in at its ``url``."""
    app = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = self.headers.get("Authorization", "")
            status, said = app.answer(self.command, self.path, token, json.loads(sent or b"null"))
            body = b"" if said is None else json.dumps(said).encode()
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = _any

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        app.url = f"http://127.0.0.1:{server.server_address[1]}/"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield app
        finally:
            server.shutdown()
