"""Settings and secrets of ``app add``: pairs taken apart, secrets only ever as the place where they are.

No message here repeats what was given for a secret.
"""

import getpass
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from bothways.cli.terminal import Terminal
from bothways.errors import SecretMissing, UsageError

if TYPE_CHECKING:
    from bothways.service.views import ConnectorView

Reference = tuple[str, str]
"""Where a secret is: ``("env", NAME)`` or ``("file", PATH)``."""


def settings(connector: str, given: Iterable[str], catalogue: Sequence["ConnectorView"]) -> dict[str, str]:
    """Return ``KEY=VALUE`` pairs as settings; refuse a secret among them without repeating it."""
    kinds = {each.name: each for each in catalogue}
    hidden = {each.name for each in kinds[connector].settings if each.secret} if connector in kinds else set()
    result: dict[str, str] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(reason="A setting is given as KEY=VALUE", hint="For example: --set url=https://...")
        if key in hidden:
            hint = f"Say where it is: --secret {key}=env:NAME, --secret {key}=file:PATH or --secret {key}=stdin"
            raise UsageError(reason=f'"{key}" is a secret and is not given on the command line', hint=hint)
        result[key] = value
    return result


@contextmanager
def references(terminal: Terminal, app: str, given: Iterable[str]) -> Iterator[Mapping[str, Reference]]:
    """Yield the places of secrets. One read from stdin is kept in a file of the workspace, if all goes well."""
    made: list[Path] = []
    result: dict[str, Reference] = {}
    try:
        for pair in given:
            key, _, place = pair.partition("=")
            kind, _, name = place.partition(":")
            if kind in ("env", "file") and name:
                result[key] = (kind, name)
            elif place == "stdin":
                path = _kept(terminal, app, key)
                made.append(path)
                result[key] = ("file", str(path.relative_to(terminal.folder.absolute())))
            else:
                hint = "Say --secret KEY=env:NAME, --secret KEY=file:PATH or --secret KEY=stdin"
                raise UsageError(reason="--secret says where a secret is, never what it is", hint=hint)
        yield result
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _kept(terminal: Terminal, app: str, key: str) -> Path:
    """Read a secret from stdin and keep it in a file only its owner can read."""
    secret = (
        getpass.getpass(f"{key} of {app}: ", sys.stderr) if terminal.can_ask else sys.stdin.readline().rstrip("\r\n")
    )
    if not secret:
        raise SecretMissing(app=app, source="stdin")
    folder = terminal.folder.absolute() / ".bothways" / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _free(folder / "".join(char if char.isalnum() else "_" for char in f"{app}_{key}"))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(secret)
    return path


def _free(path: Path) -> Path:
    """Return the path, or one like it that no file has yet: the secret of another app is never overwritten."""
    names = chain([path.name], (f"{path.name}_{n}" for n in count(2)))
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())
