"""HubSpot's subscriptions: what is to be subscribed to, and the API of a public app's owner, faults included."""

import json
from collections.abc import Iterator

import pytest

from bothways.connectors.base import Setup
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.hubspot import HubSpot
from bothways.connectors.webhooks import Subscribes, Subscription, Topic
from bothways.errors import AppFailed, OutcomeUnknown, PermissionMissing, ProtocolError
from bothways.sandbox.hubspot import HubSpotSandbox
from bothways.sandbox.hubspot.changes import OURS
from bothways.sandbox.hubspot.hooks import DEVELOPER_KEY
from bothways.sandbox.hubspot.schema import prop
from tests.connectors.hubspot.account import Account, unlimited
from tests.connectors.support import Answer, Secrets, web

HERE = "https://sync.example.com/hooks/hubspot"


def owner_of(hubspot: HubSpotSandbox, key: str = DEVELOPER_KEY, app_id: str = OURS.id or "", url: str = "") -> HubSpot:
    return HubSpot(
        Setup(
            app="HubSpot",
            settings={"base_url": url or hubspot.url, "webhook_app_id": app_id},
            secrets=Secrets(token=hubspot.token, developer_key=key),
            budget=MemoryBudget(HubSpot.limits, quota=HubSpot.quota),
            allow_hosts=frozenset({"127.0.0.1"}),
            sleep=lambda seconds: None,
        )
    )


@pytest.fixture
def hubspot() -> Iterator[HubSpotSandbox]:
    with unlimited() as sandbox:
        yield sandbox


@pytest.fixture
def owner(hubspot: HubSpotSandbox) -> HubSpot:
    return owner_of(hubspot)


def test_one_topic_per_property_and_those_of_whole_records():
    with unlimited() as hubspot:
        found = Account(hubspot).connector.topics("contacts", ["email", "firstname + lastname"])
    whole = ["contact.creation", "contact.deletion", "contact.merge", "contact.privacyDeletion", "contact.restore"]
    changed = [Topic("contact.propertyChange", name) for name in ("email", "firstname", "lastname")]
    assert list(found) == [*(Topic(event) for event in whole), *changed]


def test_associations_are_told_of_by_both_ends_and_are_no_property(owner: HubSpot):
    found = owner.topics("deals", ["dealname", "associations.companies", "associations.contacts.user_defined.28"])
    told = [each for each in found if each.event.endswith("associationChange")]
    assert told == [Topic(f"{word}.associationChange") for word in ("company", "contact", "deal")]
    named = owner.topics("contacts", ["associations.companies > name"])
    assert Topic("contact.associationChange") in named
    assert not [each for each in named if each.field]


@pytest.mark.parametrize(("object", "told"), [("tickets", ""), ("leads", "0-136"), ("2-3400001", "2-3400001")])
def test_what_has_no_word_of_its_own_is_subscribed_to_by_its_type(
    owner: HubSpot, hubspot: HubSpotSandbox, object: str, told: str
):
    hubspot.make_object("pet", ("Pet", "Pets"), [prop("pet_name", "Name", group="pet")])
    topics = owner.topics(object, ["hs_pipeline"])
    ids = [owner.subscribe(topic) for topic in topics]
    assert [(each.id, each.topic) for each in owner.subscribed().subscriptions] == list(zip(ids, topics, strict=True))
    rows = hubspot.subscribed()["subscriptions"]
    assert {each.get("objectTypeId", "") for each in rows} == {told}
    assert {each["eventType"].partition(".")[0] for each in rows} == {"object" if told else "ticket"}


def test_only_a_named_public_app_gives_access(owner: HubSpot, hubspot: HubSpotSandbox):
    assert isinstance(owner, Subscribes)
    assert owner.can_subscribe()
    assert not Account(hubspot).connector.can_subscribe()


def test_subscriptions_are_made_resumed_and_deleted(owner: HubSpot, hubspot: HubSpotSandbox):
    assert (owner.subscribed().address, owner.subscribed().subscriptions) == ("", [])
    owner.send_to(HERE)
    id = owner.subscribe(Topic("contact.propertyChange", "email"))
    there = owner.subscribed()
    assert (there.address, there.most) == (HERE, 1000)
    assert there.subscriptions == [Subscription(id, Topic("contact.propertyChange", "email"))]
    hubspot.pause(id)
    assert [each.active for each in owner.subscribed().subscriptions] == [False]
    owner.resume(id)
    assert [each.active for each in owner.subscribed().subscriptions] == [True]
    owner.unsubscribe(id)
    owner.unsubscribe(id)
    assert owner.subscribed().subscriptions == []
    assert owner.check().id


def test_those_to_objects_are_the_same_as_those_to_the_word(owner: HubSpot, hubspot: HubSpotSandbox):
    generic = {"subscriptionType": "object.propertyChange", "objectType": "0-1", "propertyName": "email"}
    hubspot.subscribe("https://x.test", [generic])
    assert [each.topic for each in owner.subscribed().subscriptions] == [Topic("contact.propertyChange", "email")]


def test_how_many_calls_are_made_at_once_stays_when_the_address_is_set(owner: HubSpot, hubspot: HubSpotSandbox):
    hubspot._hooks.send_to("https://old.test", {"maxConcurrentRequests": 3, "period": "SECONDLY"})
    owner.send_to(HERE)
    assert hubspot._hooks.throttling == {"maxConcurrentRequests": 3, "period": "SECONDLY"}
    assert hubspot.subscribed()["url"] == HERE


@pytest.mark.parametrize("key", ["another-key-1234", DEVELOPER_KEY])
def test_key_of_somebody_else_is_refused_and_never_quoted(hubspot: HubSpotSandbox, key: str):
    stranger = owner_of(hubspot, key, "99" if key == DEVELOPER_KEY else str(OURS.id))
    with pytest.raises(PermissionMissing) as caught:
        stranger.subscribed()
    assert "developer_key" in str(caught.value)
    assert key not in str(caught.value)


def test_key_quoted_by_hubspot_is_blotted_out():
    from tests.connectors.support import Answer, web

    def quoting(asked):
        return Answer(400, json.dumps({"message": f"no good: {asked.path}", "category": "VALIDATION_ERROR"}).encode())

    with web(quoting) as server:
        hubspot = type("There", (), {"url": server.url, "token": "pat-1234"})()
        with pytest.raises(AppFailed) as caught:
            owner_of(hubspot, "very-secret-key").subscribed()
    assert "very-secret-key" not in str(caught.value)
    assert "***" in str(caught.value)


def test_faults_are_met_with_patience_or_told(owner: HubSpot, hubspot: HubSpotSandbox):
    hubspot.fault("503", times=2, match="/webhooks/")
    assert owner.subscribed().address == ""
    hubspot.fault("timeout-after-commit", match="POST /webhooks/")
    with pytest.raises(OutcomeUnknown):
        owner.subscribe(Topic("contact.creation"))
    assert [each.topic for each in owner.subscribed().subscriptions] == [Topic("contact.creation")]
    hubspot.fault("garbage", match="/webhooks/")
    with pytest.raises(ProtocolError):
        owner.subscribed()
    with pytest.raises(AppFailed):
        owner.subscribe(Topic("contact.creation"))


def test_calls_of_the_owner_carry_no_token(owner: HubSpot):
    from tests.connectors.support import Answer, web

    seen = []

    def answer(asked):
        seen.append(asked.headers)
        return Answer(404, b"{}") if "settings" in asked.path else Answer(200, b'{"results": []}')

    with web(answer) as server:
        there = type("There", (), {"url": server.url, "token": "pat-1234"})()
        owner_of(there).subscribed()
    assert len(seen) == 2
    assert not any(name.lower() == "authorization" for headers in seen for name in headers)


def test_limits_of_the_owner_are_not_those_of_the_account(owner: HubSpot, hubspot: HubSpotSandbox):
    hubspot.fault("429", match="/webhooks/", policy="DAILY", retry_after=0)
    assert owner.subscribed().subscriptions == []
    assert owner.check().id
    day = {"X-HubSpot-RateLimit-Daily": "900", "X-HubSpot-RateLimit-Daily-Remaining": "0"}
    with web([Answer(200, b'{"results": []}', day)]) as site:
        owner = owner_of(hubspot, url=site.url)
        owner.subscribed()
    budget = owner._setup.budget
    assert isinstance(budget, MemoryBudget)
    assert budget.quota == HubSpot.quota
