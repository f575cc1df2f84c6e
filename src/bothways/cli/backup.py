"""The command that makes a backup."""

import os
from pathlib import Path
from typing import Annotated

import typer

from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened
from bothways.errors import OutputFailed, UsageError


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to be made, such as copy.tar.gz.")],
) -> None:
    """Make a backup of the settings and the database.

    One file with a copy of an SQLite database; everything goes on meanwhile. Secrets are not in it. A PostgreSQL
    database is copied with pg_dump.
    """
    from bothways.service.backup import write_backup

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(reason=f"{file} is there already", hint="Choose another name.") from error
    except OSError as error:
        raise OutputFailed(reason=f"{file}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as made:
            write_backup(workspace, made)
    except BaseException as error:
        file.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputFailed(reason=f"{file}: {error.strerror}") from error
        raise
    if terminal.json:
        terminal.document("backup", {"file": str(file), "bytes": file.stat().st_size})
    else:
        terminal.lines([f"Made {file}"])
        terminal.note("Secrets are not in it: keep those that bothways.yaml names, and .bothways/secrets, elsewhere.")
