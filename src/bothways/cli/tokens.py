"""Commands about tokens, by which programs call the API."""

from typing import Annotated

import typer

from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened


def make(
    context: typer.Context,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="In whose name it acts: the name of an account.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    role: Annotated[str, typer.Option("--role", help="viewer, operator, editor or admin.")] = "viewer",
    days: Annotated[
        float | None, typer.Option("--days", help="For how many days it is good; always without it.")
    ] = None,
) -> None:
    """Make a token for the API and print it, this once.

    It never may more than its person may.
    """
    from bothways.service import tokens
    from bothways.service.rights import role_called
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    view, word = tokens.make_token(opened(terminal), name, role_called(role), days=days, person=person)
    if terminal.json:
        terminal.document("token", {**plain(view), "token": word})
    else:
        terminal.lines([word])
        terminal.note(f"Keep it: it cannot be shown again. End it with: bothways token revoke {view.id}")


def list_(context: typer.Context) -> None:
    """List the tokens that are good."""
    import time

    from bothways.cli.text import columns
    from bothways.service import tokens
    from bothways.service.views import plain
    from bothways.service.why import moment

    terminal: Terminal = context.obj
    found = tokens.list_tokens(opened(terminal))
    if terminal.json:
        terminal.document("tokens", {"tokens": [plain(each) for each in found]})
        return
    now = time.time()

    def at(when: float | None) -> str:
        return moment(when, now) if when else "never"

    rows = [(each.id, each.name, each.person, each.role.value, at(each.used_at), at(each.ends_at)) for each in found]
    if rows:
        terminal.lines(columns([("Id", "Name", "Of", "Role", "Last used", "Ends"), *rows]))
    else:
        terminal.lines(["None yet. Make one with: bothways token make PERSON NAME"])


def revoke(
    context: typer.Context, token: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id, such as t_3.")]
) -> None:
    """End a token at once."""
    from bothways.service import tokens
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    view = tokens.revoke_token(opened(terminal), token)
    if terminal.json:
        terminal.document("token-revoked", plain(view))
    else:
        terminal.lines([f"{view.name} of {view.person} is revoked."])
