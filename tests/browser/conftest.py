"""One workspace for all tests of a process, one browser for those of this folder, and pages in the name of a role.

A test asks for ``ana`` (an admin's page), ``vera`` (a viewer's) or ``open_as`` (any role, any options of a browser
context), and for ``house`` to act in the apps and to wait for what a run brings about. Every page is watched.
A module that has a ``house`` of its own gets the same pages of that one.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from tests.browser.chromium import chromium_program
from tests.browser.house import LINES, House, accounts
from tests.browser.house import house as housed
from tests.browser.people import SYNCS, settle_in
from tests.browser.slow_line import SlowLine
from tests.browser.watch import PATIENCE, watched

NAMES = {"admin": "Ana Ruiz", "editor": "Edo Sato", "operator": "Olga Brandt", "viewer": "Vera Holt"}
PASSWORD = "correct horse battery"

OpenAs = Callable[..., Page]

expect.set_options(timeout=PATIENCE)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow-line", type=int, metavar="SEED", help="reach the pages over a slow line (slow_line.py)")


def pytest_configure(config: pytest.Config) -> None:
    if (seed := config.getoption("--slow-line", None)) is not None:
        LINES[:] = [SlowLine(seed)]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Serve the people of ``people.py``, after the first run of each of their syncs."""
    with accounts() as (east, west):
        settle_in(east, west)
        with housed(tmp_path_factory.mktemp("house"), east, west, SYNCS) as here:
            here.until(lambda: here.runs("people") and here.runs("firms"))
            yield here


@pytest.fixture(scope="session")
def signed_in() -> dict[tuple[Path, str], StorageState]:
    """What a browser keeps of those who have signed in, by workspace and role."""
    return {}


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Run a browser as long as tests of this folder run: Playwright's loop would be in the way of other tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program())
        yield browser
        browser.close()


@pytest.fixture
def open_as(chromium: Browser, house: House, signed_in: dict[tuple[Path, str], StorageState]) -> Iterator[OpenAs]:
    """Open pages in the name of a role (None: of nobody)."""
    with watched(chromium, house) as context:

        def opened(role: str | None, **options: object) -> Page:
            if role is None:
                return context(**options).new_page()
            who = (house.folder, role)
            if who not in signed_in:
                page = context().new_page()
                sign_up(page, house.link(role), NAMES[role])
                signed_in[who] = page.context.storage_state()
            return context(storage_state=signed_in[who], **options).new_page()

        yield opened


@pytest.fixture
def editor(open_as: OpenAs) -> Iterator[Page]:
    """Open the mappings of a draft, which is discarded in the end."""
    opened = open_as("editor")
    opened.goto("/syncs/people")
    opened.get_by_role("button", name="Edit sync settings").click()
    opened.wait_for_url("**/records")
    opened.goto(opened.url.replace("/records", "/fields"))
    expect(opened.locator("#mappings tbody")).to_have_count(10)
    draft = opened.url.rpartition("/")[0]
    yield opened
    opened.unroute_all(behavior="ignoreErrors")
    opened.goto(f"{draft}/discard")
    opened.get_by_role("button", name="Discard draft").click()


@pytest.fixture
def ana(open_as: OpenAs) -> Page:
    """Open a page as an admin."""
    return open_as("admin")


@pytest.fixture
def vera(open_as: OpenAs) -> Page:
    """Open a page as a viewer."""
    return open_as("viewer")


def sign_up(page: Page, link: str, name: str) -> None:
    """Make an account by a one-time link."""
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make account").click()
    expect(page.get_by_role("heading", name="Syncs", level=1)).to_be_visible()
