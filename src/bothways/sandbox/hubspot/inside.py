"""The inside of an account, which all that goes on in it shares."""

import contextlib
import threading
from collections.abc import Iterator, Sequence

from bothways.sandbox.hubspot import automations
from bothways.sandbox.hubspot.changes import PERSON, Author
from bothways.sandbox.hubspot.clocks import Clock, FrozenClock
from bothways.sandbox.hubspot.crm import Crm, found
from bothways.sandbox.hubspot.hooks import Hooks
from bothways.sandbox.hubspot.joining import labels_between
from bothways.sandbox.hubspot.journal import Journal
from bothways.sandbox.hubspot.schema import Kind
from bothways.sandbox.hubspot.store import Row, Store


class Inside:
    """An account from within. ``index_lag`` is in seconds; ``makes_companies`` and ``trims`` as ``change`` says."""

    clock: Clock | FrozenClock
    index_lag: float
    makes_companies = False
    trims = False
    _lock: threading.Lock
    _store: Store
    _crm: Crm
    _hooks: Hooks
    _journal: Journal

    @contextlib.contextmanager
    def _inside(self, lag: float = 0.0, by: Author = PERSON) -> Iterator[None]:
        """Hold the lock and a transaction, at the time it is now, and have webhooks tell of what was committed."""
        with self._lock:
            with self._store.transaction(), self._crm.histories.transaction():
                self._crm.now, self._crm.by, self._crm.told = round(self.clock.now() * 1000), by, []
                self._crm.lag = round((self.index_lag + lag) * 1000)
                yield
                if self.makes_companies:
                    automations.companies_of_new_contacts(self._crm)
            self._hooks.take(self._crm.told)
            self._journal.take(self._crm.told)

    def _kind(self, name: str) -> Kind:
        if (kind := self._crm.kind_called(name)) is None:
            raise ValueError(f"there are no {name} here")
        return kind

    def _live(self, object: str, id: str) -> Row:
        return found(self._crm.one(self._kind(object), id))

    def _labels(self, object: str, other: str, words: Sequence[str]) -> set[int]:
        """Return labels by their words as seen from the first kind; raise ValueError."""
        known = {
            word: number
            for number, (_, word) in labels_between(self._crm, self._kind(object), self._kind(other)).items()
        }
        unknown = [word for word in words if word not in known]
        if unknown:
            raise ValueError(f"no label {unknown[0]} from {object} to {other}")
        return {known[word] for word in words}
