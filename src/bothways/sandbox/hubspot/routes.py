"""Which call a method and path stand for, and the scopes that it needs."""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from urllib.parse import unquote

from bothways.sandbox.hubspot import (
    associations,
    batches,
    consent,
    custom,
    groups,
    journalling,
    limiting,
    lists,
    oauth,
    owners,
    owning,
    pipelines,
    properties,
    single,
    worded,
)
from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.schema import CONTACTS, Kind, kind_of

_VERSION = r"(?:2025-09|2026-03|2026-09|2026-09-beta|2027-03-beta)"
"""The versions by date that there are in November 2026."""

_OBJECTS = re.compile(
    rf"/crm/(?:objects/{_VERSION}|v3/objects|v4/objects(?=/[^/]+/[^/]+/associations/))/([^/]+)(?:/(.+))?"
)
_PROPERTIES = re.compile(rf"/crm/(?:properties/{_VERSION}|v3/properties)/([^/]+)(?:/(batch/\w+|groups|[^/]+))?")
_GROUP = re.compile(rf"/crm/(?:properties/{_VERSION}|v3/properties)/([^/]+)/groups/([^/]+)")
_ASSOCIATIONS = re.compile(
    rf"/crm/(?:associations/{_VERSION}|v4/associations)/([^/]+)/([^/]+)/(batch/[\w/]+|labels(?:/\d+)?)"
)
_WORDED = re.compile(r"/crm/v3/associations/([^/]+)/([^/]+)/(batch/\w+|types)")
_ONE_ASSOCIATED = re.compile(r"([^/]+)/associations/(default/)?([^/]+)(/[^/]+)?")
_LISTS = re.compile(rf"/crm/(?:lists/{_VERSION}|v3/lists)(?:/(.+))?")
_SCHEMAS = re.compile(
    rf"/(?:crm-object-schemas/(?:{_VERSION}|v3)|crm/v3)/schemas(?:/([^/]+)(?:(/associations)(?:/([^/]+))?)?)?"
)
_PIPELINES = re.compile(
    rf"/crm/(?:pipelines/{_VERSION}|v3/pipelines)/([^/]+)(?:/([^/]+))?(?:/(stages)(?:/([^/]+))?)?(/audit)?"
)
_OWNERS = re.compile(rf"/crm/(?:owners/{_VERSION}|v3/owners)(?:/([^/]+))?")
_RULES = re.compile(rf"/crm/(?:property-validations/{_VERSION}|v3/property-validations)/([^/]+)(?:/([^/]+))?")
_LIMITS = re.compile(rf"/crm/(?:limits/{_VERSION}|v3/limits)/(records|custom-properties)")
_ACCOUNT = re.compile(rf"/account-info/(?:{_VERSION}|v3)/details")
_OAUTH = re.compile(rf"/oauth/(?:(authorize)|(?:{_VERSION}|v[13])/token(?:/(introspect|revoke))?)")
_TOKEN = re.compile(r"/oauth/v1/(access|refresh)-tokens/([^/]+)")
_OWNED = re.compile(rf"/webhooks/(?:{_VERSION}|v3)/(\d+)/(settings|subscriptions)(?:/(\d+|batch/update))?")


_JOURNAL = re.compile(
    rf"/webhooks-journal/(journal|journal-local)/{_VERSION}/"
    r"(earliest|latest|offset/([^/]+)/next|batch/(?:earliest|latest)/(\d+)|batch/([^/]+/next/\d+)|batch/read)"
)
_WANTED = re.compile(rf"/webhooks-journal/subscriptions/{_VERSION}(?:/(portals/)?(\d+))?")
_FILE = re.compile(r"/journal-files/([^/]+)")


@dataclass(frozen=True, slots=True)
class Route:
    """One call: its name in the counter, what it does, and one of whose scopes a token must have.

    ``other`` is the kind of record at the other end of an association, whose scopes it needs as well. ``owned``: the
    number of the app that only its owner may ask about. ``open``: it takes no token and counts in no limit. ``pool``:
    the limit that it counts in instead of the usual ones; ``local``: it is about the journal of one account.
    """

    call: str
    do: Callable[[Ask], Answer]
    scope: str = ""
    kind: Kind = CONTACTS
    other: Kind | None = None
    arg: str = ""
    owned: str = ""
    open: bool = False
    pool: str = ""
    local: bool = False

    @property
    def associates(self) -> bool:
        """Whether it edits associations."""
        return self.call.startswith("associations/") and "read" not in self.call and self.call != "associations/labels"

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes of which the token needs one; none for a call that everybody may make."""
        return self._scopes_of(self.kind)

    def lacking(self, scopes: AbstractSet[str]) -> str | None:
        """Return a scope that a token with these needs besides, None if it may make the call."""
        needed = (self._scopes_of(each) for each in (self.kind, self.other) if each is not None)
        return next((each[0] for each in needed if each and not scopes & set(each)), None)

    def _scopes_of(self, kind: Kind) -> tuple[str, ...]:
        if self.scope.startswith("developer."):
            return (self.scope,)
        names = tuple(f"crm.{each.replace('*', kind.scopes or kind.name)}" for each in self.scope.split())
        return (*names, kind.all_of_it) if names and kind.all_of_it else names


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
    ("POST", "batch/associate/default"): Route("associations/create default", associations.create_default, _WRITE),
    ("GET", "labels"): Route("associations/labels", associations.labels, _READ),
    ("POST", "labels"): Route("associations/labels/create", associations.add_label, _WRITE),
    ("PUT", "labels"): Route("associations/labels/update", associations.rename_label, _WRITE),
}
_OF_WORDED: Mapping[tuple[str, str], Route] = {
    ("GET", "types"): Route("associations/v3/types", worded.types, _READ),
    ("POST", "batch/read"): Route("associations/v3/read", worded.read, _READ),
    ("POST", "batch/create"): Route("associations/v3/create", worded.create, _WRITE),
    ("POST", "batch/archive"): Route("associations/v3/archive", worded.archive, _WRITE),
}
_DROP_LABEL = Route("associations/labels/delete", associations.drop_label, _WRITE)
_OF_ONE_ASSOCIATED: Mapping[str, Route] = {
    "PUT": Route("associations/set one", associations.set_one, _WRITE),
    "DELETE": Route("associations/archive one", associations.archive_one, _WRITE),
}
_DEFAULT = Route("associations/set default", associations.set_default, _WRITE)
_READ_ONE = Route("associations/read one", associations.read_one, _READ)
_OF_PROPERTIES: Mapping[str, Route] = {
    "GET": Route("properties", properties.list_all, _SCHEMA_READ),
    "POST": Route("properties/create", properties.create, _SCHEMA_WRITE),
}
_OF_PROPERTY: Mapping[str, Route] = {
    "GET": Route("properties/read", properties.read, _SCHEMA_READ),
    "PATCH": Route("properties/update", properties.update, _SCHEMA_WRITE),
    "DELETE": Route("properties/archive", properties.archive, _SCHEMA_WRITE),
}
_OF_GROUPS: Mapping[str, Route] = {
    "GET": Route("properties/groups", groups.list_all, _SCHEMA_READ),
    "POST": Route("properties/groups/create", groups.create, _SCHEMA_WRITE),
}
_OF_GROUP: Mapping[str, Route] = {
    "GET": Route("properties/groups/read", groups.read, _SCHEMA_READ),
    "PATCH": Route("properties/groups/update", groups.update, _SCHEMA_WRITE),
    "DELETE": Route("properties/groups/archive", groups.archive, _SCHEMA_WRITE),
}
_OF_PROPERTY_BATCH: Mapping[str, Route] = {
    "batch/read": Route("properties/batch/read", properties.batch_read, _SCHEMA_READ),
    "batch/create": Route("properties/batch/create", properties.batch_create, _SCHEMA_WRITE),
    "batch/archive": Route("properties/batch/archive", properties.batch_archive, _SCHEMA_WRITE),
}
_LISTS_READ, _LISTS_WRITE = "lists.read", "lists.write"
_OF_LISTS: tuple[tuple[str, str, Route], ...] = (
    ("POST", r"search", Route("lists", lists.search, _LISTS_READ)),
    ("POST", r"", Route("lists/create", lists.create, _LISTS_WRITE)),
    ("GET", r"", Route("lists/read some", lists.read_some, _LISTS_READ)),
    ("GET", r"object-type-id/([^/]+/name/[^/]+)", Route("lists/read named", lists.read_named, _LISTS_READ)),
    ("GET", r"records/([^/]+/[^/]+)/memberships", Route("lists/of record", lists.lists_of, _LISTS_READ)),
    ("GET", r"(\d+)", Route("lists/read", lists.read, _LISTS_READ)),
    ("DELETE", r"(\d+)", Route("lists/delete", lists.delete, _LISTS_WRITE)),
    ("PUT", r"(\d+)/restore", Route("lists/restore", lists.restore, _LISTS_WRITE)),
    ("PUT", r"(\d+)/update-list-name", Route("lists/rename", lists.rename, _LISTS_WRITE)),
    ("GET", r"(\d+)/memberships", Route("lists/members", lists.members, _LISTS_READ)),
    ("GET", r"(\d+)/memberships/join-order", Route("lists/members by time", lists.members_by_time, _LISTS_READ)),
    ("DELETE", r"(\d+)/memberships", Route("lists/clear", lists.clear, _LISTS_WRITE)),
    ("PUT", r"(\d+)/memberships/add", Route("lists/add", lists.add, _LISTS_WRITE)),
    ("PUT", r"(\d+)/memberships/remove", Route("lists/remove", lists.remove, _LISTS_WRITE)),
    ("PUT", r"(\d+)/memberships/add-and-remove", Route("lists/add and remove", lists.add_and_remove, _LISTS_WRITE)),
    ("PUT", r"(\d+)/memberships/add-from/(\d+)", Route("lists/add from", lists.add_from, _LISTS_WRITE)),
)
_OF_OWNER: Mapping[tuple[str, str], Mapping[str, Route]] = {
    ("settings", ""): {
        "GET": Route("webhooks/settings", owning.settings),
        "PUT": Route("webhooks/settings/set", owning.set_settings),
        "DELETE": Route("webhooks/settings/clear", owning.clear_settings),
    },
    ("subscriptions", ""): {
        "GET": Route("webhooks/subscriptions", owning.list_all),
        "POST": Route("webhooks/subscriptions/create", owning.create),
    },
    ("subscriptions", "batch"): {"POST": Route("webhooks/subscriptions/update batch", owning.update_batch)},
    ("subscriptions", "one"): {
        "GET": Route("webhooks/subscriptions/read", owning.read),
        "PATCH": Route("webhooks/subscriptions/update", owning.update),
        "DELETE": Route("webhooks/subscriptions/delete", owning.delete),
    },
}
_OF_SCHEMAS: Mapping[str, Route] = {
    "GET": Route("schemas", custom.list_all, "schemas.custom.read"),
    "POST": Route("schemas/create", custom.create, "schemas.custom.write"),
}
_OF_SCHEMA: Mapping[str, Route] = {
    "GET": Route("schemas/read", custom.read, "schemas.custom.read"),
    "PATCH": Route("schemas/update", custom.update, "schemas.custom.write"),
    "DELETE": Route("schemas/delete", custom.delete, "schemas.custom.write"),
}
_JOINING = {"POST": Route("schemas/associations", custom.join_kinds, "schemas.custom.write")}
_PARTING = {"DELETE": Route("schemas/associations/delete", custom.part_kinds, "schemas.custom.write")}
_OF_PIPELINES: Mapping[str, Route] = {
    "GET": Route("pipelines", pipelines.list_all, _SCHEMA_READ),
    "POST": Route("pipelines/create", pipelines.create, _SCHEMA_WRITE),
}
_OF_PIPELINE: Mapping[str, Route] = {
    "GET": Route("pipelines/read", pipelines.read, _SCHEMA_READ),
    "PATCH": Route("pipelines/update", pipelines.update, _SCHEMA_WRITE),
    "PUT": Route("pipelines/replace", pipelines.replace, _SCHEMA_WRITE),
    "DELETE": Route("pipelines/delete", pipelines.delete, _SCHEMA_WRITE),
}
_OF_STAGES: Mapping[str, Route] = {
    "GET": Route("pipelines/stages", pipelines.list_stages, _SCHEMA_READ),
    "POST": Route("pipelines/stages/create", pipelines.create_stage, _SCHEMA_WRITE),
}
_OF_STAGE: Mapping[str, Route] = {
    "GET": Route("pipelines/stages/read", pipelines.read_stage, _SCHEMA_READ),
    "PATCH": Route("pipelines/stages/update", pipelines.update_stage, _SCHEMA_WRITE),
    "PUT": Route("pipelines/stages/replace", pipelines.replace_stage, _SCHEMA_WRITE),
    "DELETE": Route("pipelines/stages/delete", pipelines.delete_stage, _SCHEMA_WRITE),
}
_AUDITS: Mapping[bool, Mapping[str, Route]] = {
    False: {"GET": Route("pipelines/audit", pipelines.audit, _SCHEMA_READ)},
    True: {"GET": Route("pipelines/stages/audit", pipelines.audit_of_stage, _SCHEMA_READ)},
}
_OF_OWNERS: Mapping[str, Route] = {"GET": Route("owners", owners.list_page, "objects.owners.read")}
_OF_ONE_OWNER: Mapping[str, Route] = {"GET": Route("owners/read", owners.read, "objects.owners.read")}
_OF_OAUTH: Mapping[str, Mapping[str, Route]] = {
    "authorize": {
        "GET": Route("oauth/authorize", consent.show, open=True),
        "POST": Route("oauth/decide", consent.decide, open=True),
    },
    "token": {"POST": Route("oauth/token", oauth.token, open=True)},
    "introspect": {"POST": Route("oauth/introspect", oauth.introspect, open=True)},
    "revoke": {"POST": Route("oauth/revoke", oauth.revoke, open=True)},
}
_OF_TOKEN: Mapping[str, Mapping[str, Route]] = {
    "access": {"GET": Route("oauth/access token", oauth.access_token, open=True)},
    "refresh": {
        "GET": Route("oauth/refresh token", oauth.refresh_token, open=True),
        "DELETE": Route("oauth/drop refresh token", oauth.drop_refresh_token, open=True),
    },
}
_OF_RULES: Mapping[str, Route] = {"GET": Route("rules", limiting.rules, _SCHEMA_READ)}
_ANY_READ = " ".join(f"objects.{each}.read" for each in ("contacts", "companies", "deals", "owners", "custom"))
_OF_LIMITS: Mapping[str, Mapping[str, Route]] = {
    "records": {"GET": Route("limits/records", limiting.records, _ANY_READ)},
    "custom-properties": {"GET": Route("limits/properties", limiting.properties, _ANY_READ)},
}
ACCOUNT = Route("account-info", single.account)
_READS, _LISTS_WANTED, _WANTS = (
    f"developer.webhooks_journal.{each}" for each in ("read", "subscriptions.read", "subscriptions.write")
)
_OF_JOURNAL: Mapping[str, tuple[str, Callable[[Ask], Answer]]] = {
    "earliest": ("GET", journalling.first),
    "latest": ("GET", journalling.last),
    "next": ("GET", journalling.following),
    "batch/earliest": ("GET", journalling.first_batch),
    "batch/latest": ("GET", journalling.last_batch),
    "batch/next": ("GET", journalling.following_batch),
    "batch/read": ("POST", journalling.read_batch),
}
_OF_WANTED: Mapping[str, Mapping[str, Route]] = {
    "": {
        "GET": Route("journal/subscriptions", journalling.list_all, _LISTS_WANTED, pool="journal subscriptions"),
        "POST": Route("journal/subscribe", journalling.subscribe, _WANTS, pool="journal subscriptions"),
    },
    "one": {"DELETE": Route("journal/unsubscribe", journalling.unsubscribe, _WANTS, pool="journal subscriptions")},
    "portals/": {"DELETE": Route("journal/leave", journalling.leave, _WANTS, pool="journal subscriptions")},
}


def route_of(method: str, path: str, kinds: Callable[[str], Kind | None] = kind_of) -> Route:
    """Return the call that a method and path stand for, a slash at its end or not; raise Refused if there is none.

    ``kinds`` returns the kind of record of a name or type id.
    """
    try:
        return _route_of(method, path.rstrip("/"), kinds)
    except LookupError as error:
        message = f"resource not found: the stand-in has no call {method} {path}"
        raise Refused(404, message, "OBJECT_NOT_FOUND") from error


def _route_of(method: str, path: str, kinds: Callable[[str], Kind | None]) -> Route:
    """Do the same for a path without a slash at its end; raise LookupError if it stands for nothing."""

    def _kind(name: str) -> Kind:
        kind = kinds(unquote(name))
        if kind is None:
            raise Refused(400, f"Unable to infer object type from: {name}")
        return kind

    if _ACCOUNT.fullmatch(path):
        return _chosen({"GET": ACCOUNT}, method)
    if match := _OBJECTS.fullmatch(path):
        kind, rest = _kind(match[1]), match[2] or ""
        if (one := _ONE_ASSOCIATED.fullmatch(rest)) and not path.startswith("/crm/v3/"):
            arg, other = unquote(f"{one[1]}/{one[3]}{one[4] or ''}"), kinds(unquote(one[3]))
            return replace(_associated(method, one), kind=kind, other=other, arg=arg)
        route = _OF_OBJECT.get((method, rest)) or _at_record(method, rest)
        return replace(route, kind=kind, arg=unquote(rest))
    if match := _ASSOCIATIONS.fullmatch(path):
        route = _of_associations(method, _kind(match[1]), unquote(match[2]), match[3])
        return replace(route, other=kinds(unquote(match[2])))
    if match := _WORDED.fullmatch(path):
        worded_as = {each: route for (each, rest), route in _OF_WORDED.items() if rest == match[3]}
        name = unquote(match[2])
        return replace(_chosen(worded_as, method), kind=_kind(match[1]), other=kinds(name), arg=name)
    if match := _LISTS.fullmatch(path):
        return _of_lists(method, match[1] or "")
    if match := _GROUP.fullmatch(path):
        return replace(_chosen(_OF_GROUP, method), kind=_kind(match[1]), arg=unquote(match[2]))
    if match := _PROPERTIES.fullmatch(path):
        return _of_properties(method, _kind(match[1]), match[2] or "")
    if match := _SCHEMAS.fullmatch(path):
        routes = _PARTING if match[3] else _JOINING if match[2] else _OF_SCHEMA if match[1] else _OF_SCHEMAS
        return replace(_chosen(routes, method), arg="/".join(unquote(each) for each in (match[1], match[3]) if each))
    if match := _PIPELINES.fullmatch(path):
        routes = (_OF_STAGE if match[4] else _OF_STAGES) if match[3] else (_OF_PIPELINE if match[2] else _OF_PIPELINES)
        routes = _AUDITS[bool(match[4])] if match[5] else routes
        arg = "/".join(unquote(each) for each in (match[2], match[4]) if each)
        return replace(_chosen(routes, method), kind=_kind(match[1]), arg=arg)
    if match := _OWNERS.fullmatch(path):
        return replace(_chosen(_OF_ONE_OWNER if match[1] else _OF_OWNERS, method), arg=unquote(match[1] or ""))
    if match := _RULES.fullmatch(path):
        return replace(_chosen(_OF_RULES, method), kind=_kind(match[1]), arg=unquote(match[2] or ""))
    if match := _LIMITS.fullmatch(path):
        return _chosen(_OF_LIMITS[match[1]], method)
    if match := _OAUTH.fullmatch(path):
        return _chosen(_OF_OAUTH[match[1] or match[2] or "token"], method)
    if match := _TOKEN.fullmatch(path):
        return replace(_chosen(_OF_TOKEN[match[1]], method), arg=unquote(match[2]))
    if match := _OWNED.fullmatch(path):
        which = "" if not match[3] else "one" if match[3].isdecimal() else "batch"
        return replace(_chosen(_OF_OWNER.get((match[2], which), {}), method), owned=match[1], arg=match[3] or "")
    return _of_journal(method, path)


def _of_journal(method: str, path: str) -> Route:
    if match := _JOURNAL.fullmatch(path):
        name = re.sub(r"offset/[^/]+/|(?<=batch/)[^/]+/(?=next)|/\d+$", "", match[2])
        verb, do = _OF_JOURNAL[name]
        route = Route(f"journal/{name}", do, _READS, pool="journal", local=match[1] == "journal-local")
        return replace(_chosen({verb: route}, method), arg=unquote(match[3] or match[4] or match[5] or ""))
    if match := _WANTED.fullmatch(path):
        routes = _OF_WANTED[match[1] or ("one" if match[2] else "")]
        return replace(_chosen(routes, method), arg=match[2] or "")
    if match := _FILE.fullmatch(path):
        return _chosen({"GET": Route("journal/file", journalling.file, open=True, arg=match[1])}, method)
    raise LookupError(path)


def _at_record(method: str, rest: str) -> Route:
    if not rest or any(rest == name for _, name in _OF_OBJECT):
        raise Refused(405, "Method not allowed")
    if "/" in rest:
        raise LookupError(rest)
    return _chosen(_OF_RECORD, method)


def _associated(method: str, one: re.Match[str]) -> Route:
    """Return the call about what one record is associated with."""
    if not one[4]:
        return _chosen({"GET": _READ_ONE}, method)
    return _chosen({"PUT": _DEFAULT} if one[2] else _OF_ONE_ASSOCIATED, method)


def _of_associations(method: str, kind: Kind, other: str, rest: str) -> Route:
    if rest.startswith("labels/"):
        return replace(_chosen({"DELETE": _DROP_LABEL}, method), kind=kind, arg=f"{other}/{rest[7:]}")
    if (method, rest) not in _OF_ASSOCIATIONS:
        raise Refused(405, "Method not allowed")
    return replace(_OF_ASSOCIATIONS[method, rest], kind=kind, arg=other)


def _of_lists(method: str, rest: str) -> Route:
    there = [(each, route, match) for each, rule, route in _OF_LISTS if (match := re.fullmatch(rule, rest))]
    for each, route, match in there:
        if each == method:
            return replace(route, arg=unquote("/".join(match.groups())))
    raise Refused(405, "Method not allowed") if there else LookupError(rest)


def _of_properties(method: str, kind: Kind, name: str) -> Route:
    if name in _OF_PROPERTY_BATCH:
        return replace(_chosen({"POST": _OF_PROPERTY_BATCH[name]}, method), kind=kind)
    if name == "groups":
        return replace(_chosen(_OF_GROUPS, method), kind=kind)
    return replace(_chosen(_OF_PROPERTY if name else _OF_PROPERTIES, method), kind=kind, arg=unquote(name))


def _chosen(routes: Mapping[str, Route], method: str) -> Route:
    if method not in routes:
        raise Refused(405, "Method not allowed")
    return routes[method]
