"""How far a command is, on stderr: bars on a terminal, else at most a line per phase. Nothing within a second."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bothways.cli.terminal import Terminal
from bothways.cli.text import number

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from bothways.service import Progress

PATIENCE = 1.0
"""Seconds before anything is shown."""


@contextmanager
def progress(terminal: Terminal, clock: Callable[[], float] = time.monotonic) -> Iterator["Callable[[Progress], None]"]:
    """Yield what a long command reports its progress to."""
    if terminal.quiet:
        yield lambda _: None
    elif not sys.stderr.isatty():
        yield Lines(terminal, clock)
    else:
        bars = Bars(terminal, clock)
        try:
            yield bars
        finally:
            bars.close()


class Lines:
    """One line for each phase that lasts."""

    def __init__(self, terminal: Terminal, clock: Callable[[], float]) -> None:
        self.terminal, self.clock = terminal, clock
        self.phase: tuple[str, str] | None = None
        self.since, self.told = 0.0, False

    def __call__(self, step: "Progress") -> None:
        """Take one report."""
        if (step.phase, step.app) != self.phase:
            self.phase, self.since, self.told = (step.phase, step.app), self.clock(), False
        elif not self.told and self.clock() - self.since >= PATIENCE:
            self.terminal.note(f"{title(step)}{slowed(step)} ...")
            self.told = True


class Bars:
    """A bar for each phase and app, drawn by rich from the second second on, gone at the end."""

    def __init__(self, terminal: Terminal, clock: Callable[[], float]) -> None:
        self.terminal, self.clock, self.since = terminal, clock, clock()
        self.rich: RichProgress | None = None
        self.tasks: dict[tuple[str, str], TaskID] = {}
        self.begun: dict[tuple[str, str], tuple[float, int]] = {}

    def __call__(self, step: "Progress") -> None:
        """Take one report."""
        place = (step.phase, step.app)
        at, before = self.begun.setdefault(place, (self.clock(), step.done))
        if self.rich is None and self.clock() - self.since < PATIENCE:
            return
        if self.rich is None:
            self.rich = drawn(colour=self.terminal.colour)
            self.rich.start()
        if place not in self.tasks:
            self.tasks[place] = self.rich.add_task(title(step), total=step.total, count="", left="")
        count = number(step.done) if step.total is None else f"{number(step.done)}/{number(step.total)}"
        count += slowed(step)
        left = time_left(step, step.done - before, self.clock() - at)
        self.rich.update(self.tasks[place], completed=step.done, total=step.total, count=count, left=left)

    def close(self) -> None:
        """Take the bars off the screen."""
        if self.rich is not None:
            self.rich.stop()


def title(step: "Progress") -> str:
    """Return what is being done: ``hubspot: reading``."""
    return f"{step.app}: {step.phase.lower()}" if step.app else step.phase.lower()


def slowed(step: "Progress") -> str:
    """Return why it takes its time, if an app's rate limit is why."""
    return ", slowed by rate limit" if step.slowed else ""


def time_left(step: "Progress", made: int, seconds: float) -> str:
    """Return for about how long a phase goes on that has made so much in so many seconds, "" while nobody knows."""
    from bothways.service.pace import rounded, seconds_left

    found = seconds_left(step.total - step.done, made, seconds) if step.total is not None else None
    if found is None:
        return ""
    count, unit = rounded(found)
    return f"about {number(count)} {unit} left" if count else "less than a minute left"


def drawn(*, colour: bool) -> "RichProgress":
    """Return rich's bars on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True, no_color=not colour)
    parts = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[count]}", markup=False),
        TextColumn("{task.fields[left]}", markup=False),
    )
    return Progress(*parts, console=console, transient=True)
