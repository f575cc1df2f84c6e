"""Commands that keep running by themselves: up, worker, web."""

from typing import TYPE_CHECKING, Annotated

import typer

from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened

if TYPE_CHECKING:
    from bothways.errors import BothwaysError
    from bothways.service.views import RunView
    from bothways.web.serving import Role

Host = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where calls are answered.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Where calls are answered; 0: any that is free.")]
AtOnce = Annotated[int, typer.Option("--at-once", min=1, max=64, help="How many syncs run at the same time.")]
PORT = 8417


def up(context: typer.Context, host: Host = "127.0.0.1", port: Port = PORT, at_once: AtOnce = 4) -> None:
    """Keep all syncs in step by itself until Ctrl-C.

    One process does it all: it reads the apps, runs what has something to do, and takes webhooks.
    """
    from bothways.web.serving import Role

    _serve(context, Role(works=True, host=host, port=port, at_once=at_once))


def worker(
    context: typer.Context,
    host: Host = "127.0.0.1",
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Where metrics are read.")] = None,
    at_once: AtOnce = 4,
) -> None:
    """Keep all syncs in step, beside other workers.

    On PostgreSQL as many of them as you like share the work, and take over from each other.
    """
    from bothways.web.serving import Role

    _serve(context, Role(works=True, host=host, port=port, at_once=at_once))


def web(context: typer.Context, host: Host = "127.0.0.1", port: Port = PORT) -> None:
    """Take webhooks in, for workers elsewhere."""
    from bothways.web.serving import Role

    _serve(context, Role(works=False, host=host, port=port))


def _serve(context: typer.Context, role: "Role") -> None:
    import time

    from bothways.cli.failures import kept, tell
    from bothways.cli.render import runs as render
    from bothways.service.views import plain
    from bothways.web.serving import serve

    terminal: Terminal = context.obj
    workspace = opened(terminal)

    def on_run(view: "RunView") -> None:
        if terminal.json:
            terminal.document("run", plain(view))
        else:
            terminal.lines(render.watched(view, time.time()))

    def on_failure(name: str, error: "BothwaysError") -> None:
        tell(error, terminal, name)

    terminal.note("Running. Stop with Ctrl-C; what was begun is ended first.")
    serve(
        workspace,
        role,
        on_run=on_run,
        on_failure=on_failure,
        understood=lambda problem: kept(problem, terminal),
        on_ready=lambda address: terminal.note(f"Calls are answered at {address}"),
    )
