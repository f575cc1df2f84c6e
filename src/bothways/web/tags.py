"""Tags and filters of the templates: apps in their colours, numbers, times, and what is served beside the pages."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django import template
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from bothways.errors import BothwaysError
from bothways.service.conflicts import mark_of
from bothways.service.issue_words import MISFIT, Words, words_of
from bothways.service.pace import rounded
from bothways.service.rights import Role
from bothways.service.views import (
    ActionView,
    FieldView,
    GroupView,
    IssueView,
    LeftOutBy,
    RunSummary,
    SyncView,
    WrittenView,
)
from bothways.service.why import shown
from bothways.web.assets import assets
from bothways.web.said import SAID, Said, say

register = template.Library()
COLOURS = 6


@register.simple_tag
def asset(name: str) -> str:
    """Return the address of a style sheet, a script or an icon."""
    return assets()[name].path


@register.simple_tag(takes_context=True)
def app(context: template.Context, name: str) -> SafeString:
    """Return the name of an app in its colour."""
    order = context["apps_in_order"]
    colour = order.index(name) % COLOURS + 1 if name in order else 0
    return format_html('<bdi class="app app-{}">{}</bdi>', colour, name)


@register.filter
def number(value: int | float) -> str:
    """Return a number as the reader's language writes it."""
    return number_format(value, force_grouping=True)


@register.filter
def value(held: Any) -> SafeString:
    """Return a value of a record; an empty one is said to be so."""
    if held is None or held == "" or held == []:
        return format_html('<em class="empty">{}</em>', _("empty"))
    return format_html("<bdi>{}</bdi>", shown(held))


@register.simple_tag(takes_context=True)
def ago(context: template.Context, at: float | None) -> SafeString:
    """Return how long ago, or in how long, a time (seconds) is, with the exact one on hover."""
    if not at:
        return format_html("{}", _("never"))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"),
        exact(at),
        _between(at - context["now"]),
    )


@register.filter
def exact(at: float) -> str:
    """Return a time (seconds) by the reader's clock, with the zone that it is of."""
    moment = datetime.fromtimestamp(at, get_current_timezone())
    return f"{date_format(moment, 'DATE_FORMAT')}, {moment:%H:%M:%S} {moment.tzname()}"


@register.simple_tag
def day(at: float) -> SafeString:
    """Return the day of a time (seconds) by the reader's clock, as their language writes it."""
    moment = datetime.fromtimestamp(at, get_current_timezone())
    return format_html('<time datetime="{}">{}</time>', moment.date().isoformat(), date_format(moment, "DATE_FORMAT"))


@register.simple_tag
def hour(at: float) -> SafeString:
    """Return the time at which an hour begins (seconds)."""
    moment = datetime.fromtimestamp(at, UTC)
    return format_html(
        '<time datetime="{}">{}</time>', moment.isoformat(timespec="minutes"), moment.strftime("%H:%M UTC")
    )


def duration(seconds: float) -> str:
    """Return how long something takes, in the unit that people would use."""
    if seconds < 10:
        return _("%(count)s s") % {"count": number_format(seconds, decimal_pos=0 if seconds == int(seconds) else 1)}
    for size, words in _units():
        if seconds >= size:
            return words % {"count": number(round(seconds / size))}
    return _("%(count)s s") % {"count": number(round(seconds))}


@register.filter
def exactly(seconds: float) -> str:
    """Return a time that somebody has set, in the largest unit of which it is a whole number."""
    for size, words in _units():
        if seconds >= size and seconds % size == 0:
            return words % {"count": number(int(seconds // size))}
    return _("%(count)s s") % {"count": number(int(seconds) if seconds == int(seconds) else seconds)}


@register.filter
def time_left(seconds: float) -> str:
    """Return for about how long something goes on."""
    count, unit = rounded(seconds)
    if not count:
        return _("less than a minute left")
    words = {
        "min": ngettext("about %(count)s min left", "about %(count)s min left", count),
        "h": ngettext("about %(count)s hour left", "about %(count)s hours left", count),
        "d": ngettext("about %(count)s day left", "about %(count)s days left", count),
    }
    return words[unit] % {"count": number(count)}


def _units() -> tuple[tuple[int, str], ...]:
    return (86_400, _("%(count)s d")), (3600, _("%(count)s h")), (60, _("%(count)s min"))


def _between(seconds: float) -> str:
    length, ahead = abs(seconds), seconds > 0
    for size, words in _SIZES:
        if length >= size:
            count = int(length // size)
            return words(count, ahead) % {"count": count}
    return _("now")


def _days(count: int, ahead: bool) -> str:
    after, before = (
        ngettext("in %(count)d day", "in %(count)d days", count),
        ngettext("%(count)d day ago", "%(count)d days ago", count),
    )
    return after if ahead else before


def _hours(count: int, ahead: bool) -> str:
    after, before = (
        ngettext("in %(count)d hour", "in %(count)d hours", count),
        ngettext("%(count)d hour ago", "%(count)d hours ago", count),
    )
    return after if ahead else before


_SIZES: tuple[tuple[int, Callable[[int, bool], str]], ...] = (
    (86_400, _days),
    (3600, _hours),
    (60, lambda count, ahead: _("in %(count)d min") if ahead else _("%(count)d min ago")),
    (2, lambda count, ahead: _("in %(count)d s") if ahead else _("%(count)d s ago")),
)


@register.filter
def said(words: Any) -> Any:
    """Return a text or a failure of the layers below in the language of the reader."""
    if isinstance(words, BothwaysError):
        return Said(words)
    return words if isinstance(words, Said) or not words else say(words)


@register.filter
def may(account: Any, role: str) -> bool:
    """Tell whether who is signed in has the rights of a role."""
    return account is not None and account.role.includes(Role(role))


_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
"""Words in what browsers call themselves, and what people call them: the first one met counts."""


@register.filter
def browser(agent: str) -> str:
    """Return what a browser is, by what it calls itself."""
    called = next((name for word, name in _BROWSERS if f"{word}/" in agent or f"{word}iOS/" in agent), "")
    system = next((name for word, name in _SYSTEMS if word in agent), "")
    if called and system:
        return _("%(browser)s on %(system)s") % {"browser": called, "system": system}
    return called or system or agent[:40] or _("a browser")


@register.filter
def of(mapping: Any, key: str) -> Any:
    """Return what a mapping holds at a key."""
    return mapping.get(key) if mapping else None


@register.filter
def at(items: Any, place: int) -> Any:
    """Return what a list holds at a place, from 0."""
    return items[place]


@register.filter
def key(record: Any, apps: Any) -> str:
    """Return by what a record is asked for: its app and its id there."""
    return next(f"{app}:{record.ids[app]}" for app in apps if record.ids.get(app))


@register.filter
def state_word(state: str) -> str:
    """Return the word for the state of a record."""
    words = {
        "in_sync": _("In sync"),
        "left_out": _("Left out"),
        "failing": _("Failing"),
        "held": _("Held"),
        "waiting": _("Waiting"),
    }
    return words.get(state, state)


@register.filter
def left_out_words(by: str) -> str:
    """Return by what records are left out, in a few words."""
    words = {
        LeftOutBy.EMAIL: _("no e-mail address"),
        LeftOutBy.FILTER: _("outside a filter"),
        LeftOutBy.ONE_WAY: _("their app sends nothing"),
        LeftOutBy.PARTNER: _("partner gone"),
        LeftOutBy.UNLINKED: _("link ended"),
        LeftOutBy.FROM_NOW: _("unchanged since the sync began"),
        LeftOutBy.OTHER_SYNC: _("left to another sync"),
        LeftOutBy.PERSON: _("left out by a person"),
        LeftOutBy.EMPTY: _("nothing to send"),
        LeftOutBy.DELETION: _("deletion to follow"),
        LeftOutBy.GONE: _("no longer there"),
    }
    return words[LeftOutBy(by)]


@register.filter
def wrote(run: RunSummary) -> bool:
    """Tell whether a run wrote anything."""
    return any((*run.created.values(), *run.updated.values(), *run.deleted.values()))


@register.filter
def cleaned(names: Sequence[str]) -> str:
    """Return in words how texts are cleaned before they are written."""
    words = {
        "trim": _("blanks at both ends taken away"),
        "lower": _("small letters"),
        "upper": _("capitals"),
        "title": _("each word with a capital"),
        "phone_e164": _("phone numbers in international form"),
        "date": _("days as 2026-12-31"),
    }
    return ", ".join(words.get(name, name) for name in names)


@register.filter
def needing(sync: SyncView) -> int:
    """Return how many records of a sync wait for a person, or are refused."""
    return sync.counts.failing + sync.counts.held


@register.filter
def to_right(sync: SyncView) -> str:
    """Return how a direction to the second app of a sync is written."""
    return f"to_{sync.apps[1]}"


@register.filter
def issue_words(group: GroupView) -> Words:
    """Return the cause of issues in words: what it is, what happens by itself, what to do."""
    facts = {"field": group.field, "app": group.app, "other": group.other}
    return words_of(group.cause, facts, partial(pgettext, SAID))


@register.filter
def seen(issue: IssueView) -> str:
    """Return the mark of the values that somebody sees who is to choose between them."""
    return mark_of(issue.values)


@register.filter
def mended_in(group: GroupView) -> str:
    """Return the app in which a cause is to be mended."""
    return group.other if group.cause == MISFIT else group.app


# --- plans and runs -------------------------------------------------------------------------------------

SHOWN_FIELDS = 2
"""Fields shown of a record in a long list; all of them where it is alone."""


@register.filter
def first_of(fields: Any, rows: Any) -> Any:
    """Return the fields of a record that are shown: of a record among others the first."""
    return fields if len(rows) == 1 else fields[:SHOWN_FIELDS]


@register.simple_tag
def cell(action: ActionView, field: FieldView, name: str) -> SafeString:
    """Return what an app holds in a field now; what is to be replaced is struck through, and said to be so."""
    if action.ids.get(name) is None:
        return format_html('<span class="empty">{}</span>', _("no record"))
    replaced = name == field.app and not field.hold and not field.between
    held = field.before if replaced else field.between.get(name, field.now.get(name))
    if replaced and held not in (None, "", []):
        return format_html('<del><span class="unseen">{} </span>{}</del>', _("replaced:"), value(held))
    return value(held)


@register.filter
def plan_kind(action: ActionView) -> str:
    """Return as what an action is marked."""
    if any(field.conflict or field.between for field in action.fields):
        return "conflict"
    return "hold" if any(field.hold for field in action.fields) else action.kind.replace(" ", "_")


@register.filter
def plan_word(action: ActionView) -> str:
    """Return in words what would be done with a record."""
    app = next((field.app for field in action.fields), "")
    words = {
        "create": _("Create in %(app)s") % {"app": app} if app else _("Create"),
        "update": _("Update"),
        "link": _("Link"),
        "hold": _("Need a decision"),
        "leave_out": _("Left out"),
        "unlink": _("Unlink"),
        "delete": _("Delete"),
        "tag": _("Tag"),
        "wait": _("Waits"),
        "conflict": _("Conflict"),
    }
    return words.get(plan_kind(action), _("No change"))


@register.filter
def run_word(state: str) -> str:
    """Return the word for how a run stands."""
    words = {
        "running": _("At work"),
        "done": _("Done"),
        "stopped": _("Stopped before the rest"),
        "failed": _("Failed"),
        "waiting": _("Waits for the app"),
        "interrupted": _("Interrupted; the next run goes on from there"),
    }
    return words.get(state, state)


@register.filter
def took(run: RunSummary) -> str:
    """Return how long a run took."""
    seconds = max((run.ended_at or run.started_at) - run.started_at, 0.0)
    if seconds < 60:
        return _("took %(count)d s") % {"count": round(seconds)}
    return _("took %(count)d min") % {"count": round(seconds / 60)}


@register.filter
def written_word(written: WrittenView) -> str:
    """Return what was done to a record."""
    words = {"create": _("Created"), "update": _("Updated"), "archive": _("Deleted"), "undo": _("Put back")}
    return words.get(written.kind, written.kind)


@register.filter
def place(written: WrittenView) -> str:
    """Return by what a written record is asked for: its app and its id there."""
    return f"{written.app}:{written.id}"
