"""The kinds of record that every account has, as data: a further kind is one more entry."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bothways.connectors.base import ObjectType

_ADDRESS = {
    "address": "address.streetAddress",
    "city": "address.addressLocality",
    "state": "address.addressRegion",
    "zip": "address.postalCode",
    "country": "address.addressCountry",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record.

    ``type_id`` is HubSpot's number of the kind. ``modified`` is the property that its changes are searched by.
    ``unique`` are the properties that HubSpot keeps unique by itself; without those ``required`` no record is made.
    ``meanings`` give the standard properties terms of schema.org. ``stage`` and ``pipeline`` are the properties with
    the place of a record in a pipeline, "" where there are no pipelines.
    """

    name: str
    label: str
    meaning: str | None
    type_id: str
    modified: str
    meanings: Mapping[str, str]
    unique: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset({"website"})
    required: frozenset[str] = frozenset()
    stage: str = ""
    pipeline: str = ""

    @property
    def type(self) -> ObjectType:
        """What people choose from."""
        return ObjectType(self.name, self.label, meaning=self.meaning)


CONTACTS = Kind(
    "contacts",
    "Contacts",
    "Person",
    "0-1",
    "lastmodifieddate",
    {
        "firstname": "givenName",
        "lastname": "familyName",
        "salutation": "honorificPrefix",
        "email": "email",
        "phone": "telephone",
        "mobilephone": "mobile",
        "fax": "faxNumber",
        "jobtitle": "jobTitle",
        "company": "worksFor",
        "website": "url",
        "date_of_birth": "birthDate",
        "industry": "industry",
        "lifecyclestage": "lifecycleStage",
        "hs_email_optout": "optOut",
        "hs_object_id": "identifier",
        "createdate": "dateCreated",
        "lastmodifieddate": "dateModified",
        **_ADDRESS,
    },
    unique=frozenset({"email"}),
    emails=frozenset({"email", "work_email"}),
)

COMPANIES = Kind(
    "companies",
    "Companies",
    "Organization",
    "0-2",
    "hs_lastmodifieddate",
    {
        "name": "name",
        "domain": "domain",
        "website": "url",
        "phone": "telephone",
        "industry": "industry",
        "numberofemployees": "numberOfEmployees",
        "description": "description",
        "lifecyclestage": "lifecycleStage",
        "hs_object_id": "identifier",
        "createdate": "dateCreated",
        "hs_lastmodifieddate": "dateModified",
        **_ADDRESS,
    },
)

DEALS = Kind(
    "deals",
    "Deals",
    "Deal",
    "0-3",
    "hs_lastmodifieddate",
    {
        "dealname": "name",
        "amount": "price",
        "deal_currency_code": "priceCurrency",
        "dealstage": "dealStage",
        "pipeline": "pipeline",
        "closedate": "closeDate",
        "description": "description",
        "hs_object_id": "identifier",
        "createdate": "dateCreated",
        "hs_lastmodifieddate": "dateModified",
    },
    required=frozenset({"dealname", "dealstage"}),
    stage="dealstage",
    pipeline="pipeline",
)

_KEPT = {
    "hs_object_id": "identifier",
    "createdate": "dateCreated",
    "hs_createdate": "dateCreated",
    "hs_lastmodifieddate": "dateModified",
}

LEADS = Kind(
    "leads",
    "Leads",
    None,
    "0-136",
    "hs_lastmodifieddate",
    {"hs_lead_name": "name", "hs_pipeline_stage": "dealStage", "hs_pipeline": "pipeline", **_KEPT},
    required=frozenset({"hs_lead_name"}),
    stage="hs_pipeline_stage",
    pipeline="hs_pipeline",
)
"""Of no meaning that other apps have: HubSpot's lead is no person who becomes a contact, but work on one there is."""

TICKETS = Kind(
    "tickets",
    "Tickets",
    None,
    "0-5",
    "hs_lastmodifieddate",
    {
        "subject": "name",
        "content": "description",
        "hs_pipeline_stage": "dealStage",
        "hs_pipeline": "pipeline",
        **_KEPT,
    },
    required=frozenset({"subject", "hs_pipeline_stage"}),
    stage="hs_pipeline_stage",
    pipeline="hs_pipeline",
)

PRODUCTS = Kind(
    "products",
    "Products",
    "Product",
    "0-7",
    "hs_lastmodifieddate",
    {"name": "name", "description": "description", "price": "price", "hs_sku": "sku", "hs_url": "url", **_KEPT},
    urls=frozenset({"hs_url"}),
    required=frozenset({"name"}),
)

KINDS = {kind.name: kind for kind in (CONTACTS, COMPANIES, DEALS, LEADS, TICKETS, PRODUCTS)}

CUSTOM = "custom"
"""HubSpot's word for all kinds that accounts have made, in scopes."""

_BY_TYPE = {kind.type_id: kind.name for kind in KINDS.values()}
_CUSTOM = re.compile(r"2-[1-9][0-9]{0,17}")


def is_custom(name: str) -> bool:
    """Tell whether a name is one of a kind that an account has made for itself: its type id."""
    return _CUSTOM.fullmatch(name) is not None


def type_id_of(object: str) -> str:
    """Return HubSpot's type id of an object: what an account has made is called by it."""
    return KINDS[object].type_id if object in KINDS else object


def object_of(type_id: object) -> str | None:
    """Return the object of one of HubSpot's type ids, None if we know none."""
    text = str(type_id)
    return _BY_TYPE.get(text) or (text if is_custom(text) else None)


def custom_kind(row: Mapping[str, Any]) -> Kind | None:
    """Return a kind that an account has made, from its schema; None for a schema of something else.

    It is called by its type id: that never changes, paths take it, and webhooks name it so. The property that its
    records are known by is their name.
    """
    type_id, labels = str(row.get("objectTypeId") or ""), row.get("labels") or {}
    if not is_custom(type_id):
        return None
    label = str(labels.get("plural") or labels.get("singular") or row.get("name") or type_id)
    return Kind(
        type_id,
        label,
        None,
        type_id,
        "hs_lastmodifieddate",
        {str(row.get("primaryDisplayProperty") or ""): "name", **_KEPT},
        urls=frozenset(),
        required=frozenset(map(str, row.get("requiredProperties") or ())),
        stage="hs_pipeline_stage",
        pipeline="hs_pipeline",
    )


OWNERS = "owners"
"""What the users are called to whom records belong: they are read like records, and are no kind of these."""

ASSOCIATED = "associations."
"""How the names of fields begin that are associations."""


OWN = "HUBSPOT_DEFINED"
"""The category of the types that every account has. Accounts number the types of their own labels by themselves."""


class Type(NamedTuple):
    """A type of associations, as HubSpot names it: a number means nothing without its category."""

    category: str
    id: int


@dataclass(frozen=True, slots=True)
class Reference:
    """One kind of association: a field, the object that it refers to, and HubSpot's ids of its types.

    ``primary`` is the type of the one that is the primary one; None where there is none. ``category`` says whose
    numbers they are. A record that ``required`` it cannot be made without.
    """

    to: str
    label: str
    type: int
    primary: int | None = None
    category: str = OWN
    required: bool = False

    @property
    def field(self) -> str:
        return f"{ASSOCIATED}{self.to}"

    @property
    def plain(self) -> Type:
        return Type(self.category, self.type)

    @property
    def main(self) -> Type | None:
        return Type(self.category, self.primary) if self.primary else None

    def is_label(self, type: Type, label: str) -> bool:
        """Tell whether a type is one that says more than that two records belong together, or mostly do."""
        return bool(label) and type not in (self.plain, self.main)

    def name_of(self, type: Type) -> str:
        """Return the name of the field that a label is."""
        return f"{self.field}.{type.category.lower()}.{type.id}"

    def type_of(self, name: str) -> Type | None:
        """Return the type of the label that a field is, None if it is none of this association."""
        category, _, id = name.removeprefix(f"{self.field}.").rpartition(".")
        return Type(category.upper(), int(id)) if name.startswith(f"{self.field}.") and id.isdecimal() else None

    def has(self, name: str) -> bool:
        """Tell whether a field is this association or one of its labels."""
        return name == self.field or self.type_of(name) is not None


REFERENCES: Mapping[str, tuple[Reference, ...]] = {
    "contacts": (Reference("companies", "Companies", 279, 1),),
    "deals": (Reference("companies", "Companies", 341, 5), Reference("contacts", "Contacts", 3)),
    "tickets": (Reference("companies", "Companies", 339, 26), Reference("contacts", "Contacts", 16)),
    "leads": (Reference("contacts", "Contacts", 608, 578, required=True), Reference("companies", "Companies", 610)),
}
"""The associations that records are read with. Each stands with one of its two records alone.

[K] The numbers of leads, but for 578, with which HubSpot's reference makes one. Those of kinds that an account has
made are the account's own (see ``Api.references``).
"""
