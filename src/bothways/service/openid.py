"""Asking an OpenID provider who somebody is: the authorization code flow with PKCE.

Facts: OpenID Connect Core 1.0 and Discovery 1.0, RFC 6749, RFC 7636, RFC 9207. The provider is called through the guard
of all addresses. Its keys are fetched with each answer, so that keys that it has changed serve at once.
"""

import hmac
import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.discovery import get_well_known_url

from bothways.connectors.base import Setup
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.http import HttpClient, Manners, Response, plain_words
from bothways.errors import (
    BothwaysError,
    IdentityNotProven,
    NoSignInElsewhere,
    PeopleError,
    ProviderFailed,
    ProviderRefused,
    SecretMissing,
    SignInNotBegun,
)
from bothways.service.connect import Secrets
from bothways.service.document import SignInDocument
from bothways.service.reading_sign_in import may_be_asked
from bothways.service.workspace import Workspace

TIMEOUT = 15.0
"""Seconds without a byte from the provider before it counts as not answering."""

LASTS = 600.0
"""Seconds in which somebody can sign in there after they have left."""

KEPT = 300.0
"""Seconds for which what a provider says of its addresses is not asked for again."""

LONGEST = 200
"""Characters of the provider's words that are shown, and of a name."""

ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")

_known: dict[str, tuple[float, dict[str, Any]]] = {}
"""What providers have said of their addresses, and when."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a browser keeps while somebody is with the provider: by which its answer is known to be meant for it.

    ``key``: the word of a one-time link that is to be used; ``back``: where to go then.
    """

    issuer: str
    state: str
    nonce: str
    verifier: str
    redirect: str
    begun_at: float
    back: str = "/"
    key: str = ""

    @property
    def plain(self) -> dict[str, Any]:
        """It as plain data, for a cookie."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as a provider knows them. ``values``: those of the claim by which roles are given."""

    issuer: str
    subject: str
    name: str
    values: tuple[str, ...]


def begin(workspace: Workspace, redirect: str, *, back: str = "/", key: str = "") -> tuple[str, Attempt]:
    """Return where a browser is to go, and what it keeps meanwhile; ``redirect``: where it is sent back to.

    Raises NoSignInElsewhere, ProviderFailed.
    """
    provider = provider_of(workspace)
    addresses = _addresses(workspace, provider)
    state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
    address = prepare_grant_uri(
        addresses["authorization_endpoint"],
        client_id=provider.client_id,
        response_type="code",
        redirect_uri=redirect,
        scope=" ".join(dict.fromkeys(("openid", *provider.scopes))),
        state=state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    return address, Attempt(provider.issuer, state, nonce, verifier, redirect, workspace.clock(), back, key)


def finish(workspace: Workspace, attempt: Attempt, answer: Mapping[str, str]) -> Person:
    """Return who somebody is, by the answer that a browser brings from the provider.

    Raises SignInNotBegun for an answer to something else, ProviderRefused, ProviderFailed, IdentityNotProven.
    """
    from bothways.service.openid_token import proven  # loaded where somebody signs in so, and nowhere else

    provider = provider_of(workspace)
    age = workspace.clock() - attempt.begun_at
    if not _is_answer_to(attempt, answer) or not 0 <= age <= LASTS or attempt.issuer != provider.issuer:
        raise SignInNotBegun()
    if answer.get("iss", provider.issuer) != provider.issuer:
        raise IdentityNotProven(name=provider.name, reason="another provider has answered")
    if "code" not in answer:
        words = " ".join(f"{answer.get('error_description') or answer.get('error') or 'it gave no reason'}".split())
        raise ProviderRefused(name=provider.name, reason=words[:LONGEST].rstrip("."))
    addresses = _addresses(workspace, provider)
    tokens = _tokens(workspace, provider, addresses, attempt, answer["code"])
    keys = _get(workspace, provider, addresses["jwks_uri"])
    claims = proven(provider, tokens, keys, attempt.nonce, workspace.clock())
    return _person(provider, claims)


def _is_answer_to(attempt: Attempt, answer: Mapping[str, str]) -> bool:
    return hmac.compare_digest(attempt.state.encode(), answer.get("state", "").encode())


def provider_of(workspace: Workspace) -> SignInDocument:
    """Return with whom people sign in besides; raise NoSignInElsewhere."""
    if workspace.document.sign_in is None:
        raise NoSignInElsewhere()
    return workspace.document.sign_in


def check(workspace: Workspace) -> None:
    """Ask the provider for its addresses and keys, and look whether its secret is there; raise what is wrong."""
    provider = provider_of(workspace)
    _secrets(workspace, provider).get("client_secret")
    _known.pop(provider.issuer, None)
    _get(workspace, provider, _addresses(workspace, provider)["jwks_uri"])


# --- asking -------------------------------------------------------------------------------------------


def _addresses(workspace: Workspace, provider: SignInDocument) -> dict[str, Any]:
    """Return what the provider says of its addresses; refuse what another one says, or leads to unsafe places."""
    now, kept = workspace.clock(), _known.get(provider.issuer)
    if kept is not None and 0 <= now - kept[0] < KEPT:
        return kept[1]
    found = _get(workspace, provider, get_well_known_url(provider.issuer, external=True))
    if found.get("issuer") != provider.issuer:
        raise ProviderFailed(name=provider.name, reason="it calls itself otherwise than sign_in.issuer says")
    for key in ADDRESSES:
        if not may_be_asked(str(found.get(key, "")), workspace.document.allow_hosts):
            raise ProviderFailed(name=provider.name, reason=f"it names no {key} that may be called")
    _known[provider.issuer] = (now, found)
    return found


def _tokens(
    workspace: Workspace, provider: SignInDocument, addresses: Mapping[str, Any], attempt: Attempt, code: str
) -> Mapping[str, Any]:
    """Change the code that a browser brought for what it stands for."""
    with _told(provider):
        secret = _secrets(workspace, provider).get("client_secret")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": attempt.redirect,
        "code_verifier": attempt.verifier,
    }
    headers = {}
    ways = addresses.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if "client_secret_basic" in ways:
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": provider.client_id, "client_secret": secret}
    with _told(provider), _client(workspace, provider, addresses["token_endpoint"], headers, (secret, code)) as client:
        response = client.request(
            "POST",
            addresses["token_endpoint"],
            body=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            repeatable=True,
        )
        return _mapping(provider, response)


def _get(workspace: Workspace, provider: SignInDocument, address: str) -> dict[str, Any]:
    with _told(provider), _client(workspace, provider, address) as client:
        return _mapping(provider, client.request("GET", address, repeatable=True))


def _mapping(provider: SignInDocument, response: Response) -> dict[str, Any]:
    found = response.json()
    if not isinstance(found, dict):
        raise ProviderFailed(name=provider.name, reason="it answers otherwise than an OpenID provider")
    return found


@contextmanager
def _told(provider: SignInDocument) -> Iterator[None]:
    """Tell of whatever keeps a provider from being asked in one way."""
    try:
        yield
    except PeopleError:
        raise
    except SecretMissing as error:  # visitors need not know where it should be: the doctor says so
        raise ProviderFailed(name=provider.name, reason="its secret is missing here") from error
    except BothwaysError as error:
        raise ProviderFailed(name=provider.name, reason=error.message.rstrip(".")) from error


@contextmanager
def _client(
    workspace: Workspace,
    provider: SignInDocument,
    address: str,
    headers: Mapping[str, str] | None = None,
    hidden: tuple[str, ...] = (),
) -> Iterator[HttpClient]:
    setup = Setup(
        provider.name,
        {},
        _secrets(workspace, provider),
        MemoryBudget(app=provider.name),
        workspace.document.allow_hosts,
    )
    manners = Manners(words=_words)
    client = HttpClient(address, setup, headers, TIMEOUT, manners=manners, connections=1, tries=1, secrets=hidden)
    try:
        yield client
    finally:
        client.close()


def _words(response: Response) -> str:
    """Return what a provider says of a failure, in its own words where it is as OAuth has it."""
    try:
        said = response.json()
    except BothwaysError:
        return plain_words(response)
    words = str(said.get("error_description") or said.get("error") or "") if isinstance(said, dict) else ""
    return " ".join(words.split())[:LONGEST] or plain_words(response)


def _secrets(workspace: Workspace, provider: SignInDocument) -> Secrets:
    return Secrets(provider.name, {"client_secret": provider.secret}, workspace.folder)


def _person(provider: SignInDocument, claims: Mapping[str, Any]) -> Person:
    names = (claims.get(key) for key in ("name", "preferred_username", "email"))
    name = next((each for each in names if isinstance(each, str) and each.strip()), provider.name)
    held = claims.get(provider.claim)
    values = held if isinstance(held, list) else [held]
    subject = claims["sub"]
    if not isinstance(subject, str) or not subject:
        raise IdentityNotProven(name=provider.name, reason='its "sub" is missing or not as it must be')
    return Person(provider.issuer, subject, name, tuple(each for each in values if isinstance(each, str)))
