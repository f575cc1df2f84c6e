"""Shapes of what is sent to HubSpot and of what it answers, as JSON Schema: what several rows of the table share."""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

ANY: Schema = {}
"""Whatever it is."""

TEXT: Schema = {"type": "string"}
WORD: Schema = {"type": "string", "minLength": 1}
WHOLE: Schema = {"type": "integer", "minimum": 0}
YES_NO: Schema = {"type": "boolean"}
ID: Schema = {"type": "string", "pattern": "^[1-9][0-9]*$"}
"""Of a record, a list, a subscription: digits as a text."""

TYPE_ID: Schema = {"type": "string", "pattern": "^[0-9]+-[0-9]+$"}
TIME: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
"""As records have it: ISO 8601 in UTC, with milliseconds."""

SOME_TIME: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$"}
"""As lists and subscriptions have it."""

MILLIS: Schema = {"type": "string", "pattern": "^[0-9]{1,14}$"}
"""Milliseconds since 1970, as a text: the way to name a moment in a search."""

FLAG: Schema = {"enum": ["true", "false"]}
"""A truth in a query."""

NAMES: Schema = {"type": "string", "pattern": r"^[^,\s]+(,[^,\s]+)*$"}
"""Names of properties in a query."""

STARS: Schema = {"const": "***"}
"""A secret that was there."""


def shape(needed: Mapping[str, Schema], more: Mapping[str, Schema] | None = None) -> Schema:
    """Return the shape of an object that has all of ``needed``, perhaps some of ``more``, and nothing else."""
    return {
        "type": "object",
        "properties": {**needed, **(more or {})},
        "required": list(needed),
        "additionalProperties": False,
    }


def rows(each: Schema, most: int | None = None, least: int = 0) -> Schema:
    """Return the shape of a list."""
    return {"type": "array", "items": each, "minItems": least} | ({} if most is None else {"maxItems": most})


def mapping(each: Schema) -> Schema:
    """Return the shape of an object whose names are free."""
    return {"type": "object", "additionalProperties": each}


def digits(most: int) -> Schema:
    """Return the shape of a number from 1 on in a query."""
    return {"type": "string", "pattern": f"^({'|'.join(map(str, range(1, most + 1)))})$"}


# --- what is sent -------------------------------------------------------------------------------------

VALUES = mapping(TEXT)
"""Values of properties: texts, "" to clear one, never null."""

ASSOCIATION_TYPES = rows(
    shape(
        {
            "associationCategory": {"enum": ["HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED", "WORK"]},
            "associationTypeId": {"type": "integer", "minimum": 1},
        }
    ),
    least=1,
)
REF = shape({"id": ID})
LINK = shape({"from": REF, "to": REF, "types": ASSOCIATION_TYPES})
NEW = shape(
    {"properties": VALUES},
    {"objectWriteTraceId": WORD, "associations": rows(shape({"to": REF, "types": ASSOCIATION_TYPES}))},
)
CHANGED = shape({"id": ID, "properties": VALUES}, {"objectWriteTraceId": WORD})


def batch(each: Schema, most: int, **more: Schema) -> Schema:
    """Return the shape of the body of a batch call."""
    return shape({"inputs": rows(each, most, 1)}, more)


# --- what is answered ---------------------------------------------------------------------------------

SHOWN: Schema = {
    "type": "object",
    "properties": {"createdate": TIME, "lastmodifieddate": TIME, "hs_lastmodifieddate": TIME, "hs_object_id": ID},
    "additionalProperties": {"type": ["string", "null"]},
}
"""Values of properties: texts, null where there is none."""

HISTORY = mapping(
    rows(
        shape(
            {"value": TEXT, "timestamp": TIME, "sourceType": WORD},
            {"sourceId": TEXT, "sourceLabel": TEXT, "updatedByUserId": WHOLE},
        )
    )
)
_ASSOCIATIONS = mapping(
    shape({"results": rows(shape({"id": ID, "type": WORD}))}, {"paging": {"type": "object", "required": ["next"]}})
)
RECORD: Schema = {
    **shape(
        {"id": ID, "properties": SHOWN, "createdAt": TIME, "updatedAt": TIME, "archived": YES_NO},
        {"archivedAt": TIME, "propertiesWithHistory": HISTORY, "objectWriteTraceId": WORD, "url": WORD}
        | {"associations": _ASSOCIATIONS},
    ),
    "if": {"properties": {"archived": {"const": True}}},
    "then": {"required": ["archivedAt"]},
    "else": {"not": {"required": ["archivedAt"]}},
}
UPSERTED: Schema = {
    **shape({**RECORD["properties"], "new": YES_NO}),
    "required": [*RECORD["required"], "new"],
}
PAGING = shape({"next": shape({"after": WORD}, {"link": {"type": "string", "pattern": "^https?://.+[?&]after="}})})


def page(each: Schema, **more: Schema) -> Schema:
    """Return the shape of a page of results; the last one tells no place to go on from."""
    return shape({"results": rows(each), **more}, {"paging": PAGING})


CONTEXT = mapping(rows(TEXT))
"""What a refusal is about."""

INNER = shape({"message": TEXT}, {"code": WORD, "in": TEXT, "subCategory": TEXT, "context": CONTEXT})
_REFUSED = {"status": {"const": "error"}, "errors": rows(INNER), "context": CONTEXT, "subCategory": TEXT}
REFUSAL = shape(
    {"category": WORD, "message": TEXT, "correlationId": {"type": "string", "format": "uuid"}},
    {**_REFUSED, "links": mapping(TEXT)},
)
"""The body of a refused call. Every part of it is optional to who reads it; this is what the reference shows."""

TOO_MANY = shape(
    {
        **{name: REFUSAL["properties"][name] for name in ("status", "message", "correlationId")},
        "errorType": {"const": "RATE_LIMIT"},
        "policyName": {"enum": ["DAILY", "TEN_SECONDLY_ROLLING", "SECONDLY"]},
    },
    {"category": {"const": "RATE_LIMITS"}},
)
"""The same of a call above a limit, which names the limit."""

REFUSED_ROW = shape(
    {"status": {"const": "error"}, "category": WORD, "message": TEXT},
    {**_REFUSED, "id": TEXT, "links": mapping(TEXT)},
)
_STAMPS = {
    "status": {"enum": ["PENDING", "PROCESSING", "CANCELED", "COMPLETE"]},
    "startedAt": TIME,
    "completedAt": TIME,
}
_MORE = {"requestedAt": TIME, "links": mapping(TEXT)}


def batched(each: Schema) -> Schema:
    """Return the shape of the answer to a batch call that was carried out for all of its rows."""
    return shape({**_STAMPS, "results": rows(each)}, _MORE)


def partly(each: Schema) -> Schema:
    """Return the shape of the answer to a batch call that was refused for some of its rows."""
    errors = {"numErrors": {"type": "integer", "minimum": 1}, "errors": rows(REFUSED_ROW, least=1)}
    return shape({**_STAMPS, "results": rows(each), **errors}, _MORE)


PROPERTY = shape(
    {
        **dict.fromkeys(("name", "label", "type", "fieldType"), WORD),
        **dict.fromkeys(("groupName", "description"), TEXT),
        "options": rows(
            shape(
                {"label": TEXT, "value": TEXT, "hidden": YES_NO},
                {"displayOrder": {"type": "integer"}, "description": TEXT},
            )
        ),
    },
    {
        **dict.fromkeys(("archived", "calculated", "externalOptions", "formField"), YES_NO),
        **dict.fromkeys(("hasUniqueValue", "hidden", "hubspotDefined", "showCurrencySymbol"), YES_NO),
        **dict.fromkeys(("archivedAt", "createdAt", "updatedAt"), SOME_TIME),
        **dict.fromkeys(("createdUserId", "updatedUserId", "calculationFormula", "currencyPropertyName"), TEXT),
        **dict.fromkeys(("dateDisplayHint", "numberDisplayHint", "referencedObjectType"), TEXT),
        "dataSensitivity": {"enum": ["non_sensitive", "sensitive", "highly_sensitive"]},
        "displayOrder": {"type": "integer"},
        "modificationMetadata": shape(
            dict.fromkeys(("archivable", "readOnlyDefinition", "readOnlyValue"), YES_NO), {"readOnlyOptions": YES_NO}
        ),
        "sensitiveDataCategories": rows(TEXT),
    },
)
NUMBER: Schema = {"type": "integer", "minimum": 1}
"""An id as a number: its description calls it a text, the examples of its guide show numbers [D]."""

ASSOCIATED = shape(
    {
        "toObjectId": NUMBER,
        "associationTypes": rows(
            shape({"category": WORD, "typeId": WHOLE, "label": {"type": ["string", "null"]}}), least=1
        ),
    }
)
LABELLED = shape(
    {
        **dict.fromkeys(("fromObjectId", "toObjectId"), ID),
        **dict.fromkeys(("fromObjectTypeId", "toObjectTypeId"), TYPE_ID),
        "labels": rows(WORD),
    }
)


def either(*shapes: Schema) -> Schema:
    """Return the shape of what has one of these shapes."""
    return {"oneOf": list[Schema](shapes)}


def named(names: Sequence[str], each: Schema) -> dict[str, Schema]:
    """Return several parts of one shape."""
    return dict.fromkeys(names, each)
