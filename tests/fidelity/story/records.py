"""Records: one by one, in batches, in pages; merged, deleted for good; and what is refused."""

from typing import Any

from tests.fidelity.story.steps import COMPANY, DEAL_COMPANY, pull, step, types

ONE_BY_ONE = [
    step(
        "records.create",
        object="companies",
        body={"properties": {"name": "Acme", "domain": "acme.example"}},
        status=201,
        keep={"acme": "id"},
    ),
    step(
        "records.create",
        object="contacts",
        body={
            "properties": {
                "email": "Ann@Acme.example",
                "firstname": "Ann",
                "interests": "books",
                "birthday": "86400000",
            },
            "associations": [{"to": {"id": "$acme"}, "types": types(COMPANY)}],
        },
        status=201,
        keep={"ann": "id"},
        sees={"properties.email": "ann@acme.example", "properties.birthday": "1970-01-02", "archived": False},
    ),
    step(
        "records.create",
        object="contacts",
        body={"properties": {"email": "ANN@acme.example"}, "associations": []},
        status=409,
        sees={"category": "CONFLICT", "message": "Contact already exists. Existing ID: $ann"},
    ),
    step(
        "records.create",
        object="contacts",
        body={"properties": {"email": "nobody", "nonsense": "x", "loyalty_points": "1,5", "tier": "Gold"}},
        status=400,
        sees={
            "category": "VALIDATION_ERROR",
            "errors.0.code": "INVALID_EMAIL",
            "errors.1.code": "PROPERTY_DOESNT_EXIST",
            "errors.1.context.propertyName.0": "nonsense",
            "errors.2.code": "INVALID_NUMBER",
            "errors.3.code": "INVALID_OPTION",
        },
    ),
    step("records.create", object="deals", body={"properties": {"amount": "1"}}, status=400),
    step(
        "records.create", object="companies", body={"properties": {}}, status=400, sees={"context.properties.0": "{}"}
    ),
    step(
        "records.create",
        object="deal",
        body={
            "properties": {"dealname": "Ten chairs", "dealstage": "contractsent", "amount": "1500.50"},
            "associations": [{"to": {"id": "$acme"}, "types": types(DEAL_COMPANY)}],
        },
        status=201,
        keep={"chairs": "id"},
        sees={"properties.amount": "1500.5"},
    ),
    step(
        "records.update",
        object="contacts",
        id="$ann",
        body={
            "properties": {"interests": ";music", "last_visit": "1790000000000", "newsletter": "true", "city": "Bern"}
        },
        sees={"properties.interests": "books;music", "properties.newsletter": "true"},
    ),
    step(
        "records.update",
        object="contacts",
        id="$ann",
        body={"properties": {"city": "", "lifecyclestage": "customer", "birthday": "1980-02-29"}},
        sees={"properties.city": None},
    ),
    step(
        "records.update",
        object="contacts",
        id="$ann",
        body={"properties": {"lifecyclestage": "lead"}},
        sees={"properties.lifecyclestage": "customer"},
    ),
    step("records.update", object="contacts", id="$ann", body={"properties": {"hs_object_id": "1"}}, status=400),
    step(
        "records.update",
        object="contacts",
        id="ann@acme.example",
        query={"idProperty": "email"},
        body={"properties": {"jobtitle": "Cook"}},
        sees={"id": "$ann", "properties.jobtitle": "Cook"},
    ),
    step("records.update", object="contacts", id="77", body={"properties": {"city": "Bern"}}, status=404),
    step(
        "records.read",
        object="contacts",
        id="$ann",
        query={
            "properties": ["email", "interests", "nonsense"],
            "propertiesWithHistory": ["lifecyclestage", "interests"],
            "associations": ["companies", "deals"],
        },
        sees={
            "properties.nonsense": None,
            "propertiesWithHistory.interests.1.value": "books",
            "propertiesWithHistory.interests.0.sourceType": "INTEGRATION",
            "associations.companies.results.0.id": "$acme",
            "associations.companies.results.1.type": "contact_to_company_unlabeled",
        },
    ),
    step("records.read", object="contact", id="ann@acme.example", query={"idProperty": "email"}, sees={"id": "$ann"}),
    step("records.read", object="contacts", id="$ann", query={"associations": ["nonsense"]}, status=400),
    step("records.read", object="contacts", id="77", status=404, sees={"category": "OBJECT_NOT_FOUND"}),
    step("records.read", object="unicorns", id="77", status=400),
    step("records.create", object="companies", body={"properties": {"name": "Gone"}}, status=201, keep={"gone": "id"}),
    step("records.archive", object="companies", id="$gone", status=204),
    step("records.archive", object="companies", id="77", status=204),
    step("records.read", object="companies", id="$gone", status=404),
    step("records.read", object="companies", id="$gone", query={"archived": True}, sees={"archived": True}),
]


def person(name: str, **more: Any) -> dict[str, Any]:
    """Return what makes one of the people of the batches."""
    return {"properties": {"email": f"{name}@people.example", "firstname": name, **more}}


BATCHES = [
    step(
        "records.batch_create",
        object="contacts",
        body={"inputs": [person(name, loyalty_points=str(points)) for points, name in enumerate("abcdef")]},
        status=201,
        keep={name: f"results.{5 - place}.id" for place, name in enumerate("abcdef")},
    ),
    step(
        "records.batch_create",
        object="contacts",
        body={"inputs": [person("g"), person("a")]},
        status=409,
        sees={"category": "CONFLICT"},
    ),
    step(
        "records.batch_create",
        object="contacts",
        body={"inputs": [{**person("g"), "objectWriteTraceId": "1"}, {**person("a"), "objectWriteTraceId": "2"}]},
        status=207,
        keep={"g": "results.0.id"},
        sees={"numErrors": 1, "errors.0.context.objectWriteTraceId.0": "2", "errors.0.category": "CONFLICT"},
    ),
    step(
        "records.batch_read",
        object="contacts",
        body={
            "properties": ["firstname"],
            "propertiesWithHistory": [],
            "inputs": [{"id": "$b"}, {"id": "77"}, {"id": "$a"}],
        },
        status=207,
        sees={"results.0.id": "$a", "results.0.properties.firstname": "a", "errors.0.context.ids.0": "77"},
    ),
    step(
        "records.batch_read",
        object="contacts",
        body={
            "idProperty": "email",
            "properties": ["email"],
            "propertiesWithHistory": ["email"],
            "inputs": [{"id": "A@people.example"}],
        },
        sees={"results.0.id": "$a", "results.0.propertiesWithHistory.email.0.value": "a@people.example"},
    ),
    step(
        "records.batch_update",
        object="contacts",
        body={"inputs": [{"id": "$a", "properties": {"city": "Bern"}}, {"id": "77", "properties": {"city": "Basel"}}]},
        status=207,
        sees={"results.0.properties.city": "Bern", "errors.0.category": "OBJECT_NOT_FOUND"},
    ),
    step(
        "records.batch_update",
        object="contacts",
        body={"inputs": [{"id": "a@people.example", "idProperty": "email", "properties": {"city": "Basel"}}]},
        status=400,
    ),
    step(
        "records.batch_update",
        object="contacts",
        body={"inputs": [{"id": "$a", "properties": {"club_key": "K1"}}, {"id": "$b", "properties": {"city": "Chur"}}]},
    ),
    step(
        "records.batch_upsert",
        object="contacts",
        body={
            "inputs": [
                {"id": "K1", "idProperty": "club_key", "properties": {"city": "Genf"}},
                {"id": "K2", "idProperty": "club_key", "properties": {"email": "h@people.example", "firstname": "h"}},
            ]
        },
        keep={"h": "results.1.id"},
        sees={"results.0.new": False, "results.0.id": "$a", "results.1.new": True},
    ),
    step(
        "records.batch_upsert",
        object="contacts",
        body={
            "inputs": [
                {"id": "K3", "idProperty": "club_key", "properties": {"firstname": "i"}},
                {"id": "K4", "idProperty": "club_key", "properties": {"email": "a@people.example"}},
            ]
        },
        status=409,
    ),
    step(
        "records.batch_upsert",
        object="contacts",
        body={"inputs": [{"id": "K5", "idProperty": "club_key", "properties": {"firstname": "i"}}] * 2},
        status=400,
        sees={"context.ids.0": "K5"},
    ),
    step("records.batch_archive", object="contacts", body={"inputs": [{"id": "$h"}, {"id": "77"}]}, status=204),
    step("records.page", object="contacts", query={"archived": True}, sees={"results.0.id": "$h"}),
    step(
        "records.page",
        object="contacts",
        query={"limit": 3, "properties": ["firstname", "email"], "associations": ["companies"]},
        keep={"second": "paging.next.after"},
        sees={"results.0.id": "$ann", "results.0.associations.companies.results.0.id": "$acme"},
    ),
    step(
        "records.page",
        object="contacts",
        query={"limit": 3, "after": "$second"},
        keep={"third": "paging.next.after"},
        sees={"results.0.id": "$second"},
    ),
    step("records.page", object="contacts", query={"limit": 3, "after": "$third"}, sees={"paging": None}),
    step("records.page", object="contacts", query={"limit": 101}, status=400),
    step("records.page", object="0-2", sees={"results.0.id": "$acme"}),
]

ENDINGS = [
    step(
        "records.merge",
        object="contacts",
        body={"primaryObjectId": "$ann", "objectIdToMerge": "$a"},
        keep={"both": "id"},
        sees={"properties.firstname": "Ann", "properties.hs_merged_object_ids": "$ann;$a"},
    ),
    step("records.read", object="contacts", id="$a", query={"properties": ["email"]}, sees={"id": "$both"}),
    step(
        "records.batch_read",
        object="contacts",
        body={"properties": [], "propertiesWithHistory": [], "inputs": [{"id": "$ann"}, {"id": "$a"}]},
        sees={"results.0.id": "$both", "results.1": None},
    ),
    step("records.update", object="contacts", id="$ann", body={"properties": {"city": "Bern"}}, sees={"id": "$both"}),
    step("records.merge", object="contacts", body={"primaryObjectId": "$b", "objectIdToMerge": "77"}, status=404),
    step("records.purge", object="contacts", body={"objectId": "b@people.example", "idProperty": "email"}, status=204),
    step("records.purge", object="contacts", body={"objectId": "$b"}, status=404),
    step("records.purge", object="contacts", body={"objectId": "x@people.example", "idProperty": "email"}, status=204),
    step(
        "records.create",
        object="contacts",
        body={"properties": {"email": "X@people.example"}, "associations": []},
        status=201,
        sees={"properties.email": "x@people.example"},
    ),
    step(
        "records.read", object="contacts", id="b@people.example", status=404, sees={"context.id.0": "b@people.example"}
    ),
    step("records.read", object="contacts", id="$b", query={"archived": True}, status=404),
]

REFUSALS = [
    pull("fault", kind="429"),
    step("records.read", object="contacts", id="$c", status=429, sees={"category": "RATE_LIMITS"}),
    pull("fault", kind="403"),
    step(
        "records.page",
        object="companies",
        status=403,
        sees={
            "category": "MISSING_SCOPES",
            "errors.0.context.requiredGranularScopes.0": "crm.objects.companies.read",
        },
    ),
    pull("fault", kind="401"),
    step("records.read", object="contacts", id="$c", status=401),
    pull("fault", kind="423"),
    step("records.update", object="contacts", id="$c", body={"properties": {"city": "Bern"}}, status=423),
    pull("fault", kind="502"),
    step("records.update", object="contacts", id="$c", body={"properties": {"city": "Bern"}}, status=502),
    step("records.read", object="contacts", id="$c", query={"properties": ["city"]}, sees={"properties.city": None}),
]
