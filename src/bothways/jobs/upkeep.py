"""Upkeep of webhooks, beside the turns and never in their way: the subscriptions in the apps are as they should be."""

from dataclasses import dataclass

from bothways.connectors.webhooks import Subscribes
from bothways.errors import BothwaysError, LedgerError
from bothways.jobs import logs
from bothways.jobs.schedule import after_failure
from bothways.jobs.turns import Worker
from bothways.ledger import webhooks
from bothways.ledger.webhooks import Known
from bothways.service.subscribing import (
    Changed,
    awaited,
    fingerprint,
    see_to,
    silence_of,
    subscriber,
    topics,
    wanting,
)
from bothways.service.workspace import Workspace

LOOK_EVERY = 30.0
"""Seconds between two looks at what is wanted of the apps, if the settings do not change."""

AGAIN = 86_400.0
"""Seconds after which subscriptions that were as they should be are looked at again."""

LONGEST_PAUSE = 3600.0
"""Seconds after which they are tried again at the latest, where that failed."""


@dataclass
class Upkeep:
    """What one worker does for the subscriptions; of several workers, one at a time sees to those of an app."""

    worker: Worker
    _begun: bool = False

    def look(self) -> None:
        """See to the subscriptions of every app, in the caller's use of the database, if they are due.

        They are when this begins, when the settings have changed, and once a day. What fails is told once, and tried
        again later. Raises LedgerError if the database fails.
        """
        workspace = self.worker.own()
        known, told = webhooks.all_known(), wanting(workspace)
        for app in list(workspace.document.apps):
            try:
                connector = awaited(workspace, app)
            except Exception:  # noqa: BLE001 - it cannot be opened: whoever reads the app tells of it
                continue
            if connector is None:
                continue
            found = known.get(app, Known())
            if app in told and not (self._begun and found.since):
                webhooks.awaited(app, workspace.clock(), anew=not self._begun)
            elif app not in told and found.since:
                webhooks.awaited_no_more(app)
            else:
                self._listen(app, found)
            if access := subscriber(connector):
                self._look_at(workspace, app, access)
        self._begun = True

    def _listen(self, app: str, known: Known) -> None:
        """Tell once of an app whose webhooks come no more."""
        if (silent := webhooks.is_silent(known)) != known.silent:
            webhooks.told_silent(app, silent)
            if silent:
                self.worker.on_failure(app, silence_of(app, known))

    def _look_at(self, workspace: Workspace, app: str, access: Subscribes) -> None:
        try:
            self._see_to(workspace, app, access)
        except LedgerError:
            raise
        except Exception as problem:  # noqa: BLE001 - what nobody foresaw is told, and stops no other app's
            self._failed(app, self.worker.understood(problem))

    def _see_to(self, workspace: Workspace, app: str, access: Subscribes) -> None:
        now = self.worker.clock()
        if not self._begun:
            webhooks.ask(app, now)
        if webhooks.take(app, fingerprint(workspace, app, topics(workspace, app, access)), now):
            done = see_to(workspace, app)
            if done != Changed():
                logs.subscriptions(app, done.made, done.resumed, done.deleted)
            webhooks.settled(app, self.worker.clock() + AGAIN)

    def _failed(self, app: str, error: BothwaysError) -> None:
        before = webhooks.known(app)
        due_at = after_failure(before.failed + 1, self.worker.clock(), self.worker.chance(), LONGEST_PAUSE)
        if webhooks.failed(app, due_at, error.code, error.message):
            self.worker.on_failure(app, error)
