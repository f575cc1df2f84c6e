"""Tags and filters of the templates: apps in their colours, numbers, times, and what is served beside the pages."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bothways.service.rights import Role
from bothways.service.views import RunSummary, SyncView
from bothways.service.why import shown
from bothways.web.assets import assets

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
    moment = datetime.fromtimestamp(at, UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        moment.strftime("%Y-%m-%d %H:%M:%S UTC"),
        _between(at - context["now"]),
    )


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
def may(account: Any, role: str) -> bool:
    """Tell whether who is signed in has the rights of a role."""
    return account is not None and account.role.includes(Role(role))


@register.filter
def of(mapping: Any, key: str) -> Any:
    """Return what a mapping holds at a key."""
    return mapping.get(key)


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
def wrote(run: RunSummary) -> bool:
    """Tell whether a run wrote anything."""
    return any((*run.created.values(), *run.updated.values()))


@register.filter
def to_right(sync: SyncView) -> str:
    """Return how a direction to the second app of a sync is written."""
    return f"to_{sync.apps[1]}"
