"""The workspace, how long history is kept, who is alerted, and the tokens of everybody.

Secrets are named by where they are, never sent.
"""

from typing import Annotated

from django.http import HttpRequest
from pydantic import Field

from bothways import errors as e
from bothways.errors import AlertNotSent
from bothways.service import about, alert_channels, alert_settings, doctor, history, tokens
from bothways.service.rights import Role
from bothways.service.views import ChannelsView, Finding, KeptHistory, LimitsView, SentView, TokenView, WorkspaceView
from bothways.web.api.calls import Body, Limit, Name, get, listed, one_more, post

Short = Annotated[str, Field(max_length=1000)]


class Mail(Body):
    """Alerts by mail. ``password``: the one that is kept stays where it is left out."""

    to: list[Short]
    sender: Short
    host: Short
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    security: Short = "starttls"
    user: Short = ""
    password: Short = ""


class Webhook(Body):
    """Alerts by webhook. ``hidden``: the address is a secret itself; ``sign``: with the secret.

    A secret that is kept stays where it is left out.
    """

    url: Short = ""
    hidden: bool = False
    sign: bool = False
    secret: Short = ""


class Keep(Body):
    """For how long history is kept."""

    days: Annotated[Annotated[int, Field(ge=1, le=1_000_000)] | None, Field(description="Null: for ever.")]
    confirmed: Annotated[bool, Field(description="It is meant, though some that is kept now goes by that.")] = False


@get("workspace", WorkspaceView)
def show_workspace(request: HttpRequest) -> WorkspaceView:
    """Show what the workspace is, and who works in it."""
    return about.workspace_view(request.workspace)


@get("history", KeptHistory)
def show_history(request: HttpRequest) -> KeptHistory:
    """Show for how long history is kept, since when there is some, and before when some is gone."""
    return history.kept(request.workspace)


@post("history", KeptHistory, Role.ADMIN, refused=(e.DaysRefused, e.HistoryNotConfirmed))
def keep_history(request: HttpRequest, how: Keep) -> KeptHistory:
    """Keep history for so many days from now on, or for ever."""
    history.keep(request.workspace, how.days, confirmed=how.confirmed)
    return history.kept(request.workspace)


@get("limits", LimitsView, page=True)
def list_limits(request: HttpRequest) -> object:
    """List the safety limits of each sync."""
    return listed(request, about.limits(request.workspace))


@post("doctor", Finding, Role.OPERATOR, page=True)
def examine(request: HttpRequest) -> object:
    """Check everything that must hold for syncs to run; every app is asked."""
    return listed(request, doctor.examine(request.workspace))


@get("alerts/channels", ChannelsView, role=Role.ADMIN)
def show_channels(request: HttpRequest) -> ChannelsView:
    """Show by which channels who is alerted."""
    return alert_settings.channels(request.workspace)


@post("alerts/mail", ChannelsView, Role.ADMIN, refused=(e.SettingsError,))
def set_mail(request: HttpRequest, mail: Mail) -> ChannelsView:
    """Let alerts be sent by mail."""
    alert_settings.set_mail(request.workspace, **mail.model_dump())
    return alert_settings.channels(request.workspace)


@post("alerts/webhook", ChannelsView, Role.ADMIN, refused=(e.SettingsError,))
def set_webhook(request: HttpRequest, webhook: Webhook) -> ChannelsView:
    """Let alerts be posted to an address."""
    alert_settings.set_webhook(request.workspace, **webhook.model_dump())
    return alert_settings.channels(request.workspace)


@post("alerts/{name}/remove", ChannelsView, Role.ADMIN)
def remove_channel(request: HttpRequest, name: Name) -> ChannelsView:
    """Let no alerts be sent by a channel any more; one that is not in use is no failure."""
    alert_settings.remove_channel(request.workspace, name)
    return alert_settings.channels(request.workspace)


@post("alerts/test", SentView | AlertNotSent, Role.ADMIN, page=True, refused=(e.NoAlerts,))
def test_alerts(request: HttpRequest) -> object:
    """Send a test over every channel; answer what its receiver said, or why it was not sent."""
    return listed(request, list(alert_channels.test(request.workspace)))


@get("tokens", TokenView, role=Role.ADMIN, page=True)
def list_tokens(request: HttpRequest, after: str | None = None, limit: Limit = 50) -> object:
    """List the tokens of everybody, the newest first."""
    return one_more(request, tokens.all_tokens(request.workspace, limit + 1, after=after), limit)


@post("tokens/{name}/revoke", TokenView, Role.ADMIN, refused=(e.UnknownToken,))
def revoke_token(request: HttpRequest, name: Name) -> TokenView:
    """End a token at once, whoever it is of. ``name``: its id, such as t_3."""
    return tokens.revoke_any(request.workspace, name)
