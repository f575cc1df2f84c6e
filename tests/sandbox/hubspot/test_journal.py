"""The stand-in's webhooks journal: what it writes down for whom, for how long, and where its files are."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import pytest
import urllib3

from bothways.sandbox.hubspot import APP_SECRET, CLIENT_ID, FrozenClock, HubSpotSandbox
from bothways.sandbox.hubspot.journal import ADDRESS_LASTS, KEPT, RATES
from bothways.sandbox.hubspot.problems import PORTAL
from tests.sandbox.hubspot.client import CONTACTS, Client

SCOPES = tuple(f"developer.webhooks_journal.{each}" for each in ("read", "subscriptions.read", "subscriptions.write"))
READ = "crm.objects.contacts.read"
LOCAL, WANTED = "/webhooks-journal/journal-local/2026-09", "/webhooks-journal/subscriptions/2026-09"
OURS = f"?installPortalId={PORTAL}"
PEOPLE = {
    "subscriptionType": "OBJECT",
    "portalId": PORTAL,
    "objectTypeId": "0-1",
    "actions": ["CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"],
    "properties": ["email"],
}


def for_itself(hubspot: HubSpotSandbox, *scopes: str) -> tuple[int, Any]:
    """Ask for a token of the app itself."""
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": APP_SECRET}
    body = urlencode(form | {"scope": " ".join(scopes)})
    answer = urllib3.request("POST", f"{hubspot.url}/oauth/2026-09/token", body=body, retries=False)
    return answer.status, orjson.loads(answer.data)


@pytest.fixture
def app(hubspot: HubSpotSandbox) -> Client:
    """Ask with a token that the app got for itself."""
    hubspot.register(["http://127.0.0.1/back"], ["oauth", READ], own=SCOPES)
    status, given = for_itself(hubspot, *SCOPES, READ)
    assert (status, "refresh_token" in given) == (200, False)
    return Client(hubspot, given["access_token"])


def file_of(app: Client, entry: Any) -> dict[str, Any]:
    """Return what is in the file of an entry, which is fetched without a token."""
    answer = urllib3.request("GET", entry["url"])
    assert answer.status == 200
    held = orjson.loads(answer.data)
    assert held["offset"] == entry["currentOffset"]
    return dict(held)


def events(app: Client, path: str = f"{LOCAL}/earliest{OURS}") -> Iterator[dict[str, Any]]:
    """Yield the events of all entries, the first of which is at this path."""
    while (entry := app.get(path)).code == 200:
        yield from file_of(app, entry)["journalEvents"]
        path = f"{LOCAL}/offset/{entry['currentOffset']}/next{OURS}"
    assert entry.code == 204


def actions(app: Client) -> list[tuple[str, int]]:
    return [(each["action"], each["objectId"]) for each in events(app)]


def test_only_what_was_subscribed_to_is_written_down(hubspot: HubSpotSandbox, app: Client):
    before = hubspot.create("contacts", {"email": "old@x.test"})
    assert app.post(WANTED, PEOPLE).code == 200
    id = int(hubspot.create("contacts", {"email": "ann@x.test", "firstname": "Ann"}))
    hubspot.edit("contacts", before, {"firstname": "Bo"})
    hubspot.edit("contacts", before, {"email": "bo@x.test", "firstname": "Bert"})
    hubspot.create("companies", {"name": "Acme"})
    assert actions(app) == [("CREATE", id), ("UPDATE", int(before))]
    (event,) = [each for each in events(app) if each["action"] == "UPDATE"]
    assert event["propertyChanges"] == {"email": "bo@x.test"}
    assert (event["portalId"], event["objectTypeId"]) == (PORTAL, "0-1")


def test_life_of_a_record_is_written_down_in_its_order(hubspot: HubSpotSandbox, app: Client):
    ids = [hubspot.create("contacts", {"email": f"{n}@x.test"}) for n in range(2)]
    app.post(WANTED, PEOPLE)
    hubspot.archive("contacts", ids[0])
    hubspot.restore("contacts", ids[0])
    merged = hubspot.merge("contacts", *ids)
    assert [action for action, _ in actions(app)] == ["DELETE", "RESTORE", "MERGE"]
    last = list(events(app))[-1]
    assert (last["newObjectId"], last["primaryObjectId"], last["mergedObjectIds"]) == (
        int(merged),
        int(ids[0]),
        [int(ids[1])],
    )


def test_associations_are_written_down_where_they_were_subscribed_to(hubspot: HubSpotSandbox, app: Client):
    person, company = hubspot.create("contacts", {"email": "a@x.test"}), hubspot.create("companies", {"name": "Acme"})
    wanted = {**PEOPLE, "subscriptionType": "ASSOCIATION", "actions": ["ASSOCIATION_ADDED", "ASSOCIATION_REMOVED"]}
    app.post(WANTED, wanted | {"properties": [], "associatedObjectTypeIds": ["0-2"]})
    hubspot.associate("contacts", person, "companies", company)
    hubspot.dissociate("contacts", person, "companies", company)
    assert [(each["action"], each["objectId"], each["associatedObjectId"]) for each in events(app)] == [
        ("ASSOCIATION_ADDED", int(person), int(company)),
        ("ASSOCIATION_REMOVED", int(person), int(company)),
    ]


def test_what_is_older_than_three_days_is_gone_and_so_is_its_offset(hubspot: HubSpotSandbox, app: Client):
    app.post(WANTED, PEOPLE)
    hubspot.create("contacts", {"email": "a@x.test"})
    old = app.get(f"{LOCAL}/latest{OURS}")["currentOffset"]
    hubspot.advance(KEPT - 1)
    fresh = Client(hubspot, for_itself(hubspot, *SCOPES)[1]["access_token"])
    assert fresh.get(f"{LOCAL}/offset/{old}/next{OURS}").code == 204
    hubspot.advance(1)
    hubspot.create("contacts", {"email": "b@x.test"})
    assert fresh.get(f"{LOCAL}/offset/{old}/next{OURS}").code == 404
    assert len(actions(fresh)) == 1


def test_address_of_a_file_is_signed_and_ends(hubspot: HubSpotSandbox, app: Client):
    app.post(WANTED, PEOPLE)
    hubspot.create("contacts", {"email": "a@x.test"})
    address = app.get(f"{LOCAL}/earliest{OURS}")["url"]
    assert urllib3.request("GET", address).status == 200
    assert urllib3.request("GET", address.replace("until=1", "until=2")).status == 403
    assert urllib3.request("GET", address.replace(f"portal={PORTAL}", "portal=")).status == 403
    hubspot.advance(ADDRESS_LASTS)
    assert urllib3.request("GET", address).status == 403


def test_account_sees_its_own_entries_and_the_app_those_of_all(hubspot: HubSpotSandbox, app: Client):
    app.post(WANTED, PEOPLE)
    hubspot.happened_elsewhere(77, "contacts", "5")
    assert app.get(f"{LOCAL}/earliest{OURS}").code == 204
    hubspot.create("contacts", {"email": "a@x.test"})
    hubspot.happened_elsewhere(77, "contacts", "6")
    assert {each["portalId"] for each in events(app)} == {PORTAL}
    entry = app.get("/webhooks-journal/journal/2026-09/latest")
    assert {each["portalId"] for each in file_of(app, entry)["journalEvents"]} == {PORTAL, 77}
    assert app.get(f"{LOCAL}/latest?installPortalId=78").code == 403


def test_many_entries_are_told_of_at_once(hubspot: HubSpotSandbox, app: Client):
    app.post(WANTED, PEOPLE)
    for number in range(3):
        hubspot.create("contacts", {"email": f"{number}@x.test"})
        app.get(f"{LOCAL}/latest{OURS}")
    all_of = [each["currentOffset"] for each in app.get(f"{LOCAL}/batch/earliest/100{OURS}")["results"]]
    assert len(all_of) == 3
    after = app.get(f"{LOCAL}/batch/{all_of[0]}/next/1{OURS}")["results"]
    assert [each["currentOffset"] for each in after] == all_of[1:2]
    latest = app.get(f"{LOCAL}/batch/latest/2{OURS}")["results"]
    assert [each["currentOffset"] for each in latest] == all_of[1:]
    read = app.post(f"{LOCAL}/batch/read{OURS}", {"inputs": all_of[:1]})["results"]
    assert [each["currentOffset"] for each in read] == all_of[:1]
    assert app.get(f"{LOCAL}/batch/earliest/101{OURS}").code == 400


def test_subscription_is_made_once_changed_and_deleted(hubspot: HubSpotSandbox, app: Client):
    first = app.post(WANTED, PEOPLE)["id"]
    assert app.post(WANTED, {**PEOPLE, "properties": ["firstname"]})["id"] == first
    (only,) = app.get(WANTED)["results"]
    assert (only["properties"], only["portalId"]) == (["firstname"], PORTAL)
    assert app("DELETE", f"{WANTED}/{first}").code == 204
    assert app("DELETE", f"{WANTED}/{first}").code == 404
    app.post(WANTED, PEOPLE)
    assert app("DELETE", f"{WANTED}/portals/{PORTAL}").code == 204
    assert hubspot.wanted_of_journal() == []


@pytest.mark.parametrize(
    "wrong",
    [
        *({"subscriptionType": "EVENT"}, {"subscriptionType": []}, {"portalId": 1}, {"portalId": [1]}),
        *({"objectTypeId": "contacts"}, {"actions": ["ASSOCIATION_ADDED"]}, {"actions": [[]]}, {"properties": 5}),
    ],
)
def test_subscription_to_what_there_is_not_is_refused(app: Client, wrong: dict[str, Any]):
    assert app.post(WANTED, PEOPLE | wrong).code == 400


def test_token_of_the_app_is_good_for_the_journal_alone_and_no_other_is(hubspot: HubSpotSandbox, app: Client):
    assert app.get(CONTACTS).code == 401
    assert Client(hubspot).get(f"{LOCAL}/latest{OURS}").code == 401
    reads = Client(hubspot, for_itself(hubspot, SCOPES[0])[1]["access_token"])
    assert (reads.get(f"{LOCAL}/latest{OURS}").code, reads.get(WANTED).code) == (204, 403)
    writes = Client(hubspot, for_itself(hubspot, *SCOPES)[1]["access_token"])
    assert writes.post(WANTED, PEOPLE).code == 403
    assert for_itself(hubspot, "crm.objects.deals.read")[0] == 400
    hubspot.end_own_tokens()
    assert app.get(WANTED).code == 401


def test_calls_count_in_limits_of_their_own():
    with HubSpotSandbox(rate=(1, 10.0), clock=FrozenClock()) as hubspot:
        hubspot.register(["http://127.0.0.1/back"], own=SCOPES)
        app = Client(hubspot, for_itself(hubspot, *SCOPES)[1]["access_token"])
        most, _ = RATES["journal subscriptions"]
        assert [app.get(WANTED).code for _ in range(most + 1)] == [200] * most + [429]
        assert app.get(f"{LOCAL}/latest{OURS}").code == 204
        assert Client(hubspot).get(CONTACTS).code == 200


def test_events_can_be_late_come_twice_or_be_lost(hubspot: HubSpotSandbox, app: Client):
    ids = [int(hubspot.create("contacts", {"email": f"{n}@x.test"})) for n in range(3)]
    app.post(WANTED, PEOPLE)
    for kind in ("journal-late", "journal-twice", "journal-dropped"):
        hubspot.fault(kind, match="DELETE 0-1")
    for id in ids:
        hubspot.archive("contacts", str(id))
    assert actions(app) == [("DELETE", ids[1])] * 2
    hubspot.advance(60)
    assert actions(app) == [("DELETE", ids[1])] * 2 + [("DELETE", ids[0])]


def test_faults_of_calls_meet_the_journal_too(hubspot: HubSpotSandbox, app: Client):
    app.post(WANTED, PEOPLE)
    hubspot.create("contacts", {"email": "a@x.test"})
    entry = app.get(f"{LOCAL}/latest{OURS}")
    hubspot.fault("404", match="/journal-files/")
    assert urllib3.request("GET", entry["url"], retries=False).status == 404
    assert urlsplit(entry["url"]).query
    assert hubspot.calls["journal/file"] == 1


def test_any_kind_of_record_is_written_down_by_its_type(hubspot: HubSpotSandbox):
    hubspot.register(["http://127.0.0.1/back"], ["oauth"], ["tickets"], own=SCOPES)
    app = Client(hubspot, for_itself(hubspot, *SCOPES, "tickets")[1]["access_token"])
    wanted = {**PEOPLE, "objectTypeId": "0-5", "properties": ["subject"]}
    assert app.post(WANTED, wanted).code == 200
    assert app.post(WANTED, PEOPLE).code == 403
    id = int(hubspot.create("tickets", {"subject": "Broken", "hs_pipeline_stage": "1"}))
    assert [(each["objectTypeId"], each["objectId"]) for each in events(app)] == [("0-5", id)]
