"""What records held when a sync was asked for changes from then on alone."""

from collections.abc import Iterable, Mapping

import orjson

from bothways.engine.sides import Side
from bothways.ledger import db
from bothways.ledger.models import Sync
from bothways.records import Value

Values = Mapping[str, Value]


def note(sync: Sync, side: Side, held: Mapping[str, Values]) -> None:
    """Take note of what records of one side hold, for the line that was asked for last."""
    columns = ("sync_id", "side", "record_id", "workspace_id", "line", "data")
    data = [
        (sync.pk, str(side), id, sync.workspace_id, sync.line, orjson.dumps(dict(values)).decode())
        for id, values in held.items()
    ]
    db.upsert("noted", columns, ("sync_id", "side", "record_id"), data)


def of_records(sync: Sync, side: Side, ids: Iterable[str]) -> dict[str, Values]:
    """Return what records of one side held, those alone of which note was taken for the line drawn last."""
    sql = "SELECT record_id, data FROM noted WHERE sync_id=%s AND side=%s AND line=%s AND record_id IN {ids}"
    return {id: orjson.loads(data) for id, data in db.in_list(sql, (sync.pk, str(side), sync.line), ids)}


def hand_over(sync: Sync, side: Side, id: str, to: str, held: Values) -> None:
    """Let the note of a record count for the one that it was merged into, which holds these values by now.

    Where that holds what note was taken of in either, nobody has edited it since.
    """
    sql = "SELECT record_id, line, data FROM noted WHERE sync_id=%s AND side=%s AND record_id IN (%s,%s)"
    found = {row[0]: row for row in db.rows(sql, (sync.pk, str(side), id, to))}
    if id not in found:
        return
    _, line, data = found[id]
    known = orjson.loads(found[to][2]) if to in found and found[to][1] == line else {}
    merged = {name: each for name, each in orjson.loads(data).items() if name not in known or held.get(name) == each}
    if known | merged:
        columns = ("sync_id", "side", "record_id", "workspace_id", "line", "data")
        row = (sync.pk, str(side), to, sync.workspace_id, line, orjson.dumps(known | merged).decode())
        db.upsert("noted", columns, ("sync_id", "side", "record_id"), [row])


def ask(sync: Sync) -> None:
    """Ask for changes from now on alone: the next run takes note of what every record holds."""
    db.execute("UPDATE sync SET line=line+1 WHERE id=%s", (sync.pk,))


def withdraw(sync: Sync) -> None:
    """Ask for nothing of the kind any more, as long as the line is not drawn; the notes taken for it are none."""
    db.execute(
        "DELETE FROM noted WHERE sync_id=%s AND line>(SELECT line_drawn FROM sync WHERE id=%s)", (sync.pk, sync.pk)
    )
    db.execute("UPDATE sync SET line=line_drawn WHERE id=%s", (sync.pk,))


def drawn(sync: Sync) -> None:
    """Remember that note was taken of every record, for the line that was asked for when the sync was read.

    One that somebody has asked for since is still to be drawn; one that was taken back is none.
    """
    db.execute("UPDATE sync SET line_drawn=%s WHERE id=%s AND line>=%s", (sync.line, sync.pk, sync.line))


def forget(sync: Sync) -> None:
    """Forget all notes: whatever was there before counts as everything else does."""
    db.execute("DELETE FROM noted WHERE sync_id=%s", (sync.pk,))
    db.execute("UPDATE sync SET line=0, line_drawn=0 WHERE id=%s", (sync.pk,))
