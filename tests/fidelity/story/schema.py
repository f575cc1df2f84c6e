"""Groups of properties, and properties, one by one and in batches."""

from typing import Any

from tests.fidelity.story.steps import step


def option(value: str) -> dict[str, Any]:
    return {"value": value, "label": value.capitalize(), "hidden": False}


def text(name: str, **more: Any) -> dict[str, Any]:
    """Return what makes a property of text."""
    first = {"name": name, "label": name.upper(), "groupName": "loyalty", "type": "string", "fieldType": "text"}
    return {**first, **more}


SCHEMA = [
    step(
        "groups.create", object="contacts", body={"name": "loyalty", "label": "Loyalty", "displayOrder": 3}, status=201
    ),
    step("groups.create", object="contacts", body={"name": "loyalty", "label": "Loyalty"}, status=409),
    step("groups.read", object="contacts", name="loyalty", sees={"label": "Loyalty", "archived": False}),
    step("groups.update", object="contacts", name="loyalty", body={"label": "Our club"}, sees={"label": "Our club"}),
    step("groups.all", object="contacts", sees={"results.1.label": "Our club"}),
    step("groups.read", object="contacts", name="nobody", status=404),
    step(
        "properties.create",
        object="contacts",
        body={
            **text("tier", type="enumeration", fieldType="select"),
            "options": [option("gold"), option("silver")],
            "displayOrder": 4,
        },
        status=201,
        sees={
            "displayOrder": 4,
            "options.0.value": "gold",
            "hasUniqueValue": False,
            "modificationMetadata.readOnlyValue": False,
        },
    ),
    step("properties.create", object="contacts", body=text("club_key", hasUniqueValue=True), status=201),
    step("properties.create", object="contacts", body=text("tier"), status=409),
    step("properties.create", object="contacts", body=text("odd", fieldType="select"), status=400),
    step("properties.create", object="contacts", body=text("odd", groupName="nobody"), status=400),
    step("properties.read", object="contacts", name="tier", sees={"groupName": "loyalty", "fieldType": "select"}),
    step(
        "properties.update",
        object="contacts",
        name="tier",
        body={"label": "Tier", "options": [option("gold"), option("silver"), option("bronze")]},
        sees={"options.2.label": "Bronze"},
    ),
    step("properties.batch_create", object="contacts", body={"inputs": [text("one"), text("two")]}, status=201),
    step("properties.batch_create", object="contacts", body={"inputs": [text("one"), text("three")]}, status=207),
    step(
        "properties.batch_read",
        object="contacts",
        body={"archived": False, "inputs": [{"name": "one"}, {"name": "tier"}]},
        sees={"results.1.label": "Tier"},
    ),
    step("properties.batch_archive", object="contacts", body={"inputs": [{"name": "two"}]}, status=204),
    step("properties.archive", object="contacts", name="three", status=204),
    step("properties.archive", object="contacts", name="email", status=400),
    step("properties.read", object="contacts", name="three", status=404),
    step("properties.read", object="contacts", name="three", query={"archived": True}, sees={"archived": True}),
    step("properties.all", object="contacts", query={"archived": True}, sees={"results.1.name": "two"}),
    step("properties.all", object="company", sees={"results.0.groupName": "companyinformation"}),
    step(
        "groups.archive",
        object="contacts",
        name="loyalty",
        status=400,
        sees={"subCategory": "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES"},
    ),
    step("groups.create", object="deals", body={"name": "spare", "label": "Spare"}, status=201),
    step("groups.archive", object="deals", name="spare", status=204),
]
