"""The command ``bothways demo``."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Annotated

import typer

from bothways.cli.demo.pages import answering, served
from bothways.cli.demo.stage import Stage, stage
from bothways.cli.demo.story import STEPS
from bothways.cli.terminal import Terminal
from bothways.sandbox.processes import DidNotStart

FAILED = 1

NEXT = (
    "",
    "Next, with apps of your own:",
    "  mkdir my-sync && cd my-sync",
    "  bothways init",
    "  bothways app search",
    "  bothways app add crm hubspot --secret token=env:HUBSPOT_TOKEN",
)


def demo(
    context: typer.Context,
    keep: Annotated[bool, typer.Option("--keep", help="Leave all servers running until Ctrl-C.")] = False,
) -> int:
    """Try Bothways with a stand-in for HubSpot and a real address book, both on this machine.

    At a terminal it ends with the pages, until Ctrl-C. Everything is thrown away at the end. Ends with 0 only if every
    check held.
    """
    terminal = context.obj if isinstance(context.obj, Terminal) else Terminal()
    with _ended_by_hang_up():
        try:
            with stage(terminal) as here:
                return play(here, keep=keep or terminal.can_ask)
        except DidNotStart as problem:
            terminal.lines([f"! A server of the demo did not start: {problem}", *_missing(str(problem))])
            return FAILED


def play(here: Stage, *, keep: bool) -> int:
    """Go through the steps as long as they hold, then show the pages; return the exit code.

    ``keep``: go on serving until Ctrl-C.
    """
    for step in STEPS:
        if here.failed:
            break
        step(here)
    if here.failed:
        return _ended(here)
    with served(here) as link:
        answering(here, link)
        code = _ended(here)
        if keep:
            _wait(here, link)
    return code


def _ended(here: Stage) -> int:
    """Say how many checks held; return the exit code."""
    here.title("The end")
    here.tell(f"{len(here.checks) - len(here.failed)} of {len(here.checks)} checks held.")
    here.tell(*(f"! Not so: {what}" for what in here.failed))
    here.tell(*NEXT)
    return FAILED if here.failed else 0


def _wait(here: Stage, link: str) -> None:
    """Leave the servers up until Ctrl-C."""
    secrets = ("HUBSPOT_TOKEN", "BOOK_USER", "BOOK_PASSWORD")
    here.tell(
        "",
        f"HubSpot: {here.hubspot.url}   address book: {here.book.book}",
        f"  cd {here.folder}",
        f"  export {' '.join(f'{name}={here.environment[name]}' for name in secrets)}",
        "  bothways status",
        "",
        f"The pages: {link}",
        "They are there until Ctrl-C.",
    )
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


def _missing(problem: str) -> list[str]:
    """Say how to get Radicale where that is what is missing: it is no part of the product."""
    return ["  Get it with: pip install 'radicale>=3.5,<4'"] if "No module named radicale" in problem else []


@contextlib.contextmanager
def _ended_by_hang_up() -> Iterator[None]:
    """Let a closed terminal end the demo as Ctrl-C does, so that the servers end with it."""
    if not hasattr(signal, "SIGHUP"):
        yield
        return
    before = signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
