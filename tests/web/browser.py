"""A browser without a window: asks for pages as the server would, keeps cookies, sends forms with their token."""

import re
from http.cookies import SimpleCookie
from typing import IO
from urllib.parse import unquote, urlencode, urlsplit

from bothways.service import accounts
from bothways.service.database import used
from bothways.service.rights import Role
from bothways.service.workspace import Workspace
from bothways.web.bridge import Pages
from bothways.web.django_settings import Address, configure, key_of_workspace

PASSWORD = "correct horse battery"


class Answer:
    """What came back: ``status``, ``headers`` by name in small letters, ``text``, "" where it is a ``file``."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes | IO[bytes]) -> None:
        self.file = b""
        if not isinstance(body, bytes):
            with body:
                self.file, body = body.read(), b""
        self.status, self.text = status, body.decode()
        self.headers = {name.decode(): value.decode() for name, value in headers}
        self.cookies = [value.decode() for name, value in headers if name == b"set-cookie"]

    @property
    def location(self) -> str:
        """Where it sends the browser."""
        return self.headers.get("location", "")


class Browser:
    """Asks for the pages of a workspace. ``triggered``: the turns that pages have hurried; ``languages``: its own."""

    def __init__(self, workspace: Workspace, public_url: str = "") -> None:
        self.workspace, self.cookies, self.triggered = workspace, dict[str, str](), list[tuple[str, list[int]]]()
        with used(workspace.database):
            configure(Address(public_url=public_url), key_of_workspace())
        self._pages = Pages(workspace, lambda kind, ids: self.triggered.append((kind, ids)))
        self._token, self.languages = "", ""

    def get(self, address: str, *, method: str = "GET", htmx: bool = False) -> Answer:
        """Ask for a page; its token is kept for the next form."""
        return self._ask(method, address, b"", htmx)

    def post(
        self,
        address: str,
        *,
        htmx: bool = False,
        token: bool = True,
        target: str = "",
        page: str = "",
        **fields: str | list[str],
    ) -> Answer:
        """Send a form, with the token of the last page unless it is left out.

        ``target``: what htmx is to swap, ``page``: on which page it says that it is.
        """
        if token:
            fields["csrfmiddlewaretoken"] = self._token
        return self._ask("POST", address, urlencode(fields, doseq=True).encode(), htmx, target, page)

    def sign_up(self, name: str, role: Role = Role.ADMIN) -> None:
        """Make an account by a one-time link, and be signed in with it."""
        word = accounts.make_link(self.workspace, role)
        assert self.get(f"/welcome?key={word}").status == 200
        made = self.post("/welcome", key=word, name=name, password=PASSWORD)
        assert (made.status, made.location) == (303, "/"), made.text
        self.get("/")

    def _ask(self, method: str, address: str, body: bytes, htmx: bool, target: str = "", page: str = "") -> Answer:
        parts = urlsplit(address)
        headers = [(b"host", b"127.0.0.1"), (b"user-agent", b"Test")]
        if self.languages:
            headers.append((b"accept-language", self.languages.encode()))
        if self.cookies:
            headers.append((b"cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()).encode()))
        if htmx:
            headers.append((b"hx-request", b"true"))
        if target:
            headers.append((b"hx-target", target.encode()))
        if page:
            headers.append((b"hx-current-url", f"http://127.0.0.1{page}".encode()))
        if body:
            headers.append((b"content-type", b"application/x-www-form-urlencoded"))
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(parts.path),
            "query_string": parts.query.encode(),
            "headers": headers,
            "scheme": "http",
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
        }
        answer = Answer(*self._pages.answer(scope, body))
        for each in answer.cookies:
            for name, morsel in SimpleCookie(each).items():
                self.cookies[name] = morsel.value
        if found := re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.text):
            self._token = found[1]
        return answer
