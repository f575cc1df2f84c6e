"""OAuth 2 as HubSpot has it: apps that are registered, codes that are used once, tokens that end.

Access tokens are good for half an hour. Refresh tokens stay as they are; of an app that ``rotates`` them, as those of
other makers do, each is good for one use, and a second use ends all that came of the first (RFC 9700, 4.14.2). What was
given is kept in memory, and gone with the process. [K] The bodies of refusals.
"""

import base64
import hashlib
import hmac
import secrets
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.changes import OURS
from bothways.sandbox.hubspot.problems import PORTAL, not_found

CLIENT_ID, APP_SECRET = "8f1c2a34-sandbox", "5e0b7d52-0c1f-4b5e-9a39-secret-of-the-app"
USER = 1
"""Who lets apps in."""

CODE_LASTS, ACCESS_LASTS = 60.0, 1800.0
"""Seconds."""


@dataclass(slots=True)
class App:
    """An app as its makers have set it up: where it may send people back to, and the scopes that it asks for.

    ``tells``: tokens come with their scopes, as HubSpot's do since August 2025. ``own`` are the scopes that it may have
    for itself, of no account.
    """

    id: str
    secret: str = field(repr=False)
    redirects: tuple[str, ...] = ()
    needed: tuple[str, ...] = ("oauth",)
    optional: tuple[str, ...] = ()
    rotates: bool = False
    tells: bool = True
    name: str = "Bothways"
    own: tuple[str, ...] = ()


@dataclass(slots=True)
class Grant:
    """What one person allowed an app: its codes and tokens are all of one grant, and end with it."""

    app: App
    scopes: frozenset[str]
    ended: bool = False


@dataclass(frozen=True, slots=True)
class _Code:
    grant: Grant
    redirect: str
    challenge: str
    until: float


class Wrong(Exception):
    """A call that is not taken, with its word by RFC 6749 and a sentence; ``status`` of its answer."""

    def __init__(self, word: str, sentence: str, status: int = 400, kind: str = "") -> None:
        super().__init__(sentence)
        self.word, self.sentence, self.status, self.kind = word, sentence, status, kind or word.upper()

    def answer(self) -> Answer:
        """Return the answer in both of the forms that HubSpot's have had, with what its clients hold for certain."""
        body = {"error": self.word, "error_description": self.sentence, "status": self.kind, "message": self.sentence}
        body["category"] = "INVALID_AUTHENTICATION" if self.status == 401 else "VALIDATION_ERROR"  # [K]
        body["correlationId"] = str(uuid.uuid4())
        return self.status, body


class Desk:
    """Where an account lets apps in."""

    def __init__(self) -> None:
        self.apps: dict[str, App] = {}
        self._codes: dict[str, _Code] = {}
        self._used: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}
        self._access: dict[str, tuple[Grant, float]] = {}
        self._own: dict[str, tuple[frozenset[str], float]] = {}
        self._lock = threading.RLock()

    def register(self, app: App) -> None:
        """Set an app up, in place of the one of its id."""
        with self._lock:
            self.apps[app.id] = app

    def scopes_of(self, token: str, now: float, *, of_app: bool = False) -> frozenset[str] | None:
        """Return what an access token allows, None if it is not good (any more); ``of_app``: one of the app itself."""
        with self._lock:
            if of_app:
                scopes, until = self._own.get(token, (None, 0.0))
                return scopes if now < until else None
            grant, until = self._access.get(token, (None, 0.0))
            return grant.scopes if grant is not None and not grant.ended and now < until else None

    def ended_at(self, token: str) -> float | None:
        """Return when an access token ends that nobody took back, None for every other."""
        with self._lock:
            grant, until = self._access.get(token, (None, 0.0))
            return until if grant is not None and not grant.ended else None

    def end_all(self) -> int:
        """End everything that was allowed, as a person does who removes the app; return how many grants that were."""
        with self._lock:
            grants = {id(each): each for each in (*self._refresh.values(), *(g for g, _ in self._access.values()))}
            alive = [each for each in grants.values() if not each.ended]
            for each in alive:
                each.ended = True
            return len(alive)

    def alive(self) -> list[str]:
        """Return the refresh tokens that are good."""
        with self._lock:
            return [token for token, grant in self._refresh.items() if not grant.ended]

    # --- what people do -------------------------------------------------------------------------------------

    def asked(self, query: Mapping[str, Sequence[str]]) -> tuple[App, str, list[str], list[str]]:
        """Return who asks for what: the app, where people are sent back to, the scopes needed and optional ones.

        Raises Wrong for what nobody may be sent back for.
        """
        app = self.apps.get(_first(query, "client_id"))
        if app is None:
            raise Wrong("invalid_client", "We couldn't find the app that you were sent by. Check the client id.")
        redirect = _first(query, "redirect_uri")
        if redirect not in app.redirects:
            raise Wrong("invalid_request", f"The redirect URL does not match one that {app.name} is registered with.")
        needed, optional = (_first(query, name).split() for name in ("scope", "optional_scope"))
        return app, redirect, needed, optional

    def fault_of(self, query: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
        """Return what the app is told that asked wrongly, None if it asked rightly."""
        app, _, needed, optional = self.asked(query)
        if _first(query, "response_type", "code") != "code":
            return "unsupported_response_type", "Only codes are handed out."
        if set(app.needed) - set(needed):
            return "invalid_scope", f"The app requires {', '.join(sorted(set(app.needed) - set(needed)))} as well."
        if unknown := {*needed, *optional} - {*app.needed, *app.optional}:
            return "invalid_scope", f"The app is not set up for {', '.join(sorted(unknown))}."
        if _first(query, "code_challenge") and _first(query, "code_challenge_method") != "S256":
            return "invalid_request", "The code challenge must be made by S256."
        return None

    def allow(self, query: Mapping[str, Sequence[str]], scopes: Sequence[str], now: float) -> str:
        """Let an app in, and return the code that it is sent."""
        app, redirect, needed, optional = self.asked(query)
        grant = Grant(app, frozenset(needed) | (frozenset(scopes) & frozenset(optional)))
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = _Code(grant, redirect, _first(query, "code_challenge"), now + CODE_LASTS)
        return code

    # --- what apps do ---------------------------------------------------------------------------------------

    def token(self, form: Mapping[str, Sequence[str]], now: float) -> Answer:
        """Hand out tokens for a code, or for a refresh token."""
        try:
            app, kind = self._client(form), _first(form, "grant_type")
            with self._lock:
                if kind == "authorization_code":
                    return 200, self._tokens(self._for_code(app, form, now), None, now)
                if kind == "refresh_token":
                    token = _first(form, "refresh_token")
                    return 200, self._tokens(self._for_refresh(app, token), token, now)
                if kind == "client_credentials":
                    return 200, self._for_itself(app, _first(form, "scope").split(), now)
            raise Wrong("unsupported_grant_type", f"{kind or 'Nothing'} is no kind of grant.")
        except Wrong as wrong:
            return wrong.answer()

    def introspect(self, form: Mapping[str, Sequence[str]], now: float) -> Answer:
        """Tell what a token of the app is good for."""
        try:
            app = self._client(form)
        except Wrong as wrong:
            return wrong.answer()
        with self._lock:
            token = _first(form, "token")
            grant, until = self._access.get(token, (None, 0.0))
        if grant is None or grant.app.id != app.id or grant.ended or now >= until:
            return 200, {"active": False}
        told = {"active": True, "token": token, "token_type": "bearer", "token_use": "access_token"}
        told |= {"client_id": app.id, "app_id": int(OURS.id or 0), "hub_id": PORTAL, "user_id": USER}
        return 200, told | {"scopes": sorted(grant.scopes), "expires_in": int(until - now)}

    def revoke(self, form: Mapping[str, Sequence[str]]) -> Answer:
        """End what a token belongs to. One that is not known is as good as revoked (RFC 7009, 2.2)."""
        try:
            app = self._client(form)
        except Wrong as wrong:
            return wrong.answer()
        with self._lock:
            token = _first(form, "token")
            grant = self._refresh.get(token) or self._access.get(token, (None, 0.0))[0]
            if grant is not None and grant.app.id == app.id:
                grant.ended = True
        return 200, {}

    def of_access(self, token: str, now: float) -> dict[str, Any] | None:
        """Return what an access token is good for, as whoever holds it is told; None if it is not good (any more)."""
        with self._lock:
            grant, until = self._access.get(token, (None, 0.0))
        if grant is None or grant.ended or now >= until:
            return None
        told = {"token_type": "access", "app_id": int(OURS.id or 0), "expires_in": int(until - now)}
        return {"token": token, **_whose(grant), **told}

    def of_refresh(self, token: str) -> dict[str, Any] | None:
        """Return what a refresh token is good for, as whoever holds it is told; None if it is not good (any more)."""
        with self._lock:
            grant = self._refresh.get(token)
        if grant is None or grant.ended:
            return None
        return {"token": token, **_whose(grant), "token_type": "refresh", "client_id": grant.app.id}

    def drop_refresh(self, token: str) -> bool:
        """Accept a refresh token no longer and tell whether there was one; access tokens that it gave stay good."""
        with self._lock:
            return self._refresh.pop(token, None) is not None

    def _client(self, form: Mapping[str, Sequence[str]]) -> App:
        app = self.apps.get(_first(form, "client_id"))
        if app is None or not hmac.compare_digest(app.secret.encode(), _first(form, "client_secret").encode()):
            raise Wrong("invalid_client", "The client id and the client secret do not match.", 401, "BAD_CLIENT")
        return app

    def _for_code(self, app: App, form: Mapping[str, Sequence[str]], now: float) -> Grant:
        code = _first(form, "code")
        if code in self._used:
            self._used[code].ended = True  # somebody else has it, too
        held = self._codes.pop(code, None)
        if held is None or held.grant.app.id != app.id or now >= held.until:
            raise Wrong("invalid_grant", "missing or unknown auth code", kind="BAD_AUTH_CODE")
        self._used[code] = held.grant
        if held.redirect != _first(form, "redirect_uri"):
            raise Wrong("invalid_grant", "the redirect URL is another one than the code was sent to")
        if held.challenge and held.challenge != _challenge(_first(form, "code_verifier")):
            raise Wrong("invalid_grant", "the code verifier does not match the code challenge")
        return held.grant

    def _for_refresh(self, app: App, token: str) -> Grant:
        if token in self._used:
            self._used[token].ended = True
        grant = self._refresh.get(token)
        if grant is None or grant.ended or grant.app.id != app.id:
            raise Wrong("invalid_grant", "missing or invalid refresh token", kind="BAD_REFRESH_TOKEN")
        return grant

    def _for_itself(self, app: App, scopes: Sequence[str], now: float) -> dict[str, Any]:
        """Hand out a token that is of the app alone (RFC 6749, 4.4), without another to renew it by."""
        if not scopes or set(scopes) - {*app.own, *app.needed, *app.optional}:
            missing = ", ".join(sorted(set(scopes) - {*app.own, *app.needed, *app.optional}))
            raise Wrong("invalid_scope", f"The app is not set up for {missing or 'no scope at all'}.")
        token = f"cc-{secrets.token_urlsafe(32)}"
        self._own[token] = frozenset(scopes), now + ACCESS_LASTS
        told = {"access_token": token, "expires_in": int(ACCESS_LASTS), "token_type": "bearer"}
        return told | {"scope": " ".join(scopes)}

    def end_own(self) -> None:
        """Accept no token any more that the app got for itself."""
        with self._lock:
            self._own.clear()

    def _tokens(self, grant: Grant, former: str | None, now: float) -> dict[str, Any]:
        access, refresh = f"ac-{secrets.token_urlsafe(32)}", former
        if refresh is None or grant.app.rotates:
            refresh = f"rf-{secrets.token_urlsafe(24)}"
            self._refresh[refresh] = grant
        if former is not None and grant.app.rotates:
            self._used[former] = self._refresh.pop(former)
        self._access[access] = (grant, now + ACCESS_LASTS)
        told = {"access_token": access, "refresh_token": refresh, "expires_in": int(ACCESS_LASTS)}
        more = {"scopes": sorted(grant.scopes)} if grant.app.tells else {}
        return {**told, "token_type": "bearer", "hub_id": PORTAL, **more}


def _whose(grant: Grant) -> dict[str, Any]:
    """Return whom a token was given by, and what it allows."""
    named = {"user": "owner@house.example", "hub_domain": "house.example", "hub_id": PORTAL, "user_id": USER}
    return {**named, "scopes": sorted(grant.scopes)}


class LetsAppsIn:
    """The strings of an account that have to do with OAuth."""

    def __init__(self) -> None:
        self._desk = Desk()

    def register(
        self,
        redirects: Sequence[str],
        needed: Sequence[str] = ("oauth",),
        optional: Sequence[str] = (),
        *,
        rotates: bool = False,
        tells: bool = True,
        own: Sequence[str] = (),
    ) -> None:
        """Set up the app that people let in by OAuth: where it may send them back to, and the scopes that it asks for.

        ``rotates``: each refresh token is good for one use. ``tells``: tokens come with their scopes. ``own``: the
        scopes that it may have for itself, by client credentials.
        """
        asked = tuple(needed), tuple(optional)
        self._desk.register(App(CLIENT_ID, APP_SECRET, tuple(redirects), *asked, rotates, tells, own=tuple(own)))

    def remove_apps(self) -> int:
        """End all that people have allowed apps by OAuth, as who removes them; return how many grants that were."""
        return self._desk.end_all()

    def end_own_tokens(self) -> None:
        """Accept no token any more that the app got for itself."""
        self._desk.end_own()

    def refresh_tokens(self) -> list[str]:
        """Return the refresh tokens that are good."""
        return self._desk.alive()


def token(ask: Ask) -> Answer:
    """Answer a call for tokens."""
    return _desk(ask).token(_form(ask), ask.now)


def introspect(ask: Ask) -> Answer:
    """Answer a call about a token."""
    return _desk(ask).introspect(_form(ask), ask.now)


def revoke(ask: Ask) -> Answer:
    """Answer a call that gives a token back."""
    return _desk(ask).revoke(_form(ask))


def access_token(ask: Ask) -> Answer:
    """Tell whoever holds an access token what it is good for."""
    return 200, _told(_desk(ask).of_access(ask.arg, ask.now))


def refresh_token(ask: Ask) -> Answer:
    """Tell whoever holds a refresh token what it is good for."""
    return 200, _told(_desk(ask).of_refresh(ask.arg))


def drop_refresh_token(ask: Ask) -> Answer:
    """Answer a call that gives a refresh token back, and nothing else."""
    if not _desk(ask).drop_refresh(ask.arg):
        raise not_found()
    return 204, None


def _told(told: dict[str, Any] | None) -> dict[str, Any]:
    if told is None:
        raise not_found()  # [K] the words
    return told


def back(redirect: str, **words: str) -> str:
    """Return the address that somebody is sent back to with these words."""
    return f"{redirect}{'&' if '?' in redirect else '?'}{urlencode({k: v for k, v in words.items() if v})}"


def _desk(ask: Ask) -> Desk:
    assert ask.desk is not None
    return ask.desk


def _form(ask: Ask) -> Mapping[str, Sequence[str]]:
    return parse_qs(ask.raw.decode(errors="replace"))


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _first(words: Mapping[str, Sequence[str]], name: str, default: str = "") -> str:
    return next(iter(words.get(name, ())), default)
