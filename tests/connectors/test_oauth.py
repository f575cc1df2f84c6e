"""What is asked of a token server, what is made of its answers, and what is never told of them."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from bothways.connectors.base import ObjectType
from bothways.connectors.carddav import CardDav
from bothways.connectors.http import HttpClient, Manners
from bothways.connectors.hubspot import HubSpot
from bothways.connectors.oauth import Client, Tokens, TokenServer, address, new_word
from bothways.connectors.permissions import OAuth, Permission, oauth_of
from bothways.errors import AppFailed, BothwaysError, ClientRefused, PermissionMissing, ProtocolError, SignInNeeded
from tests.connectors.support import Answer, Asked, Time, make_setup, web

WAY = OAuth(
    "https://app.example/allow?region=eu",
    "base_url",
    "/token",
    "/introspect",
    "/revoke",
    optional="optional_scope",
    permissions=(
        Permission("people.read", "read people", reads=("people",)),
        Permission("people.write", "change people", writes=("people",)),
        Permission("firms.read", "read firms", reads=("firms",), needed=False),
    ),
    further=(Permission("people.fields", "make a field of people", needed=False, makes=("people",)),),
)
CLIENT = Client("ours", "secret-of-the-client")
GIVEN = {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 600, "token_type": "Bearer"}
FORMER = Tokens("access-0", "refresh-0", 0.0, frozenset({"people.read"}))


def answer(body: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(body).encode())


def form_of(asked: Asked) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}


def server(url: str, time: Time, way: OAuth = WAY) -> TokenServer:
    return TokenServer(way, make_setup(time, settings={"base_url": url}), CLIENT)


def test_address_says_who_asks_for_what():
    words = {"redirect": "https://here.example/oauth/callback", "state": "s", "verifier": "v" * 64}
    whole = urlsplit(address(WAY, WAY.authorize, "ours", **words, chosen=["firms.read", "unknown"]))
    query = {name: values[0] for name, values in parse_qs(whole.query).items()}
    assert (whole.netloc, query["region"], query["client_id"], query["state"]) == ("app.example", "eu", "ours", "s")
    assert (query["scope"], query["optional_scope"]) == ("people.read people.write", "firms.read")
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert "v" * 64 not in whole.query
    assert "optional_scope" not in address(WAY, WAY.authorize, "ours", **words, chosen=[])
    one = OAuth("https://app.example/allow", "base_url", "/token", permissions=WAY.permissions)
    assert "people.read+people.write+firms.read" in address(one, one.authorize, "ours", **words, chosen=["firms.read"])
    assert len({new_word() for _ in range(9)}) == 9


def test_further_permissions_are_asked_for_only_where_they_are_wanted():
    words = {"redirect": "https://here.example/oauth/callback", "state": "s", "verifier": "v" * 64}
    assert "people.fields" not in address(WAY, WAY.authorize, "ours", **words, chosen=["firms.read"])
    wanted = urlsplit(address(WAY, WAY.authorize, "ours", **words, chosen=["people.fields"]))
    assert parse_qs(wanted.query)["optional_scope"] == ["people.fields"]


def test_scope_that_is_missing_for_the_own_field_is_known_where_scopes_are():
    assert WAY.to_make("people", frozenset()) == "people.fields"
    assert [WAY.to_make(*each) for each in (("firms", frozenset()), ("people", None))] == ["", ""]
    assert WAY.to_make("people", frozenset({"people.fields"})) == ""


def test_code_is_exchanged_and_what_is_allowed_asked_for():
    time = Time()
    with web([answer(GIVEN), answer({"active": True, "scope": "people.read firms.read"})]) as site:
        tokens = server(site.url, time).exchange("the-code", "the-verifier", "https://here.example/back")
    assert (tokens.access, tokens.refresh, tokens.until) == ("access-1", "refresh-1", time.now + 600)
    assert tokens.scopes == {"people.read", "firms.read"}
    sent = form_of(site.asked[0])
    assert sent == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "code_verifier": "the-verifier",
        "redirect_uri": "https://here.example/back",
        "client_id": "ours",
        "client_secret": "secret-of-the-client",
    }
    assert form_of(site.asked[1])["token"] == "access-1"
    assert "access-1" not in repr(tokens)
    assert "secret" not in repr(CLIENT)


@pytest.mark.parametrize(
    ("told", "scopes"), [({"scope": "a b"}, {"a", "b"}), ({"scopes": ["a"]}, {"a"}), ({"scope": ""}, set())]
)
def test_scopes_that_are_told_with_the_tokens_are_not_asked_for(told: dict[str, object], scopes: set[str]):
    with web([answer(GIVEN | told)]) as site:
        assert server(site.url, Time()).exchange("c", "v", "https://here.example/back").scopes == scopes
        assert len(site.asked) == 1


def test_refresh_token_stays_where_the_app_gives_no_other():
    time = Time()
    with web([answer({"access_token": "access-2"}), answer(GIVEN)]) as site:
        kept = server(site.url, time).refresh(FORMER)
        assert (kept.refresh, kept.until, kept.scopes) == ("refresh-0", time.now + 1800, FORMER.scopes)
        assert server(site.url, time).refresh(FORMER).refresh == "refresh-1"
        assert form_of(site.asked[0])["refresh_token"] == "refresh-0"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_grant", "error_description": "refresh-0 is over"}, SignInNeeded),
        (400, {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"}, SignInNeeded),
        (401, {"error": "invalid_client", "error_description": "secret-of-the-client is wrong"}, ClientRefused),
        (403, {}, SignInNeeded),
        (500, {}, AppFailed),
        (200, {}, ProtocolError),
        (200, {"access_token": 7}, ProtocolError),
        (200, {"access_token": "a", "token_type": "mac"}, ProtocolError),
        (200, [], ProtocolError),
    ],
)
def test_refusals_are_told_without_what_was_sent(status: int, body: object, error: type[BothwaysError]):
    with web([answer(body, status)]) as site, pytest.raises(error) as caught:
        server(site.url, Time()).refresh(FORMER)
    for secret in ("refresh-0", "secret-of-the-client"):
        assert secret not in str(caught.value)


def test_token_of_our_registration_itself_is_of_nobody():
    asked: list[Asked] = []

    def answers(call: Asked) -> Answer:
        asked.append(call)
        return answer({"access_token": "own-1", "expires_in": 600, "scope": "log.read"})

    with web(answers) as site:
        given = server(site.url, time := Time()).own(["log.read", "people.read"])
    assert (given.access, given.refresh, given.until) == ("own-1", "", time.now + 600)
    form = form_of(asked[0])
    assert (form["grant_type"], form["scope"]) == ("client_credentials", "log.read people.read")
    assert (form["client_id"], form["client_secret"]) == ("ours", "secret-of-the-client")


@pytest.mark.parametrize(
    ("status", "word", "error"), [(400, "invalid_scope", PermissionMissing), (401, "invalid_client", ClientRefused)]
)
def test_registration_that_may_have_no_token_itself_lacks_a_permission(
    status: int, word: str, error: type[BothwaysError]
):
    body = {"error": word, "error_description": "not with secret-of-the-client"}
    with web(lambda call: answer(body, status)) as site, pytest.raises(error) as caught:
        server(site.url, Time()).own(["log.read"])
    assert "secret-of-the-client" not in str(caught.value)


def test_access_without_a_refresh_token_is_no_use():
    with web([answer({"access_token": "a"})]) as site, pytest.raises(ProtocolError, match="without a refresh token"):
        server(site.url, Time()).exchange("c", "v", "https://here.example/back")


@pytest.mark.parametrize("status", [200, 400, 404])
def test_what_is_given_back_may_be_unknown_there(status: int):
    with web([answer({}, status)]) as site:
        server(site.url, Time()).revoke(FORMER)
        assert form_of(site.asked[0])["token"] == "refresh-0"


def test_objects_are_read_and_written_as_far_as_it_is_allowed():
    people = ObjectType("people", "People")

    def may(*scopes: str) -> tuple[bool, bool, bool]:
        kind = WAY.restricted(people, frozenset(scopes))
        return kind.readable, kind.writable, kind.deletable

    assert may("people.read", "people.write") == (True, True, True)
    assert may("people.read") == (True, False, False)
    assert may("people.write") == (False, False, False)
    assert WAY.restricted(people, None) == people
    assert (oauth_of(CardDav), oauth_of(HubSpot) is HubSpot.oauth) == (None, True)


# --- calls with a token that ends ---------------------------------------------------------------------------


class InTurn:
    """Hands out one token after the other, the next one when one is refused."""

    def __init__(self, *tokens: str) -> None:
        self.tokens, self.bad = list(tokens), list[str]()

    def token(self) -> str:
        return self.tokens[0]

    def refused(self, token: str) -> None:
        self.bad.append(token)
        if len(self.tokens) > 1:
            self.tokens.pop(0)

    def allowed(self) -> frozenset[str] | None:
        return None


def only(good: str):
    """Answer calls with this token alone, and quote what was sent with others."""

    def script(asked: Asked) -> Answer:
        sent = asked.headers["Authorization"]
        return Answer() if sent == f"Bearer {good}" else Answer(401, f"{sent} is over".encode())

    return script


def test_call_that_is_refused_is_sent_once_more_with_another_token_even_a_write():
    access = InTurn("token-old", "token-new")
    with web(only("token-new")) as site:
        http = HttpClient(site.url, make_setup(Time()), access=access)
        assert http.request("POST", "/write", json={}, repeatable=False).status == 200
        assert http.request("GET", "/read", repeatable=True).status == 200
    assert (access.bad, len(site.asked)) == (["token-old"], 3)


def test_call_that_is_refused_twice_asks_for_a_sign_in_and_tells_no_token():
    access = InTurn("token-one", "token-two", "token-three")
    with web(only("another")) as site:
        http = HttpClient(
            site.url, make_setup(Time()), access=access, manners=Manners(lambda response: response.body.decode())
        )
        with pytest.raises(SignInNeeded) as caught:
            http.request("GET", "/read", repeatable=True)
    assert len(site.asked) == 2
    assert "token-" not in str(caught.value)
    assert http.scrub("token-one and token-two") == "*** and ***"


def test_token_stays_with_the_host_that_it_is_for():
    access = InTurn("token-one")
    with web([Answer()]) as other:
        with web([Answer(302, headers={"Location": other.url})]) as site:
            HttpClient(site.url, make_setup(Time()), access=access).request("GET", "/read", repeatable=True)
        assert "Authorization" not in other.asked[0].headers
        assert site.asked[0].headers["Authorization"] == "Bearer token-one"
