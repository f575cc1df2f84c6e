"""Apps let in by OAuth: found, allowed, refused, and signed in to again, so that what waited is sent."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from bothways.sandbox.hubspot import APP_SECRET, CLIENT_ID
from tests.browser.conftest import sign_up
from tests.browser.holding import until
from tests.browser.house import House, accounts
from tests.browser.house import house as housed
from tests.browser.looks import LOOKS, faults_of
from tests.browser.watch import watched
from tests.consenting import SECRET_NAME, register

SETTINGS = (
    (
        """\
version: 1
allow_hosts: [127.0.0.1]
apps:
  east: {{connector: hubspot, base_url: "{east}", auth: {{token: {{env: EAST_TOKEN}}}}}}
  west:
    connector: hubspot
    base_url: "{west}"
    auth:
      oauth: {{client_id: CLIENT, client_secret: {{env: SECRET_NAME}}, authorize_url: "{west}/oauth/authorize"}}
syncs:
  people:
    state: on
    objects: {{east: contacts, west: contacts}}
    match: [{{east: email, west: email, compare: email}}]
    fields:
      - {{east: email, west: email}}
      - {{east: city, west: city}}
    guards: {{first_run: 1000}}
    schedule: {{every: 10s}}
"""
    )
    .replace("CLIENT", CLIENT_ID)
    .replace("SECRET_NAME", SECRET_NAME)
)
EMAIL = "dana@mail.example"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A workspace whose app west nobody has signed in to yet; Dana is known to both."""
    with accounts() as (east, west):
        for account in (east, west):
            account.seed("contacts", [{"email": EMAIL, "city": "Oslo"}])
        with housed(tmp_path_factory.mktemp("there"), east, west, settings=SETTINGS) as here:
            here.meant = frozenset({"BW-238"})
            register(west, f"{here.url}/oauth/callback", rotates=True)
            yield here


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, there: House) -> StorageState:
    """What the browser of an editor keeps who has signed in."""
    with watched(chromium, there) as context:
        page = context().new_page()
        sign_up(page, there.link("editor"), "Edo Sato")
        return page.context.storage_state()


@pytest.fixture
def edo(chromium: Browser, there: House, signed_in: StorageState) -> Iterator[Page]:
    """Open a page as an editor."""
    with watched(chromium, there) as context:
        yield context(storage_state=signed_in).new_page()


def asked(page: Page, there: House, name: str) -> None:
    """Find HubSpot among the apps, read what it is asked for, and go there."""
    page.goto("/apps")
    page.get_by_label("Category").select_option("CRM")
    expect(page.get_by_role("link", name="Connect CardDAV address book")).to_have_count(0)
    expect(page).to_have_url(f"{there.url}/apps?q=&category=CRM")
    page.get_by_role("link", name="Connect HubSpot").click()
    expect(page.get_by_role("group", name="This lets Bothways")).to_contain_text("add and change contacts")
    expect(page.get_by_role("main")).to_contain_text("delete records, unless you turn that on")
    expect(page.locator("#back")).to_have_text(f"{there.url}/oauth/callback")
    page.get_by_label("What it is called here").fill(name)
    page.get_by_label("Client id").fill(CLIENT_ID)
    page.get_by_label("Client secret", exact=True).fill(APP_SECRET)
    page.get_by_text("More settings").click()
    page.get_by_label("Address at which it is allowed").fill(f"{there.west.url}/oauth/authorize")
    page.get_by_label("Address of its API").fill(there.west.url)
    page.get_by_role("button", name="Go to HubSpot to allow").click()
    expect(page.get_by_role("heading", name="Connect Bothways to HubSpot")).to_be_visible()


def city(there: House) -> str:
    """Return the city of Dana in west."""
    return next(row["city"] for row in there.west.records("contacts").values() if row["email"] == EMAIL)


def move(there: House, to: str) -> None:
    """Let Dana be in another city, in east."""
    [id] = there.east.records("contacts")
    there.east.edit("contacts", id, {"city": to})


def test_app_is_found_read_about_and_allowed_but_for_one_permission(edo: Page, there: House) -> None:
    asked(edo, there, "crm")
    edo.get_by_label("View companies").uncheck()
    edo.get_by_role("button", name="Connect app").click()
    expect(edo).to_have_url(f"{there.url}/apps/crm")
    expect(edo.get_by_role("status")).to_contain_text("crm is connected.")
    expect(edo.get_by_role("main")).to_contain_text("1 permission was not allowed")
    missing = edo.get_by_role("listitem").filter(has_text="Not allowed")
    expect(missing).to_contain_text(re.compile("read companies.*cannot be synced: companies", re.DOTALL))
    assert faults_of(edo, "app-by-oauth") == []
    edo.get_by_role("button", name="Check now").click()
    expect(edo.get_by_role("main")).to_contain_text("developer.webhooks_journal.read")
    assert faults_of(edo, "checked-by-oauth", [look for look in LOOKS if look.name == "phone"]) == []
    edo.goto("/apps/crm")
    edo.get_by_role("link", name="Disconnect").click()
    edo.get_by_role("button", name="Disconnect crm").click()
    expect(edo.get_by_role("status")).to_contain_text("crm is disconnected.")


def test_who_is_refused_reads_why_and_who_comes_back_unanswered_can_cancel(edo: Page, there: House) -> None:
    asked(edo, there, "crm")
    edo.get_by_role("button", name="Cancel").click()
    expect(edo.get_by_role("heading", level=1)).to_have_text("HubSpot did not let us in")
    expect(edo.get_by_role("alert")).to_be_focused()
    expect(edo.get_by_role("alert")).to_contain_text("The user has not allowed it")
    expect(edo.locator("#back")).to_have_text(f"{there.url}/oauth/callback")
    edo.get_by_role("button", name="Go to HubSpot once more").click()
    expect(edo.get_by_role("heading", name="Connect Bothways to HubSpot")).to_be_visible()
    edo.go_back()
    expect(edo.get_by_role("heading", level=1)).to_have_text("Waiting for HubSpot")
    edo.get_by_role("button", name="Cancel").click()
    expect(edo.get_by_role("status")).to_have_text("Nothing was connected.")
    assert "crm" not in there.file.read_text()


def test_waiting_page_goes_on_by_itself_when_it_is_allowed_in_another_one(edo: Page, there: House) -> None:
    asked(edo, there, "crm")
    address, other = edo.url, edo.context.new_page()
    edo.go_back()
    expect(edo.get_by_role("heading", level=1)).to_have_text("Waiting for HubSpot")
    other.goto(address)
    other.get_by_role("button", name="Connect app").click()
    expect(other).to_have_url(f"{there.url}/apps/crm")
    expect(edo).to_have_url(f"{there.url}/apps/crm")
    there.bothways("app", "remove", "crm")


def refusals(there: House) -> int:
    """Return how often the process has said so far that somebody must sign in."""
    return sum(each.get("code") == "BW-238" for each in there.log)


def needs_somebody(page: Page) -> bool:
    """Look whether the page of west says by now that somebody is to see to it."""
    page.goto("/apps/west")
    return "Needs you" in page.get_by_role("heading", level=1).inner_text()


def sign_in(page: Page, there: House) -> None:
    """Sign in to west on its page."""
    page.goto("/apps/west")
    page.get_by_role("link", name="Sign in again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to west again")
    page.get_by_role("button", name="Go to HubSpot to allow").click()
    page.get_by_role("button", name="Connect app").click()
    expect(page).to_have_url(f"{there.url}/apps/west")
    expect(page.get_by_role("status")).to_contain_text("What waited goes on.")


def test_sign_in_that_has_ended_is_asked_for_and_then_sends_what_waited(edo: Page, there: House) -> None:
    edo.goto("/apps/west")
    expect(edo.get_by_role("main")).to_contain_text("Nobody has signed in to it yet")
    move(there, "Bergen")
    sign_in(edo, there)
    there.until(lambda: city(there) == "Bergen")

    before = refusals(there)
    there.west.remove_apps()
    move(there, "Turku")
    edo.goto("/syncs/people")
    edo.get_by_role("button", name="Sync now").click()
    there.until(lambda: refusals(there) > before)
    until(lambda: needs_somebody(edo), edo)
    expect(edo.get_by_role("main")).to_contain_text("west asks you to sign in again")
    assert city(there) == "Bergen"
    edo.get_by_role("link", name="Sign in again").click()
    assert faults_of(edo, "sign-in-by-oauth") == []
    sign_in(edo, there)
    there.until(lambda: city(there) == "Turku")
    until(lambda: not needs_somebody(edo), edo)
    said = "".join(map(str, there.log))
    assert not any(secret in said for secret in (APP_SECRET, *there.west.refresh_tokens()))
