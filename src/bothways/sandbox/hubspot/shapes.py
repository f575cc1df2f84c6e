"""The shapes of bodies: what does not fit is refused before anything is done, whatever its values."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.values import is_whole

TEXT, WHOLE, INTEGER, OBJECT = "text", "whole number", "integer", "object"
"""Any single value; a whole number from 0 on, as one or in a text; a number as it is; an object with any members."""

Shape = str | Sequence["Shape"] | Mapping[str, "Shape"]
"""One of the above, a list of a shape, an object whose members have shapes if they are there, or one of a tuple."""

_ID: Shape = {"id": TEXT}
_TYPES: Shape = [{"associationCategory": TEXT, "associationTypeId": WHOLE}]
_INPUT: Shape = {"id": TEXT, "idProperty": TEXT, "properties": OBJECT, "objectWriteTraceId": TEXT}
_NEW: Shape = {"properties": OBJECT, "associations": [{"to": _ID, "types": _TYPES}], "objectWriteTraceId": TEXT}
_FILTERS: Shape = [{"propertyName": TEXT, "operator": TEXT, "value": TEXT, "highValue": TEXT, "values": [TEXT]}]
_PROPERTY: Shape = {"name": TEXT, "label": TEXT, "groupName": TEXT, "options": [{"value": TEXT, "label": TEXT}]}
_GROUP: Shape = {"name": TEXT, "label": TEXT, "displayOrder": INTEGER}
_LABEL: Shape = {"name": TEXT, "label": TEXT, "inverseLabel": TEXT, "associationTypeId": WHOLE}
_STAGE: Shape = {"stageId": TEXT, "label": TEXT, "displayOrder": TEXT, "metadata": OBJECT}
_PIPELINE: Shape = {"pipelineId": TEXT, "label": TEXT, "displayOrder": TEXT, "stages": [_STAGE]}
_KIND: Shape = {
    "name": TEXT,
    "labels": {"singular": TEXT, "plural": TEXT},
    "description": TEXT,
    "primaryDisplayProperty": TEXT,
    "requiredProperties": [TEXT],
    "searchableProperties": [TEXT],
    "secondaryDisplayProperties": [TEXT],
    "properties": [_PROPERTY],
    "associatedObjects": [TEXT],
}
_NAMED: Shape = {"inputs": [{"name": TEXT}]}

SHAPES: Mapping[str, Shape] = {
    "create": _NEW,
    "update": {"properties": OBJECT},
    "merge": {"primaryObjectId": TEXT, "objectIdToMerge": TEXT},
    "gdpr-delete": {"objectId": TEXT, "idProperty": TEXT},
    "search": {
        "filterGroups": [{"filters": _FILTERS}],
        "filters": _FILTERS,
        "sorts": [(TEXT, {"propertyName": TEXT, "direction": TEXT})],
        "properties": [TEXT],
        "query": TEXT,
    },
    "batch/read": {"inputs": [_ID], "properties": [TEXT], "propertiesWithHistory": [TEXT], "idProperty": TEXT},
    "batch/create": {"inputs": [_NEW]},
    "batch/update": {"inputs": [_INPUT]},
    "batch/upsert": {"inputs": [_INPUT]},
    "batch/archive": {"inputs": [_ID]},
    "properties/create": _PROPERTY,
    "properties/update": _PROPERTY,
    "properties/batch/create": {"inputs": [_PROPERTY]},
    "properties/batch/read": _NAMED,
    "properties/batch/archive": _NAMED,
    "properties/groups/create": _GROUP,
    "properties/groups/update": _GROUP,
    "associations/set one": _TYPES,
    "associations/read": {"inputs": [{"id": TEXT, "after": WHOLE}]},
    "associations/create": {"inputs": [{"from": _ID, "to": _ID, "types": _TYPES}]},
    "associations/create default": {"inputs": [{"from": _ID, "to": _ID}]},
    "associations/archive": {"inputs": [{"from": _ID, "to": [_ID]}]},
    "associations/labels/archive": {"inputs": [{"from": _ID, "to": _ID, "types": _TYPES}]},
    "associations/labels/create": _LABEL,
    "associations/labels/update": _LABEL,
    "associations/v3/read": {"inputs": [_ID]},
    "associations/v3/create": {"inputs": [{"from": _ID, "to": _ID, "type": TEXT}]},
    "associations/v3/archive": {"inputs": [{"from": _ID, "to": _ID, "type": TEXT}]},
    "lists": {
        "count": WHOLE,
        "offset": WHOLE,
        "query": TEXT,
        "sort": TEXT,
        "objectTypeId": TEXT,
        "listIds": [TEXT],
        "processingTypes": [TEXT],
        "additionalProperties": [TEXT],
    },
    "lists/create": {"name": TEXT, "objectTypeId": TEXT, "processingType": TEXT},
    "lists/add": [TEXT],
    "lists/remove": [TEXT],
    "lists/add and remove": {"recordIdsToAdd": [TEXT], "recordIdsToRemove": [TEXT]},
    **dict.fromkeys(("pipelines/create", "pipelines/update", "pipelines/replace"), _PIPELINE),
    **dict.fromkeys(("pipelines/stages/create", "pipelines/stages/update", "pipelines/stages/replace"), _STAGE),
    **dict.fromkeys(("schemas/create", "schemas/update"), _KIND),
    "schemas/associations": {"fromObjectTypeId": TEXT, "toObjectTypeId": TEXT, "name": TEXT},
}
"""The body of each call that has one, as far as it is read."""


def check(call: str, raw: bytes) -> None:
    """Raise Refused if the body of a call is of another shape than it must be."""
    if call not in SHAPES:
        return
    try:
        body = orjson.loads(raw or b"null")
    except orjson.JSONDecodeError as error:
        raise Refused(400, "Invalid input JSON") from error
    if not _fits(body, SHAPES[call]):
        raise Refused(400, "Invalid input JSON: a value of it is of another type than it must be")


def _fits(value: Any, shape: Shape) -> bool:
    if value is None:
        return True
    if shape == TEXT:
        return isinstance(value, str | int | float)
    if shape == WHOLE:
        return not isinstance(value, bool) and is_whole(str(value))
    if shape == INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if shape == OBJECT:
        return isinstance(value, dict)
    if isinstance(shape, tuple):
        return any(_fits(value, each) for each in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(each is not None and _fits(each, shape[0]) for each in value)
    return (
        isinstance(shape, dict)
        and isinstance(value, dict)
        and all(_fits(value.get(name), each) for name, each in shape.items())
    )
