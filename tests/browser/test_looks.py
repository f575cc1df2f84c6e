"""Every page in every look: light, dark, on a phone, from right to left, in forced colours, large, in longer words."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import Page, expect
from pyotp import TOTP

import bothways.web  # noqa: F401 - prepares Django
from bothways.sandbox.hubspot import APP_SECRET, CLIENT_ID
from bothways.web.pages.page import roles_of
from bothways.web.urls import urlpatterns
from tests.browser.conftest import PASSWORD, OpenAs
from tests.browser.house import House
from tests.browser.looks import faults_of
from tests.browser.people import ALONE, DOUBTS, found, id_of, move
from tests.consenting import register

Visit = Callable[[Page, House], None]


def at(address: str) -> Visit:
    """Go to an address that is always the same."""
    return lambda page, _: page.goto(address)


def record(page: Page, house: House) -> None:
    """Open the page of somebody whom the first run made known to west, and why a field of it is as it is."""
    page.goto(f"/syncs/people/records/{quote('east:' + id_of(house.east, ALONE), safe='')}")
    page.get_by_role("link", name="Why? City").click()


def about(what: str, who: str, **more: str) -> Visit:
    """Open what is asked about a record before something is done."""

    def visit(page: Page, house: House) -> None:
        query = urlencode({"record": f"east:{id_of(house.east, who)}", **more})
        page.goto(f"/syncs/people/{what}?{query}")

    return visit


def put_back(page: Page, house: House) -> None:
    """Change a city, and look at what would be put back."""
    move(house.east, ALONE, "Aarhus" if found(house.east, ALONE)["city"] != "Aarhus" else "Lund")
    house.run("people")
    record(page, house)
    href = page.get_by_role("link", name="Put back").first.get_attribute("href")
    page.goto(str(href))


def nobody_found(page: Page, _: House) -> None:
    page.goto("/syncs/people/records")
    page.get_by_label("Search by name").fill("nobody is called so")
    expect(page.get_by_text("No records here.")).to_be_visible()


def group(page: Page, _: House) -> None:
    """Open the records of a cause that nobody mends."""
    page.goto("/issues")
    page.get_by_role("article", name="Tier is not a value").get_by_role("link", name="Records 2").click()


def refused_pair(page: Page, _: House) -> None:
    """Pair two values with the same option."""
    page.goto("/issues")
    tier = page.get_by_role("article", name="Tier is not a value")
    for each in tier.get_by_role("combobox").all():
        each.select_option("first")
    tier.get_by_role("button", name="Save and retry 2").click()
    expect(tier.get_by_role("alert")).to_be_visible()


def rule(page: Page, _: House) -> None:
    page.goto("/issues")
    fax = page.get_by_role("article", name="Fax").first
    page.goto(str(fax.get_by_role("link", name="Make it a rule").get_attribute("href")))


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


def asking(page: Page, house: House) -> None:
    """Go to the app that is to be connected; it asks whether it lets us in."""
    register(house.west, f"{house.url}/oauth/callback")
    page.goto("/connect/hubspot")
    if "/visits/" in page.url:  # it is still waited for since another view
        page.get_by_role("button", name="Cancel").click()
        page.goto("/connect/hubspot")
    page.get_by_label("Client id").fill(CLIENT_ID)
    page.get_by_label("Client secret", exact=True).fill(APP_SECRET)
    page.get_by_text("More settings").click()
    page.get_by_label("Address at which it is allowed").fill(f"{house.west.url}/oauth/authorize")
    page.get_by_label("Address of its API").fill(house.west.url)
    page.get_by_role("button", name="Go to HubSpot to allow").click()
    expect(page.get_by_role("heading", name="Connect Bothways to HubSpot")).to_be_visible()


def waiting(page: Page, house: House) -> None:
    asking(page, house)
    page.go_back()


def not_let_in(page: Page, house: House) -> None:
    asking(page, house)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_be_focused()


def invited(page: Page, _: House) -> None:
    page.goto("/settings/people")
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_text("/welcome?key=")).to_be_visible()


def examined(page: Page, _: House) -> None:
    page.goto("/settings")
    page.get_by_role("button", name="Check everything").click()
    expect(page.get_by_text("App east: answers")).to_be_visible()


def mail_refused(page: Page, _: House) -> None:
    page.goto("/settings/alerts")
    page.get_by_label("To", exact=True).fill("nobody")
    page.get_by_label("From").fill("bothways@example.com")
    page.get_by_label("Mail server").fill("smtp.example.com")
    page.get_by_role("button", name="Send alerts by mail").click()
    expect(page.get_by_role("alert")).to_be_focused()


def draft(step: str) -> Visit:
    """Edit the settings of a sync, and go to a step of that."""

    def visit(page: Page, _: House) -> None:
        page.goto("/syncs/deals")
        page.get_by_role("button", name="Edit sync settings").click()
        page.wait_for_url("**/records")
        page.goto(page.url.replace("/records", f"/{step}"))

    return visit


def values(page: Page, house: House) -> None:
    """Open the values of the first mapping that has any to pair."""
    draft("fields")(page, house)
    page.goto(str(page.locator('a[href*="/values/"]').first.get_attribute("href")))


def compared(page: Page, _: House) -> None:
    """Compare an edited text with what is in force."""
    page.goto("/syncs/people/yaml")
    area = page.get_by_label("Settings of this sync")
    area.fill(area.input_value().replace("first_run: 1000", "first_run: 7"))
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("button", name="Apply 1 change")).to_be_visible()


def wrong_text(page: Page, _: House) -> None:
    page.goto("/syncs/people/yaml")
    page.get_by_label("Settings of this sync").fill("version: 1\nsyncs: [")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("alert")).to_be_focused()


def refresh(page: Page) -> None:
    """Have a preview made, and wait for it: one that was made before may be shown until then."""
    with page.expect_navigation():
        page.locator("#make").click()
    expect(page.locator("#make")).to_be_visible()  # not while it is being made
    expect(page.locator("#csv")).to_be_visible()


def previewed(page: Page, _: House) -> None:
    page.goto("/syncs/people/preview")
    refresh(page)


def draft_previewed(page: Page, house: House) -> None:
    draft("preview")(page, house)
    refresh(page)


def ran(page: Page, _: House) -> None:
    """Open the first run that wrote anything."""
    page.goto("/activity")
    page.locator('a[href^="/runs/"]:not([href$="/undo"])').last.click()


def factor(page: Page, _: House) -> None:
    page.goto("/settings/me")
    page.get_by_role("button", name="Set up").click()
    expect(page.locator("#secret")).to_be_visible()


def code_asked_for(page: Page, house: House) -> None:
    """Sign in as somebody with a second factor, up to the code."""
    page.goto(house.link("viewer"))
    name = f"Tilo {len(house.log)}"
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make account").click()
    factor(page, house)
    page.get_by_label("Code of your app").fill(TOTP(page.locator("#secret").inner_text()).now())
    page.get_by_role("button", name="Turn on the second factor").click()
    expect(page.get_by_role("link", name="I have kept them")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Code of your app")).to_be_visible()


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
    View("not-signed-in", "login/with", "You are not signed in", at("/login/with"), None),
    View("not-begun", "login/back", "You are not signed in", at("/login/back?state=x&code=x"), None),
    View("home", "", "Syncs", at("/")),
    View("home-of-viewer", "", "Syncs", at("/"), "viewer"),
    View("sync", "syncs/<str:name>", "people", at("/syncs/people")),
    View("sync-draft", "syncs/<str:name>", "deals", at("/syncs/deals")),
    View("fields", "syncs/<str:name>/fields", "people", at("/syncs/people/fields")),
    View("yaml", "syncs/<str:name>/yaml", "people", at("/syncs/people/yaml")),
    View("yaml-compared", "syncs/<str:name>/yaml", "people", compared),
    View("yaml-wrong", "syncs/<str:name>/yaml", "people", wrong_text),
    View("records", "syncs/<str:name>/records", "people", at("/syncs/people/records")),
    View("records-none", "syncs/<str:name>/records", "people", nobody_found),
    View("record", "syncs/<str:name>/records/<path:key>", ALONE, record),
    View("put-back", "syncs/<str:name>/put-back", "Put back", put_back),
    View("winner", "syncs/<str:name>/winner", "Let west win", about("winner", ALONE, field="city=city", app="west")),
    View("unlink", "syncs/<str:name>/unlink", "Unlink", about("unlink", ALONE)),
    View("link", "syncs/<str:name>/link", "Which record of west", about("link", DOUBTS[0], q="Park")),
    View("new-sync", "new-sync", "Which", at("/new-sync")),
    View("new-sync-object", "new-sync", "What should be kept in step?", at("/new-sync?app-0=east&app-1=west")),
    View("turn-on", "syncs/<str:name>/on", "Turn", at("/syncs/deals/on")),
    View("turn-off", "syncs/<str:name>/off", "Turn", at("/syncs/people/off")),
    View("delete", "syncs/<str:name>/delete", "Delete", at("/syncs/people/delete")),
    View("now", "syncs/<str:name>/now", "people", at("/syncs/people/now")),
    View("preview", "syncs/<str:name>/preview", "people", previewed),
    View("preview-none", "syncs/<str:name>/preview", "firms", at("/syncs/firms/preview")),
    View("draft-records", "drafts/<int:id>/records", "Which", draft("records")),
    View("draft-matching", "drafts/<int:id>/matching", "How", draft("matching")),
    View("draft-conflicts", "drafts/<int:id>/conflicts", "When", draft("conflicts")),
    View("draft-fields", "drafts/<int:id>/fields", "Which fields", draft("fields")),
    View("draft-mapping", "drafts/<int:id>/fields/<int:number>", "Mapping 1", draft("fields/1")),
    View("draft-values", "drafts/<int:id>/values/<int:number>", "Values", values),
    View("draft-associations", "drafts/<int:id>/associations", "Association mappings", draft("associations")),
    View("draft-review", "drafts/<int:id>/review", "", draft("review")),
    View("draft-preview", "drafts/<int:id>/preview", "deals", draft_previewed),
    View("draft-discard", "drafts/<int:id>/discard", "Discard", draft("discard")),
    View("run", "runs/<str:run>", "r_", ran),
    View("me", "settings/me", "About you", at("/settings/me")),
    View("second-factor", "settings/me/second-factor", "Set up a second factor", factor),
    View("code", "login/code", "Your code", code_asked_for, None),
    View("app", "apps/<str:name>", "east", at("/apps/east")),
    View("app-sign-in", "apps/<str:name>/sign-in", "Sign in to east again", at("/apps/east/sign-in")),
    View("app-own-field", "apps/<str:name>/own-field", "Our marks in east", at("/apps/east/own-field")),
    View("app-disconnect", "apps/<str:name>/disconnect", "Disconnect", at("/apps/east/disconnect")),
    View("connect", "connect/<str:connector>", "Connect HubSpot", at("/connect/hubspot")),
    View("connect-by-secrets", "connect/<str:connector>", "Connect HubSpot", at("/connect/hubspot?by=secrets")),
    View("visit", "visits/<str:mark>", "Waiting for HubSpot", waiting),
    View("visit-refused", "visits/<str:mark>", "HubSpot did not let us in", not_let_in),
    View("apps", "apps", "Apps", at("/apps")),
    View("apps-none", "apps", "Apps", at("/apps?q=nothing&category=CRM")),
    View("app-checked", "", "east", checked),
    View("issues", "issues", "Issues", at("/issues")),
    View("issues-of-viewer", "issues", "Issues", at("/issues"), "viewer"),
    View("issues-refused-pair", "issues", "Issues", refused_pair),
    View("issues-retrying", "issues", "Issues", at("/issues?tab=retrying")),
    View("issues-ignored", "issues", "Issues", at("/issues?tab=ignored")),
    View("issues-solved", "issues", "Issues", at("/issues?tab=solved")),
    View("issue-group", "issues/groups/<str:group>", "Tier is not a value west accepts", group),
    View("conflicts", "issues/conflicts", "Differences", at("/issues/conflicts")),
    View("rule", "issues/<str:issue>/rule", "Make a rule", rule),
    View("activity", "activity", "Activity", at("/activity")),
    View("activity-settings", "activity/settings", "Activity", at("/activity/settings")),
    View("undo", "runs/<str:run>/undo", "Undo r_", undo),
    View("settings", "settings", "Settings", at("/settings")),
    View("settings-of-viewer", "settings", "Settings", at("/settings"), "viewer"),
    View("settings-checked", "", "What was found", examined),
    View("alerts", "settings/alerts", "Alerts", at("/settings/alerts")),
    View("alerts-refused", "settings/alerts", "Alerts", mail_refused),
    View("tokens", "settings/tokens", "Tokens", at("/settings/tokens")),
    View("backup", "settings/backup", "Backup", at("/settings/backup")),
    View("about", "settings/about", "About Bothways", at("/settings/about")),
    View("people", "settings/people", "People", at("/settings/people")),
    View("people-invited", "settings/people", "People", invited),
    View("refused", "", "That did not work", at("/settings/people"), "viewer"),
    View("missing", "", "There is no such page", at("/nothing/here")),
)

NOT_LOOKED_AT = {
    "activity/csv": "a file",
    "syncs/<str:name>/preview/csv": "a file",
    "syncs/<str:name>/yaml/file": "a file",
    "drafts/<int:id>/options": "a part of the page of the fields",
    "oauth/callback": "the way back from an app, which leads to another page",
}
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
        "() => { document.querySelector('label').remove(); document.querySelector('h1').style.width = '2000px';"
        " Object.assign(document.querySelector('button').style, { width: '130px', height: '40px' }) }"
    )
    found = faults_of(page, "faults-are-found")
    assert any("light: label: <input" in each for each in found)
    assert any("phone: the page is" in each for each in found)
    assert any("light: it does not fit: <main" in each for each in found)
    too_small = {each.partition(":")[0] for each in found if "it does not fit: <button" in each}
    assert ("large-text" in too_small, "light" in too_small) == (True, False), "sizes in pixels do not grow with text"
