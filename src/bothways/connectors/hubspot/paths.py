"""Where each of HubSpot's APIs is found: by a date, or in the numbered form of old.

Paths by date have the version behind the name of the API, numbered ones before it; associations are numbered for
themselves. Sources: HubSpot's reference of versions 2026-03 and 2026-09, and that of the legacy APIs.
"""

from urllib.parse import quote

NUMBERED = "v3"
"""The name of the numbered form: v3, and v4 for associations."""

DATED = ("2026-03", "2026-09")
"""The versions by date that we speak, the newest last."""

CURRENT = DATED[-1]

VERSIONS = (NUMBERED, *DATED)

_PATHS = {
    "objects": ("/crm/objects/{}", "/crm/v3/objects"),
    "associated": ("/crm/objects/{}", "/crm/v4/objects"),
    "associations": ("/crm/associations/{}", "/crm/v4/associations"),
    "properties": ("/crm/properties/{}", "/crm/v3/properties"),
    "validations": ("/crm/property-validations/{}", "/crm/v3/property-validations"),
    "lists": ("/crm/lists/{}", "/crm/v3/lists"),
    "owners": ("/crm/owners/{}", "/crm/v3/owners"),
    "pipelines": ("/crm/pipelines/{}", "/crm/v3/pipelines"),
    "schemas": ("/crm-object-schemas/{}/schemas", "/crm-object-schemas/v3/schemas"),
    "limits": ("/crm/limits/{}", "/crm/v3/limits"),
    "account": ("/account-info/{}/details", "/account-info/v3/details"),
    "oauth": ("/oauth/{}", "/oauth/v3"),
    "journal": ("/webhooks-journal/journal-local/{}", f"/webhooks-journal/journal-local/{CURRENT}"),
    "journal_wanted": ("/webhooks-journal/subscriptions/{}", f"/webhooks-journal/subscriptions/{CURRENT}"),
}
"""By family: the path by date, and the numbered one. ``associated`` is what a single record is associated with;
``journal`` the webhooks journal of one account, ``journal_wanted`` its subscriptions, which have no numbered form.
[K] That token, introspect and revoke of ``/oauth/v3`` take the forms of the dated ones, and where the numbered limits
are found."""


def path(version: str, family: str, *parts: str) -> str:
    """Return the path of a family of calls in a version; ``parts`` are what follows it, such as an object and an id."""
    dated, numbered = _PATHS[family]
    base = numbered if version == NUMBERED else dated.format(version)
    return "/".join([base, *(quote(each, safe="") for each in parts)])
