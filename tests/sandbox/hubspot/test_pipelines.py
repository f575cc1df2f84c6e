"""Pipelines and their stages: the calls, and which stage a record can be in."""

from typing import Any

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox
from tests.sandbox.hubspot.client import Client

PIPELINES = "/crm/pipelines/2026-09"
DEALS = "/crm/objects/2026-09/deals"
RENEWALS = {
    "label": "Renewals",
    "displayOrder": 1,
    "stages": [
        {"label": "Asked", "displayOrder": 0, "metadata": {"probability": "0.5"}},
        {"label": "Renewed", "displayOrder": 1, "metadata": {"probability": "1.0"}},
    ],
}


@pytest.mark.parametrize(
    ("kind", "pipeline", "stage", "metadata"),
    [
        ("deals", "default", "closedwon", {"isClosed": "true", "probability": "1.0"}),
        ("tickets", "0", "4", {"isClosed": "true", "ticketState": "CLOSED"}),
        ("leads", "lead-pipeline-id", "new-stage-id", {"isClosed": "false", "leadState": "NEW"}),
    ],
)
def test_new_account_has_pipelines(client: Client, kind: str, pipeline: str, stage: str, metadata: dict[str, str]):
    rows = client.get(f"{PIPELINES}/{kind}")["results"]
    assert [each["id"] for each in rows] == [pipeline]
    assert client.get(f"/crm/v3/pipelines/{kind}/{pipeline}").body == rows[0]
    assert client.get(f"{PIPELINES}/{kind}/{pipeline}/stages")["results"] == rows[0]["stages"]
    one = client.get(f"{PIPELINES}/{kind}/{pipeline}/stages/{stage}")
    assert one["metadata"] == metadata
    assert client.get(f"{PIPELINES}/{kind}/{pipeline}/stages/nowhere").code == 404


def test_stages_of_all_pipelines_are_options_of_the_property(client: Client):
    made = client.post(f"{PIPELINES}/deals", RENEWALS)
    assert made.code == 201, made.body
    late = client.post(
        f"{PIPELINES}/deals/{made['id']}/stages",
        {"label": "Late", "displayOrder": 2, "metadata": {"probability": "0.1"}},
    )
    assert (late.code, late["metadata"]) == (201, {"isClosed": "false", "probability": "0.1"})
    stages = client.get("/crm/properties/2026-09/deals/dealstage")["options"]
    assert [each["label"] for each in stages][-4:] == ["Closed lost", "Asked", "Renewed", "Late"]
    pipelines = client.get("/crm/properties/2026-09/deals/pipeline")["options"]
    assert [each["label"] for each in pipelines] == ["Sales pipeline", "Renewals"]


@pytest.mark.parametrize(
    "changed",
    [
        {"label": ""},
        {"stages": []},
        {"stages": [{"label": "Asked"}]},
        {"stages": [{"label": "A", "metadata": {"probability": "1"}}] * 2},
    ],
)
def test_pipeline_that_cannot_be_is_refused(client: Client, changed: dict[str, Any]):
    assert client.post(f"{PIPELINES}/deals", {**RENEWALS, **changed}).code == 400
    assert client.post(f"{PIPELINES}/contacts", RENEWALS).code == 400


def test_stage_must_be_one_of_the_record_s_pipeline(hubspot: HubSpotSandbox, client: Client):
    ids = hubspot.make_pipeline("deals", "Renewals", ["Asked", "Renewed"])

    def made(**more: str) -> int:
        return client.post(DEALS, {"properties": {"dealname": "D", **more}}).code

    assert made(dealstage="closedwon") == 201
    assert made(dealstage=ids["Asked"]) == 400
    assert made(dealstage=ids["Asked"], pipeline=ids["Renewals"]) == 201
    assert made(dealstage="closedwon", pipeline=ids["Renewals"]) == 400
    id = hubspot.create("deals", {"dealname": "D", "dealstage": "closedwon"})
    assert hubspot.records("deals")[id]["pipeline"] == "default"

    def changed(**values: str) -> Any:
        return client("PATCH", f"{DEALS}/{id}", {"properties": values})

    said = changed(dealstage=ids["Renewed"])
    assert (said.code, said["errors"][0]["context"]) == (400, {"propertyName": ["dealstage"]})
    assert changed(pipeline=ids["Renewals"]).code == 400
    assert changed(dealstage=ids["Renewed"], pipeline=ids["Renewals"]).code == 200
    assert changed(amount="1").code == 200


def test_own_kind_has_pipelines_once_one_is_made(hubspot: HubSpotSandbox, client: Client):
    hubspot.make_object("pet", ("Pet", "Pets"), [{"name": "n", "label": "N", "type": "string", "fieldType": "text"}])
    assert client.get(f"{PIPELINES}/pet")["results"] == []
    assert "hs_pipeline" not in hubspot.get("pet", hubspot.create("pet", {"n": "Rex"}))["properties"]  # type: ignore[index]
    ids = hubspot.make_pipeline("pet", "Visits", ["Waiting", "Seen"])
    id = hubspot.create("pet", {"n": "Rex"})
    assert hubspot.records("pet")[id]["hs_pipeline_stage"] == ids["Waiting"]


def test_pipelines_need_a_scope_of_their_kind(hubspot: HubSpotSandbox):
    hubspot.grant("some", {"crm.schemas.deals.read"})
    some = Client(hubspot, "some")
    assert some.get(f"{PIPELINES}/deals").code == 200
    assert some.get(f"{PIPELINES}/tickets").code == 403
    assert some.post(f"{PIPELINES}/deals", RENEWALS).code == 403
