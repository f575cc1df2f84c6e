"""A call of the API: who may make it, what it answers, what it refuses; carried out once for each idempotency key."""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.security import HttpBearer
from pydantic import ConfigDict, Field

from bothways import __version__
from bothways import errors as e
from bothways.errors import BothwaysError
from bothways.service import once, tokens
from bothways.service.accounts import digest_of
from bothways.service.connect import Schemas
from bothways.service.once import Kept
from bothways.service.rights import Role, require
from bothways.service.workspace import own_of
from bothways.web.api.problems import problem
from bothways.web.api.shapes import told

View = TypeVar("View", bound=Callable[..., Any])

MOST = 500
"""The most rows of a list that one call answers."""

LONGEST_KEY = 255
KEY = "Idempotency-Key"

Limit = Annotated[int, Field(ge=1, le=MOST, description="How many rows at most.")]
Number = Annotated[int, Field(ge=1, le=2**53)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=100_000)]


class Body(Schema):
    """What a call says. A word that is not known is refused: it may be one that is misspelt."""

    model_config = ConfigDict(extra="forbid")


class Strict(Parser):
    """Takes for JSON what is JSON: half a character, or what is no number, can neither be kept nor answered."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body of a call; raise ValueError."""
        return orjson.loads(request.body)


api = NinjaAPI(
    parser=Strict(),
    title="Bothways",
    version=__version__,
    description="Keeps the records of two business apps in step, both ways.",
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
)


@dataclass(frozen=True, slots=True)
class Call:
    """What a call is: its address and method, the role it takes, what it answers and which failures it knows.

    ``page``: the answer is a page of a list of ``answer``. ``secret``: the answer is not kept to be given again.
    """

    method: str
    path: str
    role: Role
    answer: Any
    status: int
    page: bool
    refused: tuple[type[BothwaysError], ...]
    secret: bool


CALLS: dict[str, Call] = {}
"""All calls, by their names."""

_schemas: Schemas = {}


class Bearer(HttpBearer):
    """Lets those in who have a token with a role, and act in the name of its person."""

    def __init__(self, role: Role) -> None:
        super().__init__()
        self._role = role

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Return who calls; raise TokenRefused, NotAllowed."""
        found = tokens.bearer_of(request.base, token)
        request.token = found.token
        request.workspace = own_of(request.base, {}, actor=found.actor, schemas=_schemas)
        require(request.workspace, self._role)
        return found


def get(path: str, answer: Any, **more: Any) -> Callable[[View], View]:
    """Mark a function as a call that looks."""
    return _call("GET", path, answer, **more)


def post(path: str, answer: Any, role: Role, **more: Any) -> Callable[[View], View]:
    """Mark a function as a call that does something."""
    return _call("POST", path, answer, role, **more)


def patch(path: str, answer: Any, role: Role, **more: Any) -> Callable[[View], View]:
    """Mark a function as a call that changes something by its version."""
    return _call("PATCH", path, answer, role, **more)


def delete(path: str, role: Role, **more: Any) -> Callable[[View], View]:
    """Mark a function as a call after which something is gone; it answers nothing."""
    return _call("DELETE", path, None, role, status=204, **more)


def _call(
    method: str,
    path: str,
    answer: Any,
    role: Role = Role.VIEWER,
    *,
    status: int = 200,
    page: bool = False,
    refused: Sequence[type[BothwaysError]] = (),
    secret: bool = False,
) -> Callable[[View], View]:
    def around(view: View) -> View:
        call = Call(method, path, role, answer, status, page, tuple(refused), secret)

        @wraps(view)
        def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            def carry_out() -> HttpResponse:
                try:
                    found = view(request, *args, **kwargs)
                except BothwaysError as error:
                    return problem(error)
                return found if isinstance(found, HttpResponse) else _answer(found, call.status)

            return _once(request, call, carry_out)

        CALLS[view.__name__] = call
        first, _, rest = (view.__doc__ or "").partition("\n")
        words: dict[str, Any] = {"summary": first.rstrip("."), "description": " ".join(rest.split())}
        tag = path.split("/")[0]
        api.api_operation([method], f"/{path}", auth=Bearer(role), operation_id=view.__name__, tags=[tag], **words)(
            inside
        )
        return view

    return around


def listed(request: HttpRequest, items: Sequence[object], after: object = None) -> dict[str, object]:
    """Return a page of a list; ``after``: from where the next one goes on, None if there is none."""
    if after is None:
        return {"items": list(items), "next": None}
    query = urlencode({**{key: value for key, value in request.GET.items() if key != "after"}, "after": str(after)})
    return {"items": list(items), "next": f"{escape_uri_path(request.path)}?{query}"}


def one_more(request: HttpRequest, items: Sequence[Any], limit: int) -> dict[str, object]:
    """Return a page of a list of which one row more than the ``limit`` was asked for, known by its ``id``."""
    return listed(request, items[:limit], items[limit - 1].id if len(items) > limit else None)


def _answer(view: object, status: int) -> HttpResponse:
    if view is None:
        return HttpResponse(status=204)
    return HttpResponse(told(view), content_type="application/json", status=status)


def _once(request: HttpRequest, call: Call, carry_out: Callable[[], HttpResponse]) -> HttpResponse:
    key = request.headers.get(KEY)
    if call.method != "POST" or key is None:
        return carry_out()
    if not 0 < len(key) <= LONGEST_KEY:
        return problem(e.CallRefused(reason=f"{KEY} has 1 to {LONGEST_KEY} characters"))
    digest = digest_of(f"{request.method} {request.get_full_path()}\n{request.body.hex()}")
    try:
        before = once.begin(request.workspace, request.token, key, digest)
    except BothwaysError as error:
        return problem(error)
    if before is not None:
        response = HttpResponse(before.body, content_type=before.kind, status=before.status)
        response["Idempotent-Replayed"] = "true"
        return response
    kept = False
    try:
        response = carry_out()
        kept = response.status_code < 500 and response.status_code != 423
    finally:
        if not kept:
            once.forget(request.token, key)
    body = "" if call.secret and response.status_code < 400 else response.content.decode()
    once.keep(request.token, key, Kept(response.status_code, response["Content-Type"], body))
    return response


# --- what fails outside of a call ---------------------------------------------------------------------


@api.exception_handler(BothwaysError)
def _known(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(error)


@api.exception_handler(AuthenticationError)
def _no_token(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(e.TokenRefused())


@api.exception_handler(ValidationError)
def _not_as_described(request: HttpRequest, error: Any) -> HttpResponse:
    """Say what is wrong and where, and never what was given: that may be a secret."""
    found = [{"place": _place(each["loc"]), "message": str(each["msg"])} for each in error.errors]
    reason = "; ".join(f"{each['place']}: {each['message']}" for each in found)
    return problem(e.CallRefused(reason=reason), found)


def _place(parts: Sequence[object]) -> str:
    """Return a place as the caller knows it: what our code calls the body is left out."""
    known = [str(part) for part in parts]
    return ".".join(known[:1] + known[2:] if known[0] == "body" else known)


@api.exception_handler(HttpError)
def _not_readable(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(e.CallRefused(reason="the body cannot be read as JSON"))


@api.exception_handler(Exception)
def ours(request: HttpRequest, error: Any) -> HttpResponse:
    """Tell of what nobody foresaw, with an id that stands in the log too."""
    incident = f"i_{secrets.token_hex(4)}"
    logging.getLogger("bothways.web").error("a call failed", extra={"incident": incident}, exc_info=error)
    return problem(e.OurFault(reason=f"an unexpected {type(error).__name__}", incident=incident))
