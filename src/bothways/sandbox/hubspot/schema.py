"""The kinds of record and the properties that a new account has, as HubSpot describes properties.

Names and types are HubSpot's; the definitions are a selection of our own, with a few custom properties so
that every type there is occurs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Definition = dict[str, Any]

TYPES = {
    "string": {"text", "textarea", "html", "file", "phonenumber"},
    "number": {"number"},
    "date": {"date"},
    "datetime": {"date"},
    "bool": {"booleancheckbox"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox"},
    "phone_number": {"phonenumber"},
}
"""The form fields that each type can have when a property is made."""


YES_OR_NO = (("true", "Yes"), ("false", "No"))
"""The options that a property of the type "bool" has."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record. ``shown`` are the properties of answers that were asked for none in particular.

    A new record must have one of ``needs``, if there are any, and all of ``demands``. ``searched`` are the properties
    that plain words are looked for in; ``more_emails`` is the property with a record's further addresses. ``created``
    is the property with the time of creation. ``stage`` and ``pipeline`` are the properties with the place of a record
    in its pipeline; a new record is associated with one of the kind ``belongs``, at least. ``word`` comes first in the
    names of its webhooks, "" where only generic ones tell of it. ``scopes`` says which word the scopes have for the
    kind, and ``all_of_it`` is a scope from before there were finer ones.
    """

    name: str
    label: str
    type_id: str
    modified: str
    shown: tuple[str, ...]
    needs: tuple[str, ...]
    searched: tuple[str, ...]
    more_emails: str | None = None
    demands: tuple[str, ...] = ()
    created: str = "createdate"
    stage: str = ""
    pipeline: str = ""
    belongs: str = ""
    word: str = ""
    scopes: str = ""
    all_of_it: str = ""

    @property
    def always(self) -> tuple[str, str, str]:
        """The properties that every answer shows."""
        return self.created, self.modified, "hs_object_id"


CONTACTS = Kind(
    "contacts",
    "Contact",
    "0-1",
    "lastmodifieddate",
    ("email", "firstname", "lastname"),
    ("email", "firstname", "lastname"),
    ("email", "firstname", "lastname", "phone", "company", "hs_additional_emails"),
    "hs_additional_emails",
    word="contact",
)
COMPANIES = Kind(
    "companies",
    "Company",
    "0-2",
    "hs_lastmodifieddate",
    ("name", "domain"),
    ("name", "domain"),
    ("name", "domain", "phone", "website"),
    word="company",
)
DEALS = Kind(
    "deals",
    "Deal",
    "0-3",
    "hs_lastmodifieddate",
    ("dealname", "amount", "closedate", "dealstage", "pipeline"),
    ("dealname",),
    ("dealname", "description"),
    demands=("dealname", "dealstage"),
    stage="dealstage",
    pipeline="pipeline",
    word="deal",
)
LEADS = Kind(
    "leads",
    "Lead",
    "0-136",
    "hs_lastmodifieddate",
    ("hs_lead_name", "hs_lead_type", "hs_lead_label"),
    (),
    ("hs_lead_name",),
    demands=("hs_lead_name",),
    created="hs_createdate",
    stage="hs_pipeline_stage",
    pipeline="hs_pipeline",
    belongs="contacts",
)
TICKETS = Kind(
    "tickets",
    "Ticket",
    "0-5",
    "hs_lastmodifieddate",
    ("subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "hs_ticket_category"),
    (),
    ("subject", "content"),
    demands=("subject", "hs_pipeline_stage"),
    stage="hs_pipeline_stage",
    pipeline="hs_pipeline",
    word="ticket",
    all_of_it="tickets",
)
PRODUCTS = Kind(
    "products",
    "Product",
    "0-7",
    "hs_lastmodifieddate",
    ("name", "description", "price"),
    (),
    ("name", "description", "hs_sku"),
    demands=("name",),
    word="product",
    all_of_it="e-commerce",
)
KINDS = (CONTACTS, COMPANIES, DEALS, LEADS, TICKETS, PRODUCTS)
"""The kinds that every account has; an account makes further ones by itself (see ``custom``)."""

FIRST_CUSTOM = 3_400_000
"""What the type ids of an account's own kinds begin after."""

_NAMES = {name: kind for kind in KINDS for name in (kind.name, kind.label.lower(), kind.type_id)}

STAGES = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)
"""The lifecycle stages in the order in which a record goes through them."""

LEAD_STATUSES = ("NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "ATTEMPTED_TO_CONTACT", "CONNECTED")
LEAD_TYPES = (("NEW_BUSINESS", "New business"), ("UPSELL", "Upsell"), ("RE_ATTEMPTING", "Re-attempting"))
LEAD_LABELS = ("HOT", "WARM", "COLD")
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "URGENT")
TICKET_CATEGORIES = ("PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY")
INDUSTRIES = ("COMPUTER_SOFTWARE", "CONSTRUCTION", "FINANCIAL_SERVICES", "FOOD_PRODUCTION", "RETAIL")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two kinds that can be associated: the ids of the association types, from the first kind and back.

    ``primary_label`` is what the primary one is called; ``category`` whose numbers they are.
    """

    types: tuple[int, int]
    primary: tuple[int, int] | None = None
    primary_label: str = "Primary"
    category: str = "HUBSPOT_DEFINED"


PAIRS = {
    ("contacts", "companies"): Pair((279, 280), (1, 2)),
    ("deals", "companies"): Pair((341, 342), (5, 6)),
    ("deals", "contacts"): Pair((3, 4)),
    ("tickets", "contacts"): Pair((16, 15)),
    ("tickets", "companies"): Pair((339, 340), (26, 25)),
    ("tickets", "deals"): Pair((28, 27)),
    ("leads", "contacts"): Pair((608, 609), (578, 579), "Lead with primary contact"),
    ("leads", "companies"): Pair((610, 611)),
}
"""Which kinds can be associated, as HubSpot defines it; of one with a primary, the first kind has at most one.

[K] The numbers of leads, but for 578, and what the primary contact of a lead is called.
"""


def kind_of(name: str) -> Kind | None:
    """Return the kind of this name, singular name or type id that every account has; None if there is none."""
    return _NAMES.get(name.lower())


def custom_kind(number: int, name: str, definition: Mapping[str, Any]) -> Kind:
    """Return a kind that an account has made, the ``number``-th, from its definition."""
    primary = str(definition["primaryDisplayProperty"])
    return Kind(
        name,
        str(definition["labels"]["singular"]),
        f"2-{FIRST_CUSTOM + number}",
        "hs_lastmodifieddate",
        (primary, *definition["secondaryDisplayProperties"]),
        (),
        tuple(definition["searchableProperties"]),
        demands=tuple(definition["requiredProperties"]),
        created="hs_createdate",
        stage="hs_pipeline_stage",
        pipeline="hs_pipeline",
        scopes="custom",
    )


def prop(
    name: str,
    label: str,
    type: str = "string",
    field: str = "text",
    *,
    options: Sequence[str | tuple[str, str]] = (),
    unique: bool = False,
    read_only: bool = False,
    calculated: bool = False,
    custom: bool = False,
    owner: bool = False,
    group: str = "",
    sensitivity: str = "non_sensitive",
) -> Definition:
    """Return a property's definition as the API shows it."""
    options = options or (YES_OR_NO if type == "bool" else ())
    pairs = [each if isinstance(each, tuple) else (each, each.replace("_", " ").capitalize()) for each in options]
    definition: Definition = {
        "name": name,
        "label": label,
        "type": type,
        "fieldType": field,
        "groupName": group,
        "description": "",
        "options": [
            {"value": value, "label": shown, "displayOrder": place, "hidden": False}
            for place, (value, shown) in enumerate(pairs)
        ],
        "displayOrder": -1,
        "hasUniqueValue": unique,
        "calculated": calculated,
        "hubspotDefined": not custom,
        "hidden": False,
        "externalOptions": owner,
        "formField": not (read_only or calculated),
        "archived": False,
        "dataSensitivity": sensitivity,
        "modificationMetadata": {
            "archivable": custom,
            "readOnlyDefinition": not custom,
            "readOnlyValue": read_only or calculated,
            "readOnlyOptions": not custom,
        },
    }
    if owner:
        definition["referencedObjectType"] = "OWNER"
    return definition


def _address() -> list[Definition]:
    names = {"address": "Street Address", "city": "City", "state": "State/Region", "zip": "Postal Code"}
    return [*(prop(name, label) for name, label in names.items()), prop("country", "Country/Region")]


def _common(modified: str) -> list[Definition]:
    return [
        prop("lifecyclestage", "Lifecycle Stage", "enumeration", "radio", options=STAGES),
        prop("hs_lead_status", "Lead Status", "enumeration", "radio", options=LEAD_STATUSES),
        *_kept(modified),
    ]


def _kept(modified: str, created: str = "createdate") -> list[Definition]:
    """Return what every record has: its owner, and what HubSpot itself keeps of it."""
    return [
        prop("hubspot_owner_id", "Owner", "enumeration", "select", owner=True),
        prop(created, "Create Date", "datetime", "date", read_only=True),
        prop(modified, "Last Modified Date", "datetime", "date", read_only=True),
        prop("hs_object_id", "Record ID", "number", "number", read_only=True),
        prop("hs_merged_object_ids", "Merged record IDs", "enumeration", "checkbox", read_only=True),
    ]


def _tracked(kind: Kind, stage: str, pipeline: str) -> list[Definition]:
    """Return the properties with a record's place in its pipeline, whose options are the pipelines that there are."""
    return [
        prop(kind.stage, stage, "enumeration", "radio"),
        prop(kind.pipeline, pipeline, "enumeration", "select"),
    ]


def _contacts() -> list[Definition]:
    return [
        prop("email", "Email", unique=True),
        prop("firstname", "First Name"),
        prop("lastname", "Last Name"),
        prop("salutation", "Salutation"),
        prop("phone", "Phone Number", field="phonenumber"),
        prop("mobilephone", "Mobile Phone Number", field="phonenumber"),
        prop("fax", "Fax Number"),
        prop("jobtitle", "Job Title"),
        prop("company", "Company Name"),
        prop("website", "Website URL"),
        prop("industry", "Industry"),
        prop("message", "Message", field="textarea"),
        prop("date_of_birth", "Date of birth"),
        *_address(),
        *_common("lastmodifieddate"),
        prop("hs_additional_emails", "Additional email addresses", "enumeration", "checkbox", read_only=True),
        prop("hs_email_optout", "Unsubscribed from all email", "bool", "booleancheckbox", read_only=True),
        prop("hs_email_domain", "Email Domain", calculated=True),
        prop("hs_searchable_calculated_phone_number", "Phone number as it is searched", calculated=True),
        prop("hs_searchable_calculated_mobile_number", "Mobile phone number as it is searched", calculated=True),
        prop("hs_full_name_or_email", "Full name or email", field="calculation_equation", calculated=True),
        prop("birthday", "Birthday", "date", "date", custom=True),
        prop(
            "interests",
            "Interests",
            "enumeration",
            "checkbox",
            options=[("books", "Books"), ("music", "Music"), ("sport", "Sport"), ("travel", "Travel")],
            custom=True,
        ),
        prop("loyalty_points", "Loyalty points", "number", "number", custom=True),
        prop("newsletter", "Newsletter", "bool", "booleancheckbox", custom=True),
        prop("last_visit", "Last visit", "datetime", "date", custom=True),
    ]


def _companies() -> list[Definition]:
    return [
        prop("name", "Company name"),
        prop("domain", "Company Domain Name"),
        prop("website", "Website URL"),
        prop("phone", "Phone Number", field="phonenumber"),
        prop("description", "Description", field="textarea"),
        prop("industry", "Industry", "enumeration", "select", options=INDUSTRIES),
        prop("numberofemployees", "Number of Employees", "number", "number"),
        prop("annualrevenue", "Annual Revenue", "number", "number"),
        prop("founded_year", "Year Founded"),
        prop("is_public", "Is Public", "bool", "booleancheckbox"),
        *_address(),
        *_common("hs_lastmodifieddate"),
        prop("hs_searchable_calculated_phone_number", "Phone number as it is searched", calculated=True),
        prop("renewal_date", "Renewal date", "date", "date", custom=True),
    ]


def _deals() -> list[Definition]:
    return [
        prop("dealname", "Deal Name"),
        prop("amount", "Amount", "number", "number"),
        prop("deal_currency_code", "Currency", "enumeration", "select", options=(("EUR", "EUR"), ("USD", "USD"))),
        *_tracked(DEALS, "Deal Stage", "Pipeline"),
        prop("closedate", "Close Date", "datetime", "date"),
        prop("description", "Deal Description", field="textarea"),
        *_kept("hs_lastmodifieddate"),
    ]


def _leads() -> list[Definition]:
    return [
        prop("hs_lead_name", "Lead name"),
        prop("hs_lead_type", "Lead type", "enumeration", "select", options=LEAD_TYPES),
        prop("hs_lead_label", "Lead label", "enumeration", "select", options=LEAD_LABELS),
        *_tracked(LEADS, "Lead pipeline stage", "Lead pipeline"),
        *_kept("hs_lastmodifieddate", LEADS.created),
    ]


def _tickets() -> list[Definition]:
    return [
        prop("subject", "Ticket name"),
        prop("content", "Ticket description", field="textarea"),
        *_tracked(TICKETS, "Ticket status", "Pipeline"),
        prop("hs_ticket_priority", "Priority", "enumeration", "select", options=PRIORITIES),
        prop("hs_ticket_category", "Category", "enumeration", "checkbox", options=TICKET_CATEGORIES),
        prop("source_type", "Source", "enumeration", "select", options=("CHAT", "EMAIL", "FORM", "PHONE")),
        prop("closed_date", "Close date", "datetime", "date"),
        *_kept("hs_lastmodifieddate"),
    ]


def _products() -> list[Definition]:
    return [
        prop("name", "Name"),
        prop("description", "Product description", field="textarea"),
        prop("price", "Unit price", "number", "number"),
        prop("hs_sku", "SKU"),
        prop("hs_cost_of_goods_sold", "Unit cost", "number", "number"),
        prop("hs_url", "URL"),
        *_kept("hs_lastmodifieddate"),
    ]


def custom_properties(kind: Kind) -> list[Definition]:
    """Return the properties that a kind of an account's own has from the beginning."""
    return [*_tracked(kind, "Pipeline stage", "Pipeline"), *_kept(kind.modified, kind.created)]


_FIRST: Mapping[str, Callable[[], list[Definition]]] = {
    "contacts": _contacts,
    "companies": _companies,
    "deals": _deals,
    "leads": _leads,
    "tickets": _tickets,
    "products": _products,
}


def first_properties(kind: Kind) -> list[Definition]:
    """Return the properties that a new account has for a kind of record."""
    definitions = _FIRST[kind.name]() if kind.name in _FIRST else custom_properties(kind)
    return [{**each, "groupName": f"{kind.label.lower()}information"} for each in definitions]
