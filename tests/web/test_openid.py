"""Signing in with an OpenID provider: a real one on this machine, from the page where it begins to the session."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from bothways.ledger.models import Account, Identity, Session
from bothways.service import accounts, openid
from bothways.service.database import used
from bothways.service.openid import LASTS
from bothways.service.openid_token import DRIFT
from bothways.service.rights import Role
from tests.office import Office
from tests.openid_provider import CLIENT, SECRET, Provider, new_key, openid_provider
from tests.postgres import free_port
from tests.web.browser import PASSWORD, Answer, Browser

SETTINGS = """\
version: 1
allow_hosts: [127.0.0.1]
sign_in:
  name: Example Login
  issuer: {url}
  client_id: bothways
  client_secret: {{env: OPENID_SECRET}}
  roles: {{staff: viewer, it: editor}}
"""


@pytest.fixture
def provider(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider that knows Ana and Vera, and that the workspace names."""
    monkeypatch.setattr(openid, "_known", {})
    monkeypatch.setenv("OPENID_SECRET", SECRET)
    people = {
        "n1": {"name": "Ana Ruiz", "email": "ana@x.test", "groups": []},
        "n2": {"name": "Vera Holt", "groups": ["staff", "other"]},
    }
    with openid_provider(**people) as provider:
        provider.clock = office.clock
        office.change("version: 1\n", SETTINGS.format(url=provider.url))
        yield provider


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def answer_of(provider: Provider, address: str, subject: str) -> str:
    """Sign in at the provider as a browser would that was sent there; return where it is sent back to."""
    with urllib.request.urlopen(address) as page:
        form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.read().decode()))
    form = {key: unescape(value) for key, value in form.items()} | {"subject": subject}
    with pytest.raises(urllib.error.HTTPError) as redirect:
        urllib.request.build_opener(_Stay).open(f"{provider.url}/authorize", urlencode(form).encode())
    with redirect.value:
        assert redirect.value.code == 302
        parts = urlsplit(redirect.value.headers["Location"])
    return f"{parts.path}?{parts.query}"


def come(here: Browser, provider: Provider, subject: str, begin: str = "/login/with") -> Answer:
    """Sign in with the provider, the whole way."""
    sent = here.get(begin)
    assert sent.status == 303, sent.text
    return here.get(answer_of(provider, sent.location, subject))


def browser(office: Office) -> Browser:
    return Browser(office.open())


def refused(answer: Answer, code: str, status: int = 422) -> None:
    """See that nobody was signed in, and that the page says why."""
    assert (answer.status, re.findall(r"BW-\d+", answer.text)) == (status, [code]), answer.text
    assert "bothways_session" not in "".join(answer.cookies)


def accounts_of(here: Browser) -> dict[str, str]:
    """Return the accounts by name, each with its role."""
    with used(here.workspace.database):
        return {row.name: row.role for row in Account.objects.order_by("pk")}


# --- who comes in -------------------------------------------------------------------------------------


def test_whom_a_rule_names_comes_in_with_its_role_and_is_known_again(office: Office, provider: Provider) -> None:
    here = browser(office)
    assert "Sign in with Example Login" in here.get("/login").text
    done = come(here, provider, "n2", "/login/with?next=/activity")
    assert (done.status, done.location) == (303, "/activity")
    assert "Vera Holt</bdi> · viewer" in here.get("/").text
    provider.people["n2"] |= {"name": "Vera New", "email": "vera@x.test"}
    again = browser(office)
    assert come(again, provider, "n2").status == 303
    assert accounts_of(here) == {"Vera Holt": "viewer"}
    with used(here.workspace.database):
        assert Identity.objects.count() == 1
        assert Session.objects.filter(account_id__isnull=False).count() == 2


def test_request_is_as_the_protocol_wants_it(office: Office, provider: Provider) -> None:
    here = browser(office)
    sent = urlsplit(here.get("/login/with").location)
    asked = {key: value for key, [value] in parse_qs(sent.query).items()}
    assert f"{sent.scheme}://{sent.netloc}{sent.path}" == f"{provider.url}/authorize"
    assert asked["redirect_uri"] == "http://127.0.0.1/login/back"
    assert (asked["tenant"], asked["client_id"], asked["scope"]) == ("1", CLIENT, "openid profile")
    assert min(len(asked[key]) for key in ("state", "nonce", "code_challenge")) >= 43
    cookie = next(each for each in here.get("/login/with").cookies if each.startswith("bothways_attempt="))
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/login/", "Max-Age=600"))
    assert asked["state"] not in here.get("/login/with").location, "each attempt has its own"


def test_nobody_comes_in_whom_nobody_has_let_in(office: Office, provider: Provider) -> None:
    here = browser(office)
    Browser(here.workspace).sign_up("Ana Ruiz")
    provider.people["n1"]["email_verified"] = True
    refused(come(here, provider, "n1"), "BW-554")
    assert accounts_of(here) == {"Ana Ruiz": "admin"}, "a name or an e-mail address binds nobody to an account"
    assert here.get("/").location.startswith("/login")


def test_role_follows_the_rule_at_each_sign_in_and_ends_with_it(office: Office, provider: Provider) -> None:
    here = browser(office)
    Browser(here.workspace).sign_up("Ada")
    come(here, provider, "n2")
    provider.people["n2"]["groups"] = ["staff", "it"]
    come(here, provider, "n2")
    assert accounts_of(here)["Vera Holt"] == "editor"
    provider.people["n2"]["groups"] = "staff"
    come(here, provider, "n2")
    assert accounts_of(here)["Vera Holt"] == "viewer"
    provider.people["n2"]["groups"] = ["other"]
    refused(come(browser(office), provider, "n2"), "BW-554")


def test_only_admin_stays_one_whatever_a_rule_says(office: Office, provider: Provider) -> None:
    office.change("it: editor", "it: admin")
    here = browser(office)
    provider.people["n2"]["groups"] = ["it"]
    come(here, provider, "n2")
    provider.people["n2"]["groups"] = ["staff"]
    assert come(here, provider, "n2").status == 303
    assert accounts_of(here) == {"Vera Holt": "admin"}


def test_who_was_invited_comes_in_by_the_link_once_and_without_it_then(office: Office, provider: Provider) -> None:
    here = browser(office)
    word = accounts.make_link(here.workspace, Role.EDITOR)
    assert "Sign in with Example Login instead" in here.get(f"/welcome?key={word}").text
    assert come(here, provider, "n1", f"/login/with?key={word}").status == 303
    assert accounts_of(here) == {"Ana Ruiz": "editor"}
    assert come(browser(office), provider, "n1").status == 303
    assert "You have no password here" in here.get("/settings/me").text
    other = browser(office)
    refused(other.get(f"/login/with?key={word}"), "BW-504", 410)
    what = [each.what for each in accounts.deeds(here.workspace)]
    assert "made an account (editor) with the provider" in what


def test_name_that_somebody_has_gets_a_number(office: Office, provider: Provider) -> None:
    here = browser(office)
    Browser(here.workspace).sign_up("vera holt")
    come(here, provider, "n2")
    assert accounts_of(here) == {"vera holt": "admin", "Vera Holt 2": "viewer"}


def test_link_for_an_account_binds_it_and_ends_its_password_and_sessions(office: Office, provider: Provider) -> None:
    ana = browser(office)
    ana.sign_up("Ana Ruiz")
    word = accounts.make_link(ana.workspace, name="Ana Ruiz")
    here = browser(office)
    assert come(here, provider, "n1", f"/login/with?key={word}").status == 303
    assert accounts_of(here) == {"Ana Ruiz": "admin"}
    assert ana.get("/").location.startswith("/login")
    ana.get("/login")
    assert ana.post("/login", name="Ana Ruiz", password=PASSWORD).status == 422
    assert come(ana, provider, "n1").status == 303


def test_link_is_not_used_by_who_has_an_account_already(office: Office, provider: Provider) -> None:
    here = browser(office)
    come(here, provider, "n2")
    word = accounts.make_link(here.workspace, Role.ADMIN)
    refused(come(browser(office), provider, "n2", f"/login/with?key={word}"), "BW-556")
    assert accounts.link_is_for(here.workspace, word) == (Role.ADMIN, "")
    assert accounts_of(here) == {"Vera Holt": "viewer"}


def test_who_is_switched_off_stays_out(office: Office, provider: Provider) -> None:
    here = browser(office)
    come(here, provider, "n2")
    accounts.switch_off(here.workspace, "Vera Holt")
    refused(come(browser(office), provider, "n2"), "BW-557")
    assert here.get("/").location.startswith("/login")


def test_second_factor_of_ours_is_not_asked_for(office: Office, provider: Provider) -> None:
    here = browser(office)
    come(here, provider, "n2")
    with used(here.workspace.database):
        Account.objects.update(totp="A" * 32)
    again = browser(office)
    assert come(again, provider, "n2").location == "/"
    assert again.get("/").status == 200


# --- what is not believed -----------------------------------------------------------------------------


def signed_by_a_stranger(provider: Provider) -> None:
    provider.keys, provider.key = [provider.key], new_key("first")


def not_signed(provider: Provider) -> None:
    head, body = '{"alg":"none"}', f'{{"iss":"{provider.url}","sub":"n2","aud":"{CLIENT}"}}'
    provider.token = ".".join((*(openid.b64encode(each.encode()).decode().rstrip("=") for each in (head, body)), ""))


def signed_by_what_both_know(provider: Provider) -> None:
    claims = {"iss": provider.url, "sub": "n2", "aud": CLIENT, "exp": 2**40, "iat": 1}
    provider.token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])
    provider.metadata["id_token_signing_alg_values_supported"] = ["HS256"]


def wrong(**claims: Any) -> Any:
    """Let a claim be another one, or missing."""

    def change(provider: Provider) -> None:
        now = int(provider.clock())
        provider.wrong |= {key: now + value if isinstance(value, int) else value for key, value in claims.items()}

    return change


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (signed_by_a_stranger, "not signed with a key of the provider"),
        (not_signed, "no token that can be read"),
        (signed_by_what_both_know, "no token that can be read"),
        (wrong(nonce="another"), "nonce"),
        (wrong(nonce=None), "nonce"),
        (wrong(aud="another client"), "aud"),
        (wrong(aud=None), "aud"),
        (wrong(aud=[CLIENT, "another client"], azp="another client"), "azp"),
        (wrong(iss="https://elsewhere.test"), "iss"),
        (wrong(sub=None), "sub"),
        (wrong(sub=""), "sub"),
        (wrong(exp=-61), "too old"),
        (wrong(exp=None), "exp"),
        (wrong(iat=3600), "iat"),
        (wrong(at_hash="of another one"), "at_hash"),
        (lambda provider: setattr(provider, "token", "nothing.of.it"), "no token that can be read"),
        (lambda provider: setattr(provider, "token", "é"), "no token that can be read"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_token_that_is_not_as_it_must_be_signs_nobody_in(
    office: Office, provider: Provider, fault: Any, words: str
) -> None:
    fault(provider)
    here = browser(office)
    answer = come(here, provider, "n2")
    refused(answer, "BW-553")
    assert words in answer.text
    assert accounts_of(here) == {}


def test_clock_of_the_provider_may_be_a_little_wrong(office: Office, provider: Provider) -> None:
    provider.clock = lambda: office.clock() + DRIFT - 5
    assert come(browser(office), provider, "n2").status == 303


def test_keys_that_the_provider_has_changed_serve_at_once(office: Office, provider: Provider) -> None:
    here = browser(office)
    come(here, provider, "n2")
    before = provider.key
    provider.rotate()
    assert come(here, provider, "n2").status == 303
    provider.key = before
    refused(come(browser(office), provider, "n2"), "BW-553")


def test_key_is_found_among_several_with_and_without_a_name(office: Office, provider: Provider) -> None:
    provider.keys = [new_key("other"), provider.key, new_key("third")]
    assert come(browser(office), provider, "n2").status == 303
    provider.names_key = False
    assert come(browser(office), provider, "n2").status == 303


# --- where it came from -------------------------------------------------------------------------------


def test_answer_is_good_in_the_browser_that_has_begun_alone(office: Office, provider: Provider) -> None:
    here, other = browser(office), browser(office)
    answer = answer_of(provider, here.get("/login/with").location, "n2")
    refused(other.get(answer), "BW-551")
    other.get("/login/with")
    refused(other.get(answer), "BW-551")
    assert [path for path, *_ in provider.asked].count("/token") == 0
    assert here.get(answer).status == 303


def test_answer_is_good_once(office: Office, provider: Provider) -> None:
    here = browser(office)
    kept = here.get("/login/with")
    cookie = here.cookies["bothways_attempt"]
    answer = answer_of(provider, kept.location, "n2")
    assert here.get(answer).status == 303
    refused(Browser(here.workspace).get(answer), "BW-551")
    thief = Browser(here.workspace)
    thief.cookies["bothways_attempt"] = cookie
    refused(thief.get(answer), "BW-550", 502)


def test_answer_that_comes_too_late_is_not_taken(office: Office, provider: Provider) -> None:
    here = browser(office)
    answer = answer_of(provider, here.get("/login/with").location, "n2")
    office.clock.advance(LASTS + 1)
    refused(here.get(answer), "BW-551")


def test_cookie_that_somebody_made_up_is_not_believed(office: Office, provider: Provider) -> None:
    here = browser(office)
    for made_up in ("", "nothing", f"{here.cookies.get('bothways_attempt', 'e30')}:x:y"):
        here.cookies["bothways_attempt"] = made_up
        refused(here.get("/login/back?state=&code=x"), "BW-551")


def test_answer_of_another_provider_is_not_taken(office: Office, provider: Provider) -> None:
    here = browser(office)
    answer = answer_of(provider, here.get("/login/with").location, "n2")
    mixed = re.sub(r"iss=[^&]*", "iss=https%3A%2F%2Felsewhere.test", answer)
    refused(here.get(mixed), "BW-553")


def test_session_has_another_key_after_it(office: Office, provider: Provider) -> None:
    here = browser(office)
    come(here, provider, "n2")
    before = here.cookies["bothways_session"]
    come(here, provider, "n2")
    assert here.cookies["bothways_session"] != before


@pytest.mark.parametrize("elsewhere", ["https://evil.test/", "//evil.test/", "javascript:alert(1)"])
def test_nobody_is_led_to_another_host(office: Office, provider: Provider, elsewhere: str) -> None:
    assert come(browser(office), provider, "n2", f"/login/with?{urlencode({'next': elsewhere})}").location == "/"


# --- what fails ---------------------------------------------------------------------------------------


def test_refusal_of_the_provider_is_told_in_its_words(office: Office, provider: Provider) -> None:
    provider.refuses = "<b>You pressed Cancel</b>"
    answer = come(browser(office), provider, "n2")
    refused(answer, "BW-552")
    assert "&lt;b&gt;You pressed Cancel&lt;/b&gt;" in answer.text


@pytest.mark.parametrize("path", ["/token", "/keys"])
def test_provider_that_fails_signs_nobody_in(office: Office, provider: Provider, path: str) -> None:
    provider.broken = {path}
    refused(come(browser(office), provider, "n2"), "BW-550", 502)


def test_provider_that_is_not_there_is_told_of(office: Office, provider: Provider) -> None:
    here = browser(office)
    provider.broken = {"/.well-known/openid-configuration"}
    refused(here.get("/login/with"), "BW-550", 502)
    office.change(provider.url, f"http://127.0.0.1:{free_port()}")
    refused(browser(office).get("/login/with"), "BW-550", 502)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"issuer": "https://elsewhere.test"}, "calls itself otherwise"),
        ({"token_endpoint": "http://10.0.0.1/token"}, "token_endpoint"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri"),
        ({"authorization_endpoint": None}, "authorization_endpoint"),
    ],
)
def test_provider_that_leads_elsewhere_is_not_followed(
    office: Office, provider: Provider, metadata: dict[str, Any], words: str
) -> None:
    provider.metadata = metadata
    answer = browser(office).get("/login/with")
    refused(answer, "BW-550", 502)
    assert words in answer.text


def test_provider_is_called_through_the_guard_of_all_addresses(office: Office, provider: Provider) -> None:
    provider.metadata = {"token_endpoint": "https://localhost:1/token"}
    answer = come(browser(office), provider, "n2")
    refused(answer, "BW-550", 502)
    assert "loopback" in answer.text


def test_secret_goes_in_the_form_where_the_provider_wants_it_so_and_is_never_told(
    office: Office, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert come(browser(office), provider, "n2").status == 303
    monkeypatch.setenv("OPENID_SECRET", "another secret of ours")
    answer = come(browser(office), provider, "n2")
    refused(answer, "BW-550", 502)
    assert "another secret" not in answer.text
    monkeypatch.delenv("OPENID_SECRET")
    answer = come(browser(office), provider, "n2")
    refused(answer, "BW-550", 502)
    assert "OPENID_SECRET" not in answer.text


def test_without_a_provider_there_is_no_such_way(office: Office) -> None:
    here = browser(office)
    assert "/login/with" not in here.get("/login").text
    refused(here.get("/login/with"), "BW-555")
    refused(here.get("/login/back?state=x&code=x"), "BW-551")


def test_behind_a_proxy_people_are_sent_back_to_the_public_address(office: Office, provider: Provider) -> None:
    office.change("version: 1\n", "version: 1\npublic_url: https://sync.example.com/\n")
    here = Browser(office.open(), "https://sync.example.com")
    asked = parse_qs(urlsplit(here.get("/login/with").location).query)
    assert asked["redirect_uri"] == ["https://sync.example.com/login/back"]
    assert any("Secure" in each for each in here.get("/login/with").cookies if each.startswith("bothways_attempt"))


def test_what_a_provider_says_of_itself_is_asked_for_again_after_a_while(office: Office, provider: Provider) -> None:
    here = browser(office)
    asked = "/.well-known/openid-configuration"
    for count, later in ((1, 0), (1, openid.KEPT - 1), (2, 2)):
        office.clock.advance(later)
        here.get("/login/with")
        assert [path for path, *_ in provider.asked].count(asked) == count
