"""Controls of a form as plain data, what a browser sends of them, and texts that stand for values of fields."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from bothways.records import Field, FieldType

P = TypeVar("P")

Form = Mapping[str, Sequence[str]]
"""What was sent: the texts of each control, by its name."""

Parts = dict[str, Any]
"""Parts of an entry that are to be changed; None for those that are to be taken out."""

Entry = Mapping[str, Any]
Choices = tuple[tuple[str, str], ...]
"""Values, each with its words."""

YES, NO = "true", "false"

_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")
_PLACE = re.compile(r"[0-9]{1,4}")


def version_of(text: str) -> int:
    """Return the version of a draft that a form was made from; 0, which none has, where it says none."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else 0


@dataclass(frozen=True, slots=True)
class Control:
    """One control of a form. ``name`` is its id as well.

    ``kind``: text, area, number, date, select, radios, checks or switch. ``values``: what is chosen or filled in.
    ``redraws``: with another value, other controls are needed.
    """

    name: str
    label: str
    kind: str = "text"
    values: tuple[str, ...] = ("",)
    choices: Choices = ()
    help: str = ""
    problem: str = ""
    redraws: bool = False
    usual: str = ""

    @property
    def value(self) -> str:
        """The one value."""
        return self.values[0] if self.values else ""

    @property
    def on(self) -> bool:
        """Whether a switch is on."""
        return self.values == (YES,)


def controls_in(shown: Any) -> Iterator[Control]:
    """Yield every control of what a form shows."""
    if isinstance(shown, Control):
        yield shown
    elif is_dataclass(shown):
        for each in fields(shown):
            yield from controls_in(getattr(shown, each.name))
    elif isinstance(shown, tuple):
        for each in shown:
            yield from controls_in(each)


def sent(shown: Any) -> dict[str, list[str]]:
    """Return what a browser sends of a form that nobody has touched."""
    found: dict[str, list[str]] = {}
    for each in controls_in(shown):
        if each.kind == "checks":
            order = [value for value, _words in each.choices if value in each.values]
            found[each.name] = ["", *order]
        elif each.kind == "switch":
            found[each.name] = [NO, YES] if each.on else [NO]
        elif each.kind == "select":
            offered = [value for value, _words in each.choices]
            found[each.name] = [each.value if each.value in offered else offered[0]]
        elif each.kind == "radios":
            found |= {each.name: [each.value]} if each.value in dict(each.choices) else {}
        else:
            found[each.name] = [each.value]
    return found


def last(form: Form, name: str, default: str = "") -> str:
    """Return what was sent of a control; ``default`` where the form did not have it."""
    texts = form.get(name) or ()
    return texts[-1] if texts else default


def has(form: Form, name: str) -> bool:
    """Tell whether a form had a control."""
    return bool(form.get(name))


def switched(form: Form, name: str) -> bool:
    """Tell whether a switch was on."""
    return last(form, name) == YES


def unless_untouched(form: Form, before: P, shown: Any, read: Callable[[Form], P]) -> P:
    """Return what a form comes to; what was ``before``, if it comes to the same where nobody touches what is shown."""
    after = read(form)
    return before if same_data(after, read(sent(shown))) else after


def changed_only(parts: Parts, entry: Entry) -> Parts:
    """Return the parts that differ from those of an entry."""
    return {part: value for part, value in parts.items() if not same_data(value, entry.get(part))}


def same_data(one: Any, other: Any) -> bool:
    """Tell whether two pieces of plain data are the same; 1 is not true here."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(same_data(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_data, one, other))
    return type(one) is type(other) and one == other


# --- values -------------------------------------------------------------------------------------------


def text_of(value: Any) -> str | None:
    """Return a value as a control of one line shows it, None where it cannot."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, int | float):
        return repr(value)
    return value if isinstance(value, str) and not set(value) & {"\r", "\n"} else None


def number_of(text: str) -> int | float | None:
    """Return the number that a text is, None if it is none."""
    written = text.strip()
    if not _NUMBER.fullmatch(written):
        return None
    return float(written) if "." in written else int(written)


def place_of(text: str) -> int:
    """Return the place in a list that a text names, -1 for none."""
    return int(text) if _PLACE.fullmatch(text) else -1


def value_of(field: Field, text: str) -> Any:
    """Return the value that a text stands for in a field; the text where it stands for none."""
    if field.type is FieldType.BOOLEAN and text in (YES, NO):
        return text == YES
    if field.type is FieldType.NUMBER:
        number = number_of(text)
        return text if number is None else number
    return text


def option_of(field: Field, text: str) -> str:
    """Return the key of the option that a text names by its key or label; the text where it names none."""
    for named in ("key", "label"):
        for option in field.options:
            if getattr(option, named) and getattr(option, named).casefold() == text.strip().casefold():
                return option.key
    return text


def options_of(field: Field, *held: str) -> Choices:
    """Return the options of a field, and what is ``held`` besides."""
    offered = [(option.key, option.label or option.key) for option in field.options if not option.hidden]
    known = {key for key, _words in offered}
    labels = {option.key: option.label or option.key for option in field.options}
    more = [(text, labels.get(text, text)) for text in dict.fromkeys(held) if text and text not in known]
    return (*offered, *more)


def value_control(field: Field, name: str, label: str, value: Any, problem: str = "") -> Control | None:
    """Return the control for one value of a field, None where none can show it."""
    text = text_of(value)
    if text is None:
        return None
    if field.type is FieldType.BOOLEAN and text in ("", YES, NO):
        choices = (("", _("Choose")), (YES, _("Yes")), (NO, _("No")))
        return Control(name, label, "select", (text,), choices, problem=problem)
    if field.options:
        text = option_of(field, text)
        return Control(name, label, "select", (text,), (("", _("Choose")), *options_of(field, text)), problem=problem)
    if field.type in (FieldType.DATE, FieldType.DATETIME) and (not text or is_day(text)):
        return Control(name, label, "date", (text,), problem=problem)
    return Control(name, label, "text", (text,), problem=problem)


def is_day(text: str) -> bool:
    """Tell whether a text is a day as the browser's own control for days takes it: it empties any other."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def field_choices(fields: Mapping[str, Field], *but: str) -> Choices:
    """Return the fields of an object to choose from, by their titles."""
    found = [(name, field.title) for name, field in fields.items() if name not in but]
    return tuple(sorted(found, key=lambda each: each[1].casefold()))


def title_of(fields: Mapping[str, Field], name: str) -> str:
    """Return what people call a field; its name where the app does not have it."""
    return fields[name].title if name in fields else name
