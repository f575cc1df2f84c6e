"""Commands about links in a file: brought along from another tool, and given back."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bothways.cli.progress import progress
from bothways.cli.syncs import Name
from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened
from bothways.errors import EXIT_OK, EXIT_SETTINGS

if TYPE_CHECKING:
    from bothways.service.workspace import Workspace


def import_(
    context: typer.Context,
    sync: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV: two columns of ids, one per app.")],
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Link the sound rows though others are bad.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Only check every row.")] = False,
) -> int:
    """Bring links along: all rows of a file, or none.

    A first line with the names of the two apps says which column is whose. Nothing is written to any app; the
    next run merges the pairs.
    """
    from bothways.cli.render import links as render
    from bothways.service.link_file import import_links
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    with progress(terminal) as report:
        view = import_links(workspace, sync, file, skip_bad=skip_bad, look=plan, progress=report)
    if terminal.json:
        terminal.document("link-import", {**plain(view), "only_planned": plan})
    else:
        terminal.lines(render.imported(view, only_planned=plan))
    return EXIT_SETTINGS if view.bad and not view.done and not (skip_bad and not view.new) else EXIT_OK


def export(context: typer.Context, sync: Name) -> None:
    """Print the links of a sync as CSV, as import reads them."""
    terminal: Terminal = context.obj
    rows = _rows(opened(terminal), sync)
    if terminal.json:
        terminal.long_document("links", {"sync": sync}, "links", rows)
        return
    for number, row in enumerate(rows):
        if number == 0:
            terminal.lines([_csv(row)])
        terminal.lines([_csv(row.values())])
        if terminal.closed:
            break


def _csv(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def _rows(workspace: "Workspace", sync: str) -> Iterator[Mapping[str, str]]:
    from bothways.service.link_file import export_links

    after = 0
    while page := export_links(workspace, sync, after):
        after = page[-1].number
        yield from (each.ids for each in page)
