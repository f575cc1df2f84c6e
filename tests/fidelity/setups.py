"""The calls about how an account is set up: owners, pipelines, own kinds of record, rules and limits."""

from tests.fidelity import shapes
from tests.fidelity.form import NOT_FOUND, Form
from tests.fidelity.shapes import (
    ANY,
    FLAG,
    ID,
    TEXT,
    TIME,
    TYPE_ID,
    WHOLE,
    WORD,
    YES_NO,
    Schema,
    digits,
    mapping,
    named,
    page,
    rows,
    shape,
)

PEOPLE = "people set their account up"
_PAGES = "api-reference/latest/crm"

_OWNER = shape(
    {"id": ID, "type": {"enum": ["PERSON", "QUEUE"]}, "createdAt": TIME, "updatedAt": TIME, "archived": YES_NO},
    {
        **named(("email", "firstName", "lastName"), TEXT),
        **named(("userId", "userIdIncludingInactive"), WHOLE),
        "teams": rows(shape({"id": ID, "name": TEXT, "primary": YES_NO})),
    },
)
OWNERS: tuple[Form, ...] = (
    Form(
        "List owners",
        "GET",
        "owners",
        "",
        f"{_PAGES}/owners/get-owners [S]; at most 500 [K]",
        {200: page(_OWNER)},
        query={"limit": digits(500), "after": WORD, "archived": FLAG, "email": WORD},
    ),
    Form(
        "Read one owner",
        "GET",
        "owners",
        "/{id}",
        "api-reference/2026-03/crm/owners/get-owner [S]",
        {200: _OWNER, **NOT_FOUND},
        query={"archived": FLAG, "idProperty": {"enum": ["id", "userId"]}},
        parts={"id": ID},
    ),
)

_STAGE = shape(
    {
        **named(("id", "label"), WORD),
        "displayOrder": {"type": "integer"},
        "metadata": mapping(TEXT),
        "archived": YES_NO,
        **named(("createdAt", "updatedAt"), TIME),
    },
    {
        "archivedAt": TIME,
        "writePermissions": {"enum": ["CRM_PERMISSIONS_ENFORCEMENT", "READ_ONLY", "INTERNAL_ONLY"]},
    },
)
_PIPELINE = shape(
    {
        **named(("id", "label"), WORD),
        "displayOrder": {"type": "integer"},
        "stages": rows(_STAGE),
        "archived": YES_NO,
        **named(("createdAt", "updatedAt"), TIME),
    },
    {"archivedAt": TIME},
)
_AUDITS = shape(
    {
        "results": rows(
            shape(
                {"portalId": WHOLE, "identifier": WORD, "action": WORD},
                {"timestamp": TIME, **named(("message", "rawObject"), TEXT), "fromUserId": WHOLE},
            )
        )
    }
)


def _set_up(title: str, method: str, path: str, answer: Schema | None, ok: int = 200) -> Form:
    """Return the row of a call by which people change a pipeline, or look at what was changed."""
    body = ANY if method in ("PATCH", "PUT") else None
    more = {409: shapes.REFUSAL} if method == "PUT" else {}
    answers = {ok: answer, **NOT_FOUND, **more}
    return Form(title, method, "pipelines", path, "pipelines guide [D]", answers, body=body, unsent=PEOPLE)


PIPELINES: tuple[Form, ...] = (
    _set_up("Read what was changed of a pipeline", "GET", "/{object}/{id}/audit", _AUDITS),
    _set_up("Read what was changed of a stage", "GET", "/{object}/{id}/stages/{stage}/audit", _AUDITS),
    _set_up("Update a pipeline", "PATCH", "/{object}/{id}", _PIPELINE),
    _set_up("Replace a pipeline", "PUT", "/{object}/{id}", _PIPELINE),
    _set_up("Delete a pipeline", "DELETE", "/{object}/{id}", None, 204),
    _set_up("Update a stage", "PATCH", "/{object}/{id}/stages/{stage}", _STAGE),
    _set_up("Replace a stage", "PUT", "/{object}/{id}/stages/{stage}", _STAGE),
    _set_up("Delete a stage", "DELETE", "/{object}/{id}/stages/{stage}", None, 204),
    Form(
        "List pipelines",
        "GET",
        "pipelines",
        "/{object}",
        f"{_PAGES}/pipelines/get-pipelines [S]",
        {200: shape({"results": rows(_PIPELINE)}), **NOT_FOUND},
    ),
    Form(
        "Read one pipeline",
        "GET",
        "pipelines",
        "/{object}/{id}",
        f"{_PAGES}/pipelines/get-pipeline [S]",
        {200: _PIPELINE, **NOT_FOUND},
        unsent="all are listed at once",
    ),
    Form(
        "Create a pipeline",
        "POST",
        "pipelines",
        "/{object}",
        f"{_PAGES}/pipelines/create-pipeline [S]",
        {201: _PIPELINE, 409: shapes.REFUSAL},
        body=ANY,
        unsent=PEOPLE,
    ),
    Form(
        "List stages",
        "GET",
        "pipelines",
        "/{object}/{id}/stages",
        "pipelines guide [D]",
        {200: shape({"results": rows(_STAGE)}), **NOT_FOUND},
        unsent="they are listed with their pipelines",
    ),
    Form(
        "Create a stage",
        "POST",
        "pipelines",
        "/{object}/{id}/stages",
        "pipelines guide [D]",
        {201: _STAGE, **NOT_FOUND, 409: shapes.REFUSAL},
        body=ANY,
        unsent=PEOPLE,
    ),
    Form(
        "Read one stage",
        "GET",
        "pipelines",
        "/{object}/{id}/stages/{stage}",
        "pipelines guide [D]",
        {200: _STAGE, **NOT_FOUND},
        unsent="they are listed with their pipelines",
    ),
)

_WAY = shape(
    {"id": ID, "fromObjectTypeId": TYPE_ID, "toObjectTypeId": TYPE_ID},
    {"name": {"type": ["string", "null"]}, **named(("createdAt", "updatedAt"), TIME)},
)
_KIND: dict[str, Schema] = {
    **named(("id", "name", "fullyQualifiedName"), WORD),
    "objectTypeId": TYPE_ID,
    "labels": shape({}, {"singular": TEXT, "plural": TEXT}),
    **named(("requiredProperties", "searchableProperties", "secondaryDisplayProperties"), rows(WORD)),
    "archived": YES_NO,
}
_OF_KIND: dict[str, Schema] = {
    **named(("primaryDisplayProperty", "metaType", "description"), TEXT),
    **named(("createdAt", "updatedAt"), TIME),
    **named(("createdByUserId", "updatedByUserId", "portalId"), WHOLE),
    **named(("allowsSensitiveProperties", "restorable"), YES_NO),
}
_SCHEMA = shape({**_KIND, "properties": rows(shapes.PROPERTY), "associations": rows(_WAY)}, _OF_KIND)
_SCHEMAS_PAGE = f"{_PAGES}/objects/schemas"
SCHEMAS: tuple[Form, ...] = (
    Form(
        "List an account's own kinds of record",
        "GET",
        "schemas",
        "",
        f"{_SCHEMAS_PAGE}/get-schemas [S]",
        {200: shape({"results": rows(_SCHEMA)})},
        query={
            "archived": FLAG,
            **named(
                ("includeAssociationDefinitions", "includeAuditMetadata", "includePropertyDefinitions"),
                FLAG,
            ),
        },
    ),
    Form(
        "Read one kind of record",
        "GET",
        "schemas",
        "/{object}",
        f"{_SCHEMAS_PAGE}/get-schema [S]",
        {200: _SCHEMA, **NOT_FOUND},
        unsent="all are listed at once",
    ),
    Form(
        "Create a kind of record",
        "POST",
        "schemas",
        "",
        f"{_SCHEMAS_PAGE}/create-schema [S]",
        {201: _SCHEMA, 409: shapes.REFUSAL},
        body=ANY,
        unsent=PEOPLE,
    ),
    Form(
        "Update a kind of record",
        "PATCH",
        "schemas",
        "/{object}",
        "custom objects guide [D]",
        {200: shape(_KIND, _OF_KIND), **NOT_FOUND},
        body=ANY,
        unsent=PEOPLE,
    ),
    Form(
        "Delete a kind of record",
        "DELETE",
        "schemas",
        "/{object}",
        "custom objects guide [D]",
        {204: None, **NOT_FOUND},
        unsent=PEOPLE,
    ),
    Form(
        "Let kinds of record be associated",
        "POST",
        "schemas",
        "/{object}/associations",
        "custom objects guide [D]",
        {201: _WAY, **NOT_FOUND},
        body=ANY,
        unsent=PEOPLE,
    ),
    Form(
        "Let kinds of record be associated no longer",
        "DELETE",
        "schemas",
        "/{object}/associations/{id}",
        f"{_SCHEMAS_PAGE}/delete-schema-association [S]",
        {204: None, **NOT_FOUND},
        unsent=PEOPLE,
    ),
)

_RULE = shape({"ruleType": WORD, "ruleArguments": rows(TEXT)}, {"shouldApplyNormalization": YES_NO})
RULES: tuple[Form, ...] = (
    Form(
        "List rules of properties",
        "GET",
        "property-validations",
        "/{type}",
        f"{_PAGES}/property-validations/get-property-validations [S]",
        {
            200: shape({"results": rows(shape({"propertyName": WORD, "propertyValidationRules": rows(_RULE)}))}),
            **NOT_FOUND,
        },
    ),
    Form(
        "Read the rules of one property",
        "GET",
        "property-validations",
        "/{type}/{property}",
        "api-reference/2026-03/crm/property-validations/get-property-validation [S]",
        {200: shape({"results": rows(_RULE)}), **NOT_FOUND},
        unsent="all are listed at once",
    ),
)

_NUMBER: Schema = {"type": "number", "minimum": 0}
_COUNTED = {"objectTypeId": TYPE_ID, **named(("singularLabel", "pluralLabel"), TEXT), "usage": WHOLE}
_USED = shape({**_COUNTED, "limit": WHOLE, "percentage": _NUMBER})
_OVERALL = {"overallLimit": WHOLE, "overallUsage": WHOLE, "overallPercentage": _NUMBER}
LIMITS: tuple[Form, ...] = (
    Form(
        "Read how many records there can be",
        "GET",
        "limits",
        "/records",
        f"{_PAGES}/limits-tracking/get-records [S]",
        {
            200: shape(
                {
                    "hubspotDefinedObjectTypes": rows(_USED),
                    "customObjectTypes": shape({"byObjectType": rows(shape(_COUNTED)), **_OVERALL}),
                }
            )
        },
    ),
    Form(
        "Read how many properties there can be",
        "GET",
        "limits",
        "/custom-properties",
        f"{_PAGES}/limits-tracking/get-custom-properties [S]",
        {200: shape({"byObjectType": rows(_USED), **_OVERALL})},
    ),
)
