"""What there is to know of a draft whose fields are edited: its rows, the fields of both apps, and what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap
from bothways.errors import AppError, DraftChanged, SettingsError, UnknownMapping
from bothways.service import drafts
from bothways.service.document import NONE, FieldDocument, SyncDocument
from bothways.service.door import Schema
from bothways.service.draft_rows import BOTH, Row
from bothways.service.names import with_addresses
from bothways.service.reading_fields import field_of
from bothways.service.resolution import Resolution, asked
from bothways.service.spec import default_maps, fitting
from bothways.service.views import DraftView, ProblemView
from bothways.service.workspace import Workspace
from bothways.service.yaml_file import node_of

R = TypeVar("R")

KEPT = ("state", "objects", "conflicts", "fields", "associations", "set")
"""What of a draft says something of its fields; filters and match rules have steps of their own."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A draft seen by its fields. ``document`` says nothing that may be wrong: objects, directions, no mappings."""

    draft: DraftView
    document: SyncDocument
    schema: Schema

    @property
    def written(self) -> bool:
        """Whether the draft names its mappings."""
        return self.draft.settings.get("fields") is not None

    @property
    def rows(self) -> list[Row]:
        """The mappings as the file has them, or would have those of the same meaning."""
        if self.written:
            return list(self.draft.settings["fields"])
        return [self.as_row(each) for each in default_maps(self.document, self.schema)]

    def as_row(self, each: FieldMap) -> Row:
        """Return a mapping that nobody wrote as the file would have it."""
        names = {self.document.apps[side]: each.on(side).name for side in SIDES}
        return names if each.direction is Direction.BOTH else {**names, "direction": self.way(each.direction)}

    def way(self, direction: Direction) -> str:
        """Return a direction in the words of the file."""
        side = next((side for side in SIDES if direction is not Direction.BOTH and direction.writes(side)), None)
        return f"to_{self.document.apps[side]}" if side else BOTH

    def side(self, app: str) -> Side:
        """Return the side of an app."""
        return next(side for side in SIDES if self.document.apps[side] == app)

    def numbered(self, number: int) -> Row:
        """Return a row by its number, from 1; raise UnknownMapping."""
        return row_at(self.rows, number)

    def read(self, row: Row) -> FieldDocument | None:
        """Return a row as the file is read, None if it cannot be."""
        try:
            return field_of(node_of(row, drafts.FILE), self.document.apps)
        except SettingsError:
            return None

    def beside(self, number: int) -> list[FieldDocument]:
        """Return the other rows, as far as they can be read."""
        others = (self.read(row) for place, row in enumerate(self.rows, 1) if place != number)
        return [each for each in others if each is not None]

    def sound(self, documents: Sequence[FieldDocument]) -> list[FieldMap]:
        """Return rows made exact, as far as they can be."""
        found = []
        for each in documents:
            try:
                found.append(fitting(replace(self.document, fields=(each,)), each, self.schema))
            except SettingsError:
                continue
        return found


@dataclass(frozen=True, slots=True)
class Looked:
    """A draft looked at with both apps, or why they cannot be asked: then there is ``trouble``, and no sight."""

    draft: DraftView
    sight: Sight | None
    problems: Sequence[ProblemView] = ()
    exact: Resolution | None = None
    trouble: AppError | SettingsError | None = None


Whole = tuple[Resolution | None, Sequence[ProblemView]]
"""What ``drafts.sound_part`` answers of a draft."""


def look_at(workspace: Workspace, id: int, whole: Whole | None = None) -> Looked:
    """Return a draft with what both apps tell of it, and what is wrong with its fields; raise UnknownDraft.

    ``whole``: what is known already of all of it, so that it is not checked again, unless that ended before the fields.
    """
    draft = drafts.draft(workspace, id)
    try:
        sight = sight_of(workspace, draft)
        if whole is not None and whole[0] is not None:
            return Looked(draft, sight, [each for each in whole[1] if each.part in KEPT], whole[0])
        return Looked(draft, sight, *wrong_in(workspace, draft))
    except (AppError, SettingsError) as trouble:
        return Looked(draft, None, trouble=trouble)


def sight_of(workspace: Workspace, draft: DraftView) -> Sight:
    """Ask both apps for their fields, if they have not told them lately; raise what keeps them from being asked."""
    try:
        document = drafts.edited(workspace, draft.name, _bare(draft.settings)).sync(draft.name)
        seen = replace(document, fields=None if draft.settings.get("fields") is None else ())
        apps, schema = asked(workspace, seen)
        known = with_addresses(schema, lambda side, object: apps[side].fields(object, workspace.clock()))
        return Sight(draft, seen, known)
    except SettingsError as error:
        error.where = ""  # a line of a file that nobody sees
        raise


def wrong_in(workspace: Workspace, draft: DraftView) -> tuple[list[ProblemView], Resolution | None]:
    """Return what is wrong with the fields of a draft, and all that is right made exact, None where nothing is."""
    settings = draft.settings
    entry = {part: settings[part] for part in KEPT if part in settings}
    return drafts.checked(workspace, draft.name, {**_bare(settings), **entry})


def draft_of(workspace: Workspace, id: int, version: int) -> DraftView:
    """Return a draft that is about to be changed; raise DraftChanged if it is newer than what was looked at."""
    found = drafts.draft(workspace, id)
    if found.version != version:
        raise DraftChanged(name=found.name, who=found.author)
    return found


def row_at(rows: Sequence[R], number: int) -> R:
    """Return a row by its number, from 1; raise UnknownMapping."""
    if not 0 < number <= len(rows):
        raise UnknownMapping(row=number)
    return rows[number - 1]


def _bare(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a draft every other part needs: without filters, for which apps would be asked for their lists."""
    send = settings.get("send") or {}
    return {
        "objects": settings["objects"],
        "send": {app: NONE if send.get(app) == NONE else "all" for app in settings["objects"]},
        "match": NONE,
    }
