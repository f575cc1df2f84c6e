"""From the file to who wins a difference."""

from collections.abc import Mapping

from bothways.engine.sides import Side
from bothways.engine.spec import Wins
from bothways.errors import SettingsContradict
from bothways.service import document as doc
from bothways.service.yaml_file import Node

CONFLICTS = ("default_app", "default", "when_empty", "per_field")


def winners_of(conflicts: Node, pair: Mapping[str, Side]) -> dict[str, doc.Winner]:
    node = conflicts.node("per_field")
    return {str(name): doc.Winner(winner_of(node, name, pair), node.key_place(name)) for name in node}


def winner_of(node: Node, key: str, pair: Mapping[str, Side]) -> Side | Wins:
    """Return who wins: one of the two apps, the newest, or whom a person says."""
    word = node.choice(key, (*pair, *Wins), "")
    return pair[word] if word in pair else Wins(word)


def default_of(conflicts: Node, pair: Mapping[str, Side]) -> tuple[Side, Wins | None]:
    """Return the default app, and what goes before it; ``default`` may name the app as well."""
    side = pair[conflicts.choice("default_app", tuple(pair), next(iter(pair)))]
    if "default" not in conflicts:
        return side, None
    winner = winner_of(conflicts, "default", pair)
    if isinstance(winner, Wins):
        return side, winner
    if "default_app" in conflicts and winner is not side:
        raise SettingsContradict(where=conflicts.key_place("default"), key="default", other="default_app")
    return winner, None
