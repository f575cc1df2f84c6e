"""Work that is done aside, one piece after the other, and no piece twice at a time: nobody who looks waits for it."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress

from bothways.errors import LedgerError
from bothways.service.database import kept_open


class Aside:
    """A thread of its own for such work."""

    def __init__(self, name: str) -> None:
        self.threads: Executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._at: set[Hashable] = set()
        self._lock = threading.Lock()

    def do(self, url: str, place: Hashable, work: Callable[[], object]) -> None:
        """Have something done on the database of this URL, unless what is at this place is being done already.

        Where the database fails it is not done; whoever asks again has it tried again.
        """
        with self._lock:
            if place in self._at:
                return
            self._at.add(place)

        def at_work() -> None:
            try:
                with suppress(LedgerError), kept_open(url):
                    work()
            finally:
                with self._lock:
                    self._at.discard(place)

        self.threads.submit(at_work)
