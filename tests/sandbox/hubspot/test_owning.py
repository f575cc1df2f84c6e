"""The API of the app's owner: the address of its webhooks and its subscriptions, with the developer's key."""

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox
from bothways.sandbox.hubspot.changes import OURS
from bothways.sandbox.hubspot.hooks import DEVELOPER_KEY, MOST_SUBSCRIPTIONS
from tests.connectors.support import Answer, web
from tests.sandbox.hubspot.client import Client, Said


class Owner:
    def __init__(self, hubspot: HubSpotSandbox) -> None:
        self.client = Client(hubspot)

    def __call__(self, method: str, path: str, body: object = None, key: str = DEVELOPER_KEY) -> Said:
        return self.client(method, f"/webhooks/v3/{OURS.id}/{path}?hapikey={key}", body)


@pytest.fixture
def owner(hubspot: HubSpotSandbox) -> Owner:
    return Owner(hubspot)


def target(url: str) -> dict[str, object]:
    return {"targetUrl": url, "throttling": {"maxConcurrentRequests": 5, "period": "SECONDLY"}}


def test_address_is_not_there_until_it_is_set(owner: Owner):
    assert owner("GET", "settings").code == 404
    assert owner("PUT", "settings", target("https://x.test/hooks")).code == 200
    assert owner("GET", "settings")["targetUrl"] == "https://x.test/hooks"
    assert owner("GET", "settings")["throttling"] == {"maxConcurrentRequests": 5, "period": "SECONDLY"}
    assert owner("PUT", "settings", {"targetUrl": "https://y.test"}).code == 400
    assert owner("PUT", "settings", target("ftp://x")).code == 400


def test_subscription_is_made_paused_and_deleted(owner: Owner):
    made = owner("POST", "subscriptions", {"eventType": "contact.propertyChange", "propertyName": "email"})
    assert (made.code, made["active"], made["propertyName"]) == (201, False, "email")
    assert owner("PATCH", f"subscriptions/{made['id']}", {"active": True})["active"] is True
    assert owner("GET", "subscriptions").ids == [made["id"]]
    assert owner("DELETE", f"subscriptions/{made['id']}").code == 204
    assert owner("DELETE", f"subscriptions/{made['id']}").code == 404
    assert owner("PATCH", f"subscriptions/{made['id']}", {"active": True}).code == 404


def test_subscriptions_are_read_one_by_one_and_changed_together(owner: Owner):
    ids = [owner("POST", "subscriptions", {"eventType": f"contact.{each}"})["id"] for each in ("creation", "merge")]
    assert owner("GET", f"subscriptions/{ids[0]}")["eventType"] == "contact.creation"
    assert owner("GET", "subscriptions/7").code == 404
    both = {"inputs": [{"id": int(id), "active": True} for id in ids]}
    said = owner("POST", "subscriptions/batch/update", both)
    assert (said.code, [each["active"] for each in said["results"]]) == (200, [True, True])
    off = {"inputs": [{"id": int(ids[0]), "active": False}, {"id": 7, "active": False}]}
    assert owner("POST", "subscriptions/batch/update", off).code == 404
    assert [each["active"] for each in owner("GET", "subscriptions")["results"]] == [True, True]


def test_where_the_address_is_taken_away_nothing_is_sent(owner: Owner, hubspot: HubSpotSandbox):
    with web([Answer(204, b"")]) as receiver:
        hubspot.subscribe(receiver.url, [{"subscriptionType": "contact.creation"}])
        for told in (1, 1):
            hubspot.create("contacts", {"lastname": "A"})
            hubspot.deliver()
            assert len(receiver.asked) == told
            assert owner("DELETE", "settings").code == 204
    assert owner("GET", "settings").code == 404
    assert len(owner("GET", "subscriptions").ids) == 1


def test_what_hubspot_refuses_is_refused(owner: Owner):
    assert owner("POST", "subscriptions", {"eventType": "contact.creation"}).code == 201
    assert owner("POST", "subscriptions", {"eventType": "contact.creation"}).code == 409
    assert owner("POST", "subscriptions", {"eventType": "contact.explosion"}).code == 400
    assert owner("POST", "subscriptions", {"eventType": "contact.propertyChange"}).code == 400
    assert owner("POST", "subscriptions", {"eventType": "object.creation", "objectTypeId": "0-2"}).code == 201
    assert owner("POST", "settings").code == 405
    assert owner("GET", "subscriptions", key="wrong").code == 401
    assert owner.client("GET", f"/webhooks/v3/1/subscriptions?hapikey={DEVELOPER_KEY}").code == 401


def test_there_are_a_thousand_at_most(owner: Owner, hubspot: HubSpotSandbox):
    many = [
        {"subscriptionType": "contact.propertyChange", "propertyName": f"p{n}"} for n in range(MOST_SUBSCRIPTIONS - 1)
    ]
    hubspot.subscribe("https://x.test", many)
    assert owner("POST", "subscriptions", {"eventType": "contact.creation"}).code == 201
    assert owner("POST", "subscriptions", {"eventType": "contact.deletion"}).code == 400


def test_what_is_subscribed_to_is_sent_once_there_is_an_address_and_not_while_it_is_paused(
    owner: Owner, hubspot: HubSpotSandbox
):
    with web([Answer(204, b"")]) as receiver:
        id = owner("POST", "subscriptions", {"eventType": "contact.creation", "active": True})["id"]
        for number, told in enumerate((0, 1, 1)):
            hubspot.create("contacts", {"email": f"{number}@x.test"})
            hubspot.deliver()
            assert len(receiver.asked) == told
            if number == 0:
                owner("PUT", "settings", target(receiver.url))
            else:
                hubspot.pause(id)
