"""The doctor's look at chronicles: whether an app lets us read its own, what it tells of, when it was last read."""

from collections.abc import Iterator

from bothways.errors import BothwaysError, NotSubscribed
from bothways.ledger import chronicles
from bothways.service.chronicles import REFUSALS, chronicle_of, loss_of, topics
from bothways.service.database import used
from bothways.service.subscribing import moment, words
from bothways.service.views import Finding
from bothways.service.workspace import Workspace

RECENT = 86_400.0
"""Seconds for which a loss is told of."""


def findings(workspace: Workspace, app: str) -> Iterator[Finding]:
    """Yield what is found of the chronicle of an app that answers; nothing for one that has none."""
    try:
        chronicle = chronicle_of(workspace, app)
        if chronicle is None:
            return
        with used(workspace.database):
            wanted, stand = topics(workspace, app, chronicle), chronicles.stand(app)
        there = {each.topic for each in chronicle.subscribed().subscriptions}
    except REFUSALS as error:
        reason = error.facts.get("reason")
        what = f"App {app}: changes are found by polling; its journal is not for us: {reason}"
        yield Finding("ok", what)
        return
    except BothwaysError as error:
        yield _said(error)
        return
    if missing := [topic for topic in wanted if topic not in there]:
        hint = "bothways up, or a bothways worker, subscribes by itself: see what it says of this."
        reason = f"not to {words(missing)} in its journal"
        yield _said(NotSubscribed(app=app, reason=reason, hint=hint), "warning")
    if stand.lost_at > workspace.clock() - RECENT:
        yield _said(loss_of(app, stand.lost), "warning")
    last = f"last read {moment(stand.read_at)}" if stand.read_at else "not read yet"
    yield Finding("ok", f"App {app}: changes come by its journal, {last}")


def _said(error: BothwaysError, level: str = "problem") -> Finding:
    return Finding(level, error.message, error.advice, error.code)
