"""The page on which somebody lets an app into the account, or does not."""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import parse_qs

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.oauth import Desk, Wrong, back
from bothways.sandbox.hubspot.problems import PORTAL

HTML = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
_DEEDS = {"read": "View", "write": "Create, change and delete"}
_OF_ALL = {
    "tickets": "View, create, change and delete tickets",
    "e-commerce": "View, create, change and delete products",
}
"""What scopes let an app do that have no finer ones."""


def show(ask: Ask) -> Answer:
    """Show who asks for what; an app that asks wrongly is told so, or whoever was sent by one that nobody knows."""
    desk, query = _desk(ask), ask.query
    try:
        app, redirect, needed, optional = desk.asked(query)
    except Wrong as wrong:
        return _page(400, "Something is wrong with this link", f"<p role=alert>{escape(wrong.sentence)}</p>")
    fault = desk.fault_of(query)
    if fault is not None:
        return _sent(back(redirect, error=fault[0], error_description=fault[1], state=ask.first("state")))
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(values[0])}">' for name, values in query.items()
    )
    boxes = "".join(
        f'<li><label><input type="checkbox" name="allow" value="{escape(each)}" checked> {_words(each)}</label></li>'
        for each in optional
    )
    inside = (
        f"<p>{escape(app.name)} would like to reach the account {PORTAL}:</p>"
        f"<ul>{''.join(f'<li>{_words(each)}</li>' for each in needed)}</ul>"
        f'<form method="post" action="/oauth/authorize">{hidden}'
        f"{f'<p>If you like:</p><ul>{boxes}</ul>' if boxes else ''}"
        '<button name="answer" value="connect">Connect app</button> '
        '<button name="answer" value="cancel">Cancel</button></form>'
    )
    return _page(200, f"Connect {app.name} to HubSpot", inside)


def decide(ask: Ask) -> Answer:
    """Send somebody back to the app, with a code or with a refusal."""
    desk, form = _desk(ask), parse_qs(ask.raw.decode(errors="replace"), keep_blank_values=True)
    state = _first(form, "state")
    try:
        _, redirect, *_ = desk.asked(form)
        fault = desk.fault_of(form)
    except Wrong as wrong:
        return _page(400, "Something is wrong with this link", f"<p role=alert>{escape(wrong.sentence)}</p>")
    if fault is not None:
        return _sent(back(redirect, error=fault[0], error_description=fault[1], state=state))
    if _first(form, "answer") != "connect":
        said = "The user has not allowed it"
        return _sent(back(redirect, error="access_denied", error_description=said, state=state))
    code = desk.allow(form, form.get("allow", []), ask.now)
    return _sent(back(redirect, code=code, state=state))


def _words(scope: str) -> str:
    """Return a scope in words: ``crm.objects.contacts.read`` lets an app view contacts."""
    _, _, rest = scope.partition(".")
    group, _, thing = rest.partition(".")
    what, _, deed = thing.rpartition(".")
    if group == "lists":
        return f"View lists <small>({escape(scope)})</small>"
    if scope in _OF_ALL:
        return f"{_OF_ALL[scope]} <small>({escape(scope)})</small>"
    if not what:
        return f"Know which account this is <small>({escape(scope)})</small>"
    named = f"the properties of {what}" if group == "schemas" else what
    return f"{_DEEDS.get(deed, deed)} {escape(named)} <small>({escape(scope)})</small>"


def _page(status: int, title: str, inside: str) -> Answer:
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<link rel="icon" href="data:,"></head>'
        f"<body><main><h1>{escape(title)}</h1>{inside}</main></body></html>"
    )
    return status, text.encode(), HTML


def _sent(address: str) -> Answer:
    return 302, None, {"Location": address}


def _desk(ask: Ask) -> Desk:
    assert ask.desk is not None
    return ask.desk


def _first(form: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(form.get(name, ())), "")
