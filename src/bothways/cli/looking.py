"""Commands that only look: records, why, log, compare."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bothways.cli.options import MOST
from bothways.cli.progress import progress
from bothways.cli.syncs import Name
from bothways.cli.terminal import Terminal
from bothways.cli.text import in_command
from bothways.cli.workspaces import opened
from bothways.errors import EXIT_CHANGES, EXIT_OK, UsageError

if TYPE_CHECKING:
    from bothways.service.views import RecordView
    from bothways.service.workspace import Workspace


class State(StrEnum):
    """The states a record can be in."""

    IN_SYNC = "in_sync"
    LEFT_OUT = "left_out"
    FAILING = "failing"
    HELD = "held"
    WAITING = "waiting"


class Reason(StrEnum):
    """By what a record can be left out: as ``LeftOutBy`` of the service, which is not there yet."""

    EMAIL = "email"
    FILTER = "filter"
    ONE_WAY = "one_way"
    PARTNER = "partner"
    UNLINKED = "unlinked"
    FROM_NOW = "from_now"
    OTHER_SYNC = "other_sync"
    PERSON = "person"
    EMPTY = "empty"
    DELETION = "deletion"
    GONE = "gone"


Limit = Annotated[int, typer.Option("--limit", min=1, max=MOST, help="List at most so many.")]


def records(
    context: typer.Context,
    sync: Name,
    state: Annotated[State | None, typer.Option("--state", help="Only those in this state.")] = None,
    reason: Annotated[Reason | None, typer.Option("--reason", help="Only those that are left out for this.")] = None,
    search: Annotated[str | None, typer.Option("--search", help="Part of a name or e-mail, or an id.")] = None,
    limit: Limit = 50,
) -> None:
    """List the records of a sync and the state of each.

    Linked ones, and those left out, failing, held or waiting, with the reason.
    """
    import time

    from bothways.cli.render import records as render
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    rows, more = some_records(
        workspace, sync, state.value if state else None, search, limit, reason.value if reason else None
    )
    if terminal.json:
        terminal.document("records", {"sync": sync, "more": more, "records": [plain(row) for row in rows]})
        return
    terminal.lines(render.records(rows, time.time()))
    if more:
        wider = min(limit * 20, MOST)
        terminal.note(f"There are more. List them with --limit {wider}, or narrow them with --state or --search.")


def some_records(
    workspace: "Workspace", sync: str, state: str | None, search: str | None, limit: int, reason: str | None
) -> "tuple[list[RecordView], bool]":
    """Return at most ``limit`` records, and whether there are more."""
    from bothways.service import records
    from bothways.service.views import LeftOutBy

    by = LeftOutBy(reason) if reason else None
    rows: list[RecordView] = []
    after = None
    while True:
        page = records.list_records(
            workspace, sync, state=state, left_out_by=by, search=search, after=after, size=min(limit - len(rows), 500)
        )
        rows += page.rows
        after = page.after
        if after is None or len(rows) >= limit:
            return rows, after is not None


def why(
    context: typer.Context,
    sync: Name,
    record: Annotated[str, typer.Argument(metavar="RECORD", help="An id in either app, app:id, an e-mail or a name.")],
    field: Annotated[str | None, typer.Argument(metavar="FIELD", help="One field; all without it.")] = None,
) -> None:
    """Say why a record holds what it holds.

    Every value, where it came from, and by which rule.
    """
    import time

    from bothways.cli.render import records as render
    from bothways.service.views import plain
    from bothways.service.why import why as explain

    terminal: Terminal = context.obj
    view = explain(opened(terminal), sync, record, field)
    if terminal.json:
        terminal.document("why", plain(view))
    else:
        terminal.lines(render.why(view, time.time()))


def log(
    context: typer.Context,
    sync: Annotated[str | None, typer.Argument(metavar="SYNC", help="One sync; all without it.")] = None,
    limit: Limit = 20,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with each run when it has ended, until Ctrl-C; oldest first.")
    ] = False,
) -> None:
    """List the runs, latest first, and how each ended."""
    import time

    from bothways.cli.render import runs as render
    from bothways.service import log as runs
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    if follow:
        _follow(terminal, opened(terminal), sync, limit)
        return
    views = runs.runs(opened(terminal), sync, size=limit)
    if terminal.json:
        for view in views:
            terminal.document("log", plain(view))
    else:
        terminal.lines(render.log(views, time.time()))


def _follow(terminal: Terminal, workspace: "Workspace", sync: str | None, limit: int) -> None:
    import threading
    import time

    from bothways.cli.render import runs as render
    from bothways.service import log as runs
    from bothways.service.views import plain

    for view in runs.follow(workspace, sync, size=limit, stop=threading.Event()):
        if terminal.json:
            terminal.document("log", plain(view))
        else:
            terminal.lines([render.logged(view, time.time())])
        if terminal.closed:
            return


def compare(
    context: typer.Context,
    sync: Name,
    last: Annotated[
        bool, typer.Option("--last", help="Show what the last comparison by itself found; no app is asked.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Let the next run look at all that differs without a reason.")
    ] = False,
) -> int:
    """Prove that both apps hold the same.

    Reads both again, whole, and compares every linked pair field by field. Nothing is written to any app.

    Ends with 2 if a difference is found that no rule explains.
    """
    from bothways.cli.render import records as render
    from bothways.service.proof import compare as prove
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    if last:
        if repair:
            raise UsageError(
                reason="--last and --repair do not go together", hint="Repair compares anew: leave --last out."
            )
        return _last(terminal, workspace, sync)
    with progress(terminal) as report:
        proof = prove(workspace, sync, repair=repair, progress=report)
    if terminal.json:
        terminal.document("proof", {"sync": sync, **plain(proof)})
    else:
        terminal.lines(render.proof(proof, sync))
        if repair and proof.different:
            terminal.note("The next run looks at them, and decides by the rules of the sync.")
    return EXIT_CHANGES if proof.different else EXIT_OK


def _last(terminal: Terminal, workspace: "Workspace", sync: str) -> int:
    import time

    from bothways.cli.render import records as render
    from bothways.service.proving import last_proof
    from bothways.service.views import plain

    proof = last_proof(workspace, sync)
    if proof is None:
        hint = f"bothways up and worker make them. Make one now: bothways compare {in_command(sync)}"
        raise UsageError(reason=f"{sync} has not been compared by itself yet", hint=hint)
    if terminal.json:
        terminal.document("last-proof", {"sync": sync, **plain(proof)})
    else:
        terminal.lines(render.last_proof(proof, sync, time.time()))
    return EXIT_CHANGES if proof.differ else EXIT_OK
