"""A sync for a command alone: nobody else runs it meanwhile. And whether it is a service that runs syncs."""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from bothways.errors import AllPaused, AtWork, LedgerError, SecondRunner
from bothways.ledger import turns
from bothways.ledger.models import Sync
from bothways.ledger.turns import BEAT_EVERY, BESIDE, SYNC, Turn
from bothways.service.database import sqlite_path, used
from bothways.service.lock import runner
from bothways.service.workspace import Workspace
from bothways.sync.context import Progress

LOOK_EVERY = 0.2
"""Seconds between two looks at whether something that another process does has ended."""


def process_name() -> str:
    """Return a name that no other process has."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def is_served(workspace: Workspace) -> bool:
    """Tell whether a service runs on the database: ``up``, or a worker."""
    return turns.is_served(workspace.clock())


@contextmanager
def no_service(workspace: Workspace) -> Iterator[bool]:
    """Tell whether no service runs, so that a command does by itself what it is asked for.

    On SQLite none can begin in this block then. Raises SecondRunner there if another command runs syncs.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(runner(workspace))
            alone = sqlite_path(workspace.database) is not None or not is_served(workspace)
        except SecondRunner:
            if not is_served(workspace):
                raise
            alone = False
        yield alone


@contextmanager
def own_turn(
    workspace: Workspace,
    row: Sync,
    report: Callable[[Progress], None] | None = None,
    *,
    though_paused: bool = True,
    wait: bool = True,
) -> Iterator[Turn]:
    """Have a sync to oneself, waiting for whoever is at it, a service included; in the caller's use of the database.

    Unless ``wait``, AtWork is raised where somebody is at it.

    Raises SecondRunner if another command runs syncs on an SQLite database, and AllPaused unless ``though_paused``.
    """
    with no_service(workspace) as alone:
        on_sqlite = sqlite_path(workspace.database) is not None
        if alone and on_sqlite:
            turns.forget_workers()
        name = process_name() if alone or not on_sqlite else BESIDE + process_name()
        turns.beat(name, (), workspace.clock())
        try:
            while (turn := turns.take_now(row.pk, name, workspace.clock(), though_paused=though_paused)) is None:
                if not though_paused and turns.paused_at():
                    raise AllPaused()
                if not wait:
                    raise AtWork(name=row.name.partition("#")[0])
                if report is not None:
                    report(Progress("Waiting for its turn", "", 0))
                time.sleep(LOOK_EVERY)
            with _beating(workspace, turn):
                try:
                    yield turn
                finally:
                    turns.give_back(turn)
                    turns.ask(SYNC, with_something_to_do(workspace, row), workspace.clock())
        finally:
            turns.silent(name)


def with_something_to_do(workspace: Workspace, row: Sync) -> list[int]:
    """Return the syncs that have records to look at and use a feed of this one: whoever reads it reads it for all."""
    feeds = (row.left_id, row.right_id)
    return [id for feed in feeds for id in turns.all_with_marks(workspace.clock(), feed)]


@contextmanager
def _beating(workspace: Workspace, turn: Turn) -> Iterator[None]:
    """Say every few seconds that whoever has the turn is alive, on a connection of its own."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT_EVERY):
            with suppress(LedgerError), used(workspace.database):
                turns.beat(turn.worker, [(SYNC, turn.id)], workspace.clock())

    thread = threading.Thread(target=beat, name="bothways-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
