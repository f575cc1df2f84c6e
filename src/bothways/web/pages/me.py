"""What concerns oneself: the password, the second factor, the browsers one is signed in with, tokens of the API."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bothways.errors import LanguageUnknown, NoSecondFactor, NotAllowed, PeopleError, TimeZoneUnknown, TokenNotMade
from bothways.service import preferences, second_factor, sessions, single_sign_on, tokens
from bothways.service.rights import Role, role_called
from bothways.web.languages import remember, spoken
from bothways.web.pages.page import action, page, shown, went_well

HERE = "/settings/me"
DAYS = (30, 90, 365)
"""For how many days a token can be made here; or without end."""


@page()
def me(request: HttpRequest) -> HttpResponse:
    """Show one's sessions, tokens, and how signing in is protected."""
    return _me(request)


@action(post=Role.VIEWER)
def change_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; other sessions end."""
    old, new = str(request.POST.get("old", "")), str(request.POST.get("new", ""))
    try:
        sessions.change_password(request.workspace, old, new, request.session.session_key)
    except PeopleError as error:
        return _me(request, 422, password_error=error)
    return went_well(request, HERE, _("Your password is changed. You are signed in here alone."))


@action(post=Role.VIEWER)
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep one's own language and time zone."""
    language, zone = str(request.POST.get("language", "")), str(request.POST.get("time-zone", "")).strip()
    try:
        chosen = preferences.choose(request.workspace, language, zone)
    except (LanguageUnknown, TimeZoneUnknown) as error:
        return _me(request, 422, language_error=error, wanted_zone=zone)
    if not language:
        request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)  # what it says is forgotten with this answer
    with spoken(request, chosen):
        response = went_well(request, f"{HERE}#language-title", _("Kept: pages are shown to you so from now on."))
    return remember(response, language)


@action(post=Role.VIEWER)
def end_session(request: HttpRequest) -> HttpResponse:
    """End one of one's own sessions."""
    sessions.end_session(request.workspace, str(request.POST.get("session", "")))
    return went_well(request, f"{HERE}#sessions", _("The session has ended."))


@action(post=Role.VIEWER)
def end_others(request: HttpRequest) -> HttpResponse:
    """End all of one's own sessions but this one."""
    count = sessions.end_others(request.workspace, request.session.session_key)
    said = ngettext("%(count)d session has ended.", "%(count)d sessions have ended.", count) % {"count": count}
    return went_well(request, f"{HERE}#sessions", said)


@action(post=Role.VIEWER)
def begin_second_factor(request: HttpRequest) -> HttpResponse:
    """Begin to set up a second factor."""
    second_factor.begin(request.workspace)
    return went_well(request, f"{HERE}/second-factor")


@page()
def second_factor_begun(request: HttpRequest) -> HttpResponse:
    """Show the secret of a second factor until its first code has come."""
    try:
        return _begun(request)
    except NoSecondFactor:
        return went_well(request, HERE)


@action(post=Role.VIEWER)
def confirm_second_factor(request: HttpRequest) -> HttpResponse:
    """Turn a second factor on by its first code, and show the recovery codes once."""
    try:
        codes = second_factor.confirm(request.workspace, str(request.POST.get("code", "")))
    except NoSecondFactor:
        return went_well(request, HERE)
    except PeopleError as error:
        return _begun(request, 422, error=error)
    return shown(request, "people/recovery.html", codes=codes)


@action(post=Role.VIEWER)
def turn_off_second_factor(request: HttpRequest) -> HttpResponse:
    """Turn the second factor off by a code of it."""
    try:
        second_factor.turn_off(request.workspace, str(request.POST.get("code", "")))
    except PeopleError as error:
        return _me(request, 422, factor_error=error)
    return went_well(request, f"{HERE}#second-factor", _("You sign in with your password alone now."))


@action(post=Role.VIEWER)
def make_token(request: HttpRequest) -> HttpResponse:
    """Make a token, and show it once."""
    name, days = str(request.POST.get("name", "")), str(request.POST.get("days", ""))
    try:
        role = role_called(str(request.POST.get("role", "")))
        lasts = float(days) if days in map(str, DAYS) else None
        made, word = tokens.make_token(request.workspace, name, role, days=lasts)
    except (TokenNotMade, NotAllowed) as error:
        return _me(request, 422, token_error=error, token_name=name)
    return _me(request, made=made, word=word)


@action(post=Role.VIEWER)
def revoke_token(request: HttpRequest) -> HttpResponse:
    """End a token at once."""
    gone = tokens.revoke_token(request.workspace, str(request.POST.get("id", "")))
    return went_well(request, f"{HERE}#tokens", _("The token %(name)s is revoked.") % {"name": gone.name})


def _me(request: HttpRequest, status: int = 200, **more: object) -> HttpResponse:
    account = request.account
    return shown(
        request,
        "people/me.html",
        status,
        sessions=sessions.my_sessions(request.workspace, request.session.session_key),
        factor=second_factor.my_second_factor(request.workspace),
        ways=single_sign_on.my_ways(request.workspace),
        tokens=tokens.list_tokens(request.workspace),
        roles=[role for role in Role if account.role.includes(role)],
        days=DAYS,
        zones=preferences.time_zones(),
        zone=get_current_timezone_name(),
        **more,
    )


def _begun(request: HttpRequest, status: int = 200, **more: object) -> HttpResponse:
    new = second_factor.begun(request.workspace)
    return shown(request, "people/second_factor.html", status, new=new, qr=_qr(new.address), **more)


def _qr(address: str) -> SafeString:
    """Return a text as the drawing of a QR code, of lines and fillings alone."""
    import segno  # only who sets up a second factor needs it

    drawn = segno.make(address, error="m", micro=False).svg_inline(
        scale=5, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return mark_safe(drawn)  # it holds nothing but numbers
