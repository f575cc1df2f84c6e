"""Bodies of the wrong shape are refused; none of them breaks the stand-in."""

from typing import Any

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox
from bothways.sandbox.hubspot.shapes import SHAPES
from tests.sandbox.hubspot.client import COMPANIES, CONTACTS, Client

PROPERTIES, LISTS = "/crm/properties/2026-09/contacts", "/crm/lists/2026-09"
SCHEMAS, PIPELINES = "/crm-object-schemas/2026-09/schemas", "/crm/pipelines/2026-09/deals"
LINKS, WORDED = "/crm/associations/2026-09/contacts/companies", "/crm/v3/associations/contacts/companies"
CALLS = {
    "create": ("POST", CONTACTS),
    "update": ("PATCH", f"{CONTACTS}/1001"),
    "merge": ("POST", f"{CONTACTS}/merge"),
    "gdpr-delete": ("POST", f"{COMPANIES}/gdpr-delete"),
    "search": ("POST", f"{CONTACTS}/search"),
    **{f"batch/{each}": ("POST", f"{CONTACTS}/batch/{each}") for each in ("read", "create", "update", "upsert")},
    "batch/archive": ("POST", f"{CONTACTS}/batch/archive"),
    "properties/create": ("POST", PROPERTIES),
    "properties/update": ("PATCH", f"{PROPERTIES}/interests"),
    **{f"properties/batch/{each}": ("POST", f"{PROPERTIES}/batch/{each}") for each in ("read", "create", "archive")},
    "properties/groups/create": ("POST", f"{PROPERTIES}/groups"),
    "properties/groups/update": ("PATCH", f"{PROPERTIES}/groups/contactinformation"),
    "associations/set one": ("PUT", f"{CONTACTS}/1001/associations/companies/1001"),
    **{f"associations/{each}": ("POST", f"{LINKS}/batch/{each}") for each in ("read", "create", "archive")},
    "associations/create default": ("POST", f"{LINKS}/batch/associate/default"),
    "associations/labels/archive": ("POST", f"{LINKS}/batch/labels/archive"),
    "associations/labels/create": ("POST", f"{LINKS}/labels"),
    "associations/labels/update": ("PUT", f"{LINKS}/labels"),
    **{f"associations/v3/{each}": ("POST", f"{WORDED}/batch/{each}") for each in ("read", "create", "archive")},
    "lists": ("POST", f"{LISTS}/search"),
    "lists/create": ("POST", LISTS),
    "lists/add": ("PUT", f"{LISTS}/1/memberships/add"),
    "lists/remove": ("PUT", f"{LISTS}/1/memberships/remove"),
    "lists/add and remove": ("PUT", f"{LISTS}/1/memberships/add-and-remove"),
    "pipelines/create": ("POST", PIPELINES),
    "pipelines/update": ("PATCH", f"{PIPELINES}/default"),
    "pipelines/replace": ("PUT", f"{PIPELINES}/default"),
    "pipelines/stages/create": ("POST", f"{PIPELINES}/default/stages"),
    "pipelines/stages/update": ("PATCH", f"{PIPELINES}/default/stages/closedwon"),
    "pipelines/stages/replace": ("PUT", f"{PIPELINES}/default/stages/closedwon"),
    "schemas/create": ("POST", SCHEMAS),
    "schemas/update": ("PATCH", f"{SCHEMAS}/p_boat"),
    "schemas/associations": ("POST", f"{SCHEMAS}/p_boat/associations"),
}
ENDS = {"from": {"id": "1001"}, "to": {"id": "1001"}}
VALUES: list[Any] = [
    None,
    5,
    -1,
    True,
    "x",
    "²",
    [],
    [5],
    [None],
    [[]],
    {},
    {"id": {}},
    {"filters": 5},
    {"value": None},
]
INPUTS = [
    *({**ENDS, "types": value, "type": value} for value in VALUES),
    *({"from": value, "to": value, "id": "1001", "properties": value, "idProperty": value} for value in VALUES),
    *({"properties": {"lastname": "A"}, "associations": value} for value in VALUES),
    *({"name": "a", "label": "A", "groupName": "contactinformation", "options": value} for value in VALUES),
    {**ENDS, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": "x"}]},
]
NAMES = (
    *("filterGroups", "filters", "sorts", "query", "count", "offset", "listIds", "additionalProperties", "name"),
    *("label", "displayOrder", "recordIdsToAdd"),
)
_HUGE = "9" * 40
_PIPELINE = {"label": "Rentals", "stages": [{"label": "Let", "metadata": {"probability": "1"}}]}
_BOAT: dict[str, Any] = {
    "name": "raft",
    "labels": {"singular": "Raft", "plural": "Rafts"},
    "primaryDisplayProperty": "raft_name",
    "properties": [{"name": "raft_name", "label": "Name", "type": "string", "fieldType": "text"}],
}
MADE = [
    *({**_PIPELINE, "displayOrder": value} for value in (*VALUES, _HUGE, 1e300)),
    *({**_PIPELINE, "stages": value} for value in VALUES),
    *({**_PIPELINE, "stages": [{"label": "Let", "metadata": value, "displayOrder": _HUGE}]} for value in VALUES),
    *({"label": "Let", "metadata": value, "displayOrder": _HUGE} for value in VALUES),
    *({**_BOAT, name: value} for name in (*_BOAT, "requiredProperties", "associatedObjects") for value in VALUES),
    *({name: value} for name in ("labels", "requiredProperties", "toObjectTypeId") for value in VALUES),
]
BODIES = [*VALUES, *({"inputs": [each]} for each in INPUTS), *({name: [5]} for name in NAMES), *INPUTS]


def test_every_call_with_a_body_is_tried() -> None:
    assert set(CALLS) == set(SHAPES)


@pytest.mark.parametrize("call", CALLS)
def test_nothing_that_is_sent_breaks_it(hubspot: HubSpotSandbox, client: Client, call: str) -> None:
    hubspot.seed("contacts", [{"lastname": "A"}])
    hubspot.seed("companies", [{"name": "A"}])
    hubspot.set_list("contacts", "VIP", [])
    hubspot.make_object("boat", ("Boat", "Boats"), _BOAT["properties"])
    bodies = [*BODIES, *(MADE if call.startswith(("pipelines/", "schemas/")) else ())]
    codes = {client(*CALLS[call], body).code for body in bodies}
    assert hubspot.calls[call] == len(bodies)
    assert 400 in codes
    assert codes <= {200, 201, 204, 207, 400, 404, 409}
