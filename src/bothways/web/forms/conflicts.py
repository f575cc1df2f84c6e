"""The step Conflicts: who wins a difference, what becomes of deletions, the limits and the schedule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from bothways.engine.brakes import Guards
from bothways.engine.deletes import GRACE, Removal
from bothways.engine.spec import Wins
from bothways.records import Field
from bothways.service.document import CLEAR, KEEP
from bothways.service.schedule_document import EVERY, UTC, written
from bothways.web.forms.plain import (
    NO,
    YES,
    Choices,
    Control,
    Entry,
    Form,
    Parts,
    changed_only,
    has,
    last,
    switched,
)
from bothways.web.forms.problems import Problems
from bothways.web.forms.scope import Tag, read_tag, tag

GUARDS = ("first_run", "max_change", "max_emptied", "max_deletes")
QUIET = ("from", "to", "time_zone")
DAY = 86_400.0

Fields = Sequence[Mapping[str, Field]]


@dataclass(frozen=True, slots=True)
class WinnerForm:
    """The own winner of one field."""

    name: str
    title: str
    winner: Control


@dataclass(frozen=True, slots=True)
class DeleteForm:
    """What becomes of the records of one app whose partners were deleted."""

    app: str
    removal: Control
    tag: Tag | None


@dataclass(frozen=True, slots=True)
class ConflictsForm:
    """All of the step."""

    winner: Control
    empty: Control
    winners: tuple[WinnerForm, ...]
    add_field: Control
    add_winner: Control
    deletes: tuple[DeleteForm, ...]
    grace: Control
    guards: tuple[Control, ...]
    every: Control
    webhooks: Control
    quiet: tuple[Control, ...]
    limits: str


# --- shown --------------------------------------------------------------------------------------------


def shown(
    entry: Entry, fields: Fields, problems: Problems, mapped: Choices = (), can: Sequence[str] = ()
) -> ConflictsForm:
    """Return what the step shows of an entry.

    ``mapped``: the fields that can have a winner of their own. ``can``: how records can go in each app, archive or
    delete, where that is known.
    """
    apps = tuple(entry["objects"])
    conflicts = entry.get("conflicts") or {}
    default = _("Default app: whose value wins when both apps changed a field")
    return ConflictsForm(
        Control("winner", default, "radios", (_winner(conflicts, apps),), _winners(apps), "", _told(problems)),
        Control(
            "empty",
            _("An empty value never replaces a filled one"),
            "switch",
            (YES if conflicts.get("when_empty", KEEP) == KEEP else NO,),
            help=_("Each field can say otherwise, in the step Fields."),
            problem=problems.at("conflicts", "when_empty"),
        ),
        tuple(
            _own(number, str(name), str(who), apps, mapped, problems.at("conflicts", "per_field", number))
            for number, (name, who) in enumerate((conflicts.get("per_field") or {}).items())
        ),
        _add_field(conflicts, mapped),
        Control("add-winner-who", _("Who wins"), "select", (apps[0],), _winners(apps)),
        tuple(_delete(entry, app, place, fields, problems, can) for place, app in enumerate(apps)),
        _grace(entry, problems),
        tuple(_guard(entry, guard, problems) for guard in GUARDS),
        _every(entry, problems),
        _webhooks(entry, problems),
        _quiet(entry, problems),
        " ".join(filter(None, (problems.at(part) for part in ("guards", "schedule", "proof")))),
    )


def _told(problems: Problems) -> str:
    keys = ("", "default", "default_app")
    return " ".join(filter(None, (problems.at("conflicts", key) for key in keys)))


def _winner(conflicts: Mapping[str, Any], apps: Sequence[str]) -> str:
    return str(conflicts.get("default") or conflicts.get("default_app") or apps[0])


def _winners(apps: Sequence[str]) -> Choices:
    who = ((app, app) for app in apps)
    return (*who, (str(Wins.NEWEST), _("The newest change")), (str(Wins.ASK), _("Ask me")))


def _own(number: int, name: str, who: str, apps: Sequence[str], mapped: Choices, problem: str) -> WinnerForm:
    title = dict(mapped).get(name, name)
    label = _("Who wins %(field)s") % {"field": title}
    control = Control(f"winner-{number}", label, "select", (who,), _winners(apps), problem=problem)
    return WinnerForm(name, title, control)


def _add_field(conflicts: Mapping[str, Any], mapped: Choices) -> Control:
    taken = conflicts.get("per_field") or {}
    free = tuple(each for each in mapped if each[0] not in taken)
    return Control("add-winner", _("One more field"), "select", ("",), (("", _("Choose a field")), *free))


def _delete(entry: Entry, app: str, place: int, fields: Fields, problems: Problems, can: Sequence[str]) -> DeleteForm:
    held = (entry.get("deletes") or {}).get(app, str(Removal.KEEP))
    word = str(Removal.TAG) if isinstance(held, dict) else str(held)
    words = {
        str(Removal.KEEP): _("Is kept"),
        str(Removal.ARCHIVE): _("Is archived too; it can be restored there"),
        str(Removal.DELETE): _("Is deleted too, for good"),
        str(Removal.TAG): _("Is kept and tagged"),
    }
    possible = can[place] if place < len(can) else ""
    offered = [each for each in words if not possible or each not in ("archive", "delete") or each in (possible, word)]
    other = next(each for each in entry["objects"] if each != app)
    label = _("If a record is deleted in %(other)s, its partner in %(app)s") % {"other": other, "app": app}
    problem = problems.at("deletes", app)
    tagged = held.get("tag") if isinstance(held, dict) else None
    removal = Control(
        f"deletes-{place}",
        label,
        "select",
        (word,),
        tuple((each, words[each]) for each in offered),
        problem=problem,
        redraws=True,
    )
    with_tag = tag(f"deletes-{place}", app, tagged or {}, fields[place]) if word == Removal.TAG else None
    return DeleteForm(app, removal, with_tag)


def _grace(entry: Entry, problems: Problems) -> Control:
    return Control(
        "grace",
        _("Wait this long before that is done"),
        "text",
        (str((entry.get("deletes") or {}).get("grace", "")),),
        help=_("Such as 3d or 12h. A record that is edited or restored until then stays."),
        problem=problems.at("deletes", "grace") or problems.at("deletes"),
        usual=f"{written(GRACE / DAY)}d",
    )


def _guard(entry: Entry, guard: str, problems: Problems) -> Control:
    usual = Guards()
    labels = {
        "first_run": _("Records that the first run writes before it waits for you"),
        "max_change": _("Stop if more than this share of the records would change"),
        "max_emptied": _("Stop if any field would be emptied in more records than"),
        "max_deletes": _("Records that may be archived or deleted in a day"),
    }
    value, standard = (entry.get("guards") or {}).get(guard, ""), getattr(usual, guard)
    default = f"{written(standard)}%" if guard == "max_change" else str(standard)
    problem = problems.at("guards", guard)
    return Control(f"guard-{guard}", labels[guard], "number", (str(value),), problem=problem, usual=default)


def _schedule(entry: Entry) -> Mapping[str, Any]:
    return entry.get("schedule") or {}


def _every(entry: Entry, problems: Problems) -> Control:
    return Control(
        "every",
        _("Look for changes every"),
        "text",
        (str(_schedule(entry).get("every", "")),),
        help=_("Such as 60s, 5m or 1h."),
        problem=problems.at("schedule", "every"),
        usual=f"{written(EVERY)}s",
    )


def _webhooks(entry: Entry, problems: Problems) -> Control:
    on = _schedule(entry).get("webhooks", True)
    label = _("Look at once when an app tells of a change")
    return Control("webhooks", label, "switch", (YES if on else NO,), problem=problems.at("schedule", "webhooks"))


def _quiet(entry: Entry, problems: Problems) -> tuple[Control, ...]:
    held = _schedule(entry).get("quiet_hours") or {}
    labels = {"from": _("Quiet from"), "to": _("Quiet until"), "time_zone": _("Time zone")}
    helps = {"from": _("Such as 22:00; nothing for no quiet hours."), "to": _("Such as 06:00."), "time_zone": ""}
    usual = {"time_zone": UTC}
    problem = problems.at("schedule", "quiet_hours")
    return tuple(
        Control(
            f"quiet-{key}",
            labels[key],
            "text",
            (str(held.get(key, "")),),
            help=helps[key],
            problem=problem,
            usual=usual.get(key, ""),
        )
        for key in QUIET
    )


# --- read ---------------------------------------------------------------------------------------------


def read(form: Form, entry: Entry, fields: Fields) -> Parts:
    """Return the parts that a form changes, with what its button did."""
    apps = tuple(entry["objects"])
    return changed_only(
        {
            "conflicts": _read_conflicts(form, entry.get("conflicts"), apps),
            "deletes": _read_deletes(form, entry.get("deletes"), apps, fields),
            "guards": _read_guards(form, entry),
            "schedule": _read_schedule(form, entry),
        },
        entry,
    )


def _read_conflicts(form: Form, held: dict[str, Any] | None, apps: Sequence[str]) -> dict[str, Any] | None:
    after = dict(held or {})
    if has(form, "winner") and last(form, "winner") != _winner(after, apps):
        who = last(form, "winner")
        if who in apps:
            after.pop("default", None)
            after["default_app"] = who
        else:
            after["default"] = who
    if has(form, "empty") and switched(form, "empty") != (after.get("when_empty", KEEP) == KEEP):
        after["when_empty"] = KEEP if switched(form, "empty") else CLEAR
    after = _read_winners(form, after)
    return after if after or held is not None else None


def _read_winners(form: Form, conflicts: dict[str, Any]) -> dict[str, Any]:
    held = conflicts.get("per_field") or {}
    did = last(form, "do")
    after = {
        name: last(form, f"winner-{number}", who)
        for number, (name, who) in enumerate(held.items())
        if did != f"remove-winner-{number}"
    }
    if did == "add-winner" and last(form, "add-winner"):
        after[last(form, "add-winner")] = last(form, "add-winner-who")
    if after == held:
        return conflicts
    rest = {key: value for key, value in conflicts.items() if key != "per_field"}
    return {**rest, "per_field": after} if after else rest


def _read_deletes(
    form: Form, held: dict[str, Any] | None, apps: Sequence[str], fields: Fields
) -> dict[str, Any] | None:
    after = dict(held or {})
    for place, app in enumerate(apps):
        name, before = f"deletes-{place}", after.get(app, str(Removal.KEEP))
        was = str(Removal.TAG) if isinstance(before, dict) else str(before)
        word = last(form, name, was)
        if word != Removal.TAG:
            after |= {app: word} if word != was else {}
            continue
        tagged = before.get("tag") if isinstance(before, dict) else None
        chosen = read_tag(form, name, app, tagged, fields[place])
        after[app] = before if was == word and chosen == tagged else {"tag": chosen} if chosen else {"tag": {}}
    return _with_text(form, "grace", after, "grace") or ({} if held is not None else None)


def _with_text(form: Form, name: str, held: dict[str, Any], key: str, *, number: bool = False) -> dict[str, Any]:
    """Return a mapping with the text of a control; without the key where nothing was filled in."""
    if not has(form, name) or last(form, name) == str(held.get(key, "")):
        return held
    text = last(form, name).strip()
    rest = {each: value for each, value in held.items() if each != key}
    if not text:
        return rest
    value: Any = int(text) if number and text.isascii() and text.isdigit() and len(text) < 19 else text
    return {**held, key: value}


def _read_guards(form: Form, entry: Entry) -> dict[str, Any] | None:
    held = entry.get("guards")
    after = dict(held or {})
    for guard in GUARDS:
        after = _with_text(form, f"guard-{guard}", after, guard, number=True)
    return after or ({} if held is not None else None)


def _read_schedule(form: Form, entry: Entry) -> dict[str, Any] | None:
    held = entry.get("schedule")
    after = _with_text(form, "every", dict(held or {}), "every")
    if has(form, "webhooks") and switched(form, "webhooks") != bool(after.get("webhooks", True)):
        after["webhooks"] = switched(form, "webhooks")
    quiet = dict(after.get("quiet_hours") or {})
    for key in QUIET:
        quiet = _with_text(form, f"quiet-{key}", quiet, key)
    if quiet and quiet != after.get("quiet_hours"):
        after["quiet_hours"] = quiet
    elif not quiet and after.get("quiet_hours"):
        del after["quiet_hours"]
    return after or ({} if held is not None else None)
