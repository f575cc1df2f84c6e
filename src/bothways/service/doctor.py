"""The doctor: everything that must hold for syncs to run, looked at without changing anything."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from django.db import connection

from bothways.connectors.deep import Made
from bothways.errors import BothwaysError, DatabaseLocked, DatabaseNewer, DiskFull, SignInNeeded
from bothways.ledger import db
from bothways.service import doctor_chronicle, doctor_webhooks, openid
from bothways.service.admission import check
from bothways.service.connect import Secrets, open_app
from bothways.service.database import migrations_off, sqlite_path, used
from bothways.service.deep_check import left_behind
from bothways.service.document import SyncDocument
from bothways.service.ends import ending
from bothways.service.entries import used_objects, warnings_of
from bothways.service.lock import is_held
from bothways.service.log import runs
from bothways.service.rights import Role, for_role
from bothways.service.same_account import refuse_another
from bothways.service.views import Finding
from bothways.service.workspace import Workspace, database_of, open_workspace

OLDEST_PYTHON = (3, 11)
LITTLE_DISK, NO_DISK = 500_000_000, 50_000_000
"""Bytes free beside the database: below the first a warning, below the second a problem."""

SYNCHRONOUS_FULL = 2


def doctor(folder: Path) -> list[Finding]:
    """Return what was found, in the order of what rests on what; each problem with what to do."""
    findings = [_python()]
    try:
        workspace = open_workspace(folder, load_only=True)
        findings.append(_ok(f"{workspace.file.name} can be used"))
        workspace.database = database_of(workspace.folder, workspace.document)
    except BothwaysError as error:
        return [*findings, _problem(error)]
    database = _database(workspace)
    findings += database
    if (sign_in := workspace.document.sign_in) is not None:
        findings += _try(f"Sign-in: {sign_in.name} answers", lambda: openid.check(workspace))
    ready = all(each.level == "ok" for each in database) and has_database(workspace)
    answers = {name: _app(workspace, name, ready=ready) for name in workspace.document.apps}
    findings += [each for found in answers.values() for each in found]
    findings += _of_checks(workspace)
    if ready:
        for name, found in answers.items():
            if _answers(found):
                findings += doctor_webhooks.findings(workspace, name)
                findings += doctor_chronicle.findings(workspace, name)
    for sync in workspace.document.syncs.values():
        answering = all(_answers(answers[app]) for app in sync.pair)
        if answering and sync.state != "off":
            fit = partial(_fits, workspace, sync, ready=ready)
            findings += _try(f"Sync {sync.name}: its settings fit both apps", fit)
        if ready and sync.state == "on":
            findings += _broken_off(workspace, sync.name)
    return findings


def _broken_off(workspace: Workspace, sync: str) -> list[Finding]:
    """Return that the last run of a sync failed, or was stopped, with the reason."""
    try:
        last = runs(workspace, sync, size=1)
    except BothwaysError as error:
        return [_problem(error)]
    return [
        Finding("warning", f"Sync {sync}: run {each.id} {each.state}: {each.reason}")
        for each in last
        if each.state in ("failed", "stopped")
    ]


def _fits(workspace: Workspace, sync: SyncDocument, *, ready: bool) -> None:
    """Check the settings of a sync; without the database, where there is none to look into as it is."""
    if not ready:
        check(replace(workspace, database=""), sync)
        return
    with used(workspace.database):
        check(workspace, sync)


@for_role(Role.OPERATOR)
def examine(workspace: Workspace) -> list[Finding]:
    """Return what the doctor finds in a workspace that is open."""
    return doctor(workspace.folder)


def _ok(what: str) -> Finding:
    return Finding("ok", what)


def _problem(error: BothwaysError, level: str = "problem") -> Finding:
    return Finding(level, error.message, error.advice, error.code)


def _try(what: str, deed: Callable[[], object]) -> list[Finding]:
    try:
        deed()
    except BothwaysError as error:
        return [_problem(error)]
    return [_ok(what)]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Finding("problem", f"Python {version} is too old", "Use Python 3.11 or later.", "BW-100")
    return _ok(f"Python {version}")


# --- the database -------------------------------------------------------------------------------------


def _database(workspace: Workspace) -> list[Finding]:
    path = sqlite_path(workspace.database)
    try:
        findings = list(_disk(path)) if path is not None else []
        if path is not None and not path.exists():
            return [*findings, _ok("The database is not there yet; the first command makes it")]
    except OSError as error:
        return [_problem(DiskFull(reason=f"{path}: {error.strerror}"))]
    try:
        with used(workspace.database):
            findings += _migrations()
            if path is not None:
                findings += _pragmas()
    except BothwaysError as error:
        return [*findings, _problem(error)]
    return findings + (_lock(workspace) if path is not None else [])


def _disk(path: Path) -> Iterator[Finding]:
    folder = next(each for each in path.parents if each.exists())
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        yield _problem(DiskFull(reason=f"{path} may not be written"))
    free = shutil.disk_usage(folder).free
    if free < LITTLE_DISK:
        level = "problem" if free < NO_DISK else "warning"
        yield _problem(DiskFull(reason=f"{free // 1_000_000} MB are left beside the database"), level)
    else:
        yield _ok(f"Disk: {free // 1_000_000_000} GB free beside the database")


def _migrations() -> list[Finding]:
    missing, unknown = migrations_off()
    if unknown:
        return [_problem(DatabaseNewer(migration=min(unknown)))]
    if missing:
        count = len(missing)
        return [Finding("warning", f"The database lacks {count} migrations", "The next command adds them.")]
    return [_ok(f"The database answers ({connection.vendor}) and is up to date")]


def _pragmas() -> list[Finding]:
    mode, level = db.value("PRAGMA journal_mode"), db.value("PRAGMA synchronous")
    if mode != "wal" or level != SYNCHRONOUS_FULL:
        what = f"SQLite {sqlite3.sqlite_version} works with journal_mode={mode} and synchronous={level}"
        to_do = "It should be WAL and 2 (FULL). Keep the database on a local disk; network drives do not offer that."
        return [Finding("problem", what, to_do, "BW-300")]
    return [_ok(f"SQLite {sqlite3.sqlite_version}: WAL, every commit is on disk before it counts")]


def _lock(workspace: Workspace) -> list[Finding]:
    try:
        busy = is_held(workspace)
    except BothwaysError as error:
        return [_problem(error)]
    if busy:
        return [Finding("ok", "Another process is running syncs just now", "", DatabaseLocked.code)]
    return [_ok("No other process is running syncs")]


def has_database(workspace: Workspace) -> bool:
    """Tell whether there is a database to look into."""
    path = sqlite_path(workspace.database)
    return path is None or os.path.exists(path)


# --- apps ---------------------------------------------------------------------------------------------


def _app(workspace: Workspace, name: str, *, ready: bool) -> list[Finding]:
    document = workspace.app(name)
    store = Secrets(name, document.all_secrets, workspace.folder)
    findings = [each for secret in document.all_secrets for each in _try("", lambda s=secret: store.get(s))]  # type: ignore[misc]
    missing = [each for each in findings if each.level != "ok"]
    if missing:
        return missing
    if document.oauth and not has_database(workspace):
        return [_problem(SignInNeeded(app=name, reason="nobody has signed in yet"))]
    try:
        app = open_app(workspace, name)
        account = app.connector.check()
        if ready:
            with used(workspace.database):
                refuse_another(name, account.id, account.label)
        warnings = warnings_of(app, used_objects(workspace, name))
    except BothwaysError as error:
        return [_problem(error)]
    near = [_problem(each, "warning") for each in ending(document, workspace.clock())]
    return [
        _ok(f"App {name}: answers"),
        *near,
        *(Finding("warning", f"App {name}: {each}") for each in warnings),
    ]


def _of_checks(workspace: Workspace) -> list[Finding]:
    """Return what interrupted checks have left in apps."""
    return [
        Finding(
            "warning",
            _left(account, made),
            "The next one of that account archives what is left: bothways app check APP --deep",
        )
        for account, made in left_behind(workspace).items()
    ]


def _left(account: str, made: Sequence[Made]) -> str:
    name = made[0].name
    if len(made) == 1:
        return f'An interrupted check has left a record in {account}, or may have: "{name}"'
    return f'An interrupted check has left {len(made)} records in {account}, or may have, such as "{name}"'


def _answers(found: Sequence[Finding]) -> bool:
    return all(each.level != "problem" for each in found)
