"""The step Records: which records each app sends, what becomes of those that leave, what is set in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from bothways.engine.scope import Leaving
from bothways.engine.spec import When
from bothways.records import Field
from bothways.service.document import ALL, FROM_NOW
from bothways.service.spec import is_person
from bothways.web.forms import conditions
from bothways.web.forms.conditions import FilterForm
from bothways.web.forms.plain import (
    NO,
    YES,
    Control,
    Entry,
    Form,
    Parts,
    changed_only,
    field_choices,
    has,
    last,
    place_of,
    switched,
    title_of,
    unless_untouched,
    value_control,
    value_of,
)
from bothways.web.forms.problems import Problems

EVERYTHING, FILTER, NOTHING = "all", "filter", "none"

Fields = Sequence[Mapping[str, Field]]
"""What both apps have told of their fields, the first app's first; empty where one was not to be asked."""

Lists = Sequence[Sequence[str] | None]
"""The names of the lists of both apps, None where an app keeps none."""


@dataclass(frozen=True, slots=True)
class Sends:
    """What one app sends."""

    app: str
    object: str
    send: Control
    filter: FilterForm | None


@dataclass(frozen=True, slots=True)
class Tag:
    """With what the records of one app are tagged."""

    app: str
    field: Control
    value: Control


@dataclass(frozen=True, slots=True)
class Constant:
    """One value that is set; as ``text`` where its controls would not say what it says."""

    name: str
    title: str
    value: Control | None
    when: Control | None
    text: str
    problem: str


@dataclass(frozen=True, slots=True)
class Sets:
    """What is set in the records of one app, and of which field one more can be."""

    app: str
    rows: tuple[Constant, ...]
    add: Control


@dataclass(frozen=True, slots=True)
class RecordsForm:
    """All of the step."""

    sends: tuple[Sends, ...]
    way: str
    problem: str
    require: Control
    leaving: Control
    tags: tuple[Tag, ...]
    start: Control
    sets: tuple[Sets, ...]
    set_problem: str


# --- shown --------------------------------------------------------------------------------------------


def shown(entry: Entry, fields: Fields, problems: Problems, lists: Lists = (None, None)) -> RecordsForm:
    """Return what the step shows of an entry."""
    apps = tuple(entry["objects"])
    leaving = entry.get("when_leaving_filter", str(Leaving.FREEZE))
    word = str(Leaving.TAG) if isinstance(leaving, dict) else str(leaving)
    leaves = (
        (str(Leaving.FREEZE), _("Stop updating it and leave it as it is")),
        (str(Leaving.KEEP), _("Keep it in step all the same")),
        (str(Leaving.UNLINK), _("End the link")),
        (str(Leaving.TAG), _("Stop updating it and tag it")),
    )
    problem = problems.at("when_leaving_filter")
    starts = ((ALL, _("With all records")), (FROM_NOW, _("Only with what changes from now on")))
    return RecordsForm(
        tuple(_sends(entry, app, place, fields, problems, lists[place]) for place, app in enumerate(apps)),
        _way(entry, apps),
        problems.at("send"),
        _require(entry, fields, problems),
        Control("leaving", _("When a record stops matching"), "radios", (word,), leaves, "", problem, redraws=True),
        tuple(_tag(leaving, app, place, fields) for place, app in enumerate(apps)) if word == Leaving.TAG else (),
        Control("start", _("Start"), "radios", (str(entry.get("start", ALL)),), starts, problem=problems.at("start")),
        tuple(_sets(entry, app, place, fields, problems) for place, app in enumerate(apps)),
        problems.at("set"),
    )


def _kind(entry: Entry, app: str) -> str:
    value = (entry.get("send") or {}).get(app, EVERYTHING)
    return FILTER if isinstance(value, dict) else str(value)


def _way(entry: Entry, apps: Sequence[str]) -> str:
    """Return the quick choice that is in force: both, the place of the app that alone gets records, or none."""
    first, second = (_kind(entry, app) != NOTHING for app in apps)
    return "both" if first and second else "1" if first else "0" if second else ""


def _sends(
    entry: Entry, app: str, place: int, fields: Fields, problems: Problems, lists: Sequence[str] | None
) -> Sends:
    kind, object = _kind(entry, app), entry["objects"][app]
    choices = (
        (EVERYTHING, _("All %(objects)s") % {"objects": object}),
        (FILTER, _("Only %(objects)s that match a filter") % {"objects": object}),
        (NOTHING, _("No %(objects)s") % {"objects": object}),
    )
    label = _("Send from %(app)s") % {"app": app}
    built = conditions.shown(f"filter-{place}", filter_of(entry, app), fields[place], lists) if kind == FILTER else None
    problem = problems.at("send", app)
    if built and any(row.problem for row in built.rows):
        problem = ""  # it is told there
    send = Control(f"send-{place}", label, "select", (kind,), choices, problem=problem, redraws=True)
    return Sends(app, object, send, built)


def filter_of(entry: Entry, app: str) -> dict[str, Any]:
    """Return the filter of what an app sends; nothing where it has none."""
    held = (entry.get("send") or {}).get(app)
    return dict(held["filter"]) if isinstance(held, dict) and isinstance(held.get("filter"), dict) else {}


def _require(entry: Entry, fields: Fields, problems: Problems) -> Control:
    held = entry.get("require")
    on = all(map(is_person, fields)) if held is None else bool(held)
    help = _("At least one of the two apps must hold a valid e-mail address of the record.")
    label = _("Only records that have an e-mail address")
    return Control("require", label, "switch", (YES if on else NO,), help=help, problem=problems.at("require"))


def _tag(leaving: Any, app: str, place: int, fields: Fields) -> Tag:
    tags = leaving.get("tag") if isinstance(leaving, dict) else None
    held = (tags or {}).get(app) or {}
    return tag(f"leaving-{place}", app, held, fields[place])


def tag(name: str, app: str, held: Mapping[str, Any], fields: Mapping[str, Field]) -> Tag:
    """Return the controls for a tag: of which field, with which value."""
    chosen = str(held.get("field", ""))
    own = () if not chosen or chosen in fields else ((chosen, chosen),)
    choices = (("", _("Choose a field")), *own, *field_choices(fields))
    field = Control(f"{name}-field", _("Field in %(app)s") % {"app": app}, "select", (chosen,), choices, redraws=True)
    kind = fields.get(chosen, Field(chosen))
    label = _("Value in %(app)s") % {"app": app}
    value = value_control(kind, f"{name}-value", label, held.get("value", ""))
    return Tag(app, field, value or Control(f"{name}-value", label, "text", ("",)))


def _sets(entry: Entry, app: str, place: int, fields: Fields, problems: Problems) -> Sets:
    held = (entry.get("set") or {}).get(app) or []
    rows = tuple(
        _constant(f"set-{place}-{number}", each, fields[place], problems.at("set", app, number))
        for number, each in enumerate(held)
    )
    taken = [str(each.get("field")) for each in held]
    choices = (("", _("Choose a field")), *field_choices(_settable(fields[place]), *taken))
    label = _("One more field of %(app)s") % {"app": app}
    return Sets(app, rows, Control(f"set-{place}-add", label, "select", ("",), choices))


def _settable(fields: Mapping[str, Field]) -> dict[str, Field]:
    return {name: field for name, field in fields.items() if not field.read_only}


def _constant(name: str, held: Mapping[str, Any], fields: Mapping[str, Field], problem: str) -> Constant:
    title = title_of(fields, str(held.get("field", "")))
    value = value_control(
        fields.get(str(held.get("field")), Field("")), f"{name}-value", _("Value"), held.get("value", "")
    )
    if value is None:
        return Constant(name, title, None, None, str(held.get("value")), problem)
    whens = (
        (str(When.CREATED), _("when a record is created")),
        (str(When.CREATED_OR_UPDATED), _("when a record is created or updated")),
    )
    chosen = str(held.get("when", When.CREATED))
    return Constant(name, title, value, Control(f"{name}-when", _("When"), "select", (chosen,), whens), "", problem)


# --- read ---------------------------------------------------------------------------------------------


def read(form: Form, entry: Entry, fields: Fields, lists: Lists = (None, None)) -> Parts:
    """Return the parts that a form changes, with what its button did."""
    apps = tuple(entry["objects"])
    did = last(form, "do")
    parts: Parts = {}
    parts["send"] = _read_sends(form, entry, apps, fields, lists, did)
    if has(form, "leaving"):
        parts["when_leaving_filter"] = _read_leaving(form, entry, apps, fields)
    if has(form, "require") and switched(form, "require") != _require(entry, fields, Problems()).on:
        parts["require"] = ["email"] if switched(form, "require") else []
    if has(form, "start") and last(form, "start") != str(entry.get("start", ALL)):
        parts["start"] = last(form, "start")
    parts["set"] = _read_sets(form, entry, apps, fields, did)
    return changed_only(parts, entry)


def _read_sends(
    form: Form, entry: Entry, apps: Sequence[str], fields: Fields, lists: Lists, did: str
) -> dict[str, Any] | None:
    held = entry.get("send")
    sends = dict(held or {})
    for place, app in enumerate(apps):
        before, name = _kind(entry, app), f"filter-{place}"
        kind = last(form, f"send-{place}", before)
        if kind != before:
            sends[app] = {"filter": conditions.empty()} if kind == FILTER else kind
        elif kind == FILTER:
            filter = conditions.read(form, name, filter_of(entry, app), fields[place], lists[place])
            if did == f"add-{name}":
                filter = conditions.added(form, name, filter, fields[place])
            elif did.startswith(f"remove-{name}-"):
                filter = conditions.removed(filter, place_of(did.removeprefix(f"remove-{name}-")))
            sends[app] = {"filter": filter}
    if did in ("to-both", "to-0", "to-1"):
        sends = _quick(did.removeprefix("to-"), sends, apps)
    return sends if sends or held is not None else None


def _quick(to: str, sends: dict[str, Any], apps: Sequence[str]) -> dict[str, Any]:
    """Return what is sent by a quick choice: an app that sent nothing and is to send, sends all."""
    for place, app in enumerate(apps):
        if to in ("both", str(1 - place)):
            sends[app] = EVERYTHING if sends.get(app) == NOTHING else sends.get(app, EVERYTHING)
        else:
            sends[app] = NOTHING
    return sends


def _read_leaving(form: Form, entry: Entry, apps: Sequence[str], fields: Fields) -> Any:
    held = entry.get("when_leaving_filter")
    word = last(form, "leaving")
    if word != Leaving.TAG:
        return held if word == (held or Leaving.FREEZE) else word
    tags = held.get("tag") if isinstance(held, dict) else {}
    before = {app: (tags or {}).get(app) for app in apps}
    after = {app: read_tag(form, f"leaving-{place}", app, before[app], fields[place]) for place, app in enumerate(apps)}
    if isinstance(held, dict) and after == before:
        return held
    return {"tag": {app: each for app, each in after.items() if each is not None}}


def read_tag(
    form: Form, name: str, app: str, before: Mapping[str, Any] | None, fields: Mapping[str, Field]
) -> Mapping[str, Any] | None:
    """Return a tag as a form has it; None for none."""
    if not has(form, f"{name}-field"):
        return before
    if not last(form, f"{name}-field"):
        return None

    def read(form: Form) -> Mapping[str, Any]:
        chosen = last(form, f"{name}-field")
        return {"field": chosen, "value": value_of(fields.get(chosen, Field(chosen)), last(form, f"{name}-value"))}

    return unless_untouched(form, before, tag(name, app, before, fields), read) if before else read(form)


def _read_sets(form: Form, entry: Entry, apps: Sequence[str], fields: Fields, did: str) -> dict[str, Any] | None:
    held = entry.get("set")
    sets = dict(held or {})
    for place, app in enumerate(apps):
        rows = sets.get(app) or []
        after = [_read_constant(form, f"set-{place}-{number}", each, fields[place]) for number, each in enumerate(rows)]
        if did == f"add-set-{place}" and last(form, f"set-{place}-add"):
            after.append({"field": last(form, f"set-{place}-add"), "value": "", "when": str(When.CREATED)})
        if did.startswith(f"remove-set-{place}-"):
            gone = place_of(did.removeprefix(f"remove-set-{place}-"))
            after = [each for number, each in enumerate(after) if number != gone]
        if after or app in sets:
            sets[app] = after
    if did.startswith(("add-set-", "remove-set-")):
        sets = {app: rows for app, rows in sets.items() if rows}
        return sets or None
    return sets if held is not None else None


def _read_constant(form: Form, name: str, before: dict[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    if not has(form, f"{name}-value"):
        return before
    field = fields.get(str(before.get("field")), Field(""))

    def read(form: Form) -> dict[str, Any]:
        after = {**before, "value": value_of(field, last(form, f"{name}-value"))}
        return after | ({"when": last(form, f"{name}-when")} if has(form, f"{name}-when") else {})

    return unless_untouched(form, before, _constant(name, before, fields, ""), read)
