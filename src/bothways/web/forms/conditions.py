"""The builder of a filter: its conditions one by one, all or any of them; groups within it are shown and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from bothways.engine.filters import OPERATORS, condition, operators_of
from bothways.errors import SettingsError
from bothways.records import Field, FieldType
from bothways.service.yaml_edit import dumped
from bothways.web.forms.plain import (
    Control,
    Form,
    field_choices,
    has,
    last,
    option_of,
    options_of,
    same_data,
    sent,
    text_of,
    title_of,
    unless_untouched,
    value_control,
    value_of,
)
from bothways.web.said import Said

ALL, ANY, LIST = "all", "any", "list"
FIELD = "field:"
"""What stands before the name of a field among what a condition can be made of; a list of the app has another."""

Fields = Mapping[str, Field]
Filter = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One condition, or what lies deeper and is only shown: then as ``text``. ``name`` begins those of its controls."""

    name: str
    title: str
    operator: Control | None = None
    values: tuple[Control, ...] = ()
    text: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FilterForm:
    """A filter as it can be built. ``add``: of what one more condition can be made."""

    name: str
    kind: Control
    rows: tuple[Row, ...]
    add: Control


def operator_words(operator: str) -> str:
    """Return how an operator is called."""
    words = {
        "is": _("is"),
        "is_not": _("is not"),
        "in": _("is one of"),
        "contains": _("contains"),
        "starts_with": _("starts with"),
        "known": _("is known"),
        "unknown": _("is unknown"),
        "greater": _("is greater than"),
        "less": _("is less than"),
        "between": _("is between"),
        "before": _("is before"),
        "after": _("is after"),
        "in_last_days": _("is in the last (days)"),
    }
    return words.get(operator, operator)


# --- shown --------------------------------------------------------------------------------------------


def shown(name: str, filter: Filter, fields: Fields, lists: Sequence[str] | None = None) -> FilterForm:
    """Return what is shown of a filter. ``lists``: the names of the app's lists, None where it keeps none."""
    kind, items = _opened(filter)
    kinds = ((ALL, _("All of these must be true")), (ANY, _("One of these is enough")))
    rows = tuple(_row(f"{name}-{place}", item, fields, lists or ()) for place, item in enumerate(items))
    of_lists = (("list:", _("In a list of the app")),) if lists is not None else ()
    choices = (
        ("", _("Choose a field")),
        *of_lists,
        *((f"{FIELD}{key}", words) for key, words in field_choices(fields)),
    )
    return FilterForm(
        name,
        Control(f"{name}-kind", _("How the conditions go together"), "select", (kind,), kinds),
        rows,
        Control(f"{name}-add", _("One more condition"), "select", ("",), choices),
    )


def asks_for_lists(filter: Filter) -> bool:
    """Tell whether the names of the app's lists are needed to show a filter."""
    return any(isinstance(item, dict) and list(item) == [LIST] for item in _opened(filter)[1])


def _opened(filter: Filter) -> tuple[str, list[Filter]]:
    """Return the kind of a filter's group and what is in it; a filter that is no such group is its only item."""
    for kind in (ALL, ANY):
        if list(filter) == [kind] and isinstance(filter[kind], list):
            return kind, filter[kind]
    return ALL, [filter]


def _row(name: str, item: Any, fields: Fields, lists: Sequence[str]) -> Row:
    row = _editable(name, item, fields, lists)
    return row or Row(name, _("A group of conditions"), text=dumped(item).strip())


def _editable(name: str, item: Any, fields: Fields, lists: Sequence[str]) -> Row | None:
    """Return the row of a condition, None where its controls would not say what it says."""
    if not isinstance(item, dict):
        return None
    if list(item) == [LIST] and isinstance(item[LIST], str):
        choices = (("", _("Choose a list")), *((each, each) for each in dict.fromkeys((*lists, item[LIST])) if each))
        return Row(
            name, _("In the list"), values=(Control(f"{name}-value", _("List"), "select", (item[LIST],), choices),)
        )
    operators = [key for key in item if key != "field"]
    if not isinstance(item.get("field"), str) or len(operators) != 1 or operators[0] not in OPERATORS:
        return None
    field, operator = fields.get(item["field"], Field(item["field"])), operators[0]
    title = title_of(fields, field.name)
    values = _values(name, field, operator, item[operator])
    if values is None:
        return None
    fit = operators_of(field) if field.name in fields else list(OPERATORS)
    choices = tuple((each, operator_words(each)) for each in dict.fromkeys((*fit, operator)))
    asked = Control(f"{name}-operator", _("Question"), "select", (operator,), choices, redraws=True)
    return Row(name, title, asked, values, problem=_problem(item, fields))


def _values(name: str, field: Field, operator: str, operand: Any) -> tuple[Control, ...] | None:
    """Return the controls for the operand of a condition, None where they cannot show it."""
    label = _("Value")
    if operator in ("known", "unknown"):
        return () if operand is True else None
    if operator == "in":
        texts = [text_of(each) for each in operand] if isinstance(operand, list) else [None]
        if any(text is None or not text.strip() for text in texts):
            return None
        several = [str(text) for text in texts]
        if field.options:
            keys = tuple(dict.fromkeys(option_of(field, text) for text in several))
            return (Control(f"{name}-value", label, "checks", keys, options_of(field, *keys)),)
        help = f"{_('One value in each line.')} {_help(field)}".strip()
        return (Control(f"{name}-value", label, "area", ("\n".join(several),), help=help),)
    if operator == "between":
        if not isinstance(operand, list) or len(operand) != 2:
            return None
        ends = ((f"{name}-value", _("From"), operand[0]), (f"{name}-to", _("To"), operand[1]))
        found = [value_control(field, end, words, value) for end, words, value in ends]
        return tuple(each for each in found if each) if all(found) else None
    if operator == "in_last_days":
        text = text_of(operand)
        return None if text is None else (Control(f"{name}-value", _("Days"), "number", (text,)),)
    one = value_control(field, f"{name}-value", label, operand)
    return (replace(one, help=_help(field) or one.help),) if one else None


def _help(field: Field) -> str:
    """Say what is to be typed for a field that holds no words, "" where that goes without saying."""
    return _("What it refers to is named by its id in the app.") if field.type is FieldType.REFERENCE else ""


def _problem(item: Mapping[str, Any], fields: Fields) -> str:
    """Return what is wrong with a condition, as the engine sees it."""
    if item["field"] not in fields:
        return "" if not fields else _("There is no such field.")
    operator = next(key for key in item if key != "field")
    if is_unfilled(item[operator]):
        return _("Fill in a value.")
    try:
        condition(fields[item["field"]], operator, item[operator])
    except SettingsError as error:
        told = Said(error)
        return f"{told.said} {told.advice}".strip()
    return ""


def is_unfilled(operand: Any) -> bool:
    """Tell whether nothing was filled in for an operand, or not all of it."""
    return operand in ("", []) or (isinstance(operand, list) and "" in operand)


def lacks_values(filter: Any) -> bool:
    """Tell whether a condition of a filter, however deep, still waits for its value."""
    if isinstance(filter, list):
        return any(lacks_values(each) for each in filter)
    if not isinstance(filter, dict):
        return False
    deeper = [value for key, value in filter.items() if key in (ALL, ANY, "not")]
    return lacks_values(deeper) if deeper else any(is_unfilled(value) for value in filter.values())


# --- read ---------------------------------------------------------------------------------------------


def read(form: Form, name: str, filter: Filter, fields: Fields, lists: Sequence[str] | None = None) -> Filter:
    """Return a filter as a form has it; what the form does not show stays."""
    kind, items = _opened(filter)
    read = [_item(form, f"{name}-{place}", item, fields, lists or ()) for place, item in enumerate(items)]
    return _closed(last(form, f"{name}-kind", kind), read, filter)


def _closed(kind: str, items: list[Filter], before: Filter) -> Filter:
    if kind not in (ALL, ANY):
        kind = ALL
    alone = len(items) == 1 and same_data(_opened(before)[1], [before])
    return items[0] if alone and kind == ALL else {kind: items}


def _item(form: Form, name: str, item: Any, fields: Fields, lists: Sequence[str]) -> Any:
    row = _editable(name, item, fields, lists)
    if row is None:
        return item
    return unless_untouched(form, item, row, lambda form: _read_item(form, name, item, row, fields))


def _read_item(form: Form, name: str, item: Filter, row: Row, fields: Fields) -> Filter:
    if LIST in item:
        return {LIST: last(form, f"{name}-value", item[LIST])}
    before = next(key for key in item if key != "field")
    operator = last(form, f"{name}-operator", before)
    if operator not in OPERATORS:
        operator = before
    field = fields.get(item["field"], Field(item["field"]))
    given = form if any(has(form, each.name) for each in row.values) else sent(row)
    texts = [text for each in row.values for text in _texts(given, each)]
    return {"field": item["field"], operator: _operand(field, operator, texts)}


def _texts(form: Form, control: Control) -> list[str]:
    if control.kind == "checks":
        return [text for text in form.get(control.name, ()) if text]
    if control.kind == "area":
        return [line.strip("\r") for line in last(form, control.name).split("\n") if line.strip()]
    return [last(form, control.name)]


def _operand(field: Field, operator: str, texts: Sequence[str]) -> Any:
    """Return the operand that texts stand for, whatever was asked before them."""
    if operator in ("known", "unknown"):
        return True
    if operator == "in_last_days":
        field = Field("", FieldType.NUMBER)
    held = [value_of(field, text) for text in texts]
    if operator == "in":
        return [each for each in held if each != ""]
    return [*held, "", ""][:2] if operator == "between" else [*held, ""][0]


def added(form: Form, name: str, filter: Filter, fields: Fields) -> Filter:
    """Return a filter with one more condition, if one was chosen: a field is known, or a list still to be named."""
    chosen = last(form, f"{name}-add")
    if chosen == "list:":
        return _with(filter, {LIST: ""})
    if not chosen.startswith(FIELD):
        return filter
    return _with(filter, {"field": chosen.removeprefix(FIELD), "known": True})


def _with(filter: Filter, item: Filter) -> Filter:
    kind, items = _opened(filter)
    return {kind: [*items, item]}


def removed(filter: Filter, place: int) -> Filter:
    """Return a filter without one of its conditions."""
    kind, items = _opened(filter)
    return {kind: [item for number, item in enumerate(items) if number != place]}


def empty() -> Filter:
    """Return a filter that has no condition yet; it cannot be saved so."""
    return {ALL: []}
