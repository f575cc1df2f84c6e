"""Ask before something is written that nobody has agreed to yet."""

from collections.abc import Callable
from typing import TypeVar

import typer

from bothways.cli.failures import told
from bothways.cli.terminal import Terminal, say
from bothways.errors import EXIT_BRAKE, EXIT_INTERRUPTED, ConfirmationNeeded, StoppedByBrake, StoppedByPerson

Result = TypeVar("Result")


def confirmed(terminal: Terminal, call: Callable[[bool], Result], yes: bool) -> Result:
    """Call, and once more with approval if it wants one and a person gives it.

    Without a terminal the refusal stands. A person's no ends the command as Ctrl-C would: 130.
    """
    try:
        return call(yes)
    except ConfirmationNeeded as need:
        if not terminal.can_ask:
            raise
        if not terminal.ask(f"{need.message} Go on?"):
            say("Nothing was written.")
            raise typer.Exit(EXIT_INTERRUPTED) from None
    return call(True)


def released(terminal: Terminal, call: Callable[[bool], Result], yes: bool) -> Result:
    """Call, and once more without brakes if one stops it and a person at the terminal says so."""
    try:
        return call(yes)
    except StoppedByBrake as stop:
        if yes or isinstance(stop, StoppedByPerson) or not terminal.can_ask:
            raise
        say(f"Stopped: {told(stop)}")
        if not terminal.ask("Write all the same?"):
            raise typer.Exit(EXIT_BRAKE) from None
    return call(True)
