"""The settings file as a JSON Schema (draft 2020-12), for editors: made from the tables that read the file.

Whatever reading accepts, the schema accepts. It cannot know all that reading refuses - names of apps and fields that
are not there, what contradicts another key - and what is not available yet it does not know at all.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bothways.connectors import registry
from bothways.connectors.base import Connector, Setting
from bothways.connectors.permissions import oauth_of
from bothways.engine.filters import GROUPS, OPERATORS
from bothways.engine.keys import NORMAL_FORMS
from bothways.engine.spec import When
from bothways.records import CLEANERS, Unpaired
from bothways.records.normal import country_codes
from bothways.service import document as doc
from bothways.service import (
    reading,
    reading_alerts,
    reading_apps,
    reading_conflicts,
    reading_deletes,
    reading_fields,
    reading_history,
    reading_schedule,
    reading_scope,
    reading_sign_in,
)
from bothways.service.rights import Role
from bothways.service.schedule_document import DAY, NEVER
from bothways.service.yaml_file import LENGTH

Shape = Mapping[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"

ANY: Shape = {}
TEXT: Shape = {"type": "string", "pattern": r"\S"}
TRUTH: Shape = {"type": "boolean"}
COUNT: Shape = {"type": "integer", "minimum": 0}
SCALAR = ["string", "number", "boolean", "null"]


def _or(*shapes: Shape) -> Shape:
    return {"anyOf": list(shapes)}


def _maybe(shape: Shape) -> Shape:
    """Return a shape that may also be left empty."""
    return _or(shape, {"type": "null"})


def _one_of(words: Iterable[object]) -> Shape:
    return {"enum": [str(word) for word in words]}


def _list(items: Shape) -> Shape:
    return {"type": "array", "items": items}


def _some(items: Shape) -> Shape:
    return {**_list(items), "minItems": 1}


def _names(values: Shape, **more: object) -> Shape:
    """Return keys that the user chooses, such as the names of apps."""
    return {"type": "object", "additionalProperties": values, **more}


def _keys(known: Iterable[str], shapes: Mapping[str, Shape], needed: Iterable[str] = (), **more: object) -> Shape:
    """Return a mapping of these keys; one that has no shape yet may hold anything."""
    properties = {key: shapes.get(key, ANY) for key in known}
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": list(needed),
        **more,
    }


PLACE = _keys(("env", "file"), {"env": TEXT, "file": TEXT}, minProperties=1, maxProperties=1)
"""Where a secret is."""

COUNTRY: Shape = {"$ref": "#/$defs/country", "description": "Of national phone numbers: ISO 3166, two letters."}
FILTER: Shape = {"$ref": "#/$defs/filter"}
CONDITION = _keys(
    ("field", *OPERATORS),
    {"field": TEXT} | {key: {"type": [*SCALAR, "array"], "items": {"type": SCALAR}} for key in OPERATORS},
    ("field",),
    minProperties=2,
    maxProperties=2,
)
IN_LIST = _keys((doc.LIST,), {doc.LIST: TEXT}, (doc.LIST,))
GROUP_SHAPES = {kind: FILTER if kind == "not" else _some(FILTER) for kind in GROUPS}

PERCENTAGE = _or(
    {"type": "number", "minimum": 0, "maximum": 100},
    {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*%?\s*$"},
)


OAUTH_SHAPES: Mapping[str, Shape] = {
    "client_id": {**TEXT, "description": "What the app knows us by."},
    doc.CLIENT_SECRET: {**PLACE, "description": "Where the secret is that the app knows us by."},
    "authorize_url": _maybe({**TEXT, "description": "Where people allow it, if not at the usual address."}),
}
LIMIT_SHAPES: Mapping[str, Shape] = {
    "reserve": {**PERCENTAGE, "description": "Of the calls that the app allows a day: how many are left to others."},
}


def _length(least: float, most: float) -> Shape:
    """Return the shape of a length of time: seconds, or text such as 5m."""
    return _or(
        {"type": "number", "minimum": least, "maximum": most}, {"type": "string", "pattern": rf"^\s*{LENGTH}\s*$"}
    )


SEND = _or(_one_of(("none", "all")), _keys(("filter",), {"filter": FILTER}, ("filter",)))
KEY_FIELDS = _or(TEXT, _some(_or(TEXT, _some(TEXT))))
FORM = _one_of(NORMAL_FORMS)
MATCH_RULE = {
    "type": "object",
    "properties": {"compare": _or(FORM, _some(FORM))},
    "additionalProperties": KEY_FIELDS,
    "minProperties": 2,
    "maxProperties": 3,
}

CONSENT = _one_of(tuple(doc.CONSENT.values()))
FIELD_SHAPES: Mapping[str, Shape] = {
    "direction": {**TEXT, "description": "both, or to_ and the name of an app."},
    "winner": {**TEXT, "description": "An app, newest, or ask."},
    "consent": _or(CONSENT, _names(CONSENT, minProperties=2, maxProperties=2)),
    "when_empty": {**_one_of((doc.KEEP, doc.CLEAR)), "description": "What follows when a value was cleared."},
    "enabled": TRUTH,
    **dict.fromkeys(doc.ONLY_KEYS.values(), TRUTH),
    "clean": _maybe(_list(_one_of(CLEANERS))),
    "values": _maybe(_names(TEXT)),
    "other": _maybe(
        _or(
            _one_of((Unpaired.HOLD, Unpaired.LEAVE_OUT)),
            _keys(("default",), {"default": _names(TEXT, maxProperties=2)}, ("default",)),
        )
    ),
}
FIELD: Shape = {
    "type": "object",
    "properties": {key: FIELD_SHAPES.get(key, ANY) for key in reading_fields.FIELD},
    "additionalProperties": TEXT,
    "minProperties": 2,
    "maxProperties": len(reading_fields.FIELD) + 2,
}

ASSOCIATION_SHAPES: Mapping[str, Shape] = {
    "sync": {**TEXT, "description": "The sync that keeps in step what the two fields refer to."},
    "direction": FIELD_SHAPES["direction"],
    "enabled": TRUTH,
    "labels": {
        **_maybe(_names(TEXT)),
        "description": "Labels of the first app, each with the one of the second app that it is kept in step with.",
    },
}
ASSOCIATION: Shape = {
    "type": "object",
    "properties": ASSOCIATION_SHAPES,
    "additionalProperties": TEXT,
    "minProperties": 2,
    "maxProperties": len(ASSOCIATION_SHAPES) + 2,
}

CONFLICT_SHAPES: Mapping[str, Shape] = {
    "default_app": {**TEXT, "description": "The app whose value wins a difference."},
    "default": {**TEXT, "description": "Who wins a difference: an app, newest, or ask."},
    "when_empty": _one_of((doc.KEEP, doc.CLEAR)),
    "per_field": _maybe(_names(TEXT)),
}
CONSTANT_SHAPES: Mapping[str, Shape] = {
    "field": TEXT,
    "value": _or(TEXT, {"type": ["number", "boolean"]}),
    "when": _one_of(When),
}
GUARD_SHAPES: Mapping[str, Shape] = {
    "first_run": COUNT,
    "max_change": PERCENTAGE,
    "max_emptied": COUNT,
    "max_deletes": COUNT,
}
CLOCK: Shape = {"type": "string", "pattern": rf"^\s*{reading_schedule.CLOCK}\s*$"}
QUIET_SHAPES: Mapping[str, Shape] = {
    "from": CLOCK,
    "to": CLOCK,
    "time_zone": {**TEXT, "description": "By its IANA name, such as Europe/Berlin; UTC where it is left out."},
}
SCHEDULE_SHAPES: Mapping[str, Shape] = {
    "every": _length(reading_schedule.SHORTEST_INTERVAL, reading_schedule.LONGEST_INTERVAL),
    "webhooks": {**TRUTH, "description": "Whether what an app says by webhooks is read at once."},
    "burst_window": _length(0.0, reading_schedule.LONGEST_BURST),
    "quiet_hours": {
        **_maybe(_keys(reading_schedule.QUIET, QUIET_SHAPES, ("from", "to"))),
        "description": "When nothing is polled and written by itself; it is done after they end.",
    },
}
PROOF_SHAPES: Mapping[str, Shape] = {
    "every": _or(_one_of((NEVER,)), _length(DAY, reading_schedule.LONGEST_INTERVAL)),
    "at": _maybe(CLOCK),
    "repair": {**COUNT, "maximum": reading_schedule.MOST_REPAIRED},
}

TAG: Shape = _keys(reading_fields.TAG, {key: CONSTANT_SHAPES[key] for key in reading_fields.TAG}, reading_fields.TAG)
DELETES: Shape = {
    "type": "object",
    "properties": {"grace": _length(0.0, reading_deletes.LONGEST_GRACE)},
    "additionalProperties": _or(_one_of(reading_deletes.REMOVALS), _keys(("tag",), {"tag": TAG}, ("tag",))),
    "maxProperties": 3,
}
SYNC_SHAPES: Mapping[str, Shape] = {
    "state": {**_one_of(doc.STATES), "description": "Only a sync that is on runs; a draft can be previewed."},
    "objects": {
        **_names(TEXT, minProperties=2, maxProperties=2),
        "description": "Two apps, and of each the object that is kept in step.",
    },
    "send": _maybe({**_names(SEND, maxProperties=2), "description": "Which records of each app take part."}),
    "when_leaving_filter": _or(
        _one_of(reading_scope.LEAVING),
        _keys(("tag",), {"tag": _names(TAG, minProperties=1, maxProperties=2)}, ("tag",)),
    ),
    "require": _maybe(_list(_one_of(reading_scope.REQUIRED))),
    "start": _one_of(reading_scope.START),
    "match": _maybe(_or(_one_of((doc.NONE, doc.AS_HUBSPOT)), _list(_or(_one_of((doc.USUAL,)), MATCH_RULE)))),
    "small_groups": _one_of(doc.SmallGroups),
    "conflicts": _maybe(_keys(reading_conflicts.CONFLICTS, CONFLICT_SHAPES)),
    "fields": _maybe(_list(FIELD)),
    "deletes": _maybe(DELETES),
    "associations": _maybe(_list(ASSOCIATION)),
    "set": _maybe(_names(_list(_keys(reading_fields.CONSTANT, CONSTANT_SHAPES, ("field", "value"))), maxProperties=2)),
    "guards": _maybe(_keys(reading.GUARDS, GUARD_SHAPES)),
    "schedule": _maybe(_keys(reading_schedule.SCHEDULE, SCHEDULE_SHAPES)),
    "proof": {
        **_maybe(_keys(reading_schedule.PROOF, PROOF_SHAPES)),
        "description": "When both apps are read again whole and compared, and how many pairs are then looked at again.",
    },
}

ADDRESS: Shape = {"type": "string", "pattern": rf"^{reading_alerts.ADDRESS}$"}
SMTP_SHAPES: Mapping[str, Shape] = {
    "host": {**TEXT, "description": "The mail server."},
    "port": {"type": "integer", "minimum": 1, "maximum": reading_alerts.LAST_PORT},
    "security": {**_one_of(reading_alerts.PORTS), "description": "How the connection is protected."},
    "user": _maybe(TEXT),
    "password": _maybe(PLACE),
}
MAIL_SHAPES: Mapping[str, Shape] = {
    "to": {**_some(ADDRESS), "maxItems": reading_alerts.MOST},
    "from": ADDRESS,
    "smtp": _keys(reading_alerts.SMTP, SMTP_SHAPES, ("host",)),
}
WEBHOOK_SHAPES: Mapping[str, Shape] = {
    "url": _or({"type": "string", "pattern": "^https?://"}, PLACE),
    "secret": {**_maybe(PLACE), "description": "With which alerts are signed."},
}
ALERT_SHAPES: Mapping[str, Shape] = {
    "mail": _maybe(_keys(reading_alerts.MAIL, MAIL_SHAPES, reading_alerts.MAIL)),
    "webhook": _maybe(_keys(reading_alerts.WEBHOOK, WEBHOOK_SHAPES, ("url",))),
}

SIGN_IN_SHAPES: Mapping[str, Shape] = {
    "name": _maybe({**TEXT, "description": "What the provider is called on the page where people sign in."}),
    "issuer": {"type": "string", "pattern": "^https?://", "description": "As the OpenID provider calls itself."},
    "client_id": TEXT,
    "client_secret": PLACE,
    "scopes": {**_maybe(_list(TEXT)), "description": "What is asked for besides openid."},
    "claim": _maybe({**TEXT, "description": "What the provider says of people that gives them a role here."}),
    "roles": _maybe(_names(_one_of(Role))),
}

HISTORY_SHAPES: Mapping[str, Shape] = {
    "keep": _or(_one_of((doc.FOREVER,)), _length(reading_history.LEAST_KEPT, reading_history.MOST_KEPT)),
}

UNSHAPED = {
    "a sync": set(reading.SYNC) - set(SYNC_SHAPES),
    "a mapping": set(reading_fields.FIELD) - set(FIELD_SHAPES),
    "an association": set(reading_fields.ASSOCIATION) - set(ASSOCIATION_SHAPES),
    "conflicts": set(reading_conflicts.CONFLICTS) - set(CONFLICT_SHAPES),
    "a constant": set(reading_fields.CONSTANT) - set(CONSTANT_SHAPES),
    "guards": set(reading.GUARDS) - set(GUARD_SHAPES),
    "oauth": set(reading_apps.OAUTH) - set(OAUTH_SHAPES),
    "limits": set(reading_apps.LIMITS) - set(LIMIT_SHAPES),
    "the schedule": set(reading_schedule.SCHEDULE) - set(SCHEDULE_SHAPES),
    "quiet hours": set(reading_schedule.QUIET) - set(QUIET_SHAPES),
    "the proof": set(reading_schedule.PROOF) - set(PROOF_SHAPES),
    "alerts": set(doc.CHANNELS) - set(ALERT_SHAPES),
    "mail": set(reading_alerts.MAIL) - set(MAIL_SHAPES),
    "a mail server": set(reading_alerts.SMTP) - set(SMTP_SHAPES),
    "a webhook": set(reading_alerts.WEBHOOK) - set(WEBHOOK_SHAPES),
    "history": set(reading_history.HISTORY) - set(HISTORY_SHAPES),
    "the sign-in": set(reading_sign_in.KEYS) - set(SIGN_IN_SHAPES),
}
"""Keys that reading knows and that have no shape here: none, as a test sees to."""


def settings_schema() -> dict[str, Any]:
    """Return the schema of ``bothways.yaml``, with the settings of every installed connector."""
    sync = _keys(reading.SYNC, SYNC_SHAPES, ("objects",))
    top: dict[str, Shape] = {
        "version": {"const": 1},
        "revision": {**COUNT, "description": "Written by an export: an older file is not taken over by mistake."},
        "database": _maybe(_or(TEXT, PLACE)),
        "public_url": _maybe({"type": "string", "pattern": "^https?://"}),
        "allow_hosts": _maybe(_list({"type": "string"})),
        "alerts": _maybe(_keys(doc.CHANNELS, ALERT_SHAPES)),
        "sign_in": _maybe(_keys(reading_sign_in.KEYS, SIGN_IN_SHAPES, reading_sign_in.NEEDED)),
        "history": {
            **_maybe(_keys(reading_history.HISTORY, HISTORY_SHAPES)),
            "description": "How long it is kept what runs did, and what was written before and after.",
        },
        "apps": _maybe(_names(_app(), propertyNames=_name())),
        "syncs": _maybe(_names(sync, propertyNames=_name())),
    }
    return {
        "$schema": DRAFT,
        "title": "Settings of Bothways",
        **_keys(reading.TOP, top, ("version",)),
        "$defs": {"filter": filter_shape(), "country": _one_of(sorted(country_codes()))},
    }


def filter_shape() -> Shape:
    """Return the shape of a filter."""
    return _or(CONDITION, IN_LIST, *(_keys((kind,), GROUP_SHAPES, (kind,)) for kind in GROUPS))


def _name() -> Shape:
    reserved = [*reading.RESERVED]
    return {"minLength": 1, "maxLength": 60, "not": {"enum": reserved}}


def _app() -> Shape:
    """Return the shape of an app: that of its connector."""
    kinds = registry.connectors()
    rules = [
        {
            "if": {"properties": {"connector": {"const": name}}, "required": ["connector"]},
            "then": _connector(name, kind),
        }
        for name, kind in kinds.items()
    ]
    return {
        "type": "object",
        "properties": {"connector": _one_of(kinds)},
        "required": ["connector"],
        "allOf": rules,
    }


def _connector(name: str, kind: type[Connector]) -> Shape:
    plain = {each.name: each for each in kind.settings if not each.auth}
    secret = {each.name: each for each in kind.settings if each.auth}
    oauth, needed_auth = oauth_of(kind), _needed(secret)
    auth_shapes = {key: _setting(each) for key, each in secret.items()}
    if oauth:
        needed_auth = [each for each in needed_auth if each != oauth.instead_of]
        auth_shapes[oauth.instead_of] = _maybe(auth_shapes[oauth.instead_of])
        auth_shapes["oauth"] = _maybe(_keys(reading_apps.OAUTH, OAUTH_SHAPES, reading_apps.OAUTH[:2]))
    auth = _keys(auth_shapes, auth_shapes, needed_auth)
    shapes: dict[str, Shape] = {"connector": {"const": name}, "country": _maybe(COUNTRY)}
    shapes["limits"] = _maybe(_keys(reading_apps.LIMITS, LIMIT_SHAPES))
    shapes["auth"] = auth if _needed(secret) else _maybe(auth)
    shapes |= {key: _setting(each) for key, each in plain.items()}
    needed = [*_needed(plain), *(["auth"] if _needed(secret) else [])]
    return _keys((*reading_apps.keys_of(kind), *plain), shapes, needed)


def _needed(settings: Mapping[str, Setting]) -> list[str]:
    return [key for key, each in settings.items() if each.required and each.default is None]


def _setting(setting: Setting) -> Shape:
    value: Shape = {"type": ["string", "number"]}
    if setting.choices:
        value = _one_of(setting.choices)
    if setting.secret:
        value = PLACE
    elif setting.auth:
        value = _or(value, PLACE)
    needed = setting.required and setting.default is None
    said = {"description": setting.label} if setting.label else {}
    return {**(value if needed else _maybe(value)), **said}
