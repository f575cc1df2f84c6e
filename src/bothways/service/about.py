"""What the workspace is and how it stands: its database, who works, the brakes of its syncs, what is installed."""

import platform
from importlib.metadata import Distribution, distributions

from django.db import connection

from bothways import __version__
from bothways.ledger import turns
from bothways.ledger.models import Worker
from bothways.service.database import on_database
from bothways.service.revisions import workspace_revision
from bothways.service.rights import Role, for_role
from bothways.service.views import LimitsView, PackageView, WorkerView, WorkspaceView
from bothways.service.workspace import Workspace

LICENCE_FILED_UNDER = "License :: "
"""How the entries begin by which packages were said to have a licence before there was a field for that."""

LONGEST_LICENCE = 80
"""Characters of a licence's name; what is longer is its text."""


@on_database
@for_role(Role.VIEWER)
def workspace_view(workspace: Workspace) -> WorkspaceView:
    """Return what the workspace is and who works in it; no app is asked."""
    now = workspace.clock()
    alive = Worker.objects.filter(beat_at__gte=now - turns.TAKEOVER).order_by("name")
    return WorkspaceView(
        workspace.folder.name,
        __version__,
        platform.python_version(),
        _database(),
        workspace.document.public_url,
        workspace_revision(),
        turns.paused_at(),
        tuple(WorkerView(row.name, row.beat_at) for row in alive),
    )


@for_role(Role.VIEWER)
def limits(workspace: Workspace) -> list[LimitsView]:
    """Return the brakes of each sync."""
    return [
        LimitsView(
            sync.name,
            sync.guards.first_run,
            sync.guards.max_change,
            sync.guards.max_emptied,
            sync.guards.max_deletes,
        )
        for sync in workspace.document.syncs.values()
    ]


@for_role(Role.VIEWER)
def packages(workspace: Workspace) -> list[PackageView]:
    """Return the packages that are installed beside Bothways, with their licences as they tell them themselves."""
    found = {each.name.lower(): PackageView(each.name, each.version, licence_of(each)) for each in distributions()}
    return [found[name] for name in sorted(found) if name != "bothways"]


def licence_of(package: Distribution) -> str:
    """Return the licence of a package as its metadata names it, "" if it names none."""
    told = package.metadata
    for key in ("License-Expression", "License"):
        words = " ".join(str(told[key]).split()) if key in told else ""
        if words and words != "UNKNOWN" and len(words) <= LONGEST_LICENCE:
            return words
    filed = [str(each) for each in told.get_all("Classifier") or ()]
    names = [each.rpartition(" :: ")[2] for each in filed if each.startswith(LICENCE_FILED_UNDER)]
    return ", ".join(names)


def _database() -> str:
    connection.ensure_connection()
    version = ".".join(map(str, connection.get_database_version()))
    return f"{'SQLite' if connection.vendor == 'sqlite' else 'PostgreSQL'} {version}"
