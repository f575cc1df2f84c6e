"""What the names of tables and columns usually mean: a proposal for the default mappings, which people see.

[K] Nothing of this is promised by a database.
"""

from collections.abc import Mapping

from bothways.records import FieldType

OBJECTS: Mapping[str, str] = {
    **dict.fromkeys(("companies", "company", "organizations", "organisations", "organization"), "Organization"),
    **dict.fromkeys(("deals", "deal", "opportunities", "opportunity"), "Deal"),
    **dict.fromkeys(("contacts", "contact", "people", "persons", "person"), "Person"),
    **dict.fromkeys(("leads", "lead"), "Lead"),
}

FIELDS: Mapping[str, str] = {
    "firstname": "givenName",
    "givenname": "givenName",
    "lastname": "familyName",
    "familyname": "familyName",
    "surname": "familyName",
    "email": "email",
    "emailaddress": "email",
    "phone": "telephone",
    "phonenumber": "telephone",
    "telephone": "telephone",
    "mobile": "mobile",
    "mobilephone": "mobile",
    "fax": "faxNumber",
    "jobtitle": "jobTitle",
    "company": "worksFor",
    "companyname": "worksFor",
    "employer": "worksFor",
    "organization": "worksFor",
    "organisation": "worksFor",
    "name": "name",
    "domain": "domain",
    "website": "url",
    "industry": "industry",
    "description": "description",
    "street": "address.streetAddress",
    "city": "address.addressLocality",
    "state": "address.addressRegion",
    "zip": "address.postalCode",
    "postalcode": "address.postalCode",
    "country": "address.addressCountry",
}

TYPES: Mapping[str, FieldType] = {
    "email": FieldType.EMAIL,
    "telephone": FieldType.PHONE,
    "mobile": FieldType.PHONE,
    "faxNumber": FieldType.PHONE,
    "url": FieldType.URL,
}
"""What texts of these meanings are."""


def plain(name: str) -> str:
    """Return a name as it is looked up: small letters, nothing between them."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")
