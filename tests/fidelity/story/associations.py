"""Associations: one by one and in batches, with labels, and the primary one."""

from tests.fidelity.story.steps import COMPANY, DEAL_CONTACT, PRIMARY, step, types

ASSOCIATIONS = [
    step("records.create", object="companies", body={"properties": {"name": "Bolt"}}, status=201, keep={"bolt": "id"}),
    step(
        "labels.create",
        object="contacts",
        to="companies",
        body={"label": "Adviser", "name": "adviser", "inverseLabel": "Advised by"},
        keep={"adviser": "results.0.typeId", "advised": "results.1.typeId"},
        sees={"results.0.label": "Adviser", "results.1.label": "Advised by", "results.0.category": "USER_DEFINED"},
    ),
    step("labels.create", object="contacts", to="companies", body={"label": "Adviser", "name": "again"}, status=400),
    step("labels.all", object="companies", to="contacts", sees={"results.2.typeId": "$advised"}),
    step(
        "associations.set",
        object="contacts",
        id="$ann",
        to="companies",
        to_id="$bolt",
        body=[*types("$adviser", category="USER_DEFINED")],
        status=201,
        sees={"fromObjectTypeId": "0-1", "toObjectId": "$bolt", "labels.0": "Adviser"},
    ),
    step(
        "associations.page",
        object="contacts",
        id="$ann",
        to="companies",
        query={"limit": 1},
        keep={"next": "paging.next.after"},
        sees={"results.0.associationTypes.0.label": "Primary", "paging.next.after": "$bolt"},
    ),
    step(
        "associations.page",
        object="contacts",
        id="$ann",
        to="companies",
        query={"limit": 1, "after": "$next"},
        sees={"results.0.associationTypes.1.label": "Adviser", "paging": None},
    ),
    step(
        "labels.update",
        object="contacts",
        to="companies",
        body={"associationTypeId": "$adviser", "label": "Counsel"},
        status=204,
    ),
    step("labels.all", object="contacts", to="companies", sees={"results.2.label": "Counsel"}),
    step(
        "associations.batch_create",
        object="contacts",
        to="companies",
        body={
            "inputs": [
                {"from": {"id": "$a"}, "to": {"id": "$bolt"}, "types": types(COMPANY, PRIMARY)},
                {"from": {"id": "$b"}, "to": {"id": "77"}, "types": types(COMPANY)},
            ]
        },
        status=207,
        sees={"results.0.fromObjectId": "$a", "numErrors": 1},
    ),
    step(
        "associations.batch_create",
        object="contacts",
        to="companies",
        body={"inputs": [{"from": {"id": "$ann"}, "to": {"id": "$bolt"}, "types": types(PRIMARY)}]},
        status=201,
    ),
    step(
        "associations.batch_read",
        object="contacts",
        to="companies",
        body={"inputs": [{"id": "$ann"}, {"id": "$a"}]},
        sees={"results.0.to.1.associationTypes.0.label": "Primary", "results.1.from.id": "$a"},
    ),
    step(
        "associations.batch_read",
        object="contacts",
        to="companies",
        body={"inputs": [{"id": "$a"}, {"id": "$c"}]},
        status=207,
        sees={"numErrors": 1, "errors.0.subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"},
    ),
    step(
        "associations.batch_labels_archive",
        object="contacts",
        to="companies",
        body={
            "inputs": [
                {
                    "from": {"id": "$ann"},
                    "to": {"id": "$bolt"},
                    "types": [*types("$adviser", category="USER_DEFINED")],
                }
            ]
        },
        status=204,
    ),
    step(
        "associations.default",
        object="deals",
        id="$chairs",
        to="contacts",
        to_id="$ann",
        sees={"results.0.associationSpec.associationTypeId": DEAL_CONTACT},
    ),
    step(
        "associations.batch_default",
        object="deals",
        to="contacts",
        body={"inputs": [{"from": {"id": "$chairs"}, "to": {"id": "$a"}}]},
    ),
    step(
        "records.read",
        object="deals",
        id="$chairs",
        query={"associations": ["contacts", "companies"]},
        sees={
            "associations.contacts.results.1.id": "$a",
            "associations.contacts.results.0.type": "deal_to_contact",
            "associations.companies.results.0.type": "deal_to_company",
        },
    ),
    step("associations.archive", object="deals", id="$chairs", to="contacts", to_id="$a", status=204),
    step(
        "associations.batch_archive",
        object="contacts",
        to="companies",
        body={"inputs": [{"from": {"id": "$a"}, "to": [{"id": "$bolt"}]}]},
        status=204,
    ),
    step("associations.page", object="contacts", id="$a", to="companies", sees={"results.0": None}),
    step("associations.page", object="contacts", id="$a", to="deals", sees={"results.0": None}),
    step("worded.types", object="contacts", to="companies", sees={"results.1.name": "contact_to_company"}),
    step(
        "worded.create",
        object="contacts",
        to="companies",
        body={
            "inputs": [
                {"from": {"id": "$a"}, "to": {"id": "$acme"}, "type": "contact_to_company"},
                {"from": {"id": "$a"}, "to": {"id": "77"}, "type": "contact_to_company"},
            ]
        },
        status=207,
        sees={"results.0.type": "contact_to_company", "errors.0.context.toObjectId.0": "77"},
    ),
    step(
        "worded.read",
        object="contacts",
        to="companies",
        body={"inputs": [{"id": "$a"}]},
        sees={"results.0.to.0.id": "$acme", "results.0.to.1.type": "contact_to_company_unlabeled"},
    ),
    step(
        "worded.archive",
        object="contacts",
        to="companies",
        body={
            "inputs": [{"from": {"id": "$a"}, "to": {"id": "$acme"}, "type": "contact_to_company_unlabeled"}],
        },
        status=204,
    ),
    step("labels.remove", object="contacts", to="companies", id="$adviser", status=204),
    step("labels.all", object="contacts", to="companies", sees={"results.2": None}),
]
