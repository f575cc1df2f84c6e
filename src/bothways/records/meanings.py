"""Common meanings, in schema.org's terms: from them, default mappings between any two apps are made.

An app's connector gives each of its standard fields one of these, or none.
Source: https://schema.org/Person, https://schema.org/Organization, https://schema.org/PostalAddress.
"""

PERSON = (
    "givenName",
    "additionalName",
    "familyName",
    "honorificPrefix",
    "honorificSuffix",
    "name",
    "email",
    "telephone",
    "mobile",
    "faxNumber",
    "jobTitle",
    "worksFor",
    "birthDate",
    "url",
    "description",
)
ADDRESS = (
    "address.streetAddress",
    "address.addressLocality",
    "address.addressRegion",
    "address.postalCode",
    "address.addressCountry",
)
ORGANIZATION = ("legalName", "domain", "industry", "numberOfEmployees")
DEAL = ("price", "priceCurrency", "dealStage", "pipeline", "closeDate")
PRODUCT = ("sku",)
STATE = ("identifier", "dateCreated", "dateModified", "lifecycleStage", "optOut")

ALL = frozenset(PERSON + ADDRESS + ORGANIZATION + DEAL + PRODUCT + STATE)

OBJECTS = ("Person", "Organization", "Deal", "Lead", "Product")
"""Meanings of objects: two objects of one meaning are offered to be synced with each other."""
