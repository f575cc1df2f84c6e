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
        {"stages": [{"label": "Asked", "metadata": {"probability": "1.1"}}]},
        {"stages": [{"label": "Asked", "displayOrder": -1, "metadata": {"probability": "1"}}]},
        {"label": "sales PIPELINE"},
        {"pipelineId": "default"},
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
    assert client.get(f"{PIPELINES}/p_pet")["results"] == []
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


def stages_of(client: Client, pipeline: str) -> list[tuple[str, int]]:
    return [
        (each["label"], each["displayOrder"]) for each in client.get(f"{PIPELINES}/deals/{pipeline}/stages")["results"]
    ]


def change(client: Client, path: str, **body: Any) -> Any:
    return client("PATCH", f"{PIPELINES}/{path}", body)


def test_pipeline_is_renamed_and_moved_and_its_stages_stay(hubspot: HubSpotSandbox, client: Client):
    id = client.post(f"{PIPELINES}/deals", {**RENEWALS, "pipelineId": "Again.1"})["id"]
    assert id == "Again.1"
    hubspot.advance(60)
    said = change(client, f"deals/{id}", label="Again", displayOrder=0)
    assert (said["label"], said["displayOrder"], len(said["stages"])) == ("Again", 0, 2)
    assert said["updatedAt"] == said["stages"][0]["updatedAt"] > said["createdAt"]
    assert client.get(f"{PIPELINES}/deals").ids == [id, "default"]
    assert change(client, f"deals/{id}", archived=True).code == 400
    assert change(client, f"deals/{id}", label="SALES pipeline").code == 400
    assert change(client, "deals/nowhere", label="X").code == 404


def test_stage_is_changed_in_what_is_said_of_it(client: Client):
    pipeline = client.post(f"{PIPELINES}/deals", RENEWALS)
    asked = f"deals/{pipeline['id']}/stages/{pipeline['stages'][0]['id']}"
    said = change(client, asked, label="Asked for", metadata={"probability": "0.70", "colour": "red"})
    assert (said["label"], said["metadata"]) == ("Asked for", {"isClosed": "false", "probability": "0.7"})
    assert change(client, asked, metadata={"isClosed": "true"})["metadata"] == said["metadata"]
    assert change(client, asked, label=" renewed ")["subCategory"] == "PipelineError.STAGE_LABEL_EXISTS"
    assert change(client, f"{asked}0", label="X").code == 404
    assert change(client, asked, archived=True).code == 400
    whole = {"label": "Done", "displayOrder": 5, "metadata": {"probability": 1}}
    assert client("PUT", f"{PIPELINES}/{asked}", whole)["metadata"] == {"isClosed": "true", "probability": "1.0"}
    options = client.get("/crm/properties/2026-09/deals/dealstage")["options"]
    assert [each["label"] for each in options][-2:] == ["Renewed", "Done"]


def test_place_that_is_taken_is_the_one_after(client: Client):
    pipeline = client.post(f"{PIPELINES}/deals", RENEWALS)
    late = {"label": "Late", "displayOrder": 0, "metadata": {"probability": "0.1"}}
    assert client.post(f"{PIPELINES}/deals/{pipeline['id']}/stages", late)["displayOrder"] == 1
    assert stages_of(client, pipeline["id"]) == [("Asked", 0), ("Late", 1), ("Renewed", 2)]
    change(client, f"deals/{pipeline['id']}/stages/{pipeline['stages'][0]['id']}", displayOrder=7)
    assert stages_of(client, pipeline["id"]) == [("Late", 1), ("Renewed", 2), ("Asked", 7)]


def test_pipeline_that_replaces_one_keeps_the_stages_that_it_names(client: Client):
    pipeline = client.post(f"{PIPELINES}/deals", RENEWALS)
    path, kept = f"{PIPELINES}/deals/{pipeline['id']}", pipeline["stages"][1]["id"]
    new = {"label": "New", "displayOrder": 0, "metadata": {"probability": "0.1"}}
    old = {"stageId": kept, "label": "Renewed", "displayOrder": 1, "metadata": {"probability": "1.0"}}
    said = client("PUT", path, {"label": "Renewals", "displayOrder": 1, "stages": [new, old]})
    assert (said["id"], said["stages"][1]["id"]) == (pipeline["id"], kept)
    assert said["stages"][0]["id"] not in [each["id"] for each in pipeline["stages"]]
    taken = {**old, "stageId": "closedwon"}
    assert client("PUT", path, {"label": "Renewals", "displayOrder": 1, "stages": [taken]}).code == 409
    assert client("PUT", path, {"label": "Renewals", "displayOrder": 1, "stages": []}).code == 400


@pytest.mark.parametrize(
    ("version", "query", "code"),
    [
        ("pipelines/2026-09", "", 400),
        ("pipelines/2026-09", "?validateDealStageUsagesBeforeDelete=false", 204),
        ("pipelines/2026-03", "", 204),
        ("v3/pipelines", "?validateDealStageUsagesBeforeDelete=true", 400),
    ],
)
def test_pipeline_and_stage_with_records_are_deleted_only_where_nobody_looks(
    hubspot: HubSpotSandbox, client: Client, version: str, query: str, code: int
):
    ids = hubspot.make_pipeline("deals", "Renewals", ["Asked", "Renewed"])
    place = {"dealname": "D", "dealstage": ids["Asked"], "pipeline": ids["Renewals"]}
    id = hubspot.create("deals", place)
    path = f"/crm/{version}/deals/{ids['Renewals']}"
    for each in (f"{path}/stages/{ids['Asked']}", path):
        said = client("DELETE", each + query)
        assert said.code == code
        if code == 400:
            assert (said["subCategory"], said["context"]["objectIds"]) == ("PipelineError.STAGE_ID_IN_USE", [f"[{id}]"])
    hubspot.archive("deals", id)
    assert client("DELETE", path).code == (204 if code == 400 else 404)
    options = client.get("/crm/properties/2026-09/deals/pipeline")["options"]
    assert [each["value"] for each in options] == ["default"]


def test_stage_is_deleted_and_one_that_is_not_there_is_passed_over(client: Client):
    pipeline = client.post(f"{PIPELINES}/deals", RENEWALS)
    path, (first, last) = f"{PIPELINES}/deals/{pipeline['id']}/stages", (each["id"] for each in pipeline["stages"])
    assert [client("DELETE", f"{path}/{each}").code for each in (first, first, "nowhere")] == [204, 204, 204]
    assert client("DELETE", f"{PIPELINES}/deals/nowhere/stages/{first}").code == 204
    assert client("DELETE", f"{path}/{last}")["message"] == "Pipeline must have at least one stage"
    assert client("DELETE", f"{PIPELINES}/deals/nowhere").code == 404


def test_tickets_need_a_stage_that_is_closed(client: Client):
    stages = [{"label": each, "displayOrder": 0, "metadata": {}} for each in "AB"]
    body = {"label": "Help", "displayOrder": 1, "stages": stages}
    assert client.post(f"{PIPELINES}/tickets", body)["subCategory"] == "PipelineError.MISSING_CLOSED_STAGE"
    stages[1]["metadata"] = {"ticketState": "CLOSED"}
    made = client.post(f"{PIPELINES}/tickets", body)
    assert [each["displayOrder"] for each in made["stages"]] == [0, 1]
    closed = f"tickets/{made['id']}/stages/{made['stages'][1]['id']}"
    assert change(client, closed, metadata={"ticketState": "OPEN"}).code == 400
    assert change(client, closed, metadata={"ticketState": "shut"}).code == 400
    assert client("DELETE", f"{PIPELINES}/{closed}").code == 400


def test_changes_of_pipelines_are_told_the_latest_first(hubspot: HubSpotSandbox, client: Client):
    pipeline = client.post(f"{PIPELINES}/deals", RENEWALS)
    asked = pipeline["stages"][0]["id"]
    hubspot.advance(60)
    change(client, f"deals/{pipeline['id']}/stages/{asked}", label="Asked for")
    told = client.get(f"{PIPELINES}/deals/{pipeline['id']}/audit")["results"]
    assert [each["action"] for each in told] == ["UPDATE", "CREATE"]
    assert told[0]["timestamp"] > told[1]["timestamp"] == pipeline["createdAt"]
    assert '"Asked for"' in told[0]["rawObject"]
    (one,) = client.get(f"/crm/v3/pipelines/deals/{pipeline['id']}/stages/{asked}/audit")["results"]
    assert (one["action"], one["identifier"].partition(":")[2]) == ("UPDATE", asked)
