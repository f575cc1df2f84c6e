"""Commands about alerts: what is in trouble, who was told of it, and whether that works."""

import typer

from bothways.cli.looking import Limit
from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened
from bothways.errors import EXIT_OK


def list_(context: typer.Context, limit: Limit = 20) -> None:
    """List what is in trouble, and the latest alerts.

    They are sent by up and worker, to those whom bothways.yaml names under alerts.
    """
    import time

    from bothways.cli.render import alerts as render
    from bothways.service.alerts import overview
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    view = overview(opened(terminal), limit)
    if terminal.json:
        terminal.document("alerts", plain(view))
    else:
        terminal.lines(render.overview(view, time.time()))


def test(context: typer.Context) -> int:
    """Send a test over every channel, and print what its receiver answers.

    Ends with 69 if one of them does not take it.
    """
    from bothways.cli.failures import document, tell
    from bothways.cli.render import alerts as render
    from bothways.errors import AlertNotSent
    from bothways.service.alert_channels import test as send
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    results = list(send(opened(terminal)))
    sent = [each for each in results if not isinstance(each, AlertNotSent)]
    failed = [each for each in results if isinstance(each, AlertNotSent)]
    if terminal.json:
        failures = [{"channel": each.facts["channel"], **document(each)} for each in failed]
        terminal.document("alerts-test", {"sent": [plain(each) for each in sent], "failed": failures})
    else:
        terminal.lines(render.tested(sent))
        for each in failed:
            tell(each, terminal, "")
    return failed[0].exit_code if failed else EXIT_OK
