"""The log of a process that serves, for programs to read: one line per run, failure, takeover and batch of webhooks.

At the level ``info`` a line names syncs, apps, runs and codes, and counts records. At ``debug`` it also has the ids of
records, and the words of failures, in which an app may quote what a record holds. Secrets stand in neither.
Nothing is logged before ``begin``.
"""

import json
import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bothways import __version__
from bothways.errors import BothwaysError
from bothways.service.views import RunView

_SAFE = ("status", "incident")
"""Facts of a failure that never hold anything of a record."""


Heard = Callable[[str, Mapping[str, Any], Callable[[], str]], None]
"""Is told what a library warns of: the level, the facts, and what returns its words."""

_write: Callable[[str], None] | None = None
_verbose = False


def begin(write: Callable[[str], None], level: str = "info") -> None:
    """Log from now on, a line of JSON at a time; what libraries have to say as well, from warnings on."""
    global _write, _verbose
    _write, _verbose = write, level == "debug"
    _listen(lambda level, told, words: _tell(level, "library", **told, detail={"message": words()} if _verbose else {}))


def begin_in_sentences(write: Callable[[str], None]) -> None:
    """Say from now on in a sentence what libraries have to say, from warnings on, and below it where that came from."""

    def tell(_level: str, told: Mapping[str, Any], _words: Callable[[], str]) -> None:
        incident = f" ({told['incident']})" if "incident" in told else ""
        write(f"{told['of']}: {told.get('exception', 'a warning')}{incident}")
        for place in told.get("places", ()):
            write(f"    {place}")

    _listen(tell)


def end() -> None:
    """Log nothing more."""
    global _write
    _write = None
    _listen(None)


def _listen(tell: Heard | None) -> None:
    library = logging.getLogger()
    library.handlers = [each for each in library.handlers if not isinstance(each, _Library)]
    library.handlers += [_Library(tell)] if tell is not None else []


def begun() -> None:
    """Log that the process begins."""
    _tell("info", "begun", version=__version__)


def ready(address: str) -> None:
    """Log that calls are answered."""
    _tell("info", "ready", address=address)


def run(view: RunView) -> None:
    """Log a run: what it did, in counts, and how its sync stands."""
    _tell(
        "warning" if view.state == "stopped" else "info",
        "run",
        run=view.id,
        sync=view.sync,
        state=view.state,
        seconds=round(view.seconds, 3),
        created=sum(view.created.values()),
        updated=sum(view.updated.values()),
        deleted=sum(view.deleted.values()),
        unlinked=view.unlinked,
        skipped=view.skipped,
        failing=view.failing,
        held=view.held,
        waiting=view.waiting,
        calls=sum(view.bill.values()),
        detail={"reason": view.reason} if view.reason else {},
    )


def failure(name: str, error: BothwaysError) -> None:
    """Log a failure of a sync or an app, or of all ("") by its code."""
    facts = {key: value for key in _SAFE if (value := error.facts.get(key)) is not None}
    _tell(
        "warning" if error.retriable else "error",
        "failure",
        of=name,
        code=error.code,
        error=type(error).__name__,
        retriable=error.retriable,
        **facts,
        detail={"message": error.message},
    )


def takeover(kind: str, name: str, worker: str) -> None:
    """Log that a turn was taken over from a worker that gave no sign of life."""
    _tell("warning", "takeover", turn=kind, of=name, worker=worker)


def webhooks(app: str, records: Sequence[str], new: int) -> None:
    """Log a delivery that was believed: how many records it named, and how many of them were not to be read already."""
    _tell("info", "webhooks", app=app, records=len(records), new=new, detail={"ids": list(records)})


def chronicle(app: str, records: Sequence[str], new: int) -> None:
    """Log what an app had written down: how many records it named, and how many of them were not to be read already."""
    _tell("info", "chronicle", app=app, records=len(records), new=new, detail={"ids": list(records)})


def subscriptions(app: str, made: int, resumed: int, deleted: int) -> None:
    """Log that subscriptions of an app were changed."""
    _tell("info", "subscriptions", app=app, made=made, resumed=resumed, deleted=deleted)


def _tell(level: str, event: str, *, detail: Mapping[str, object] | None = None, **facts: object) -> None:
    if _write is not None:
        told = {**facts, **((detail or {}) if _verbose else {}), "event": event, "level": level, "time": _now()}
        _write(json.dumps(told, default=repr))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class _Library(logging.Handler):
    """What libraries warn of: who, and at the level ``debug`` what, since it may quote anything.

    Of an exception, its class and where in the code it came from; of one that somebody met, the id that they were told.
    """

    def __init__(self, tell: Heard) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        told: dict[str, Any] = {"of": record.name}
        if hasattr(record, "incident"):
            told["incident"] = record.incident
        if record.exc_info and record.exc_info[0]:
            told["exception"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])
            told["places"] = [f"{each.filename}:{each.lineno} {each.name}" for each in frames]
        self._tell(level, told, record.getMessage)
