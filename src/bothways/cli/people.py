"""Commands about who may sign in: one-time links and roles."""

from typing import TYPE_CHECKING, Annotated

import typer

from bothways.cli.serving import PORT
from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened

if TYPE_CHECKING:
    from bothways.service.views import AccountView, OneTimeLinkView

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of an account.")]


def link(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Whose password is to be set anew.")] = None,
    role: Annotated[str, typer.Option("--role", help="viewer, operator, editor or admin.")] = "admin",
    url: Annotated[str, typer.Option("--url", help="Where the pages are.")] = "",
) -> None:
    """Print a one-time link: for a new account, or a new password.

    It can be used once, within three days.
    """
    from bothways.service import accounts
    from bothways.service.rights import role_called

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    word = accounts.make_link(workspace, role_called(role), name or "")
    base = url or workspace.document.public_url or f"http://127.0.0.1:{PORT}"
    address = f"{base.rstrip('/')}/welcome?key={word}"
    if terminal.json:
        terminal.document("user-link", {"url": address})
    else:
        terminal.lines([address])


def list_(context: typer.Context) -> None:
    """List who can sign in."""
    from bothways.cli.text import columns
    from bothways.service import accounts
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    found = accounts.list_accounts(opened(terminal))
    if terminal.json:
        terminal.document("users", {"users": [plain(each) for each in found]})
    elif found:
        rows = [(each.name, each.role.value, _notes(each)) for each in found]
        terminal.lines(columns([("Name", "Role", ""), *rows]))
    else:
        terminal.lines(["Nobody yet. Make the first account with: bothways user link"])


def _notes(view: "AccountView") -> str:
    return ", ".join(["switched off"] * (not view.is_on) + ["second factor"] * view.second_factor)


def links(context: typer.Context) -> None:
    """List the one-time links that are good still."""
    import time

    from bothways.cli.text import columns
    from bothways.service import accounts
    from bothways.service.views import plain
    from bothways.service.why import moment

    terminal: Terminal = context.obj
    found = accounts.good_links(opened(terminal))
    if terminal.json:
        terminal.document("user-links", {"links": [plain(each) for each in found]})
    elif found:
        now = time.time()
        rows = [(each.id, _is_for(each), each.made_by, moment(each.ends_at, now)) for each in found]
        terminal.lines(columns([("Id", "For", "Made by", "Ends"), *rows]))
    else:
        terminal.lines(["None. Make one with: bothways user link"])


def _is_for(view: "OneTimeLinkView") -> str:
    return f"a new password of {view.name}" if view.name else f"a new {view.role.value}"


def revoke(
    context: typer.Context, link: Annotated[str, typer.Argument(metavar="LINK", help="Its id, such as l_3.")]
) -> None:
    """Let a one-time link be good no more."""
    from bothways.service import accounts
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    view = accounts.revoke_link(opened(terminal), link)
    if terminal.json:
        terminal.document("user-link-revoked", plain(view))
    else:
        terminal.lines([f"The link for {_is_for(view)} is revoked."])


def role(context: typer.Context, name: Name, role: Annotated[str, typer.Argument(metavar="ROLE")]) -> None:
    """Give an account another role: viewer, operator, editor or admin."""
    from bothways.service import accounts
    from bothways.service.rights import role_called

    terminal: Terminal = context.obj
    view = accounts.set_role(opened(terminal), name, role_called(role))
    _told(terminal, view, f"{view.name} is {view.role.value} now.")


def off(context: typer.Context, name: Name) -> None:
    """Let somebody sign in no more, and end their sessions."""
    from bothways.service import accounts

    terminal: Terminal = context.obj
    view = accounts.switch_off(opened(terminal), name)
    _told(terminal, view, f"{view.name} can sign in no more.")


def reset(context: typer.Context, name: Name) -> None:
    """Take the second factor from somebody who has lost it.

    The password alone signs them in then, until they set up another.
    """
    from bothways.service import second_factor

    terminal: Terminal = context.obj
    view = second_factor.reset(opened(terminal), name)
    _told(terminal, view, f"{view.name} signs in with the password alone now.")


def _told(terminal: Terminal, view: "AccountView", words: str) -> None:
    from bothways.service.views import plain

    if terminal.json:
        terminal.document("user", plain(view))
    else:
        terminal.lines([words])
