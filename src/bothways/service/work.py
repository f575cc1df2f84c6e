"""What a plan or a run works with: the sync's row, its two apps, its exact settings, in force in the ledger."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec, one_sided
from bothways.errors import SyncOff
from bothways.ledger import clocks, turns
from bothways.ledger.models import Feed, Revision, Sync
from bothways.records import Field
from bothways.service.admission import admitted
from bothways.service.allowances import accounted, settle
from bothways.service.associations import is_turned
from bothways.service.in_force import bring_in_force
from bothways.service.misfits import check_values
from bothways.service.neighbours import neighbour_in_force
from bothways.service.resolution import Resolution, resolution, row_of
from bothways.service.revisions import latest_revision, one_sided_fields, settings_in_force
from bothways.service.same_account import ensure_same_account
from bothways.service.slowing import Told
from bothways.service.spec import Resolved
from bothways.service.sync_settings import settings_of
from bothways.service.workspace import Workspace, reload
from bothways.sync.context import Context, End, Parents, Progress

Report = Callable[[Progress], None]


@accounted
def context(
    workspace: Workspace, name: str, progress: Report | None = None, *, running: bool = True, worker: str = ""
) -> Context:
    """Return what a run works with, settings in force. ``running``: raise SyncOff unless the sync is on, and
    what ``admitted`` does. ``worker``: who has the turn of the sync.

    Only who has the turn of the sync may call this. A file that another process has taken over since is read again.
    """
    clocks.keep_right(workspace.clock)
    row = row_of(workspace, name)
    if settings_in_force(row) != settings_of(workspace.sync(name)):
        reload(workspace)
        row = row_of(workspace, name)
    if running and row.state != "on":
        raise SyncOff(name=name)
    fresh = not latest_revision(row).document["settled"]
    found = admitted(workspace, row) if running else resolution(workspace, name, at_door=fresh)
    if row.state == "on":
        check_values(row, found.resolved.document, found.resolved.spec)

    def bill() -> dict[str, int]:
        return found.apps[Side.LEFT].bill() | found.apps[Side.RIGHT].bill()

    ctx = _at_hand(workspace, row, found)
    ctx = replace(
        ctx,
        worker=worker,
        has_turn=partial(turns.surely_has, turns.SYNC, row.pk, worker),
        bill=bill,
        settle=partial(settle, workspace),
        side_by_side=True,
        retired=retired_maps(row, found),
        called=called_of(found, ctx.ends),
    )
    if progress is not None:
        ctx.report = Told(progress, found.apps.values())
    bring_in_force(ctx, found.resolved, found.schema)
    return ctx


def context_to_look(workspace: Workspace, name: str) -> Context:
    """Return what is needed to ask what a run would do, by the settings as the file has them; nothing is changed."""
    return _at_hand(workspace, row_of(workspace, name), resolution(workspace, name))


def _at_hand(workspace: Workspace, row: Sync, found: Resolution) -> Context:
    for app in found.apps.values():
        ensure_same_account(workspace, app)
    document, feeds = found.resolved.document, {Side.LEFT: row.left, Side.RIGHT: row.right}
    ends = {side: End(side, document.apps[side], feeds[side], found.apps[side].connector) for side in SIDES}
    parents = parents_of(workspace, found.resolved)
    neighbour = neighbour_in_force(found.resolved.neighbour) if found.resolved.neighbour else None
    spec, guards, every = found.resolved.spec, document.guards, document.every
    return Context(row, spec, guards, ends, every, clock=workspace.clock, parents=parents, neighbour=neighbour)


def parents_of(workspace: Workspace, resolved: Resolved) -> dict[str, Parents]:
    """Return, by name, the syncs through which the associations of a sync are translated."""
    names = {each.through for each in resolved.spec.fields if each.through}
    return {
        name: Parents(row_of(workspace, name), is_turned(resolved.document, workspace.sync(name))) for name in names
    }


def called_of(found: Resolution, ends: Mapping[Side, End]) -> dict[tuple[str, Side], End]:
    """Return, by mapping and side, where the records are that are known by their names: read at least for that."""
    called = {}
    for each in found.resolved.spec.fields:
        for side in each.named:
            connection, object = ends[side].feed.connection, str(each.on(side).refers_to)
            feed, _ = Feed.objects.get_or_create(connection=connection, object=object)
            called[each.key, side] = End(side, ends[side].app, feed, ends[side].connector)
    return called


def feeds_called(sync: Sync, spec: SyncSpec) -> dict[tuple[str, Side], Feed]:
    """Return the feeds of these records, by mapping and side, as far as they have been read."""
    own = {Side.LEFT: sync.left, Side.RIGHT: sync.right}
    called = {(each.key, side): (own[side].connection_id, each.on(side)) for each in spec.fields for side in each.named}
    found = {
        key: Feed.objects.filter(connection_id=connection, object=field.refers_to).first()
        for key, (connection, field) in called.items()
    }
    return {key: feed for key, feed in found.items() if feed is not None}


def retired_maps(row: Sync, found: Resolution) -> list[FieldMap]:
    """Return the mappings of earlier settings that are none any more; a field that is gone counts as text."""
    maps: dict[str, FieldMap] = {}
    for revision in Revision.objects.filter(sync=row).order_by("-number").iterator():
        for left, right, *_ in (revision.document["applied"] or {"fields": []})["fields"]:
            fields = [
                found.schema[side].get(name, Field(name)) for side, name in zip(SIDES, (left, right), strict=True)
            ]
            each = FieldMap(fields[0], fields[1])
            maps.setdefault(each.key, each)
        for side, name in one_sided_fields(revision.document["applied"] or {}):
            each = one_sided(Side(side), found.schema[Side(side)].get(name, Field(name)))
            maps.setdefault(each.key, each)
    return [each for key, each in maps.items() if key not in {other.key for other in found.resolved.spec.fields}]


def plain_id(text: str, letter: str) -> int | None:
    """Return the number of an id such as ``p_12``, None if it is none."""
    start, _, number = text.partition("_")
    return int(number) if start == letter and number.isascii() and number.isdigit() and len(number) < 19 else None
