"""A plan as a file for others: CSV for spreadsheets, JSON for programs, written row by row."""

import csv
import io
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TextIO

from bothways.errors import OutputFailed, UsageError
from bothways.service.views import ActionView, FieldView, PlanView, plain
from bothways.service.why import shown

STEERING = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, or drops before one.

Facts: OWASP, "CSV Injection".
"""

_WITHIN = re.compile(r'([;\t\r\n][" ]*)(?=[=+\-@＝＋－＠])')
"""Where within a cell one would begin for a spreadsheet that parts columns by semicolons, as in many countries: our
quotation marks hold nothing together there.
"""

COLUMNS = ("record", "action", "app", "field", "before", "after", "rule", "reason", "conflict", "lost", "held")


def export(path: Path, view: PlanView, actions: Iterable[ActionView]) -> None:
    """Write a plan to a ``.csv`` or ``.json`` file, there whole or not at all; raise UsageError, OutputFailed."""
    write = kind_of(path)
    with _whole(path) as file:
        write(file, view, actions)


def kind_of(path: Path) -> Callable[[TextIO, PlanView, Iterable[ActionView]], None]:
    """Return what writes a file of this name; raise UsageError where nothing does."""
    if path.suffix.lower() not in WRITERS:
        hint = f"Such as: --export plan{next(iter(WRITERS))}"
        raise UsageError(reason=f"a plan is exported as {' or '.join(WRITERS)}, not as {path.name}", hint=hint)
    return WRITERS[path.suffix.lower()]


def write_csv(file: TextIO, view: PlanView, actions: Iterable[ActionView]) -> None:
    """Write one row per field, or per action that has none; values that a spreadsheet would carry out are quoted."""
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(map(safe, [*(f"id in {app}" for app in view.apps), *COLUMNS]))
    for action in actions:
        ids = [action.ids.get(app) or "" for app in view.apps]
        for row in _rows(action):
            writer.writerow([safe(str(cell)) for cell in (*ids, *row)])


def csv_file(view: PlanView, actions: Iterable[ActionView]) -> IO[bytes]:
    """Return what ``export`` writes to a ``.csv`` file, as a file that is gone when it is closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        text = io.TextIOWrapper(file, encoding=ENCODINGS[".csv"], errors="replace", newline="", write_through=True)
        write_csv(text, view, actions)
        text.detach()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _rows(action: ActionView) -> Iterator[tuple[object, ...]]:
    if not action.fields:
        yield action.name, action.kind, "", "", "", "", action.rule, action.reason, "", "", ""
    for each in action.fields:
        yield action.name, action.kind, *_field(each)


def _field(each: FieldView) -> tuple[object, ...]:
    app, before, after = each.app, shown_or_blank(each.before), shown_or_blank(each.after)
    conflict = "yes" if each.conflict else ""
    if each.between:
        app, conflict = "", "to decide"
        before = "; ".join(f"{name}: {shown(value)}" for name, value in each.between.items())
    return app, each.label, before, after, each.rule, each.reason, conflict, each.lost, each.hold


def shown_or_blank(value: Any) -> str:
    """Return a value as people read it; nothing for an empty one."""
    text = shown(value)
    return "" if text == "(empty)" else text


def safe(text: str) -> str:
    """Return a text that no spreadsheet carries out: behind an apostrophe if it, or what may be taken for a cell in it,
    looks like a formula."""
    inside = _WITHIN.sub(r"\1'", text)
    return f"'{inside}" if text.lstrip(" ").startswith(STEERING) else inside


def write_json(file: TextIO, view: PlanView, actions: Iterable[ActionView]) -> None:
    """Write the document that ``plan --json`` prints, an action to a line."""
    head = json.dumps({"format": "bothways.plan/1", **plain(view)}, ensure_ascii=False, default=str)
    file.write(f'{head[:-1]}, "actions": [')
    for place, action in enumerate(actions):
        file.write((",\n" if place else "\n") + json.dumps(plain(action), ensure_ascii=False, default=str))
    file.write("]}\n")


WRITERS = {".csv": write_csv, ".json": write_json}
ENCODINGS = {".csv": "utf-8-sig", ".json": "utf-8"}


@contextmanager
def _whole(path: Path) -> Iterator[TextIO]:
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding=ENCODINGS[path.suffix.lower()], newline="", errors="replace") as file:
                yield file
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputFailed(reason=f"{path}: {error.strerror}") from error
