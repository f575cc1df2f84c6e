"""Every rule that decides is explained, and every explanation can be told."""

import re
from string import Formatter

import pytest

from bothways.engine import brakes, fields, plan, table
from bothways.engine.rules import RULES, because

FACTS = {"app", "match", "reason", "message", "source", "target"}
"""The words that the sentences may be filled with."""


def placeholders(rule: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(RULES[rule].because) if name}


def test_rules_are_all_different_and_known_by_their_ids() -> None:
    assert all(rule.id == id for id, rule in RULES.items())
    for part in ("situation", "action", "because"):
        assert all(getattr(rule, part).strip() for rule in RULES.values()), part
    situations = [rule.situation for rule in RULES.values()]
    assert len(set(situations)) == len(situations)


def test_architecture_s_rows_are_there() -> None:
    records = {f"R{number}" for number in (*range(14), 16, 17)} | {"R0c", "R4d", "R4e", "R4w", "R9r"}
    assert set(RULES) == records | {
        "FA",
        "FN",
        "F0",
        "F1",
        "F2",
        "F2'",
        "F3",
        "F3b",
        "F4",
        "F5",
        "F6",
        "FC",
        "FD",
        "FK",
        "FL",
        "FO",
        "FE",
        "FM",
        "FV",
        "FS",
    }


@pytest.mark.parametrize("module", [fields, plan, table, brakes])
def test_every_rule_named_in_the_code_is_explained(module: object) -> None:
    with open(str(module.__file__), encoding="utf-8") as source:  # type: ignore[attr-defined]
        named = set(re.findall(r"\"((?:R\d+[a-z]?|F\d'?b?|F[A-Z]))\"", source.read()))
    assert named <= set(RULES)
    assert named or module is brakes


@pytest.mark.parametrize("rule", RULES)
def test_every_reason_can_be_filled(rule: str) -> None:
    assert placeholders(rule) <= FACTS
    told = because(rule, **{name: f"<{name}>" for name in placeholders(rule)})
    assert "{" not in told
    assert all(f"<{name}>" in told for name in placeholders(rule))


def test_reason_that_lacks_a_fact_is_refused_rather_than_told_half() -> None:
    with pytest.raises(KeyError):
        because("F3")
