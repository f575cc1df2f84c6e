"""Associations of the stand-in, as HubSpot's documentation describes them."""

from collections.abc import Sequence

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox
from tests.sandbox.hubspot.client import Client

BATCH = "/crm/associations/2026-09/{}/{}/batch/{}"


def call(client: Client, action: str, *inputs: dict, own: str = "contacts", other: str = "companies"):
    return client.post(BATCH.format(own, other, action), {"inputs": list(inputs)})


def joined(own: str, other: str, *types: int, labels: Sequence[int] = ()) -> dict:
    sent = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": each} for each in types]
    sent += [{"associationCategory": "USER_DEFINED", "associationTypeId": each} for each in labels]
    return {"from": {"id": own}, "to": {"id": other}, "types": sent}


@pytest.fixture
def ids(hubspot: HubSpotSandbox) -> tuple[str, str, str]:
    firms = hubspot.seed("companies", [{"name": "A"}, {"name": "B"}])
    return hubspot.create("contacts", {"email": "a@x.test"}), firms[0], firms[1]


def test_first_company_is_the_primary_one_until_another_is_made_so(client: Client, hubspot, ids) -> None:
    person, a, b = ids
    assert call(client, "create", joined(person, a, 279), joined(person, b, 279)).code == 201
    assert hubspot.associated("contacts", person, "companies") == [a, b]
    call(client, "create", joined(person, b, 1))
    row = call(client, "read", {"id": person})["results"][0]
    assert row["from"] == {"id": person}
    shown = {str(each["toObjectId"]): [one["typeId"] for one in each["associationTypes"]] for each in row["to"]}
    assert shown == {a: [279], b: [1, 279]}


def test_both_records_show_it_and_both_count_as_modified(client: Client, hubspot, ids) -> None:
    person, a, _ = ids
    hubspot.advance(10)
    before = [hubspot.get(kind, id)["updatedAt"] for kind, id in (("contacts", person), ("companies", a))]
    call(client, "create", joined(person, a, 279))
    back = call(client, "read", {"id": a}, own="companies", other="contacts")["results"][0]["to"][0]
    assert (str(back["toObjectId"]), [each["typeId"] for each in back["associationTypes"]]) == (person, [2, 280])
    after = [hubspot.get(kind, id)["updatedAt"] for kind, id in (("contacts", person), ("companies", a))]
    assert all(new > old for new, old in zip(after, before, strict=True))


def test_dates_stay_where_the_account_is_told_so(client: Client, hubspot, ids) -> None:
    person, a, _ = ids
    hubspot.change(touches=False)
    hubspot.advance(10)
    before = hubspot.get("contacts", person)["updatedAt"]
    call(client, "create", joined(person, a, 279))
    assert hubspot.get("contacts", person)["updatedAt"] == before


def test_record_with_nothing_is_an_error_row(client: Client, ids) -> None:
    said = call(client, "read", {"id": ids[0]})
    assert said.code == 207
    (row,) = said["errors"]
    assert (row["category"], row["subCategory"]) == ("OBJECT_NOT_FOUND", "crm.associations.NO_ASSOCIATIONS_FOUND")
    assert row["message"] == f"No company is associated with contact {ids[0]}."
    assert row["context"] == {"fromObjectId": [ids[0]], "fromObjectType": ["contact"], "toObjectType": ["company"]}
    assert said["results"] == []


def test_archiving_takes_every_label_and_deleted_records_are_not_shown(client: Client, hubspot, ids) -> None:
    person, a, b = ids
    call(client, "create", joined(person, a, 1), joined(person, b, 279))
    assert call(client, "archive", {"from": {"id": person}, "to": [{"id": a}]}).code == 204
    assert hubspot.associated("contacts", person, "companies") == [b]
    hubspot.archive("companies", b)
    assert hubspot.associated("contacts", person, "companies") == []


def test_merged_company_keeps_the_people_of_both(client: Client, hubspot, ids) -> None:
    person, a, b = ids
    call(client, "create", joined(person, a, 279), joined(person, b, 279))
    merged = hubspot.merge("companies", a, b)
    assert hubspot.associated("contacts", person, "companies") == [merged]


def test_what_cannot_be_is_refused(client: Client, ids) -> None:
    person, a, _ = ids
    assert call(client, "create", joined(person, "99", 279))["errors"][0]["context"]["toObjectId"] == ["99"]
    assert "association types" in call(client, "create", joined(person, a, 341))["errors"][0]["message"]
    assert call(client, "read", *({"id": str(n)} for n in range(1001))).code == 400
    assert call(client, "archive", *({"from": {"id": str(n)}} for n in range(101))).code == 400
    assert client.get(BATCH.format("contacts", "companies", "read")).code == 405


def test_new_record_is_made_with_what_it_belongs_to_or_not_at_all(client: Client, hubspot, ids) -> None:
    to = [{"to": {"id": ids[2]}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 341}]}]
    props = {"dealname": "Sale", "dealstage": "closedwon"}
    said = client.post("/crm/objects/2026-09/deals", {"properties": props, "associations": to})
    assert hubspot.associated("deals", said["id"], "companies") == [ids[2]]
    to[0]["to"]["id"] = "99"
    assert client.post("/crm/objects/2026-09/deals", {"properties": props, "associations": to}).code == 400
    assert len(hubspot.records("deals")) == 1


@pytest.mark.parametrize("lacking", ["dealname", "dealstage"])
def test_deal_needs_a_name_and_a_stage(client: Client, lacking: str) -> None:
    props = {"dealname": "Sale", "dealstage": "closedwon", "amount": "12.5", "closedate": "2026-01-02T00:00:00Z"}
    del props[lacking]
    said = client.post("/crm/objects/2026-09/deals", {"properties": props})
    assert (said.code, lacking in said["message"]) == (400, True)


def test_stage_is_one_of_the_pipeline_s(client: Client) -> None:
    said = client.post("/crm/objects/2026-09/deals", {"properties": {"dealname": "S", "dealstage": "nowhere"}})
    assert said.code == 400


# --- labels -------------------------------------------------------------------------------------------


def shown(client: Client, person: str) -> dict[str, list[tuple[str, int, str | None]]]:
    """Return the types by which a person belongs to companies."""
    (row,) = call(client, "read", {"id": person})["results"]
    return {
        str(each["toObjectId"]): [(one["category"], one["typeId"], one["label"]) for one in each["associationTypes"]]
        for each in row["to"]
    }


PLAIN, PRIMARY = ("HUBSPOT_DEFINED", 279, None), ("HUBSPOT_DEFINED", 1, "Primary")


def test_labels_are_listed_from_both_ends_with_the_types_that_hubspot_has(client: Client, hubspot) -> None:
    hubspot.add_label("contacts", "companies", "Works for", "Employs")
    path = "/crm/associations/2026-09/{}/{}/labels"
    there, back = (client.get(path.format(*ends)) for ends in (("contacts", "companies"), ("companies", "contacts")))
    assert [(each["category"], each["typeId"], each["label"]) for each in there["results"]] == [
        PLAIN,
        PRIMARY,
        ("USER_DEFINED", 1, "Works for"),
    ]
    assert [(each["typeId"], each["label"]) for each in back["results"]] == [
        (280, None),
        (2, "Primary"),
        (2, "Employs"),
    ]


def test_label_makes_the_association_that_it_hangs_on(client: Client, hubspot, ids) -> None:
    person, a, b = ids
    for label in ("Buyer", "Payer"):
        hubspot.add_label("contacts", "companies", label)
    call(client, "create", joined(person, a, 279), joined(person, b, labels=(1, 3)), joined(person, b, labels=(3,)))
    labels = [("USER_DEFINED", 1, "Buyer"), ("USER_DEFINED", 3, "Payer")]
    assert shown(client, person) == {a: [PRIMARY, PLAIN], b: [PLAIN, *labels]}
    assert hubspot.labelled("contacts", person, "companies") == {a: [], b: ["Buyer", "Payer"]}
    assert hubspot.labelled("companies", b, "contacts") == {person: ["Buyer", "Payer"]}
    assert "association types" in call(client, "create", joined(person, a, labels=(5,)))["errors"][0]["message"]


def test_archived_label_leaves_the_association_and_an_archived_association_no_label(
    client: Client, hubspot, ids
) -> None:
    person, a, b = ids
    hubspot.add_label("contacts", "companies", "Buyer")
    call(client, "create", *(joined(person, each, labels=(1,)) for each in (a, b)))
    assert call(client, "labels/archive", joined(person, a, labels=(1,)), joined(person, b, 279)).code == 204
    assert hubspot.labelled("contacts", person, "companies") == {a: []}
    call(client, "create", joined(person, b, 279))
    assert hubspot.labelled("contacts", person, "companies") == {a: [], b: []}


def test_new_record_is_made_with_labels(client: Client, hubspot, ids) -> None:
    hubspot.add_label("contacts", "companies", "Buyer")
    to = [{"to": {"id": ids[1]}, "types": joined("", "", labels=(1,))["types"]}]
    said = client.post("/crm/objects/2026-09/contacts", {"properties": {"lastname": "A"}, "associations": to})
    assert hubspot.labelled("contacts", said["id"], "companies") == {ids[1]: ["Buyer"]}


def test_merged_company_keeps_the_labels_of_both(client: Client, hubspot, ids) -> None:
    person, a, b = ids
    for label, firm in (("Buyer", a), ("Payer", b)):
        hubspot.add_label("contacts", "companies", label)
        hubspot.associate("contacts", person, "companies", firm, labels=[label])
    merged = hubspot.merge("companies", a, b)
    assert hubspot.labelled("contacts", person, "companies") == {merged: ["Buyer", "Payer"]}


def test_label_that_is_deleted_is_gone_from_all_and_an_unknown_one_cannot_be_given(hubspot, ids) -> None:
    person, a, _ = ids
    hubspot.add_label("contacts", "companies", "Buyer")
    hubspot.associate("contacts", person, "companies", a, labels=["Buyer"])
    hubspot.drop_label("contacts", "companies", "Buyer")
    assert hubspot.labelled("contacts", person, "companies") == {a: []}
    with pytest.raises(ValueError, match="no label Buyer"):
        hubspot.unlabel("contacts", person, "companies", a, ["Buyer"])


def one(own: str, other: str, *, default: bool = False) -> str:
    return f"/crm/objects/2026-09/contacts/{own}/associations{'/default' * default}/companies/{other}"


def test_one_association_is_set_read_and_taken_away(client: Client, hubspot, ids) -> None:
    person, a, b = ids
    types = joined(person, a, 279)["types"]
    assert client("PUT", one(person, a), types).code == 201
    assert client("PUT", one(person, b), joined(person, b, 1)["types"])["toObjectId"] == b
    assert hubspot.associated("contacts", person, "companies") == [b, a]
    first = client.get(f"{one(person, a).rpartition('/')[0]}?limit=1")
    assert [str(each["toObjectId"]) for each in first["results"]] == [a]
    rest = client("GET", first["paging"]["next"]["link"].removeprefix(hubspot.url))
    assert [str(each["toObjectId"]) for each in rest["results"]] == [b]
    assert [client("DELETE", one(person, a)).code for _ in range(2)] == [204, 204]
    assert hubspot.associated("contacts", person, "companies") == [b]


def test_one_association_is_refused_for_what_it_is_not(client: Client, ids) -> None:
    person, a, _ = ids
    assert client("PUT", one(person, a), joined(person, a, 4711)["types"]).code == 400
    assert client("PUT", one(person, a), {"types": []}).code == 400
    assert client("PUT", one(person, "77"), joined(person, a, 279)["types"]).code == 400
    assert client("PUT", one("77", a, default=True)).code == 404
    assert client.get(f"{one(person, a).rpartition('/')[0]}?limit=501").code == 400
    assert client("PATCH", one(person, a), {}).code == 405


def test_default_association_is_the_plain_one_and_told_both_ways(client: Client, hubspot, ids) -> None:
    person, a, _ = ids
    said = client("PUT", one(person, a, default=True))
    assert [(each["from"]["id"], each["associationSpec"]["associationTypeId"]) for each in said["results"]] == [
        (person, 279),
        (a, 280),
    ]
    assert hubspot.associated("companies", a, "contacts") == [person]
    said = call(client, "associate/default", {"from": {"id": person}, "to": {"id": "77"}})
    assert (said.code, said["errors"][0]["context"]["toObjectId"]) == (207, ["77"])


def test_labels_are_made_renamed_and_deleted_over_the_api(client: Client, hubspot, ids) -> None:
    person, a, _ = ids
    path = "/crm/associations/2026-09/{}/{}/labels"
    made = client.post(
        path.format("companies", "contacts"), {"name": "x", "label": "Boss", "inverseLabel": "Works for"}
    )
    back, there = (each["typeId"] for each in made["results"])
    hubspot.associate("contacts", person, "companies", a, labels=["Works for"])
    rows = client.get(path.format("contacts", "companies"))["results"]
    assert [(each["typeId"], each["label"]) for each in rows[2:]] == [(there, "Works for")]
    sent = {"associationTypeId": there, "label": "Employed by", "inverseLabel": "Employs"}
    assert client("PUT", path.format("contacts", "companies"), sent).code == 204
    assert hubspot.labelled("contacts", person, "companies") == {a: ["Employed by"]}
    assert hubspot.labelled("companies", a, "contacts") == {person: ["Employs"]}
    assert client("PUT", path.format("contacts", "companies"), {"associationTypeId": there, "label": "Old"}).code == 204
    assert hubspot.labelled("companies", a, "contacts") == {person: ["Old"]}
    assert client("DELETE", f"{path.format('companies', 'contacts')}/{back}").code == 204
    assert hubspot.labelled("contacts", person, "companies") == {a: []}
    assert client("DELETE", f"{path.format('companies', 'contacts')}/{back}").code == 404
    assert client.post(path.format("contacts", "companies"), {"label": "Nameless"}).code == 400


def test_records_show_the_ids_of_what_they_belong_to(client: Client, hubspot, ids) -> None:
    person, a, b = ids
    hubspot.add_label("contacts", "companies", "Board Member")
    hubspot.associate("contacts", person, "companies", a)
    hubspot.associate("contacts", person, "companies", b, labels=["Board Member"])
    path = f"/crm/objects/2026-09/contacts/{person}"
    shown = client.get(f"{path}?associations=company&associations=deals")["associations"]
    assert shown == {
        "companies": {
            "results": [
                {"id": a, "type": "contact_to_company"},
                {"id": a, "type": "contact_to_company_unlabeled"},
                {"id": b, "type": "contact_to_company_unlabeled"},
                {"id": b, "type": "board_member"},
            ]
        }
    }
    assert "associations" not in client.get(path).body
    assert client.get("/crm/objects/2026-09/contacts?associations=companies")["results"][0]["associations"] == shown
