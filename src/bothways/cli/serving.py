"""Commands that keep running by themselves: up, worker, web."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
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


class LogFormat(StrEnum):
    """How what happens is told: in sentences for people, or in lines of JSON on stderr for programs."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """How much the lines of JSON say: with ``debug``, also ids of records, and words that may quote what they hold."""

    INFO = "info"
    DEBUG = "debug"


Format = Annotated[LogFormat, typer.Option("--log-format", help="Sentences, or lines of JSON on stderr.")]
Level = Annotated[LogLevel, typer.Option("--log-level", help="In JSON, debug adds ids of records and failures' words.")]


def up(
    context: typer.Context,
    host: Host = "127.0.0.1",
    port: Port = PORT,
    at_once: AtOnce = 4,
    log_format: Format = LogFormat.TEXT,
    log_level: Level = LogLevel.INFO,
) -> None:
    """Keep all syncs in step by itself until Ctrl-C.

    One process does it all: it reads the apps, runs what has something to do, takes webhooks and shows the pages.
    """
    from bothways.web.serving import Role

    _serve(context, Role(works=True, host=host, port=port, at_once=at_once, pages=True), log_format, log_level)


def worker(
    context: typer.Context,
    host: Host = "127.0.0.1",
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Where metrics are read.")] = None,
    at_once: AtOnce = 4,
    log_format: Format = LogFormat.TEXT,
    log_level: Level = LogLevel.INFO,
) -> None:
    """Keep all syncs in step, beside other workers.

    On PostgreSQL as many of them as you like share the work, and take over from each other.
    """
    from bothways.web.serving import Role

    _serve(context, Role(works=True, host=host, port=port, at_once=at_once), log_format, log_level)


def web(
    context: typer.Context,
    host: Host = "127.0.0.1",
    port: Port = PORT,
    log_format: Format = LogFormat.TEXT,
    log_level: Level = LogLevel.INFO,
) -> None:
    """Show the pages and take webhooks in.

    Syncs are run by workers elsewhere.
    """
    from bothways.web.serving import Role

    _serve(context, Role(works=False, host=host, port=port, pages=True), log_format, log_level)


def _serve(context: typer.Context, role: "Role", log_format: LogFormat, log_level: LogLevel) -> None:
    from bothways.cli.failures import kept
    from bothways.cli.terminal import say
    from bothways.cli.text import clean
    from bothways.jobs import logs

    terminal: Terminal = context.obj
    if log_format is LogFormat.TEXT:
        logs.begin_in_sentences(lambda line: say(clean(line)))
        try:
            _run(terminal, role, in_sentences(terminal))
        finally:
            logs.end()
        return
    logs.begin(say, log_level)
    try:
        _run(terminal, role, in_lines(terminal))
    except Exception as problem:
        error = kept(problem, terminal)
        logs.failure("", error)
        raise typer.Exit(error.exit_code) from problem
    finally:
        logs.end()


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of what happens: of runs, of failures and of what they are, that it begins, and where it answers."""

    run: "Callable[[RunView], None]"
    failure: "Callable[[str, BothwaysError], None]"
    begun: Callable[[], None]
    ready: Callable[[str], None]


def in_sentences(terminal: Terminal) -> Told:
    """Tell people: runs on stdout, all else on stderr."""
    import time

    from bothways.cli.failures import tell
    from bothways.cli.render import runs as render
    from bothways.service.views import plain

    def run(view: "RunView") -> None:
        if terminal.json:
            terminal.document("run", plain(view))
        else:
            terminal.lines(render.watched(view, time.time()))

    return Told(
        run,
        lambda name, error: tell(error, terminal, name),
        lambda: terminal.note("Running. Stop with Ctrl-C; what was begun is ended first."),
        lambda address: terminal.note(f"Calls are answered at {address}"),
    )


def in_lines(terminal: Terminal) -> Told:
    """Tell programs, in lines of JSON on stderr; runs also as documents on stdout where ``--json`` is given."""
    from bothways.jobs import logs
    from bothways.service.views import plain

    def run(view: "RunView") -> None:
        logs.run(view)
        if terminal.json:
            terminal.document("run", plain(view))

    return Told(run, logs.failure, logs.begun, logs.ready)


def _run(terminal: Terminal, role: "Role", told: Told) -> None:
    from bothways.cli.failures import kept
    from bothways.service.tracing import exported
    from bothways.web.serving import serve

    workspace = opened(terminal)
    told.begun()
    with exported(told.failure):
        serve(
            workspace,
            role,
            on_run=told.run,
            on_failure=told.failure,
            understood=lambda problem: kept(problem, terminal),
            on_ready=told.ready,
        )
