"""The HTTP client against a scripted server: what is repeated, what is not, and where secrets go."""

import base64
import gzip
import logging
import socket

import pytest

from bothways.connectors.budget import MemoryBudget
from bothways.connectors.http import LONGEST_WAIT, TRIES, HttpClient, Manners, Response, Spent
from bothways.errors import (
    AddressNotAllowed,
    AppFailed,
    AppUnreachable,
    CredentialsRefused,
    OutcomeUnknown,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    SettingsError,
)
from tests.connectors.support import Answer, Asked, Time, make_setup, web

TOKEN = "pat-na1-1234-secret"


def client_for(url: str, time: Time | None = None, **kwargs) -> HttpClient:
    time = time or Time()
    allow = kwargs.pop("allow", ("127.0.0.1", "localhost"))
    setup = make_setup(time, budget=kwargs.pop("budget", None), allow=allow)
    return HttpClient(url, setup, {"Authorization": f"Bearer {TOKEN}"}, kwargs.pop("timeout", 5.0), **kwargs)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(client: HttpClient, path: str = "/x", **kwargs) -> Response:
    return client.request("GET", path, repeatable=True, **kwargs)


def post(client: HttpClient, path: str = "/x", **kwargs) -> Response:
    return client.request("POST", path, json={"a": 1}, repeatable=False, **kwargs)


def test_answer_has_status_headers_and_json():
    with web([Answer(201, b'{"a": "\xc3\xa4"}', {"X-Say": "hi"})]) as site:
        answer = get(client_for(site.url), "/p", query={"limit": 2, "p": ["a", "b"]})
    assert (answer.status, answer.headers["x-say"], answer.json()) == (201, "hi", {"a": "ä"})
    assert site.asked[0].path == "/p?limit=2&p=a&p=b"
    assert site.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_connection_is_kept():
    with web([Answer()]) as site:
        client = client_for(site.url)
        for _ in range(5):
            get(client)
        assert list(site.sockets.values()) == [5]


def test_packed_answer_is_unpacked():
    with web([Answer(200, gzip.compress(b'{"a": 1}'), {"Content-Encoding": "gzip"})]) as site:
        assert get(client_for(site.url)).json() == {"a": 1}


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000])
def test_bad_json_is_a_protocol_error(body: bytes):
    with web([Answer(200, body)]) as site, pytest.raises(ProtocolError, match="HTTP 200"):
        get(client_for(site.url)).json()


def test_answer_beyond_all_measure_is_refused(monkeypatch):
    monkeypatch.setattr("bothways.connectors.http.LARGEST_ANSWER", 2**20)
    bomb = gzip.compress(bytes(3 * 2**20))
    with web([Answer(200, bomb, {"Content-Encoding": "gzip"})]) as site, pytest.raises(ProtocolError, match="1 MiB"):
        get(client_for(site.url))


# --- repeating ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [423, 477, 500, 502, 503, 504, 521])
def test_reading_is_repeated_until_it_succeeds(status):
    time = Time()
    with web([Answer(status), Answer(status), Answer()]) as site:
        assert get(client_for(site.url, time)).status == 200
    assert len(site.asked) == 3
    assert len(time.slept) == 2
    if status in (423, 477):
        assert min(time.slept) >= 2


def test_reading_is_not_repeated_for_ever():
    time = Time()
    with web([Answer(503)]) as site, pytest.raises(AppFailed, match="503"):
        get(client_for(site.url, time))
    assert len(site.asked) == TRIES
    assert sum(time.slept) < 20


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_failed_write_is_sent_once_and_unknown(status):
    with web([Answer(status)]) as site, pytest.raises(OutcomeUnknown):
        post(client_for(site.url))
    assert len(site.asked) == 1


@pytest.mark.parametrize("cut", [0, 1])
def test_write_whose_answer_breaks_off_is_sent_once_and_unknown(cut):
    with web([Answer(200, b'{"a": 1}', cut=cut)]) as site, pytest.raises(OutcomeUnknown):
        post(client_for(site.url))
    assert len(site.asked) == 1


def test_read_whose_answer_breaks_off_is_repeated():
    with web([Answer(cut=0), Answer(cut=1), Answer(200, b"[1]")]) as site:
        assert get(client_for(site.url)).json() == [1]
    assert len(site.asked) == 3


def test_write_without_answer_in_time_is_unknown():
    with web(lambda asked: (site.hold.wait(5) and Answer()) or Answer()) as site:
        with pytest.raises(OutcomeUnknown, match="in time"):
            post(client_for(site.url, timeout=0.05))
        assert len(site.asked) == 1


def test_write_that_was_never_sent_is_unreachable_after_all_tries():
    time = Time()
    budget = MemoryBudget({}, time.clock, time.sleep)
    with pytest.raises(AppUnreachable, match="refused"):
        post(client_for(f"http://127.0.0.1:{free_port()}", time, budget=budget), call="create")
    assert budget.bill == {"create": TRIES}
    assert len(time.slept) == TRIES - 1


@pytest.mark.parametrize("told", ["7", "Tue, 14 Nov 2023 22:13:27 GMT"])
def test_busy_app_is_asked_again_when_it_said(told):
    time = Time()
    headers = {"Retry-After": told, "Date": "Tue, 14 Nov 2023 22:13:20 GMT"}
    with web([Answer(429, b"{}", headers), Answer()]) as site:
        assert post(client_for(site.url, time)).status == 200
    assert len(site.asked) == 2
    assert sum(time.slept) == pytest.approx(7)


def test_date_that_is_none_is_passed_over():
    time = Time()
    with web([Answer(429, b"{}", {"Retry-After": f"Tue, 14 Nov {'9' * 20} 22:13:27 GMT"}), Answer()]) as site:
        assert post(client_for(site.url, time)).status == 200
    assert 0 < sum(time.slept) < LONGEST_WAIT


@pytest.mark.parametrize("told", ["inf", "1e12", "Fri, 14 Nov 2042 22:13:27 GMT"])
def test_app_is_asked_again_the_next_day_whatever_it_has_told(told: str):
    """What an app asks for is kept beyond the end of the process."""
    clock = Time()
    budget = MemoryBudget({"": (100, 10.0)}, clock.clock, clock.sleep, patience=1e9)
    with web([Answer(429, b"{}", {"Retry-After": told}), Answer()]) as site:
        client = client_for(site.url, clock, budget=budget)
        with pytest.raises(RateLimited):
            post(client)
        began = clock.now
        assert post(client).status == 200
    assert clock.now - began == pytest.approx(86_400, abs=1)


def test_app_that_stays_busy_is_left_alone():
    with web([Answer(429)]) as site, pytest.raises(RateLimited):
        get(client_for(site.url))
    assert len(site.asked) == TRIES


@pytest.mark.parametrize("manners", [Manners(), Manners(spent=lambda response: Spent.DAY)])
def test_long_wait_is_not_waited_out(manners):
    time = Time()
    with web([Answer(429, b"{}", {"Retry-After": "3600"})]) as site, pytest.raises(RateLimited, match="Test"):
        post(client_for(site.url, time, manners=manners))
    assert len(site.asked) == 1
    assert time.slept == []


def test_limit_told_in_headers_is_learnt():
    time = Time()
    budget = MemoryBudget({}, time.clock, time.sleep)
    manners = Manners(limit=lambda headers: (int(headers["X-Max"]), 10.0, None))
    with web([Answer(200, b"{}", {"X-Max": "3"})]) as site:
        client = client_for(site.url, time, budget=budget, manners=manners)
        for _ in range(6):
            get(client)
    assert time.now - 1_700_000_000 >= 10


def test_accepted_status_is_returned_without_repeating():
    with web([Answer(503, b"[]")]) as site:
        assert get(client_for(site.url), ok=(503,)).status == 503
    assert len(site.asked) == 1


# --- errors for people --------------------------------------------------------------------------------


def test_refused_credentials():
    with web([Answer(401)]) as site, pytest.raises(CredentialsRefused, match="Test"):
        get(client_for(site.url))


def test_missing_permission_in_the_apps_words():
    manners = Manners(words=lambda response: f"needs {response.json()['scope']}.")
    with web([Answer(403, b'{"scope": "contacts.write"}')]) as site, pytest.raises(PermissionMissing) as caught:
        get(client_for(site.url, manners=manners))
    assert "Test does not allow this: needs contacts.write." in str(caught.value)


def test_other_refusals_say_status_and_reason():
    with web([Answer(418)]) as site, pytest.raises(AppFailed, match="418"):
        post(client_for(site.url))


def test_secret_quoted_by_the_app_is_not_repeated():
    manners = Manners(words=lambda response: response.body.decode())
    basic = base64.b64encode(b"me:open sesame").decode()
    with web(lambda asked: Answer(400, f"bad {asked.headers['Authorization']} open sesame".encode())) as site:
        setup = make_setup(Time())
        client = HttpClient(site.url, setup, {"Authorization": f"Basic {basic}"}, manners=manners)
        with pytest.raises(AppFailed) as caught:
            get(client)
    assert basic not in str(caught.value)
    assert "open sesame" not in str(caught.value)
    assert "bad" in str(caught.value)


def test_token_with_line_break_is_refused_without_being_quoted():
    with pytest.raises(SettingsError) as caught:
        HttpClient("http://127.0.0.1", make_setup(Time()), {"Authorization": f"Bearer {TOKEN}\n"})
    assert TOKEN not in repr(caught.value) + str(caught.value)


# --- redirects ----------------------------------------------------------------------------------------


def test_redirect_on_the_same_host_keeps_method_body_and_credentials():
    def script(asked: Asked) -> Answer:
        return Answer(302, b"", {"Location": "/new"}) if asked.path == "/old" else Answer()

    with web(script) as site:
        answer = client_for(site.url).request("PROPFIND", "/old", body=b"<x/>", repeatable=True)
    moved = site.asked[1]
    assert answer.url == f"{site.url}/new"
    assert (moved.method, moved.path, moved.body) == ("PROPFIND", "/new", b"<x/>")
    assert moved.headers["Authorization"] == f"Bearer {TOKEN}"


def test_redirect_to_another_host_goes_without_credentials():
    with web([Answer()]) as other, web([Answer(301, b"", {"Location": other.url + "/there"})]) as site:
        assert get(client_for(site.url)).status == 200
    assert "Authorization" not in other.asked[0].headers


def test_write_does_not_follow_to_another_host():
    with web([Answer()]) as other, web([Answer(308, b"", {"Location": other.url + "/there"})]) as site:
        with pytest.raises(ProtocolError, match="another host"):
            post(client_for(site.url))
        assert other.asked == []


def test_see_other_is_fetched_without_the_body():
    with web([Answer(303, b"", {"Location": "/done"}), Answer()]) as site:
        post(client_for(site.url))
    assert (site.asked[1].method, site.asked[1].body) == ("GET", b"")


def test_redirects_in_a_circle_end():
    with web([Answer(302, b"", {"Location": "/x"})]) as site, pytest.raises(ProtocolError, match="redirects"):
        get(client_for(site.url))


def test_absolute_address_elsewhere_gets_no_credentials():
    with web([Answer()]) as other, web([Answer()]) as site:
        get(client_for(site.url), other.url + "/x")
    assert "Authorization" not in other.asked[0].headers


def test_redirect_to_a_forbidden_address_is_not_followed():
    with web([Answer(302, b"", {"Location": "http://169.254.169.254/latest/meta-data"})]) as site:
        with pytest.raises(AddressNotAllowed, match="link-local"):
            get(client_for(site.url))
        assert len(site.asked) == 1


# --- the guard ----------------------------------------------------------------------------------------


def test_loopback_needs_an_administrator():
    with web([Answer()]) as site:
        with pytest.raises(AddressNotAllowed, match="loopback"):
            get(client_for(site.url, allow=()))
        assert site.asked == []


def test_name_that_resolves_to_loopback_is_no_way_around():
    with web([Answer()]) as site:
        with pytest.raises(AddressNotAllowed, match="loopback"):
            get(client_for(f"http://localhost:{site.port}", allow=("127.0.0.1",)))
        assert site.asked == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "host/x", "http://"])
def test_only_web_addresses(url):
    with pytest.raises(AddressNotAllowed):
        client_for(url)


def test_credentials_in_the_address_are_refused_and_not_shown():
    with pytest.raises(AddressNotAllowed) as caught:
        client_for("https://me:geheim@crm.example/")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("name", ["urllib3.connection", "urllib3.connectionpool"])
def test_no_query_stands_in_what_urllib3_warns_of(caplog: pytest.LogCaptureFixture, name: str):
    url = "https://api.example.com/webhooks?hapikey=very-secret"
    logging.getLogger(name).warning("Failed to parse headers (url=%s): %s", url, "no colon")
    assert "very-secret" not in caplog.text
    assert caplog.messages == ["Failed to parse headers (url=https://api.example.com/webhooks?***): no colon"]


def test_secret_that_stands_in_no_header_is_scrubbed_as_well():
    client = HttpClient("https://api.example.com", make_setup(Time()), secrets=("very-secret",))
    assert client.scrub("not known: very-secret") == "not known: ***"
