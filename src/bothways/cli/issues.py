"""Commands about what is held: list it, decide who belongs together, link and unlink."""

from typing import TYPE_CHECKING, Annotated

import typer

from bothways.cli import issue_groups, workspaces
from bothways.cli.looking import Limit
from bothways.cli.syncs import Name
from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened
from bothways.errors import UsageError

if TYPE_CHECKING:
    from bothways.service.views import IssueView, PairView, RecordView
    from bothways.service.workspace import Workspace

HOW_VALUE = "Such as: bothways issues resolve h_12 --use hubspot --alike values"
HOW_PAIR = 'Such as: bothways issues resolve g_1_0123456789ab --pair "UK=United Kingdom"'
_UNDO = [False, False, False, False, True, False, False, False]
"""What is given where --undo is, alone."""

HOW = "Such as: bothways issues resolve h_12 --link ID"
SyncOrAll = Annotated[str | None, typer.Argument(metavar="[SYNC]", help="The sync's name; all syncs without it.")]
RecordOrAll = Annotated[str | None, typer.Argument(metavar="[RECORD]", help="An id, app:id, an e-mail or a name.")]
Record = Annotated[str, typer.Argument(metavar="RECORD", help="An id in either app, app:id, an e-mail or a name.")]


def issues(
    context: typer.Context,
    what: Annotated[
        str | None, typer.Argument(metavar="[SYNC|show|retry|ignore|resolve]", help="A sync, or what to do.")
    ] = None,
    issue: Annotated[
        str | None, typer.Argument(metavar="[ISSUE]", help="Its id: h_12, or g_1_... for all of a cause.")
    ] = None,
    link: Annotated[str | None, typer.Option("--link", metavar="ID", help="It is this one of the other app.")] = None,
    apart: Annotated[
        list[str] | None, typer.Option("--apart", metavar="ID", help="It is not this one of the other app.")
    ] = None,
    create: Annotated[bool, typer.Option("--create", help="It is nobody of the other app; create it there.")] = False,
    leave_out: Annotated[bool, typer.Option("--leave-out", help="It takes no part; nobody is made for it.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what is not done yet, or --leave-out.")] = False,
    use: Annotated[str | None, typer.Option("--use", metavar="APP", help="The value of this app is right.")] = None,
    value: Annotated[
        str | None, typer.Option("--value", metavar="VALUE", help="This value is right; both apps get it.")
    ] = None,
    alike: Annotated[
        str | None,
        typer.Option("--alike", metavar="values|field", help="And the others of the same values, or of this field."),
    ] = None,
    rule: Annotated[bool, typer.Option("--rule", help="With --use: let that app win this field from now on.")] = False,
    pair: Annotated[
        list[str] | None,
        typer.Option("--pair", metavar="VALUE=CHOICE", help="This value is that choice; saved in the settings."),
    ] = None,
    by_cause: Annotated[bool, typer.Option("--by-cause", help="List causes, each with its number of records.")] = False,
    ignored: Annotated[bool, typer.Option("--ignored", help="With --by-cause: those that are ignored.")] = False,
    limit: Limit = 50,
) -> None:
    """List, show, retry, ignore or decide what is held.

    A decision is remembered, and carried out by the next run. What is ignored comes back when its record is edited.
    """
    import time

    from bothways.cli.render import issues as render
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    given = [link is not None, bool(apart), create, leave_out, undo, use is not None, value is not None, bool(pair)]
    if issue is None or what not in ("show", "resolve", "retry", "ignore"):
        if issue is not None or any(given) or alike or rule or (ignored and not by_cause):
            raise UsageError(reason="Say show, retry, ignore or resolve in front of the issue", hint=HOW)
        (issue_groups.list_causes if by_cause else _list)(terminal, workspace, what, limit, **_only(by_cause, ignored))
        return
    if by_cause or ignored or (sum(given) != (what == "resolve") and not (what == "ignore" and given == _UNDO)):
        ways = "--link, --apart, --create, --leave-out, --use, --value, --pair and --undo"
        raise UsageError(reason=f"To resolve needs one of {ways}", hint=HOW)
    if what in ("retry", "ignore"):
        issue_groups.retry_or_ignore(terminal, workspace, what, issue, undo)
        return
    if pair:
        issue_groups.pair(terminal, workspace, issue, pair)
        return
    if issue.startswith("g_"):
        if what == "resolve":
            raise UsageError(reason="All issues of a cause are resolved by --pair alone", hint=HOW_PAIR)
        issue_groups.show(terminal, workspace, issue)
        return
    if use is not None or value is not None or alike or rule:
        _decide_value(terminal, workspace, issue, use, value, alike, rule)
        return
    view = _decide(workspace, issue, link, apart or [], create=create, leave_out=leave_out, undo=undo)
    if terminal.json:
        terminal.document("issue", plain(view))
    else:
        terminal.lines(render.issue(view, time.time()))


def _only(by_cause: bool, ignored: bool) -> dict[str, bool]:
    return {"ignored": ignored} if by_cause else {}


def _list(terminal: Terminal, workspace: "Workspace", sync: str | None, limit: int) -> None:
    import time

    from bothways.cli.render import issues as render
    from bothways.service import issues as inbox
    from bothways.service.views import plain

    found = inbox.list_issues(workspace, sync, size=limit + 1)
    rows, more = found[:limit], len(found) > limit
    if terminal.json:
        terminal.document("issues", {"more": more, "issues": [plain(row) for row in rows]})
        return
    terminal.lines(render.issues(rows, time.time()))
    if more:
        terminal.note("There are more. List them with a higher --limit.")


def _decide(
    workspace: "Workspace",
    issue: str,
    link: str | None,
    apart: list[str],
    *,
    create: bool,
    leave_out: bool,
    undo: bool,
) -> "IssueView":
    from bothways.service import issues as inbox

    if link is not None:
        return inbox.link_issue(workspace, issue, link)
    if apart:
        return inbox.keep_apart(workspace, issue, apart)
    if create:
        return inbox.create_issue(workspace, issue)
    if leave_out:
        return inbox.leave_out(workspace, issue)
    return inbox.withdraw(workspace, issue) if undo else inbox.show_issue(workspace, issue)


def _decide_value(
    terminal: Terminal,
    workspace: "Workspace",
    issue: str,
    use: str | None,
    value: str | None,
    alike: str | None,
    rule: bool,
) -> None:
    """Decide which value is right: for one issue, for those alike, or for the field from now on."""
    import time

    from bothways.cli.render import issues as render
    from bothways.service import conflicts
    from bothways.service.views import plain

    if alike not in (None, "values", "field"):
        raise UsageError(reason=f'--alike is values or field, not "{alike}"', hint=HOW_VALUE)
    if (use is None and value is None) or (rule and (use is None or alike)):
        reason = "--rule goes with --use alone" if rule else "--alike goes with --use or --value"
        raise UsageError(reason=reason, hint=HOW_VALUE)
    if rule and use is not None:
        field = conflicts.make_rule(workspace, issue, use)
        if terminal.json:
            terminal.document("rule", {"field": field, "winner": use})
        else:
            terminal.lines([f"{use} wins {field} from now on. The next run writes what waits of it."])
        return
    which = conflicts.Alike(alike or "none")
    if use is not None:
        rows = conflicts.choose_app(workspace, issue, use, which)
    else:
        rows = conflicts.type_value(workspace, issue, value or "", which)
    if terminal.json:
        terminal.document("decided", {"issues": [plain(row) for row in rows]})
    else:
        terminal.lines(render.decided(rows, time.time()))


def link(context: typer.Context, sync: Name, left: Record, right: Record) -> None:
    """Say that two records, one of each app, are the same thing. The next run links them."""
    from bothways.service import issues as inbox

    terminal: Terminal = context.obj
    _pair(terminal, "link", inbox.link(opened(terminal), sync, left, right))


def apart(context: typer.Context, sync: Name, left: Record, right: Record) -> None:
    """Say that two records, one of each app, are not the same thing. It is remembered; to take it back, link them."""
    from bothways.service import issues as inbox

    terminal: Terminal = context.obj
    _pair(terminal, "apart", inbox.keep_two_apart(opened(terminal), sync, left, right))


def unlink(
    context: typer.Context,
    sync: Name,
    left: Record,
    right: Record,
    plan: Annotated[bool, typer.Option("--plan", help="Only say what would be done.")] = False,
) -> None:
    """End the link of two records, and keep them apart.

    Both stay as they are. Nothing flows between them, and neither is created anew in the other app.
    """
    from bothways.service import issues as inbox

    terminal: Terminal = context.obj
    view = inbox.unlink(opened(terminal), sync, left, right, only_planned=plan)
    _pair(terminal, "unlink-plan" if plan else "unlink", view)


def pause(context: typer.Context, sync: SyncOrAll = None, record: RecordOrAll = None) -> None:
    """Pause a sync, one record of it, or all syncs.

    Of a record its partner is paused, too. Nothing flows, and nothing is forgotten. A run of a paused sync that is at
    work ends after the records that it is writing; where all are paused, it ends first.
    """
    from bothways.cli.render import runs as render
    from bothways.service import halting
    from bothways.service import issues as inbox
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    if sync is None:
        workspaces.pause(terminal)
        return
    if record is None:
        halt = halting.pause(opened(terminal), sync)
        if terminal.json:
            terminal.document("halt", plain(halt))
        else:
            terminal.lines(render.halt(halt))
        return
    view = inbox.pause(opened(terminal), sync, record)
    _paused(terminal, sync, "pause", view)


def resume(context: typer.Context, sync: SyncOrAll = None, record: RecordOrAll = None) -> None:
    """Let a sync, one record of it, or all syncs go on.

    What was changed meanwhile flows too.
    """
    from bothways.service import halting
    from bothways.service import issues as inbox

    terminal: Terminal = context.obj
    if sync is None:
        workspaces.resume(terminal)
        return
    if record is None:
        went_on = halting.go_on(opened(terminal), sync)
        if terminal.json:
            terminal.document("resumed", {"sync": sync, "was_halted": went_on})
        else:
            terminal.lines([f"{sync} goes on." if went_on else f"{sync} was neither paused nor stopped."])
        return
    view = inbox.resume(opened(terminal), sync, record)
    _paused(terminal, sync, "resume", view)


def _paused(terminal: Terminal, sync: str, done: str, view: "RecordView") -> None:
    from bothways.cli.render import issues as render
    from bothways.service.views import plain

    if terminal.json:
        terminal.document(done, plain(view))
    else:
        terminal.lines(render.paused(sync, view, done))


def _pair(terminal: Terminal, done: str, view: "PairView") -> None:
    from bothways.cli.render import issues as render
    from bothways.service.views import plain

    if terminal.json:
        terminal.document(done, plain(view))
    else:
        terminal.lines(render.pair(view, done))
