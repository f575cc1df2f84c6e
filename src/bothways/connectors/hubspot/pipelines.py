"""Pipelines and their stages: what stages are called, and what is said of one that belongs to another pipeline.

Source: HubSpot's reference of the pipelines API. HubSpot's words where a stage is refused that is none of the record's
pipeline are not documented.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bothways.connectors.base import Outcome, WriteItem, WriteResult
from bothways.connectors.hubspot.api import Api
from bothways.connectors.hubspot.objects import Kind
from bothways.errors import AppError
from bothways.records import Field, Option
from bothways.records.parse import text_of

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline: its id, its label, and the labels of its stages by their ids, in the order that people see."""

    id: str
    label: str
    stages: Mapping[str, str]


def pipelines(api: Api, kind: Kind) -> list[Pipeline]:
    """Return the pipelines of a kind of record in the order that people see, none where they may not be read."""
    return [
        Pipeline(
            str(each["id"]),
            str(each.get("label") or each["id"]),
            {str(stage["id"]): str(stage.get("label") or stage["id"]) for stage in _in_order(each.get("stages") or ())},
        )
        for each in _in_order(api.pipelines(kind.name))
    ]


def _in_order(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda each: (int(each.get("displayOrder") or 0), str(each.get("label"))))


def with_stages(api: Api, kind: Kind, fields: Sequence[Field]) -> list[Field]:
    """Return fields in which the stages of several pipelines come in their order, and no two are called the same.

    Of those with one label, each has its pipeline in front. [K] Pipelines and stages are the options of two properties
    of the record: where they are, and there is one pipeline, nothing is asked.
    """
    by_name = {each.name: each for each in fields}
    if kind.stage not in by_name or kind.pipeline not in by_name:
        return list(fields)
    if len(by_name[kind.pipeline].options) == 1 and by_name[kind.stage].options:
        return list(fields)
    known = pipelines(api, kind)
    times = Counter(label.casefold() for each in known for label in each.stages.values())
    labels = {
        id: f"{each.label}: {label}" if times[label.casefold()] > 1 else label
        for each in known
        for id, label in each.stages.items()
    }
    told = {option.key: option for option in by_name[kind.stage].options}
    options = [replace(told.get(id, Option(id)), label=label) for id, label in labels.items()]
    options += [option for key, option in told.items() if key not in labels]
    places = {
        kind.stage: tuple(options),
        kind.pipeline: by_name[kind.pipeline].options or tuple(Option(each.id, each.label) for each in known),
    }
    return [replace(each, options=places.get(each.name, each.options)) for each in fields]


def explained(api: Api, kind: Kind, items: Sequence[WriteItem], results: Sequence[WriteResult]) -> list[WriteResult]:
    """Return results in which it stands why a stage was refused that is none of the record's pipeline, of both fields.

    HubSpot is asked for pipelines only where a record was refused that was to get a stage or a pipeline.
    """
    places = {kind.stage, kind.pipeline} - {""}
    refused = {each.key for each in results if each.outcome is Outcome.REFUSED}
    asked = [item for item in items if item.key in refused and places & item.values.keys()]
    if not asked:
        return list(results)
    try:
        known = pipelines(api, kind)
        held = _held(api, kind, [item for item in asked if not places <= item.values.keys()])
    except AppError:
        return list(results)  # they are refused all the same, in HubSpot's own words
    words = {
        item.key: _words(kind, known, {**held.get(item.ref.id if item.ref else "", {}), **item.values})
        for item in asked
    }
    return [
        replace(each, fields=(kind.stage, kind.pipeline), message=words[each.key]) if words.get(each.key) else each
        for each in results
    ]


def _held(api: Api, kind: Kind, items: Sequence[WriteItem]) -> dict[str, dict[str, Any]]:
    """Return which stage and pipeline records have, of those that there are."""
    ids = sorted({item.ref.id for item in items if item.ref})
    if not ids:
        return {}
    body = {"properties": [kind.stage, kind.pipeline], "inputs": [{"id": id} for id in ids]}
    rows = api.rows(api.body(api.ask(kind.name, "batch/read", body, call="read")))
    return {str(row["id"]): dict(row.get("properties") or {}) for row in rows}


def _words(kind: Kind, known: Sequence[Pipeline], values: Mapping[str, Any]) -> str:
    """Say of which pipelines a stage and a record are; "" where they are of the same, or nothing is known of one."""
    stage = text_of(values.get(kind.stage))
    own = next((each for each in known if stage in each.stages), None)
    pipeline = text_of(values.get(kind.pipeline)) or (known[0].id if known else "")
    other = next((each for each in known if each.id == pipeline), None)
    if own is None or other is None or own is other:
        return ""
    return (
        f'the stage "{own.stages[stage]}" belongs to the pipeline "{own.label}", and the record to "{other.label}": '
        f"{kind.stage} and {kind.pipeline} must change together"
    )
