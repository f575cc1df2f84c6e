"""Somebody else who does something at the same moment."""

import threading
from collections.abc import Callable

from bothways.errors import BothwaysError
from bothways.service.workspace import Workspace, open_workspace
from tests.office import Office

LET_IN = 0.3
"""Seconds in which somebody else would be done who is not kept waiting."""


class Meanwhile:
    """Somebody else, who does something in a thread of their own."""

    def __init__(self, office: Office, work: Callable[[Workspace], object]) -> None:
        self.office, self.work = office, work
        self.failure: BothwaysError | None = None
        self.thread = threading.Thread(target=self._do)

    def _do(self) -> None:
        own = open_workspace(self.office.folder, take_over=False)
        own.clock = self.office.clock
        try:
            self.work(own)
        except BothwaysError as error:
            self.failure = error

    def begin(self) -> None:
        """Let them begin, and end unless they are kept waiting."""
        if self.thread.ident is None:
            self.thread.start()
            self.thread.join(LET_IN)
