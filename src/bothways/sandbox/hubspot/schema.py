"""The kinds of record and the properties that a new account has, as HubSpot describes properties.

Names and types are HubSpot's; the definitions are a selection of our own, with a few custom properties so
that every type there is occurs.
"""

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record. ``shown`` are the properties of answers that were asked for none in particular.

    A new record must have one of ``needs`` and all of ``demands``. ``searched`` are the properties that plain
    words are looked for in; ``more_emails`` is the property with a record's further addresses.
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

    @property
    def always(self) -> tuple[str, str, str]:
        """The properties that every answer shows."""
        return "createdate", self.modified, "hs_object_id"


CONTACTS = Kind(
    "contacts",
    "Contact",
    "0-1",
    "lastmodifieddate",
    ("email", "firstname", "lastname"),
    ("email", "firstname", "lastname"),
    ("email", "firstname", "lastname", "phone", "company", "hs_additional_emails"),
    "hs_additional_emails",
)
COMPANIES = Kind(
    "companies",
    "Company",
    "0-2",
    "hs_lastmodifieddate",
    ("name", "domain"),
    ("name", "domain"),
    ("name", "domain", "phone", "website"),
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
)
KINDS = (CONTACTS, COMPANIES, DEALS)
_NAMES = {
    "contacts": CONTACTS,
    "contact": CONTACTS,
    "0-1": CONTACTS,
    "companies": COMPANIES,
    "company": COMPANIES,
    "0-2": COMPANIES,
    "deals": DEALS,
    "deal": DEALS,
    "0-3": DEALS,
}

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
INDUSTRIES = ("COMPUTER_SOFTWARE", "CONSTRUCTION", "FINANCIAL_SERVICES", "FOOD_PRODUCTION", "RETAIL")


DEAL_STAGES = (
    ("appointmentscheduled", "Appointment scheduled"),
    ("qualifiedtobuy", "Qualified to buy"),
    ("presentationscheduled", "Presentation scheduled"),
    ("decisionmakerboughtin", "Decision maker bought-in"),
    ("contractsent", "Contract sent"),
    ("closedwon", "Closed won"),
    ("closedlost", "Closed lost"),
)
"""The stages of the one pipeline that a new account has."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two kinds that can be associated: the ids of the association types, from the first kind and back."""

    types: tuple[int, int]
    primary: tuple[int, int] | None = None


PAIRS = {
    ("contacts", "companies"): Pair((279, 280), (1, 2)),
    ("deals", "companies"): Pair((341, 342), (5, 6)),
    ("deals", "contacts"): Pair((3, 4)),
}
"""Which kinds can be associated, as HubSpot defines it; of one with a primary, the first kind has at most one."""


def kind_of(name: str) -> Kind | None:
    """Return the kind of this name, singular name or type id; None if there is none."""
    return _NAMES.get(name.lower())


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
        prop("hubspot_owner_id", "Owner", "enumeration", "select", owner=True),
        prop("createdate", "Create Date", "datetime", "date", read_only=True),
        prop(modified, "Last Modified Date", "datetime", "date", read_only=True),
        prop("hs_object_id", "Record ID", "number", "number", read_only=True),
        prop("hs_merged_object_ids", "Merged record IDs", "enumeration", "checkbox", read_only=True),
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
        prop("renewal_date", "Renewal date", "date", "date", custom=True),
    ]


def _deals() -> list[Definition]:
    return [
        prop("dealname", "Deal Name"),
        prop("amount", "Amount", "number", "number"),
        prop("dealstage", "Deal Stage", "enumeration", "radio", options=DEAL_STAGES),
        prop("pipeline", "Pipeline", "enumeration", "select", options=[("default", "Sales pipeline")]),
        prop("closedate", "Close Date", "datetime", "date"),
        prop("description", "Deal Description", field="textarea"),
        *_common("hs_lastmodifieddate")[2:],
    ]


def first_properties(kind: Kind) -> list[Definition]:
    """Return the properties that a new account has for a kind of record."""
    definitions = {CONTACTS: _contacts, COMPANIES: _companies, DEALS: _deals}[kind]()
    return [{**each, "groupName": f"{kind.label.lower()}information"} for each in definitions]
