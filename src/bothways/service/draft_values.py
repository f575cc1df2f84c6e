"""How the values of two choice fields of a draft are paired: each option of one with a choice of the other."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bothways.engine.filters import condition
from bothways.engine.sides import SIDES, Side
from bothways.errors import NothingForTheRest, NothingToPair, PairingAmbiguous, UnknownChoice, WrongType
from bothways.records import Field, Unpaired, option_named, suggest
from bothways.service import drafts
from bothways.service.database import on_database
from bothways.service.draft_fields import edit_row, fields
from bothways.service.draft_rows import Row
from bothways.service.draft_sight import Sight, draft_of, sight_of
from bothways.service.headcount import known
from bothways.service.pairing import are_pairable
from bothways.service.rights import Role, for_role
from bothways.service.views import DraftView, KnownView, PairRow, ValuesView
from bothways.service.workspace import Workspace
from bothways.service.yaml_file import nearest

OTHER = ("", *(str(each) for each in Unpaired))

Pairs = Sequence[tuple[str, str]]
"""Pairs of options by their stored keys, the first app's first."""


@on_database
@for_role(Role.VIEWER)
def values(workspace: Workspace, id: int, number: int) -> ValuesView:
    """Return how the values of a row are paired: as it says, else as their labels suggest.

    Raises UnknownDraft, UnknownMapping, NothingToPair, and whatever keeps the apps from being asked.
    """
    draft = drafts.draft(workspace, id)
    sight = sight_of(workspace, draft)
    row = sight.numbered(number)
    both = _fields(sight, row)
    fixed = Side.LEFT if both[Side.LEFT].options else Side.RIGHT
    other = row.get("other")
    defaults = dict(other.get("default") or {}) if isinstance(other, Mapping) else {}
    return ValuesView(
        draft,
        fields(workspace, id).rows[number - 1],
        sight.document.apps[fixed],
        tuple(_lines(sight, both, _pairs(row, both), fixed)),
        {
            sight.document.apps[side]: tuple((each.key, _label(both[side], each.key)) for each in both[side].options)
            for side in SIDES
        },
        tuple(sight.document.apps[side] for side in SIDES if _may_write(sight, row, side)),
        str(Unpaired.DEFAULT) if defaults else str(other or ""),
        {app: _key(both[sight.side(app)], name) for app, name in defaults.items()},
    )


@on_database
@for_role(Role.VIEWER)
def touched(workspace: Workspace, found: ValuesView) -> KnownView | None:
    """Return how many records hold a value without a partner that would be carried over, as far as that is known
    without asking the app; None where all have a partner, or nothing is known."""
    fixed, partner = found.fixed, next(app for app in found.draft.apps if app != found.fixed)
    keys = [pair.keys[fixed] for pair in found.pairs if not pair.keys[partner]]
    if not keys or partner not in found.written:
        return None
    sight = sight_of(workspace, found.draft)
    field = _fields(sight, sight.numbered(found.row.number))[sight.side(fixed)]
    return known(workspace, fixed, found.draft.settings["objects"][fixed], condition(field, "in", keys))


@on_database
@for_role(Role.EDITOR)
def set_values(
    workspace: Workspace,
    id: int,
    version: int,
    number: int,
    pairs: Pairs,
    *,
    other: str = "",
    defaults: Mapping[str, str] | None = None,
) -> DraftView:
    """Pair the values of a row, by keys or labels, and say what becomes of the rest; the row stays else as it is.

    Pairs without one of the two are none. Raises DraftChanged, UnknownMapping, NothingToPair, UnknownChoice,
    PairingAmbiguous for a text that is to become two options, NothingForTheRest, and WrongType for what no page offers.
    """
    draft = draft_of(workspace, id, version)
    sight = sight_of(workspace, draft)
    row = sight.numbered(number)
    both = _fields(sight, row)
    whole = [pair for pair in pairs if all(text.strip() for text in pair)]
    stood = _pairs(row, both)
    keys = [(_key(both[Side.LEFT], left), _key(both[Side.RIGHT], right)) for left, right in whole]
    for pair in (pair for pair in keys if pair not in stood):
        for side, text in zip(SIDES, pair, strict=True):
            _check_choice(sight, both, side, text)
    _check_once(sight, keys)
    rest = _rest(sight, both, other, defaults or {})

    def edit(row: Row) -> Row:
        if "values" in row or tuple(keys) != suggest(both[Side.LEFT], both[Side.RIGHT]):
            row = {**row, "values": _as_written(row, both, keys)}
        kept = {key: value for key, value in row.items() if key != "other"}
        return {**kept, "other": rest} if rest else kept

    return edit_row(workspace, draft, number, edit)


def _fields(sight: Sight, row: Row) -> dict[Side, Field]:
    """Return the two fields of a row; raise NothingToPair."""
    names = {side: row.get(sight.document.apps[side], "") for side in SIDES}
    left, right = (sight.schema[side].get(names[side], Field(names[side])) for side in SIDES)
    if not are_pairable(left, right):
        raise NothingToPair(left=left.title, left_type=str(left.type), right=right.title, right_type=str(right.type))
    return {Side.LEFT: left, Side.RIGHT: right}


def _pairs(row: Row, both: Mapping[Side, Field]) -> Pairs:
    left, right = both[Side.LEFT], both[Side.RIGHT]
    if row.get("values") is None:
        return suggest(left, right)
    return [(_key(left, first), _key(right, second)) for first, second in row["values"].items()]


def _lines(sight: Sight, both: Mapping[Side, Field], pairs: Pairs, fixed: Side) -> Iterator[PairRow]:
    """Yield the options of the fixed side in their order, each with its partners; then pairs of what is no option."""
    place, lines = SIDES.index(fixed), list[tuple[str, str]]()
    for option in both[fixed].options:
        own = [pair for pair in pairs if pair[place] == option.key]
        if own or not option.hidden:
            lines += own or [(option.key, "") if place == 0 else ("", option.key)]
    for pair in [*lines, *(pair for pair in pairs if pair not in lines)]:
        keys = {sight.document.apps[side]: key for side, key in zip(SIDES, pair, strict=True)}
        yield PairRow(keys, {app: _label(both[sight.side(app)], key) for app, key in keys.items()})


def _key(field: Field, name: str) -> str:
    found = option_named(name, field.options)
    return found.key if found else name.strip()


def _label(field: Field, key: str) -> str:
    """Return what people see of an option, and name it by; its key, if another has the same label."""
    label = next((option.label for option in field.options if option.key == key), "")
    found = option_named(label, field.options)
    return label if label and found is not None and found.key == key else key


def _may_write(sight: Sight, row: Row, side: Side) -> bool:
    only = row.get("direction", "both")
    return sight.document.sends[side.other] and only in ("both", f"to_{sight.document.apps[side]}")


def _check_choice(sight: Sight, both: Mapping[Side, Field], side: Side, text: str) -> None:
    """Refuse what is typed and none of the options."""
    field = both[side]
    if field.options and option_named(text, field.options) is None:
        hint = nearest(text, [option.label or option.key for option in field.options])
        raise UnknownChoice(app=sight.document.apps[side], field=field.title, choice=text, hint=hint)


def _check_once(sight: Sight, pairs: Pairs) -> None:
    """Refuse a value of the first app with two partners: the file has room for one."""
    for left, _right in pairs:
        partners = [other for first, other in pairs if first == left]
        if len(set(partners)) > 1:
            raise PairingAmbiguous(
                choice=left,
                app=sight.document.apps[Side.LEFT],
                several=" and ".join(f'"{each}"' for each in dict.fromkeys(partners)),
                other=sight.document.apps[Side.RIGHT],
                direction="none of the two; keep single pairs",
            )


def _rest(sight: Sight, both: Mapping[Side, Field], other: str, defaults: Mapping[str, str]) -> Any:
    """Return what becomes of the unpaired in the words of the file."""
    if other not in OTHER:
        raise WrongType(key="other", expected=", ".join(filter(None, OTHER)), got=f'"{other}"')
    if other != Unpaired.DEFAULT:
        return other
    named = {app: text for app, text in defaults.items() if text.strip() and app in sight.draft.apps}
    if not named:
        raise NothingForTheRest
    for app, text in named.items():
        _check_choice(sight, both, sight.side(app), text)
    return {"default": {app: _key(both[sight.side(app)], text) for app, text in named.items()}}


def _as_written(row: Row, both: Mapping[Side, Field], keys: Pairs) -> dict[str, str]:
    """Return pairs as the file has them; those that stood there by labels stand by these."""
    stood = {
        (_key(both[Side.LEFT], left), _key(both[Side.RIGHT], right)): (left, right)
        for left, right in (row.get("values") or {}).items()
    }
    return dict(stood.get(pair, pair) for pair in keys)
