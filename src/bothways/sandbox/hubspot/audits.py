"""What was changed of pipelines and their stages, and the calls that tell it."""

from collections.abc import Mapping
from typing import Any

import orjson

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.crm import Crm
from bothways.sandbox.hubspot.problems import PORTAL
from bothways.sandbox.hubspot.schema import Kind
from bothways.sandbox.hubspot.values import iso

MADE, CHANGED, REMOVED = "CREATE", "UPDATE", "DELETE"
_DEEDS = {MADE: "creation", CHANGED: "update", REMOVED: "deletion"}


def note(crm: Crm, kind: Kind, pipeline: str, action: str, shown: Mapping[str, Any], stage: str = "") -> None:
    """Write down that a pipeline, or a stage of it, was changed, and what it is since, as answers show it."""
    sql = "INSERT INTO audits (object, pipeline, stage, action, at, raw) VALUES (?, ?, ?, ?, ?, ?)"
    crm.store.db.execute(sql, (kind.name, pipeline, stage, action, crm.now, orjson.dumps(dict(shown)).decode()))


def of_pipeline(ask: Ask) -> Answer:
    """Answer what was changed of a pipeline, its stages among it, the latest first [K: nothing of one never there]."""
    return _told(ask, "Pipeline", ask.arg, "pipeline=? AND stage=''")


def of_stage(ask: Ask) -> Answer:
    """Answer what was changed of a stage, the latest first.

    [K] Whatever pipeline stands in the path: HubSpot's clients put none there.
    """
    return _told(ask, "Stage", ask.arg.partition("/")[2], "stage=?")


def _told(ask: Ask, what: str, id: str, where: str) -> Answer:
    sql = f"SELECT action, at, raw FROM audits WHERE object=? AND {where} ORDER BY number DESC"
    rows = ask.crm.store.db.execute(sql, (ask.kind.name, id))
    results = [
        {
            "portalId": PORTAL,
            "identifier": f"{PORTAL}:{id}",
            "action": action,
            "timestamp": iso(at),
            "message": f"{what} {_DEEDS[action]}",
            "rawObject": raw,
        }
        for action, at, raw in rows
    ]
    return 200, {"results": results}
