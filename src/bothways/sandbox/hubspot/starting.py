"""The stand-in in a process of its own, which ends with the block, or with us however we end; or in this one."""

import contextlib
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from bothways.sandbox.hubspot.admin import Admin
from bothways.sandbox.hubspot.hooks import CLIENT_SECRET
from bothways.sandbox.hubspot.server import HubSpotSandbox
from bothways.sandbox.processes import running

READY = r"listening on (http://127\.0\.0\.1:[1-9]\d*)\s"


@contextlib.contextmanager
def start(
    folder: Path | None = None,
    *,
    token: str = "pat-sandbox",
    client_secret: str = CLIENT_SECRET,
    index_lag: float = 0.0,
    rate: int = 100,
    frozen: bool = False,
    port: int = 0,
) -> Iterator[Admin]:
    """Run the stand-in and yield its Admin; the account is kept in ``folder`` (None: thrown away).

    ``client_secret`` signs webhooks.
    ``index_lag``: seconds until a save is found by search. ``rate``: calls in ten seconds (0: no limits).
    ``frozen``: its clock moves only by ``advance``. Raises DidNotStart.
    """
    with contextlib.ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        place.mkdir(parents=True, exist_ok=True)
        arguments = ["--port", str(port), "--token", token, "--index-lag", str(index_lag), "--rate", str(rate)]
        arguments += ["--client-secret", client_secret]
        arguments += ["--frozen"] if frozen else []
        arguments += ["--database", str(place / "hubspot.sqlite3")] if folder else []
        log = place / "hubspot.log"
        (url,) = stack.enter_context(running("bothways.sandbox.hubspot", arguments, log, READY))
        admin = Admin(url, token)
        stack.callback(admin.close)
        yield admin


def serve(
    ready: Callable[[str], None], *, port: int, token: str, database: Path | None, rate: int, index_lag: float
) -> None:
    """Run the stand-in here until Ctrl-C; ``ready`` is called with its address when it answers.

    The account is kept in ``database`` (None: thrown away). The other words are those of ``start``. Raises OSError for
    a port that cannot be had, and sqlite3.Error for a file that holds no account.
    """
    with HubSpotSandbox(
        {token: None},
        port=port,
        database=str(database or ":memory:"),
        rate=(rate, 10.0) if rate else None,
        search_rate=(5, 1.0) if rate else None,
        index_lag=index_lag,
    ) as hubspot:
        ready(hubspot.url)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
