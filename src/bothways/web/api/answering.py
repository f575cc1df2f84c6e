"""Calls of the API behind our ASGI server: without cookies, so that no other site can make a browser call it."""

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve

from bothways.errors import NoSuchAddress
from bothways.web.api.calls import ours
from bothways.web.api.problems import problem

URLS = "bothways.web.api.urls"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Vary": "Authorization"}


def answer(request: HttpRequest) -> HttpResponseBase:
    """Return the answer to a call. Settings that it has changed are known to the next one at once."""
    before = request.base.document
    response = _answer(request)
    acted = getattr(request, "workspace", None)
    if acted is not None and acted.document is not before:
        request.base.document, request.base.stamp = acted.document, acted.stamp
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if settings.SESSION_COOKIE_SECURE:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def _answer(request: HttpRequest) -> HttpResponseBase:
    if request.method == "HEAD":
        request.method = "GET"  # the server leaves the body out
    try:
        found = resolve(request.path_info, URLS)
        response = found.func(request, *found.args, **found.kwargs)
    except Http404:
        return problem(NoSuchAddress())
    except Exception as error:  # noqa: BLE001 - whatever it is becomes words and a code
        return ours(request, error)
    if response.status_code == 405:
        refused = problem(NoSuchAddress())
        refused.status_code, refused["Allow"] = 405, response["Allow"]
        return refused
    return response
