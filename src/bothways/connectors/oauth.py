"""Being let into an app by OAuth 2: the address to send people to, and what is asked of the app's token server.

The protocol's words are Authlib's, the sending is our own client's. Of an app's refusal only its words are told, with
every secret taken out of them.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_qs
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from bothways.connectors.base import Setup
from bothways.connectors.http import HttpClient, Manners, Response, plain_words
from bothways.connectors.permissions import OAuth
from bothways.errors import AppError, ClientRefused, PermissionMissing, ProtocolError, SignInNeeded

TRIES, TIMEOUT = 2, 20.0
"""How often a token server is asked, and the seconds without a byte until it counts as not answering."""

LASTS = 1800.0
"""Seconds that an access token is taken to be good for where the app does not tell."""

POOL = "oauth"
OF_CLIENT = frozenset({"invalid_client", "unauthorized_client"})
"""Refusals (RFC 6749, 5.2) that are about our registration, and not about what people allowed."""

_REFUSED, _OTHERS = frozenset({400, 401, 403, 404}), frozenset({401, 403})
_ANSWERED = frozenset(range(200, 300)) | _REFUSED


@dataclass(frozen=True, slots=True)
class Client:
    """What an app knows us by."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an app gave us. ``until``: how long the access token is good (seconds). ``scopes``: None if not told."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    until: float
    scopes: frozenset[str] | None = None


def new_word() -> str:
    """Return a word that nobody can guess, as long as a code verifier may be and a state should be."""
    return generate_token(64)


def scopes_of(oauth: OAuth, chosen: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the scopes to ask for: those that are needed, and those of the others that were chosen."""
    needed = [each.scope for each in oauth.permissions if each.needed]
    wanted = set(chosen) - set(needed)
    return needed, [each.scope for each in (*oauth.permissions, *oauth.further) if each.scope in wanted]


def address(
    oauth: OAuth, authorize: str, client_id: str, *, redirect: str, state: str, verifier: str, chosen: Iterable[str]
) -> str:
    """Return the address at which somebody allows us what we ask for."""
    needed, others = scopes_of(oauth, chosen)
    more: dict[str, str] = {}
    if oauth.optional and others:
        more[oauth.optional] = " ".join(others)
    return str(
        prepare_grant_uri(
            authorize,
            client_id,
            "code",
            redirect_uri=redirect,
            scope=needed if oauth.optional else [*needed, *others],
            state=state,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            **more,
        )
    )


class TokenServer:
    """Where one app hands out tokens. Methods raise what ``HttpClient`` raises, and ClientRefused, SignInNeeded."""

    def __init__(self, oauth: OAuth, setup: Setup, client: Client) -> None:
        self._oauth, self._setup, self._client = oauth, setup, client

    def exchange(self, code: str, verifier: str, redirect: str) -> Tokens:
        """Return what an app gives for a code that it sent somebody back with, and the scopes that it tells of."""
        form = prepare_token_request("authorization_code", redirect_uri=redirect, code=code, code_verifier=verifier)
        given = self._tokens(form, (code, verifier), "sign in")
        if not given.refresh:
            raise ProtocolError(app=self._setup.app, reason="an access token without a refresh token")
        if given.scopes is None and self._oauth.introspect:
            form = add_params_to_qs("", [("token", given.access)])
            body = self._json(self._post(self._oauth.introspect, form, (given.access,), "introspect"))
            return Tokens(given.access, given.refresh, given.until, _scopes(body))
        return given

    def refresh(self, former: Tokens) -> Tokens:
        """Return other tokens for those that end. An app that does not give another refresh token keeps the former."""
        form = prepare_token_request("refresh_token", refresh_token=former.refresh)
        given = self._tokens(form, (former.refresh,), "refresh")
        scopes = former.scopes if given.scopes is None else given.scopes
        return Tokens(given.access, given.refresh or former.refresh, given.until, scopes)

    def own(self, scopes: Sequence[str]) -> Tokens:
        """Return a token of our registration itself, of no account (RFC 6749, 4.4): nothing comes with it to renew it.

        Raises PermissionMissing where the app gives none for these scopes.
        """
        form = prepare_token_request("client_credentials", scope=" ".join(scopes))
        try:
            return self._tokens(form, (), "sign in itself")
        except SignInNeeded as error:
            raise PermissionMissing(app=self._setup.app, reason=str(error.facts["reason"])) from None

    def revoke(self, tokens: Tokens) -> None:
        """Give the refresh token back, and with it all that came of it; that the app does not know it is no failure."""
        if self._oauth.revoke:
            form, _ = prepare_revoke_token_request(tokens.refresh, "refresh_token")
            self._post(self._oauth.revoke, form, (tokens.refresh,), "revoke", refused=_OTHERS)

    def _tokens(self, form: str, secrets: Sequence[str], call: str) -> Tokens:
        asked_at = self._setup.clock()
        body = self._json(self._post(self._oauth.token, form, secrets, call))
        access, refresh, lasts = body.get("access_token"), body.get("refresh_token") or "", body.get("expires_in")
        if not isinstance(access, str) or not access or not isinstance(refresh, str):
            raise ProtocolError(app=self._setup.app, reason="an answer without a token")
        if str(body.get("token_type") or "bearer").lower() != "bearer":
            raise ProtocolError(app=self._setup.app, reason="a token of a kind that is not known")
        good = float(lasts) if isinstance(lasts, int | float) and lasts > 0 else LASTS
        return Tokens(access, refresh, asked_at + good, _scopes(body))

    def _post(
        self, path: str, form: str, secrets: Sequence[str], call: str, *, refused: Container[int] = _REFUSED
    ) -> Response:
        """Post a form with what the app knows us by; raise what it says where the answer is in ``refused``.

        It may be sent twice: what an answer that never came has spent is spent either way.
        """
        own = [("client_id", self._client.id), ("client_secret", self._client.secret)]
        http = HttpClient(
            self._setup.settings[self._oauth.server],
            self._setup,
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            TIMEOUT,
            manners=Manners(words_of),
            connections=1,
            tries=TRIES,
            secrets=(self._client.secret, *secrets),
        )
        try:
            response = http.request(
                "POST",
                path,
                body=add_params_to_qs(form, own).encode(),
                pool=POOL,
                call=call,
                repeatable=True,
                ok=_ANSWERED,
            )
            if response.status in refused:
                raise self._refusal(response, http.scrub(words_of(response)).strip().rstrip("."))
            return response
        finally:
            http.close()

    def _refusal(self, response: Response, words: str) -> AppError:
        if _error_of(response).get("error") in OF_CLIENT:
            return ClientRefused(app=self._setup.app, reason=words)
        return SignInNeeded(app=self._setup.app, reason=words)

    def _json(self, response: Response) -> Mapping[str, Any]:
        body = response.json()
        if not isinstance(body, dict):
            raise ProtocolError(app=self._setup.app, reason="an answer that is no object")
        return body


def words_of(response: Response) -> str:
    """Return an app's own words about a refusal (RFC 6749, 5.2), or what many say instead."""
    body = _error_of(response)
    said = next((body[key] for key in ("error_description", "message", "error") if body.get(key)), "")
    return str(said) or plain_words(response)


def _error_of(response: Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ProtocolError:
        return {}
    return body if isinstance(body, dict) else {}


def _scopes(body: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the scopes that an answer tells of, as one text (RFC 6749) or, as some do, as a list."""
    told = body.get("scope") if body.get("scope") is not None else body.get("scopes")
    if isinstance(told, str):
        return frozenset(told.split())
    return frozenset(map(str, told)) if isinstance(told, list) else None
