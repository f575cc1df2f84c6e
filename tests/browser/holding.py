"""Requests and answers that are held back, as on a slow line."""

from collections.abc import Callable
from functools import partial

from playwright.sync_api import Page, Route

from tests.browser.watch import PATIENCE


def until(true: Callable[[], bool], page: Page) -> None:
    """Wait until something holds that the browser tells of."""
    for _ in range(PATIENCE // 20):
        if true():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it did not come to that")


class Held:
    """What a page sends to an address: the first request is held back, or all of them if ``times`` is None.

    ``answered``: the server has had it and done what it asks for; its answer is held back.
    """

    def __init__(self, page: Page, address: str, *, answered: bool = False, times: int | None = 1) -> None:
        self._page, self._answered, self._left = page, answered, times
        self._waiting: list[Callable[[], None]] = []
        page.route(address, self._take)

    def _take(self, route: Route) -> None:
        if self._left == 0:
            route.fallback()
            return
        self._left = self._left - 1 if self._left else None
        go_on = partial(route.fulfill, response=route.fetch(max_redirects=0)) if self._answered else route.continue_
        self._waiting.append(go_on)

    def come(self) -> None:
        """Wait until there is one."""
        until(lambda: bool(self._waiting), self._page)

    def let_go(self) -> None:
        """Wait until there is one, and let it go on."""
        self.come()
        self._waiting.pop(0)()

    def let_go_all(self) -> None:
        """Let all that are there by now go on, in their order."""
        while self._waiting:
            self.let_go()
