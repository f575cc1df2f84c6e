"""The proof of what an OpenID provider says: its token, signed with its key, for us, and for one attempt to sign in.

Facts: OpenID Connect Core 1.0.
"""

from collections.abc import Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from bothways.errors import IdentityNotProven
from bothways.service.document import SignInDocument

DRIFT = 60
"""Seconds by which the clock of the provider may be wrong."""

SIGNED_BY = (*(f"{kind}{size}" for kind in ("RS", "PS", "ES") for size in (256, 384, 512)), "EdDSA", "Ed25519")
"""How a token may be signed: never by a secret that both know, and never not at all."""


def proven(
    provider: SignInDocument, tokens: Mapping[str, Any], keys: Mapping[str, Any], nonce: str, now: float
) -> dict[str, Any]:
    """Return what a token says, if the provider has signed it, for us, for this attempt, and not too long ago.

    Raises IdentityNotProven.
    """
    try:
        verified = _verified(str(tokens["id_token"]), keys)
        token = CodeIDToken(
            verified.claims,
            verified.header,
            {
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
                "sub": {"essential": True},
            },
            {"nonce": nonce, "client_id": provider.client_id, "access_token": tokens.get("access_token")},
        )
        token.validate(int(now), DRIFT)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise IdentityNotProven(name=provider.name, reason=_why(error)) from error
    return dict(token)


def _verified(token: str, keys: Mapping[str, Any]) -> jwt.Token:
    """Return a token that was signed with one of these keys: that of its name, if it names one."""
    name = extract_compact(token.encode()).headers().get("kid")
    given = [each for each in keys["keys"] if each.get("use", "sig") == "sig" and name in (None, each.get("kid"))]
    problem: Exception = BadSignatureError()
    for each in given:
        try:
            return jwt.decode(token, KeySet.import_key_set({"keys": [each]}).keys[0], algorithms=SIGNED_BY)
        except (JoseError, ValueError) as error:
            problem = error
    raise problem


def _why(error: Exception) -> str:
    if isinstance(error, BadSignatureError):
        return "it is not signed with a key of the provider"
    if isinstance(error, ExpiredTokenError):
        return "it is too old"
    if isinstance(error, InvalidClaimError | MissingClaimError):
        return f'its "{error.claim}" is missing or not as it must be'
    return "it is no token that can be read"
