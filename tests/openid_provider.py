"""An OpenID provider in the process of the tests: a page to sign in, tokens, keys; and what a wrong one would do.

It speaks as OpenID Connect Core 1.0 says, and holds its client to it: the redirect, the secret, PKCE, a code only once.
"""

import json
import secrets
import threading
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "bothways", "a secret: of/the provider & ours"


def new_key(name: str) -> RSAKey:
    """Return a key to sign with."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"}, private=True)


@dataclass
class Provider:
    """``people`` by their numbers, with what is said of them.

    ``wrong``: claims that replace the right ones, None for none; ``token``: one in place of the right one; ``key``
    signs, ``keys`` are published; ``names_key``: tokens say by which key they are signed; ``metadata``: what it
    says of itself otherwise; ``refuses``: its words in place of a code; ``broken``: addresses that answer with
    a failure; ``clock``: what time it is there. ``asked`` holds every request: its path, query and form.
    """

    url: str = ""
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: new_key("first"))
    keys: list[RSAKey] = field(default_factory=list)
    wrong: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    refuses: str = ""
    broken: set[str] = field(default_factory=set)
    names_key: bool = True
    token: str = ""
    clock: Any = time.time
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def rotate(self) -> None:
        """Sign with another key from now on, and publish that alone."""
        self.key = new_key(secrets.token_hex(4))
        self.keys = [self.key]

    def described(self) -> dict[str, Any]:
        """What the provider says of itself."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize?tenant=1",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            **self.metadata,
        }

    def page(self, query: Mapping[str, str]) -> str:
        """The page to sign in: a button for each person."""
        hidden = "".join(
            f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">' for key, value in query.items()
        )
        buttons = "".join(
            f'<button name="subject" value="{escape(each)}">Go on as {escape(str(said.get("name", each)))}</button>'
            for each, said in self.people.items()
        )
        form = f'<form method="post" action="/authorize">{hidden}{buttons}</form>'
        return f'<!doctype html><html lang="en"><title>Who are you?</title><h1>Who are you?</h1>{form}'

    def answered(self, asked: Mapping[str, str], subject: str) -> str:
        """Where a browser is sent after somebody has signed in."""
        back = {"state": asked["state"], "iss": self.url}
        if self.refuses:
            back |= {"error": "access_denied", "error_description": self.refuses}
        else:
            assert asked["client_id"] == CLIENT
            assert asked["response_type"] == "code"
            assert asked["code_challenge_method"] == "S256"
            assert "openid" in asked["scope"].split()
            code = secrets.token_urlsafe()
            self._codes[code] = {**asked, "subject": subject}
            back["code"] = code
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def changed(self, form: Mapping[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """What a code is changed for."""
        name, _, secret = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        by_form = (form.get("client_id"), form.get("client_secret"))
        if (CLIENT, SECRET) not in ((unquote_plus(name), unquote_plus(secret)), by_form):
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form.get("code", ""), None)
        challenge = create_s256_code_challenge(form.get("code_verifier", ""))
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant", "error_description": "this code is not good"}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.token or self._token(asked)}

    def _token(self, asked: Mapping[str, str]) -> str:
        now = int(self.clock())
        claims = {
            "iss": self.url,
            "sub": asked["subject"],
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
            **self.people[asked["subject"]],
            **self.wrong,
        }
        claims = {key: value for key, value in claims.items() if value is not None}
        named = {"kid": self.key.kid} if self.names_key else {}
        return jwt.encode({"alg": "RS256", **named}, claims, self.key)

    def published(self) -> dict[str, Any]:
        """The keys by which its tokens are known."""
        return dict(KeySet(self.keys or [self.key]).as_dict(private=False))


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = self._asked("")
            if path == "/.well-known/openid-configuration":
                self._json(200, provider.described())
            elif path == "/keys":
                self._json(200, provider.published())
            elif path == "/authorize":
                self._send(200, "text/html; charset=utf-8", provider.page(query).encode())
            else:
                self._send(404, "text/plain", b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            path, _ = self._asked(body)
            form = dict(parse_qsl(body))
            if path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.answered(form, form["subject"]))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif path == "/token":
                self._json(*provider.changed(form, self.headers.get("Authorization", "")))
            else:
                self._send(404, "text/plain", b"")

        def _asked(self, body: str) -> tuple[str, dict[str, str]]:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            provider.asked.append((parts.path, query, dict(parse_qsl(body))))
            return parts.path, query

        def _json(self, status: int, data: Mapping[str, Any]) -> None:
            self._send(status, "application/json", json.dumps(data).encode())

        def _send(self, status: int, kind: str, body: bytes) -> None:
            if urlsplit(self.path).path in provider.broken:
                status, kind, body = 500, "text/plain", b"out of order"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextmanager
def openid_provider(**people: Mapping[str, Any]) -> Iterator[Provider]:
    """Run a provider on 127.0.0.1 that knows these people by their numbers."""
    provider = Provider(people={number: dict(said) for number, said in people.items()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
