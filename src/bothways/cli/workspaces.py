"""Commands about the workspace itself: init, status, validate, doctor, version."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bothways import __version__
from bothways.cli.terminal import Terminal
from bothways.errors import EXIT_OK, EXIT_SETTINGS, catalogue

if TYPE_CHECKING:
    from bothways.service.workspace import Workspace


def opened(terminal: Terminal) -> "Workspace":
    """Open the workspace and its database."""
    from bothways.service.workspace import open_workspace

    return open_workspace(terminal.folder)


def init(context: typer.Context) -> None:
    """Make a workspace: a bothways.yaml to begin with."""
    from bothways.service import workspace

    terminal: Terminal = context.obj
    path = workspace.init(terminal.folder)
    if terminal.json:
        terminal.document("workspace", {"file": str(path)})
        return
    terminal.lines([f"Made {path}"])
    terminal.note("Next: find your app with: bothways app search   or try it without one: bothways demo")


def status(context: typer.Context) -> None:
    """Show every sync, its state and what needs you."""
    import time
    from dataclasses import replace

    from bothways.cli.render import workspace as render
    from bothways.service import syncs
    from bothways.service.reasons import explained_now
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    view = syncs.status(workspace)
    view = replace(view, syncs=tuple(explained_now(workspace, each) for each in view.syncs))
    if terminal.json:
        terminal.document("status", plain(view))
    else:
        terminal.lines(render.status(view, time.time()))


def pause(terminal: Terminal) -> None:
    """Let no sync run until they are resumed."""
    from bothways.service.standing import pause_all

    since = pause_all(opened(terminal))
    if terminal.json:
        terminal.document("pause-all", {"paused_at": since})
    else:
        terminal.lines(["All syncs are paused; what is at work ends first. Let them go on: bothways resume"])


def resume(terminal: Terminal) -> None:
    """Let all syncs go on."""
    from bothways.service.standing import resume_all

    resume_all(opened(terminal))
    if terminal.json:
        terminal.document("resume-all", {"paused_at": None})
    else:
        terminal.lines(["The syncs go on, with what changed meanwhile."])


def validate(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Another file than bothways.yaml.")] = None,
) -> None:
    """Check bothways.yaml, and nothing but that file."""
    from bothways.service.workspace import load, open_workspace

    terminal: Terminal = context.obj
    if file is None:
        file = open_workspace(terminal.folder, load_only=True).file
    else:
        load(file)
    if terminal.json:
        terminal.document("validate", {"file": str(file), "valid": True})
    else:
        terminal.lines([f"{file} can be used as it is."])


def schema(context: typer.Context) -> None:
    """Print the JSON Schema of bothways.yaml, for editors.

    It has the settings of every connector that is installed here.
    """
    import json

    from bothways.service.schema import settings_schema

    terminal: Terminal = context.obj
    if terminal.json:
        terminal.document("schema", {"schema": settings_schema()})
    else:
        terminal.lines(json.dumps(settings_schema(), indent=2).splitlines())


def doctor(context: typer.Context) -> int:
    """Check everything and say what to do.

    Looks at Python, the file, the database, secrets, the apps and the syncs.

    Ends with the exit code of the first problem found, 0 without one.
    """
    from bothways.cli.render import workspace as render
    from bothways.service.doctor import doctor as examine
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    findings = examine(terminal.folder)
    if terminal.json:
        terminal.document("doctor", {"findings": [plain(finding) for finding in findings]})
    else:
        terminal.lines(render.findings(findings))
    codes = [exit_code_of(finding.code) for finding in findings if finding.level == "problem"]
    return codes[0] if codes else EXIT_OK


def version(context: typer.Context) -> None:
    """Print the version."""
    terminal: Terminal = context.obj
    python = ".".join(map(str, sys.version_info[:3]))
    if terminal.json:
        terminal.document("version", {"bothways": __version__, "python": python})
    else:
        terminal.lines([f"bothways {__version__} (Python {python})"])


def exit_code_of(code: str | None) -> int:
    """Return the exit code that belongs to a code of the error catalogue; 65 for one that is not in it."""
    return next((kind.exit_code for kind in catalogue() if kind.code == code), EXIT_SETTINGS)
