"""What no page may do, whatever is done on it: ask another host, break its policy, fail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from tests.browser.house import House

PATIENCE = 20_000
"""Milliseconds until what cannot be done on a page counts as broken."""

REFUSED = ("Failed to load resource: the server responded with a status of 4", "Response Status Error Code 4")
"""How the console tells of an answer that refuses; who asked has looked at it."""

ASK = ("document", "xhr", "fetch", "eventsource")
"""Kinds of requests that may be refused; all others load what belongs to a page."""

GIVEN_UP = ("htmx:afterRequest", "htmx:sendAbort")
"""How it tells of what was asked for and is wanted no more, since something else was asked for before the answer."""


@dataclass
class Watch:
    """Notes what goes wrong in all pages of a context. ``home`` is the address of the pages.

    ``others`` begin the addresses that a person may be sent to, and that nothing else is to be asked of.
    """

    home: str
    others: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Watch a context."""
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("console", self._told)
        context.on("weberror", lambda error: self.problems.append(f"script failed: {error.error}"))

    def _asked(self, request: Request) -> None:
        if request.url.startswith(self.others) and request.is_navigation_request():
            return
        if urlsplit(request.url).netloc != urlsplit(self.home).netloc and not request.url.startswith("data:"):
            self.problems.append(f"another host was asked: {request.url}")

    def _answered(self, response: Response) -> None:
        refused = response.status >= 400 and response.request.resource_type not in ASK
        if response.status >= 500 or refused:
            self.problems.append(f"{response.status} of {response.url}")

    def _told(self, message: ConsoleMessage) -> None:
        """Note errors and warnings."""
        if message.type in ("error", "warning") and not message.text.startswith((*REFUSED, *GIVEN_UP)):
            self.problems.append(f"{message.type} on {message.location.get('url')}: {message.text}")


def ready(page: Page) -> None:
    """Wait until the scripts of a page are there: what is pressed before that is done as it is without them."""
    page.wait_for_load_state("domcontentloaded")


@contextmanager
def watched(chromium: Browser, house: House, *others: str) -> Iterator[Callable[..., BrowserContext]]:
    """Make browser contexts; at the end nothing may have gone wrong in any of them, nor in the process that serves."""
    apps = tuple(f"{each.url}/oauth/authorize" for each in (house.east, house.west))
    watch, made, before = Watch(house.url, (*apps, *others)), list[BrowserContext](), len(house.faults)

    def make(**options: object) -> BrowserContext:
        context = chromium.new_context(base_url=house.url, **options)
        context.set_default_timeout(PATIENCE)
        watch.over(context)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()
    wrong = [*watch.problems, *map(str, house.faults[before:])]
    assert not wrong, "\n".join(wrong)
