"""What HubSpot does by itself in accounts that want it so. [K]: who is told to have done it, and which it chooses."""

from bothways.sandbox.hubspot.changes import Author
from bothways.sandbox.hubspot.crm import Crm
from bothways.sandbox.hubspot.joining import join
from bothways.sandbox.hubspot.schema import COMPANIES, CONTACTS
from bothways.sandbox.hubspot.store import Row

ITSELF = Author("AUTOMATION_PLATFORM")
MAILBOXES = frozenset(
    {"gmail.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com", "icloud.com", "outlook.com", "yahoo.com"}
)
"""Domains of those who have no company."""


def companies_of_new_contacts(crm: Crm) -> None:
    """Associate every contact made just now that has no company with that of its domain, which is made if need be."""
    made = [each.facts["objectId"] for each in crm.told if each.event == "creation" and each.kind is CONTACTS]
    for id in made:
        contact = crm.store.get(CONTACTS.name, id)
        domain = contact.props.get("hs_email_domain", "") if contact else ""
        if contact is None or not domain or domain in MAILBOXES or crm.store.associated(CONTACTS.name, id, "companies"):
            continue
        crm.by = ITSELF
        home = f"other.{domain}" if "own-company-elsewhere" in crm.otherwise else domain
        join(crm, (CONTACTS, contact), (COMPANIES, _company(crm, home)), main=True)


def _company(crm: Crm, domain: str) -> Row:
    """Return the oldest company of a domain, or a new one."""
    query = "SELECT min(id) FROM records WHERE object=? AND archived_at IS NULL AND json_extract(props, '$.domain')=?"
    (id,) = crm.store.db.execute(query, (COMPANIES.name, domain)).fetchone()
    known = crm.store.get(COMPANIES.name, id) if id is not None else None
    return known or crm.create(COMPANIES, {"name": domain, "domain": domain}, trusted=True)
