"""Trying on a real account whether an app behaves as its connector takes for granted, with records made for it.

What was made is remembered in a file of the workspace until it is archived, so that the next check archives what an
interrupted one has left.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import cast
from urllib.parse import quote, unquote

from django.db.models import Q
from filelock import FileLock, Timeout

from bothways.connectors.deep import ChecksDeeply, Finding, Made, Verdict
from bothways.errors import (
    EXIT_CHANGES,
    EXIT_FAILING,
    EXIT_OK,
    DeepCheckNotConfirmed,
    DeepCheckNotNow,
    DiskFull,
    NotCheckedDeeply,
)
from bothways.ledger import turns
from bothways.ledger.models import Connection, Sync
from bothways.service.allowances import accounted, into_the_reserve
from bothways.service.connect import open_app
from bothways.service.database import on_database
from bothways.service.document import AppDocument
from bothways.service.revisions import ON
from bothways.service.rights import Role, for_role
from bothways.service.same_account import ensure_same_account
from bothways.service.views import DeepCheckView, DeepFindingView, LeftRecordView
from bothways.service.workspace import Workspace

FOLDER = Path(".bothways") / "checks"
"""Where it is remembered what was made, below the workspace: a file for each account."""


def _nobody(_: object) -> None:
    return None


@on_database
@for_role(Role.ADMIN)
@accounted
def check_deeply(
    workspace: Workspace,
    name: str,
    *,
    read_only: bool = False,
    confirmed: bool = False,
    tell: Callable[[DeepFindingView], None] = _nobody,
    tell_left: Callable[[Sequence[LeftRecordView]], None] = _nobody,
) -> DeepCheckView:
    """Check an app deeply and return what was found; ``tell`` hears of each check as it ends.

    ``tell_left`` hears of records that could not be archived, however it ends. ``read_only``: nothing is written.
    Raises UnknownApp, NotCheckedDeeply, AccountChanged, what the app refuses, DeepCheckNotNow while a sync of its
    account is on and not everything is paused (whenever that begins), and DeepCheckNotConfirmed unless it is
    ``confirmed``; the last two not if read-only.
    """
    app = open_app(workspace, name)
    if not isinstance(app.connector, ChecksDeeply):
        raise NotCheckedDeeply(app=name, title=app.title)
    connector = cast(ChecksDeeply, app.connector)
    with into_the_reserve(app):
        ensure_same_account(workspace, app)
        account = app.connector.check()
        label = " ".join((account.label, *(f"({note.rstrip('.')})" for note in account.notes[:1])))
        if not read_only:
            _refuse_while_synced(workspace, app.document, account.id)
        if not read_only and not confirmed:
            raise DeepCheckNotConfirmed(app=name, account=label, makes=connector.deep_makes())
        with _alone(workspace, name, f"{app.document.connector} {account.id}") as keeper:
            found: list[DeepFindingView] = []
            try:
                with closing(connector.deep_checks(keeper, read_only=read_only)) as findings:
                    for each in findings:
                        found.append(_view(each))
                        tell(found[-1])
                        if not read_only:
                            _refuse_while_synced(workspace, app.document, account.id)
            finally:
                left = tuple(LeftRecordView(each.object, each.id, each.name, each.email) for each in keeper.all())
                if left:
                    tell_left(left)
    return DeepCheckView(name, app.title, label, read_only, tuple(found), left, _exit_code(found, left))


def left_behind(workspace: Workspace) -> dict[str, Sequence[Made]]:
    """Return what checks that have ended have made and not archived, or may have, by connector and account."""
    found = dict[str, Sequence[Made]]()
    for path in sorted((workspace.folder / FOLDER).glob("*.json")):
        with suppress(Timeout, OSError, DiskFull), FileLock(path.with_suffix(".lock"), timeout=0):
            found[unquote(path.stem)] = KeptInFile(path).all()
    return {account: made for account, made in found.items() if made}


def _refuse_while_synced(workspace: Workspace, app: AppDocument, account: str) -> None:
    """Raise DeepCheckNotNow while a sync would take the records of a check for somebody's, and carry them over.

    That may be a sync of another connection to the same account, and one that somebody has turned on meanwhile.
    """
    same = Connection.objects.filter(connector=app.connector, account__in=("", account))
    names = {app.name, *same.values_list("name", flat=True)}
    ends = Q(left__connection__name__in=names) | Q(right__connection__name__in=names)
    kept = Sync.objects.filter(ends, state=ON, deleted_at=0).values_list("name", flat=True)
    here = (sync.name for sync in workspace.document.syncs.values() if names & set(sync.pair) and sync.state == ON)
    on = sorted({*kept, *here})
    if on and not turns.paused_at():
        reason = f"{', '.join(on)} would carry the records that are made for it to another app"
        hint = "Let everything rest meanwhile (bothways pause, bothways resume), or look without writing: --read-only."
        raise DeepCheckNotNow(app=app.name, reason=reason, hint=hint)


def _exit_code(found: Sequence[DeepFindingView], left: Sequence[LeftRecordView]) -> int:
    otherwise = any(each.verdict == Verdict.OTHERWISE for each in found)
    return EXIT_FAILING if left else EXIT_CHANGES if otherwise else EXIT_OK


def _view(each: Finding) -> DeepFindingView:
    return DeepFindingView(each.id, each.says, each.verdict.value, each.seen, each.means, each.where)


class KeptInFile:
    """Remembers made records in a file, which is gone once there are none; raises DiskFull."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Made]:
        """Return what is remembered."""
        try:
            return [Made(**each) for each in json.loads(self._path.read_text(encoding="utf-8"))]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DiskFull(reason=f"{FOLDER}: {error.strerror}") from error

    def keep(self, made: Sequence[Made]) -> None:
        """Remember these, and no others: on the disk when this returns, since the process may end at any time."""
        try:
            if not made:
                self._path.unlink(missing_ok=True)
                return
            new = self._path.with_suffix(".new")
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump([asdict(each) for each in made], file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise DiskFull(reason=f"{FOLDER}: {error.strerror}") from error


@contextmanager
def _alone(workspace: Workspace, app: str, account: str) -> Iterator[KeptInFile]:
    """Yield what remembers the records made in an account, to one check at a time; raise DeepCheckNotNow."""
    path = workspace.folder / FOLDER / f"{quote(account, safe='')}.json"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(path.with_suffix(".lock"))
        lock.acquire(timeout=0)
    except Timeout as error:
        raise DeepCheckNotNow(
            app=app, reason="somebody does that already", hint="Wait until that has ended."
        ) from error
    except OSError as error:
        raise DiskFull(reason=f"{FOLDER}: {error.strerror}") from error
    try:
        yield KeptInFile(path)
    finally:
        lock.release()
