"""Batch calls."""

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox
from tests.sandbox.hubspot.client import COMPANIES, CONTACTS, Client


def new(email: str, trace: str | None = None, **more: str) -> dict:
    traced = {"objectWriteTraceId": trace} if trace else {}
    return {"properties": {"email": email, **more}, **traced}


def test_read_answers_what_is_there_and_names_what_is_not(hubspot: HubSpotSandbox, client: Client):
    first, gone, second = (hubspot.create("contacts", {"lastname": name}) for name in "abc")
    hubspot.archive("contacts", gone)
    said = client.batch("read", [{"id": second}, {"id": gone}, {"id": "7"}, {"id": first}], properties=["lastname"])
    assert said.code == 207
    assert said.ids == [first, second]
    assert said["numErrors"] == 1
    assert said["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert said["errors"][0]["context"]["ids"] == [gone, "7"]
    assert client.batch("read", [{"id": first}, {"id": first}]).ids == [first]
    assert client.batch("read", [{"id": first}]).code == 200
    assert client.post(f"{CONTACTS}/batch/read?archived=true", {"inputs": [{"id": gone}]}).ids == [gone]


def test_read_by_email_finds_further_addresses(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"email": "a@example.com", "hs_additional_emails": "b@example.com"})
    said = client.batch("read", [{"id": "A@example.com"}, {"id": "b@example.com"}], idProperty="email")
    assert said.ids == [id]
    assert client.batch("read", [{"id": "x"}], idProperty="city").code == 400


def test_create_makes_all_or_none(hubspot: HubSpotSandbox, client: Client):
    said = client.batch("create", [new("a@example.com"), new("b@example.com")])
    assert (said.code, said["status"]) == (201, "COMPLETE")
    assert set(said.ids) == set(hubspot.records("contacts"))
    said = client.batch("create", [new("c@example.com"), new("a@example.com")])
    assert (said.code, said["category"]) == (409, "CONFLICT")
    assert client.batch("create", [new("c@example.com", "1"), new("nobody")]).code == 400
    assert len(hubspot.records("contacts")) == 2


def test_create_with_trace_ids_refuses_row_by_row(hubspot: HubSpotSandbox, client: Client):
    holder = hubspot.create("contacts", {"email": "a@example.com"})
    inputs = [new("a@example.com", "t1"), new("nobody", "t2"), new("c@example.com", "t3"), new("C@example.com", "t4")]
    said = client.batch("create", inputs)
    assert said.code == 207
    assert [row["objectWriteTraceId"] for row in said["results"]] == ["t3"]
    errors = {each["context"]["objectWriteTraceId"][0]: each for each in said["errors"]}
    assert errors["t1"]["message"] == f"Contact already exists. Existing ID: {holder}"
    assert errors["t2"]["errors"][0]["code"] == "INVALID_EMAIL"
    assert errors["t4"]["message"].endswith(f"Existing ID: {said.ids[0]}")
    assert said["numErrors"] == 3


def test_rows_need_not_repeat_trace_ids():
    with HubSpotSandbox(echo_traces=False) as hubspot:
        said = Client(hubspot).batch("create", [new("a@example.com", "t1")])
    assert "objectWriteTraceId" not in said["results"][0]


def test_update_reports_missing_ids_and_does_the_rest(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"lastname": "A"})
    said = client.batch("update", [{"id": each, "properties": {"city": "Bern"}} for each in (id, "7")])
    assert said.code == 207
    assert said.ids == [id]
    assert said["errors"][0]["context"]["ids"] == ["7"]
    assert hubspot.records("contacts")[id]["city"] == "Bern"


def test_update_names_missing_ids_by_their_traces(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"lastname": "A"})
    rows = [{"id": each, "objectWriteTraceId": f"t{each}", "properties": {"city": "Bern"}} for each in (id, "7", "8")]
    said = client.batch("update", rows)
    assert (said.code, said.ids) == (207, [id])
    contexts = [each["context"] for each in said["errors"]]
    assert contexts == [{"ids": [each], "objectWriteTraceId": [f"t{each}"]} for each in ("7", "8")]


def test_update_with_a_bad_value_refuses_all_unless_traced(hubspot: HubSpotSandbox, client: Client):
    first, second = hubspot.seed("contacts", [{"lastname": "A"}, {"lastname": "B"}])
    good, bad = {"id": first, "properties": {"city": "Bern"}}, {"id": second, "properties": {"nonsense": "x"}}
    said = client.batch("update", [good, bad])
    assert (said.code, said["errors"][0]["code"]) == (400, "PROPERTY_DOESNT_EXIST")
    assert "city" not in hubspot.records("contacts")[first]
    said = client.batch("update", [{**good, "objectWriteTraceId": "1"}, {**bad, "objectWriteTraceId": "2"}])
    assert (said.code, said.ids) == (207, [first])
    assert said["errors"][0]["context"]["objectWriteTraceId"] == ["2"]


def test_what_a_refused_batch_would_have_written_is_in_no_history(hubspot: HubSpotSandbox, client: Client):
    one, two = hubspot.seed("contacts", [{"lastname": "A", "city": "Bern"}, {"lastname": "B"}])
    rows = [{"id": one, "properties": {"lastname": "C", "phone": "1"}}, {"id": two, "properties": {"birthday": "x"}}]
    before = client.batch("read", [{"id": one}], propertiesWithHistory=["lastname", "phone"])["results"]
    assert client.batch("update", rows).code == 400
    assert client.batch("read", [{"id": one}], propertiesWithHistory=["lastname", "phone"])["results"] == before
    assert client.batch("update", rows[:1]).code == 200
    assert client.batch("update", [{"id": one, "properties": {"lastname": "D"}}, rows[1]]).code == 400
    (shown,) = client.batch("read", [{"id": one}], propertiesWithHistory=["lastname"])["results"]
    assert [each["value"] for each in shown["propertiesWithHistory"]["lastname"]] == ["C", "A"]


def test_update_refuses_an_id_twice(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"lastname": "A"})
    said = client.batch("update", [{"id": id, "properties": {"city": city}} for city in ("Bern", "Basel")])
    assert (said.code, said["context"]) == (400, {"ids": [id]})


def test_upsert_refuses_a_value_twice(hubspot: HubSpotSandbox, client: Client):
    rows = [{"id": id, "idProperty": "email", "properties": {"city": "Bern"}} for id in ("a@x.test", "A@x.test")]
    said = client.batch("upsert", rows)
    assert (said.code, said["context"]) == (400, {"ids": ["a@x.test"]})
    assert client.batch("upsert", [{"id": "1", "properties": {"city": "Bern"}}]).code == 400
    assert hubspot.records("contacts") == {}


def test_update_by_email(hubspot: HubSpotSandbox, client: Client):
    hubspot.create("contacts", {"email": "a@example.com"})
    each = {"id": "a@example.com", "properties": {"city": "Bern"}}
    said = client.batch("update", [{**each, "idProperty": "email"}])
    assert said.code == 400
    assert "non-unique" in said["message"]
    said = client.batch("update", [each])
    assert (said.code, said["results"]) == (200, [])
    assert all("city" not in record for record in hubspot.records("contacts").values())


def test_upsert_makes_and_changes(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"email": "a@example.com"})
    emails = ("a@example.com", "b@example.com")
    inputs = [{"id": email, "idProperty": "email", "properties": {"city": "Bern"}} for email in emails]
    said = client.batch("upsert", inputs)
    assert said.code == 200
    assert [row["new"] for row in said["results"]] == [False, True]
    assert said.ids[0] == id
    assert [record["city"] for record in hubspot.records("contacts").values()] == ["Bern", "Bern"]


def test_upsert_refuses_all_for_one(hubspot: HubSpotSandbox, client: Client):
    hubspot.create("contacts", {"email": "taken@example.com"})
    property = {"name": "key", "label": "Key", "groupName": "contactinformation", "type": "string", "fieldType": "text"}
    assert client.post("/crm/properties/2026-09/contacts", {**property, "hasUniqueValue": True}).code == 201
    inputs = [
        {"id": "1", "idProperty": "key", "properties": {"email": "b@example.com"}},
        {"id": "2", "idProperty": "key", "properties": {"email": "taken@example.com"}},
    ]
    assert client.batch("upsert", inputs).code == 409
    assert len(hubspot.records("contacts")) == 1
    assert client.batch("upsert", [{"id": "1", "idProperty": "city", "properties": {}}]).code == 400


def test_upsert_with_trace_ids_refuses_row_by_row(hubspot: HubSpotSandbox, client: Client):
    hubspot.create("contacts", {"email": "a@example.com"})
    rows = [
        {"id": "a@example.com", "idProperty": "email", "properties": {"nonsense": "x"}, "objectWriteTraceId": "1"},
        {"id": "b@example.com", "idProperty": "email", "properties": {"city": "Bern"}, "objectWriteTraceId": "2"},
    ]
    said = client.batch("upsert", rows)
    assert (said.code, said["errors"][0]["context"]["objectWriteTraceId"]) == (207, ["1"])
    assert [(row["objectWriteTraceId"], row["new"]) for row in said["results"]] == [("2", True)]


def test_archive_says_nothing(hubspot: HubSpotSandbox, client: Client):
    kept, gone = hubspot.seed("contacts", [{"lastname": "A"}, {"lastname": "B"}])
    said = client.batch("archive", [{"id": gone}, {"id": "7"}])
    assert (said.code, said.body) == (204, b"")
    assert list(hubspot.records("contacts")) == [kept]


@pytest.mark.parametrize("action", ["read", "create", "update", "upsert", "archive"])
def test_batches_end_at_a_hundred(client: Client, action: str):
    said = client.batch(action, [{"id": str(number), "properties": {}} for number in range(101)])
    assert (said.code, said["category"]) == (400, "VALIDATION_ERROR")
    assert client.post(f"{COMPANIES}/batch/{action}", {"inputs": "x"}).code == 400


def test_account_that_reports_no_rows_refuses_a_batch_for_one(hubspot: HubSpotSandbox, client: Client):
    hubspot.change(report_rows=False)
    inputs = [
        {"properties": {"lastname": "A"}, "objectWriteTraceId": "1"},
        {"properties": {"email": "no address"}, "objectWriteTraceId": "2"},
    ]
    assert client.batch("create", inputs).code == 400
    assert hubspot.records("contacts") == {}
