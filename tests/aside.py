"""In place of a thread beside those who look: what is to be done waits until a test has it done."""

from concurrent.futures import Future
from types import ModuleType

import pytest

from bothways.service import aside


class Aside:
    """Keeps what is to be done aside until it is told to do it."""

    def __init__(self) -> None:
        self.waiting = list[object]()

    def submit(self, work: object) -> Future[None]:
        self.waiting.append(work)
        return Future()

    def work(self) -> int:
        """Do it, and return how much there was."""
        todo, self.waiting = self.waiting, []
        for each in todo:
            each()  # type: ignore[operator]
        return len(todo)


def put_aside(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> Aside:
    """Let what a module has done aside wait, and let it know of nothing that was; return where it waits."""
    made, own = Aside(), aside.Aside("test")
    own.threads = made  # type: ignore[assignment]
    monkeypatch.setattr(module, "_aside", own)
    monkeypatch.setattr(module, "_kept", {})
    return made
