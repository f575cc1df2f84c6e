"""Every address of the API. Who may call what stands at the calls; ``tests/web`` holds the table of it."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from bothways.web.api import PREFIX, apps, drafts, issue_groups, issues, people, records, runs, settings, syncs
from bothways.web.api.calls import api
from bothways.web.api.description import openapi

MODULES = (apps, drafts, issue_groups, issues, people, records, runs, settings, syncs)
"""Where the calls are: to import them is to know them."""


def described(request: HttpRequest) -> HttpResponse:
    """Answer the description of the API, to everybody: it tells nothing of this workspace."""
    if request.method != "GET":
        return HttpResponse(status=405, headers={"Allow": "GET"})
    return HttpResponse(openapi(), content_type="application/json")


urlpatterns = [path(f"{PREFIX[1:]}openapi.json", described), path(PREFIX[1:], api.urls)]
