"""Calls about pipelines and their stages."""

from collections.abc import Mapping
from typing import Any

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.crm import Crm
from bothways.sandbox.hubspot.problems import Refused, not_found
from bothways.sandbox.hubspot.schema import Kind
from bothways.sandbox.hubspot.stages import Pipeline, Stage, add, add_stage
from bothways.sandbox.hubspot.values import iso


def list_all(ask: Ask) -> Answer:
    """Answer all pipelines of a kind of record."""
    return 200, {"results": [_shown(each) for each in ask.crm.pipelines[ask.kind.name]]}


def read(ask: Ask) -> Answer:
    """Answer one pipeline."""
    return 200, _shown(_found(ask))


def stages(ask: Ask) -> Answer:
    """Answer the stages of a pipeline."""
    return 200, {"results": [_stage(each) for each in _found(ask).stages]}


def read_stage(ask: Ask) -> Answer:
    """Answer one stage of a pipeline."""
    id = ask.arg.rpartition("/")[2]
    stage = next((each for each in _found(ask).stages if each.id == id), None)
    if stage is None:
        raise not_found()
    return 200, _stage(stage)


def create(ask: Ask) -> Answer:
    """Make a pipeline with its stages, which become options of the properties at once."""
    id = make(ask.crm, ask.kind, ask.body)
    return 201, _shown(next(each for each in ask.crm.pipelines[ask.kind.name] if each.id == id))


def create_stage(ask: Ask) -> Answer:
    """Make a stage."""
    pipeline = _found(ask)
    stage = _sent_stage(ask.kind, ask.body, ask.crm.now)
    _refuse_twice(stage, pipeline.stages)
    id = add_stage(ask.crm.store, ask.kind.name, pipeline.id, stage)
    ask.crm.learn(ask.kind)
    return 201, _stage(next(each for each in _found(ask).stages if each.id == id))


def make(crm: Crm, kind: Kind, body: Mapping[str, Any]) -> str:
    """Make a pipeline as a body says it and return its id; raise Refused."""
    if not kind.stage:
        raise Refused(400, f"{kind.name} have no pipelines")
    label, sent = str(body.get("label") or ""), body.get("stages")
    if not label or not isinstance(sent, list) or not sent:
        raise Refused(400, "A pipeline needs a label, a displayOrder and stages")
    if any(each.label == label for each in crm.pipelines[kind.name]):
        raise Refused(409, f'There is a pipeline with the label "{label}" already', "CONFLICT")
    made: list[Stage] = []
    for each in sent:
        stage = _sent_stage(kind, each, crm.now)
        _refuse_twice(stage, made)
        made.append(stage)
    pipeline = Pipeline("", label, _place(body), crm.now, tuple(made))
    id = add(crm.store, kind.name, pipeline)
    crm.learn(kind)
    return id


def _found(ask: Ask) -> Pipeline:
    id = ask.arg.partition("/")[0]
    found = next((each for each in ask.crm.pipelines[ask.kind.name] if each.id == id), None)
    if found is None:
        raise not_found()
    return found


def _sent_stage(kind: Kind, body: Any, now: int) -> Stage:
    if not isinstance(body, dict) or not body.get("label"):
        raise Refused(400, "A stage needs a label, a displayOrder and metadata")
    metadata = {str(name): str(value) for name, value in (body.get("metadata") or {}).items()}
    if kind.name == "deals":
        if "probability" not in metadata:
            raise Refused(400, "The stage of a deal needs a probability in its metadata")
        metadata = {"isClosed": str(float(metadata["probability"]) in (0.0, 1.0)).lower(), **metadata}
    if kind.name == "tickets":
        state = metadata.get("ticketState", "OPEN")
        metadata = {"ticketState": state, "isClosed": str(state == "CLOSED").lower(), **metadata}
    return Stage(str(body.get("stageId") or ""), str(body["label"]), _place(body), metadata, now)


def _refuse_twice(stage: Stage, others: Any) -> None:
    if any(each.label == stage.label for each in others):
        raise Refused(400, f'The stages of a pipeline have different labels, but "{stage.label}" comes twice')


def _place(body: Mapping[str, Any]) -> int:
    try:
        return int(body.get("displayOrder") or 0)
    except (TypeError, ValueError) as error:
        raise Refused(400, "displayOrder must be a number") from error


def _shown(each: Pipeline) -> dict[str, Any]:
    return {**_dates(each.created), "id": each.id, "label": each.label, "displayOrder": each.place} | {
        "archived": False,
        "stages": [_stage(stage) for stage in each.stages],
    }


def _stage(each: Stage) -> dict[str, Any]:
    shown = {"id": each.id, "label": each.label, "displayOrder": each.place, "metadata": dict(each.metadata)}
    return {**_dates(each.created), **shown, "archived": False, "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT"}


def _dates(created: int) -> dict[str, str]:
    return {"createdAt": iso(created), "updatedAt": iso(created)}
