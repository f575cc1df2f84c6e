"""Calls that tell of an account's rules, and of how much of its limits is used."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.problems import not_found
from bothways.sandbox.hubspot.rules import PROPERTIES, RECORDS, usage
from bothways.sandbox.hubspot.schema import KINDS, Kind


def rules(ask: Ask) -> Answer:
    """Answer the properties of a kind that have rules, or the rules of one property."""
    known = {name: _shown(each) for name, each in ask.crm.rules.values.get(ask.kind.name, {}).items() if each}
    if ask.arg:
        if ask.arg not in ask.crm.properties[ask.kind.name]:
            raise not_found()
        return 200, {"results": known.get(ask.arg, [])}
    return 200, {"results": [{"propertyName": name, "propertyValidationRules": each} for name, each in known.items()]}


def _shown(rules: dict[str, list[str]]) -> list[dict[str, Any]]:
    return [
        {"ruleType": type, "ruleArguments": args, "shouldApplyNormalization": False} for type, args in rules.items()
    ]


def records(ask: Ask) -> Answer:
    """Answer how many records of each kind there are, and can be; of kinds of the account's own, of all together."""
    rows = {
        kind: usage(kind.type_id, kind.label, ask.crm.store.count(kind.name), _most(ask, kind))
        for kind in ask.crm.kinds.values()
    }
    custom = [
        {name: value for name, value in row.items() if name not in ("limit", "percentage")}
        for kind, row in rows.items()
        if kind not in KINDS
    ]
    most = sum(_most(ask, kind) for kind in rows if kind not in KINDS)
    return 200, {
        "hubspotDefinedObjectTypes": [row for kind, row in rows.items() if kind in KINDS],
        "customObjectTypes": {"byObjectType": custom, **_overall(custom, most)},
    }


def _most(ask: Ask, kind: Kind) -> int:
    return ask.crm.rules.most.get(kind.name, RECORDS)


def _overall(rows: Sequence[Mapping[str, Any]], most: int) -> dict[str, Any]:
    used = sum(each["usage"] for each in rows)
    share = round(100 * used / most, 2) if most else 0
    return {"overallLimit": most, "overallUsage": used, "overallPercentage": share}


def properties(ask: Ask) -> Answer:
    """Answer how many properties of its own each kind has, and can have."""
    rows = []
    for kind in ask.crm.kinds.values():
        own = [each for each in ask.crm.properties[kind.name].values() if not each["hubspotDefined"]]
        rows.append(usage(kind.type_id, kind.label, sum(not each["archived"] for each in own), PROPERTIES))
    return 200, {"byObjectType": rows, **_overall(rows, PROPERTIES * len(rows))}
