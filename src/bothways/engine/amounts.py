"""Amounts of money: one goes nowhere without its currency, in which it would be another amount."""

from collections.abc import Sequence

from bothways.engine.field_state import FieldDecision
from bothways.engine.rules import because
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec

AMOUNT, CURRENCY = "price", "priceCurrency"
"""The meanings of the two fields."""


def with_currency(spec: SyncSpec, decisions: Sequence[FieldDecision]) -> tuple[FieldDecision, ...]:
    """Return field decisions in which an amount is held as long as its currency is, unless a person has decided it."""
    currency = next((each.mapping for each in decisions if each.hold and _means(each.mapping, CURRENCY)), None)
    if currency is None:
        return tuple(decisions)
    return tuple(
        _held(spec, each, each.write, currency)
        if each.write and each.rule != "FD" and _means(each.mapping, AMOUNT)
        else each
        for each in decisions
    )


def _means(mapping: FieldMap, meaning: str) -> bool:
    return any(mapping.on(side).meaning == meaning for side in SIDES)


def _held(spec: SyncSpec, decision: FieldDecision, side: Side, currency: FieldMap) -> FieldDecision:
    text = because("F6", app=spec.apps[side], message=f"it waits for {currency.on(side).title}")
    return FieldDecision(decision.mapping, "F6", text, hold=text)
