"""Calls that tell of an account's rules, and of how much of its limits is used."""

from typing import Any

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.problems import not_found
from bothways.sandbox.hubspot.rules import PROPERTIES, RECORDS, usage
from bothways.sandbox.hubspot.schema import KINDS


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
    """Answer how many records of each kind there are, and can be."""
    rows = [
        usage(kind.type_id, kind.label, ask.crm.store.count(kind.name), ask.crm.rules.most.get(kind.name, RECORDS))
        for kind in KINDS
    ]
    custom = {"byObjectType": [], "overallLimit": 0, "overallUsage": 0, "overallPercentage": 0}
    return 200, {"hubspotDefinedObjectTypes": rows, "customObjectTypes": custom}


def properties(ask: Ask) -> Answer:
    """Answer how many properties of its own each kind has, and can have."""
    rows = []
    for kind in KINDS:
        own = [each for each in ask.crm.properties[kind.name].values() if not each["hubspotDefined"]]
        rows.append(usage(kind.type_id, kind.label, sum(not each["archived"] for each in own), PROPERTIES))
    total = sum(each["usage"] for each in rows)
    most = PROPERTIES * len(rows)
    overall = {"overallLimit": most, "overallUsage": total, "overallPercentage": round(100 * total / most, 2)}
    return 200, {"byObjectType": rows, **overall}
