"""In place of a thread beside those who look: what is to be done waits until a test has it done."""

from concurrent.futures import Future


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
