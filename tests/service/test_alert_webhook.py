"""An alert by webhook, to a real receiver: posted as it is, signed, and told in the receiver's words if not taken."""

import hashlib
import hmac
from pathlib import Path

import pytest

from bothways.errors import AlertNotSent
from bothways.service import alert_webhook
from bothways.service.connect import Secrets
from bothways.service.document import SecretPlace
from tests.connectors.support import Answer, web
from tests.postgres import free_port

NOW = 1_790_000_000.7
BODY = b'{"format": "bothways.alert/1", "id": "a1b2"}'
ALLOWED = frozenset({"127.0.0.1"})


def secrets(**held: str) -> Secrets:
    places = {"secret": SecretPlace("env", "SIGNED")}
    return Secrets("the webhook", places, Path(), environment=held.get)


def send(url: str, *, signed: bool = False, allowed: frozenset[str] = ALLOWED, **held: str) -> str:
    return alert_webhook.send(url, secrets(**held), signed, allowed, BODY, NOW)


def test_document_is_posted_as_it_is_and_signed_over_its_time_and_its_bytes() -> None:
    with web([Answer(200, b"ok")]) as receiver:
        assert send(f"{receiver.url}/hook?team=ops", signed=True, SIGNED="s3cret") == "HTTP 200, ok"
    [asked] = receiver.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/hook?team=ops", BODY)
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["Bothways-Timestamp"] == "1790000000"
    expected = hmac.new(b"s3cret", b"1790000000." + BODY, hashlib.sha256).hexdigest()
    assert asked.headers["Bothways-Signature"] == f"v1={expected}"


def test_without_a_secret_nothing_is_signed() -> None:
    with web([Answer(204, b"")]) as receiver:
        assert send(receiver.url) == "HTTP 204, No Content"
    assert "Bothways-Signature" not in receiver.asked[0].headers


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(404, b"no such hook"), "its receiver said HTTP 404, no such hook"),
        (Answer(500, b""), "its receiver said HTTP 500, Internal Server Error"),
        (Answer(401), "its receiver does not accept the credentials"),
        (Answer(429), "its receiver is busy"),
        (Answer(302, b"", {"Location": "https://elsewhere.test/"}), "another host"),
        (Answer(200, b"{}", cut=0), "its receiver cannot be reached"),
    ],
    ids=lambda each: str(each.status) if isinstance(each, Answer) else "",
)
def test_answer_that_takes_nothing_is_told_and_asked_for_once(answer: Answer, words: str) -> None:
    with web([answer]) as receiver, pytest.raises(AlertNotSent, match=words):
        send(receiver.url)
    assert len(receiver.asked) == 1


def test_nobody_there_is_told_as_such_without_the_address() -> None:
    with pytest.raises(AlertNotSent, match="Connection refused") as caught:
        send(f"http://127.0.0.1:{free_port()}/t0ken")
    assert "t0ken" not in str(caught.value)


def test_secret_that_is_missing_is_named_and_nothing_is_sent() -> None:
    with web([Answer()]) as receiver, pytest.raises(AlertNotSent, match="SIGNED"):
        send(receiver.url, signed=True)
    assert receiver.asked == []


def test_private_address_must_be_allowed() -> None:
    with web([Answer()]) as receiver, pytest.raises(AlertNotSent, match="loopback"):
        send(receiver.url, allowed=frozenset())
    assert receiver.asked == []
