"""The step Matching: by what records are known to be the same, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from bothways.engine.keys import NORMAL_FORMS
from bothways.records import Field
from bothways.service.document import AS_HUBSPOT, NONE, USUAL, SmallGroups
from bothways.service.match_rules import suits
from bothways.service.yaml_edit import dumped
from bothways.web.forms.plain import (
    Control,
    Entry,
    Form,
    Parts,
    changed_only,
    field_choices,
    has,
    last,
    place_of,
    title_of,
    unless_untouched,
)
from bothways.web.forms.problems import Problems

RULES, NEW = "rules", "new"

Fields = Sequence[Mapping[str, Field]]
Rule = Any
"""A rule as the file has it: a mapping, or the word for the usual ones."""


@dataclass(frozen=True, slots=True)
class PartForm:
    """One part of a rule: in words the fields of both apps, and how they are compared."""

    fields: tuple[str, str]
    compare: Control


@dataclass(frozen=True, slots=True)
class RuleForm:
    """One rule; no parts: the usual ones. ``text``: what it says where no control can."""

    name: str
    number: int
    parts: tuple[PartForm, ...]
    text: str
    problem: str
    first: bool
    final: bool


@dataclass(frozen=True, slots=True)
class AddForm:
    """What one more rule, or one more part of a rule, is made of."""

    fields: tuple[Control, ...]
    compare: Control
    to: Control


@dataclass(frozen=True, slots=True)
class MatchingForm:
    """All of the step."""

    match: Control
    rules: tuple[RuleForm, ...]
    add: AddForm
    has_usual: bool
    small: Control


# --- shown --------------------------------------------------------------------------------------------


def shown(entry: Entry, fields: Fields, problems: Problems) -> MatchingForm:
    """Return what the step shows of an entry."""
    match = entry.get("match")
    rules = match if isinstance(match, list) else []
    choices = (
        (USUAL, _("As is usual for these records")),
        (AS_HUBSPOT, _("As HubSpot's own data sync does")),
        (RULES, _("By rules of my own, tried in this order")),
        (NONE, _("By nothing: no record is linked, all are created anew")),
    )
    label = _("Records are recognised")
    small = str(entry.get("small_groups", SmallGroups.HOLD))
    smalls = (
        (str(SmallGroups.HOLD), _("A person decides")),
        (str(SmallGroups.LINK_ONE), _("One pair is linked, the others wait")),
    )
    rows = tuple(
        _rule(each, number, len(rules), tuple(entry["objects"]), fields, problems.at("match", "", number))
        for number, each in enumerate(rules)
    )
    return MatchingForm(
        Control("match", label, "radios", (_word(match),), choices, "", problems.at("match"), redraws=True),
        rows,
        _add(tuple(entry["objects"]), len(rules), fields),
        USUAL in rules,
        Control(
            "small",
            _("When an app has a few copies of the same record"),
            "radios",
            (small,),
            smalls,
            problem=problems.at("small_groups"),
        ),
    )


def _word(match: Any) -> str:
    if match is None:
        return USUAL
    if isinstance(match, list):
        return RULES if match else NONE
    return str(match)


def _rule(rule: Rule, number: int, count: int, apps: Sequence[str], fields: Fields, problem: str) -> RuleForm:
    name, ends = f"match-{number}", (number == 0, number == count - 1)
    if rule == USUAL:
        return RuleForm(name, number, (), "", problem, *ends)
    parts = [_parts(rule.get(app)) for app in apps]
    compares = _compares(rule, len(parts[0]))
    if not parts[0] or len(parts[0]) != len(parts[1]) or compares is None:
        return RuleForm(name, number, (), dumped(rule).strip(), problem, *ends)
    found = []
    for place, (left, right) in enumerate(zip(*parts, strict=True)):
        words = tuple(_words(part, held) for part, held in zip((left, right), fields, strict=True))
        usual = _suiting(left, right, fields)
        choices = _forms(usual)
        label = _("How they are compared")
        control = Control(f"{name}-{place}", label, "select", (compares[place],), choices)
        found.append(PartForm((words[0], words[1]), control))
    return RuleForm(name, number, tuple(found), "", problem, *ends)


def _parts(value: Any) -> list[list[str]]:
    """Return the parts of one app's key, each of one or several fields."""
    parts = value if isinstance(value, list) else [value] if value is not None else []
    return [[str(each) for each in part] if isinstance(part, list) else [str(part)] for part in parts]


def _compares(rule: Mapping[str, Any], count: int) -> list[str] | None:
    """Return the normal form of each part, "" for what suits it; None where they are not as many."""
    given = rule.get("compare")
    if given is None:
        return [""] * count
    forms = [str(each) for each in given] if isinstance(given, list) else [str(given)]
    return forms if len(forms) == count and all(each in NORMAL_FORMS for each in forms) else None


def _words(part: Sequence[str], fields: Mapping[str, Field]) -> str:
    return " + ".join(title_of(fields, name) for name in part)


def _suiting(left: Sequence[str], right: Sequence[str], fields: Fields) -> str:
    return suits(fields[0].get(left[0], Field("")), fields[1].get(right[0], Field("")))


def form_words(form: str) -> str:
    """Return how a normal form is called."""
    words = {
        "email": _("as e-mail addresses"),
        "phone": _("as phone numbers"),
        "exact": _("exactly"),
        "text": _("as text, whatever the case"),
        "name": _("as names of people"),
        "company": _("as names of companies"),
        "domain": _("as web domains"),
        "sku": _("as article numbers"),
        "number": _("as numbers"),
    }
    return words.get(form, form)


def _forms(usual: str) -> tuple[tuple[str, str], ...]:
    suiting = _("as suits them (%(form)s)") % {"form": form_words(usual)} if usual else _("as suits them")
    return (("", suiting), *((form, form_words(form)) for form in NORMAL_FORMS))


def _add(apps: Sequence[str], count: int, fields: Fields) -> AddForm:
    found = []
    for place, app in enumerate(apps):
        choices = field_choices(fields[place])
        label = _("Field of %(app)s") % {"app": app}
        found.append(Control(f"add-{place}", label, "select", ("",), (("", _("Choose a field")), *choices)))
        label = _("Joined with, in %(app)s") % {"app": app}
        found.append(Control(f"add-{place}-more", label, "select", ("",), (("", _("nothing")), *choices)))
    rules = ((str(number), _("rule %(number)s, as well") % {"number": number + 1}) for number in range(count))
    return AddForm(
        tuple(found),
        Control("add-compare", _("How they are compared"), "select", ("",), _forms("")),
        Control("add-to", _("Add it as"), "select", (NEW,), ((NEW, _("a rule of its own")), *rules)),
    )


# --- read ---------------------------------------------------------------------------------------------


def read(form: Form, entry: Entry, fields: Fields) -> Parts:
    """Return the parts that a form changes, with what its button did."""
    parts: Parts = {"match": _read_match(form, entry, fields)}
    small = str(entry.get("small_groups", SmallGroups.HOLD))
    if has(form, "small") and last(form, "small") != small:
        parts["small_groups"] = None if last(form, "small") == SmallGroups.HOLD else last(form, "small")
    return changed_only(parts, entry)


def _read_match(form: Form, entry: Entry, fields: Fields) -> Any:
    match = entry.get("match")
    before, word = _word(match), last(form, "match", _word(match))
    if word != before:
        return {USUAL: None, RULES: [USUAL]}.get(word, word)
    if before != RULES:
        return match
    apps = tuple(entry["objects"])
    rules = [_read_rule(form, number, each, apps, fields) for number, each in enumerate(match or ())]
    return _done(last(form, "do"), form, rules, apps, fields)


def _read_rule(form: Form, number: int, rule: Rule, apps: Sequence[str], fields: Fields) -> Rule:
    shown_ = _rule(rule, number, number + 1, apps, fields, "")
    names = [part.compare.name for part in shown_.parts]
    if not any(has(form, name) for name in names):
        return rule
    rest = {key: value for key, value in rule.items() if key != "compare"}
    return unless_untouched(
        form, rule, shown_, lambda form: _with_compares(rest, [last(form, name) for name in names], apps, fields)
    )


def _with_compares(rule: dict[str, Any], chosen: Sequence[str], apps: Sequence[str], fields: Fields) -> dict[str, Any]:
    """Return a rule with the normal forms of its parts; where one is chosen, all others are named as well."""
    if not any(chosen):
        return rule
    left, right = (_parts(rule[app]) for app in apps)
    forms = [form or _suiting(one, other, fields) for form, one, other in zip(chosen, left, right, strict=True)]
    return {**rule, "compare": forms[0] if len(forms) == 1 else forms}


def _done(did: str, form: Form, rules: list[Rule], apps: Sequence[str], fields: Fields) -> list[Rule]:
    """Return the rules after what a button did."""
    what, _dash, place = did.rpartition("-")
    number = place_of(place)
    if did == "add-usual" and USUAL not in rules:
        return [*rules, USUAL]
    if did == "add-rule":
        return _with_added(form, rules, apps, fields)
    if not 0 <= number < len(rules):
        return rules
    if what == "remove-rule":
        return rules[:number] + rules[number + 1 :]
    other = {"up-rule": number - 1, "down-rule": number + 1}.get(what, -1)
    if 0 <= other < len(rules):
        rules[number], rules[other] = rules[other], rules[number]
    return rules


def _with_added(form: Form, rules: list[Rule], apps: Sequence[str], fields: Fields) -> list[Rule]:
    """Return the rules with one more, or with one more part in one; as they were where no field of both was chosen."""
    parts = [
        [name for name in (last(form, f"add-{place}"), last(form, f"add-{place}-more")) if name]
        for place in range(len(apps))
    ]
    if not all(last(form, f"add-{place}") for place in range(len(apps))):
        return rules
    compare, number = last(form, "add-compare"), place_of(last(form, "add-to", NEW))
    if not 0 <= number < len(rules) or rules[number] == USUAL:
        keys = {app: _written([parts[place]]) for place, app in enumerate(apps)}
        return [*rules, {**keys, **({"compare": compare} if compare else {})}]
    rule = rules[number]
    before = [_parts(rule.get(app)) for app in apps]
    forms = [*(_compares(rule, len(before[0])) or [""] * len(before[0])), compare]
    joined = {app: _written([*before[place], parts[place]]) for place, app in enumerate(apps)}
    rules[number] = _with_compares(joined, forms, apps, fields)
    return rules


def _written(parts: list[list[str]]) -> Any:
    """Return the parts of a key as the file has them: a field alone, or a list of fields or of lists of them."""
    if len(parts) == 1 and len(parts[0]) == 1:
        return parts[0][0]
    return [part[0] if len(part) == 1 else part for part in parts]
