"""The settings of the workspace: what it is and runs on, who is alerted, tokens of all, a backup, what is installed."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bothways.errors import AlertNotSent, DaysRefused, HistoryNotConfirmed, SettingsError, UnknownLook
from bothways.service import about as about_service
from bothways.service import alert_channels, alert_settings, doctor, history, look
from bothways.service import alerts as told
from bothways.service import backup as backups
from bothways.service import tokens as all_tokens
from bothways.service.database import sqlite_path
from bothways.service.document import CHANNELS, FOREVER, KEEP_HISTORY
from bothways.service.reading_alerts import PORTS
from bothways.service.rights import Role
from bothways.service.schedule_document import DAY
from bothways.service.views import MailView, WebhookView
from bothways.web.pages.page import FileResponse, action, form, page, shown, went_well
from bothways.web.said import Said

HERE = "/settings"
PAGE = 50
LATEST = 10
"""Alerts that are shown of those sent last."""


@page()
def general(request: HttpRequest) -> HttpResponse:
    """Show what the workspace is, who works in it, the brakes of its syncs, and the look that is chosen."""
    return _general(request)


@action(post=Role.VIEWER)
def set_look(request: HttpRequest) -> HttpResponse:
    """Choose the look of the pages for oneself."""
    try:
        look.set_look(request.workspace, str(request.POST.get("look", "")))
    except UnknownLook as error:
        return _general(request, 422, error=error)
    return went_well(request, f"{HERE}#look", _("The pages look as you chose."))


@action(post=Role.ADMIN)
def keep_history(request: HttpRequest) -> HttpResponse:
    """Keep history as long as is said; what goes by that is told before."""
    given = str(request.POST.get("days", "")).strip()
    ever = request.POST.get("keep") == FOREVER
    days = None if ever else int(given) if given.isdecimal() and len(given) < 8 else 0
    said = {"days": given, "forever": ever}
    try:
        history.keep(request.workspace, days, confirmed=str(request.POST.get("confirmed", "")) == given)
    except DaysRefused as error:
        return _general(request, 422, keep=said, days_error=error)
    except HistoryNotConfirmed as error:
        return _general(request, 422, keep=said, goes=error)
    return went_well(request, f"{HERE}#history", _("History is kept as long as you said."))


@action(post=Role.OPERATOR)
def examine(request: HttpRequest) -> HttpResponse:
    """Check everything that must hold for syncs to run, and show what was found."""
    return shown(request, "settings/doctor.html", findings=doctor.examine(request.workspace))


@page(get=Role.ADMIN)
def alerts(request: HttpRequest) -> HttpResponse:
    """Show who is alerted by which channels, and what was sent last."""
    return _alerts(request)


@action(post=Role.ADMIN)
def set_mail(request: HttpRequest) -> HttpResponse:
    """Let alerts be sent by mail."""
    given = {key: str(request.POST.get(key, "")).strip() for key in ("to", "from", "host", "port", "security", "user")}
    to = given["to"].replace(",", " ").replace(";", " ").split()
    try:
        alert_settings.set_mail(
            request.workspace,
            to=to,
            sender=given["from"],
            host=given["host"],
            port=int(given["port"]) if given["port"].isdecimal() else None if not given["port"] else 0,
            security=given["security"],
            user=given["user"],
            password=str(request.POST.get("password", "")),
        )
    except SettingsError as error:
        return _alerts(request, 422, mail_error=error, mail={**given, "to": ", ".join(to)})
    return went_well(request, f"{HERE}/alerts", _("Alerts are sent by mail. Send a test to see whether they arrive."))


@action(post=Role.ADMIN)
def set_webhook(request: HttpRequest) -> HttpResponse:
    """Let alerts be posted to an address."""
    url, hidden, sign = str(request.POST.get("url", "")).strip(), "hidden" in request.POST, "sign" in request.POST
    secret = str(request.POST.get("secret", ""))
    try:
        alert_settings.set_webhook(request.workspace, url=url, hidden=hidden, secret=secret, sign=sign)
    except SettingsError as error:
        given = {"url": "" if hidden else url, "hidden": hidden, "sign": sign}
        return _alerts(request, 422, webhook_error=error, webhook=given)
    return went_well(request, f"{HERE}/alerts", _("Alerts are posted there. Send a test to see whether they arrive."))


@action(post=Role.ADMIN)
def remove_channel(request: HttpRequest) -> HttpResponse:
    """Let no alerts be sent by a channel any more."""
    channel = str(request.POST.get("channel", ""))
    if channel in CHANNELS:
        alert_settings.remove_channel(request.workspace, channel)
    said = {"mail": _("No alerts are sent by mail any more."), "webhook": _("No alerts are posted any more.")}
    return went_well(request, f"{HERE}/alerts", said.get(channel, ""))


@action(post=Role.ADMIN)
def test_alerts(request: HttpRequest) -> HttpResponse:
    """Send a test over every channel, and show what its receiver answers."""
    found = list(alert_channels.test(request.workspace))
    failed = [Said(each) for each in found if isinstance(each, AlertNotSent)]
    sent = [each for each in found if not isinstance(each, AlertNotSent)]
    return _alerts(request, tested=True, sent=sent, not_sent=failed)


@page(get=Role.ADMIN)
def tokens(request: HttpRequest) -> HttpResponse:
    """Show the tokens of everybody."""
    after = str(request.GET.get("after", "")) or None
    found = all_tokens.all_tokens(request.workspace, PAGE + 1, after=after)
    more = found[PAGE - 1].id if len(found) > PAGE else ""
    return shown(request, "settings/tokens.html", tokens=found[:PAGE], after=more)


@action(post=Role.ADMIN)
def revoke_token(request: HttpRequest) -> HttpResponse:
    """End a token of anybody at once."""
    gone = all_tokens.revoke_any(request.workspace, str(request.POST.get("id", "")))
    said = _("The token %(name)s of %(person)s is revoked.") % {"name": gone.name, "person": gone.person}
    return went_well(request, f"{HERE}/tokens", said)


@form(get=Role.ADMIN, post=Role.ADMIN)
def backup(request: HttpRequest) -> HttpResponse:
    """Say what a backup holds and how it is restored; give one as a file."""
    if request.method != "POST":
        is_file = sqlite_path(request.workspace.database) is not None
        return shown(request, "settings/backup.html", is_file=is_file)
    made = backups.made_backup(request.workspace)
    moment = f"{datetime.fromtimestamp(request.workspace.clock(), UTC):%Y-%m-%d-%H%M}"
    return FileResponse(made, f"bothways-{moment}.tar.gz", "application/gzip")


@page()
def about(request: HttpRequest) -> HttpResponse:
    """Show the version and the licence, and those of the packages that are installed."""
    return shown(
        request,
        "settings/about.html",
        found=about_service.workspace_view(request.workspace),
        packages=about_service.packages(request.workspace),
    )


def _general(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    kept = history.kept(request.workspace)
    context = {
        "found": about_service.workspace_view(request.workspace),
        "limits": about_service.limits(request.workspace),
        "history": kept,
        "keep": {"days": kept.days or round(KEEP_HISTORY / DAY), "forever": kept.keep is None},
        "looks": [("", _("System")), ("light", _("Light")), ("dark", _("Dark"))],
        **more,
    }
    return shown(request, "settings/general.html", status, **context)


def _alerts(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    found = alert_settings.channels(request.workspace)
    context = {
        "found": found,
        "mail": _mail_shown(found.mail),
        "webhook": _webhook_shown(found.webhook),
        "told": told.overview(request.workspace, LATEST),
        "securities": list(PORTS),
        **more,
    }
    for name in ("mail", "webhook"):
        error = more.get(f"{name}_error")
        context[f"{name}_wrong"] = str(error.facts.get("key", "")) if error else ""
    return shown(request, "settings/alerts.html", status, **context)


def _mail_shown(mail: MailView | None) -> dict[str, object]:
    """Return what the form of the mail begins with."""
    if mail is None:
        return {"security": "starttls"}
    shown_ = {"from": mail.sender, "host": mail.host, "port": mail.port, "security": mail.security, "user": mail.user}
    return {**shown_, "to": ", ".join(mail.to)}


def _webhook_shown(webhook: WebhookView | None) -> dict[str, object]:
    """Return what the form of the webhook begins with."""
    return {"url": webhook.url, "hidden": bool(webhook.kept), "sign": bool(webhook.secret)} if webhook else {}
