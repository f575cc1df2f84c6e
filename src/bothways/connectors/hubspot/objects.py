"""The kinds of record, as data: a further kind is one more entry."""

from collections.abc import Mapping
from dataclasses import dataclass

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
    ``unique`` are the properties that HubSpot keeps unique by itself. ``meanings`` give the standard properties
    terms of schema.org.
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

KINDS = {kind.name: kind for kind in (CONTACTS, COMPANIES)}
