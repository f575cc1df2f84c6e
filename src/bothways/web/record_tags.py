"""Tags and filters of the page of a record: what happened to it, in words."""

from typing import Any

from django import template
from django.template.defaultfilters import capfirst
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bothways.service.views import Event, FieldStory, PutBackView, RecordView, WinnerView
from bothways.service.why import shown
from bothways.web.said import say
from bothways.web.tags import ago, app, value

register = template.Library()

LONG = 60
"""Letters of a value that a heading or a button shows."""


@register.filter
def label(story: FieldStory | WinnerView) -> str:
    """Return what people call a field: as the first app calls it that has it."""
    return next(iter(story.labels.values()))


@register.filter
def held(story: FieldStory) -> str:
    """Return what both apps hold in a field."""
    return _short(next(iter(story.values.values())))


@register.filter
def put(event: Event) -> str:
    """Return what was written, in short."""
    return _short(event.after)


@register.filter
def before(event: Event) -> str:
    """Return what an event has replaced, in short; "" for nothing."""
    return "" if event.before in (None, "", []) else _short(event.before)


@register.filter
def after(back: PutBackView) -> str:
    """Return what a field gets, in short; "" for nothing."""
    return "" if back.after in (None, "", []) else _short(back.after)


def _short(held: Any) -> str:
    text = shown(held)
    return text if len(text) <= LONG else f"{text[:LONG]}…"


@register.filter
def partnerless(record: RecordView) -> str:
    """Return the app in which a record has no partner, "" where it has one."""
    return next((app for app, id in record.ids.items() if not id), "")


@register.filter
def doer(event: Event) -> str:
    """Return who did something, to mark it: a run, or nobody."""
    return "run" if event.run else "nobody"


@register.simple_tag(takes_context=True)
def happening(context: template.Context, event: Event) -> SafeString:
    """Return in words what happened in an app."""
    words = {
        "written": _("Written to {}"),
        "written over a change": _("Written to {} over a change"),
        "created": _("Created in {}"),
        "deleted": _("Deleted in {}"),
        "put back": _("Put back in {}"),
        "linked": _("Linked, found in {}"),
        "no longer linked": _("Linked no longer, in {}"),
        "held": _("Held for a decision, from {}"),
        "left out": _("Left out, from {}"),
        "refused": _("Refused by {}"),
        "not written": _("Not written to {}"),
        "about to be written": _("About to be written to {}"),
        "sent": _("Sent to {}, and not known yet whether it arrived"),
        "ignored by the app": _("Ignored by {}"),
        "became a contact": _("Became a contact in {}"),
    }
    return format_html(words.get(event.what, "{}"), app(context, event.app))


@register.simple_tag
def was(event: Event) -> SafeString:
    """Return what an event has changed: what was replaced struck through, and said to be so."""
    if event.before in (None, "", []):
        return format_html("<ins>{}</ins>", value(event.after))
    words = (_("replaced:"), value(event.before), value(event.after))
    return format_html('<del><span class="unseen">{} </span>{}</del> <ins>{}</ins>', *words)


@register.simple_tag(takes_context=True)
def because_of(context: template.Context, event: Event, other: str) -> SafeString:
    """Return why an app holds what was written to it; ``other``: the app that it came from."""
    link = event.run if event.gone else format_html('<a href="/runs/{}">{}</a>', event.run, event.run)
    facts = {
        "other": app(context, other) if other else "",
        "app": app(context, event.app),
        "after": format_html("<strong>{}</strong>", value(event.after)),
        "before": format_html("<strong>{}</strong>", value(event.before)),
        "reason": capfirst(say(event.reason)),
        "at": ago(context, event.at),
        "run": link,
    }
    if event.what == "written over a change" and other:
        words = _(
            "{other} had changed it to {after}, and {app} to {before}. {reason}. "
            "So {after} was written to {app} {at}, by run {run}."
        )
    elif event.what == "created":
        words = _("{after} came with the record, which was created in {app} {at}, by run {run}. {reason}.")
    else:
        words = _("{reason}. So {after} was written to {app} {at}, by run {run}; before, it was {before}.")
    return format_html(words, **facts)
