"""Calls about pipelines and their stages. What is deleted is gone: nothing restores it [C]."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.sandbox.hubspot import audits, stages, staging
from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.audits import CHANGED, MADE, REMOVED, note
from bothways.sandbox.hubspot.crm import Crm
from bothways.sandbox.hubspot.problems import Refused, not_found
from bothways.sandbox.hubspot.rules import is_since
from bothways.sandbox.hubspot.schema import Kind
from bothways.sandbox.hubspot.stages import Pipeline, Stage
from bothways.sandbox.hubspot.values import iso

audit, audit_of_stage = audits.of_pipeline, audits.of_stage


def list_all(ask: Ask) -> Answer:
    """Answer all pipelines of a kind of record."""
    return 200, {"results": [_shown(each) for each in ask.crm.pipelines[ask.kind.name]]}


def read(ask: Ask) -> Answer:
    """Answer one pipeline."""
    return 200, _shown(_asked(ask))


def create(ask: Ask) -> Answer:
    """Make a pipeline with its stages, which become options of the properties at once."""
    id = make(ask.crm, ask.kind, ask.body)
    return 201, _shown(_of(ask.crm, ask.kind, id))


def update(ask: Ask) -> Answer:
    """Change the label or the place of a pipeline."""
    held, body = _asked(ask), ask.body
    if body.get("archived") is not None:
        raise Refused(400, "archived is only for restoring an archived pipeline")
    label = str(body.get("label") or held.label)
    _refuse_label(ask.crm, ask.kind, label, held.id)
    stages.change(ask.crm.store, ask.kind.name, held._replace(label=label, place=staging.place_of(body, held.place)))
    return 200, _noted(ask, held.id)


def replace(ask: Ask) -> Answer:
    """Put a pipeline in the place of one: stages whose ids it names stay, the others that there were are deleted."""
    held = _asked(ask)
    label, sent = _label_and_stages(ask.body)
    _refuse_label(ask.crm, ask.kind, label, held.id)
    there = {each.id: each for each in held.stages}
    made = []
    for each in sent:
        stage = staging.made(ask.kind, each, ask.crm.now)
        made.append(stage._replace(created=there[stage.id].created) if stage.id in there else stage)
    staging.check(ask.kind, made, alone=False)
    _refuse_ids(ask.crm, ask.kind, [each for each in made if each.id not in there])
    kept = {each.id for each in made}
    _refuse_used(ask, [id for id in there if id not in kept])
    place = staging.place_of(ask.body, held.place)
    stages.remove(ask.crm.store, ask.kind.name, held.id)
    whole = held._replace(label=label, place=place, stages=tuple(staging.in_order(made)))
    stages.add(ask.crm.store, ask.kind.name, whole)
    return 200, _noted(ask, held.id)


def delete(ask: Ask) -> Answer:
    """Delete a pipeline, unless records are in it."""
    held = _asked(ask)
    _refuse_used(ask, [each.id for each in held.stages])
    stages.remove(ask.crm.store, ask.kind.name, held.id)
    note(ask.crm, ask.kind, held.id, REMOVED, _shown(held))
    ask.crm.learn(ask.kind)
    return 204, None


def list_stages(ask: Ask) -> Answer:
    """Answer the stages of a pipeline."""
    return 200, {"results": [_stage(each) for each in _asked(ask).stages]}


def read_stage(ask: Ask) -> Answer:
    """Answer one stage of a pipeline."""
    return 200, _stage(_asked_stage(ask))


def create_stage(ask: Ask) -> Answer:
    """Make a stage."""
    pipeline = _asked(ask)
    stage = staging.made(ask.kind, ask.body, ask.crm.now)
    _refuse_ids(ask.crm, ask.kind, [stage], alone=True)
    id = stages.add_stage(ask.crm.store, ask.kind.name, pipeline.id, stage)
    return 201, _put(ask, pipeline, stage._replace(id=id), MADE)


def update_stage(ask: Ask) -> Answer:
    """Change what is said of a stage; metadata that is not said stays."""
    held, body = _asked_stage(ask), ask.body
    if body.get("archived") is not None:
        raise Refused(400, "archived is not for changing a stage")  # [K]
    return 200, _put(ask, _asked(ask), staging.changed(ask.kind, held, body), CHANGED)


def replace_stage(ask: Ask) -> Answer:
    """Put what is said in the place of what a stage is; metadata that is not said stays [C]."""
    held, body = _asked_stage(ask), ask.body
    if not body.get("label"):
        raise Refused(400, "A stage needs a label, a displayOrder and metadata")
    return 200, _put(ask, _asked(ask), staging.changed(ask.kind, held, body), CHANGED)


def delete_stage(ask: Ask) -> Answer:
    """Delete a stage, unless records are in it; one that is not there is passed over [C]."""
    pipeline, _, id = ask.arg.partition("/")
    held = next((each for each in ask.crm.pipelines[ask.kind.name] if each.id == pipeline), None)
    stage = next((each for each in held.stages if each.id == id), None) if held else None
    if held is None or stage is None:
        return 204, None
    staging.check(ask.kind, [each for each in held.stages if each.id != id], alone=True)
    _refuse_used(ask, [id])
    stages.remove_stage(ask.crm.store, ask.kind.name, held.id, id)
    note(ask.crm, ask.kind, held.id, REMOVED, _stage(stage), id)
    _noted(ask, held.id)
    return 204, None


def make(crm: Crm, kind: Kind, body: Mapping[str, Any]) -> str:
    """Make a pipeline as a body says it and return its id; raise Refused."""
    if not kind.stage:
        raise Refused(400, f"{kind.name} have no pipelines")
    label, sent = _label_and_stages(body)
    _refuse_label(crm, kind, label)
    id = str(body.get("pipelineId") or "")
    if any(each.id == id for each in crm.pipelines[kind.name]):
        raise Refused(400, f"There's another pipeline of {kind.name} with pipelineId {id}")
    made = [staging.made(kind, each, crm.now) for each in sent]
    staging.check(kind, made, alone=False)
    _refuse_ids(crm, kind, made)
    pipeline = Pipeline(id, label, staging.place_of(body, 0), crm.now, tuple(staging.in_order(made)))
    id = stages.add(crm.store, kind.name, pipeline)
    crm.learn(kind)
    note(crm, kind, id, MADE, _shown(_of(crm, kind, id)))
    return id


def _label_and_stages(body: Mapping[str, Any]) -> tuple[str, Sequence[Any]]:
    label, sent = str(body.get("label") or ""), body.get("stages")
    if not label:
        raise Refused(400, "A pipeline needs a label, a displayOrder and stages")
    if not isinstance(sent, list) or not sent:
        raise Refused(400, "Pipeline must have at least one stage")
    return label, sent


def _put(ask: Ask, pipeline: Pipeline, stage: Stage, action: str) -> dict[str, Any]:
    """Put a stage among those of its pipeline, and return it as answers show it; raise Refused."""
    whole = staging.placed_among(pipeline.stages, stage)
    staging.check(ask.kind, whole, alone=True)
    for each in whole:
        stages.change_stage(ask.crm.store, ask.kind.name, pipeline.id, each)
    _noted(ask, pipeline.id)
    shown = _stage(next(each for each in _of(ask.crm, ask.kind, pipeline.id).stages if each.id == stage.id))
    note(ask.crm, ask.kind, pipeline.id, action, shown, stage.id)
    return shown


def _noted(ask: Ask, id: str) -> dict[str, Any]:
    """Write down that a pipeline was changed, have the properties offer it as it is now, and return it as shown."""
    now = next(each for each in stages.pipelines(ask.crm.store, ask.kind.name) if each.id == id)
    note(ask.crm, ask.kind, id, CHANGED, _shown(now))
    ask.crm.learn(ask.kind)
    return _shown(_of(ask.crm, ask.kind, id))


def _of(crm: Crm, kind: Kind, id: str) -> Pipeline:
    found = next((each for each in crm.pipelines[kind.name] if each.id == id), None)
    if found is None:
        raise not_found()
    return found


def _asked(ask: Ask) -> Pipeline:
    return _of(ask.crm, ask.kind, ask.arg.partition("/")[0])


def _asked_stage(ask: Ask) -> Stage:
    id = ask.arg.partition("/")[2]
    stage = next((each for each in _asked(ask).stages if each.id == id), None)
    if stage is None:
        raise not_found()
    return stage


def _refuse_label(crm: Crm, kind: Kind, label: str, own: str = "") -> None:
    if any(each.label.casefold() == label.casefold() and each.id != own for each in crm.pipelines[kind.name]):
        raise Refused(400, f'An active pipeline with label "{label}" already exists')


def _refuse_ids(crm: Crm, kind: Kind, made: Sequence[Stage], *, alone: bool = False) -> None:
    """Raise Refused if another stage of the kind of record has an id of these, which are unique in it."""
    there = {stage.id: each.label for each in crm.pipelines[kind.name] for stage in each.stages}
    for each in made:
        if each.id and each.id in there:
            message = f'The pipeline "{there[each.id]}" is already using stage id {each.id}'
            sub = "PipelineError.STAGE_ID_EXISTS_IN_ANOTHER_PIPELINE"
            raise Refused(400, message) if alone else Refused(409, message, "CONFLICT", sub=sub)


def _refuse_used(ask: Ask, ids: Sequence[str]) -> None:
    """Raise Refused if records are in one of these stages, by version 2026-09 unless the query says not to look."""
    flag = "validateDealStageUsagesBeforeDelete" if ask.kind.name == "deals" else "validateReferencesBeforeDelete"
    if not ids or (ask.first(flag) or str(is_since(ask.here))).lower() != "true":
        return
    found = ask.crm.store.holding(ask.kind.name, ask.kind.stage, ids)
    if found:
        named, records = f"[{', '.join(ids)}]", f"[{', '.join(map(str, found))}]"
        message = f"Stage IDs: {named} are being referenced by object IDs: {records}"
        context = {"stageIds": [named], "objectIds": [records]}
        raise Refused(400, message, context=context, sub="PipelineError.STAGE_ID_IN_USE")


def _shown(each: Pipeline) -> dict[str, Any]:
    return {**_dates(each), "id": each.id, "label": each.label, "displayOrder": each.place} | {
        "archived": False,
        "stages": [_stage(stage) for stage in each.stages],
    }


def _stage(each: Stage) -> dict[str, Any]:
    shown = {"id": each.id, "label": each.label, "displayOrder": each.place, "metadata": dict(each.metadata)}
    return {**_dates(each), **shown, "archived": False, "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT"}


def _dates(each: Pipeline | Stage) -> dict[str, str]:
    return {"createdAt": iso(each.created), "updatedAt": iso(max(each.created, each.updated))}
