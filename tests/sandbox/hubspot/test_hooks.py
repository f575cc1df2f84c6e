"""Webhooks of the stand-in: what is sent, when, and what the connector makes of it. All of it over real HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from bothways.connectors.hubspot.webhooks import hints
from bothways.connectors.webhooks import Delivery, Hint
from bothways.errors import WebhookRefused
from bothways.sandbox.hubspot import CLIENT_SECRET, Admin, Clock, FrozenClock, HubSpotSandbox, start, subscriptions
from bothways.sandbox.hubspot.changes import PERSON, Change
from bothways.sandbox.hubspot.faults import Faults
from bothways.sandbox.hubspot.hooks import ATTEMPTS, DEVELOPER_KEY, GATHERED, MOST_SUBSCRIPTIONS, Hooks
from bothways.sandbox.hubspot.problems import PORTAL
from bothways.sandbox.hubspot.schema import CONTACTS
from tests.connectors.support import Answer, Asked, Secrets, web
from tests.sandbox.hubspot.client import CONTACTS as CONTACTS_PATH
from tests.sandbox.hubspot.client import Client

EVERYTHING = [
    *subscriptions("contact", ["email", "firstname"]),
    *subscriptions("company", ["name"]),
    *subscriptions("deal", ["dealname"]),
]
GENERIC = [
    {"subscriptionType": "object.creation", "objectType": "contact"},
    {"subscriptionType": "object.propertyChange", "objectType": "0-1", "propertyName": "email"},
    {"subscriptionType": "object.merge", "objectType": "contact"},
    {"subscriptionType": "object.associationChange", "objectType": "deal"},
]


def settings_of(url: str, at_once: int) -> dict[str, Any]:
    """Return what the owner of an app sets of its webhooks."""
    return {"targetUrl": url, "throttling": {"maxConcurrentRequests": at_once, "period": "SECONDLY"}}


class Receiver:
    """A small receiver that has the connector verify all that it gets; ``statuses`` are what it answers, then 204.

    ``hints`` holds per delivery what it names, None for one that was refused, ``events`` the events of each.
    """

    def __init__(self, clock: Any, secret: str = CLIENT_SECRET) -> None:
        self.clock, self.secrets = clock, Secrets(webhook_secret=secret)
        self.statuses: list[int] = []
        self.hints: list[list[Hint] | None] = []
        self.events: list[list[dict[str, Any]]] = []
        self.arrived = threading.Semaphore(0)
        self.port = 0

    def __call__(self, asked: Asked) -> Answer:
        assert asked.method == "POST"
        assert asked.headers["Content-Type"] == "application/json"
        url = f"http://127.0.0.1:{self.port}{asked.path}"
        delivery = Delivery(asked.method, url, asked.headers, asked.body, self.clock.now())
        self.events.append(orjson.loads(asked.body))
        try:
            self.hints.append(list(hints("HubSpot", self.secrets, delivery)))
            status = self.statuses.pop(0) if self.statuses else 204
        except WebhookRefused:
            self.hints.append(None)
            status = 401
        self.arrived.release()
        return Answer(status, b"")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?from=a%3Ab%20c&to=%2a"

    @property
    def told(self) -> list[dict[str, Any]]:
        """All events that arrived."""
        return [event for events in self.events for event in events]

    def types(self) -> list[str]:
        return [event["subscriptionType"].partition(".")[2] for event in self.told]


@contextmanager
def receiving(clock: Any, **more: Any) -> Iterator[Receiver]:
    receiver = Receiver(clock, **more)
    with web(receiver) as site:
        receiver.port = site.port
        yield receiver


@pytest.fixture
def receiver(hubspot: HubSpotSandbox) -> Iterator[Receiver]:
    with receiving(hubspot.clock) as receiver:
        hubspot.subscribe(receiver.url, EVERYTHING)
        yield receiver


# --- what is told -------------------------------------------------------------------------------------


def test_person_who_edits_is_told_of_within_one_delivery(hubspot: HubSpotSandbox, receiver: Receiver):
    id = hubspot.create("contacts", {"email": "ann@example.com", "lastname": "Ash"})
    hubspot.deliver()
    assert receiver.hints == [[Hint("contacts", id, hubspot.now())]]
    assert receiver.types() == ["creation", "propertyChange"]
    hubspot.advance(1)
    hubspot.edit("contacts", id, {"email": "a@example.com", "firstname": "Ann", "lastname": "Asher"})
    hubspot.deliver()
    assert receiver.hints[1:] == [[Hint("contacts", id, hubspot.now())]]
    changes = {event["propertyName"]: event["propertyValue"] for event in receiver.events[1]}
    assert changes == {"email": "a@example.com", "firstname": "Ann"}
    (event, _) = receiver.events[1]
    expected = {
        "portalId": PORTAL,
        "appId": 4711,
        "occurredAt": int(hubspot.now() * 1000),
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": int(id),
        "changeSource": "CRM_UI",
        "sourceId": "userId:1",
    }
    assert {name: event[name] for name in expected} == expected
    assert event["eventId"]
    assert event["subscriptionId"]


def test_value_that_was_cleared_or_set_again(hubspot: HubSpotSandbox, receiver: Receiver):
    id = hubspot.create("contacts", {"email": "ann@example.com", "firstname": "Ann"})
    hubspot.deliver()
    hubspot.edit("contacts", id, {"firstname": "", "email": "ann@example.com"})
    hubspot.edit("contacts", id, {})
    hubspot.deliver()
    assert [(each["propertyName"], each["propertyValue"]) for each in receiver.told[3:]] == [("firstname", "")]


def test_life_of_a_record_is_told(hubspot: HubSpotSandbox, receiver: Receiver):
    id = hubspot.create("deals", {"dealname": "D"})
    hubspot.archive("deals", id)
    hubspot.restore("deals", id)
    hubspot.deliver()
    assert receiver.types() == ["creation", "propertyChange", "deletion", "restore"]
    assert {event["objectId"] for event in receiver.told} == {int(id)}
    assert [hint.object for hint in receiver.hints[0] or ()] == ["deals"]


def test_merge_is_told_once_with_all_its_records(hubspot: HubSpotSandbox, receiver: Receiver):
    one, two = hubspot.seed("contacts", [{"email": "a@x.example"}, {"email": "b@x.example", "firstname": "B"}])
    new = hubspot.merge("contacts", one, two)
    hubspot.deliver()
    (event,) = receiver.told
    assert (event["primaryObjectId"], event["mergedObjectIds"], event["newObjectId"]) == (
        int(one),
        [int(two)],
        int(new),
    )
    assert event["numberOfPropertiesMoved"] == 1
    assert {hint.id for hint in receiver.hints[0] or ()} == {one, two, new}


def test_association_is_told_from_both_ends(hubspot: HubSpotSandbox, receiver: Receiver):
    (contact,), (company,) = hubspot.seed("contacts", [{"lastname": "A"}]), hubspot.seed("companies", [{"name": "C"}])
    hubspot.add_label("contacts", "companies", "Buyer")
    hubspot.associate("contacts", contact, "companies", company)
    hubspot.associate("contacts", contact, "companies", company)
    hubspot.associate("contacts", contact, "companies", company, labels=["Buyer"])
    hubspot.unlabel("contacts", contact, "companies", company, ["Buyer"])
    hubspot.dissociate("contacts", contact, "companies", company)
    hubspot.deliver()
    assert [event["subscriptionType"] for event in receiver.told] == [
        "contact.associationChange",
        "company.associationChange",
    ] * 4
    assert [event["associationRemoved"] for event in receiver.told[::2]] == [False, False, True, True]
    first, back = receiver.told[:2]
    assert (first["associationType"], back["associationType"]) == ("CONTACT_TO_COMPANY", "COMPANY_TO_CONTACT")
    assert (first["fromObjectId"], first["toObjectId"]) == (int(contact), int(company))
    assert (back["fromObjectId"], back["toObjectId"]) == (int(company), int(contact))
    assert [(each.object, each.id) for each in receiver.hints[0] or ()] == [
        ("contacts", contact),
        ("companies", company),
    ]


def test_clients_of_the_api_are_told_of_as_integrations(hubspot: HubSpotSandbox, client: Client, receiver: Receiver):
    made = client.batch("create", [{"properties": {"email": f"{n}@x.example"}} for n in range(2)])
    one, two = made.ids
    client("PATCH", f"{CONTACTS_PATH}/{one}", {"properties": {"firstname": "A"}})
    client.post(f"{CONTACTS_PATH}/merge", {"primaryObjectId": one, "objectIdToMerge": two})
    hubspot.deliver()
    assert receiver.types() == ["creation", "propertyChange"] * 2 + ["propertyChange", "merge"]
    assert {(event["changeSource"], event["sourceId"]) for event in receiver.told} == {("INTEGRATION", "4711")}
    hubspot.create("contacts", {"lastname": "by a person"})
    hubspot.deliver()
    assert receiver.told[-1]["changeSource"] == "CRM_UI"


def test_other_product_is_told_by_its_id(hubspot: HubSpotSandbox, receiver: Receiver):
    (id,) = hubspot.seed("contacts", [{"lastname": "A"}])
    hubspot.edit("contacts", id, {"firstname": "A"}, by="Mailer")
    hubspot.deliver()
    assert (receiver.told[0]["changeSource"], receiver.told[0]["sourceId"]) == ("INTEGRATION", "id of Mailer")


def test_what_was_not_committed_is_not_told(hubspot: HubSpotSandbox, client: Client, receiver: Receiver):
    rows = [{"properties": {"email": email}} for email in ("a@x.example", "b@x.example", "a@x.example")]
    assert client.batch("create", rows).code == 409
    hubspot.create("contacts", {"lastname": "A"})
    hubspot.deliver()
    assert receiver.types() == ["creation"]


def test_forgotten_person_is_told(hubspot: HubSpotSandbox, client: Client, receiver: Receiver):
    ids = hubspot.seed("contacts", [{"email": "a@x.example"}, {"email": "b@x.example"}])
    hubspot.archive("contacts", ids[1])
    hubspot.subscribe(
        receiver.url, [{"subscriptionType": f"contact.{event}"} for event in ("deletion", "privacyDeletion")]
    )
    for id in ids:
        assert client.post(f"{CONTACTS_PATH}/gdpr-delete", {"objectId": id}).code == 204
    hubspot.deliver()
    assert receiver.types() == ["deletion", "deletion", "privacyDeletion", "privacyDeletion"]


def test_events_of_any_object_tell_its_type(hubspot: HubSpotSandbox, receiver: Receiver):
    hubspot.subscribe(receiver.url, GENERIC)
    (deal,), (company,) = hubspot.seed("deals", [{"dealname": "D"}]), hubspot.seed("companies", [{"name": "C"}])
    ids = [hubspot.create("contacts", {"email": f"{n}@x.example"}) for n in range(2)]
    new = hubspot.merge("contacts", *ids)
    hubspot.associate("deals", deal, "companies", company)
    hubspot.deliver()
    events = receiver.told
    assert receiver.types() == ["creation", "propertyChange"] * 2 + ["merge", "associationChange"]
    assert {event["subscriptionType"].partition(".")[0] for event in events} == {"object"}
    assert {event.get("objectTypeId") for event in events[:-1]} == {"0-1"}
    assert (events[-1]["fromObjectTypeId"], events[-1]["toObjectTypeId"]) == ("0-3", "0-2")
    assert "associationType" not in events[-1]
    named = {(hint.object, hint.id) for hint in receiver.hints[0] or ()}
    assert named == {*(("contacts", id) for id in (*ids, new)), ("deals", deal), ("companies", company)}


def test_only_what_was_subscribed_to_is_told(hubspot: HubSpotSandbox, receiver: Receiver):
    hubspot.subscribe(receiver.url, [{"subscriptionType": "contact.propertyChange", "propertyName": "email"}])
    hubspot.seed("contacts", [{"email": "seeded@x.example"}])
    id = hubspot.create("contacts", {"email": "a@x.example", "firstname": "A"})
    hubspot.create("companies", {"name": "C"})
    hubspot.archive("contacts", id)
    hubspot.deliver()
    assert [(each["propertyName"], each["propertyValue"]) for each in receiver.told] == [("email", "a@x.example")]
    hubspot.subscribe(receiver.url, [])
    hubspot.restore("contacts", id)
    hubspot.deliver()
    assert len(receiver.told) == 1


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"subscriptionType": "contact"},
        {"subscriptionType": "contact.arrival"},
        {"subscriptionType": "lead.creation"},
        {"subscriptionType": "object.creation"},
        {"subscriptionType": "object.creation", "objectType": "meeting"},
        {"subscriptionType": "deal.privacyDeletion"},
        {"subscriptionType": "contact.propertyChange"},
        {"subscriptionType": "contact.creation", "propertyName": "email"},
    ],
)
def test_subscription_to_what_there_is_not_is_refused(hubspot: HubSpotSandbox, wanted: dict[str, str]):
    with pytest.raises(ValueError, match=r"no events|a subscription"):
        hubspot.subscribe("http://127.0.0.1:1/", [wanted])


def test_too_many_subscriptions_and_odd_addresses_are_refused(hubspot: HubSpotSandbox):
    many = [{"subscriptionType": "contact.propertyChange", "propertyName": f"p{n}"} for n in range(MOST_SUBSCRIPTIONS)]
    hubspot.subscribe("http://127.0.0.1:1/", many)
    with pytest.raises(ValueError, match="at most"):
        hubspot.subscribe("http://127.0.0.1:1/", [*many, {"subscriptionType": "contact.creation"}])
    for url in ("", "ftp://127.0.0.1/", "http://", "/hooks", "http://[/"):
        with pytest.raises(ValueError, match="no address"):
            hubspot.subscribe(url, [])


# --- when it is sent ----------------------------------------------------------------------------------


def test_events_are_gathered_for_a_moment_of_the_accounts_clock(hubspot: HubSpotSandbox, receiver: Receiver):
    ids = [hubspot.create("contacts", {"lastname": str(n)}) for n in range(3)]
    hubspot.advance(GATHERED)
    assert receiver.arrived.acquire(timeout=30)
    assert [hint.id for hint in receiver.hints[0] or ()] == ids


@pytest.mark.parametrize("kind", [Clock, FrozenClock])
def test_clock_that_is_moved_sends_what_is_due(kind: type[Clock | FrozenClock]):
    with HubSpotSandbox(clock=kind()) as hubspot, receiving(hubspot.clock) as receiver:
        hubspot.subscribe(receiver.url, EVERYTHING)
        for move in (hubspot.advance, lambda seconds: hubspot.set_time(hubspot.now() + seconds)):
            hubspot.fault("hook-late", seconds=600)
            late, soon = (hubspot.create("contacts", {"lastname": name}) for name in "AB")
            hubspot.deliver()  # from now on the sender sleeps
            assert [hint.id for hint in receiver.hints[-1] or ()] == [soon]
            assert receiver.arrived.acquire(timeout=30)
            move(600)
            assert receiver.arrived.acquire(timeout=30)
            assert [hint.id for hint in receiver.hints[-1] or ()] == [late]


def test_who_waits_for_deliveries_waits_for_their_answers(hubspot: HubSpotSandbox):
    returned, early = threading.Event(), []

    def wait() -> None:
        hubspot.deliver()
        returned.set()

    waiting = threading.Thread(target=wait)

    def answer(asked: Asked) -> Answer:
        waiting.start()
        early.append(returned.wait(0.2))
        return Answer(204, b"")

    with web(answer) as site:
        hubspot.subscribe(site.url, EVERYTHING)
        hubspot.create("contacts", {"lastname": "A"})
        hubspot.advance(GATHERED)
        assert returned.wait(30)
        waiting.join()
    assert early == [False]


def test_clock_that_goes_on_sends_by_itself():
    with HubSpotSandbox(clock=Clock()) as hubspot, receiving(hubspot.clock) as receiver:
        hubspot.subscribe(receiver.url, EVERYTHING)
        id = hubspot.create("contacts", {"lastname": "A"})
        assert receiver.arrived.acquire(timeout=30)
        assert [hint.id for hint in receiver.hints[0] or ()] == [id]


def test_at_most_a_hundred_events_are_sent_together(hubspot: HubSpotSandbox, client: Client, receiver: Receiver):
    for first in (0, 100):
        client.batch("create", [{"properties": {"email": f"{first + n}@x.example"}} for n in range(100)])
    hubspot.create("contacts", {"lastname": "A"})
    hubspot.deliver()
    assert sorted(len(events) for events in receiver.events) == [1] + [100] * 4
    assert len({hint.id for each in receiver.hints for hint in each or ()}) == 201


def test_several_deliveries_are_made_at_a_time(hubspot: HubSpotSandbox, client: Client):
    together, met = threading.Barrier(2), list[int]()

    def answer(asked: Asked) -> Answer:
        met.append(together.wait(3))
        return Answer(204, b"")

    with web(answer) as site:
        hubspot.subscribe(f"http://127.0.0.1:{site.port}/hooks", EVERYTHING)
        client.batch("create", [{"properties": {"email": f"{n}@x.example"}} for n in range(100)])
        hubspot.deliver()
    assert sorted(met) == [0, 1]


def test_no_more_deliveries_are_made_at_a_time_than_was_set(hubspot: HubSpotSandbox, client: Client):
    together, alone = threading.Barrier(2), list[bool]()

    def answer(asked: Asked) -> Answer:
        try:
            together.wait(0.05)
            alone.append(False)
        except threading.BrokenBarrierError:
            alone.append(True)
        return Answer(204, b"")

    with web(answer) as site:
        url = f"http://127.0.0.1:{site.port}/hooks"
        hubspot.subscribe(url, EVERYTHING)
        client("PUT", f"/webhooks/v3/4711/settings?hapikey={DEVELOPER_KEY}", settings_of(url, 1))
        for first in (0, 100):
            client.batch("create", [{"properties": {"email": f"{first + n}@x.example"}} for n in range(100)])
        hubspot.deliver()
    assert alone == [True] * 4


def test_nothing_to_send_is_nothing_to_wait_for(hubspot: HubSpotSandbox):
    hubspot.deliver()
    hubspot.subscribe("http://127.0.0.1:1/", EVERYTHING)
    hubspot.deliver()


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_delivery_that_is_answered_badly_comes_again_later(hubspot: HubSpotSandbox, receiver: Receiver, status: int):
    receiver.statuses = [status] * 2
    id = hubspot.create("contacts", {"lastname": "A"})
    arrived = []
    for wait in (0, 59, 1, 119, 1, 10**6):
        hubspot.advance(wait)
        hubspot.deliver()
        arrived.append(len(receiver.events))
    assert arrived == [1, 1, 2, 2, 3, 3]
    assert [event["attemptNumber"] for event in receiver.told] == [0, 1, 2]
    assert [[hint.id for hint in each or ()] for each in receiver.hints] == [[id]] * 3


@pytest.mark.parametrize("status", [200, 202, 204, 302])
def test_any_other_answer_is_enough(hubspot: HubSpotSandbox, receiver: Receiver, status: int):
    receiver.statuses = [status]
    hubspot.create("contacts", {"lastname": "A"})
    for wait in (0, 10**6):
        hubspot.advance(wait)
        hubspot.deliver()
    assert len(receiver.events) == 1


def test_delivery_is_given_up_in_the_end(hubspot: HubSpotSandbox, receiver: Receiver):
    receiver.statuses = [500] * 100
    hubspot.create("contacts", {"lastname": "A"})
    began = hubspot.now()
    for attempt in range(ATTEMPTS):
        hubspot.deliver()
        assert hubspot.now() - began < 24 * 3600
        hubspot.advance(60 * 2**attempt)
    hubspot.advance(10**6)
    hubspot.deliver()
    assert [event["attemptNumber"] for event in receiver.told] == list(range(ATTEMPTS))


def test_receiver_that_is_not_there_gets_it_when_it_is(hubspot: HubSpotSandbox):
    with receiving(hubspot.clock) as receiver:
        url = receiver.url
    hubspot.subscribe(url, EVERYTHING)
    hubspot.create("contacts", {"lastname": "A"})
    hubspot.deliver()
    with receiving(hubspot.clock) as receiver:
        hubspot.subscribe(receiver.url, EVERYTHING)
        hubspot.advance(60)
        hubspot.deliver()
        assert [event["attemptNumber"] for event in receiver.told] == [1]


def test_receiver_that_does_not_answer_is_not_waited_for():
    clock, released, asked = FrozenClock(), threading.Event(), []

    def hang(request: Asked) -> Answer:
        asked.append(orjson.loads(request.body)[0]["attemptNumber"])
        if len(asked) == 1:
            released.wait(30)
        return Answer(204, b"")

    with web(hang) as site:
        hooks = Hooks(clock, Faults(), CLIENT_SECRET, patience=0.1)
        clock.watch(hooks.wake)
        hooks.subscribe(site.url, [{"subscriptionType": "contact.creation"}])
        hooks.take([Change("creation", CONTACTS, 0, PERSON, {"objectId": 1})])
        hooks.deliver()
        released.set()
        clock.advance(60)
        hooks.deliver()
        hooks.close()
    assert asked == [0, 1]


def test_closed_account_sends_nothing_more(hubspot: HubSpotSandbox):
    with receiving(FrozenClock()) as receiver:
        with HubSpotSandbox(clock=FrozenClock()) as closed:
            closed.subscribe(receiver.url, EVERYTHING)
            closed.create("contacts", {"lastname": "A"})
        closed.deliver()
        closed.clock.advance(10**6)
        assert receiver.events == []


# --- faults -------------------------------------------------------------------------------------------


def test_late_event_comes_when_it_is_time(hubspot: HubSpotSandbox, receiver: Receiver):
    hubspot.fault("hook-late", match="creation", seconds=600)
    late = hubspot.create("contacts", {"lastname": "A"})
    soon = hubspot.create("contacts", {"lastname": "B"})
    hubspot.deliver()
    hubspot.advance(599)
    hubspot.deliver()
    assert [[hint.id for hint in each or ()] for each in receiver.hints] == [[soon]]
    occurred = hubspot.now() - 599
    hubspot.advance(1)
    hubspot.deliver()
    assert receiver.hints[1:] == [[Hint("contacts", late, occurred)]]


def test_event_can_come_twice(hubspot: HubSpotSandbox, receiver: Receiver):
    hubspot.fault("hook-twice")
    id = hubspot.create("contacts", {"lastname": "A"})
    hubspot.deliver()
    assert [[hint.id for hint in each or ()] for each in receiver.hints] == [[id]] * 2
    assert receiver.events[0] == receiver.events[1]


def test_event_can_be_lost(hubspot: HubSpotSandbox, receiver: Receiver):
    hubspot.fault("hook-dropped", times=2, match="deletion")
    id = hubspot.create("contacts", {"lastname": "A"})
    hubspot.archive("contacts", id)
    hubspot.deliver()
    hubspot.advance(10**6)
    hubspot.deliver()
    assert receiver.types() == ["creation"]
    assert hubspot.faults_waiting() == 1


def test_events_can_come_out_of_order(hubspot: HubSpotSandbox, receiver: Receiver):
    hubspot.fault("hook-shuffled")
    hubspot.create("contacts", {"lastname": "alone"})
    hubspot.deliver()
    ids = [hubspot.create("contacts", {"lastname": str(n)}) for n in range(3)]
    hubspot.deliver()
    assert [event["objectId"] for event in receiver.events[1]] == [int(id) for id in ids[::-1]]
    assert hubspot.faults_waiting() == 0


def test_wrong_signature_is_refused_and_the_right_one_comes_later(hubspot: HubSpotSandbox, receiver: Receiver):
    hubspot.fault("hook-forged")
    id = hubspot.create("contacts", {"lastname": "A"})
    hubspot.deliver()
    assert receiver.hints == [None]
    hubspot.advance(60)
    hubspot.deliver()
    assert [hint.id for hint in receiver.hints[1] or ()] == [id]


def test_faults_of_webhooks_and_of_calls_do_not_meet_each_other(
    hubspot: HubSpotSandbox, client: Client, receiver: Receiver
):
    hubspot.fault("500")
    hubspot.create("contacts", {"lastname": "A"})
    hubspot.deliver()
    assert receiver.hints != [None]
    assert hubspot.faults_waiting() == 1
    hubspot.clear_faults()
    for kind in ("hook-late", "hook-twice", "hook-dropped", "hook-shuffled", "hook-forged"):
        hubspot.fault(kind)
    assert client.get(CONTACTS_PATH).code == 200
    assert hubspot.faults_waiting() == 5


# --- from another process -----------------------------------------------------------------------------


def test_webhooks_are_ordered_from_afar(hubspot: HubSpotSandbox, receiver: Receiver):
    admin = Admin(hubspot.url)
    admin.subscribe(receiver.url, subscriptions("company"))
    id = admin.create("companies", {"name": "C"})
    admin.deliver()
    admin.close()
    assert receiver.hints == [[Hint("companies", id, hubspot.now())]]


def test_account_in_a_process_of_its_own_signs_with_the_secret_it_was_given():
    clock = FrozenClock()
    with start(frozen=True, client_secret="another") as hubspot, receiving(clock, secret="another") as receiver:
        clock.set(hubspot.now())
        hubspot.subscribe(receiver.url, EVERYTHING)
        id = hubspot.create("contacts", {"lastname": "A"})
        hubspot.deliver()
        receiver.secrets = Secrets(webhook_secret=CLIENT_SECRET)
        hubspot.archive("contacts", id)
        hubspot.deliver()
    assert [each and [hint.id for hint in each] for each in receiver.hints] == [[id], None]
