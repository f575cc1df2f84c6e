"""A draft in sentences, as it would be once it is saved."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bothways.engine.deletes import Removal
from bothways.engine.filters import in_words
from bothways.engine.scope import Leaving
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding, MatchRule, Wins
from bothways.service.document import SyncDocument
from bothways.service.resolution import Resolution
from bothways.web.forms.matching import form_words
from bothways.web.forms.plain import title_of
from bothways.web.said import say, say_condition


def sentences(exact: Resolution, *, new: bool) -> list[str]:
    """Return what a sync would do, in whole sentences."""
    return [each for part in (_scope, _matching, _conflicts, _content, _deletes, _limits) for each in part(exact, new)]


def direction(sends: dict[str, bool]) -> str:
    """Return the direction in words; ``sends`` by app, the first one first."""
    (first, first_sends), (second, second_sends) = sends.items()
    if first_sends and second_sends:
        return _("Two-way.")
    way = {"one": first, "other": second} if first_sends else {"one": second, "other": first}
    return _("%(one)s to %(other)s.") % way if first_sends or second_sends else ""


def sending(app: str, object: str, other: str, send: str, back: str = "all") -> str:
    """Return what an app sends to the other: all, those of a filter or none. ``back``: what the other one sends; what
    is outside of its filter is left out."""
    words = {
        "all": _("All %(app)s %(objects)s go to %(other)s."),
        "filter": _("Those %(app)s %(objects)s that match the filter go to %(other)s."),
        "none": _("No %(app)s %(objects)s go to %(other)s."),
    }
    if send == "all" and back == "filter":
        words["all"] = _("Those %(app)s %(objects)s that would match the filter of %(other)s go to %(other)s.")
    return words[send] % {"app": app, "objects": object, "other": other}


def _scope(exact: Resolution, new: bool) -> Iterator[str]:
    document, scope = exact.resolved.document, exact.resolved.spec.scope
    yield direction({document.apps[side]: document.sends[side] for side in SIDES})
    for side in SIDES:
        words = _ends(document, side)
        if side in scope.filters:
            filter = say_condition(in_words(scope.filters[side]))
            yield _("%(app)s %(objects)s go to %(other)s if this is so: %(filter)s.") % {**words, "filter": filter}
        else:
            back = "filter" if side.other in scope.filters else "all"
            send = "all" if document.sends[side] else "none"
            yield sending(words["app"], words["objects"], words["other"], send, back)
    if scope.emails:
        yield _("Only records that have an e-mail address take part.")
    if scope.filters:
        left = {
            Leaving.FREEZE: _("A record that stops matching is left as it is."),
            Leaving.KEEP: _("A record that stops matching is kept in step all the same."),
            Leaving.UNLINK: _("The link of a record that stops matching ends."),
            Leaving.TAG: _("A record that stops matching is left as it is and tagged."),
        }
        yield left[scope.leaving]
    if document.scope.from_now and new:
        yield _("What is there already is left as it is; only changes from now on flow.")


def _ends(document: SyncDocument, side: Side) -> dict[str, str]:
    return {"app": document.apps[side], "objects": document.objects[side], "other": document.apps[side.other]}


def _matching(exact: Resolution, new: bool) -> Iterator[str]:
    rules = [rule_words(each, exact) for each in exact.resolved.spec.match]
    if not rules:
        yield _("No record is recognised: all of them are created anew in the other app.")
    elif len(rules) == 1:
        yield _("Records are known to be the same by %(rule)s.") % {"rule": rules[0]}
    else:
        then = "; ".join(rules[1:])
        yield _("Records are known to be the same by %(rule)s, then by: %(then)s.") % {"rule": rules[0], "then": then}


def rule_words(rule: MatchRule, exact: Resolution) -> str:
    """Return by what a rule knows records to be the same, and whether it links them by itself."""
    fields = exact.schema[Side.LEFT]
    words = say(rule.name)
    if not words:
        parts = rule.on(Side.LEFT)[0]
        words = ", ".join(
            f"{' + '.join(title_of(fields, name) for name in part.fields)} {form_words(part.compare)}" for part in parts
        )
    return words if rule.finding is Finding.LINK else _("%(rule)s (a person decides)") % {"rule": words}


def _conflicts(exact: Resolution, new: bool) -> Iterator[str]:
    document, spec = exact.resolved.document, exact.resolved.spec
    if not all(document.sends.values()):
        return
    if document.wins is Wins.ASK:
        yield _("Where both apps changed a field, a person is asked.")
    elif document.wins is Wins.NEWEST:
        yield _("Where both apps changed a field, the newest change wins.")
    else:
        yield _("Where both apps changed a field, %(app)s wins.") % {"app": document.apps[document.default]}
    for each in spec.fields:
        if each.winner is not None:
            facts = {"field": each.left.title}
            if isinstance(each.winner, Side):
                yield _("For %(field)s, %(app)s wins.") % {**facts, "app": document.apps[each.winner]}
            elif each.winner is Wins.ASK:
                yield _("For %(field)s, a person is asked.") % facts
            else:
                yield _("For %(field)s, the newest change wins.") % facts


def _content(exact: Resolution, new: bool) -> Iterator[str]:
    spec = exact.resolved.spec
    fields = sum(not each.through for each in spec.fields)
    yield ngettext("%(count)d field is kept equal.", "%(count)d fields are kept equal.", fields) % {"count": fields}
    associations = sum(bool(each.through) and not each.is_label for each in spec.fields)
    if associations:
        text = ngettext("%(count)d association too.", "%(count)d associations too.", associations)
        yield text % {"count": associations}
    for each in spec.constants:
        facts = {"field": each.field.title, "app": spec.apps[each.side], "value": each.value}
        yield _("%(field)s in %(app)s is set to %(value)s.") % facts


def _deletes(exact: Resolution, new: bool) -> Iterator[str]:
    document, spec = exact.resolved.document, exact.resolved.spec
    removals = {side: spec.deletes.of(side) for side in SIDES}
    if set(removals.values()) <= {Removal.KEEP, Removal.TAG}:
        yield _("Nothing is deleted.")
    for side, removal in removals.items():
        facts = {"app": document.apps[side], "other": document.apps[side.other]}
        if removal is Removal.ARCHIVE:
            yield _("What was deleted in %(other)s is archived in %(app)s.") % facts
        elif removal is Removal.DELETE:
            yield _("What was deleted in %(other)s is deleted in %(app)s, for good.") % facts
        elif removal is Removal.TAG:
            yield _("What was deleted in %(other)s is tagged in %(app)s.") % facts


def _limits(exact: Resolution, new: bool) -> Iterator[str]:
    first = exact.resolved.document.guards.first_run
    if new and first:
        text = ngettext(
            "The first run writes %(count)d record and waits until you have looked at it.",
            "The first run writes %(count)d records and waits until you have looked at them.",
            first,
        )
        yield text % {"count": first}
