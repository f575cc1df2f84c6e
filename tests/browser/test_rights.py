"""Who lacks a right, or is no longer signed in, loses nothing and is told what to do."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import NAMES, PASSWORD, OpenAs
from tests.browser.house import House
from tests.browser.test_issues import MATCHES, open_group
from tests.browser.watch import ready


def sign_in(page: Page, role: str) -> None:
    page.get_by_label("Name").fill(NAMES[role])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def expire(page: Page) -> None:
    """Let the session end, as after two weeks without a visit."""
    page.context.clear_cookies(name="bothways_session")


def test_viewer_sees_everything_changes_nothing_and_is_told_who_can(ana: Page, vera: Page) -> None:
    ana.goto("/")
    for address in ("/", "/syncs/people", "/issues", "/apps", "/activity"):
        vera.goto(address)
        expect(vera.get_by_role("main").locator("form[method=post] button")).to_have_count(0)
    vera.goto("/settings/people")
    expect(vera.get_by_role("main")).to_contain_text("Admins here: Ana Ruiz")


def test_who_loses_a_right_meanwhile_is_told_who_has_it(ana: Page, open_as: OpenAs) -> None:
    page = open_as("editor")
    open_group(page, MATCHES)
    ana.goto("/settings/people")
    role = ana.get_by_label(f"Role of {NAMES['editor']}")
    role.select_option("viewer")
    ana.get_by_role("row", name=NAMES["editor"]).get_by_role("button", name="Set role").click()
    expect(ana.get_by_role("status")).to_contain_text("is viewer now.")
    page.get_by_role("button", name="Create new").first.click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("main")).to_contain_text("Admins here: Ana Ruiz")
    expect(page.get_by_role("banner")).to_have_count(1)
    role.select_option("editor")
    ana.get_by_role("row", name=NAMES["editor"]).get_by_role("button", name="Set role").click()
    expect(ana.get_by_role("status")).to_contain_text("is editor now.")


def test_session_that_has_ended_goes_to_sign_in_and_back(house: House, open_as: OpenAs) -> None:
    page = open_as("operator")
    page.goto("/syncs/people")
    expire(page)
    page.get_by_role("link", name="YAML").click()
    expect(page).to_have_url(f"{house.url}/login?next=%2Fsyncs%2Fpeople%2Fyaml")
    sign_in(page, "operator")
    expect(page).to_have_url(f"{house.url}/syncs/people/yaml")

    page.get_by_role("link", name="Records").click()
    expect(page).to_have_title("Records: people · Bothways")
    ready(page)
    expire(page)
    page.get_by_label("Search by name, e-mail or id").fill("dana")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Bothways")
    sign_in(page, "operator")
    expect(page.get_by_role("rowheader")).to_have_text(["Dana Novak"])


def test_action_after_the_session_has_ended_does_nothing_and_asks_to_sign_in(house: House, open_as: OpenAs) -> None:
    page = open_as("operator")
    open_group(page, MATCHES)
    expire(page)
    page.get_by_role("button", name="Create new").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Bothways")
