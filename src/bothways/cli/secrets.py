"""Settings and secrets of ``app add``: pairs taken apart, secrets only ever as the place where they are.

No message here repeats what was given for a secret.
"""

import getpass
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bothways.cli.terminal import Terminal
from bothways.errors import SecretMissing, UsageError

if TYPE_CHECKING:
    from bothways.service.secret_files import Reference
    from bothways.service.views import ConnectorView


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


def places(terminal: Terminal, app: str, given: Iterable[str]) -> tuple[dict[str, "Reference"], dict[str, str]]:
    """Return where secrets are, and those that were read from stdin, by their names."""
    found: dict[str, Reference] = {}
    typed: dict[str, str] = {}
    for pair in given:
        key, _, place = pair.partition("=")
        kind, _, name = place.partition(":")
        if kind in ("env", "file") and name:
            found[key] = (kind, name)
        elif place == "stdin":
            typed[key] = _read(terminal, app, key)
        else:
            hint = "Say --secret KEY=env:NAME, --secret KEY=file:PATH or --secret KEY=stdin"
            raise UsageError(reason="--secret says where a secret is, never what it is", hint=hint)
    return found, typed


def _read(terminal: Terminal, app: str, key: str) -> str:
    if terminal.can_ask:
        return getpass.getpass(f"{key} of {app}: ", sys.stderr)
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise SecretMissing(app=app, what="stdin")
    return secret
