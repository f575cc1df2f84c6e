"""What was asked and answered, written down for whoever checks it: a line of JSON for each exchange.

The environment names the file, so that it is one for all stand-ins of a test run, those in processes of their own
included. A line is there before its answer is sent. Of secrets it only says that they were there.
"""

import os
import re
import threading
from typing import Any

import orjson

from bothways.sandbox.hubspot.web import Reply, Request, sent_headers

EXCHANGES = "BOTHWAYS_HUBSPOT_EXCHANGES"
"""The variable that names the file. Without it nothing is written."""

HIDDEN = "***"
SECRETS = ("access_token", "client_secret", "code", "code_verifier", "hapikey", "refresh_token", "token")

_IN_FORM = re.compile(rf"(^|[?&])({'|'.join(SECRETS)})=[^&]+")
_IN_PATH = re.compile(r"(?<=-tokens/)[^/?]+")
_TOLD = ("authorization", "content-type", "host", "user-agent")


class Exchanges:
    """Writes exchanges down, as long as it is not closed; nothing at all where the environment names no file."""

    def __init__(self) -> None:
        path = os.environ.get(EXCHANGES)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if path else None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Write no more."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def note(self, request: Request, reply: Reply | None, *, oauth: bool) -> None:
        """Write an exchange down; no reply is a connection that was broken off. ``oauth``: its token came of OAuth."""
        if self._file is None:
            return
        headers = sent_headers(reply) if reply else {}
        told = {
            **asked(request),
            "ordered": request.met,
            "oauth": oauth,
            "status": reply.status if reply else 0,
            "answer_headers": {name: _without_secrets(text) for name, text in headers.items()},
            "answer": _shown(reply.body) if reply else None,
        }
        line = orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)
        with self._lock:
            if self._file is not None:
                os.write(self._file, line)


def asked(request: Request) -> dict[str, Any]:
    """Return a request as it is written down."""
    return {
        "method": request.method,
        "target": _without_secrets(request.target),
        "headers": {name: _scheme(name, request.headers[name]) for name in _TOLD if name in request.headers},
        "body": _without_secrets(request.body.decode("utf-8", "replace")),
    }


def _without_secrets(text: str) -> str:
    """Return an address or a form with its secrets hidden; JSON has none."""
    return text if text.startswith("{") else _IN_FORM.sub(rf"\1\2={HIDDEN}", _IN_PATH.sub(HIDDEN, text))


def _scheme(name: str, value: str) -> str:
    """Return a header; of credentials, their scheme alone."""
    return f"{value.partition(' ')[0]} {HIDDEN}" if name == "authorization" else value


def _shown(body: Any) -> Any:
    """Return the JSON of an answer with its secrets hidden, None for anything else."""
    if isinstance(body, dict):
        return {name: HIDDEN if name in SECRETS else value for name, value in body.items()}
    return None if isinstance(body, bytes) else body
