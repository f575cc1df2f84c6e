"""Visits: the ways of people to an app and back, by the pages. Each ends once, soon, in the session that began it.

What was typed for one is in files of the workspace that only the visit knows, until we are let in; they are forgotten
with it. Nothing that lets anybody in is kept with a visit.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from bothways.connectors import registry
from bothways.errors import BothwaysError, LedgerError, NotAllowed, VisitOver, as_data, of_data
from bothways.ledger import visits as ledger
from bothways.ledger.models import Visit
from bothways.service import letting_in
from bothways.service.database import on_database
from bothways.service.letting_in import Way
from bothways.service.rights import Role, for_role
from bothways.service.secret_files import Reference, kept
from bothways.service.views import VisitView
from bothways.service.workspace import Workspace

LASTS = 600.0
"""Seconds within which somebody must be back."""

KEPT = 86_400.0
"""Seconds for which a visit is remembered that came to nothing, so that it can be tried again."""


@on_database
@for_role(Role.EDITOR)
def begin(
    workspace: Workspace,
    session: str,
    redirect: str,
    name: str,
    connector: str,
    settings: Mapping[str, str],
    typed: Mapping[str, str],
    chosen: Iterable[str],
) -> VisitView:
    """Begin the way to an app that is to be connected; raise what its settings are refused for."""
    _clear(workspace)
    with kept(workspace.folder, name, typed) as files:
        way = letting_in.way_to(workspace, name, connector, settings, files, redirect, tuple(chosen))
        return _begun(workspace, session, way, files)


@on_database
@for_role(Role.EDITOR)
def begin_again(
    workspace: Workspace, session: str, redirect: str, name: str, typed: Mapping[str, str], chosen: Iterable[str]
) -> VisitView:
    """Begin the way to an app that is connected; raise UnknownApp."""
    _clear(workspace)
    workspace.app(name)
    with kept(workspace.folder, name, typed) as files:
        way = letting_in.way_again(workspace, name, files, redirect, tuple(chosen))
        return _begun(workspace, session, way, files)


@on_database
@for_role(Role.EDITOR)
def try_again(workspace: Workspace, session: str, mark: str) -> VisitView:
    """Go the same way once more, from its beginning; raise VisitOver."""
    visit = _found(session, mark)
    way = letting_in.anew(letting_in.way_of(visit.way))
    if not ledger.begin_again(mark, _digest(session), way.state, way.text, workspace.clock()):
        raise VisitOver()
    return _view(workspace, _found(session, mark))


@on_database
@for_role(Role.EDITOR)
def look(workspace: Workspace, session: str, mark: str) -> VisitView:
    """Return how a visit stands; raise VisitOver."""
    return _view(workspace, _found(session, mark))


@on_database
@for_role(Role.EDITOR)
def come_back(workspace: Workspace, session: str, answer: Mapping[str, str]) -> VisitView:
    """Come back from an app with its answer. What it was refused for stands in the visit from then on.

    Raises VisitOver for who is not expected.
    """
    visit = ledger.take(answer.get("state", ""), _digest(session), workspace.clock() - LASTS) if session else None
    if visit is None:
        raise VisitOver()
    way = letting_in.way_of(visit.way)
    try:
        letting_in.arrive(workspace, way, letting_in.code_of(way, answer))
    except (LedgerError, NotAllowed) as error:
        ledger.refused(visit.mark, as_data(error))
        raise
    except BothwaysError as error:
        ledger.refused(visit.mark, as_data(error))
    except BaseException:
        ledger.refused(visit.mark, as_data(VisitOver()))
        raise
    else:
        ledger.done(visit.mark)
    return _view(workspace, _found(session, visit.mark))


@on_database
@for_role(Role.EDITOR)
def cancel(workspace: Workspace, session: str, mark: str) -> None:
    """Forget a visit and what was typed for it. Who comes back from the app all the same is not expected any more."""
    _forget(workspace, ledger.drop(mark, _digest(session)))


def _begun(workspace: Workspace, session: str, way: Way, files: Mapping[str, Reference]) -> VisitView:
    paths = [path for _, path in files.values()]
    mark = ledger.begin(way.state, _digest(session), way.text, paths, workspace.clock())
    return _view(workspace, _found(session, mark))


def _found(session: str, mark: str) -> Visit:
    visit = ledger.find(mark, _digest(session)) if session else None
    if visit is None:
        raise VisitOver()
    return visit


def _view(workspace: Workspace, visit: Visit) -> VisitView:
    way = letting_in.way_of(visit.way)
    trouble = of_data(visit.trouble) if visit.trouble else None
    if visit.stage == ledger.OPEN and visit.made_at <= workspace.clock() - LASTS:
        trouble = VisitOver()
    return VisitView(
        visit.mark,
        way.name,
        registry.connector_class(way.entry["connector"]).title,
        way.again,
        letting_in.address_of(way),
        way.redirect,
        visit.stage == ledger.DONE,
        trouble,
    )


def _clear(workspace: Workspace) -> None:
    _forget(workspace, ledger.drop_old(workspace.clock() - KEPT))


def _forget(workspace: Workspace, files: Iterable[str]) -> None:
    for path in files:
        (workspace.folder / Path(path)).unlink(missing_ok=True)


def _digest(session: str) -> str:
    """Return what is kept of the key of a session: whoever reads it cannot sign in with it."""
    return hashlib.sha256(session.encode()).hexdigest()
