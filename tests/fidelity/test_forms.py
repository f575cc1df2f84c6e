"""The table of forms is whole, and lets nothing through that has not its form."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from bothways.sandbox.hubspot.exchanges import asked
from bothways.sandbox.hubspot.web import Request
from tests.fidelity.checking import AGENT, Checker
from tests.fidelity.forms import FORMS

OBJECTS, ASSOCIATIONS = "/crm/objects/2026-09/contacts", "/crm/associations/2026-09/contacts/companies"
WEBHOOKS = "/webhooks/v3/4711"
JOURNAL, JOURNAL_SUBSCRIPTIONS = "/webhooks-journal/journal-local/2026-09", "/webhooks-journal/subscriptions/2026-09"
PORTAL = {"installPortalId": "7"}
TOKEN = {"authorization": "Bearer pat-secret", "user-agent": AGENT}
NO_TOKEN = {"user-agent": AGENT}
AS_FORM = {**NO_TOKEN, "content-type": "application/x-www-form-urlencoded"}
TYPES = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
KEY = {"hapikey": "secret"}


class Sent:
    """One request, to be broken: ``body`` is JSON to be, or a form where the headers say so."""

    def __init__(
        self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None, headers: Any = TOKEN
    ) -> None:
        self.method, self.path, self.body = method, path, body
        self.query, self.headers = dict(query or {}), dict(headers)
        if body is not None:
            self.headers.setdefault("content-type", "application/json")

    def problems(self) -> list[str]:
        """Return what the table says of it."""
        target = f"{self.path}?{urlencode(self.query)}" if self.query else self.path
        text = "" if self.body is None else json.dumps(self.body)
        if self.headers.get("content-type", "").endswith("urlencoded"):
            text = urlencode(self.body)
        return Checker().problems_sent(asked(Request(self.method, target, self.headers, text.encode())))


def inputs(count: int = 1, **more: Any) -> dict[str, Any]:
    return {"inputs": [{"id": str(n + 1), "properties": {"city": "Bonn"}, **more} for n in range(count)]}


def search(groups: int = 1, filters: int = 1, value: Any = "1700000000000") -> dict[str, Any]:
    one = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": value}
    return {
        "filterGroups": [{"filters": [one] * filters}] * groups,
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": ["lastmodifieddate"],
        "limit": 200,
    }


def link(id: Any = "1", types: Any = TYPES) -> dict[str, Any]:
    return {"from": {"id": id}, "to": {"id": "2"}, "types": types}


def code(**more: str) -> dict[str, str]:
    known = {"client_id": "ours", "client_secret": "secret", "redirect_uri": "https://here.example"}
    return {"grant_type": "authorization_code", "code": "c", "code_verifier": "v", **known, **more}


GOOD: Mapping[str, Callable[[], Sent]] = {
    "List records": lambda: Sent("GET", OBJECTS, query={"limit": "100", "archived": "false", "properties": "a,b"}),
    "Read one record": lambda: Sent("GET", f"{OBJECTS}/5", query={"archived": "true"}),
    "Search records": lambda: Sent("POST", f"{OBJECTS}/search", search(3, 6)),
    "Read a batch of records": lambda: Sent(
        "POST", f"{OBJECTS}/batch/read", {"properties": ["a"], "inputs": [{"id": "5"}]}, {"archived": "true"}
    ),
    "Create a batch of records": lambda: Sent(
        "POST",
        f"{OBJECTS}/batch/create",
        {
            "inputs": [
                {
                    "properties": {"city": ""},
                    "objectWriteTraceId": "k",
                    "associations": [{"to": {"id": "2"}, "types": TYPES}],
                }
            ]
        },
    ),
    "Update a batch of records": lambda: Sent("POST", f"{OBJECTS}/batch/update", inputs(100)),
    "Archive a batch of records": lambda: Sent("POST", f"{OBJECTS}/batch/archive", {"inputs": [{"id": "5"}]}),
    "List properties": lambda: Sent("GET", "/crm/properties/2026-03/0-1"),
    "Read associations of many records": lambda: Sent(
        "POST", f"{ASSOCIATIONS}/batch/read", {"inputs": [{"id": "1"}, {"id": "2", "after": "7"}]}
    ),
    "Associate records": lambda: Sent("POST", f"{ASSOCIATIONS}/batch/create", {"inputs": [link()]}),
    "Take associations away": lambda: Sent(
        "POST", f"{ASSOCIATIONS}/batch/archive", {"inputs": [{"from": {"id": "1"}, "to": [{"id": "2"}]}]}
    ),
    "Take labels away": lambda: Sent("POST", f"{ASSOCIATIONS}/batch/labels/archive", {"inputs": [link()]}),
    "List labels": lambda: Sent("GET", "/crm/v4/associations/contacts/companies/labels"),
    "Read associations of one record": lambda: Sent(
        "GET", f"{OBJECTS}/5/associations/companies", query={"limit": "500"}
    ),
    "Search lists": lambda: Sent("POST", "/crm/v3/lists/search", {"objectTypeId": "0-1", "offset": 0, "count": 500}),
    "Read who is in a list": lambda: Sent("GET", "/crm/lists/2026-09/7/memberships", query={"limit": "250"}),
    "Read the account's details": lambda: Sent("GET", "/account-info/v3/details"),
    "Get tokens": lambda: Sent("POST", "/oauth/2026-09/token", code(), headers=AS_FORM),
    "Ask what a token is good for": lambda: Sent(
        "POST",
        "/oauth/2026-09/token/introspect",
        {"token": "t", "client_id": "ours", "client_secret": "secret"},
        headers=AS_FORM,
    ),
    "Give tokens back": lambda: Sent(
        "POST",
        "/oauth/v3/token/revoke",
        {"token": "t", "token_type_hint": "refresh_token", "client_id": "ours", "client_secret": "secret"},
        headers=AS_FORM,
    ),
    "Read where webhooks go": lambda: Sent("GET", f"{WEBHOOKS}/settings", query=KEY, headers=NO_TOKEN),
    "Set where webhooks go": lambda: Sent(
        "PUT",
        f"{WEBHOOKS}/settings",
        {"targetUrl": "https://here.example", "throttling": {"maxConcurrentRequests": 10, "period": "SECONDLY"}},
        KEY,
        NO_TOKEN,
    ),
    "List subscriptions": lambda: Sent("GET", f"{WEBHOOKS}/subscriptions", query=KEY, headers=NO_TOKEN),
    "Subscribe": lambda: Sent(
        "POST",
        f"{WEBHOOKS}/subscriptions",
        {"eventType": "contact.propertyChange", "propertyName": "city", "active": True},
        KEY,
        NO_TOKEN,
    ),
    "Activate a subscription": lambda: Sent("PATCH", f"{WEBHOOKS}/subscriptions/7", {"active": True}, KEY, NO_TOKEN),
    "Unsubscribe": lambda: Sent("DELETE", f"{WEBHOOKS}/subscriptions/7", query=KEY, headers=NO_TOKEN),
    "Create or update a batch of records": lambda: Sent(
        "POST", f"{OBJECTS}/batch/upsert", {"inputs": [{"id": "k", "idProperty": "own_key", "properties": {}}]}
    ),
    "Merge two records": lambda: Sent("POST", f"{OBJECTS}/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"}),
    "Create a property": lambda: Sent(
        "POST",
        "/crm/properties/2026-09/contacts",
        {"name": "own_key", "label": "Key", "groupName": "g", "type": "string", "fieldType": "text"},
    ),
    "List owners": lambda: Sent("GET", "/crm/owners/2026-09", query={"limit": "500", "archived": "false"}),
    "Read one owner": lambda: Sent("GET", "/crm/owners/2026-09/7", query={"archived": "true"}),
    "List pipelines": lambda: Sent("GET", "/crm/pipelines/2026-09/deals"),
    "List an account's own kinds of record": lambda: Sent("GET", "/crm-object-schemas/2026-09/schemas"),
    "List rules of properties": lambda: Sent("GET", "/crm/property-validations/2026-09/0-1"),
    "Read how many records there can be": lambda: Sent("GET", "/crm/limits/2026-09/records"),
    "Read how many properties there can be": lambda: Sent("GET", "/crm/v3/limits/custom-properties"),
    "Read the earliest entry of the journal": lambda: Sent("GET", f"{JOURNAL}/earliest", query=PORTAL),
    "Read the latest entry of the journal": lambda: Sent("GET", f"{JOURNAL}/latest", query=PORTAL),
    "Read the next entry of the journal": lambda: Sent("GET", f"{JOURNAL}/offset/o-1/next", query=PORTAL),
    "List subscriptions of the journal": lambda: Sent("GET", JOURNAL_SUBSCRIPTIONS),
    "Subscribe to the journal": lambda: Sent(
        "POST",
        JOURNAL_SUBSCRIPTIONS,
        {
            "subscriptionType": "OBJECT",
            "portalId": 7,
            "objectTypeId": "0-1",
            "actions": ["CREATE"],
            "properties": ["a"],
        },
    ),
    "Unsubscribe from the journal": lambda: Sent("DELETE", f"{JOURNAL_SUBSCRIPTIONS}/7"),
    "Fetch the file of an entry": lambda: Sent("GET", "/journal-files/o-1", query={"signature": "s"}, headers=NO_TOKEN),
}
"""A request of each kind that we make, as it should be; the first id of a record is 1."""


@pytest.mark.parametrize("title", GOOD)
def test_right_form_is_accepted_and_any_part_too_many_or_missing_is_not(title: str):
    assert GOOD[title]().problems() == []
    form = next(each for each in FORMS if each.title == title)
    more = GOOD[title]()
    more.query["surplus"] = "1"
    assert ("surplus" in str(more.problems())) is not form.any_query
    for name in form.needed:
        less = GOOD[title]()
        del less.query[name]
        assert name in str(less.problems())
    bare = GOOD[title]()
    bare.headers = {**NO_TOKEN, "content-type": bare.headers.get("content-type", "text/plain")}
    assert bool(bare.problems()) is ("authorization" in GOOD[title]().headers or form.body is None)
    if form.body is None:
        full = GOOD[title]()
        full.body = {}
        assert full.problems()
        return
    unnamed, empty, surplus = GOOD[title](), GOOD[title](), GOOD[title]()
    unnamed.headers["content-type"] = "text/plain"
    assert unnamed.problems()
    surplus.body = {**surplus.body, "surplus": "1"}
    assert "surplus" in str(surplus.problems())
    empty.body = {}
    assert bool(empty.problems()) is (title != "Search records"), "a search may ask for all there is"


def test_no_kind_of_request_is_left_out():
    assert set(GOOD) == {each.title for each in FORMS if not each.unsent}


BROKEN: list[tuple[str, Sent]] = [
    ("more than 100", Sent("POST", f"{OBJECTS}/batch/update", inputs(101))),
    ("less than 1", Sent("POST", f"{OBJECTS}/batch/archive", {"inputs": []})),
    ("associations", Sent("POST", f"{OBJECTS}/batch/read", {"inputs": [{"id": "5"}], "associations": ["companies"]})),
    ('not of type "string"', Sent("POST", f"{OBJECTS}/batch/update", inputs(properties={"size": 7}))),
    ('not of type "string"', Sent("POST", f"{OBJECTS}/batch/update", inputs(properties={"size": None}))),
    ('not of type "string"', Sent("POST", f"{OBJECTS}/batch/update", inputs(properties={"tags": ["a"]}))),
    ("does not match", Sent("POST", f"{OBJECTS}/batch/update", {"inputs": [{"id": "a@b.c", "properties": {}}]})),
    ("an id twice", Sent("POST", f"{OBJECTS}/batch/archive", {"inputs": [{"id": "5"}, {"id": "5"}]})),
    ("no number", Sent("POST", f"{OBJECTS}/batch/read", {"inputs": [{"id": "a@b.c"}], "properties": []})),
    (
        "with histories",
        Sent(
            "POST",
            f"{OBJECTS}/batch/read",
            {"inputs": [{"id": str(n)} for n in range(51)], "propertiesWithHistory": ["city"]},
        ),
    ),
    (
        "trace ids for some",
        Sent(
            "POST",
            f"{OBJECTS}/batch/create",
            {"inputs": [{"properties": {}, "objectWriteTraceId": "k"}, {"properties": {}}]},
        ),
    ),
    (
        "trace ids for some",
        Sent("POST", f"{OBJECTS}/batch/create", {"inputs": [{"properties": {}, "objectWriteTraceId": "k"}] * 2}),
    ),
    ("more than 1 item", Sent("POST", f"{OBJECTS}/search", {**search(), "sorts": search()["sorts"] * 2})),
    ("more than 5", Sent("POST", f"{OBJECTS}/search", search(6))),
    ("more than 6", Sent("POST", f"{OBJECTS}/search", search(1, 7))),
    ("20 filters", Sent("POST", f"{OBJECTS}/search", search(4, 5))),
    ("200", Sent("POST", f"{OBJECTS}/search", {**search(), "limit": 201})),
    ("does not match", Sent("POST", f"{OBJECTS}/search", search(value="2026-01-01"))),
    ('not of type "string"', Sent("POST", f"{OBJECTS}/search", search(value=1_700_000_000_000))),
    ("at most 3000", Sent("POST", f"{OBJECTS}/search", {**search(), "properties": ["a" * 20] * 150})),
    ("limit", Sent("GET", OBJECTS, query={"limit": "101"})),
    ("limit", Sent("GET", OBJECTS, query={"limit": "0"})),
    ("properties", Sent("GET", OBJECTS, query={"properties": ""})),
    ("archived", Sent("GET", OBJECTS, query={"archived": "False"})),
    ("does not match", Sent("GET", f"{OBJECTS}/a%40b.c")),
    (
        "more than 1000",
        Sent("POST", f"{ASSOCIATIONS}/batch/read", {"inputs": [{"id": str(n + 1)} for n in range(1001)]}),
    ),
    ("more than 2000", Sent("POST", f"{ASSOCIATIONS}/batch/create", {"inputs": [link()] * 2001})),
    ("more than 100", Sent("POST", f"{ASSOCIATIONS}/batch/labels/archive", {"inputs": [link()] * 101})),
    ('not of type "string"', Sent("POST", f"{ASSOCIATIONS}/batch/create", {"inputs": [link(1)]})),
    ("less than 1", Sent("POST", f"{ASSOCIATIONS}/batch/create", {"inputs": [link(types=[])]})),
    (
        "associationTypeId",
        Sent("POST", f"{ASSOCIATIONS}/batch/create", {"inputs": [link(types=[{"associationCategory": "X"}])]}),
    ),
    ("500", Sent("POST", "/crm/lists/2026-09/search", {"offset": 0, "count": 501})),
    ("limit", Sent("GET", "/crm/lists/2026-09/7/memberships", query={"limit": "251"})),
    ("under any", Sent("POST", "/oauth/2026-09/token", code(grant_type="password"), headers=AS_FORM)),
    ("under any", Sent("POST", "/oauth/2026-09/token", code(scope="all"), headers=AS_FORM)),
    ("authorization", Sent("POST", "/oauth/2026-09/token", code(), headers=AS_FORM | TOKEN)),
    ("propertyName", Sent("POST", f"{WEBHOOKS}/subscriptions", {"eventType": "deal.propertyChange"}, KEY, NO_TOKEN)),
    ("not", Sent("POST", f"{WEBHOOKS}/subscriptions", {"eventType": "deal.merge", "propertyName": "a"}, KEY, NO_TOKEN)),
    ("never make this call", Sent("PATCH", f"{OBJECTS}/5", {"properties": {}})),
    ("no such call", Sent("GET", "/crm/objects/2026-09")),
    ("no such call", Sent("GET", "/crm/v4/objects/contacts")),
    ("no such call", Sent("PUT", OBJECTS, {})),
    ("version", Sent("GET", "/crm/objects/2027-03-beta/contacts")),
]


@pytest.mark.parametrize(("said", "broken"), BROKEN)
def test_wrong_form_is_refused(said: str, broken: Sent):
    assert said in str(broken.problems())


def test_parameter_twice_and_what_is_no_json_are_refused():
    twice = asked(Request("GET", f"{OBJECTS}?limit=1&limit=2", TOKEN, b""))
    assert "a parameter twice" in str(Checker().problems_sent(twice))
    headers = {**TOKEN, "content-type": "application/json"}
    assert "no JSON" in str(Checker().problems_sent(asked(Request("POST", f"{OBJECTS}/search", headers, b"{"))))


def test_titles_are_their_own_and_sources_marked():
    titles = [each.title for each in FORMS]
    assert len(set(titles)) == len(titles)
    for each in FORMS:
        assert any(mark in each.source for mark in ("[S]", "[D]", "[K]")), each.title


# --- answers ------------------------------------------------------------------------------------------

TIME = "2026-01-02T03:04:05.678Z"
RECORD = {"id": "5", "properties": {"city": None}, "createdAt": TIME, "updatedAt": TIME, "archived": False}
REFUSED = {
    "status": "error",
    "message": "no",
    "category": "VALIDATION_ERROR",
    "correlationId": "aeb5f871-7f07-4993-9211-075dc63e7cbf",
}
RATES = {f"X-HubSpot-RateLimit-{name}": "100" for name in ("Max", "Remaining", "Interval-Milliseconds")}


def answered(status: int, answer: Any, path: str = OBJECTS, method: str = "GET", **more: Any) -> list[str]:
    """Return what the table says of an answer to somebody else."""
    request = asked(Request(method, path, {}, b""))
    headers = {} if answer is None else {"Content-Type": "application/json;charset=utf-8"}
    headers |= more.pop("headers", {})
    whole = {"ordered": [], "oauth": False, "status": status, "answer_headers": headers, "answer": answer}
    return Checker().problems({**request, **whole, **more})


GOOD_ANSWERS: list[tuple[int, Any, dict[str, Any]]] = [
    (200, {"results": [RECORD]}, {"headers": RATES}),
    (200, {"results": [], "paging": {"next": {"after": "7", "link": "http://x/?limit=1&after=7"}}}, {}),
    (200, {"results": [{**RECORD, "archived": True, "archivedAt": TIME}]}, {}),
    (200, {"total": 1, "results": [RECORD]}, {"path": f"{OBJECTS}/search", "method": "POST"}),
    (204, None, {"path": f"{OBJECTS}/batch/archive", "method": "POST"}),
    (400, REFUSED, {}),
    (429, {**REFUSED, "category": "RATE_LIMITS", "errorType": "RATE_LIMIT", "policyName": "DAILY"}, {}),
    (404, REFUSED, {"path": "/nowhere"}),
    (503, REFUSED, {"ordered": ["503"]}),
    (0, None, {"ordered": ["timeout-before"]}),
    (200, None, {"ordered": ["garbage"], "headers": {"Content-Type": "text/html"}}),
]


@pytest.mark.parametrize(("status", "answer", "more"), GOOD_ANSWERS)
def test_right_answer_is_accepted(status: int, answer: Any, more: dict[str, Any]):
    assert answered(status, answer, **more) == []


BAD_ANSWERS: list[tuple[str, int, Any, dict[str, Any]]] = [
    ('not of type "string"', 200, {"results": [{**RECORD, "id": 5}]}, {}),
    ("does not match", 200, {"results": [{**RECORD, "createdAt": "2026-01-02T03:04:05Z"}]}, {}),
    ("does not match", 200, {"results": [{**RECORD, "properties": {"hs_lastmodifieddate": "2026"}}]}, {}),
    ("types", 200, {"results": [{**RECORD, "properties": {"size": 7}}]}, {}),
    ("archivedAt", 200, {"results": [{**RECORD, "archived": True}]}, {}),
    ("not", 200, {"results": [{**RECORD, "archivedAt": TIME}]}, {}),
    ("surplus", 200, {"results": [{**RECORD, "surplus": 1}]}, {}),
    ("updatedAt", 200, {"results": [{name: RECORD[name] for name in RECORD if name != "updatedAt"}]}, {}),
    ("after", 200, {"results": [], "paging": {"next": {}}}, {}),
    ("results", 200, {}, {}),
    ("total", 200, {"results": []}, {"path": f"{OBJECTS}/search", "method": "POST"}),
    ("numErrors", 207, {"results": [], "errors": [REFUSED]}, {"path": f"{OBJECTS}/batch/read", "method": "POST"}),
    ("a body", 204, {}, {"path": f"{OBJECTS}/batch/archive", "method": "POST"}),
    ("correlationId", 400, {"status": "error", "message": "no", "category": "C"}, {}),
    ("uuid", 400, {**REFUSED, "correlationId": "7"}, {}),
    ("errorType", 429, REFUSED, {}),
    ("not documented", 201, {"results": []}, {}),
    ("not documented", 200, {"results": []}, {"path": "/nowhere"}),
    ("nobody ordered", 500, None, {}),
    ("nobody ordered", 409, REFUSED, {}),
    ("nobody ordered", 0, None, {}),
    ("type", 200, {"results": []}, {"headers": {"Content-Type": "text/html"}}),
    ("in full", 200, {"results": []}, {"headers": {"X-HubSpot-RateLimit-Max": "100"}}),
    ("no number", 200, {"results": []}, {"headers": {**RATES, "X-HubSpot-RateLimit-Max": "many"}}),
    ("OAuth", 200, {"results": []}, {"headers": {**RATES, "X-HubSpot-RateLimit-Daily": "1"}, "oauth": True}),
    (
        "not tell them",
        200,
        {"total": 0, "results": []},
        {"path": f"{OBJECTS}/search", "method": "POST", "headers": RATES},
    ),
]


@pytest.mark.parametrize(("said", "status", "answer", "more"), BAD_ANSWERS)
def test_wrong_answer_is_told(said: str, status: int, answer: Any, more: dict[str, Any]):
    assert said in str(answered(status, answer, **more))


def test_choices_are_never_added():
    """A text may begin with ";", several choices may not: which is which is told by the properties."""
    kinds = [{"name": "tags", "fieldType": "checkbox"}, {"name": "motto", "fieldType": "text"}]
    checker = Checker()
    listed = asked(Request("GET", "/crm/properties/2026-09/contacts", {**TOKEN, "host": "h"}, b""))
    told = {"status": 200, "ordered": [], "oauth": False, "answer_headers": {}, "answer": {"results": kinds}}
    checker.problems({**listed, **told})
    body = json.dumps(inputs(properties={"tags": ";a", "motto": ";b"})).encode()
    headers = {**TOKEN, "host": "h", "content-type": "application/json"}
    (problem,) = checker.problems_sent(asked(Request("POST", f"{OBJECTS}/batch/update", headers, body)))
    assert '"tags" begins' in problem
