"""The calls about records, properties and associations: rows of the table of forms."""

from collections.abc import Iterator
from typing import Any

from tests.fidelity import shapes
from tests.fidelity.form import NOT_FOUND, Form
from tests.fidelity.shapes import (
    ANY,
    FLAG,
    ID,
    NAMES,
    RECORD,
    TEXT,
    WHOLE,
    WORD,
    YES_NO,
    Schema,
    batch,
    digits,
    mapping,
    named,
    page,
    rows,
    shape,
)

# --- what no shape can tell ---------------------------------------------------------------------------

FILTERS, LONGEST_BODY = 18, 3000


def look_at_search(body: Any, sent: str) -> Iterator[str]:
    """Look at the limits of a search that count over its whole body."""
    count = sum(len(group["filters"]) for group in body.get("filterGroups", ()))
    if count > FILTERS:
        yield f"{count} filters, at most {FILTERS}"
    if len(sent) > LONGEST_BODY:
        yield f"a body of {len(sent)} characters, at most {LONGEST_BODY}"


def look_at_inputs(body: Any, sent: str) -> Iterator[str]:
    """Look at the inputs of a batch: no id twice, and trace ids for all of them, each another, or for none."""
    ids = [each["id"] for each in body["inputs"] if "id" in each]
    if len(set(ids)) < len(ids):
        yield "an id twice"
    traces = [each["objectWriteTraceId"] for each in body["inputs"] if "objectWriteTraceId" in each]
    if traces and len(set(traces)) < len(body["inputs"]):
        yield "trace ids for some inputs only, or one twice"


def look_at_read(body: Any, sent: str) -> Iterator[str]:
    """Look at a batch that reads: ids are numbers unless a property names what they are, and fewer with histories."""
    yield from look_at_inputs(body, sent)
    if "idProperty" not in body and not all(each["id"].isdecimal() for each in body["inputs"]):
        yield "an id that is no number"
    if body.get("propertiesWithHistory") and len(body["inputs"]) > 50:
        yield "more than 50 inputs with histories"


# --- the calls ----------------------------------------------------------------------------------------

_OBJECTS = "api-reference/2026-03/crm/objects"
_LATEST = "api-reference/latest/crm"

_COMPARED = ("EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN")
_OPERATORS = (*_COMPARED, "HAS_PROPERTY", "NOT_HAS_PROPERTY", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN")
_MOMENTS = ("createdate", "lastmodifieddate", "hs_lastmodifieddate")
_FILTER: Schema = {
    **shape(
        {
            "propertyName": WORD,
            "operator": {"enum": list(_OPERATORS)},
        },
        {"value": WORD, "highValue": WORD, "values": rows(WORD, least=1)},
    ),
    "if": {"properties": {"propertyName": {"enum": list(_MOMENTS)}}},
    "then": {"properties": {"value": shapes.MILLIS, "highValue": shapes.MILLIS}},
}
_SORT = shape({"propertyName": WORD, "direction": {"enum": ["ASCENDING", "DESCENDING"]}})
_SEARCH = shape(
    {},
    {
        "filterGroups": rows(shape({"filters": rows(_FILTER, 6, 1)}), 5),
        "sorts": rows(_SORT, 1),
        "properties": rows(WORD),
        "limit": {"type": "integer", "minimum": 1, "maximum": 200},
        "after": WORD,
        "query": {"type": "string", "maxLength": LONGEST_BODY},
    },
)

RECORDS: tuple[Form, ...] = (
    Form(
        "List records",
        "GET",
        "objects",
        "/{object}",
        "objects guide, retrieve records [D]; 50 with histories [S]",
        {200: page(RECORD), **NOT_FOUND},
        query={"limit": digits(100), "after": WORD, "properties": NAMES, "archived": FLAG},
    ),
    Form(
        "Read one record",
        "GET",
        "objects",
        "/{object}/{id}",
        f"{_OBJECTS}/objects/get-object [S]",
        {200: RECORD, **NOT_FOUND},
        query={"properties": NAMES, "archived": FLAG, "idProperty": WORD},
        parts={"id": ID},
    ),
    Form(
        "Search records",
        "POST",
        "objects",
        "/{object}/search",
        "api-reference/2026-03/crm/search-the-crm [D]",
        {200: page(RECORD, total=WHOLE), **NOT_FOUND},
        body=_SEARCH,
        look=look_at_search,
        rate_told=False,
    ),
    Form(
        "Read a batch of records",
        "POST",
        "objects",
        "/{object}/batch/read",
        f"{_LATEST}/objects/objects/batch/get-objects [S]",
        {200: shapes.batched(RECORD), 207: shapes.partly(RECORD), **NOT_FOUND},
        query={"archived": FLAG},
        body=batch(shape({"id": WORD}), 100, properties=rows(WORD), propertiesWithHistory=rows(WORD), idProperty=WORD),
        look=look_at_read,
    ),
    Form(
        "Create a batch of records",
        "POST",
        "objects",
        "/{object}/batch/create",
        f"{_OBJECTS}/custom-objects/batch/create-custom-objects [S]; error handling, multi-status errors [D]",
        {201: shapes.batched(RECORD), 207: shapes.partly(RECORD), 409: shapes.REFUSAL, **NOT_FOUND},
        body=batch(shapes.NEW, 100),
        look=look_at_inputs,
    ),
    Form(
        "Update a batch of records",
        "POST",
        "objects",
        "/{object}/batch/update",
        "objects guide, update records [D]",
        {200: shapes.batched(RECORD), 207: shapes.partly(RECORD), 409: shapes.REFUSAL, **NOT_FOUND},
        body=batch(shapes.CHANGED, 100),
        look=look_at_inputs,
    ),
    Form(
        "Archive a batch of records",
        "POST",
        "objects",
        "/{object}/batch/archive",
        f"{_OBJECTS}/contacts/batch/delete-contacts [S]",
        {204: None, **NOT_FOUND},
        body=batch(shapes.REF, 100),
        look=look_at_inputs,
    ),
    Form(
        "Create or update a batch of records",
        "POST",
        "objects",
        "/{object}/batch/upsert",
        "objects guide, upsert records [D]",
        {200: shapes.batched(shapes.UPSERTED), 207: shapes.partly(shapes.UPSERTED), 409: shapes.REFUSAL},
        body=batch(shape({"id": WORD, "idProperty": WORD, "properties": shapes.VALUES}), 100),
        look=look_at_inputs,
    ),
    Form(
        "Create one record",
        "POST",
        "objects",
        "/{object}",
        "objects guide, create records [D]",
        {201: RECORD, 409: shapes.REFUSAL},
        body=shapes.NEW,
        unsent="all is written in batches",
    ),
    Form(
        "Update one record",
        "PATCH",
        "objects",
        "/{object}/{id}",
        "objects guide, update records [D]",
        {200: RECORD, 409: shapes.REFUSAL, **NOT_FOUND},
        query={"idProperty": WORD},
        body=shape({"properties": shapes.VALUES}),
        unsent="all is written in batches",
    ),
    Form(
        "Archive one record",
        "DELETE",
        "objects",
        "/{object}/{id}",
        "objects guide, delete records [D]",
        {204: None, **NOT_FOUND},
        unsent="all is written in batches",
    ),
    Form(
        "Merge two records",
        "POST",
        "objects",
        "/{object}/merge",
        "objects guide, merge records [D]",
        {200: RECORD, **NOT_FOUND},
        body=shape({"primaryObjectId": ID, "objectIdToMerge": ID}),
    ),
    Form(
        "Delete a record for good",
        "POST",
        "objects",
        "/{object}/gdpr-delete",
        "contacts guide, permanently delete contacts [D]",
        {204: None, **NOT_FOUND},
        body=shape({"objectId": WORD}, {"idProperty": WORD}),
        unsent="what cannot be taken back is done by people",
    ),
)

_PROPERTY = shape(
    {"name": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,99}$"}, **named(("label", "groupName"), WORD)}
    | {
        "type": {"enum": ["string", "number", "date", "datetime", "bool", "enumeration", "phone_number"]},
        "fieldType": WORD,
    },
    {**named(("hasUniqueValue", "hidden", "formField"), YES_NO), "description": TEXT, "displayOrder": ANY}
    | {"options": rows(ANY)},
)
PROPERTIES: tuple[Form, ...] = (
    Form(
        "List properties",
        "GET",
        "properties",
        "/{object}",
        f"{_LATEST}/properties/get-properties [S]",
        {200: shape({"results": rows(shapes.PROPERTY)}), **NOT_FOUND},
        query={
            "archived": FLAG,
            "dataSensitivity": {"enum": ["non_sensitive", "sensitive", "highly_sensitive"]},
            "locale": WORD,
        },
    ),
    Form(
        "Read one property",
        "GET",
        "properties",
        "/{object}/{property}",
        "api-reference/legacy/crm/properties/get-property [S]",
        {200: shapes.PROPERTY, **NOT_FOUND},
        query={"archived": FLAG},
        unsent="all are listed at once",
    ),
    Form(
        "Create a property",
        "POST",
        "properties",
        "/{object}",
        "properties guide, create properties [D]",
        {201: shapes.PROPERTY, 409: shapes.REFUSAL},
        body=_PROPERTY,
    ),
    Form(
        "Update a property",
        "PATCH",
        "properties",
        "/{object}/{property}",
        "properties guide, update properties [D]",
        {200: shapes.PROPERTY, **NOT_FOUND},
        body=mapping(ANY),
        unsent="people change properties",
    ),
    Form(
        "Archive a property",
        "DELETE",
        "properties",
        "/{object}/{property}",
        "properties guide, archive properties [D]",
        {204: None, **NOT_FOUND},
        unsent="people delete properties",
    ),
)

_ASSOCIATED = shape({"from": shapes.REF, "to": rows(shapes.ASSOCIATED)}, {"paging": shapes.PAGING})
_BATCH_OF_ASSOCIATIONS = f"{_LATEST}/associations/associate-records/batch"
ASSOCIATIONS: tuple[Form, ...] = (
    Form(
        "Read associations of many records",
        "POST",
        "associations",
        "/{object}/{to}/batch/read",
        f"{_BATCH_OF_ASSOCIATIONS}/get-associations [S]",
        {200: shapes.batched(_ASSOCIATED), 207: shapes.partly(_ASSOCIATED)},
        body=batch(shape({"id": ID}, {"after": WORD}), 1000),
        look=look_at_inputs,
    ),
    Form(
        "Associate records",
        "POST",
        "associations",
        "/{object}/{to}/batch/create",
        f"{_BATCH_OF_ASSOCIATIONS}/create-associations-labeled [S]",
        {201: shapes.batched(shapes.LABELLED), 207: shapes.partly(shapes.LABELLED)},
        body=batch(shapes.LINK, 2000),
    ),
    Form(
        "Take associations away",
        "POST",
        "associations",
        "/{object}/{to}/batch/archive",
        "associations guide, remove associations [D]; at most 100 [K]",
        {204: None},
        body=batch(shape({"from": shapes.REF, "to": rows(shapes.REF, least=1)}), 100),
    ),
    Form(
        "Take labels away",
        "POST",
        "associations",
        "/{object}/{to}/batch/labels/archive",
        f"{_BATCH_OF_ASSOCIATIONS}/delete-association-labels [S]; at most 100 [K]",
        {204: None},
        body=batch(shapes.LINK, 100),
    ),
    Form(
        "List labels",
        "GET",
        "associations",
        "/{object}/{to}/labels",
        "associations guide, retrieve association types [D]",
        {
            200: shape(
                {"results": rows(shape({"category": WORD, "typeId": WHOLE, "label": {"type": ["string", "null"]}}))}
            )
        },
    ),
    Form(
        "Read associations of one record",
        "GET",
        "record associations",
        "/{object}/{id}/associations/{to}",
        "associations guide, retrieve associated records [D]",
        {200: page(shapes.ASSOCIATED), **NOT_FOUND},
        query={"limit": digits(500), "after": WORD},
        parts={"id": ID},
    ),
)
