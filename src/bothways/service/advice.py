"""What a person should think of before a first run: begin with a few records."""

from collections.abc import Sequence

from bothways.engine.brakes import Totals
from bothways.ledger.models import Draft
from bothways.service.database import on_database
from bothways.service.resolution import Resolution
from bothways.service.revisions import has_begun
from bothways.service.rights import Role, for_role
from bothways.service.views import DraftView, KnownView
from bothways.service.workspace import Workspace
from bothways.sync.context import Context

MANY = 100
"""Records that a first sync may write without a word about it."""


def advice_for(ctx: Context, totals: Totals) -> str:
    """Return the advice to begin with a filter, "" unless a first sync without one would write many records."""
    if totals.linked or totals.writes <= MANY or ctx.spec.scope.filters:
        return ""
    app = next(ctx.spec.apps[side] for side, sends in ctx.spec.sends.items() if sends)
    return (
        f"This first sync would write {totals.writes:,} records. Begin with a few, by a filter: "
        f"send: {{{app}: {{filter: {{field: ..., is: ...}}}}}}"
    )


@on_database
@for_role(Role.VIEWER)
def begins_with_many(
    workspace: Workspace, draft: DraftView, exact: Resolution, numbers: Sequence[KnownView | None]
) -> bool:
    """Tell whether a draft is of a first sync, without a filter, of an app that would send many records."""
    if exact.resolved.spec.scope.filters or exact.resolved.document.scope.from_now:
        return False
    row = Draft.objects.select_related("sync").filter(pk=draft.id).first()
    begun = row is not None and row.sync is not None and has_begun(row.sync)
    return not begun and any(each is not None and each.sends and each.total > MANY for each in numbers)
