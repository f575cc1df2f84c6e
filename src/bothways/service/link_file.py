"""Links in a file: brought along from another tool, so that nothing needs to be matched, and given back.

The file is CSV in UTF-8: two columns of ids, one per app. A first line with the names of the two apps says which
column is whose; without it the first column is the left app's. Commas, semicolons and tabs part columns.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from bothways.engine.sides import SIDES, Side
from bothways.errors import FileUnreadable
from bothways.ledger import db, links
from bothways.service.database import on_database
from bothways.service.document import SyncDocument
from bothways.service.resolution import row_of
from bothways.service.turn import own_turn
from bothways.service.views import BadRow, LinkImportView, LinkView
from bothways.service.work import Report, context
from bothways.service.workspace import Workspace
from bothways.sync import link_import
from bothways.sync.context import Context
from bothways.sync.link_import import Checked, GivenPair
from bothways.sync.poll import poll
from bothways.sync.run import recorded, taken_over

SEPARATORS = ",;\t"
LONGEST_LINE = 100_000
"""Characters of the first line that are looked at for the separator."""


@on_database
def import_links(
    workspace: Workspace,
    name: str,
    file: Path,
    *,
    skip_bad: bool = False,
    look: bool = False,
    progress: Report | None = None,
) -> LinkImportView:
    """Read both apps, check every row of a file, and link its pairs: all of them, or none if one is bad.

    ``skip_bad``: those that are sound. ``look``: only check. No app is written to; the next run merges the pairs,
    through a plan and its brakes. Raises UnknownSync, FileUnreadable, SecondRunner, AppError.
    """
    document = workspace.sync(name)
    with own_turn(workspace, row_of(workspace, name), progress) as turn:
        ctx = context(workspace, name, progress, running=False, worker=turn.worker)
        with taken_over(ctx):
            ctx.started_at = ctx.clock()
            poll(ctx, ctx.ends.values())
            found = _looked_at(ctx, document, file)
            if look or (found.bad and not skip_bad) or not found.new:
                return found
            return _made(ctx, document, file, found)


def _looked_at(ctx: Context, document: SyncDocument, file: Path) -> LinkImportView:
    rows = new = there = 0
    bad: list[BadRow] = []
    for page in link_import.check(ctx, pairs_of(file, document)):
        rows += len(page)
        there += sum(each.there for each in page)
        new += sum(not each.there and not each.problem for each in page)
        bad += [_bad(document, each) for each in page if each.problem]
    return LinkImportView(ctx.sync.name, "", rows, new, there, tuple(bad))


def _bad(document: SyncDocument, each: Checked) -> BadRow:
    ids = {document.apps[side]: each.pair.on(side) for side in SIDES}
    return BadRow(each.pair.line, ids, each.problem)


def _made(ctx: Context, document: SyncDocument, file: Path, found: LinkImportView) -> LinkImportView:
    with recorded(ctx, link_import.RULE) as record:
        with db.transaction_():
            ctx.fence()
            count = link_import.make(ctx, link_import.check(ctx, pairs_of(file, document)))
        record.reason = f"{count} links brought along"
        return LinkImportView(found.sync, f"r_{record.pk}", found.rows, count, found.there, found.bad, done=True)


@on_database
def export_links(workspace: Workspace, name: str, after: int = 0, size: int = 400) -> list[LinkView]:
    """Return a page of the links of a sync in order of their numbers, from the one behind ``after`` on."""
    page, apps = links.page(row_of(workspace, name), after, size, "state='active'"), workspace.sync(name).apps
    return [LinkView(link.id, {apps[side]: str(link.on(side)) for side in SIDES}) for link in page]


def pairs_of(file: Path, document: SyncDocument) -> Iterator[GivenPair]:
    """Yield the rows of a file; raise FileUnreadable. Empty lines are none."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline(LONGEST_LINE)
            stream.seek(0)
            reader = csv.reader(stream, delimiter=max(SEPARATORS, key=first.count), strict=True)
            columns = {Side.LEFT: 0, Side.RIGHT: 1}
            for number, row in enumerate(reader):
                cells = [cell.strip() for cell in row]
                if number == 0 and (named := _columns(cells, document)) is not None:
                    columns = named
                elif any(cells):
                    left, right = (cells[at] if at < len(cells) else "" for at in columns.values())
                    yield GivenPair(reader.line_num, left, right)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if isinstance(error, UnicodeDecodeError):
            reason = "it is not UTF-8"
        raise FileUnreadable(file=file, reason=reason) from error


def _columns(cells: list[str], document: SyncDocument) -> dict[Side, int] | None:
    """Return which column is whose, if the first line names both apps."""
    names = [cell.casefold() for cell in cells]
    apps = {side: document.apps[side].casefold() for side in SIDES}
    if not all(app in names for app in apps.values()):
        return None
    return {side: names.index(app) for side, app in apps.items()}
