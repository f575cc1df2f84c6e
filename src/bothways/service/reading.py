"""From the file to the settings document: every key known, every value of its kind, or refused with its place."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from bothways.engine.brakes import Guards
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Wins
from bothways.errors import (
    MissingKey,
    NothingFlows,
    SecretInFile,
    UnknownApp,
    WrongType,
)
from bothways.service import document as doc
from bothways.service.document import (
    AppDocument,
    Document,
    SecretPlace,
    SmallGroups,
    SyncDocument,
    refuse_ring,
)
from bothways.service.reading_alerts import alerts_of
from bothways.service.reading_apps import address_parts, app_of, check_reached, only_apps, secret_place, secret_places
from bothways.service.reading_conflicts import CONFLICTS, default_of, winners_of
from bothways.service.reading_deletes import deletes_of
from bothways.service.reading_fields import ASSOCIATION, FIELD, associations_of, constants_of, field_of
from bothways.service.reading_history import history_of
from bothways.service.reading_match import matches_of
from bothways.service.reading_schedule import timing_of
from bothways.service.reading_scope import scope_of
from bothways.service.reading_sign_in import sign_in_of
from bothways.service.yaml_file import Node, nearest, shown

TOP = ("version", "revision", "database", "public_url", "allow_hosts", "alerts", "sign_in", "history", "apps", "syncs")
SYNC = (
    "state",
    "objects",
    "send",
    "when_leaving_filter",
    "require",
    "start",
    "match",
    "small_groups",
    "conflicts",
    "deletes",
    "fields",
    "associations",
    "set",
    "guards",
    "schedule",
    "proof",
)
GUARDS = ("first_run", "max_change", "max_emptied", "max_deletes")
RESERVED = (*FIELD, *ASSOCIATION, *Wins, "compare", "grace")
"""What no app and no sync may be called: it would be taken for a key, or for another winner."""
SENDS = "none, all or {filter: ...}"
_NAME = re.compile(r"[^\W_][\w. -]{0,59}", re.UNICODE)

SYNC_HINT = "Such as: objects: {hubspot: contacts, addressbook: contacts}"
NAME = (
    "a name of letters, digits, blanks, dots and dashes that begins with a letter or digit, "
    "has at most 60 characters and is no key of the file"
)
DATABASE = "an absolute path such as sqlite:///srv/ledger.db, postgresql://..."


def document_of(root: Node) -> Document:
    """Return the document of a file, or raise the first thing wrong with it, with line and column."""
    _check_top(root)
    apps = {name: app_of(root.node("apps"), name) for name in _names(root.node("apps"))}
    syncs = {name: _sync(root.node("syncs"), name, apps) for name in _names(root.node("syncs"))}
    _no_ring(syncs.values())
    revision = root.whole("revision", 0) if "revision" in root else None
    public_url = _public_url(root)
    for app in apps.values():
        check_reached(app, public_url, root.value_place("public_url"))
    hosts = _hosts(root)
    sign_in = sign_in_of(root, hosts)
    people = alerts_of(root), sign_in
    return Document(revision, _database(root), public_url, hosts, apps, syncs, *people, history_of(root))


def syncs_of(root: Node, apps: Mapping[str, AppDocument]) -> dict[str, SyncDocument]:
    """Return the syncs of a file as they would be between these apps; what the file says of apps is not read."""
    _check_top(root)
    syncs = root.node("syncs")
    return {name: _sync(syncs, name, apps) for name in _names(syncs)}


def _check_top(root: Node) -> None:
    root.only(TOP, ("settings", "users"))
    root.need("version", "This program reads version: 1")
    version = root.data["version"]
    if version != 1 or isinstance(version, bool):
        where = root.value_place("version")
        raise WrongType(where=where, key="version", expected="the number 1", got=shown(version))


def _names(node: Node) -> list[str]:
    """Return the keys of a mapping that people chose; refuse those that cannot stand in a command."""
    for name in node:
        if not isinstance(name, str) or not is_name(name):
            raise WrongType(where=node.key_place(name), key=str(name), expected=NAME, got="another one")
    return list(node)


def is_name(text: str) -> bool:
    """Tell whether an app or a sync may be called so."""
    return bool(_NAME.fullmatch(text)) and text not in RESERVED


def _database(root: Node) -> str | SecretPlace | None:
    if root.data.get("database") is None:
        return None
    if not isinstance(root.data["database"], str):
        return secret_place(root, "database")
    url, where = root.text("database"), root.value_place("database")
    if not is_database(url):
        expected = f"{DATABASE}, {{env: NAME}} or {{file: PATH}}"
        raise WrongType(where=where, key="database", expected=expected, got="something else")
    if urlsplit(url).password is not None:
        raise SecretInFile(where=where, key="database", instead=secret_places("database"))
    return url


def is_database(url: str) -> bool:
    """Tell whether this is the URL of a database: SQLite by its absolute path, or PostgreSQL."""
    parts = address_parts(url)
    if parts is None:
        return False
    if parts.scheme == "sqlite":
        return not parts.netloc and parts.path.startswith("/")
    return parts.scheme in ("postgresql", "postgres")


def _public_url(root: Node) -> str:
    """Return the address by which apps reach us, without a slash at its end; "" if none is given."""
    if root.data.get("public_url") is None:
        return ""
    url = root.text("public_url")
    parts = address_parts(url)
    plain = parts is not None and parts.username is None and not parts.query and not parts.fragment
    if parts is None or not plain or parts.scheme not in ("http", "https") or not parts.hostname:
        where, expected = root.value_place("public_url"), "a web address such as https://sync.example.com"
        raise WrongType(where=where, key="public_url", expected=expected, got="something else")
    return url.rstrip("/")


def _hosts(root: Node) -> frozenset[str]:
    if root.data.get("allow_hosts") is None:
        return frozenset()
    hosts = root.list("allow_hosts")
    for host in hosts:
        if not isinstance(host, str):
            raise root.wrong("allow_hosts", "a list of host names")
    return frozenset(hosts)


# --- syncs --------------------------------------------------------------------------------------------


def _sync(syncs: Node, name: str, apps: Mapping[str, AppDocument]) -> SyncDocument:
    node = syncs.node(name)
    if syncs.data.get(name) is None:
        raise MissingKey(where=syncs.key_place(name), key="objects", hint=SYNC_HINT)
    node.only(SYNC)
    node.need("objects", SYNC_HINT)
    objects = node.node("objects")
    sides = _sides(objects, apps)
    pair = {name_: side for side, name_ in sides.items()}
    conflicts = node.node("conflicts")
    conflicts.only(CONFLICTS)
    default, wins = default_of(conflicts, pair)
    sends = _sends(node, pair)
    sync = SyncDocument(
        name,
        node.choice("state", doc.STATES, "draft"),
        sides,
        {side: objects.text(app) for side, app in sides.items()},
        {side: objects.value_place(app) for side, app in sides.items()},
        sends,
        matches_of(node, sides) if node.data.get("match") is not None else None,
        default,
        conflicts.choice("when_empty", (doc.KEEP, doc.CLEAR), doc.KEEP),
        winners_of(conflicts, pair),
        tuple(field_of(each, sides) for each in node.nodes("fields")) if node.data.get("fields") is not None else None,
        _guards(node.node("guards")),
        timing_of(node),
        syncs.key_place(name),
        tuple(constants_of(node, pair)),
        scope_of(node, pair),
        node.value_place("match"),
        SmallGroups(node.choice("small_groups", tuple(SmallGroups), SmallGroups.HOLD)),
        node.value_place("small_groups"),
        wins,
        deletes_of(node, pair, sends) if any(sends.values()) else doc.DeletesDocument(),
        associations_of(node, sides),
    )
    if not any(sync.sends.values()):
        raise NothingFlows(where=node.key_place("send"), name=name)
    return sync


def _no_ring(syncs: Iterable[SyncDocument]) -> None:
    on: list[SyncDocument] = []
    for sync in syncs:
        if sync.state == "on":
            refuse_ring(sync, on)
            on.append(sync)


def _sides(objects: Node, apps: Mapping[str, AppDocument]) -> dict[Side, str]:
    for app in objects:
        if app not in apps:
            raise UnknownApp(where=objects.key_place(app), name=app, hint=nearest(app, apps))
    if len(objects.data) != 2:
        raise WrongType(where=objects.place, key="objects", expected="two apps", got=str(len(objects.data)))
    return dict(zip(SIDES, objects, strict=True))


def _sends(node: Node, pair: Mapping[str, Side]) -> dict[Side, bool]:
    send = node.node("send")
    only_apps(send, pair)
    return {side: _sends_any(send, app) for app, side in pair.items()}


def _sends_any(send: Node, app: str) -> bool:
    value = send.data.get(app, "all")
    if not isinstance(value, Mapping) and value not in ("none", "all"):
        raise WrongType(where=send.value_place(app), key=app, expected=SENDS, got=shown(value))
    return bool(value != "none")


def _guards(node: Node) -> Guards:
    standard = Guards()
    node.only(GUARDS)
    return Guards(
        node.whole("first_run", standard.first_run),
        node.percent("max_change", standard.max_change),
        node.whole("max_emptied", standard.max_emptied),
        node.whole("max_deletes", standard.max_deletes),
    )
