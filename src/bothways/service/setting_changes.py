"""What was changed in the settings of syncs: who, when, and setting by setting; latest first."""

from collections.abc import Mapping
from typing import Any

from django.db.models import OuterRef, Subquery

from bothways.ledger.models import Revision
from bothways.service.database import on_database
from bothways.service.diff import changes_of
from bothways.service.rights import Role, for_role
from bothways.service.views import SettingChange
from bothways.service.workspace import Workspace


@on_database
@for_role(Role.VIEWER)
def setting_changes(
    workspace: Workspace, name: str | None = None, *, after: int | None = None, size: int = 50
) -> list[SettingChange]:
    """Return the changes of settings of one sync or all, latest first, older than the change ``after``."""
    names = [name] if name is not None else list(workspace.document.syncs)
    if name is not None:
        workspace.sync(name)
    before = Revision.objects.filter(sync=OuterRef("sync"), number=OuterRef("number") - 1).values("document")
    found = Revision.objects.select_related("sync").filter(sync__name__in=names).order_by("-id")
    if after is not None:
        found = found.filter(pk__lt=after)
    return [_view(row, row.before) for row in found.annotate(before=Subquery(before))[:size]]


def _view(row: Revision, before: Mapping[str, Any] | None) -> SettingChange:
    old: Mapping[str, Any] = before["settings"] if before else {}
    changes = changes_of(old, row.document["settings"], sync=row.sync.name) if before else ()
    return SettingChange(row.pk, row.sync.name, row.number, row.author, row.at, before is None, tuple(changes))
