"""Faults happen when they are ordered, as often as ordered, in that order."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from urllib3.exceptions import ProtocolError

from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from tests.sandbox.hubspot.client import CONTACTS, Client

ANN = {"properties": {"email": "ann@example.com"}}


@pytest.mark.parametrize("kind", ["401", "403", "429", "500", "502", "503"])
def test_statuses(hubspot: HubSpotSandbox, client: Client, kind: str):
    hubspot.fault(kind, times=2)
    codes = [client.post(CONTACTS, ANN).code for _ in range(3)]
    assert codes == [int(kind), int(kind), 201]
    assert [status for *_, status in hubspot.log] == codes


def test_storm_can_tell_how_long_it_lasts(hubspot: HubSpotSandbox, client: Client):
    hubspot.fault("429", policy="DAILY", retry_after=7)
    said = client.get(CONTACTS)
    assert (said["policyName"], said.headers["Retry-After"]) == ("DAILY", "7")


def test_faults_come_in_order_and_where_they_match(hubspot: HubSpotSandbox, client: Client):
    hubspot.fault("503", match="batch/create")
    hubspot.fault("502")
    hubspot.fault("500", match="GET /crm")
    assert hubspot.faults_waiting() == 3
    assert [client.get(CONTACTS).code for _ in range(3)] == [502, 500, 200]
    assert client.batch("create", [ANN]).code == 503
    hubspot.fault("500")
    hubspot.clear_faults()
    assert client.get(CONTACTS).code == 200


def test_failure_can_come_after_the_write(hubspot: HubSpotSandbox, client: Client):
    hubspot.fault("500", commit=True)
    assert client.post(CONTACTS, ANN).code == 500
    assert len(hubspot.records("contacts")) == 1


@pytest.mark.parametrize(("kind", "made"), [("timeout-before", 0), ("timeout-after-commit", 1)])
def test_connection_breaks_off(hubspot: HubSpotSandbox, client: Client, kind: str, made: int):
    hubspot.fault(kind)
    with pytest.raises(ProtocolError):
        client.post(CONTACTS, ANN)
    assert len(hubspot.records("contacts")) == made
    assert hubspot.log[-1] == ("POST", CONTACTS, 0)
    assert client.get(CONTACTS).code == 200


def test_half_a_batch(hubspot: HubSpotSandbox, client: Client):
    hubspot.fault("half-batch")
    assert client.get(CONTACTS).code == 200
    inputs = [{"properties": {"email": f"{name}@example.com"}} for name in "abcd"]
    assert client.batch("create", inputs).code == 500
    emails = {record["email"] for record in hubspot.records("contacts").values()}
    assert emails == {"a@example.com", "b@example.com"}


def test_slow_answers_come_in_the_end(hubspot: HubSpotSandbox, client: Client):
    hubspot.fault("slow", seconds=0.01)
    assert client.post(CONTACTS, ANN).code == 201


def test_held_calls_are_answered_when_they_are_let_go(hubspot: HubSpotSandbox, client: Client):
    hubspot.fault("held", times=2)
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(Client(hubspot).post, CONTACTS, {"properties": {"lastname": name}}) for name in "AB"]
        hubspot.until_held(2)
        assert hubspot.records("contacts") == {}
        hubspot.let_go()
        assert [each.result().code for each in waiting] == [201, 201]
    assert client.get(CONTACTS).code == 200
    assert len(hubspot.records("contacts")) == 2


def test_one_save_can_be_indexed_late():
    clock = FrozenClock()
    with HubSpotSandbox(index_lag=1, clock=clock, search_rate=None) as hubspot:
        client = Client(hubspot)
        hubspot.fault("lag", seconds=60)
        late = client.post(CONTACTS, ANN)["id"]
        soon = client.post(CONTACTS, {"properties": {"lastname": "B"}})["id"]
        clock.advance(1)
        assert client.search().ids == [soon]
        clock.advance(60)
        assert client.search().ids == [late, soon]


def test_garbage(hubspot: HubSpotSandbox, client: Client):
    hubspot.fault("garbage")
    said = client.post(CONTACTS, ANN)
    assert (said.code, said.headers["Content-Type"]) == (200, "text/html")
    assert hubspot.records("contacts") == {}


def test_unknown_faults_are_refused(hubspot: HubSpotSandbox):
    with pytest.raises(ValueError, match="earthquake"):
        hubspot.fault("earthquake")


def test_page_before_the_last_can_be_empty_and_no_row_is_lost(hubspot: HubSpotSandbox, client: Client):
    ids = hubspot.seed("contacts", [{"lastname": str(number)} for number in range(5)])
    hubspot.fault("empty-page", times=2)
    hubspot.fault("empty-page", match=f"after={ids[2]}")
    found, places, path = [], [], f"{CONTACTS}?limit=2"
    while path:
        page = client.get(path)
        found.append(page.ids)
        following = page.body.get("paging", {}).get("next", {})
        places.append(following.get("after"))
        path = following.get("link", "").removeprefix(hubspot.url)
    assert found == [[], [], ids[:2], [], ids[2:4], ids[4:]]
    assert len(set(places)) == len(places)
    hubspot.fault("empty-page")
    assert client.get(f"{CONTACTS}?limit=10").ids == ids
