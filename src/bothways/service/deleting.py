"""Deleting a sync: the records stay; its links, shadows and journal are kept for a while, to be restored.

A deleted sync is no longer in the file and is off. Its row bears another name, so that its own is free.
"""

from bothways.engine.sides import SIDES
from bothways.errors import DeleteNotConfirmed, NameTaken, NotDeleted, OldLinks
from bothways.ledger import db, due, history, holds, links, plans, requests
from bothways.ledger.models import Draft, Plan, Sync
from bothways.service import yaml_edit
from bothways.service.database import on_database
from bothways.service.resolution import row_of
from bothways.service.revisions import settings_in_force
from bothways.service.rights import Role, for_role
from bothways.service.turn import own_turn
from bothways.service.views import DeletedView
from bothways.service.workspace import Workspace, changing, reload

KEPT_DAYS = 30
DAY = 86_400.0
TAKE, LEAVE = "take", "leave"

_BEFORE = (
    "plan_action WHERE plan_id IN (SELECT id FROM plan WHERE sync_id=%s)",
    "shadow WHERE link_id IN (SELECT id FROM link WHERE sync_id=%s)",
    "mended WHERE mend_id IN (SELECT id FROM mend WHERE sync_id=%s)",
)
_TABLES = (
    "plan",
    "journal",
    "due",
    "hold",
    "apart",
    "noted",
    "link",
    "run",
    "request",
    "proof",
    "draft",
    "halt",
    "mend",
    "ignored",
    "delay",
    "pruned",
    "revision",
)
"""Everything that belongs to a sync, in the order in which it can be removed."""


@on_database
@for_role(Role.EDITOR)
def delete(workspace: Workspace, name: str, *, confirmed: bool = False, wait: bool = True) -> DeletedView:
    """Delete a sync from the file and say until when it can be restored. No app is asked, no record is touched.

    What is at work on it ends first; unless ``wait``, AtWork is raised instead.
    Raises UnknownSync, SecondRunner, and DeleteNotConfirmed unless ``confirmed``.
    """
    row = row_of(workspace, name)
    if not confirmed:
        raise DeleteNotConfirmed(name=name, count=f"{links.counts(row):,}")
    with own_turn(workspace, row, wait=wait):
        purge(workspace.clock())
        with changing(workspace):
            row, now = row_of(workspace, name), workspace.clock()
            count = links.counts(row)
            yaml_edit.remove_entry(workspace.file, "syncs", name)
            reload(workspace)
            put_away(row, now)
        return DeletedView(name, count, now + KEPT_DAYS * DAY)


@on_database
@for_role(Role.EDITOR)
def restore(workspace: Workspace, name: str, *, wait: bool = True) -> None:
    """Bring the sync of this name that was deleted last back into the file, off, with all that it knew.

    ``wait`` as for ``delete``. Raises NameTaken, NotDeleted, and what is wrong with its settings by now (an app that is
    gone).
    """
    purge(workspace.clock())
    reload(workspace)
    with own_turn(workspace, _to_restore(workspace, name), wait=wait), changing(workspace):
        row = _to_restore(workspace, name)
        former = Sync.objects.filter(name=name)
        former_id = former.values_list("pk", flat=True).first()
        if former_id is not None:
            former.update(name=f"{name}#{former_id}", deleted_at=workspace.clock())
        bring_back(row, name)
        yaml_edit.add_entry(workspace.file, "syncs", name, {**settings_in_force(row), "state": "off"})


@on_database
@for_role(Role.VIEWER)
def deleted(workspace: Workspace) -> list[DeletedView]:
    """Return the deleted syncs that can be restored, the last one of each name, those deleted last first.

    One whose name another sync has by now is not among them.
    """
    since = workspace.clock() - KEPT_DAYS * DAY
    found: dict[str, DeletedView] = {}
    for row in Sync.objects.filter(deleted_at__gt=0, deleted_at__gte=since).order_by("-deleted_at"):
        name = str(row.name).rpartition("#")[0]
        if name not in workspace.document.syncs and name not in found:
            found[name] = DeletedView(name, links.counts(row), row.deleted_at + KEPT_DAYS * DAY)
    return list(found.values())


def _to_restore(workspace: Workspace, name: str) -> Sync:
    if name in workspace.document.syncs:
        raise NameTaken(name=name)
    row = Sync.objects.filter(name__startswith=f"{name}#", deleted_at__gt=0).order_by("-deleted_at").first()
    if row is None:
        raise NotDeleted(name=name, days=KEPT_DAYS)
    return row


def put_away(row: Sync, now: float) -> None:
    """Turn a sync off and put it away under another name, with all that it knows. ``now`` in seconds."""
    with db.transaction_():
        Sync.objects.filter(pk=row.pk).update(name=f"{row.name}#{row.pk}", state="off", deleted_at=now)
        db.execute("DELETE FROM due WHERE sync_id=%s", (row.pk,))
        requests.withdraw_all(row.pk, now)
        Draft.objects.filter(sync=row).delete()
        for made in Plan.objects.filter(sync=row):
            plans.drop(made.pk)


def bring_back(row: Sync, name: str) -> None:
    """Let a sync that was put away bear a name again, which must be free; it stays off."""
    Sync.objects.filter(pk=row.pk).update(name=name, deleted_at=0.0)


def purge(now: float) -> None:
    """Remove what is left of syncs that were deleted longer ago than they are kept. ``now`` in seconds."""
    for row in Sync.objects.filter(deleted_at__gt=0, deleted_at__lt=now - KEPT_DAYS * DAY):
        with db.transaction_():
            for what in (*_BEFORE, *(f"{table} WHERE sync_id=%s" for table in _TABLES), "sync WHERE id=%s"):
                db.execute(f"DELETE FROM {what}", (row.pk,))


def settle_old_links(row: Sync, answer: str | None) -> None:
    """Take over the links of a deleted sync of the same objects, or leave them; raise OldLinks where nothing is said.

    Ended links come along, so that nothing is created again that was deleted; and so does what a person is asked, with
    what they have chosen or decided that was not carried out yet.
    """
    old = next((each for each in _deleted_like(row) if links.known(each)), None)
    if old is None or answer == LEAVE:
        return
    if answer != TAKE:
        count = f"{links.known(old):,}"
        raise OldLinks(name=row.name, old=old.name.partition("#")[0], count=count)
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM link x WHERE x.sync_id=%s AND x.{links.LIVE} AND x.{side}_id=link.{side}_id)"
        for side in SIDES
    )
    free = f"(state='ended' OR NOT ({taken}))"
    with db.transaction_():
        db.execute(f"UPDATE link SET sync_id=%s WHERE sync_id=%s AND {free}", (row.pk, old.pk, row.pk, row.pk))
        moved = "link_id IN (SELECT id FROM link WHERE sync_id=%s)"
        db.execute(f"UPDATE journal SET sync_id=%s WHERE sync_id=%s AND {moved}", (row.pk, old.pk, row.pk))
        history.inherit(old, row)
        columns = "left_id, right_id, workspace_id, left_out_at, author, hold_id, held"
        db.execute(
            f"INSERT INTO apart (sync_id, {columns}) SELECT %s, {columns} FROM apart WHERE sync_id=%s "
            "ON CONFLICT DO NOTHING",
            (row.pk, old.pk),
        )
        holds.take_over(old, row)
        due.mark_everything(row)


def _deleted_like(row: Sync) -> list[Sync]:
    found = Sync.objects.filter(deleted_at__gt=0, left_id=row.left_id, right_id=row.right_id)
    return list(found.order_by("-deleted_at"))
