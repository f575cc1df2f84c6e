"""A program that calls the API as the server would hand it on: a token, JSON, no cookies."""

import json
from typing import Any
from urllib.parse import unquote, urlsplit

from bothways.service import accounts, tokens
from bothways.service.database import used
from bothways.service.rights import Role
from bothways.service.views import TokenView
from bothways.service.workspace import Workspace
from bothways.web.bridge import Pages
from bothways.web.django_settings import Address, configure, key_of_workspace
from tests.web.browser import PASSWORD

BASE = "/api/v1/"


class Called:
    """What came back: ``status``, ``headers`` by name in small letters, ``text``, and that read as JSON."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status, self.text = status, body.decode()
        self.headers = {name.decode(): value.decode() for name, value in headers}

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The code of a problem; "" for what is none."""
        return str(self.json.get("code", "")) if "problem+json" in self.headers["content-type"] else ""


class Caller:
    """Calls the API of a workspace with a token. ``triggered``: the turns that it has hurried."""

    def __init__(self, workspace: Workspace, token: str = "") -> None:
        self.workspace, self.token, self.triggered = workspace, token, list[tuple[str, list[int]]]()
        with used(workspace.database):
            configure(Address(), key_of_workspace())
        self._pages = Pages(workspace, lambda kind, ids: self.triggered.append((kind, ids)))

    def get(self, address: str, **headers: str) -> Called:
        """Look at something."""
        return self.call("GET", address, **headers)

    def post(self, address: str, body: object = None, **headers: str) -> Called:
        """Do something."""
        return self.call("POST", address, None if body is None else json.dumps(body).encode(), **headers)

    def call(self, method: str, address: str, body: bytes | None = None, **headers: str) -> Called:
        """Make a call; underscores in the names of headers are hyphens."""
        parts = urlsplit(address if address.startswith("/") else BASE + address)
        sent = {"host": "127.0.0.1"} | ({"authorization": f"Bearer {self.token}"} if self.token else {})
        sent |= {"content-type": "application/json"} if body is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(parts.path),
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
            "scheme": "http",
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
        }
        return Called(*self._pages.answer(scope, body or b""))


def token_of(workspace: Workspace, name: str, role: Role = Role.ADMIN) -> tuple[TokenView, str]:
    """Make an account of a role and a token of that role for it."""
    accounts.use_link(workspace, accounts.make_link(workspace, role), name, PASSWORD)
    return tokens.make_token(workspace, "tests", role, person=name)


def caller(workspace: Workspace, role: Role = Role.ADMIN, name: str = "Ana Ruiz") -> Caller:
    """Return a caller with the token of a new account of a role."""
    return Caller(workspace, token_of(workspace, name, role)[1])
