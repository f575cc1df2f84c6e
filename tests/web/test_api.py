"""The API: who may call what, how failures are told, paging, idempotency, tokens; and each call once as it is meant."""

import asyncio
import json
import re
import shlex
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

import bothways.web  # noqa: F401 - prepares Django
from bothways import errors
from bothways.engine.deletes import DAY
from bothways.errors import catalogue
from bothways.ledger.models import Answered, Request, Revision
from bothways.service import accounts, syncs, tokens
from bothways.service.database import used
from bothways.service.rights import Role
from bothways.web.api import calls
from bothways.web.api.calls import CALLS
from bothways.web.api.problems import status_of, title_of
from bothways.web.api.urls import MODULES
from bothways.web.dispatcher import LARGEST, Dispatcher
from tests.lands import ANNAS, BERTS, SETTINGS
from tests.memory_app import PEOPLE
from tests.office import Office, office_on, plug_in
from tests.web.browser import PASSWORD, Browser
from tests.web.caller import BASE, Caller, caller, token_of

assert MODULES

TABLE: dict[tuple[str, str], Role] = {
    ("GET", "status"): Role.VIEWER,
    ("GET", "syncs"): Role.VIEWER,
    ("GET", "syncs/{name}"): Role.VIEWER,
    ("GET", "syncs/{name}/hours"): Role.VIEWER,
    ("GET", "syncs/{name}/yaml"): Role.VIEWER,
    ("POST", "syncs/{name}/yaml"): Role.EDITOR,
    ("POST", "syncs/{name}/yaml/compare"): Role.EDITOR,
    ("POST", "import"): Role.EDITOR,
    ("POST", "syncs/{name}/on"): Role.EDITOR,
    ("POST", "syncs/{name}/off"): Role.EDITOR,
    ("POST", "syncs/{name}/run"): Role.OPERATOR,
    ("POST", "syncs/{name}/pause"): Role.OPERATOR,
    ("POST", "syncs/{name}/stop"): Role.OPERATOR,
    ("POST", "syncs/{name}/resume"): Role.OPERATOR,
    ("GET", "syncs/{name}/partners"): Role.VIEWER,
    ("POST", "syncs/{name}/link"): Role.OPERATOR,
    ("POST", "syncs/{name}/unlink"): Role.OPERATOR,
    ("GET", "syncs/{name}/put-back"): Role.OPERATOR,
    ("GET", "syncs/{name}/winner"): Role.EDITOR,
    ("POST", "syncs/{name}/winner"): Role.EDITOR,
    ("GET", "syncs/{name}/records"): Role.VIEWER,
    ("GET", "syncs/{name}/records/{path:record}"): Role.VIEWER,
    ("POST", "pause"): Role.EDITOR,
    ("POST", "resume"): Role.EDITOR,
    ("GET", "apps"): Role.VIEWER,
    ("GET", "apps/{name}"): Role.VIEWER,
    ("GET", "apps/{name}/hours"): Role.VIEWER,
    ("POST", "apps/{name}/check"): Role.OPERATOR,
    ("GET", "apps/{name}/own-field"): Role.EDITOR,
    ("POST", "apps/{name}/own-field"): Role.EDITOR,
    ("GET", "connectors"): Role.VIEWER,
    ("GET", "issues"): Role.VIEWER,
    ("GET", "issues/{issue}"): Role.VIEWER,
    ("POST", "issues/{issue}/link"): Role.OPERATOR,
    ("POST", "issues/{issue}/create"): Role.OPERATOR,
    ("POST", "issues/{issue}/leave-out"): Role.OPERATOR,
    ("POST", "issues/{issue}/apart"): Role.OPERATOR,
    ("POST", "issues/{issue}/choose"): Role.OPERATOR,
    ("POST", "issues/{issue}/withdraw"): Role.OPERATOR,
    ("GET", "issues/{issue}/rule"): Role.VIEWER,
    ("POST", "issues/{issue}/rule"): Role.EDITOR,
    ("GET", "issues/counts"): Role.VIEWER,
    ("GET", "issues/groups"): Role.VIEWER,
    ("GET", "issues/failing"): Role.VIEWER,
    ("GET", "issues/solved"): Role.VIEWER,
    ("GET", "issues/groups/{group}"): Role.VIEWER,
    ("GET", "issues/groups/{group}/issues"): Role.VIEWER,
    ("POST", "issues/groups/{group}/retry"): Role.OPERATOR,
    ("POST", "issues/groups/{group}/ignore"): Role.OPERATOR,
    ("POST", "issues/groups/{group}/take-back"): Role.OPERATOR,
    ("POST", "issues/groups/{group}/pair"): Role.EDITOR,
    ("GET", "runs"): Role.VIEWER,
    ("GET", "changes"): Role.VIEWER,
    ("GET", "runs/{run}/undo"): Role.EDITOR,
    ("POST", "runs/{run}/undo"): Role.OPERATOR,
    ("GET", "requests"): Role.VIEWER,
    ("GET", "requests/{id}"): Role.VIEWER,
    ("GET", "people"): Role.ADMIN,
    ("GET", "deeds"): Role.ADMIN,
    ("POST", "people/invite"): Role.ADMIN,
    ("GET", "people/links"): Role.ADMIN,
    ("POST", "people/links/{name}/revoke"): Role.ADMIN,
    ("POST", "people/{name}/role"): Role.ADMIN,
    ("POST", "people/{name}/off"): Role.ADMIN,
    ("POST", "people/{name}/reset"): Role.ADMIN,
    ("GET", "drafts"): Role.VIEWER,
    ("POST", "drafts"): Role.EDITOR,
    ("POST", "syncs/{name}/draft"): Role.EDITOR,
    ("GET", "drafts/{id}"): Role.VIEWER,
    ("PATCH", "drafts/{id}"): Role.EDITOR,
    ("POST", "drafts/{id}/rename"): Role.EDITOR,
    ("POST", "drafts/{id}/take-up"): Role.EDITOR,
    ("GET", "drafts/{id}/problems"): Role.VIEWER,
    ("GET", "drafts/{id}/differences"): Role.VIEWER,
    ("GET", "drafts/{id}/records"): Role.VIEWER,
    ("POST", "drafts/{id}/preview"): Role.OPERATOR,
    ("POST", "drafts/{id}/save"): Role.EDITOR,
    ("DELETE", "drafts/{id}"): Role.EDITOR,
    ("GET", "workspace"): Role.VIEWER,
    ("GET", "history"): Role.VIEWER,
    ("POST", "history"): Role.ADMIN,
    ("GET", "limits"): Role.VIEWER,
    ("POST", "doctor"): Role.OPERATOR,
    ("GET", "alerts/channels"): Role.ADMIN,
    ("POST", "alerts/mail"): Role.ADMIN,
    ("POST", "alerts/webhook"): Role.ADMIN,
    ("POST", "alerts/{name}/remove"): Role.ADMIN,
    ("POST", "alerts/test"): Role.ADMIN,
    ("GET", "tokens"): Role.ADMIN,
    ("POST", "tokens/{name}/revoke"): Role.ADMIN,
}
"""The one table of who may call what."""

SOMETHING = {
    "name": "people",
    "record": "nobody",
    "issue": "h_999",
    "run": "r_999",
    "id": "999",
    "group": "g_9_000000000000",
}
BODIES: dict[str, object] = {
    "import": {"text": "version: 1"},
    "syncs/{name}/yaml": {"text": "version: 1"},
    "syncs/{name}/yaml/compare": {"text": "version: 1"},
    "runs/{run}/undo": {"record": "x"},
    "issues/{issue}/link": {"record": "x"},
    "syncs/{name}/link": {"left": "x", "right": "y"},
    "syncs/{name}/unlink": {"left": "x", "right": "y"},
    "syncs/{name}/winner": {"field": "x", "app": "y"},
    "issues/{issue}/apart": {"records": ["x"]},
    "issues/{issue}/choose": {"value": "x"},
    "issues/{issue}/rule": {"app": "Anna"},
    "issues/groups/{group}/pair": {"revision": 1, "choices": {"x": "y"}},
    "people/{name}/role": {"role": "viewer"},
    "drafts": {"name": "new", "apps": ["Anna", "Bert"], "objects": ["people", "people"]},
    "drafts/{id}": {"version": 1, "parts": {}},
    "drafts/{id}/rename": {"version": 1, "name": "other"},
    "drafts/{id}/take-up": {"version": 1},
    "drafts/{id}/preview": {"version": 1},
    "drafts/{id}/save": {"version": 1},
    "history": {"days": 400},
    "alerts/mail": {"to": ["a@x.test"], "sender": "b@x.test", "host": "nowhere.test"},
    "alerts/webhook": {"url": "https://nowhere.test/hook"},
}


def address_of(path: str) -> str:
    """Return an address with something in the places that it leaves open."""
    return re.sub(r"{(?:path:)?([a-z]+)}", lambda found: SOMETHING[found[1]], path)


def body_of(method: str, path: str) -> bytes | None:
    """Return what a call takes."""
    return json.dumps(BODIES[path]).encode() if method != "GET" and path in BODIES else None


def strings(data: Any) -> Iterator[str]:
    """Yield all texts in what JSON holds."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        yield from (text for each in data.items() for part in each for text in strings(part))
    elif isinstance(data, list):
        yield from (text for each in data for text in strings(each))


# --- who may call what --------------------------------------------------------------------------------


def test_table_has_every_call_and_the_calls_say_the_same() -> None:
    assert {(call.method, call.path): call.role for call in CALLS.values()} == TABLE


@pytest.mark.parametrize("who", [None, *Role])
def test_every_call_is_refused_to_who_lacks_its_role_and_to_nobody_else(office: Office, who: Role | None) -> None:
    workspace = office.open()
    token_of(workspace, "Ana Ruiz")
    here = caller(workspace, who, "Somebody") if who else Caller(workspace)
    for (method, path), needed in TABLE.items():
        answer = here.call(method, address_of(path), body_of(method, path))
        where = f"{method} {path}: {answer.text}"
        if who is None:
            assert (answer.status, answer.code, answer.headers["www-authenticate"]) == (401, "BW-525", "Bearer"), where
        elif not who.includes(needed):
            assert (answer.status, answer.code) == (403, "BW-501"), where
        else:
            assert answer.status not in (401, 403, 405), where
            assert answer.status < 500, where


def test_role_is_asked_before_the_body_is_read(office: Office) -> None:
    here = caller(office.open(), Role.VIEWER)
    assert here.call("POST", "drafts", b"no json").status == 403


def test_cookies_of_a_browser_that_is_signed_in_are_good_for_nothing(office: Office) -> None:
    browser = Browser(office.open())
    browser.sign_up("Ana Ruiz")
    here = Caller(browser.workspace)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    assert here.get("status", cookie=cookie).status == 401
    assert here.post("syncs/people/off", cookie=cookie).status == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer a b", "bearer \xff"])
def test_header_that_names_no_token_is_refused(office: Office, header: str) -> None:
    assert Caller(office.open()).get("status", authorization=header).status == 401


def test_token_that_was_revoked_has_ended_or_whose_person_is_switched_off_lets_nobody_in(office: Office) -> None:
    workspace = office.open()
    token_of(workspace, "Ana Ruiz")
    view, word = token_of(workspace, "Eve", Role.EDITOR)
    _, timed = tokens.make_token(workspace, "timed", Role.VIEWER, days=1, person="Eve")
    _, other = tokens.make_token(workspace, "other", Role.VIEWER, person="Eve")
    assert [Caller(workspace, each).get("status").status for each in (word, timed, other)] == [200] * 3
    tokens.revoke_token(workspace, view.id)
    assert Caller(workspace, word).get("status").status == 401
    office.clock.advance(DAY)
    assert Caller(workspace, timed).get("status").status == 401
    accounts.switch_off(workspace, "Eve")
    assert Caller(workspace, other).get("status").status == 401


def test_token_of_somebody_who_got_a_lower_role_may_less_at_once(office: Office) -> None:
    workspace = office.open()
    token_of(workspace, "Ana Ruiz")
    here = caller(workspace, Role.EDITOR, "Eve")
    assert here.post("pause").status == 200
    accounts.set_role(workspace, "Eve", Role.VIEWER)
    assert here.post("resume").status == 403
    assert here.get("status").json["paused_at"] is not None


# --- failures -----------------------------------------------------------------------------------------


def test_every_failure_of_the_catalogue_has_a_status_and_words() -> None:
    for kind in catalogue():
        assert 400 <= status_of(kind) < 600, kind
        assert title_of(kind)[0].isupper()
    for kind, status in {
        errors.TokenRefused: 401,
        errors.NotAllowed: 403,
        errors.UnknownSync: 404,
        errors.DraftChanged: 409,
        errors.StoppedByBrake: 409,
        errors.UnknownKey: 422,
        errors.DatabaseLocked: 423,
        errors.OurFault: 500,
        errors.AppUnreachable: 502,
        errors.DiskFull: 503,
        errors.RateLimited: 503,
    }.items():
        assert status_of(kind) == status, kind


def test_failure_says_what_happened_what_happens_by_itself_and_what_to_do(office: Office) -> None:
    answer = caller(office.open()).get("syncs/peple")
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json == {
        "type": "urn:bothways:BW-107",
        "title": "Unknown sync",
        "status": 404,
        "detail": 'There is no sync "peple".',
        "code": "BW-107",
        "by_itself": "Nothing was written.",
        "to_do": answer.json["to_do"],
        "retriable": False,
    }
    assert "people" in answer.json["to_do"]


@pytest.mark.parametrize(
    ("method", "address", "status", "code", "allowed"),
    [
        ("GET", "nothing", 404, "BW-536", None),
        ("GET", "syncs/", 404, "BW-536", None),
        ("POST", "status", 405, "BW-536", "GET"),
        ("PUT", "drafts/1", 405, "BW-536", "DELETE, GET, PATCH"),
        ("POST", "openapi.json", 405, "BW-536", "GET"),
    ],
)
def test_address_or_method_that_there_is_not(
    office: Office, method: str, address: str, status: int, code: str, allowed: str | None
) -> None:
    answer = caller(office.open()).call(method, address)
    assert (answer.status, answer.code) == (status, code)
    if allowed is not None:
        assert sorted(answer.headers["allow"].split(", ")) == allowed.split(", ")


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"name": 1}', b'{"approved": true, "aproved": true}', b"\xff"])
def test_body_that_is_not_as_described_is_refused_and_says_where(office: Office, body: bytes) -> None:
    here = caller(office.open())
    answer = here.call("POST", "syncs/people/run", body)
    assert (answer.status, answer.code) == (422, "BW-535")
    with used(here.workspace.database):
        assert not Request.objects.exists()


@pytest.mark.parametrize(
    "parts",
    [
        '{"fields":["\\ud800"]}',
        '{"guards":{"first_run":NaN}}',
        '{"objects":"people"}',
        '{"objects":{"Anna":"people"}}',
        '{"objects":null}',
        '{"fields":"email"}',
        '{"fields":[{"Anna":5,"Bert":"email"}]}',
        '{"send":{"Anna":{"filter":["email"]}}}',
        '{"schedule":true}',
        '{"id":2}',
        '{"workspace":{}}',
    ],
)
def test_change_after_which_a_draft_could_not_be_shown_is_refused(office: Office, parts: str) -> None:
    here = caller(office.open())
    at = f"drafts/{here.post('syncs/people/draft').json['id']}"
    before = here.get(at).json
    answer = here.call("PATCH", at, f'{{"version":{before["version"]},"parts":{parts}}}'.encode())
    assert answer.status == 422, answer.text
    assert here.get(at).json == before
    assert here.get("drafts").status == 200


def test_refusal_of_a_body_never_repeats_it(office: Office) -> None:
    answer = caller(office.open()).post("people/invite", {"role": "hunter2", "word": "hunter3"})
    assert (answer.status, "hunter" in answer.text) == (422, False)
    assert [each["place"] for each in answer.json["errors"]] == ["body.role", "body.word"]


def test_body_that_is_too_long_is_a_problem_too(office: Office) -> None:
    here, sent = caller(office.open()), list[MutableMapping[str, Any]]()

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b" " * (LARGEST + 1)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def trigger(*_: object) -> None:
        raise AssertionError("nothing was asked for")

    scope = {"type": "http", "method": "POST", "path": f"{BASE}drafts", "headers": []}
    app = Dispatcher(here.workspace, trigger, lambda *_: None, pages=here._pages)
    asyncio.run(app(scope, receive, send))
    app.threads.shutdown()
    assert (sent[0]["status"], json.loads(sent[1]["body"])["code"]) == (413, "BW-537")
    assert (b"content-type", b"application/problem+json") in sent[0]["headers"]


def test_failure_of_ours_has_an_id_that_stands_in_the_log_and_no_word_of_what_it_was(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret words")

    here = caller(office.open())
    monkeypatch.setattr("bothways.service.log.runs", broken)
    answer = here.get("runs")
    assert (answer.status, answer.code) == (500, "BW-900")
    assert "secret words" not in answer.text
    assert here.token not in answer.text + caplog.text
    incident = re.search(r"i_[0-9a-f]{8}", answer.text)
    assert incident
    assert any(getattr(record, "incident", "") == incident[0] for record in caplog.records)


# --- idempotency --------------------------------------------------------------------------------------


def requests_made(here: Caller) -> int:
    """Return how many requests there are."""
    with used(here.workspace.database):
        return int(Request.objects.count())


def test_same_call_with_the_same_key_is_done_once_and_answered_alike(office: Office) -> None:
    here = caller(office.open())
    first, second = (here.post("syncs/people/run", {"full": True}, idempotency_key="k-1") for _ in range(2))
    assert (first.status, first.text) == (second.status, second.text)
    assert (first.headers.get("idempotent-replayed"), second.headers["idempotent-replayed"]) == (None, "true")
    assert requests_made(here) == 1
    here.post("syncs/people/run", {"full": True}, idempotency_key="k-2")
    here.post("syncs/people/run", {"full": True})
    assert requests_made(here) == 3


@pytest.mark.parametrize(
    ("address", "body"), [("syncs/people/run", {}), ("syncs/people/run", None), ("syncs/people/off", {"full": True})]
)
def test_another_call_with_the_same_key_is_refused(office: Office, address: str, body: object) -> None:
    here = caller(office.open())
    here.post("syncs/people/run", {"full": True}, idempotency_key="k")
    answer = here.post(address, body, idempotency_key="k")
    assert (answer.status, answer.code) == (422, "BW-532")
    assert requests_made(here) == 1
    assert syncs.show_sync(here.workspace, "people").state == "on"


def test_refusal_is_answered_again_too(office: Office) -> None:
    here = caller(office.open())
    here.post("pause")
    refused = here.post("syncs/people/run", idempotency_key="k")
    here.post("resume")
    again = here.post("syncs/people/run", idempotency_key="k")
    assert (refused.status, again.status, again.text) == (409, 409, refused.text)
    assert requests_made(here) == 0


def test_key_is_of_one_token_and_good_for_a_day(office: Office) -> None:
    here = caller(office.open())
    other = caller(here.workspace, name="Eve")
    for each in (here, other):
        each.post("syncs/people/run", idempotency_key="k")
    assert requests_made(here) == 2
    office.clock.advance(DAY + 1)
    here.post("syncs/people/run", idempotency_key="k")
    assert requests_made(here) == 3


def test_call_that_is_still_at_work_or_broke_off_is_not_done_twice(office: Office) -> None:
    here = caller(office.open())
    here.post("syncs/people/run", idempotency_key="k")
    with used(here.workspace.database):
        Answered.objects.update(status=0, body="")
    answer = here.post("syncs/people/run", idempotency_key="k")
    assert (answer.status, answer.code, requests_made(here)) == (409, "BW-533", 1)


def test_call_that_failed_for_us_can_be_made_again_with_its_key(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise errors.DiskFull(reason="full")

    here = caller(office.open())
    with monkeypatch.context() as patched:
        patched.setattr("bothways.service.requests.ask", broken)
        assert here.post("syncs/people/run", idempotency_key="k").status == 503
    assert here.post("syncs/people/run", idempotency_key="k").status == 202


def test_answer_with_a_secret_is_not_kept(office: Office) -> None:
    here = caller(office.open())
    first = here.post("people/invite", {"role": "viewer"}, idempotency_key="k")
    again = here.post("people/invite", {"role": "viewer"}, idempotency_key="k")
    assert (first.status, again.status, again.code) == (201, 409, "BW-533")
    assert accounts.link_is_for(here.workspace, first.json["key"]) == (Role.VIEWER, "")
    with used(here.workspace.database):
        assert first.json["key"] not in str(list(Answered.objects.values()))


def test_key_that_is_none_is_refused(office: Office) -> None:
    here = caller(office.open())
    assert here.post("syncs/people/run", idempotency_key="k" * 256).status == 422
    assert requests_made(here) == 0


def test_calls_on_postgresql(postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch)
    with office_on(postgresql, tmp_path, monkeypatch) as office:
        office.pair("Dana")
        here = caller(office.open())
        first, again = (here.post("syncs/people/run", idempotency_key="k") for _ in range(2))
        assert (first.status, again.text, requests_made(here)) == (202, first.text, 1)
        assert here.post("pause", idempotency_key="k").code == "BW-532"
        assert here.get("syncs/people/records?search=dana").json["items"][0]["name"] == "Dana"
        assert here.get("deeds").json["items"][0]["what"] == "made a token (admin)"
        for address in ("syncs/people/records/%00", "syncs/people/records?search=%00", "issues?after=%00"):
            assert here.get(address).code != "BW-900", address
        assert here.post("people/%00/off").code != "BW-900"
        assert here.post("drafts", {"name": "a\x00", "apps": ["Anna", "Bert"], "objects": ["a\x00", "b"]}).status < 500


# --- lists --------------------------------------------------------------------------------------------


def all_of(here: Caller, address: str) -> list[Any]:
    """Return a whole list by following the links to its next pages."""
    found: list[Any] = []
    following: str | None = address
    while following:
        page = here.get(following)
        assert page.status == 200, page.text
        assert len(page.json["items"]) <= 2
        found += page.json["items"]
        following = page.json["next"]
    return found


def test_records_are_paged_by_links_that_keep_what_was_looked_for(office: Office) -> None:
    for name in ("Dana", "Dave", "Dora", "Eve", "Dolly"):
        office.pair(name)
    office.anna.add(email="new@x.test", name="Dick")
    here = caller(office.open())
    found = all_of(here, "syncs/people/records?state=in_sync&search=d&limit=2")
    assert [each["name"] for each in found] == ["Dana", "Dave", "Dora", "Dolly"]
    assert here.get("syncs/people/records?state=wrong").status == 422
    assert here.get("syncs/people/records?reason=wrong").status == 422
    for nonsense in ("pairs:²", f"pairs:{'9' * 40}", "x"):
        assert here.get(f"syncs/people/records?after={nonsense}").status == 200


def test_runs_and_requests_are_paged_latest_first(office: Office) -> None:
    office.pair("Dana")
    here = caller(office.open())
    for _ in range(3):
        office.run()
    runs = [each["id"] for each in all_of(here, "runs?limit=2&sync=people")]
    assert len(runs) == 5
    assert runs == sorted(runs, key=lambda id: -int(id[2:]))
    made = [here.post("syncs/people/run").json["id"] for _ in range(5)]
    assert [each["id"] for each in all_of(here, "requests?limit=2")] == made[::-1]


def test_issues_are_paged(office: Office) -> None:
    held(office)
    here = caller(office.open())
    found = [each["id"] for each in all_of(here, "issues?limit=1")]
    assert found == [each["id"] for each in here.get("issues").json["items"]]
    assert len(set(found)) == len(found) > 1
    assert here.get("issues?after=h_999").status == 404
    assert here.get("issues?limit=0").status == 422


# --- each call as it is meant -------------------------------------------------------------------------


def held(office: Office) -> None:
    """Let a person of Anna have two possible partners."""
    office.anna.add(email="eve@x.test", name="Eve Park")
    office.bert.add(email="eve@x.test", name="Eve Park")
    office.bert.add(email="eve@x.test", name="E. Park")
    office.run()
    office.clock.advance(DAY)
    office.run()


def test_status_syncs_and_apps_are_shown(office: Office) -> None:
    office.pair("Dana")
    here = caller(office.open(), Role.VIEWER)
    assert here.get("status").json["syncs"][0]["counts"]["in_sync"] == 1
    assert [each["name"] for each in here.get("syncs").json["items"]] == ["people"]
    assert here.get("syncs/people").json["apps"] == ["Anna", "Bert"]
    assert [each["name"] for each in here.get("apps").json["items"]] == ["Anna", "Bert"]
    assert {each["category"] for each in here.get("apps").json["items"]} == {"In memory"}
    kinds = {each["name"]: each["category"] for each in here.get("connectors").json["items"]}
    assert (kinds["memory"], kinds["locked"]) == ("In memory", "Vault")
    yaml = here.get("syncs/people/yaml")
    assert (yaml.headers["content-type"], "objects:" in yaml.text) == ("application/yaml", True)
    assert here.call("HEAD", "status").status == 200


def test_export_is_edited_compared_and_applied(office: Office) -> None:
    here = caller(office.open(), Role.EDITOR)
    edited = {"text": here.get("syncs/people/yaml").text.replace("first_run: 1000", "first_run: 7")}
    compared = here.post("syncs/people/yaml/compare", edited).json["changes"]
    assert [(each["part"], each["key"], each["before"], each["after"]) for each in compared] == [
        ("guards", "first_run", 1000, 7)
    ]
    assert "first_run: 1000" in office.file.read_text(encoding="utf-8")
    assert here.post("syncs/people/yaml", edited).json["changes"] == compared
    assert "first_run: 7" in office.file.read_text(encoding="utf-8")
    refused = here.post("syncs/people/yaml", {"text": edited["text"].replace("first_run: 7", "first_run: 8")})
    assert (refused.status, refused.code) == (409, "BW-115")


def test_export_is_brought_in_under_another_name_as_a_draft_and_in_place_of_one_that_is_on_if_that_is_meant(
    office: Office,
) -> None:
    here = caller(office.open(), Role.EDITOR)
    text = here.get("syncs/people/yaml").text.replace("first_run: 1000", "first_run: 7")
    refused = here.post("import", {"text": text})
    assert (refused.status, refused.code) == (409, "BW-544")
    unsure = here.post("import", {"text": text, "replace": True})
    assert (unsure.status, unsure.code) == (409, "BW-545")
    (changed,) = here.post("import", {"text": text, "replace": True, "confirmed": True}).json["syncs"]
    assert [(each["key"], each["before"], each["after"]) for each in changed["changes"]] == [("first_run", 1000, 7)]
    assert here.get("syncs/people").json["guards"]["first_run"] == 7
    here.post("syncs/people/off")
    planned = here.post("import", {"text": text, "name": "again", "only_planned": True}).json["syncs"]
    assert "again" not in office.file.read_text(encoding="utf-8")
    (made,) = here.post("import", {"text": text, "name": "again"}).json["syncs"]
    assert planned == [made]
    assert (made["name"], made["new"], made["state"], made["said"]) == ("again", True, "draft", "on")
    assert here.get("syncs/again").json["state"] == "draft"


def test_record_is_found_by_what_people_call_it_and_says_why(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dave")
    office.rest()
    here = caller(office.open(), Role.VIEWER)
    story = here.get(f"syncs/people/records/Anna:{left}?field=Name").json
    assert story["record"]["state"] == "in_sync"
    (field,) = story["fields"]
    assert field["values"] == {"Anna": "Dave", "Bert": "Dave"}
    assert here.get("syncs/people/records/dana@x.test").json["record"]["name"] == "Dave"


def test_sync_is_turned_off_and_on_in_the_name_of_the_person(office: Office) -> None:
    office.pair("Dana")
    here = caller(office.open(), Role.EDITOR, "Eve")
    assert here.post("syncs/people/off").json["state"] == "off"
    assert "state: off" in office.file.read_text(encoding="utf-8")
    assert here.post("syncs/people/on", {"from_now": True}).json["state"] == "on"
    refused = here.post("syncs/people/on", {"from_now": True})
    assert (refused.status, refused.code) == (409, "BW-176")
    with used(here.workspace.database):
        assert Revision.objects.order_by("-number")[0].author == "Eve"


def test_run_is_asked_for_and_looked_at_until_it_is_done(office: Office) -> None:
    office.pair("Dana")
    here = caller(office.open(), Role.OPERATOR, "Olga")
    asked = here.post("syncs/people/run")
    assert (asked.status, asked.json["state"], asked.json["asked_by"]) == (202, "asked", "Olga")
    with used(here.workspace.database):
        (row,) = Request.objects.all()
        assert here.triggered == [("sync", [row.sync_id])]
        Request.objects.update(state="failed", error=errors.as_data(errors.SyncOff(name="people")))
    found = here.get(f"requests/{asked.json['id']}").json
    assert (found["state"], found["error"]["code"], found["error"]["status"]) == ("failed", "BW-123", 409)
    refused = here.post("syncs/people/run", {"approved": True})
    assert (refused.status, refused.code) == (403, "BW-501"), "to release brakes takes an editor"


def test_held_match_is_decided_and_taken_back(office: Office) -> None:
    held(office)
    here = caller(office.open(), Role.OPERATOR)
    issue = next(each for each in here.get("issues").json["items"] if each["app"] == "Anna")
    other = next(each["id"] for each in issue["candidates"] if each["app"] == "Bert")
    at = f"issues/{issue['id']}"
    assert here.post(f"{at}/link", {"record": other}).json["decided"] == f"link to {other}"
    assert here.post(f"{at}/withdraw").json["decided"] == ""
    assert here.post(f"{at}/apart", {"records": [other]}).json["decided"] == f"keep apart from {other}"
    assert here.post(f"{at}/create").json["decided"] == "create"
    assert here.get(at).json["decided"] == "create"
    unfit = here.post(f"{at}/choose", {"app": "Anna"})
    assert (unfit.status, unfit.code) == (409, "BW-161")
    for body in ({}, {"app": "Anna", "value": "x"}):
        assert here.post(f"{at}/choose", body).status == 422


def test_held_record_is_left_out_and_taken_back_after_it_was(office: Office) -> None:
    held(office)
    here = caller(office.open(), Role.OPERATOR)
    issue = next(each for each in here.get("issues").json["items"] if each["app"] == "Anna")
    at = f"issues/{issue['id']}"
    assert here.post(f"{at}/leave-out").json["decided"] == "leave it out"
    office.run()
    (row,) = here.get("syncs/people/records?state=left_out").json["items"]
    assert (row["ids"]["Anna"], row["reason"]) == (issue["record"], "Ana Ruiz left it out")
    assert here.get(at).json["kind"] == "left_out"
    refused = here.post(f"{at}/create")
    assert (refused.status, refused.code) == (409, "BW-154")
    assert here.post(f"{at}/withdraw").json["decided"] == ""
    office.run()
    assert here.get("syncs/people/records?state=left_out").json["items"] == []
    assert here.get(at).json == issue


def test_sync_says_why_records_are_left_out_and_lists_those_of_one_reason(office: Office) -> None:
    office.pair("Dana")
    office.anna.add()
    office.rest()
    here = caller(office.open(), Role.VIEWER)
    assert here.get("syncs/people").json["left_out"] == {"by": {"empty": 1}, "counted_at": None, "counting": False}
    assert here.get("syncs").json["items"][0]["left_out"] is None
    (row,) = here.get("syncs/people/records?reason=empty").json["items"]
    assert (row["state"], row["left_out_by"]) == ("left_out", "empty")
    assert here.get("syncs/people/records?reason=filter").json["items"] == []


def test_how_long_history_is_kept_is_said_by_admins(office: Office) -> None:
    here = caller(office.open(), Role.ADMIN)
    assert here.post("history", {"days": 400}).json["keep"] == 400 * DAY
    assert here.post("history", {"days": None}).json["keep"] is None
    refused = here.post("history", {"days": 89})
    assert (refused.status, refused.code) == (422, "BW-567")
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    office.run()
    office.clock.advance(100 * DAY)
    office.run()
    asked = here.post("history", {"days": 90})
    assert (asked.status, asked.code) == (409, "BW-539")
    assert here.post("history", {"days": 90, "confirmed": True}).json["keep"] == 90 * DAY


def test_difference_is_decided_for_an_app(office: Office) -> None:
    office.change("    guards:", "    conflicts: {default: ask}\n    guards:")
    left, right = office.pair("Dana")
    office.anna.edit(left, name="Dave")
    office.bert.edit(right, name="Dora")
    office.run()
    here = caller(office.open(), Role.OPERATOR)
    (issue,) = here.get("issues").json["items"]
    assert issue["values"] == {"Anna": "Dave", "Bert": "Dora"}
    done = here.post(f"issues/{issue['id']}/choose", {"app": "Bert", "alike": "values"}).json["items"]
    assert [each["decided"] for each in done] == ["you chose the value of Bert"]
    office.rest()
    assert office.anna.values(left)["name"] == "Dora"


def test_undo_is_looked_at_and_then_asked_for(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dave")
    done = office.run()
    here = caller(office.open(), Role.EDITOR)
    assert here.get(f"runs/{done.id}/undo").json["restored"] == 1
    asked = here.post(f"runs/{done.id}/undo")
    assert (asked.status, asked.json["wish"]["run"]) == (202, done.id)
    olga = caller(here.workspace, Role.OPERATOR, "Olga")
    assert olga.post(f"runs/{done.id}/undo").status == 403
    assert olga.post(f"runs/{done.id}/undo", {"record": f"Anna:{left}"}).status == 202


def test_app_is_checked(office: Office) -> None:
    here = caller(office.open(), Role.OPERATOR)
    assert here.post("apps/Anna/check").json["objects"][0]["name"] == "people"
    assert here.post("apps/Nobody/check").status == 404


def test_people_are_invited_changed_and_switched_off(office: Office) -> None:
    here = caller(office.open())
    link = here.post("people/invite", {"role": "editor"}).json
    assert link["path"] == f"/welcome?key={link['key']}"
    accounts.use_link(here.workspace, link["key"], "Eve", PASSWORD)
    assert here.post("people/eve/role", {"role": "operator"}).json["role"] == "operator"
    assert here.post("people/Eve/off").json["is_on"] is False
    assert [each["name"] for each in here.get("people").json["items"]] == ["Ana Ruiz", "Eve"]
    assert here.post("people/Ana Ruiz/off").code == "BW-508"
    assert here.post("people/Ana Ruiz/reset").code == "BW-529"
    assert here.get("deeds?limit=1").json["items"][0]["what"] == "switched off"
    found = [(each["id"], each["what"]) for each in all_of(here, "deeds?limit=2")]
    assert [what for _, what in found[:3]] == ["switched off", "made operator", "made an account"]
    assert found == [(each["id"], each["what"]) for each in here.get("deeds").json["items"]]


def test_new_sync_is_drafted_changed_and_saved(office: Office) -> None:
    here = caller(office.open(), Role.EDITOR, "Eve")
    here.post("syncs/people/off")
    new = {"name": "friends", "apps": ["Anna", "Bert"], "objects": ["people", "people"]}
    made = here.post("drafts", new)
    assert (made.status, made.json["version"], made.json["author"]) == (201, 1, "Eve")
    at = f"drafts/{made.json['id']}"
    changed = here.call("PATCH", at, json.dumps({"version": 1, "parts": {"send": {"Anna": "some"}}}).encode())
    assert changed.json["version"] == 2
    stale = here.call("PATCH", at, json.dumps({"version": 1, "parts": {}}).encode())
    assert (stale.status, stale.code) == (409, "BW-132")
    assert [each["part"] for each in here.get(f"{at}/problems").json["items"]] == ["send"]
    assert here.post(f"{at}/save", {"version": 2}).code == "BW-134"
    here.call("PATCH", at, json.dumps({"version": 2, "parts": {"send": {"Anna": "all", "Bert": "none"}}}).encode())
    assert here.get(f"{at}/problems").json["items"] == []
    assert here.post(f"{at}/rename", {"version": 3, "name": "pals"}).json["name"] == "pals"
    assert here.get(f"{at}/differences").json["items"]
    numbers = here.get(f"{at}/records").json["items"]
    assert [(each["app"], each["total"], each["sends"]) for each in numbers] == [("Anna", 0, True), ("Bert", 0, False)]
    saved = here.post(f"{at}/save", {"version": 4})
    assert saved.status == 200, saved.text
    assert (saved.json["name"], saved.json["state"]) == ("pals", "draft")
    assert here.get(at).status == 404
    again = here.post("syncs/pals/draft").json
    assert here.get("drafts").json["items"] == [again]
    assert here.post(f"drafts/{again['id']}/take-up", {"version": 1}).json["version"] == 2
    gone = here.call("DELETE", f"drafts/{again['id']}")
    assert (gone.status, gone.text) == (204, "")
    assert here.get("drafts").json["items"] == []


def test_nothing_secret_is_answered_or_kept(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """No answer of any call that looks, and no deed, holds a token, a password or a digest of one."""
    here = caller(office.open())
    said = [here.get(address_of(path)).text for (method, path) in TABLE if method == "GET"]
    said += strings(here.get("deeds").json)
    for secret in (here.token, PASSWORD, accounts.digest_of(here.token), "pbkdf2"):
        assert all(secret not in each for each in said)
        assert secret not in caplog.text


def test_examples_of_the_readme_work(office: Office) -> None:
    office.change("  people:   # who we know", "  contacts:")
    office.anna.add(email="ana@example.org", name="Ana")
    office.run(sync="contacts")
    here = caller(office.open(), Role.OPERATOR)
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    lines = [shlex.split(line, comments=True) for line in text.splitlines() if line.startswith("curl ")]
    assert len(lines) > 4
    for words in lines:
        assert "Authorization: Bearer $TOKEN" in words
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        sent = [words[place + 1].split(": ") for place, word in enumerate(words) if word == "-H"]
        headers = {name: value for name, value in sent if name != "Authorization"}
        answer = here.call(method, words[-1].removeprefix("$API/"), **headers)
        assert answer.status < 300, (words, answer.text)


def test_what_is_not_of_the_api_is_still_a_page(office: Office) -> None:
    assert Caller(office.open()).get("/syncs/people").headers["location"].startswith("/login")


def test_description_is_for_everybody_and_names_no_other_host_and_no_page_shows_it(office: Office) -> None:
    here = Caller(office.open())
    described = here.get("openapi.json")
    assert (described.status, "://" in described.text) == (200, False)
    assert "people" not in json.dumps(described.json["info"]), "it tells nothing of this workspace"
    assert [here.get(each).status for each in ("docs", "redoc", "")] == [404, 404, 404]


# --- issues by cause ----------------------------------------------------------------------------------


def test_issues_by_cause_are_mended_tried_again_and_ignored(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_schemas", {})
    world = Office(tmp_path, SETTINGS, fields=(*PEOPLE, ANNAS), bert_fields=(*PEOPLE, BERTS))
    for name, country in (("Una", "uk"), ("Uri", "uk"), ("Hans", "holland")):
        world.anna.add(email=f"{name}@x.test", name=name, land=country)
    world.rest()
    here = caller(world.open(), Role.EDITOR)
    (group,) = here.get("issues/groups").json["items"]
    assert (group["cause"], group["need"], group["count"]) == ("unpaired", "fix", 3)
    assert group["values"][0] == {"value": "uk", "label": "UK", "count": 2, "suggestion": "gb"}
    at = f"issues/groups/{group['id']}"
    assert [each["name"] for each in all_of(here, f"{at}/issues?limit=2")] == ["Una", "Uri", "Hans"]
    assert here.post(f"{at}/ignore").json == {"count": 3}
    assert here.get("issues/counts").json == {"need": 0, "retrying": 0, "ignored": 3}
    assert [each["id"] for each in here.get("issues/groups?ignored=true").json["items"]] == [group["id"]]
    assert here.post(f"{at}/take-back").json == {"count": 3}
    pairs = {"revision": group["revision"], "choices": {"uk": "gb"}}
    assert here.post(f"{at}/pair", {**pairs, "revision": 0}).status == 409
    assert here.post(f"{at}/pair", {**pairs, "choices": {"us": "gb"}}).code == "BW-562"
    assert here.post(f"{at}/pair", pairs).json == {"sync": "people", "count": 2, "is_on": True}
    assert here.triggered == [("sync", [1])]
    world.run()
    assert here.get(at).json["count"] == 1
    assert here.post(f"{at}/retry").json["count"] == 1
    assert [(each["how"], each["solved"], each["total"]) for each in all_of(here, "issues/solved?limit=1")] == [
        ("retry", 0, 1),
        ("pairing", 2, 2),
    ]
    assert here.get("issues/failing").json["items"] == []


def test_rule_is_looked_at_and_made(office: Office) -> None:
    office.change("    guards:", "    conflicts: {default: ask}\n    guards:")
    left, right = office.pair("Dana")
    office.anna.edit(left, name="Dave")
    office.bert.edit(right, name="Dora")
    office.run()
    here = caller(office.open(), Role.EDITOR)
    (issue,) = here.get("issues").json["items"]
    found = here.get(f"issues/{issue['id']}/rule?app=Bert").json
    assert (found["waiting"], found["field"], found["other"]) == (1, "Name", "Anna")
    made = here.post(f"issues/{issue['id']}/rule", {"app": "Bert", "revision": found["revision"]})
    assert (made.status, made.json["app"]) == (200, "Bert")
    office.rest()
    assert office.anna.values(left)["name"] == "Dora"
