"""Every command by its name, and the options that all of them share."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from bothways.cli import (
    alerts,
    apps,
    backup,
    history,
    issues,
    links,
    looking,
    people,
    plans,
    runs,
    sandbox,
    serving,
    suggestions,
    syncs,
    tokens,
    workspaces,
)
from bothways.cli.terminal import Terminal
from bothways.errors import UsageError

EVERYWHERE = "Every command takes -C FOLDER, --json, --no-color, --no-input and --quiet too."

COMMANDS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("up", serving.up),
    ("worker", serving.worker),
    ("web", serving.web),
    ("init", workspaces.init),
    ("plan", plans.plan),
    ("apply", plans.apply),
    ("run", runs.run),
    ("watch", runs.watch),
    ("status", workspaces.status),
    ("records", looking.records),
    ("why", looking.why),
    ("issues", issues.issues),
    ("link", issues.link),
    ("unlink", issues.unlink),
    ("apart", issues.apart),
    ("suggest", suggestions.suggest),
    ("pause", issues.pause),
    ("resume", issues.resume),
    ("stop", runs.stop),
    ("undo", runs.undo),
    ("log", looking.log),
    ("history", history.history),
    ("compare", looking.compare),
    ("doctor", workspaces.doctor),
    ("backup", backup.backup),
    ("validate", workspaces.validate),
    ("schema", workspaces.schema),
    ("version", workspaces.version),
)
GROUPS: tuple[tuple[str, str, tuple[tuple[str, Callable[..., Any]], ...]], ...] = (
    (
        "alerts",
        "Look at what is in trouble and who was told, and try it.",
        (("list", alerts.list_), ("test", alerts.test)),
    ),
    (
        "app",
        "Connect apps and look at what they hold.",
        (
            ("add", apps.add),
            ("list", apps.list_),
            ("check", apps.check),
            ("login", apps.login),
            ("remove", apps.remove),
            ("objects", apps.objects),
            ("fields", apps.fields),
            ("own-field", apps.own_field),
            ("search", apps.search),
            ("new", apps.new),
        ),
    ),
    (
        "links",
        "Bring links along from another tool, and give them back.",
        (("import", links.import_), ("export", links.export)),
    ),
    (
        "sandbox",
        "Run stand-ins of apps, to write code against.",
        (("hubspot", sandbox.hubspot),),
    ),
    (
        "sync",
        "Look at syncs, bring them in, turn them on and off.",
        (
            ("list", syncs.list_),
            ("show", syncs.show),
            ("export", syncs.export),
            ("import", syncs.import_),
            ("diff", syncs.diff),
            ("on", syncs.on),
            ("off", syncs.off),
            ("winner", syncs.winner),
            ("delete", syncs.delete),
            ("restore", syncs.restore),
        ),
    ),
    (
        "token",
        "Let programs call the API.",
        (("make", tokens.make), ("list", tokens.list_), ("revoke", tokens.revoke)),
    ),
    (
        "user",
        "Say who may sign in to the pages, and what they may do.",
        (
            ("link", people.link),
            ("links", people.links),
            ("revoke", people.revoke),
            ("list", people.list_),
            ("role", people.role),
            ("off", people.off),
            ("reset", people.reset),
        ),
    ),
)


def tree() -> Any:
    """Return the command line as typer's tree of commands."""
    root = typer.Typer(name="bothways", add_completion=False, rich_markup_mode=None, epilog=EVERYWHERE)
    root.callback(invoke_without_command=True)(bothways)
    for name, command in COMMANDS:
        root.command(name, epilog=EVERYWHERE)(command)
    for group, help_, commands in GROUPS:
        branch = typer.Typer(help=help_, rich_markup_mode=None)
        for name, command in commands:
            branch.command(name, epilog=EVERYWHERE)(command)
        root.add_typer(branch, name=group)
    as_given = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
    root.command("demo", context_settings=as_given)(demo)
    return typer.main.get_command(root)


def bothways(
    context: typer.Context,
    workspace: Annotated[
        Path, typer.Option("-C", "--workspace", metavar="FOLDER", help="The folder with bothways.yaml.")
    ] = Path(),
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON (one document, or a line each for streams).")
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="Print without colours; NO_COLOR does the same.")
    ] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask anything.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no notes.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Keep the records of two business apps in step, both ways."""
    terminal: Terminal = context.obj
    terminal.folder, terminal.json, terminal.quiet, terminal.may_ask = workspace, json, quiet, not no_input
    terminal.colour = terminal.colour and not no_color
    if version:
        workspaces.version(context)
        raise typer.Exit


def demo(context: typer.Context) -> None:
    """Try it with two stand-in apps on this machine."""
    from bothways.cli.demo.command import demo as command

    inner = typer.Typer(add_completion=False, rich_markup_mode=None)
    inner.command("demo")(command)
    whole = typer.main.get_command(inner)
    with whole.make_context("bothways demo", list(context.args), obj=context.obj) as below:
        return whole.invoke(below)


def usage_error(problem: typer.TyperException) -> UsageError:
    """Return what typer found wrong with the arguments, in our own class.

    Superfluous arguments are not repeated: one of them may be a secret.
    """
    text = problem.format_message() if hasattr(problem, "format_message") else str(problem)
    text = text.replace("Value error, ", "")
    if text.startswith("Got unexpected extra argument"):
        text = "There are more arguments than this command takes"
    context = getattr(problem, "ctx", None)
    path = context.command_path if context else "bothways"
    reason, question, meant = text.partition(" Did you mean ")
    return UsageError(reason=reason.rstrip("."), hint=f"{question.lstrip()}{meant} See: {path} --help".lstrip())
