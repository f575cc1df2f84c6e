"""The pipelines of an account and their stages, which are what the properties with a record's place can hold.

Callers hold the sandbox's lock and an open transaction. [K] in a comment marks what HubSpot's documentation does not
promise.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from bothways.sandbox.hubspot.problems import BadValue, invalid_values
from bothways.sandbox.hubspot.schema import Kind
from bothways.sandbox.hubspot.store import Store

FIRST_ID = 90_000


class Stage(NamedTuple):
    """One stage: its place among those of its pipeline, and what HubSpot says of it besides. Times as of rows."""

    id: str
    label: str
    place: int
    metadata: Mapping[str, str]
    created: int = 0
    updated: int = 0


class Pipeline(NamedTuple):
    """One pipeline and its stages, both in the order in which people see them."""

    id: str
    label: str
    place: int
    created: int = 0
    stages: tuple[Stage, ...] = ()
    updated: int = 0


def _deal(id: str, label: str, place: int, probability: str) -> Stage:
    closed = str(probability in ("0.0", "1.0")).lower()
    return Stage(id, label, place, {"isClosed": closed, "probability": probability})


def _ticket(place: int, label: str, state: str = "OPEN") -> Stage:
    return Stage(str(place + 1), label, place, {"isClosed": str(state == "CLOSED").lower(), "ticketState": state})


def _lead(place: int, id: str, label: str, state: str) -> Stage:
    return Stage(id, label, place, {"isClosed": str(state in ("QUALIFIED", "UNQUALIFIED")).lower(), "leadState": state})


FIRST: Mapping[str, Pipeline] = {
    "deals": Pipeline(
        "default",
        "Sales pipeline",
        0,
        stages=(
            _deal("appointmentscheduled", "Appointment scheduled", 0, "0.2"),
            _deal("qualifiedtobuy", "Qualified to buy", 1, "0.4"),
            _deal("presentationscheduled", "Presentation scheduled", 2, "0.6"),
            _deal("decisionmakerboughtin", "Decision maker bought-in", 3, "0.8"),
            _deal("contractsent", "Contract sent", 4, "0.9"),
            _deal("closedwon", "Closed won", 5, "1.0"),
            _deal("closedlost", "Closed lost", 6, "0.0"),
        ),
    ),
    "tickets": Pipeline(
        "0",
        "Support Pipeline",
        0,
        stages=(
            _ticket(0, "New"),
            _ticket(1, "Waiting on contact"),
            _ticket(2, "Waiting on us"),
            _ticket(3, "Closed", "CLOSED"),
        ),
    ),
    "leads": Pipeline(
        "lead-pipeline-id",
        "Lead pipeline",
        0,
        stages=(
            _lead(0, "new-stage-id", "New", "NEW"),
            _lead(1, "attempting-stage-id", "Attempting", "IN_PROGRESS"),
            _lead(2, "connected-stage-id", "Connected", "IN_PROGRESS"),
            _lead(3, "qualified-stage-id", "Qualified", "QUALIFIED"),
            _lead(4, "unqualified-stage-id", "Disqualified", "UNQUALIFIED"),
        ),
    ),
}
"""The pipeline that a new account has for a kind of record. [K] Those of leads and tickets."""


def pipelines(store: Store, object: str) -> list[Pipeline]:
    """Return the pipelines of a kind of record, in the order in which people see them.

    A pipeline and all of its stages count as updated when anything of them is changed.
    """
    query = "SELECT pipeline, max(at) FROM audits WHERE object=? AND stage='' GROUP BY pipeline"
    latest: dict[str, int] = dict(store.db.execute(query, (object,)).fetchall())
    stages: dict[str, list[Stage]] = {}
    query = "SELECT pipeline, id, label, place, metadata, created FROM stages WHERE object=? ORDER BY place, label"
    for pipeline, id, label, place, metadata, created in store.db.execute(query, (object,)):
        stage = Stage(id, label, place, orjson.loads(metadata), created, max(created, latest.get(pipeline, 0)))
        stages.setdefault(pipeline, []).append(stage)
    query = "SELECT id, label, place, created FROM pipelines WHERE object=? ORDER BY place, label"
    rows = store.db.execute(query, (object,))
    return [
        Pipeline(id, label, place, created, tuple(stages.get(id, ())), max(created, latest.get(id, 0)))
        for id, label, place, created in rows.fetchall()
    ]


def add(store: Store, object: str, pipeline: Pipeline) -> str:
    """Make a pipeline with its stages; one without an id gets a new one. Returns the id."""
    insert = "INSERT INTO pipelines (object, id, label, place, created) VALUES (?, ?, ?, ?, ?)"
    row = store.db.execute(insert, (object, pipeline.id, pipeline.label, pipeline.place, pipeline.created))
    id = pipeline.id or str(FIRST_ID + (row.lastrowid or 0))
    store.db.execute("UPDATE pipelines SET id=? WHERE number=?", (id, row.lastrowid))
    for stage in pipeline.stages:
        add_stage(store, object, id, stage)
    return id


def add_stage(store: Store, object: str, pipeline: str, stage: Stage) -> str:
    """Make a stage; one without an id gets a new one. Returns the id."""
    insert = "INSERT INTO stages (object, pipeline, id, label, place, metadata, created) VALUES (?, ?, ?, ?, ?, ?, ?)"
    values = (stage.id, stage.label, stage.place, orjson.dumps(stage.metadata).decode(), stage.created)
    row = store.db.execute(insert, (object, pipeline, *values))
    id = stage.id or str(10 * FIRST_ID + (row.lastrowid or 0))
    store.db.execute("UPDATE stages SET id=? WHERE number=?", (id, row.lastrowid))
    return id


def change(store: Store, object: str, pipeline: Pipeline) -> None:
    """Change the label and the place of a pipeline; its stages stay."""
    sql = "UPDATE pipelines SET label=?, place=? WHERE object=? AND id=?"
    store.db.execute(sql, (pipeline.label, pipeline.place, object, pipeline.id))


def change_stage(store: Store, object: str, pipeline: str, stage: Stage) -> None:
    """Change the label, the place and the metadata of a stage."""
    sql = "UPDATE stages SET label=?, place=?, metadata=? WHERE object=? AND pipeline=? AND id=?"
    values = (stage.label, stage.place, orjson.dumps(stage.metadata).decode())
    store.db.execute(sql, (*values, object, pipeline, stage.id))


def remove(store: Store, object: str, pipeline: str) -> None:
    """Remove a pipeline and its stages for good."""
    store.db.execute("DELETE FROM stages WHERE object=? AND pipeline=?", (object, pipeline))
    store.db.execute("DELETE FROM pipelines WHERE object=? AND id=?", (object, pipeline))


def remove_stage(store: Store, object: str, pipeline: str, stage: str) -> None:
    """Remove a stage for good."""
    store.db.execute("DELETE FROM stages WHERE object=? AND pipeline=? AND id=?", (object, pipeline, stage))


def options(made: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return ids and labels as the options of a property."""
    return [
        {"value": value, "label": label, "displayOrder": place, "hidden": False}
        for place, (value, label) in enumerate(made)
    ]


def placed(kind: Kind, known: Sequence[Pipeline], values: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, str]:
    """Return what a record's place becomes besides what was sent; raise Refused for a stage of another pipeline.

    Without a pipeline it is the first one, and without a stage the first one of that, unless it must be sent. [K] What
    a refusal says, and that a new pipeline alone is refused. A stage of no pipeline is left to the options.
    """
    sent = any(name in values for name in (kind.stage, kind.pipeline))
    if not known or (held and not sent):
        return {}
    now = {**held, **values}
    pipeline = now.get(kind.pipeline) or known[0].id
    more = {} if now.get(kind.pipeline) else {kind.pipeline: pipeline}
    stage, there = now.get(kind.stage), {each.id: [stage.id for stage in each.stages] for each in known}
    if stage is None:
        first = there.get(pipeline) if kind.stage not in kind.demands else None
        return {**more, kind.stage: first[0]} if first else more
    owners = [id for id, stages in there.items() if stage in stages]
    if owners and pipeline not in owners:
        message = f'The stage "{stage}" is not a stage of the pipeline "{pipeline}".'
        raise invalid_values([BadValue(kind.stage, "INVALID_PIPELINE_STAGE", message)])
    return more
