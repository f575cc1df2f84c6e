"""Pages and the API behind our ASGI server: each request in one of our threads, in its own use of the database."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import IO, Any

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from bothways.errors import CallTooLong
from bothways.service.database import kept_open
from bothways.service.workspace import Workspace
from bothways.web import api
from bothways.web.api.answering import answer
from bothways.web.api.problems import problem
from bothways.web.pages.page import FileResponse

Headers = list[tuple[bytes, bytes]]
Body = bytes | IO[bytes]
"""What is sent after the headers: bytes, or a file, which whoever sends it closes."""


class Pages(BaseHandler):
    """Answers requests for pages and calls of the API.

    ``trigger`` brings turns about sooner; the answer to it is not waited for.
    """

    def __init__(self, workspace: Workspace, trigger: Callable[[str, list[int]], None]) -> None:
        super().__init__()
        self._workspace, self._trigger = workspace, trigger
        self.load_middleware()

    def answer(self, scope: Mapping[str, Any], body: bytes) -> tuple[int, Headers, Body]:
        """Return status, headers and body of the answer to a request."""
        request = ASGIRequest({**scope, "root_path": ""}, BytesIO(body))
        request.base, request.trigger = self._workspace, self._trigger
        with kept_open(self._workspace.database):
            response = answer(request) if is_call(request.path) else self.get_response(request)
        return _sent(response)


def is_call(path: str) -> bool:
    """Tell whether an address is of the API."""
    return path.startswith(api.PREFIX)


def too_long(most: int) -> tuple[int, Headers, bytes]:
    """Return status, headers and body of the answer to a call that is too long to be read."""
    response = problem(CallTooLong(most=most))
    return response.status_code, _headers(response), bytes(response.content)


def _sent(response: HttpResponseBase) -> tuple[int, Headers, Body]:
    return response.status_code, _headers(response), _content(response)


def _headers(response: HttpResponseBase) -> Headers:
    found = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    return found + [(b"set-cookie", cookie.output(header="").strip().encode()) for cookie in response.cookies.values()]


def _content(response: HttpResponseBase) -> Body:
    if isinstance(response, FileResponse):
        return response.file
    if isinstance(response, HttpResponse):
        return bytes(response.content)
    return b"".join(response.streaming_content)
