"""The kinds of record, as data: a further kind is one more entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

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
    ``meanings`` give the standard properties terms of schema.org.
    """

    name: str
    label: str
    meaning: str
    type_id: str
    modified: str
    meanings: Mapping[str, str]
    unique: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset({"website"})
    required: frozenset[str] = frozenset()

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
        "dealstage": "dealStage",
        "pipeline": "pipeline",
        "closedate": "closeDate",
        "description": "description",
        "hs_object_id": "identifier",
        "createdate": "dateCreated",
        "hs_lastmodifieddate": "dateModified",
    },
    required=frozenset({"dealname", "dealstage"}),
)

KINDS = {kind.name: kind for kind in (CONTACTS, COMPANIES, DEALS)}

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

    ``primary`` is the type of the one that is the primary one; None where there is none.
    """

    to: str
    label: str
    type: int
    primary: int | None = None

    @property
    def field(self) -> str:
        return f"{ASSOCIATED}{self.to}"

    @property
    def plain(self) -> Type:
        return Type(OWN, self.type)

    @property
    def main(self) -> Type | None:
        return Type(OWN, self.primary) if self.primary else None

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
}
"""The associations that records are read with. Each stands with one of its two records alone."""
