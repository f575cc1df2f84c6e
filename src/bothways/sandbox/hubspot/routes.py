"""Which call a method and path stand for, and the scopes that it needs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from bothways.sandbox.hubspot import associations, batches, consent, limiting, lists, oauth, owning, properties, single
from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.problems import Refused, not_found
from bothways.sandbox.hubspot.schema import CONTACTS, Kind, kind_of

_VERSION = r"(?:2025-09|2026-03|2026-09|2026-09-beta|2027-03-beta)"
"""The versions by date that there are in November 2026."""

_OBJECTS = re.compile(rf"/crm/(?:objects/{_VERSION}|v[34]/objects)/([^/]+)(?:/(.+))?")
_PROPERTIES = re.compile(rf"/crm/(?:properties/{_VERSION}|v[34]/properties)/([^/]+)(?:/([^/]+))?")
_ASSOCIATIONS = re.compile(
    rf"/crm/(?:associations/{_VERSION}|v4/associations)/([^/]+)/([^/]+)/(batch/\w+|batch/labels/archive|labels)"
)
_LISTS = re.compile(rf"/crm/(?:lists/{_VERSION}|v3/lists)/(?:search|([^/]+)/memberships)")
_RULES = re.compile(rf"/crm/(?:property-validations/{_VERSION}|v3/property-validations)/([^/]+)(?:/([^/]+))?")
_LIMITS = re.compile(rf"/crm/(?:limits/{_VERSION}|v3/limits)/(records|custom-properties)")
_ACCOUNT = re.compile(rf"/account-info/(?:{_VERSION}|v3)/details")
_OAUTH = re.compile(rf"/oauth/(?:(authorize)|(?:{_VERSION}|v[13])/token(?:/(introspect|revoke))?)")
_OWNED = re.compile(rf"/webhooks/(?:{_VERSION}|v3)/(\d+)/(settings|subscriptions)(?:/(\d+))?")


@dataclass(frozen=True, slots=True)
class Route:
    """One call: its name in the counter, what it does, and one of whose scopes a token must have.

    ``owned``: the number of the app that only its owner may ask about. ``open``: it takes no token
    and counts in no limit.
    """

    call: str
    do: Callable[[Ask], Answer]
    scope: str = ""
    kind: Kind = CONTACTS
    arg: str = ""
    owned: str = ""
    open: bool = False

    @property
    def associates(self) -> bool:
        """Whether it edits associations."""
        return self.call.startswith("associations/") and "read" not in self.call and self.call != "associations/labels"

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes of which the token needs one; none for a call that everybody may make."""
        return tuple(f"crm.{each.replace('*', self.kind.name)}" for each in self.scope.split())


_READ, _WRITE = "objects.*.read", "objects.*.write"
_SCHEMA_READ, _SCHEMA_WRITE = "schemas.*.read objects.*.read", "schemas.*.write"

_OF_OBJECT: Mapping[tuple[str, str], Route] = {
    ("GET", ""): Route("list", single.list_page, _READ),
    ("POST", ""): Route("create", single.create, _WRITE),
    ("POST", "search"): Route("search", single.find, _READ),
    ("POST", "merge"): Route("merge", single.merge, _WRITE),
    ("POST", "gdpr-delete"): Route("gdpr-delete", single.forget, _WRITE),
    ("POST", "batch/read"): Route("batch/read", batches.read, _READ),
    ("POST", "batch/create"): Route("batch/create", batches.create, _WRITE),
    ("POST", "batch/update"): Route("batch/update", batches.update, _WRITE),
    ("POST", "batch/upsert"): Route("batch/upsert", batches.upsert, _WRITE),
    ("POST", "batch/archive"): Route("batch/archive", batches.archive, _WRITE),
}
_OF_RECORD: Mapping[str, Route] = {
    "GET": Route("read", single.read, _READ),
    "PATCH": Route("update", single.update, _WRITE),
    "DELETE": Route("archive", single.archive, _WRITE),
}
_OF_ASSOCIATIONS: Mapping[tuple[str, str], Route] = {
    ("POST", "batch/read"): Route("associations/read", associations.read, _READ),
    ("POST", "batch/create"): Route("associations/create", associations.create, _WRITE),
    ("POST", "batch/archive"): Route("associations/archive", associations.archive, _WRITE),
    ("POST", "batch/labels/archive"): Route("associations/labels/archive", associations.archive_labels, _WRITE),
    ("GET", "labels"): Route("associations/labels", associations.labels, _READ),
}
_OF_PROPERTIES: Mapping[str, Route] = {
    "GET": Route("properties", properties.list_all, _SCHEMA_READ),
    "POST": Route("properties/create", properties.create, _SCHEMA_WRITE),
}
_OF_PROPERTY: Mapping[str, Route] = {
    "GET": Route("properties/read", properties.read, _SCHEMA_READ),
    "PATCH": Route("properties/update", properties.update, _SCHEMA_WRITE),
    "DELETE": Route("properties/archive", properties.archive, _SCHEMA_WRITE),
}
_OF_LISTS: Mapping[str, Route] = {"POST": Route("lists", lists.search, "lists.read")}
_OF_LIST: Mapping[str, Route] = {"GET": Route("lists/members", lists.members, "lists.read")}
_OF_OWNER: Mapping[tuple[str, str], Mapping[str, Route]] = {
    ("settings", ""): {
        "GET": Route("webhooks/settings", owning.settings),
        "PUT": Route("webhooks/settings/set", owning.set_settings),
    },
    ("subscriptions", ""): {
        "GET": Route("webhooks/subscriptions", owning.list_all),
        "POST": Route("webhooks/subscriptions/create", owning.create),
    },
    ("subscriptions", "one"): {
        "PATCH": Route("webhooks/subscriptions/update", owning.update),
        "DELETE": Route("webhooks/subscriptions/delete", owning.delete),
    },
}
_OF_OAUTH: Mapping[str, Mapping[str, Route]] = {
    "authorize": {
        "GET": Route("oauth/authorize", consent.show, open=True),
        "POST": Route("oauth/decide", consent.decide, open=True),
    },
    "token": {"POST": Route("oauth/token", oauth.token, open=True)},
    "introspect": {"POST": Route("oauth/introspect", oauth.introspect, open=True)},
    "revoke": {"POST": Route("oauth/revoke", oauth.revoke, open=True)},
}
_OF_RULES: Mapping[str, Route] = {"GET": Route("rules", limiting.rules, _SCHEMA_READ)}
_ANY_READ = " ".join(f"objects.{each}.read" for each in ("contacts", "companies", "deals", "owners", "custom"))
_OF_LIMITS: Mapping[str, Mapping[str, Route]] = {
    "records": {"GET": Route("limits/records", limiting.records, _ANY_READ)},
    "custom-properties": {"GET": Route("limits/properties", limiting.properties, _ANY_READ)},
}
ACCOUNT = Route("account-info", single.account)


def route_of(method: str, path: str) -> Route:
    """Return the call that a method and path stand for; raise Refused if there is none."""
    if _ACCOUNT.fullmatch(path):
        return _chosen({"GET": ACCOUNT}, method)
    if match := _OBJECTS.fullmatch(path):
        kind, rest = _kind(match[1]), match[2] or ""
        route = _OF_OBJECT.get((method, rest)) or _at_record(method, rest)
        return replace(route, kind=kind, arg=unquote(rest))
    if match := _ASSOCIATIONS.fullmatch(path):
        if (method, match[3]) not in _OF_ASSOCIATIONS:
            raise Refused(405, "Method not allowed")
        return replace(_OF_ASSOCIATIONS[method, match[3]], kind=_kind(match[1]), arg=unquote(match[2]))
    if match := _LISTS.fullmatch(path):
        return replace(_chosen(_OF_LIST if match[1] else _OF_LISTS, method), arg=unquote(match[1] or ""))
    if match := _PROPERTIES.fullmatch(path):
        kind, name = _kind(match[1]), unquote(match[2] or "")
        return replace(_chosen(_OF_PROPERTY if name else _OF_PROPERTIES, method), kind=kind, arg=name)
    if match := _RULES.fullmatch(path):
        return replace(_chosen(_OF_RULES, method), kind=_kind(match[1]), arg=unquote(match[2] or ""))
    if match := _LIMITS.fullmatch(path):
        return _chosen(_OF_LIMITS[match[1]], method)
    if match := _OAUTH.fullmatch(path):
        return _chosen(_OF_OAUTH[match[1] or match[2] or "token"], method)
    if match := _OWNED.fullmatch(path):
        routes = _OF_OWNER.get((match[2], "one" if match[3] else ""), {})
        return replace(_chosen(routes, method), owned=match[1], arg=match[3] or "")
    raise not_found()


def _at_record(method: str, rest: str) -> Route:
    if not rest or any(rest == name for _, name in _OF_OBJECT):
        raise Refused(405, "Method not allowed")
    if "/associations/" in rest and method == "GET":
        return Route("associations/read one", associations.read_one, _READ)
    if "/" in rest:
        raise not_found()
    return _chosen(_OF_RECORD, method)


def _chosen(routes: Mapping[str, Route], method: str) -> Route:
    if method not in routes:
        raise Refused(405, "Method not allowed")
    return routes[method]


def _kind(name: str) -> Kind:
    kind = kind_of(unquote(name))
    if kind is None:
        raise Refused(400, f"Unable to infer object type from: {name}")
    return kind
