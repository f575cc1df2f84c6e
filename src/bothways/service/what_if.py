"""What the settings of a draft would change: planned on a copy of the ledger, so that nothing of them takes effect.

The plan is kept, to be looked at as any other; it is never written, since its settings are not those in force.
"""

import threading
from dataclasses import replace

from bothways.errors import DraftChanged, DraftRefused
from bothways.ledger import db, plans
from bothways.ledger.models import Plan, Sync
from bothways.service import drafts
from bothways.service.advice import advice_for
from bothways.service.allowances import into_the_reserve, settle_anew
from bothways.service.connect import open_app
from bothways.service.ledger_copy import LedgerCopy, copied
from bothways.service.preview import DOCUMENT, DRAFT, PAGE, VIEW, forget_old, view_of_plan
from bothways.service.resolution import row_of
from bothways.service.revisions import author_of, import_settings, latest_revision
from bothways.service.views import PlanView, plain
from bothways.service.work import Report, context
from bothways.service.workspace import Workspace
from bothways.sync.context import Context, Progress
from bothways.sync.run import preview

NEVER = 0
"""The revision of a plan that is never written: no settings in force have it."""


def plan_draft_in_turn(
    workspace: Workspace,
    name: str,
    draft: int,
    version: int,
    worker: str,
    *,
    everything: bool = False,
    progress: Report | None = None,
) -> PlanView:
    """Plan a sync by a draft of its settings; for the worker that has the turn of the sync.

    Looked at is what the changes touch, and what waits anyway; all records with ``everything``. Raises UnknownDraft,
    DraftChanged if it is another version by now, DraftRefused for what is wrong with it, and what a plan raises.
    """
    known, sync = drafts.draft(workspace, draft), row_of(workspace, name)
    if known.version != version or known.name != name:
        raise DraftChanged(name=known.name, who=known.author)
    wrong = drafts.problems(workspace, draft)
    if wrong:
        raise DraftRefused(name=name, count=len(wrong), problem=wrong[0].message)
    changed = drafts.edited(workspace, name, {**known.settings, "state": workspace.sync(name).state})
    apps, here = [open_app(workspace, app) for app in workspace.sync(name).pair], threading.get_ident()
    try:
        with into_the_reserve(*apps), copied(workspace.database) as ledger:

            def report(step: Progress) -> None:
                if progress is None:
                    return
                if threading.get_ident() != here:  # a call that waits for a limit tells of it from its own thread
                    progress(step)
                    return
                with ledger.outside():
                    progress(step)

            with ledger.inside():
                import_settings(changed.document, workspace.clock(), author_of(workspace))
                ctx = context(changed, name, report, running=False, worker=worker)
                made, planned, brakes = preview(ctx, everything=everything or ctx.sync.state == "off")
                view = replace(
                    view_of_plan(changed, ctx, made, brakes, advice_for(ctx, planned)), compared=plans.size(made)
                )
                document = latest_revision(ctx.sync).document
            kept = _kept(sync, made, ctx, ledger)
    finally:
        settle_anew(workspace)
    view = replace(view, id=f"p_{kept.pk}", revision=NEVER)
    told = {"id": draft, "version": version, "base": sync.revision, "everything": everything}
    settings = {part: document[part] for part in ("applied", "labels")}
    kept.totals = {**made.totals, VIEW: plain(view), DRAFT: told, DOCUMENT: settings}
    kept.state = "ready"
    with db.transaction_():
        kept.save(update_fields=["state", "totals"])
    forget_old(kept)
    return view


def _kept(sync: Sync, made: Plan, ctx: Context, ledger: LedgerCopy) -> Plan:
    """Store a plan of the copy in the true ledger, page by page."""
    kept = Plan.objects.create(
        workspace_id=sync.workspace_id, sync=sync, revision=NEVER, created_at=ctx.clock(), state="making"
    )
    after = -1
    while True:
        with ledger.inside():
            page = plans.every(made, after, PAGE)
        if not page:
            return kept
        with db.transaction_():
            plans.add(kept, page)
        after = page[-1].seq
