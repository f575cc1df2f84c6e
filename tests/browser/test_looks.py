"""Every page in every look: light, dark, on a phone, from right to left, in forced colours, in longer words."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

import bothways.web  # noqa: F401 - prepares Django
from bothways.web.pages.page import roles_of
from bothways.web.urls import urlpatterns
from tests.browser.conftest import OpenAs
from tests.browser.house import House
from tests.browser.looks import faults_of
from tests.browser.people import DIFFER, id_of

Visit = Callable[[Page, House], None]


def at(address: str) -> Visit:
    """Go to an address that is always the same."""
    return lambda page, _: page.goto(address)


def record(page: Page, house: House) -> None:
    """Open the page of somebody with a difference, and the history of a field."""
    page.goto(f"/syncs/people/records/{quote('east:' + id_of(house.east, next(iter(DIFFER))), safe='')}")
    page.get_by_text("History").first.click()


def nobody_found(page: Page, _: House) -> None:
    page.goto("/syncs/people/records")
    page.get_by_label("Search by name").fill("nobody is called so")
    expect(page.get_by_text("No records here.")).to_be_visible()


def undo(page: Page, _: House) -> None:
    """Look at what the undo of the first run would do."""
    page.goto("/activity")
    page.get_by_role("link", name="Undo").last.click()


def link(page: Page, house: House) -> None:
    page.goto(house.link("viewer"))


def weak_password(page: Page, house: House) -> None:
    link(page, house)
    page.get_by_label("Your name").fill("Una Tan")
    page.get_by_label("Password").fill("password123")
    page.get_by_role("button", name="Make account").click()
    expect(page.get_by_role("alert")).to_be_focused()


def wrong_password(page: Page, _: House) -> None:
    page.goto("/login?next=/activity")
    page.get_by_label("Name").fill("Nobody Here")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_focused()


def checked(page: Page, _: House) -> None:
    page.goto("/apps")
    page.get_by_role("button", name="Check east").click()
    expect(page.get_by_text("May be written")).to_be_visible()


def invited(page: Page, _: House) -> None:
    page.goto("/settings/people")
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_text("/welcome?key=")).to_be_visible()


@dataclass(frozen=True, slots=True)
class View:
    """A page in one state. ``pattern``: its address in ``urls.py``, "" for one that has none of its own."""

    name: str
    pattern: str
    heading: str
    visit: Visit
    role: str | None = "admin"


VIEWS = (
    View("welcome", "welcome", "Welcome to Bothways", link, None),
    View("welcome-weak-password", "welcome", "Welcome to Bothways", weak_password, None),
    View("welcome-used", "welcome", "Welcome to Bothways", at("/welcome?key=used"), None),
    View("login", "login", "Sign in to Bothways", at("/login"), None),
    View("login-refused", "login", "Sign in to Bothways", wrong_password, None),
    View("home", "", "Syncs", at("/")),
    View("home-of-viewer", "", "Syncs", at("/"), "viewer"),
    View("sync", "syncs/<str:name>", "people", at("/syncs/people")),
    View("sync-draft", "syncs/<str:name>", "deals", at("/syncs/deals")),
    View("fields", "syncs/<str:name>/fields", "people", at("/syncs/people/fields")),
    View("yaml", "syncs/<str:name>/yaml", "people", at("/syncs/people/yaml")),
    View("records", "syncs/<str:name>/records", "people", at("/syncs/people/records")),
    View("records-none", "syncs/<str:name>/records", "people", nobody_found),
    View("record", "syncs/<str:name>/records/<path:key>", "people", record),
    View("apps", "apps", "Apps", at("/apps")),
    View("app-checked", "", "east", checked),
    View("issues", "issues", "Issues", at("/issues")),
    View("issues-of-viewer", "issues", "Issues", at("/issues"), "viewer"),
    View("activity", "activity", "Activity", at("/activity")),
    View("undo", "runs/<str:run>/undo", "Undo r_", undo),
    View("people", "settings/people", "People", at("/settings/people")),
    View("people-invited", "settings/people", "People", invited),
    View("refused", "", "That did not work", at("/settings/people"), "viewer"),
    View("missing", "", "There is no such page", at("/nothing/here")),
)

NOT_LOOKED_AT: dict[str, str] = {}
"""Addresses that are answered by no page of their own, each with the reason."""


def test_every_address_that_shows_a_page_is_looked_at() -> None:
    shown = {str(each.pattern) for each in urlpatterns if "GET" in roles_of(each.callback)}
    assert shown == {view.pattern for view in VIEWS} | set(NOT_LOOKED_AT)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_page_has_no_fault_in_any_look(open_as: OpenAs, house: House, view: View) -> None:
    page = open_as(view.role)
    view.visit(page, house)
    expect(page.get_by_role("heading", level=1)).to_contain_text(view.heading)
    assert faults_of(page, view.name) == []


def test_faults_are_found(open_as: OpenAs) -> None:
    page = open_as(None)
    page.goto("/login")
    page.evaluate(
        "() => { document.querySelector('label').remove(); document.querySelector('h1').style.width = '2000px' }"
    )
    found = faults_of(page, "faults-are-found")
    assert any("light: label: <input" in each for each in found)
    assert any("phone: the page is" in each for each in found)
