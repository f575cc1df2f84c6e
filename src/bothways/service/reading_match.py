"""From the file to the match rules of a sync."""

from collections.abc import Mapping

from bothways.engine.keys import NORMAL_FORMS
from bothways.engine.sides import Side
from bothways.errors import SettingsError, WrongType
from bothways.service import document as doc
from bothways.service.document import MatchDocument
from bothways.service.yaml_file import Node


def matches_of(node: Node, sides: Mapping[Side, str]) -> tuple[MatchDocument, ...] | str:
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
