"""Further calls about lists, properties and associations that the stand-in knows and we never make."""

from collections.abc import Mapping

from tests.fidelity import shapes
from tests.fidelity.accounts import LIST
from tests.fidelity.form import NOT_FOUND, Form
from tests.fidelity.shapes import (
    ANY,
    ID,
    TEXT,
    WHOLE,
    WORD,
    YES_NO,
    mapping,
    named,
    page,
    rows,
    shape,
)

_PEOPLE = "people look after lists"
_CHANGED = shape(named(("recordsIdsAdded", "recordIdsRemoved", "recordIdsMissing"), rows(ID)))
_ONE_LIST = shape({"list": LIST})
_OF_RECORD = shape(
    {"listId": ID, "listVersion": WHOLE, **named(("firstAddedTimestamp", "lastAddedTimestamp"), shapes.SOME_TIME)},
    {"isPublicList": YES_NO},
)
_LISTS = "lists guide [D]"
_MEMBERSHIPS = "api-reference/latest/crm/lists/memberships"


def _list(
    title: str, method: str, path: str, answers: shapes.Schema | None, source: str = _LISTS, ok: int = 200
) -> Form:
    body = ANY if method in ("POST", "PUT") else None
    return Form(title, method, "lists", path, source, {ok: answers, **NOT_FOUND}, body=body, unsent=_PEOPLE)


LISTS: tuple[Form, ...] = (
    _list("Create a list", "POST", "", _ONE_LIST),
    _list("Read some lists", "GET", "", shape({"lists": rows(LIST)})),
    _list("Read a list by its name", "GET", "/object-type-id/{type}/name/{name}", _ONE_LIST),
    _list(
        "Read which lists a record is in",
        "GET",
        "/records/{type}/{id}/memberships",
        shape({"results": rows(_OF_RECORD)}, {"total": WHOLE, "paging": shapes.PAGING}),
        f"{_MEMBERSHIPS}/get-lists-per-record [S]",
    ),
    _list("Read a list", "GET", "/{list}", _ONE_LIST),
    _list("Delete a list", "DELETE", "/{list}", None, ok=204),
    _list("Restore a list", "PUT", "/{list}/restore", None, ok=204),
    _list("Rename a list", "PUT", "/{list}/update-list-name", shape({}, {"updatedList": LIST})),
    _list(
        "Read who is in a list, by when they came",
        "GET",
        "/{list}/memberships/join-order",
        page(shape({"recordId": ID, "membershipTimestamp": shapes.SOME_TIME}), total=WHOLE),
    ),
    _list("Empty a list", "DELETE", "/{list}/memberships", None, ok=204),
    _list(
        "Put records onto a list, or take them off",
        "PUT",
        "/{list}/memberships/(?:add|remove|add-and-remove)",
        _CHANGED,
        "api-reference/legacy/crm/lists/memberships/add-to-list [S]",
    ),
    _list("Put another list's records onto a list", "PUT", "/{list}/memberships/add-from/{id}", None, ok=204),
)

_GROUP = shape(
    {"name": WORD, "label": TEXT, "displayOrder": {"type": "integer"}, "archived": YES_NO},
)
_MAKES = "people set their properties up"
PROPERTIES: tuple[Form, ...] = (
    Form(
        "List groups of properties",
        "GET",
        "properties",
        "/{object}/groups",
        "properties guide, property groups [D]",
        {200: shape({"results": rows(_GROUP)}), **NOT_FOUND},
        unsent="properties name their groups",
    ),
    Form(
        "Create a group of properties",
        "POST",
        "properties",
        "/{object}/groups",
        "properties guide, property groups [D]",
        {201: _GROUP, 409: shapes.REFUSAL},
        body=ANY,
        unsent=_MAKES,
    ),
    Form(
        "Read a group of properties",
        "GET",
        "properties",
        "/{object}/groups/{id}",
        "properties guide, property groups [D]",
        {200: _GROUP, **NOT_FOUND},
        unsent="properties name their groups",
    ),
    Form(
        "Update a group of properties",
        "PATCH",
        "properties",
        "/{object}/groups/{id}",
        "properties guide, property groups [D]",
        {200: _GROUP, **NOT_FOUND},
        body=mapping(ANY),
        unsent=_MAKES,
    ),
    Form(
        "Archive a group of properties",
        "DELETE",
        "properties",
        "/{object}/groups/{id}",
        "properties guide, property groups [D]",
        {204: None, **NOT_FOUND},
        unsent=_MAKES,
    ),
    Form(
        "Read a batch of properties",
        "POST",
        "properties",
        "/{object}/batch/read",
        "api-reference/latest/crm/properties/batch/get-properties [S]",
        {200: shapes.batched(shapes.PROPERTY), 207: shapes.partly(shapes.PROPERTY)},
        body=ANY,
        unsent="all are listed at once",
    ),
    Form(
        "Create a batch of properties",
        "POST",
        "properties",
        "/{object}/batch/create",
        "properties guide, create properties [D]",
        {201: shapes.batched(shapes.PROPERTY), 207: shapes.partly(shapes.PROPERTY), 409: shapes.REFUSAL},
        body=ANY,
        unsent=_MAKES,
    ),
    Form(
        "Archive a batch of properties",
        "POST",
        "properties",
        "/{object}/batch/archive",
        "properties guide, archive properties [D]",
        {204: None},
        body=ANY,
        unsent=_MAKES,
    ),
)

_BATCHES = "all is associated in batches"
_PLAIN = shape(
    {
        "from": shapes.REF,
        "to": shapes.REF,
        "associationSpec": shape({"associationCategory": WORD, "associationTypeId": WHOLE}),
    }
)
_TYPES = shape({"results": rows(shape({"category": WORD, "typeId": WHOLE, "label": {"type": ["string", "null"]}}))})
_WORDED = shape({"from": shapes.REF, "to": rows(shape({"id": ID, "type": WORD}))}, {"paging": shapes.PAGING})
_JOINED = shape({"from": shapes.REF, "to": shapes.REF, "type": WORD})
_BY_NUMBER = "types of associations have numbers for us"


def _worded(title: str, path: str, answers: Mapping[int, shapes.Schema | None]) -> Form:
    method, body = ("GET", None) if path == "types" else ("POST", ANY)
    source = "api-reference/legacy/crm/associations [S]"
    return Form(
        title,
        method,
        "worded associations",
        f"/{{object}}/{{to}}/{path}",
        source,
        answers,
        body=body,
        unsent=_BY_NUMBER,
    )


WORDED: tuple[Form, ...] = (
    _worded("List types in words", "types", {200: shape({"results": rows(shape({"id": ID, "name": WORD}))})}),
    _worded("Read associations in words", "batch/read", {200: shapes.batched(_WORDED), 207: shapes.partly(_WORDED)}),
    _worded("Associate records in words", "batch/create", {201: shapes.batched(_JOINED), 207: shapes.partly(_JOINED)}),
    _worded("Take associations away in words", "batch/archive", {204: None}),
)

ASSOCIATIONS: tuple[Form, ...] = (
    Form(
        "Associate records by the plain type",
        "POST",
        "associations",
        "/{object}/{to}/batch/associate/default",
        "api-reference/latest/crm/associations/associate-records/batch/create-associations [S]",
        {200: shapes.batched(_PLAIN), 207: shapes.partly(_PLAIN)},
        body=ANY,
        unsent="associations are made by their types",
    ),
    Form(
        "Create a label",
        "POST",
        "associations",
        "/{object}/{to}/labels",
        "associations guide, create association labels [D]",
        {200: _TYPES},
        body=ANY,
        unsent="people make labels",
    ),
    Form(
        "Update a label",
        "PUT",
        "associations",
        "/{object}/{to}/labels",
        "associations guide, update association labels [D]",
        {204: None, **NOT_FOUND},
        body=ANY,
        unsent="people make labels",
    ),
    Form(
        "Delete a label",
        "DELETE",
        "associations",
        "/{object}/{to}/labels/{id}",
        "associations guide, delete association labels [D]",
        {204: None, **NOT_FOUND},
        unsent="people make labels",
    ),
    Form(
        "Associate two records by the plain type",
        "PUT",
        "record associations",
        "/{object}/{id}/associations/default/{to}/{other}",
        "associations guide, associate records without a label [D]",
        {200: shapes.batched(_PLAIN), **NOT_FOUND},
        unsent=_BATCHES,
    ),
    Form(
        "Associate two records",
        "PUT",
        "record associations",
        "/{object}/{id}/associations/{to}/{other}",
        "associations guide, associate records with a label [D]",
        {201: shapes.LABELLED, **NOT_FOUND},
        body=ANY,
        unsent=_BATCHES,
    ),
    Form(
        "Take the association of two records away",
        "DELETE",
        "record associations",
        "/{object}/{id}/associations/{to}/{other}",
        "associations guide, remove associations [D]",
        {204: None, **NOT_FOUND},
        unsent=_BATCHES,
    ),
)
