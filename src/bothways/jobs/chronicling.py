"""Reading what apps write down of their records, beside the turns: every few seconds, by one worker at a time."""

from dataclasses import dataclass

from bothways.connectors.chronicle import Chronicle
from bothways.errors import AccountChanged, AppUnreachable, BothwaysError, LedgerError, NotSubscribed, SignInNeeded
from bothways.jobs import logs, metrics
from bothways.jobs.schedule import after_failure
from bothways.jobs.turns import Worker
from bothways.ledger import chronicles
from bothways.service.chronicles import chronicle_of, fingerprint, follow, is_refused, loss_of, see_to, topics
from bothways.service.connect import open_app
from bothways.service.same_account import ensure_same_account
from bothways.service.subscribing import Changed, wanting
from bothways.service.workspace import Workspace

EVERY = 5.0
"""Seconds between two looks into the chronicle of an app."""

AGAIN = 86_400.0
"""Seconds after which subscriptions that were as they should be are looked at again, and a further loss is told of."""

LONGEST_PAUSE = 3600.0
"""Seconds after which it is tried again at the latest, where that failed, or the app does not let us."""


TOLD_BY_OTHERS = (AppUnreachable, SignInNeeded, AccountChanged)
"""What whoever reads the records of an app tells of."""


@dataclass
class Chronicling:
    """What one worker does for the chronicles. That one fails is told once, and lets no connection rest."""

    worker: Worker
    _begun: bool = False

    def look(self) -> None:
        """Read the chronicle of every app that is due, in the caller's use of the database.

        Raises LedgerError if the database fails.
        """
        workspace = self.worker.own()
        apps = [app.name for app in workspace.document.apps.values() if app.oauth is not None]
        told = wanting(workspace) if apps else set[str]()
        for app in (each for each in apps if each in told or chronicles.own(each)):
            if not self._begun:
                chronicles.ask(app, self.worker.clock())
            now = self.worker.clock()
            if chronicles.is_due(app, now):
                self._look_at(workspace, app, now, wanted=app in told)
        self._begun = True

    def _look_at(self, workspace: Workspace, app: str, now: float, *, wanted: bool) -> None:
        """Read a chronicle; one that is not ``wanted`` any more is only asked to tell of nothing."""
        try:
            chronicle = chronicle_of(workspace, app)
        except Exception:  # noqa: BLE001 - it cannot be opened: whoever reads the app tells of it
            return
        try:
            if chronicle is not None and chronicles.take(app, now + EVERY, now):
                ensure_same_account(workspace, open_app(workspace, app))
                self._subscribe(workspace, app, chronicle)
                if wanted:
                    self._follow(workspace, app, chronicle)
        except LedgerError:
            raise
        except Exception as problem:  # noqa: BLE001 - what nobody foresaw is told, and stops no other app's
            self._failed(app, self.worker.understood(problem))

    def _subscribe(self, workspace: Workspace, app: str, chronicle: Chronicle) -> None:
        """See to the subscriptions, if it is time; what is not told of then is found by polling."""
        wanted = topics(workspace, app, chronicle)
        if not chronicles.take_check(app, mark := fingerprint(wanted), self.worker.clock()):
            return
        try:
            done = see_to(app, chronicle, wanted)
            if done != Changed():
                logs.subscriptions(app, done.made, done.resumed, done.deleted)
        except NotSubscribed as error:
            self.worker.on_failure(app, error)
        except Exception:
            chronicles.check_anew(app)
            raise
        chronicles.checked(app, mark, self.worker.clock() + AGAIN)

    def _follow(self, workspace: Workspace, app: str, chronicle: Chronicle) -> None:
        before = chronicles.stand(app).lost_at
        found = follow(workspace, app, chronicle)
        for each in found.received:
            metrics.tell_hints(app, len(each.records), each.new)
            logs.chronicle(app, each.records, each.new)
        if found.lost and self.worker.clock() - before > AGAIN:
            self.worker.on_failure(app, loss_of(app, found.lost))

    def _failed(self, app: str, error: BothwaysError) -> None:
        before, now = chronicles.stand(app), self.worker.clock()
        due_at = after_failure(before.failed + 1, now, self.worker.chance(), LONGEST_PAUSE)
        refused = is_refused(error)
        news = chronicles.failed(app, now + LONGEST_PAUSE if refused else due_at, error.code, error.message)
        if news and (before.position or not refused) and not isinstance(error, TOLD_BY_OTHERS):
            self.worker.on_failure(app, error)
