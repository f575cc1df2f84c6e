"""From the file to the mappings of a sync, its associations and its constants."""

from collections.abc import Iterator, Mapping, Sequence

from bothways.engine.sides import Side
from bothways.engine.spec import Occasion, Only, When
from bothways.errors import SettingsContradict, WrongType
from bothways.records import CASES, CLEANERS, Unpaired
from bothways.service import document as doc
from bothways.service.document import AssociationDocument, FieldDocument, SetDocument, TagDocument
from bothways.service.reading_apps import only_apps
from bothways.service.reading_conflicts import winner_of
from bothways.service.yaml_file import Node, kind_of, shown

ONLY = tuple(doc.ONLY_KEYS.values())
FIELD = ("direction", "winner", "when_empty", "enabled", *ONLY, "clean", "values", "other", "consent")
ASSOCIATION = ("sync", "direction", "enabled", "labels")
CONSTANT = ("field", "value", "when")
TAG = ("field", "value")


def _names_of_fields(node: Node, sides: Mapping[Side, str], known: Sequence[str]) -> dict[Side, str]:
    node.only((*sides.values(), *known))
    for app in sides.values():
        node.need(app, "Name a field of each app.")
    return {side: node.text(app) for side, app in sides.items()}


def field_of(node: Node, sides: Mapping[Side, str]) -> FieldDocument:
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
        _pairs(node, "values"),
        other,
        defaults,
        {key: node.value_place(key) for key in node},
        _clean(node),
        winner_of(node, "winner", {app: side for side, app in sides.items()}) if "winner" in node else None,
        _consent(node, sides),
    )


def associations_of(node: Node, sides: Mapping[Side, str]) -> tuple[AssociationDocument, ...] | None:
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
        _pairs(node, "labels"),
        node.value_place("labels") if "labels" in node else node.place,
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


def _pairs(node: Node, key: str) -> tuple[tuple[str, str], ...] | None:
    """Return paired options or labels as written, those of the first app first; a number must be quoted."""
    if node.data.get(key) is None:
        return None
    pairs = node.node(key)
    for each in pairs:
        if not isinstance(each, str):
            where = pairs.key_place(each)
            raise WrongType(where=where, key=str(each), expected="text (in quotes)", got=kind_of(each))
    return tuple((each, pairs.text(each)) for each in pairs)


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


def constants_of(node: Node, pair: Mapping[str, Side]) -> Iterator[SetDocument]:
    """Yield the constants of both apps as written."""
    if node.data.get("set") is None:
        return
    apps = node.node("set")
    only_apps(apps, pair)
    for app in (app for app in pair if app in apps):
        for each in apps.nodes(app):
            each.only(CONSTANT)
            for key in ("field", "value"):
                each.need(key, "Such as: {field: source, value: sync, when: created}")
            when = When(each.choice("when", tuple(When), When.CREATED))
            yield SetDocument(pair[app], each.text("field"), _value(each), when, each.place)


def _value(node: Node) -> str | int | float | bool:
    """Return the value that is to be written to a field."""
    value = node.data["value"]
    if not isinstance(value, str | int | float | bool) or not str(value).strip():
        raise node.wrong("value", "text, a number, true or false")
    return str(value) if isinstance(value, str) else value


def tag_of(node: Node, key: str, side: Side, occasion: Occasion) -> TagDocument:
    """Return the tag under a key."""
    tag = node.node(key)
    tag.only(TAG)
    for each in TAG:
        tag.need(each, "Such as: {field: state, value: left}")
    return TagDocument(side, tag.text("field"), _value(tag), occasion, node.value_place(key))
