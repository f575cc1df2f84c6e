"""The mappings of a draft, edited one at a time: shown with what is wrong, chosen among what fits, changed and removed.

A draft that names none shows those of the same meaning; with the first change they are written into it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap
from bothways.errors import (
    ConsentOfOne,
    FieldMappedTwice,
    MissingKey,
    RequiredFieldNotMapped,
    SettingsError,
    UnknownApp,
    WrongType,
)
from bothways.records import CLEANERS, Field, recipe_of, suggest
from bothways.service import drafts
from bothways.service.database import on_database
from bothways.service.document import FieldDocument
from bothways.service.draft_rows import (
    BOTH,
    Row,
    consent_of,
    only_of,
    switched,
    with_direction,
    with_field,
    with_options,
)
from bothways.service.draft_sight import Sight, Whole, draft_of, look_at, row_at, sight_of
from bothways.service.draft_words import in_short, in_words, unfinished
from bothways.service.pairing import are_pairable
from bothways.service.resolution import Resolution
from bothways.service.rights import Role, for_role
from bothways.service.spec import default_maps, fitting
from bothways.service.views import DraftFields, DraftView, MappingRow, OptionsView, OptionView, ProblemView
from bothways.service.workspace import Workspace

MOST = 100
"""Fields that are offered at once."""

Labels = Mapping[str, str]


# --- looking ------------------------------------------------------------------------------------------


@on_database
@for_role(Role.VIEWER)
def fields(workspace: Workspace, id: int, whole: Whole | None = None) -> DraftFields:
    """Return the mappings of a draft, all that is wrong with them, and what could be mapped; raise UnknownDraft.

    ``whole``: what is known already to be wrong with the draft, as for ``look_at``.
    """
    looked = look_at(workspace, id, whole)
    draft, sight = looked.draft, looked.sight
    if sight is None:
        written = draft.settings.get("fields") is not None
        return DraftFields(draft, tuple(_unread_rows(draft)), written, trouble=looked.trouble)
    lacking = tuple(each.message for each in looked.problems if each.code == RequiredFieldNotMapped.code)
    suggested = tuple(_names(draft, *(each.on(side).title for side in SIDES)) for each in _unmapped(sight))
    return DraftFields(draft, tuple(_rows(sight, looked.problems, looked.exact)), sight.written, suggested, lacking)


@on_database
@for_role(Role.VIEWER)
def options(
    workspace: Workspace, id: int, number: int, app: str, text: str = "", *, most: int | None = MOST
) -> OptionsView:
    """Return the fields of an app that a row can have, by label or name; those that do not fit come last.

    Raises UnknownDraft, UnknownMapping, UnknownApp, and whatever keeps the apps from being asked.
    """
    draft = drafts.draft(workspace, id)
    _check_app(draft, app)
    sight = sight_of(workspace, draft)
    sight.numbered(number)
    side, wanted = sight.side(app), text.strip()
    hits = [each for each in sight.schema[side].values() if _is_hit(each, wanted.casefold())]
    hits.sort(key=lambda each: (not each.title.casefold().startswith(wanted.casefold()), each.title.casefold()))
    found = [OptionView(each.name, each.title, str(each.type)) for each in hits]
    recipe = recipe_of(wanted)
    if recipe is not None and not recipe.named and wanted not in sight.schema[side]:
        found.append(OptionView(wanted, wanted, "made of several fields"))
    judge = _Judge(sight, number, side)
    judged = [replace(each, reason=judge.reason(each)) for each in found]
    judged.sort(key=lambda each: bool(each.reason))
    shown = judged[:most]
    return OptionsView(tuple(shown), len(judged) - len(shown))


def _is_hit(field: Field, text: str) -> bool:
    return field.label_of is None and (text in field.title.casefold() or text in field.name.casefold())


class _Judge:
    """Says of fields of one side why they do not fit in a row, by the rules by which settings are checked."""

    def __init__(self, sight: Sight, number: int, side: Side) -> None:
        row = sight.numbered(number)
        self._sight, self._side, self._row = sight, side, row
        self._others = sight.beside(number)
        self._maps = sight.sound(self._others)
        self._partner = sight.schema[side.other].get(row.get(sight.document.apps[side.other], ""))

    def reason(self, option: OptionView) -> str:
        """Return why a field does not fit, "" if it does."""
        sight, side = self._sight, self._side
        own = sight.schema[side].get(option.name)
        like = Field("", own.type, multi_valued=own.multi_valued) if own else Field("")
        partner = self._partner or like  # a row with one field only has room for any partner
        names = {side: option.name, side.other: partner.name}
        to = self._to(partner)
        each = FieldDocument(names, to, enabled=self._row.get("enabled", True))
        schema = {**sight.schema, side.other: {**sight.schema[side.other], partner.name: partner}}
        try:
            fitting(replace(sight.document, fields=(*self._others, each)), each, schema, self._maps)
        except SettingsError as error:
            earlier = _row_with(sight.rows, sight.document.apps[side], option.name)
            return in_short(error, ways_of(sight.draft.apps), (option.kind, str(partner.type)), earlier)
        return ""

    def _to(self, partner: Field) -> Side | None:
        """Return the only side that the row is written to; a partner that is read-only is not the new field's fault."""
        written = self._row.get("direction", BOTH)
        to = next((side for side in SIDES if written == f"to_{self._sight.document.apps[side]}"), None)
        return self._side if partner.read_only and to is not self._side else to


def _row_with(rows: Sequence[Row], app: str, name: str, before: int | None = None) -> int | None:
    """Return the number of the first row with a field of an app, None if there is none."""
    return next((number for number, row in enumerate(rows[:before], 1) if row.get(app) == name), None)


def ways_of(apps: tuple[str, str]) -> dict[str, str]:
    """Return the words for the directions that the file has."""
    first, second = apps
    return {BOTH: "Two-way", f"to_{second}": f"{first} to {second}", f"to_{first}": f"{second} to {first}"}


def _names(draft: DraftView, first: str, second: str) -> dict[str, str]:
    return dict(zip(draft.apps, (first, second), strict=True))


def _unmapped(sight: Sight) -> list[FieldMap]:
    """Return the pairs of the same meaning of which neither field is mapped."""
    used = {side: {row.get(sight.document.apps[side]) for row in sight.rows} for side in SIDES}
    found = default_maps(sight.document, sight.schema)
    return [each for each in found if not any(each.on(side).name in used[side] for side in SIDES)]


def _unread_rows(draft: DraftView) -> Iterator[MappingRow]:
    """Yield the rows as the draft has them, where no app can be asked what its fields are."""
    for number, row in enumerate(draft.settings.get("fields") or (), 1):
        names = {app: row.get(app, "") for app in draft.apps}
        yield _row(number, row, draft.apps, names, dict.fromkeys(draft.apps, ""))


def _row(number: int, row: Row, apps: tuple[str, str], labels: Labels, kinds: Labels, winner: str = "") -> MappingRow:
    other = row.get("other")
    return MappingRow(
        number,
        {app: row.get(app, "") for app in apps},
        labels,
        kinds,
        row.get("direction", BOTH),
        row.get("enabled", True),
        row.get("winner", winner),
        only_of(row),
        row.get("when_empty", ""),
        tuple(row.get("clean") or ()),
        consent_of(row, apps),
        other="default" if isinstance(other, Mapping) else other or "",
    )


def _rows(sight: Sight, found: Sequence[ProblemView], exact: Resolution | None) -> Iterator[MappingRow]:
    """Yield all rows with what is known of their fields and what is wrong with them."""
    apps, rows = sight.draft.apps, sight.rows
    problems = {each.item: each for each in found if each.part == "fields" and each.item is not None}
    winners = _winners(sight.draft)
    made = made_fields(exact)
    for number, row in enumerate(rows, 1):
        names = {app: row.get(app, "") for app in apps}
        known = {app: sight.schema[sight.side(app)].get(name) or made.get((app, name)) for app, name in names.items()}
        labels = {app: (field.title if field else names[app]) for app, field in known.items()}
        kinds = {app: (str(field.type) if field else "") for app, field in known.items()}
        winner = next((winners[name] for app in apps if (name := row.get(app, "")) in winners), "")
        shown = _row(number, row, apps, labels, kinds, winner)
        gone = tuple(app for app, field in known.items() if field is None and row.get(app) and not recipe_of(row[app]))
        problem = problems.get(number - 1)
        yield replace(
            shown,
            paired=paired(row, known),
            cleaners=_cleaners(known, shown.clean),
            gone=gone,
            problem=_problem_in_words(sight, rows, number, labels, problem) if problem else "",
            wrong=_wrong(row, apps, problem, gone) if problem else (),
        )


def made_fields(exact: Resolution | None) -> dict[tuple[str, str], Field]:
    """Return the fields of sound mappings, by app and name: those that no app has are known by nothing else."""
    if exact is None:
        return {}
    resolved = exact.resolved
    maps = (*resolved.spec.fields, *resolved.switched_off)
    return {(resolved.document.apps[side], each.on(side).name): each.on(side) for each in maps for side in SIDES}


def _winners(draft: DraftView) -> Mapping[str, str]:
    """Return who wins the differences of fields, by the name of one of the two."""
    said = (draft.settings.get("conflicts") or {}).get("per_field")
    return said if isinstance(said, Mapping) else {}


def paired(row: Row, known: Mapping[str, Field | None]) -> tuple[int, int] | None:
    """Return how many options of the first app that has any have a partner, of how many."""
    first, second = known.values()
    if first is None or second is None or not are_pairable(first, second):
        return None
    pairs = (row.get("values") or {}).items() if "values" in row else suggest(first, second)
    place, fixed = (0, first) if first.options else (1, second)
    names = {pair[place] for pair in pairs}
    shown = [each for each in fixed.options if not each.hidden]
    return sum(each.key in names or each.label in names for each in shown), len(shown)


def _cleaners(known: Mapping[str, Field | None], used: Collection[str]) -> tuple[str, ...]:
    """Return how texts of both fields can be cleaned, and how they are."""
    types = [field.type if field else None for field in known.values()]
    return tuple(name for name, each in CLEANERS.items() if name in used or all(kind in each.types for kind in types))


def _problem_in_words(sight: Sight, rows: Sequence[Row], number: int, labels: Labels, problem: ProblemView) -> str:
    row = rows[number - 1]
    missing = next((app for app in sight.draft.apps if not row.get(app)), None)
    if missing and problem.code == MissingKey.code:
        return unfinished(missing)
    app = str(problem.facts.get("app", ""))
    earlier = None
    if problem.code == FieldMappedTwice.code:
        earlier = _row_with(rows, app, row.get(app, ""), number - 1)
    return in_words(problem, labels, ways_of(sight.draft.apps), earlier)


def _wrong(row: Row, apps: Sequence[str], problem: ProblemView, gone: tuple[str, ...]) -> tuple[str, ...]:
    """Return the apps whose fields a problem is about."""
    missing = tuple(app for app in apps if not row.get(app))
    if missing or gone:
        return (*missing, *gone)
    about = problem.facts.get("app")
    return (str(about),) if about in apps and "field" in problem.facts else tuple(apps)


# --- changing -----------------------------------------------------------------------------------------


@on_database
@for_role(Role.EDITOR)
def set_mapping(
    workspace: Workspace,
    id: int,
    version: int,
    number: int,
    *,
    fields: Labels | None = None,
    direction: str | None = None,
    on: bool | None = None,
) -> DraftView:
    """Give a row other fields (by app, "" for none), another direction, or turn it on or off; the rest of it stays.

    ``version`` is that of the draft which was looked at. Raises DraftChanged, UnknownMapping, and WrongType and
    UnknownApp for what no page offers. Whether it fits is not asked.
    """

    def edit(row: Row, draft: DraftView) -> Row:
        for app, name in (fields or {}).items():
            _check_app(draft, app)
            row = with_field(row, app, name)
        if direction is not None:
            _check_word("direction", direction, tuple(ways_of(draft.apps)))
            row = with_direction(row, direction)
        return row if on is None else switched(row, on)

    return _edit(workspace, id, version, number, edit)


@on_database
@for_role(Role.EDITOR)
def set_options(
    workspace: Workspace,
    id: int,
    version: int,
    number: int,
    *,
    winner: str = "",
    only: str = "",
    when_empty: str = "",
    clean: Sequence[str] = (),
    consent: Labels | None = None,
) -> DraftView:
    """Say how a row is kept in step, in the words of ``MappingRow``; its fields, their values and the rest stay.

    A winner that the draft names for the field elsewhere gives way. Raises ConsentOfOne, and what ``set_mapping`` does.
    """
    said = {app: word for app, word in (consent or {}).items() if word}
    draft = draft_of(workspace, id, version)
    if len(said) == 1:
        raise ConsentOfOne(app=next(iter(said)))

    def edit(row: Row, draft: DraftView) -> Row:
        own = winner
        if not row.get("winner") and any(_winners(draft).get(row.get(app, "")) == winner for app in draft.apps):
            own = ""  # it is said elsewhere already
        return with_options(row, draft.apps, winner=own, only=only, when_empty=when_empty, clean=clean, consent=said)

    row = row_at(_rows_of(workspace, draft), number)
    return _edit(workspace, id, version, number, edit, **_less_winners(draft, row, winner))


def _less_winners(draft: DraftView, row: Row, winner: str) -> dict[str, object]:
    """Return the part of a draft on conflicts without what it says of a row's fields, if that is another winner."""
    said = _winners(draft)
    names = {row.get(app, "") for app in draft.apps}
    kept = {name: who for name, who in said.items() if name not in names or who == winner}
    if kept == said:
        return {}
    conflicts = {key: value for key, value in draft.settings["conflicts"].items() if key != "per_field"}
    return {"conflicts": {**conflicts, "per_field": kept} if kept else conflicts}


@on_database
@for_role(Role.EDITOR)
def add(workspace: Workspace, id: int, version: int) -> DraftView:
    """Add an empty row. Raises DraftChanged."""
    return _store(workspace, draft_of(workspace, id, version), lambda rows: [*rows, {}])


@on_database
@for_role(Role.EDITOR)
def add_suggested(workspace: Workspace, id: int, version: int) -> DraftView:
    """Add all pairs of the same meaning that are not mapped yet. Raises DraftChanged."""
    draft = draft_of(workspace, id, version)
    sight = sight_of(workspace, draft)
    new = [sight.as_row(each) for each in _unmapped(sight)]
    return _store(workspace, draft, lambda rows: [*rows, *new]) if new else draft


@on_database
@for_role(Role.EDITOR)
def remove(workspace: Workspace, id: int, version: int, number: int) -> DraftView:
    """Take a row out; nothing is emptied in the apps. Raises DraftChanged, UnknownMapping."""

    def without(rows: Sequence[Row]) -> list[Row]:
        row_at(rows, number)
        return [*rows[: number - 1], *rows[number:]]

    return _store(workspace, draft_of(workspace, id, version), without)


def _edit(
    workspace: Workspace,
    id: int,
    version: int,
    number: int,
    edit: Callable[[Row, DraftView], Row],
    **parts: object,
) -> DraftView:
    draft = draft_of(workspace, id, version)
    rows = _rows_of(workspace, draft)
    row = row_at(rows, number)
    changed = edit(row, draft)
    if changed == row and not parts:
        return draft
    rows = [*rows[: number - 1], changed, *rows[number:]]
    return drafts.change(workspace, id, version, fields=rows, **parts)


def edit_row(workspace: Workspace, draft: DraftView, number: int, edit: Callable[[Row], Row]) -> DraftView:
    """Change one row of a draft, in the caller's use of the database; raise UnknownMapping."""
    return _edit(workspace, draft.id, draft.version, number, lambda row, _: edit(row))


def _store(workspace: Workspace, draft: DraftView, edit: Callable[[Sequence[Row]], list[Row]]) -> DraftView:
    return drafts.change(workspace, draft.id, draft.version, fields=edit(_rows_of(workspace, draft)))


def _rows_of(workspace: Workspace, draft: DraftView) -> list[Row]:
    """Return the rows of a draft; for those of the same meaning, both apps are asked."""
    written = draft.settings.get("fields")
    return list(written) if written is not None else sight_of(workspace, draft).rows


def _check_app(draft: DraftView, app: str) -> None:
    if app not in draft.apps:
        raise UnknownApp(name=app, hint=f"There are: {', '.join(draft.apps)}.")


def _check_word(key: str, word: str, words: Sequence[str]) -> None:
    if word not in words:
        raise WrongType(key=key, expected=" or ".join(words), got=f'"{word}"')
