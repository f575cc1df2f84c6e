"""Normal forms of what identifies people, companies and products: for comparing values and for matching keys.

Pure functions of text, each total: what has no normal form gives None, and None is no key.
"""

from bothways.records.normal.company import CompanyName, company_name, forms_conflict, names_related
from bothways.records.normal.country import country_codes, country_of
from bothways.records.normal.domain import company_domain, is_free_mail
from bothways.records.normal.email import email_alias, is_role_address, is_valid_email, normal_email
from bothways.records.normal.person import names_clash, person_name
from bothways.records.normal.phone import normal_phone
from bothways.records.normal.sku import sku

NORM_VERSION = 3
"""Raised whenever a normal form changes, so that stored keys are made anew."""

__all__ = [
    "NORM_VERSION",
    "CompanyName",
    "company_domain",
    "company_name",
    "country_codes",
    "country_of",
    "email_alias",
    "forms_conflict",
    "is_free_mail",
    "is_role_address",
    "is_valid_email",
    "names_clash",
    "names_related",
    "normal_email",
    "normal_phone",
    "person_name",
    "sku",
]
