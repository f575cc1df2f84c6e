"""Commands about apps: connect them, check them, see what they offer."""

import shlex
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bothways.cli.asking import confirmed
from bothways.cli.serving import PORT
from bothways.cli.terminal import Terminal, say
from bothways.cli.text import clean, in_command
from bothways.cli.workspaces import opened
from bothways.errors import UsageError

if TYPE_CHECKING:
    from bothways.service.workspace import Workspace

CLIENT_SECRET = "client_secret"

Redirect = Annotated[
    str,
    typer.Option(
        "--redirect",
        metavar="ADDRESS",
        help="Where the app sends you back to; it must know it. Else that of the pages.",
    ),
]
Without = Annotated[
    list[str] | None, typer.Option("--without", metavar="SCOPE", help="A permission not to ask for, by OAuth.")
]
With = Annotated[
    list[str] | None,
    typer.Option("--with", metavar="SCOPE", help="A permission to ask for besides, such as app own-field names."),
]
Name = Annotated[str, typer.Argument(metavar="APP", help="The app's name in this workspace.")]


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name it gets here, such as hubspot.")],
    connector: Annotated[str, typer.Argument(metavar="CONNECTOR", help="What kind of app; see: bothways app search")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting, such as url=https://...")
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option("--secret", metavar="KEY=env:NAME", help="Where a secret is: env:NAME, file:PATH or stdin."),
    ] = None,
    redirect: Redirect = "",
    without: Without = None,
) -> None:
    """Connect an app.

    Checks the connection, then writes it into bothways.yaml.

    Secrets are never given here, only where they are:

    bothways app add crm hubspot --secret token=env:HUBSPOT_TOKEN

    An app that knows us by a client id is opened in a browser, and asks there whether it lets us in:

    bothways app add crm hubspot --set client_id=ID --secret client_secret=env:NAME
    """
    from bothways.cli import secrets
    from bothways.cli.render import apps as render
    from bothways.service import apps, letting_in
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    apps.check_name(workspace, name)
    settings = secrets.settings(connector, set_ or [], apps.catalogue())
    places, typed = secrets.places(terminal, name, secret or [])
    if "client_id" in settings or CLIENT_SECRET in {**places, **typed}:
        back = _back(workspace, redirect)
        view = letting_in.add_by_hand(
            workspace, name, connector, settings, places, typed, back, without or (), _asking(terminal)
        )
    else:
        view = apps.add_app(workspace, name, connector, settings, places, typed)
    if terminal.json:
        terminal.document("app-check", plain(view))
        return
    terminal.lines(render.check(view))
    terminal.note(f"Added to bothways.yaml. Next: bothways app fields {in_command(name)} OBJECT")


def login(
    context: typer.Context,
    app: Name,
    secret: Annotated[
        list[str] | None,
        typer.Option("--secret", metavar="KEY=env:NAME", help="Where a secret is: env:NAME, file:PATH or stdin."),
    ] = None,
    redirect: Redirect = "",
    with_: With = None,
    without: Without = None,
) -> None:
    """Sign in to an app again.

    Other secrets are only taken over if the app lets us in with them, as the account that it was:

    bothways app login crm --secret token=stdin

    An app that lets us in by OAuth is opened in a browser: bothways app login crm
    """
    from bothways.cli import secrets
    from bothways.cli.render import apps as render
    from bothways.service import apps, letting_in
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    places, typed = secrets.places(terminal, app, secret or [])
    if set(places) | set(typed) <= {CLIENT_SECRET} and workspace.app(app).oauth:
        back = _back(workspace, redirect)
        view = letting_in.sign_in_by_hand(
            workspace, app, places, typed, back, with_ or (), without or (), _asking(terminal)
        )
    else:
        view = apps.sign_in_again(workspace, app, places, typed)
    if terminal.json:
        terminal.document("app-check", plain(view))
        return
    terminal.lines(render.check(view))
    terminal.note("What waited for it goes on.")


def _back(workspace: "Workspace", given: str) -> str:
    """Return the address that an app sends people back to: that of the pages here, unless another one is given."""
    return given or (workspace.document.public_url or f"http://127.0.0.1:{PORT}").rstrip("/") + "/oauth/callback"


def _asking(terminal: Terminal) -> Callable[[str], str]:
    """Return what has somebody open an address, and reads where they were sent back to: a browser may be elsewhere."""

    def ask(address: str) -> str:
        say("Open this address in a browser and allow it there:")
        say(f"\n  {address}\n")
        say("Then copy the address that you are sent to, whatever its page shows, and paste it here:")
        return sys.stdin.readline().strip()

    return ask


def remove(context: typer.Context, app: Name) -> None:
    """Disconnect an app that no sync uses.

    Its records stay as they are; secrets that were typed in are forgotten.
    """
    from bothways.service import apps

    terminal: Terminal = context.obj
    told = apps.disconnect(opened(terminal), app)
    if terminal.json:
        terminal.document("removed", {"app": app})
    else:
        terminal.lines([f"{app} is disconnected. Its records stay as they are."])
    if not told:
        terminal.note(f"{app} could not be told: take Bothways out of its list of connected apps there.")


def list_(context: typer.Context) -> None:
    """List the apps of this workspace."""
    from bothways.cli.render import apps as render
    from bothways.service import apps
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    views = apps.list_apps(opened(terminal))
    if terminal.json:
        terminal.document("apps", {"apps": [plain(view) for view in views]})
    else:
        terminal.lines(render.apps(views))


def check(
    context: typer.Context,
    app: Name,
    same: Annotated[
        bool, typer.Option("--same", help="Say that it is the same account as before, though it seems another.")
    ] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Try out whether it behaves as Bothways takes for granted.")
    ] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="With --deep: try only what writes nothing there.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --deep: make the records for it without asking.")] = False,
) -> None:
    """Check that an app can be reached and what it lets us do.

    --deep makes some records there, on which it tries out what nobody promises, and archives them at the end. It
    touches no other record, takes some minutes, and says what is not as we think. Best on a test account.
    """
    from bothways.cli.render import apps as render
    from bothways.service import apps
    from bothways.service.same_account import accept_account
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    if (read_only or yes) and not deep:
        raise UsageError(reason="--read-only and --yes say something of --deep alone", hint="")
    workspace = opened(terminal)
    if same:
        accept_account(workspace, app)
    if deep:
        _check_deeply(terminal, workspace, app, read_only, yes)
        return
    view = apps.check_app(workspace, app)
    if terminal.json:
        terminal.document("app-check", plain(view))
    else:
        terminal.lines(render.check(view))


def own_field(
    context: typer.Context,
    app: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Make it without asking.")] = False,
) -> None:
    """Have an app keep our mark of each record that is created in it.

    A create that was sent and never answered is then surely found again. Shows in which objects a field for it would be
    made, and makes it once you agree. Syncs work without it, too.
    """
    from bothways.cli.render import apps as render
    from bothways.service import own_fields
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    view = confirmed(terminal, lambda approved: own_fields.make(workspace, app, confirmed=approved), yes)
    if terminal.json:
        terminal.document("own-field", plain(view))
    else:
        terminal.lines(render.own_field(view))


def _check_deeply(terminal: Terminal, workspace: "Workspace", app: str, read_only: bool, yes: bool) -> None:
    from bothways.cli.render import deep as render
    from bothways.service.deep_check import check_deeply
    from bothways.service.views import DeepCheckView, DeepFindingView, LeftRecordView, plain

    def tell(found: DeepFindingView) -> None:
        if not terminal.json:
            terminal.lines(render.finding(found))

    def tell_left(left: Sequence[LeftRecordView]) -> None:
        for line in render.left(app, left):
            say(clean(line))

    def go(approved: bool) -> DeepCheckView:
        return check_deeply(workspace, app, read_only=read_only, confirmed=approved, tell=tell, tell_left=tell_left)

    view = confirmed(terminal, go, yes)
    if terminal.json:
        terminal.document("app-deep-check", plain(view))
    else:
        terminal.lines(render.summary(view))
    raise typer.Exit(view.exit_code)


def objects(context: typer.Context, app: Name) -> None:
    """List the kinds of record an app offers."""
    from bothways.cli.render import apps as render
    from bothways.service import apps
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    views = apps.app_objects(opened(terminal), app)
    if terminal.json:
        terminal.document("objects", {"app": app, "objects": [plain(view) for view in views]})
    else:
        terminal.lines(render.objects(views))


def fields(
    context: typer.Context,
    app: Name,
    object_: Annotated[str, typer.Argument(metavar="OBJECT", help="A kind of record, such as contacts.")],
) -> None:
    """List the fields of one kind of record.

    The names in the first column are those for bothways.yaml. What rules of the app demand of a field is told, too.
    """
    from bothways.cli.render import apps as render
    from bothways.service import apps
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    views, rules = apps.app_fields(workspace, app, object_), apps.field_rules(workspace, app, object_)
    if terminal.json:
        shown = [plain(view) for view in views]
        terminal.document("fields", {"app": app, "object": object_, "fields": shown, "rules": rules})
    else:
        terminal.lines(render.fields(views, rules))


def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the kind of app is to be called, such as my_crm.")],
) -> None:
    """Make a connector for an app of your own.

    It stands in a folder and works. Its README says what to change where, so that it fits the API of your app.
    """
    from bothways.service import starter

    terminal: Terminal = context.obj
    folder = starter.make(terminal.folder, name)
    if terminal.json:
        terminal.document("app-new", {"app": name, "folder": str(folder)})
        return
    terminal.lines([f"Made {folder}"])
    terminal.note(f"Next: pip install -e {shlex.quote(str(folder))}   and then: bothways app search {name}")


def search(
    context: typer.Context,
    words: Annotated[str, typer.Argument(metavar="WORDS", help="Part of a name or category; all without it.")] = "",
) -> None:
    """Search the apps that can be connected.

    Shows what each wants to be told by app add.
    """
    from bothways.cli.render import apps as render
    from bothways.service import apps
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    found = apps.fitting(apps.catalogue(), words)
    if terminal.json:
        terminal.document("connectors", {"connectors": [plain(each) for each in found]})
    else:
        terminal.lines(render.connectors(found, words))
