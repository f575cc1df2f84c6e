"""Apps are let in by people, with codes that are used once and tokens that end."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
import urllib3

from bothways.sandbox.hubspot import APP_SECRET, CLIENT_ID, FrozenClock, HubSpotSandbox
from tests.consenting import REDIRECT, answered, shown, words
from tests.sandbox.hubspot.client import CONTACTS, Client

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
READ, COMPANIES = "crm.objects.contacts.read", "crm.objects.companies.read"


@pytest.fixture
def hubspot() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as made:
        made.register([REDIRECT], ["oauth", READ], [COMPANIES])
        yield made


def link(hubspot: HubSpotSandbox, **changed: str) -> str:
    """Return the address that an app sends people to."""
    query = {"client_id": CLIENT_ID, "redirect_uri": REDIRECT, "response_type": "code", "state": "s1"}
    query |= {"scope": f"oauth {READ}", "optional_scope": COMPANIES}
    query |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return f"{hubspot.url}/oauth/authorize?{urlencode({k: v for k, v in (query | changed).items() if v})}"


def post(hubspot: HubSpotSandbox, path: str, **form: str) -> tuple[int, Any]:
    """Post a form with what the app is known by."""
    known = {"client_id": CLIENT_ID, "client_secret": APP_SECRET}
    answer = urllib3.request("POST", hubspot.url + path, body=urlencode(known | form), retries=False)
    return answer.status, orjson.loads(answer.data)


def exchange(hubspot: HubSpotSandbox, code: str, path: str = "/oauth/2026-09/token", **form: str) -> tuple[int, Any]:
    sent = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code": code, "code_verifier": VERIFIER}
    return post(hubspot, path, **sent | form)


def let_in(hubspot: HubSpotSandbox) -> dict[str, Any]:
    """Let the app in, and return what it got."""
    status, given = exchange(hubspot, words(answered(link(hubspot)))["code"])
    assert status == 200
    return dict(given)


def renew(hubspot: HubSpotSandbox, token: str) -> tuple[int, Any]:
    return post(hubspot, "/oauth/v1/token", grant_type="refresh_token", refresh_token=token)


def status_of(hubspot: HubSpotSandbox, token: str, object: str = "contacts") -> int:
    address = f"{hubspot.url}/crm/objects/2026-09/{object}"
    return urllib3.request("GET", address, headers={"Authorization": f"Bearer {token}"}).status


def test_page_says_who_asks_for_what_and_sends_back_what_was_answered(hubspot: HubSpotSandbox):
    status, page = shown(link(hubspot))
    assert status == 200
    assert "Bothways would like to reach the account" in page
    assert "View contacts" in page
    assert "View companies" in page
    back = answered(link(hubspot))
    assert back.startswith(f"{REDIRECT}?")
    assert words(back)["state"] == "s1"
    refused = words(answered(link(hubspot), "cancel"))
    assert (refused["error"], refused["state"], "code" in refused) == ("access_denied", "s1", False)


@pytest.mark.parametrize("path", ["/oauth/2026-09/token", "/oauth/v1/token"])
def test_code_is_good_for_tokens_once(hubspot: HubSpotSandbox, path: str):
    code = words(answered(link(hubspot)))["code"]
    status, given = exchange(hubspot, code, path)
    assert (status, given["token_type"], given["expires_in"]) == (200, "bearer", 1800)
    assert status_of(hubspot, given["access_token"]) == 200
    assert exchange(hubspot, code, path)[1]["error"] == "invalid_grant"
    assert status_of(hubspot, given["access_token"]) == 401, "somebody else had the code too, so all of it ends"


@pytest.mark.parametrize(
    "changed",
    [{"code_verifier": "w" * 64}, {"code_verifier": ""}, {"redirect_uri": f"{REDIRECT}/other"}, {"code": "guessed"}],
)
def test_code_is_good_for_who_asked_for_it_alone(hubspot: HubSpotSandbox, changed: dict[str, str]):
    code = words(answered(link(hubspot)))["code"]
    said = exchange(hubspot, **{"code": code} | changed)[1]
    assert (said["error"], said["category"]) == ("invalid_grant", "VALIDATION_ERROR")
    assert said["correlationId"]


def test_code_ends_after_a_minute_and_secrets_are_checked(hubspot: HubSpotSandbox):
    code = words(answered(link(hubspot)))["code"]
    for guess in ("guessed", "erraten für heute"):
        assert exchange(hubspot, code, client_secret=guess)[1]["error"] == "invalid_client"
    hubspot.advance(61)
    assert exchange(hubspot, code)[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changed", [{"redirect_uri": "https://evil.example/"}, {"redirect_uri": f"{REDIRECT}/"}, {"client_id": "another"}]
)
def test_nobody_is_sent_back_to_where_the_app_is_not(hubspot: HubSpotSandbox, changed: dict[str, str]):
    assert shown(link(hubspot, **changed))[0] == 400


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"scope": "oauth"}, "invalid_scope"),
        ({"optional_scope": "crm.objects.deals.read"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_app_that_asks_wrongly_is_told_so(hubspot: HubSpotSandbox, changed: dict[str, str], error: str):
    status, back = shown(link(hubspot, **changed))
    assert (status, words(back)["error"], words(back)["state"]) == (302, error, "s1")


def test_access_ends_after_half_an_hour_and_is_renewed(hubspot: HubSpotSandbox):
    given = let_in(hubspot)
    hubspot.advance(1799)
    assert status_of(hubspot, given["access_token"]) == 200
    hubspot.advance(1)
    said = Client(hubspot, given["access_token"]).get(CONTACTS)
    assert (said.code, said["category"]) == (401, "EXPIRED_AUTHENTICATION")
    status, renewed = renew(hubspot, given["refresh_token"])
    assert (status, renewed["refresh_token"]) == (200, given["refresh_token"])
    assert status_of(hubspot, renewed["access_token"]) == 200


def test_refresh_tokens_that_rotate_are_good_once_and_a_second_use_ends_all(hubspot: HubSpotSandbox):
    hubspot.register([REDIRECT], ["oauth", READ], [COMPANIES], rotates=True)
    given = let_in(hubspot)
    renewed = renew(hubspot, given["refresh_token"])[1]
    assert renewed["refresh_token"] != given["refresh_token"]
    assert hubspot.refresh_tokens() == [renewed["refresh_token"]]
    assert renew(hubspot, given["refresh_token"])[1]["error"] == "invalid_grant"
    assert status_of(hubspot, renewed["access_token"]) == 401
    assert renew(hubspot, renewed["refresh_token"])[1]["error"] == "invalid_grant"


def test_what_was_not_allowed_is_refused_and_told(hubspot: HubSpotSandbox):
    given = exchange(hubspot, words(answered(link(hubspot), allow=[]))["code"])[1]
    assert status_of(hubspot, given["access_token"]) == 200
    assert status_of(hubspot, given["access_token"], "companies") == 403
    _, told = post(hubspot, "/oauth/2026-09/token/introspect", token=given["access_token"])
    assert (told["active"], told["scopes"], given["scopes"]) == (True, [READ, "oauth"], [READ, "oauth"])
    assert post(hubspot, "/oauth/2026-09/token/introspect", token="another")[1] == {"active": False}


def test_who_was_let_in_is_told_no_limit_of_the_day():
    def told(token: str) -> set[str]:
        headers = {"Authorization": f"Bearer {token}"}
        answer = urllib3.request("GET", f"{limited.url}/crm/objects/2026-09/contacts", headers=headers)
        return {name for name in answer.headers if "RateLimit" in name}

    with HubSpotSandbox(clock=FrozenClock()) as limited:
        limited.register([REDIRECT], ["oauth", READ], [COMPANIES])
        let_in_by, by_token = told(let_in(limited)["access_token"]), told(limited.token)
    assert by_token - let_in_by == {"X-HubSpot-RateLimit-Daily", "X-HubSpot-RateLimit-Daily-Remaining"}
    assert len(let_in_by) == 3


def test_revoked_is_revoked(hubspot: HubSpotSandbox):
    given = let_in(hubspot)
    assert post(hubspot, "/oauth/2026-09/token/revoke", token=given["refresh_token"])[0] == 200
    assert status_of(hubspot, given["access_token"]) == 401
    assert renew(hubspot, given["refresh_token"])[1]["status"] == "BAD_REFRESH_TOKEN"
    let_in(hubspot)
    assert hubspot.remove_apps() == 1
    assert hubspot.refresh_tokens() == []


def test_faults_meet_calls_for_tokens(hubspot: HubSpotSandbox):
    given = let_in(hubspot)
    hubspot.register([REDIRECT], ["oauth", READ], [COMPANIES], rotates=True)
    given = let_in(hubspot)
    hubspot.fault("503", match="/oauth/")
    assert renew(hubspot, given["refresh_token"])[0] == 503
    hubspot.fault("timeout-after-commit", match="/token")
    with pytest.raises(urllib3.exceptions.ProtocolError):
        renew(hubspot, given["refresh_token"])
    assert given["refresh_token"] not in hubspot.refresh_tokens(), "it was done, and the answer is lost"


def asked(hubspot: HubSpotSandbox, path: str, method: str = "GET") -> tuple[int, Any]:
    """Ask about a token as whoever holds it does: without any other."""
    answer = urllib3.request(method, f"{hubspot.url}/oauth/v1/{path}", retries=False)
    return answer.status, orjson.loads(answer.data) if answer.data else None


def test_whoever_holds_a_token_is_told_what_it_is_good_for(hubspot: HubSpotSandbox):
    given = let_in(hubspot)
    access, refresh = f"access-tokens/{given['access_token']}", f"refresh-tokens/{given['refresh_token']}"
    status, told = asked(hubspot, access)
    assert (status, told["token_type"], told["hub_id"]) == (200, "access", given["hub_id"])
    assert (told["scopes"], told["expires_in"]) == (given["scopes"], 1800)
    status, told = asked(hubspot, refresh)
    assert (status, told["token_type"], told["client_id"]) == (200, "refresh", CLIENT_ID)
    hubspot.advance(1800)
    assert (asked(hubspot, access)[0], asked(hubspot, refresh)[0]) == (404, 200)
    assert asked(hubspot, access, "DELETE")[0] == 405


def test_refresh_token_that_is_given_back_gives_no_more_and_what_it_gave_stays_good(hubspot: HubSpotSandbox):
    given = let_in(hubspot)
    path = f"refresh-tokens/{given['refresh_token']}"
    assert (asked(hubspot, path, "DELETE")[0], asked(hubspot, path, "DELETE")[0]) == (204, 404)
    assert renew(hubspot, given["refresh_token"])[0] == 400
    assert status_of(hubspot, given["access_token"]) == 200
