"""What a stage becomes that is sent for a pipeline: its metadata, its label and its place.

[C] Read by others on an account with version 2026-09: the codes and sentences of refusals, the form in which a
probability is kept, that unknown metadata is dropped, and what becomes of a place that is taken.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.schema import Kind
from bothways.sandbox.hubspot.stages import Stage

LAST_PLACE = 2**31 - 1
_STATES = ("OPEN", "CLOSED")
_STATE_OF = {"tickets": "ticketState", "leads": "leadState"}
"""The metadata with what a stage stands for; "state" for kinds of the account's own."""


def made(kind: Kind, body: Any, now: int) -> Stage:
    """Return a new stage as a body says it; raise Refused."""
    if not isinstance(body, Mapping) or not body.get("label"):
        raise Refused(400, "A stage needs a label, a displayOrder and metadata")
    metadata = metadata_of(kind, body.get("metadata") or {}, {})
    return Stage(str(body.get("stageId") or ""), str(body["label"]), place_of(body, 0), metadata, now)


def changed(kind: Kind, stage: Stage, body: Mapping[str, Any]) -> Stage:
    """Return a stage with what a body says anew of it; raise Refused."""
    metadata = metadata_of(kind, body.get("metadata") or {}, stage.metadata)
    label = str(body["label"]) if body.get("label") else stage.label
    return stage._replace(label=label, place=place_of(body, stage.place), metadata=metadata)


def place_of(body: Mapping[str, Any], held: int) -> int:
    """Return the place that a body gives to a pipeline or a stage; raise Refused."""
    try:
        place = held if body.get("displayOrder") is None else int(body["displayOrder"])
    except (TypeError, ValueError) as error:
        raise Refused(400, "displayOrder must be a number") from error
    if place < 0:
        raise Refused(400, "displayOrder must not be negative")
    if place > LAST_PLACE:
        raise Refused(400, f"displayOrder must be at most {LAST_PLACE}")
    return place


def metadata_of(kind: Kind, sent: Mapping[str, Any], held: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata of a stage, of which what is not sent stays; raise Refused."""
    if kind.name == "deals":
        return _of_deal(sent.get("probability", held.get("probability")))
    name = _STATE_OF.get(kind.name, "state")
    if kind.name == "leads":
        state = str(sent.get(name) or held.get(name) or "NEW")
        return {"isClosed": _said(state in ("QUALIFIED", "UNQUALIFIED")), name: state}
    state = str(sent.get(name) or held.get(name) or "OPEN")
    if state not in _STATES:
        raise _wrong(f"{name} must be one of {', '.join(_STATES)}", "INVALID_PIPELINE_STAGE_METADATA")
    return {"isClosed": _said(state == "CLOSED"), name: state}


def _of_deal(sent: Any) -> dict[str, str]:
    if sent is None:
        raise Refused(400, "must specify probability when writing a dealstage")
    try:
        probability = float(sent)
    except (TypeError, ValueError) as error:
        raise Refused(400, "probability must be a number") from error
    if not 0 <= probability <= 1:
        raise Refused(400, "probability must be between 0.0 and 1.0")
    return {"isClosed": _said(probability in (0.0, 1.0)), "probability": str(probability)}


def _said(truth: bool) -> str:
    return str(truth).lower()


def _wrong(message: str, sub: str) -> Refused:
    return Refused(400, message, sub=f"PipelineError.{sub}" if sub else "")


def check(kind: Kind, stages: Sequence[Stage], *, alone: bool) -> None:
    """Raise Refused if a pipeline cannot have these stages; ``alone``: one of them is what was sent."""
    if not stages:
        raise Refused(400, "Pipeline must have at least one stage")
    labels = [each.label.strip().casefold() for each in stages]
    twice = next((each.label for each in stages if labels.count(each.label.strip().casefold()) > 1), None)
    if twice is not None:
        message = f'The stages of a pipeline have different labels, but "{twice}" comes twice'
        raise _wrong(message, "STAGE_LABEL_EXISTS" if alone else "")
    if kind.name == "tickets" and not any(each.metadata["ticketState"] == "CLOSED" for each in stages):
        raise _wrong("A ticket pipeline needs a stage that is CLOSED", "MISSING_CLOSED_STAGE")


def in_order(stages: Sequence[Stage]) -> list[Stage]:
    """Return stages by their places; where two were sent for one place, in the order of sending and counted anew."""
    ordered = sorted(stages, key=lambda each: each.place)
    return ordered if len({each.place for each in stages}) == len(stages) else _counted(ordered)


def placed_among(stages: Sequence[Stage], stage: Stage) -> list[Stage]:
    """Return a pipeline's stages with one that is new or changed; at a place that is taken, it comes next to that."""
    others = sorted((each for each in stages if each.id != stage.id), key=lambda each: each.place)
    taken = any(each.place == stage.place for each in others)
    before = [each for each in others if each.place <= stage.place]
    whole = [*before, stage, *others[len(before) :]]
    return _counted(whole) if taken else whole


def _counted(stages: Sequence[Stage]) -> list[Stage]:
    return [each._replace(place=number) for number, each in enumerate(stages)]
