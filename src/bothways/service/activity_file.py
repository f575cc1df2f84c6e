"""Everything that was done, as a file for spreadsheets: runs and changes of settings in one list, latest first."""

import csv
import heapq
import io
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO, Any

from bothways.service.export import ENCODINGS, safe
from bothways.service.log import runs
from bothways.service.rights import Role, for_role
from bothways.service.setting_changes import setting_changes
from bothways.service.views import RunSummary, SettingChange
from bothways.service.workspace import Workspace

PAGE = 500
COLUMNS = (
    "when (UTC)",
    "sync",
    "what",
    "id",
    "state",
    "who",
    "why",
    "created",
    "updated",
    "deleted",
    "setting",
    "before",
    "after",
)

Row = tuple[float, tuple[str, ...]]


@for_role(Role.VIEWER)
def activity_file(workspace: Workspace) -> IO[bytes]:
    """Return a file that is gone when it is closed: a row per run, and per setting that was changed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    text = io.TextIOWrapper(file, encoding=ENCODINGS[".csv"], errors="replace", newline="", write_through=True)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for at, cells in heapq.merge(_runs(workspace), _changes(workspace), key=lambda row: -row[0]):
        writer.writerow([datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"), *map(safe, cells)])
    text.detach()
    file.seek(0)
    return file


def _runs(workspace: Workspace) -> Iterator[Row]:
    after: str | None = None
    while page := runs(workspace, after=after, size=PAGE):
        yield from map(_of_run, page)
        after = page[-1].id


def _of_run(run: RunSummary) -> Row:
    undone = f"undo of {run.undoes}" if run.undoes else "run"
    written = [_counted(each.items()) for each in (run.created, run.updated, run.deleted)]
    return run.started_at, (run.sync, undone, run.id, run.state, "", run.reason, *written, "", "", "")


def _counted(found: Iterable[tuple[str, int]]) -> str:
    return "; ".join(f"{app}: {count}" for app, count in found if count)


def _changes(workspace: Workspace) -> Iterator[Row]:
    after: int | None = None
    while page := setting_changes(workspace, after=after, size=PAGE):
        for each in page:
            yield from _of_change(each)
        after = page[-1].id


def _of_change(each: SettingChange) -> Iterator[Row]:
    head = (each.sync, "settings", str(each.revision), "", each.author, "", "", "", "")
    if not each.changes:
        yield each.at, (*head, "first settings" if each.is_first else "", "", "")
    for change in each.changes:
        setting = ": ".join(filter(None, (change.part, change.item, change.key)))
        yield each.at, (*head, setting, _said(change.before), _said(change.after))


def _said(value: Any) -> str:
    return "" if value is None else str(value)
