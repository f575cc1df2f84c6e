"""Owners: the calls about them, and to whom records can belong."""

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox
from tests.sandbox.hubspot.client import CONTACTS, Client

OWNERS = "/crm/owners/2026-09"


def test_owners_are_listed_in_pages_and_by_address(hubspot: HubSpotSandbox, client: Client):
    ids = [hubspot.make_owner(f"o{n}@example.com", f"O{n}", "Owner") for n in range(3)]
    first = client.get(f"{OWNERS}?limit=2")
    assert first.ids == ids[:2]
    after = first["paging"]["next"]["after"]
    assert client.get(f"/crm/v3/owners/?limit=2&after={after}").ids == ids[2:]
    assert client.get(f"{OWNERS}?email=O1@example.com").ids == ids[1:2]
    row = first["results"][0]
    assert {name: row[name] for name in ("email", "firstName", "lastName", "type", "archived", "teams")} == {
        "email": "o0@example.com",
        "firstName": "O0",
        "lastName": "Owner",
        "type": "PERSON",
        "archived": False,
        "teams": [],
    }
    assert client.get(f"{OWNERS}?limit=501").code == 400


def test_owner_is_read_by_its_id_or_that_of_its_user(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.make_owner("o@example.com")
    user = client.get(f"{OWNERS}/{id}")["userId"]
    assert str(user) != id
    assert client.get(f"{OWNERS}/{user}?idProperty=userId")["id"] == id
    assert client.get(f"{OWNERS}/{user}").code == 404
    assert client.get(f"{OWNERS}/{id}?idProperty=email").code == 400


def test_archived_owner_is_among_the_archived_alone(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.make_owner("o@example.com")
    hubspot.change_owner(id, archived=True)
    assert (client.get(OWNERS).ids, client.get(f"{OWNERS}?archived=true").ids) == ([], [id])
    assert client.get(f"{OWNERS}/{id}").code == 404
    row = client.get(f"{OWNERS}/{id}?archived=true")
    assert "userId" not in row.body
    assert row["userIdIncludingInactive"]


def test_record_belongs_to_an_owner_that_there_is(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.make_owner("o@example.com")
    user = str(client.get(f"{OWNERS}/{id}")["userId"])

    def code(owner: str) -> int:
        return client.post(CONTACTS, {"properties": {"lastname": "A", "hubspot_owner_id": owner}}).code

    assert [code(each) for each in (id, "", user, "nobody", str(2**64))] == [201, 201, 400, 400, 400]
    hubspot.change_owner(id, archived=True)
    assert code(id) == 400


def test_owners_need_their_scope(hubspot: HubSpotSandbox):
    hubspot.grant("some", {"crm.objects.contacts.read"})
    assert Client(hubspot, "some").get(OWNERS).code == 403
    hubspot.grant("more", {"crm.objects.owners.read"})
    assert Client(hubspot, "more").get(OWNERS).code == 200


def test_unknown_owner_cannot_be_changed(hubspot: HubSpotSandbox):
    with pytest.raises(ValueError, match="no owner"):
        hubspot.change_owner("7", archived=True)
