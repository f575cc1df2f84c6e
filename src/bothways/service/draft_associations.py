"""The associations of a draft: those that it names, and those that both apps and another sync would allow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bothways.engine.sides import SIDES
from bothways.records import Field
from bothways.service import drafts
from bothways.service.associations import SWITCHED_OFF, Association, associations_of
from bothways.service.database import on_database
from bothways.service.draft_fields import ways_of
from bothways.service.draft_rows import BOTH, Row, switched
from bothways.service.draft_sight import Sight, Whole, draft_of, look_at, row_at, sight_of
from bothways.service.draft_words import in_words
from bothways.service.resolution import Resolution
from bothways.service.rights import Role, for_role
from bothways.service.views import AssociationRow, DraftAssociations, DraftView, ProblemView
from bothways.service.workspace import Workspace


@on_database
@for_role(Role.VIEWER)
def associations(workspace: Workspace, id: int, whole: Whole | None = None) -> DraftAssociations:
    """Return the associations of a draft and those that it could have; raise UnknownDraft.

    ``whole``: what is known already to be wrong with the draft, as for ``look_at``.
    """
    looked = look_at(workspace, id, whole)
    if looked.sight is None:
        return DraftAssociations(looked.draft, tuple(_unread(looked.draft)), looked.trouble)
    return DraftAssociations(looked.draft, tuple(_rows(workspace, looked.sight, looked.problems, looked.exact)))


@on_database
@for_role(Role.EDITOR)
def switch(workspace: Workspace, id: int, version: int, number: int, on: bool) -> DraftView:
    """Turn an association on or off; with the first change all of them are written into the draft.

    Raises DraftChanged, UnknownMapping, and whatever keeps the apps from being asked.
    """
    draft = draft_of(workspace, id, version)
    sight = sight_of(workspace, draft)
    written = list[Row](draft.settings.get("associations") or ())
    could = [_as_row(sight, each) for each in _possible(workspace, sight, written)]
    row = row_at([*written, *could], number)
    if draft.settings.get("associations") is None:
        new = [switched(each, on) if place == number else each for place, each in enumerate(could, 1)]
    elif number <= len(written):
        new = [switched(each, on) if place == number else each for place, each in enumerate(written, 1)]
    else:
        new = [*written, row] if on else written
    return drafts.change(workspace, id, version, associations=new)


def _possible(workspace: Workspace, sight: Sight, written: Sequence[Row]) -> list[Association]:
    """Return the associations that are there without a doubt, and whose fields the draft does not name."""
    document = replace(sight.document, associations=None)
    found = associations_of(
        document, sight.schema, workspace.document.syncs.values(), {side: _by_name(sight) for side in SIDES}
    )
    used = {side: {row.get(document.apps[side]) for row in written} for side in SIDES}
    return [each for each in found if not any(each.mapping.on(side).name in used[side] for side in SIDES)]


def _by_name(sight: Sight) -> set[str]:
    """Return the references that are mapped by the name of what they refer to."""
    names = (row.get(app, "") for row in sight.rows for app in sight.draft.apps if row.get("enabled", True))
    return {name.partition(" > ")[0] for name in names if " > " in name}


def _as_row(sight: Sight, each: Association) -> Row:
    return {**sight.as_row(each.mapping), "sync": each.mapping.through}


def _rows(
    workspace: Workspace, sight: Sight, problems: Sequence[ProblemView], exact: Resolution | None
) -> Iterator[AssociationRow]:
    draft = sight.draft
    written = list[Row](draft.settings.get("associations") or ())
    sound = {_names(sight, each): each for each in (exact.resolved.associations if exact else ())}
    wrong = {each.item: each for each in problems if each.part == "associations"}
    for number, row in enumerate(written, 1):
        names = tuple(row.get(app, "") for app in draft.apps)
        labels = {app: _title(sight, app, row.get(app, "")) for app in draft.apps}
        problem = wrong.get(number - 1)
        words = in_words(problem, labels, ways_of(draft.apps), None) if problem else ""
        yield _row(sight, number, row, sound.get(names), row.get("enabled", True), words)
    unwritten = draft.settings.get("associations") is None
    for number, each in enumerate(_possible(workspace, sight, written), len(written) + 1):
        yield _row(sight, number, _as_row(sight, each), each, unwritten)


def _row(sight: Sight, number: int, row: Row, sound: Association | None, on: bool, problem: str = "") -> AssociationRow:
    apps = sight.draft.apps
    labels = sound.labels if sound else ()
    why_off = sound.why_off if sound and sound.why_off != SWITCHED_OFF else ""
    return AssociationRow(
        number,
        {app: row.get(app, "") for app in apps},
        {app: _title(sight, app, row.get(app, "")) for app in apps},
        row.get("direction", BOTH),
        sound.mapping.through if sound else row.get("sync", ""),
        on,
        why_off,
        tuple({sight.document.apps[side]: each.on(side).title for side in SIDES} for each in labels),
        problem,
    )


def _names(sight: Sight, each: Association) -> tuple[str, ...]:
    return tuple(each.mapping.on(sight.side(app)).name for app in sight.draft.apps)


def _title(sight: Sight, app: str, name: str) -> str:
    field: Field | None = sight.schema[sight.side(app)].get(name)
    return field.title if field else name


def _unread(draft: DraftView) -> Iterator[AssociationRow]:
    written: Sequence[Mapping[str, Any]] = draft.settings.get("associations") or ()
    for number, row in enumerate(written, 1):
        names = {app: row.get(app, "") for app in draft.apps}
        yield AssociationRow(
            number, names, names, row.get("direction", BOTH), row.get("sync", ""), row.get("enabled", True)
        )
