"""Apps and syncs that fail as a whole, or work by what ends, as issues: what is tried again and when, and what only
somebody ends.
"""

from bothways.errors import (
    AccountChanged,
    BothwaysError,
    CredentialsRefused,
    EndsSoon,
    HasEnded,
    ListGone,
    ObjectGone,
    OurFault,
    PermissionMissing,
    SecretMissing,
    SettingsError,
    StoppedByBrake,
    catalogue,
)
from bothways.ledger import due, rests, troubles
from bothways.ledger.models import Sync
from bothways.ledger.troubles import Trouble
from bothways.service import issue_words as words
from bothways.service.alerts import APP, ENDING, SYNC
from bothways.service.database import on_database
from bothways.service.rights import Role, for_role
from bothways.service.views import TroubleIssue
from bothways.service.workspace import Workspace

NEEDS: tuple[tuple[tuple[type[BothwaysError], ...], str, str], ...] = (
    ((CredentialsRefused,), words.FIX, "sign_in"),
    ((AccountChanged, SecretMissing), words.FIX, "app"),
    ((EndsSoon, HasEnded), words.FIX, "app"),
    ((PermissionMissing,), words.IN_APP, "app"),
    ((StoppedByBrake,), words.DECIDE, "approve"),
    ((ObjectGone, ListGone, SettingsError), words.FIX, "settings"),
    ((OurFault,), words.OURS, ""),
)
"""What failures need and where they are mended: the first row that names the class counts. All others pass."""


@on_database
@for_role(Role.VIEWER)
def failing(workspace: Workspace) -> list[TroubleIssue]:
    """Return the apps and syncs that fail, the longest first."""
    return troubles_of(workspace)


def troubles_of(workspace: Workspace) -> list[TroubleIssue]:
    """Return the apps and syncs that fail, in the caller's use of the database."""
    known = [each for each in troubles.known() if each.kind in (APP, SYNC, ENDING) and not each.over_at]
    if not known:
        return []
    unwatched, resting = troubles.unwatched(), {each.connection: each for each in rests.resting()}
    found = []
    for each in sorted(known, key=lambda each: each.since):
        if each.id in unwatched or not _is_there(workspace, each):
            continue
        rest = resting.get(each.name) if each.kind == APP else None
        said = rest.trouble.partition(" ")[2] if rest and rest.trouble.startswith(f"{each.code} ") else each.words
        need, link = _need(each.code)
        until = rest.until if rest else each.until
        waiting = sum(due.count(sync) for sync in _syncs(workspace, each)) if each.kind != ENDING else 0
        next_try = until if until > workspace.clock() else None
        id = f"t_{each.kind}_{each.mark}"
        found.append(
            TroubleIssue(
                id, each.kind, each.name, need, each.code, said, each.to_do, each.since, next_try, waiting, link
            )
        )
    return found


def _is_there(workspace: Workspace, each: Trouble) -> bool:
    return each.name in (workspace.document.syncs if each.kind == SYNC else workspace.document.apps)


def _syncs(workspace: Workspace, each: Trouble) -> list[Sync]:
    """Return the syncs that are on and wait for what fails."""
    names = [
        name
        for name, sync in workspace.document.syncs.items()
        if sync.state == "on" and (each.name in sync.pair if each.kind == APP else name == each.name)
    ]
    return list(Sync.objects.filter(name__in=names))


def _need(code: str) -> tuple[str, str]:
    kind = next((each for each in catalogue() if each.code == code), BothwaysError)
    return next(((need, link) for kinds, need, link in NEEDS if issubclass(kind, kinds)), (words.RETRYING, ""))
