"""From the file to the settings document: every key known, every value of its kind, or refused with its place."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import SplitResult, urlsplit

from bothways.connectors import registry
from bothways.connectors.base import Setting
from bothways.engine.brakes import Guards
from bothways.engine.keys import NORMAL_FORMS
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Only, When, Wins
from bothways.errors import (
    MissingKey,
    NothingFlows,
    SecretInFile,
    SettingsContradict,
    SettingsError,
    UnknownApp,
    UnknownConnector,
    WrongType,
)
from bothways.records import CASES, CLEANERS, Unpaired
from bothways.service import document as doc
from bothways.service.document import (
    AppDocument,
    AssociationDocument,
    Document,
    FieldDocument,
    MatchDocument,
    SecretPlace,
    SetDocument,
    SmallGroups,
    SyncDocument,
    refuse_ring,
)
from bothways.service.reading_deletes import deletes_of
from bothways.service.reading_scope import scope_of
from bothways.service.yaml_file import Node, kind_of, nearest, shown

TOP = ("version", "revision", "database", "allow_hosts", "apps", "syncs")
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
)
ONLY = tuple(doc.ONLY_KEYS.values())
FIELD = ("direction", "winner", "when_empty", "enabled", *ONLY, "clean", "values", "other", "consent")
ASSOCIATION = ("sync", "direction", "enabled")
CONFLICTS = ("default_app", "default", "when_empty", "per_field")
CONSTANT = ("field", "value", "when")
GUARDS = ("first_run", "max_change", "max_emptied", "max_deletes")
SCHEDULE, SCHEDULE_LATER = ("every",), ("webhooks", "burst_window")
RESERVED = (*FIELD, *ASSOCIATION, *Wins, "compare", "grace")
"""What no app and no sync may be called: it would be taken for a key, or for another winner."""
SENDS = "none, all or {filter: ...}"
_NAME = re.compile(r"[^\W_][\w. -]{0,59}", re.UNICODE)
_COUNT = re.compile(r"[1-9]\d{0,8}", re.ASCII)
SHORTEST_INTERVAL, LONGEST_INTERVAL = 1.0, 31 * 86_400.0
"""Seconds."""

APP_HINT = "Such as: connector: hubspot"
SYNC_HINT = "Such as: objects: {hubspot: contacts, addressbook: contacts}"
NAME = (
    "a name of letters, digits, blanks, dots and dashes that begins with a letter or digit, "
    "has at most 60 characters and is no key of the file"
)
DATABASE = "an absolute path such as sqlite:///srv/ledger.db, postgresql://..."


def document_of(root: Node) -> Document:
    """Return the document of a file, or raise the first thing wrong with it, with line and column."""
    root.only(TOP, ("settings", "users", "public_url"))
    root.need("version", "This program reads version: 1")
    version = root.data["version"]
    if version != 1 or isinstance(version, bool):
        where = root.value_place("version")
        raise WrongType(where=where, key="version", expected="the number 1", got=shown(version))
    apps = {name: app_of(root.node("apps"), name) for name in _names(root.node("apps"))}
    syncs = {name: _sync(root.node("syncs"), name, apps) for name in _names(root.node("syncs"))}
    _no_ring(syncs.values())
    revision = root.whole("revision", 0) if "revision" in root else None
    return Document(revision, _database(root), _hosts(root), apps, syncs)


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
        return _place(root, "database")
    url, where = root.text("database"), root.value_place("database")
    if not is_database(url):
        expected = f"{DATABASE}, {{env: NAME}} or {{file: PATH}}"
        raise WrongType(where=where, key="database", expected=expected, got="something else")
    if urlsplit(url).password is not None:
        raise SecretInFile(where=where, key="database", instead=_places("database"))
    return url


def is_database(url: str) -> bool:
    """Tell whether this is the URL of a database: SQLite by its absolute path, or PostgreSQL."""
    parts = _parts(url)
    if parts is None:
        return False
    if parts.scheme == "sqlite":
        return not parts.netloc and parts.path.startswith("/")
    return parts.scheme in ("postgresql", "postgres")


def _parts(url: str) -> SplitResult | None:
    """Return the parts of an address; None if it cannot be taken apart, down to its port."""
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def _hosts(root: Node) -> frozenset[str]:
    if root.data.get("allow_hosts") is None:
        return frozenset()
    hosts = root.list("allow_hosts")
    for host in hosts:
        if not isinstance(host, str):
            raise root.wrong("allow_hosts", "a list of host names")
    return frozenset(hosts)


# --- apps ---------------------------------------------------------------------------------------------


def app_of(apps: Node, name: str) -> AppDocument:
    """Return one app of the file."""
    node = apps.node(name)
    if apps.data.get(name) is None:
        raise MissingKey(where=apps.key_place(name), key="connector", hint=APP_HINT)
    node.need("connector", APP_HINT)
    connector = node.text("connector")
    try:
        declared = registry.connector_class(connector).settings
    except UnknownConnector as error:
        raise UnknownConnector(where=node.value_place("connector"), **error.facts) from error
    auth = node.node("auth")
    node.only(("connector", "auth", *(each.name for each in declared if not each.auth)))
    auth.only(tuple(each.name for each in declared if each.auth))
    settings, secrets = {}, {}
    for each in declared:
        home = auth if each.auth else node
        if home.data.get(each.name) is None:
            if each.required and each.default is None:
                raise MissingKey(where=home.place, key=each.name, hint=_hint(each))
            continue
        if isinstance(home.data[each.name], Mapping):
            if not each.auth:
                raise home.wrong(each.name, "text")
            secrets[each.name] = _place(home, each.name)
        elif each.secret:
            raise SecretInFile(where=home.value_place(each.name), key=each.name, instead=_places(each.name))
        else:
            settings[each.name] = _plain(home, each, declared)
    defaults = {each.name: each.default for each in declared if each.default is not None}
    return AppDocument(name, connector, {**defaults, **settings}, secrets, apps.key_place(name))


def _hint(setting: Setting) -> str:
    if setting.secret:
        return f"Say where it is: {setting.name}: {{env: NAME}}"
    return f"Such as: {setting.example}" if setting.example else ""


def _place(home: Node, key: str) -> SecretPlace:
    node = home.node(key)
    node.only(("env", "file"))
    if len(node.data) != 1:
        expected = "one of env: NAME and file: PATH"
        raise WrongType(where=home.value_place(key), key=key, expected=expected, got="something else")
    kind = next(iter(node))
    return SecretPlace(kind, node.text(kind))


def _places(key: str) -> str:
    """Return in the words of the file where a secret may be."""
    return f"{key}: {{env: NAME}} or {key}: {{file: PATH}}"


def _plain(home: Node, setting: Setting, declared: Sequence[Setting]) -> str:
    """Return a setting that is no secret, of the kind of its default or example: an address, a count, else any text."""
    key, value = setting.name, home.data[setting.name]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise home.wrong(key, "text")
    text, sample = str(value), setting.default or setting.example
    parts = _parts(text)
    if parts is not None and parts.password is not None:
        secret = next((each.name for each in declared if each.secret), "password")
        raise SecretInFile(where=home.value_place(key), key=key, instead=f"under auth, as {_places(secret)}")
    if sample.startswith(("http://", "https://")):
        _check_address(home, setting, parts)
    elif _COUNT.fullmatch(sample) and not _COUNT.fullmatch(text):
        raise WrongType(where=home.value_place(key), key=key, expected="a whole number above 0", got=shown(value))
    return text


def _check_address(home: Node, setting: Setting, parts: SplitResult | None) -> None:
    """Refuse what is no web address, without repeating it: it may hold a password that is not seen as one."""
    where = home.value_place(setting.name)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        expected = f"a web address such as {setting.example or setting.default}"
        raise WrongType(where=where, key=setting.name, expected=expected, got="something else")
    if parts.username is not None:
        expected = "a web address without a user name, which belongs under auth"
        raise WrongType(where=where, key=setting.name, expected=expected, got="one with it")


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
    default, wins = _default(conflicts, pair)
    sends = _sends(node, pair)
    sync = SyncDocument(
        name,
        node.choice("state", doc.STATES, "draft"),
        sides,
        {side: objects.text(app) for side, app in sides.items()},
        {side: objects.value_place(app) for side, app in sides.items()},
        sends,
        _matches(node, sides) if node.data.get("match") is not None else None,
        default,
        conflicts.choice("when_empty", (doc.KEEP, doc.CLEAR), doc.KEEP),
        _winners(conflicts, pair),
        tuple(_field(each, sides) for each in node.nodes("fields")) if node.data.get("fields") is not None else None,
        _guards(node.node("guards")),
        _every(node.node("schedule")),
        syncs.key_place(name),
        tuple(_constants(node, pair)),
        scope_of(node, pair),
        node.value_place("match"),
        SmallGroups(node.choice("small_groups", tuple(SmallGroups), SmallGroups.HOLD)),
        node.value_place("small_groups"),
        wins,
        deletes_of(node, pair, sends) if any(sends.values()) else doc.DeletesDocument(),
        _associations(node, sides),
    )
    if not any(sync.sends.values()):
        raise NothingFlows(where=node.key_place("send"), name=name)
    return sync


def _constants(node: Node, pair: Mapping[str, Side]) -> Iterator[SetDocument]:
    """Yield the constants of both apps as written."""
    if node.data.get("set") is None:
        return
    apps = node.node("set")
    _only_apps(apps, pair)
    for app in (app for app in pair if app in apps):
        for each in apps.nodes(app):
            each.only(CONSTANT)
            for key in ("field", "value"):
                each.need(key, "Such as: {field: source, value: sync, when: created}")
            value = each.data["value"]
            if not isinstance(value, str | int | float | bool) or not str(value).strip():
                raise each.wrong("value", "text, a number, true or false")
            when = When(each.choice("when", tuple(When), When.CREATED))
            plain = str(value) if isinstance(value, str) else value
            yield SetDocument(pair[app], each.text("field"), plain, when, each.place)


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
    _only_apps(send, pair)
    return {side: _sends_any(send, app) for app, side in pair.items()}


def _sends_any(send: Node, app: str) -> bool:
    value = send.data.get(app, "all")
    if not isinstance(value, Mapping) and value not in ("none", "all"):
        raise WrongType(where=send.value_place(app), key=app, expected=SENDS, got=shown(value))
    return bool(value != "none")


def _only_apps(node: Node, pair: Mapping[str, Side]) -> None:
    for app in node:
        if app not in pair:
            raise UnknownApp(where=node.key_place(app), name=app, hint=nearest(app, pair))


def _matches(node: Node, sides: Mapping[Side, str]) -> tuple[MatchDocument, ...] | str:
    """Return the match rules in their order, or the word that stands for all of them."""
    value = node.data["match"]
    if isinstance(value, str):
        expected = f"a list of rules, {doc.NONE} or {doc.AS_HUBSPOT}"
        if value not in (doc.NONE, doc.AS_HUBSPOT):
            raise WrongType(where=node.value_place("match"), key="match", expected=expected, got=f'"{value}"')
        return () if value == doc.NONE else value
    return tuple(
        MatchDocument({}, None, place) if rule is None else _match(rule, sides)
        for place, rule in node.nodes_or("match", doc.USUAL)
    )


def _match(node: Node, sides: Mapping[Side, str]) -> MatchDocument:
    node.only((*sides.values(), "compare"))
    names = {}
    for side, app in sides.items():
        node.need(app, "Name a field of each app.")
        names[side] = _key_fields(node, app)
    if len(names[Side.LEFT]) != len(names[Side.RIGHT]):
        raise SettingsError(where=node.place, reason="both apps need the same number of fields in a match rule")
    compare = None
    if "compare" in node:
        given = node.data["compare"]
        compare = tuple(given) if isinstance(given, list) else (given,)
        if not all(isinstance(each, str) and each in NORMAL_FORMS for each in compare):
            compare = (node.choice("compare", tuple(NORMAL_FORMS), "text"),)
        if len(compare) != len(names[Side.LEFT]):
            reason = "a match rule needs one word under compare for each of its fields"
            raise SettingsError(where=node.value_place("compare"), reason=reason)
    return MatchDocument(names, compare, node.place)


def _key_fields(node: Node, app: str) -> doc.Parts:
    """Return the parts of a key: a field, a list of fields, or of lists whose fields are joined."""
    value = node.data[app]
    parts = value if isinstance(value, list) else [node.text(app)]
    found = tuple(tuple(part) if isinstance(part, list) else (part,) for part in parts)
    names = [name for part in found for name in part]
    if not names or not all(found) or not all(isinstance(name, str) and name.strip() for name in names):
        raise node.wrong(app, "a field, or a list of fields")
    return found


def _names_of_fields(node: Node, sides: Mapping[Side, str], known: Sequence[str]) -> dict[Side, str]:
    node.only((*sides.values(), *known))
    for app in sides.values():
        node.need(app, "Name a field of each app.")
    return {side: node.text(app) for side, app in sides.items()}


def _field(node: Node, sides: Mapping[Side, str]) -> FieldDocument:
    names = _names_of_fields(node, sides, FIELD)
    ways = {"both": None, **{f"to_{app}": side for side, app in sides.items()}}
    only = _only(node)
    other, defaults = _other(node, sides)
    return FieldDocument(
        names,
        ways[node.choice("direction", tuple(ways), "both")],
        node.choice("when_empty", (doc.KEEP, doc.CLEAR), doc.KEEP) if "when_empty" in node else None,
        node.truth("enabled", True),
        node.place,
        only,
        _values(node),
        other,
        defaults,
        {key: node.value_place(key) for key in node},
        _clean(node),
        _winner(node, "winner", {app: side for side, app in sides.items()}) if "winner" in node else None,
        _consent(node, sides),
    )


def _associations(node: Node, sides: Mapping[Side, str]) -> tuple[AssociationDocument, ...] | None:
    if node.data.get("associations") is None:
        return None
    return tuple(_association(each, sides) for each in node.nodes("associations"))


def _association(node: Node, sides: Mapping[Side, str]) -> AssociationDocument:
    names = _names_of_fields(node, sides, ASSOCIATION)
    ways = {"both": None, **{f"to_{app}": side for side, app in sides.items()}}
    return AssociationDocument(
        names,
        node.text("sync") if "sync" in node else None,
        ways[node.choice("direction", tuple(ways), "both")],
        node.truth("enabled", True),
        node.place,
    )


def _only(node: Node) -> Only | None:
    """Return when a mapping is written; refuse what contradicts it."""
    chosen = [only for only, key in doc.ONLY_KEYS.items() if node.truth(key, False)]
    if len(chosen) == 2:
        key = doc.ONLY_KEYS[chosen[1]]
        raise SettingsContradict(where=node.key_place(key), key=key, other=doc.ONLY_KEYS[chosen[0]])
    if chosen and node.data.get("when_empty") == doc.CLEAR:
        key = doc.ONLY_KEYS[chosen[0]]
        raise SettingsContradict(where=node.key_place("when_empty"), key="when_empty: clear", other=key)
    return chosen[0] if chosen else None


def _clean(node: Node) -> tuple[str, ...]:
    """Return how texts are cleaned, in this order; refuse what is not known, and two that contradict each other."""
    if node.data.get("clean") is None:
        return ()
    names, where = node.list("clean"), node.value_place("clean")
    for name in names:
        if not isinstance(name, str) or name not in CLEANERS:
            raise WrongType(where=where, key="clean", expected=f"a list of {', '.join(CLEANERS)}", got=shown(name))
    cases = [name for name in names if name in CASES]
    twice = cases if len(cases) > 1 else [name for name in names if names.count(name) > 1]
    if twice:
        raise SettingsContradict(where=where, key=twice[1], other=twice[0])
    for key in ("values", "other"):
        if names and node.data.get(key) is not None:
            raise SettingsContradict(where=node.key_place("clean"), key="clean", other=key)
    return tuple(names)


def _values(node: Node) -> tuple[tuple[str, str], ...] | None:
    """Return paired options as written, those of the first app first; what looks like a number must be quoted."""
    if node.data.get("values") is None:
        return None
    values = node.node("values")
    for option in values:
        if not isinstance(option, str):
            where = values.key_place(option)
            raise WrongType(where=where, key=str(option), expected="text (in quotes)", got=kind_of(option))
    return tuple((option, values.text(option)) for option in values)


def _other(node: Node, sides: Mapping[Side, str]) -> tuple[Unpaired | None, dict[Side, str]]:
    """Return what becomes of options that are paired with none, and the default on each side."""
    if node.data.get("other") is None:
        return None, {}
    if not isinstance(node.data["other"], Mapping):
        words = (str(Unpaired.HOLD), str(Unpaired.LEAVE_OUT))
        if node.data["other"] not in words:
            raise node.wrong("other", f"hold, leave_out or {{default: {{{sides[Side.RIGHT]}: an option}}}}")
        return Unpaired(node.choice("other", words, "")), {}
    other = node.node("other")
    other.only(("default",))
    other.need("default", f"Such as: default: {{{sides[Side.RIGHT]}: an option}}")
    default = other.node("default")
    default.only(tuple(sides.values()))
    return Unpaired.DEFAULT, {side: default.text(app) for side, app in sides.items() if app in default}


def _winners(conflicts: Node, pair: Mapping[str, Side]) -> dict[str, doc.Winner]:
    node = conflicts.node("per_field")
    return {str(name): doc.Winner(_winner(node, name, pair), node.key_place(name)) for name in node}


def _winner(node: Node, key: str, pair: Mapping[str, Side]) -> Side | Wins:
    """Return who wins: one of the two apps, the newest, or whom a person says."""
    word = node.choice(key, (*pair, *Wins), "")
    return pair[word] if word in pair else Wins(word)


def _default(conflicts: Node, pair: Mapping[str, Side]) -> tuple[Side, Wins | None]:
    """Return the default app, and what goes before it; ``default`` may name the app as well."""
    side = pair[conflicts.choice("default_app", tuple(pair), next(iter(pair)))]
    if "default" not in conflicts:
        return side, None
    winner = _winner(conflicts, "default", pair)
    if isinstance(winner, Wins):
        return side, winner
    if "default_app" in conflicts and winner is not side:
        raise SettingsContradict(where=conflicts.key_place("default"), key="default", other="default_app")
    return winner, None


def _consent(node: Node, sides: Mapping[Side, str]) -> tuple[bool, bool] | None:
    """Return whether a yes means opted out, left and right; one word stands for both apps."""
    if node.data.get("consent") is None:
        return None
    for key in ("values", "other", "clean", *ONLY):
        if node.data.get(key):
            raise SettingsContradict(where=node.key_place("consent"), key="consent", other=key)
    means = {word: out for out, word in doc.CONSENT.items()}
    if not isinstance(node.data["consent"], Mapping):
        both = means[node.choice("consent", tuple(means), "")]
        return both, both
    words = node.node("consent")
    words.only(tuple(sides.values()))
    for app in sides.values():
        words.need(app, f"Such as: {sides[Side.LEFT]}: opt_out")
    left, right = (means[words.choice(app, tuple(means), "")] for app in sides.values())
    return left, right


def _guards(node: Node) -> Guards:
    standard = Guards()
    node.only(GUARDS)
    return Guards(
        node.whole("first_run", standard.first_run),
        _percent(node, "max_change", standard.max_change),
        node.whole("max_emptied", standard.max_emptied),
        node.whole("max_deletes", standard.max_deletes),
    )


def _percent(node: Node, key: str, default: float) -> float:
    value = node.data.get(key, default)
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?\s*%?", value.strip()):
        value = float(value.strip().rstrip("% "))
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise node.wrong(key, "a percentage such as 10%")
    return float(value)


def _every(node: Node) -> float:
    node.only(SCHEDULE, SCHEDULE_LATER)
    expected = "a time from 1s to 31d, such as 60s, 5m or 1h"
    return node.length("every", doc.EVERY, SHORTEST_INTERVAL, LONGEST_INTERVAL, expected)
