"""Commands that run stand-ins of apps, for whoever writes code against those apps: hubspot."""

import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from bothways.cli.terminal import Terminal
from bothways.errors import AddressInUse, NoAccountInFile

PORT, TOKEN = 8418, "pat-sandbox"


def hubspot(
    context: typer.Context,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where calls are answered; 0: any that is free.")
    ] = PORT,
    token: Annotated[str, typer.Option("--token", metavar="TEXT", help="The access token that is accepted.")] = TOKEN,
    database: Annotated[
        Path | None, typer.Option("--database", metavar="FILE", help="Keep the account in a file, and go on with it.")
    ] = None,
    rate: Annotated[int, typer.Option("--rate", min=0, help="Calls in ten seconds; 0: no limits.")] = 100,
    index_lag: Annotated[
        float, typer.Option("--index-lag", min=0, metavar="SECONDS", help="How late search finds what was saved.")
    ] = 0.0,
) -> None:
    """Run a stand-in for HubSpot on this machine until Ctrl-C.

    HubSpot's own clients work with it, as does whatever speaks its API. What it leaves out stands in
    docs/apps/hubspot-stand-in.md.
    """
    from bothways.sandbox.hubspot import starting

    terminal: Terminal = context.obj

    def ready(url: str) -> None:
        if terminal.json:
            terminal.document("sandbox", {"app": "hubspot", "url": url, "token": token})
            return
        terminal.lines(how_to_use(url, token))
        terminal.note(f"The account is kept in {database}." if database else "The account is gone when this ends.")
        terminal.note("Stop with Ctrl-C.")

    try:
        starting.serve(ready, port=port, token=token, database=database, rate=rate, index_lag=index_lag)
    except sqlite3.Error as problem:
        raise NoAccountInFile(path=database, reason=str(problem)) from problem
    except OSError as problem:
        raise AddressInUse(address=f"127.0.0.1:{port}", reason=problem.strerror) from problem


def how_to_use(url: str, token: str) -> list[str]:
    """Return how code is pointed at the stand-in instead of at HubSpot."""
    return [
        f"HubSpot's stand-in answers at {url}",
        f"  any program  Authorization: Bearer {token}",
        f'  Python       HubSpot(access_token="{token}", host="{url}")',
        f'  Node.js      new Client({{ accessToken: "{token}", basePath: "{url}" }})',
        f"  Bothways     connector: hubspot, base_url: {url}, and allow_hosts: [127.0.0.1]",
    ]
