"""Secrets that were typed in: each in a file of the workspace that its owner alone can read; settings name it."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path

from bothways.errors import DiskFull, SecretMissing
from bothways.service.document import Document, SecretPlace

FOLDER = Path(".bothways") / "secrets"
"""Where they are kept, below the workspace."""

Reference = tuple[str, str]
"""Where a secret is: ``("env", NAME)`` or ``("file", PATH)``."""


@contextmanager
def kept(workspace: Path, app: str, typed: Mapping[str, str]) -> Iterator[dict[str, Reference]]:
    """Keep secrets of an app by their names and yield where they are; they are forgotten if what follows fails.

    Raises SecretMissing for an empty one, DiskFull.
    """
    made: dict[str, Reference] = {}
    try:
        for name, secret in typed.items():
            if not secret.strip():
                raise SecretMissing(app=app, what=f'what was typed for "{name}"')
            made[name] = ("file", str(_keep(workspace, f"{app}_{name}", secret)))
        yield made
    except BaseException:
        for _, path in made.values():
            (workspace / path).unlink(missing_ok=True)
        raise


def forget(workspace: Path, places: Iterable[SecretPlace], document: Document) -> None:
    """Remove those secrets that were kept here and that the settings name no more; what somebody else keeps stays."""
    named = {Path(each.name) for each in document.secret_places if each.kind == "file"}
    for place in places:
        if is_kept(place) and Path(place.name) not in named:
            (workspace / place.name).unlink(missing_ok=True)


def is_kept(place: SecretPlace) -> bool:
    """Tell whether a secret is one of those that are kept here."""
    return place.kind == "file" and Path(place.name).parent == FOLDER


def _keep(workspace: Path, name: str, secret: str) -> Path:
    try:
        (workspace / FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
        path = _free(workspace, FOLDER / "".join(char if char.isalnum() else "_" for char in name))
        handle = os.open(workspace / path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secret)
    except OSError as error:
        raise DiskFull(reason=f"{FOLDER}: {error.strerror}") from error
    return path


def _free(workspace: Path, path: Path) -> Path:
    """Return the path, or one like it that no file has yet: the secret of another app is never overwritten."""
    names = chain([path.name], (f"{path.name}_{n}" for n in count(2)))
    return next(path.with_name(name) for name in names if not (workspace / path.with_name(name)).exists())
