"""HubSpot's webhooks: what is taken for one, and which records it names."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.connectors.hubspot import HubSpot
from bothways.connectors.hubspot.webhooks import hints as hints_of
from bothways.connectors.made import with_made
from bothways.connectors.webhooks import Delivery, Hint, ReceivesWebhooks
from bothways.errors import SecretMissing, WebhookRefused
from tests.connectors.support import Secrets, Time, make_setup

SECRET, URL, NOW = "3f6b1a0c-secret", "https://sync.example.com/hooks/hubspot", 1_790_000_000.0
SECRETS = Secrets(webhook_secret=SECRET)
EVENT = {"objectId": 1001, "subscriptionType": "contact.creation", "occurredAt": 1_789_999_999_500}


def signature(url: str, body: bytes, stamp: str, method: str = "POST", secret: str = SECRET) -> str:
    """Return the signature of version 3 as HubSpot's page describes it; ``url`` as HubSpot signs it."""
    source = method.encode() + url.encode() + body + stamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), source, hashlib.sha256).digest()).decode()


def delivery(*events: Any, url: str = URL, signed: str | None = None, at: float = NOW, **more: Any) -> Delivery:
    """Return a delivery as HubSpot sends it at a time; ``signed`` is the address as it signs it, if it is another."""
    body = more.pop("body", None) if "body" in more else json.dumps(list(events)).encode()
    stamp = more.pop("stamp", f"{at * 1000:.0f}")
    headers = {
        "X-HubSpot-Signature-v3": signature(signed or url, body, stamp, **more),
        "X-HubSpot-Request-Timestamp": stamp,
        "Content-Type": "application/json",
    }
    return Delivery("POST", url, headers, body, NOW)


def hints(arrived: Delivery, secrets: Secrets = SECRETS) -> Sequence[Hint]:
    return hints_of("HubSpot", secrets, arrived)


def refused(arrived: Delivery, secrets: Secrets = SECRETS) -> str:
    with pytest.raises(WebhookRefused) as caught:
        hints(arrived, secrets)
    assert caught.value.facts["app"] == "HubSpot"
    assert SECRET not in str(caught.value)
    signature = arrived.header("X-HubSpot-Signature-v3")
    assert len(signature) < 40 or signature not in str(caught.value)
    return str(caught.value.facts["reason"])


def named(*events: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return object and id of every record that events name."""
    return [(each.object, each.id) for each in hints(delivery(*events))]


# --- who has sent it ----------------------------------------------------------------------------------


def test_what_hubspot_has_sent_is_taken():
    assert hints(delivery(EVENT)) == [Hint("contacts", "1001", 1_789_999_999.5)]


BY_OPENSSL = "FZ3I4kT3u5dFscpYkESBYWZCS7S879uWZDntW1Jh9c0="
BY_HUBSPOT = "8t3wy8cGKnng0RHgZ0t7rGe+UVO4oboIs8PFo3tBZRo="


def signed_elsewhere(url: str, body: str, signature: str) -> Delivery:
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": "1790000000000"}
    return Delivery("POST", url, headers, body.encode(), NOW)


def test_signature_made_by_hand_is_taken():
    """Made with ``printf 'POSThttps:...' | openssl dgst -sha256 -hmac SECRET -binary | base64``, ":" not encoded."""
    url = "https://sync.example.com/hooks/hubspot?app=eu%3Aone&tag=a%20b"
    arrived = signed_elsewhere(url, '[{"objectId":1001,"subscriptionType":"contact.creation"}]', BY_OPENSSL)
    assert hints(arrived) == [Hint("contacts", "1001")]
    assert "wrong" in refused(replace(arrived, url=url.replace("%20", " ")))


def test_signature_made_by_hubspots_own_client_is_taken():
    """Made with ``Signature.get_signature`` of hubspot-api-client 12.0.0, which does not decode the address."""
    body = '[{"objectId":1001,"subscriptionType":"contact.creation","propertyValue":"é€"}]'
    arrived = signed_elsewhere(URL + "?app=eu", body, BY_HUBSPOT)
    assert hints(arrived) == [Hint("contacts", "1001")]
    assert "wrong" in refused(replace(arrived, body=body.encode("utf-16")))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("method", "PUT"),
        ("url", URL + "/"),
        ("url", URL.replace("https", "http")),
        ("url", URL + "?a=b"),
        ("body", b'[{"objectId": 1002, "subscriptionType": "contact.creation"}]'),
        ("body", b""),
    ],
)
def test_nothing_may_be_other_than_it_was_signed(part: str, value: Any):
    arrived = delivery(EVENT)
    assert hints(arrived)
    assert "wrong" in refused(replace(arrived, **{part: value}))


def test_another_secret_and_another_time_are_refused():
    assert "wrong" in refused(delivery(EVENT, secret="another"))
    arrived = delivery(EVENT)
    later = {**arrived.headers, "X-HubSpot-Request-Timestamp": f"{(NOW + 1) * 1000:.0f}"}
    assert "wrong" in refused(replace(arrived, headers=later))


def test_body_is_taken_as_raw_as_it_came():
    body = b'[ {"objectId" : 1001,\n "subscriptionType": "contact.creation", "propertyValue": "\xc3\xa9\xe2\x82\xac"} ]'
    assert hints(delivery(body=body)) == [Hint("contacts", "1001")]
    spoilt = b'[{"objectId":1001,"subscriptionType":"contact.creation","propertyValue":"\xff"}]'
    assert "no list" in refused(delivery(body=spoilt))


def test_method_is_told_in_any_case():
    assert hints(replace(delivery(EVENT), method="post"))


@pytest.mark.parametrize(
    ("sent", "signed"),
    [
        ("?x=%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B", "?x=:/?@!$'()*,;"),
        ("?x=%3a%2f%3f%2a%2c%3b", "?x=:/?*,;"),
        ("?x=%20%25%26%3D%2B%23%5B%5D%22%C3%A9", "?x=%20%25%26%3D%2B%23%5B%5D%22%C3%A9"),
        ("?x=%253A", "?x=%253A"),
        ("?x=%25%33%41", "?x=%25%33%41"),
        ("?x=a+b", "?x=a+b"),
    ],
)
def test_of_the_address_twelve_characters_are_decoded_and_no_others(sent: str, signed: str):
    assert hints(delivery(EVENT, url=URL + sent, signed=URL + signed))
    if sent != signed:
        assert "wrong" in refused(delivery(EVENT, url=URL + sent))


def test_delivery_is_taken_for_five_minutes():
    for seconds in (-300, 0, 299):
        assert hints(delivery(EVENT, at=NOW + seconds))
    assert "older" in refused(delivery(EVENT, at=NOW - 301))
    assert "clock" in refused(delivery(EVENT, at=NOW + 301))


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1.79e12", "٣" * 13, "9" * 5000])
def test_without_a_time_nothing_is_taken(stamp: str):
    arrived = delivery(EVENT)
    assert "no X-HubSpot" in refused(
        replace(arrived, headers={**arrived.headers, "X-HubSpot-Request-Timestamp": stamp})
    )


@pytest.mark.parametrize("name", ["X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"])
def test_without_one_of_the_headers_nothing_is_taken(name: str):
    arrived = delivery(EVENT)
    assert "no X-HubSpot" in refused(replace(arrived, headers={**arrived.headers, name: ""}))
    headers = {each: value for each, value in arrived.headers.items() if each != name}
    assert "no X-HubSpot" in refused(replace(arrived, headers=headers))


def test_older_signatures_do_not_stand_in():
    """Version 1 covers neither address nor time: whoever has seen one delivery could send it for ever."""
    arrived = delivery(EVENT)
    old = hashlib.sha256(SECRET.encode() + arrived.body).hexdigest()
    headers = {"X-HubSpot-Signature": old, "X-HubSpot-Signature-Version": "v1"}
    stamp = arrived.header("X-HubSpot-Request-Timestamp")
    assert refused(replace(arrived, headers=headers))
    assert refused(
        replace(arrived, headers={**headers, "X-HubSpot-Signature-v3": old, "X-HubSpot-Request-Timestamp": stamp})
    )


# --- the secret ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("secrets", [Secrets(), Secrets(webhook_secret=""), Secrets(webhook_secret=" \n")])
def test_without_a_secret_everything_is_refused_with_the_setting_that_is_missing(secrets: Secrets):
    for arrived in (delivery(EVENT), delivery(EVENT, secret=""), delivery(EVENT, secret=" ")):
        assert "webhook_secret" in refused(arrived, secrets)


def test_place_of_the_secret_is_named_if_it_is_empty():
    class Empty(Secrets):
        def get(self, name: str) -> str:
            raise SecretMissing(app="HubSpot", what="the variable HUBSPOT_WEBHOOKS")

    with pytest.raises(WebhookRefused, match=r"HUBSPOT_WEBHOOKS holds nothing.*webhook_secret under auth"):
        hints(delivery(EVENT), Empty())


def test_connector_takes_webhooks_with_and_without_a_secret():
    for kind in (HubSpot, with_made(HubSpot)):
        connector = kind(make_setup(Time(), secrets={"token": "t", "webhook_secret": f"{SECRET}\n"}))
        assert isinstance(connector, ReceivesWebhooks)
        assert connector.hints(delivery(EVENT)) == [Hint("contacts", "1001", 1_789_999_999.5)]
        bare = kind(make_setup(Time(), secrets={"token": "t"}))
        assert isinstance(bare, ReceivesWebhooks)
        with pytest.raises(WebhookRefused, match="webhook_secret"):
            bare.hints(delivery(EVENT))


def test_secret_is_an_optional_one_that_is_never_written_down():
    (setting,) = [each for each in HubSpot.settings if each.name == "webhook_secret"]
    assert (setting.auth, setting.secret, setting.required, setting.default) == (True, True, False, None)


# --- what it names ------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["creation", "deletion", "propertyChange", "restore", "privacyDeletion", "unheardOf"])
@pytest.mark.parametrize(
    ("word", "type", "object"),
    [("contact", "0-1", "contacts"), ("company", "0-2", "companies"), ("deal", "0-3", "deals")],
)
def test_record_is_named_whatever_has_happened_to_it(event: str, word: str, type: str, object: str):
    assert named({"objectId": 7, "subscriptionType": f"{word}.{event}"}) == [(object, "7")]
    assert named({"objectId": "7", "eventType": f"{word}.{event}"}) == [(object, "7")]
    assert named({"objectId": 7, "subscriptionType": f"object.{event}", "objectTypeId": type}) == [(object, "7")]


def test_merge_names_all_its_records():
    ids = {"objectId": 5, "primaryObjectId": 1, "mergedObjectIds": [2, "3"], "newObjectId": 4}
    everybody = {("contacts", id) for id in "12345"}
    assert set(named({**ids, "subscriptionType": "contact.merge"})) == everybody
    assert set(named({**ids, "subscriptionType": "object.merge", "objectTypeId": "0-1"})) == everybody
    gone = {"subscriptionType": "contact.merge", "primaryObjectId": 1, "mergedObjectIds": None, "newObjectId": None}
    assert named(gone) == [("contacts", "1")]


def test_association_names_both_its_ends():
    ends = {"fromObjectId": 1, "toObjectId": "2", "associationRemoved": False}
    old = {**ends, "subscriptionType": "contact.associationChange", "associationType": "CONTACT_TO_COMPANY"}
    new = {**ends, "subscriptionType": "object.associationChange", "fromObjectTypeId": "0-3", "toObjectTypeId": "0-1"}
    assert named(old) == [("contacts", "1"), ("companies", "2")]
    assert named(new) == [("deals", "1"), ("contacts", "2")]


def test_other_kinds_of_object_are_left_out():
    ends = {"fromObjectId": 1, "toObjectId": 2}
    assert named(
        {"objectId": 7, "subscriptionType": "line_item.creation"},
        {"objectId": 7, "subscriptionType": "object.creation", "objectTypeId": "0-8"},
        {"objectId": 7, "subscriptionType": "object.creation", "objectTypeId": "2-"},
        {"objectId": 7, "subscriptionType": "object.creation"},
        {"objectId": 7, "subscriptionType": "conversation.newMessage"},
        {"objectId": 7},
        {},
        {**ends, "subscriptionType": "quote.associationChange", "associationType": "QUOTE_TO_LINE_ITEM"},
        {**ends, "subscriptionType": "deal.associationChange", "associationType": "DEAL_TO_LINE_ITEM"},
        {**ends, "subscriptionType": "object.associationChange", "fromObjectTypeId": "0-8", "toObjectTypeId": "0-2"},
    ) == [("deals", "1"), ("companies", "2")]


@pytest.mark.parametrize("id", [None, True, 0, -1, 1.5, "", "0", "x", "1/../2", " 1", "1\n", "١", "9" * 20, [1], {}])
def test_what_is_no_id_is_left_out(id: Any):
    assert named({"objectId": id, "subscriptionType": "contact.creation"}) == []


def test_record_is_named_once_with_its_latest_time():
    change = {"objectId": 7, "subscriptionType": "contact.propertyChange"}
    arrived = delivery(
        {**change, "occurredAt": 2000}, change, {**change, "occurredAt": "3000"}, {**change, "occurredAt": 1000}
    )
    assert hints(arrived) == [Hint("contacts", "7", 3.0)]


@pytest.mark.parametrize("at", [None, True, -1, 1.5, "soon", [], 10**15])
def test_what_is_no_time_is_none(at: Any):
    assert hints(delivery({**EVENT, "occurredAt": at})) == [Hint("contacts", "1001")]


def test_no_events_are_no_hints():
    assert hints(delivery()) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[1]",
        b"[[]]",
        b'[{"objectId":1}, null]',
        b"[{]",
        b"\xff",
        b"[" * 5000 + b"]" * 5000,
        b"[NaN]",
    ],
)
def test_what_is_no_list_of_events_is_refused(body: bytes):
    assert refused(delivery(body=body)) == "it is no list of events"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
KEYS = (
    *("objectId", "primaryObjectId", "newObjectId", "mergedObjectIds", "subscriptionType", "eventType", "occurredAt"),
    *("objectTypeId", "associationType", "fromObjectId", "toObjectId", "fromObjectTypeId", "toObjectTypeId"),
)
wire = st.text(alphabet=st.characters(exclude_categories=()))


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), anything) | anything))
def test_signed_events_of_any_shape_are_hints_or_refused(events: list[Any]):
    with suppress(WebhookRefused):
        for hint in hints(delivery(*events)):
            assert hint.object in ("contacts", "companies", "deals")
            assert hint.id.isdecimal()


@given(st.binary())
def test_signed_bodies_of_any_bytes_are_hints_or_refused(body: bytes):
    with suppress(WebhookRefused):
        assert hints(delivery(body=body)) == []


@given(
    wire,
    wire,
    st.dictionaries(st.sampled_from(["X-HubSpot-Signature-v3", "x-hubspot-request-timestamp"]) | wire, wire),
    st.binary(),
    st.floats(allow_nan=False),
)
def test_nothing_unsigned_is_ever_taken(method: str, url: str, headers: dict[str, str], body: bytes, at: float):
    assert refused(Delivery(method, url, headers, body, at))
    stamp = {"X-HubSpot-Request-Timestamp": f"{NOW * 1000:.0f}", "X-HubSpot-Signature-v3": "x"}
    assert refused(Delivery(method, url, headers | stamp, body, at))
