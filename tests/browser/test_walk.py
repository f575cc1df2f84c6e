"""The walk of a new user, by the words on the pages alone: from no app at all to a sync that is on, off and gone.

Kept as pictures of every step if ``BOTHWAYS_SCREENSHOTS`` names a folder for them.
"""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from bothways.sandbox.hubspot import Admin
from tests.browser.conftest import sign_up
from tests.browser.house import EMPTY, House, accounts, house
from tests.browser.looks import picture
from tests.browser.people import found
from tests.browser.watch import ready, watched


def person(name: str, **more: str) -> dict[str, str]:
    first, last = name.split()
    return {"firstname": first, "lastname": last, "email": f"{first}.{last}@mail.example".lower(), **more}


def settle_in(hubspot: Admin, ledger: Admin) -> None:
    """Fill both accounts: ledger has a list of four, one of whom HubSpot knows, and one of whom has no address."""
    listed = [person("Ada Berg", city="Oslo"), person("Bo Dahl", message="Hello"), person("Cy Ek")]
    ids = ledger.seed(
        "contacts", [*listed, {**person("Di Falk"), "email": ""}, *(person(f"Nn Else{n}") for n in range(5))]
    )
    ledger.set_list("contacts", "Newsletter test", ids[:4])
    hubspot.seed("contacts", [person("Ada Berg"), person("Eva Groth")])


def names(account: Admin) -> set[str]:
    return {f"{each.get('firstname')} {each.get('lastname')}" for each in account.records("contacts").values()}


def connect(page: Page, name: str, admin: Admin) -> None:
    """Find HubSpot in the catalogue and connect an account of it."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Apps").click()
    page.get_by_role("searchbox", name="Search apps").fill("hub")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("link", name="Connect CardDAV address book")).to_have_count(0)
    picture(page, f"walk-apps-{name}")
    page.get_by_role("link", name="Connect HubSpot").click()
    picture(page, f"walk-allow-{name}")
    page.get_by_role("link", name="Connect HubSpot by a key instead").click()
    page.get_by_label("What it is called here").fill(name)
    page.get_by_label("Token").fill(admin.token)
    page.get_by_text("More settings").click()
    page.get_by_label("Address").fill(admin.url)
    picture(page, f"walk-connect-{name}")
    page.get_by_role("button", name="Connect HubSpot").click()
    expect(page.get_by_role("status")).to_contain_text(f"{name} is connected")
    picture(page, f"walk-app-{name}")


def test_new_user_follows_the_words_from_the_first_app_to_the_end_of_a_sync(chromium: Browser, tmp_path: Path) -> None:
    with accounts() as (hubspot, ledger):
        settle_in(hubspot, ledger)
        with house(tmp_path, hubspot, ledger, settings=EMPTY) as here, watched(chromium, here) as context:
            page = context(viewport={"width": 1280, "height": 900}).new_page()
            sign_up(page, here.link(), "Ana Ruiz")
            picture(page, "walk-home")
            connect(page, "ledger", ledger)
            connect(page, "hubspot", hubspot)
            walk(here, page)


def walk(here: House, page: Page) -> None:
    page.get_by_role("link", name="Set up your sync").click()
    at(page, "Which two apps should be kept in step?")
    page.get_by_role("button", name="Next: Object").click()
    at(page, "What should be kept in step?")
    page.get_by_label("Object of hubspot").select_option("contacts")
    page.get_by_role("button", name="Next: Records").click()
    at(page, "Which records should sync?")
    records(page)
    page.get_by_role("button", name="Next: Matching").click()
    at(page, "How do we know two records are the same?")
    page.get_by_role("button", name="Next: Conflicts").click()
    at(page, "When the two apps differ")
    page.get_by_role("radiogroup", name="Default app").get_by_label("hubspot").check()
    page.get_by_role("button", name="Next: Fields").click()
    at(page, "Which fields are kept equal?")
    fields(page)
    page.get_by_role("button", name="Review changes").click()
    at(page, "Review and save")
    page.get_by_role("button", name="Save and sync").click()
    expect(page.get_by_role("status")).to_contain_text("contacts is on. It runs in a moment.")
    here.until(lambda: bool(here.runs("contacts")))
    page.reload()
    at(page, "contacts")
    assert names(here.east) == {"Ada Berg", "Eva Groth", "Bo Dahl", "Cy Ek"}
    made = found(here.east, "Bo Dahl")
    assert (made.get("lifecyclestage"), made.get("message")) == ("lead", "Hello")
    assert not found(here.east, "Ada Berg").get("lifecyclestage"), "it is set in what is created alone"
    left_out(page, 7)
    change(here, page)
    end(here, page)


def left_out(page: Page, count: int) -> None:
    """Look at the number of those left out, and at who that is."""
    page.get_by_role("main").get_by_role("link", name=f"Left out {count}").click()
    expect(page.get_by_role("rowheader")).to_have_count(count)
    picture(page, f"walk-left-out-{count}")
    page.get_by_role("link", name="Overview").click()


def change(here: House, page: Page) -> None:
    """Let those without an address take part."""
    page.get_by_role("button", name="Edit sync settings").click()
    at(page, "Which records should sync?")
    page.get_by_label("Only records that have an e-mail address").uncheck()
    page.get_by_role("link", name="Review").click()
    expect(page.get_by_role("region", name="What changes of what is in force")).to_contain_text("E-mail address")
    picture(page, "walk-change")
    page.get_by_role("button", name="Save and sync").click()
    expect(page.get_by_role("status")).to_contain_text("contacts is on. It runs in a moment.")
    here.until(lambda: "Di Falk" in names(here.east))
    page.get_by_role("link", name="Overview").click()
    left_out(page, 6)


def end(here: House, page: Page) -> None:
    """Look on while it runs, turn it off from the page of an app, and delete it."""
    page.get_by_role("button", name="Sync now").click()
    page.wait_for_url("**/now")
    expect(page.get_by_role("heading", name="Now")).to_be_visible()
    picture(page, "walk-now")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Apps").click()
    page.get_by_role("link", name="hubspot", exact=True).click()
    at(page, "hubspot")
    page.get_by_role("link", name="contacts").click()
    at(page, "contacts")
    page.get_by_role("link", name="Turn off").click()
    picture(page, "walk-turn-off")
    page.get_by_role("dialog").get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("status")).to_contain_text("contacts is off.")
    ready(page)
    held = names(here.east), names(here.west)
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_label("Type contacts to delete it").fill("contacts")
    picture(page, "walk-delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete contacts").click()
    expect(page.get_by_role("status")).to_contain_text("contacts is deleted.")
    picture(page, "walk-deleted")
    assert (names(here.east), names(here.west)) == held


def at(page: Page, heading: str) -> None:
    """Wait for a page, and keep a picture of it."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    ready(page)
    picture(page, f"walk-{heading[:24].lower().replace(' ', '-')}")


def records(page: Page) -> None:
    """All and all, none and all, none and none; then a list, whose people get a lifecycle stage."""
    sentence = page.locator("#sentence")
    hubspot, ledger = page.get_by_label("Send from hubspot"), page.get_by_label("Send from ledger")
    expect(sentence).to_contain_text("Two-way. All hubspot contacts go to ledger. All ledger contacts go to hubspot.")
    hubspot.select_option("No contacts")
    expect(sentence).to_contain_text("ledger to hubspot. No hubspot contacts go to ledger. All ledger contacts go to")
    ledger.select_option("No contacts")
    expect(sentence).to_contain_text("send nothing, so nothing would be synced")
    picture(page, "walk-records-none")
    ledger.select_option("Only contacts that match a filter")
    page.get_by_label("One more condition").select_option("In a list of the app")
    page.get_by_role("button", name="Add condition").click()
    page.get_by_label("List", exact=True).select_option("Newsletter test")
    hubspot.select_option("All contacts")
    expect(sentence).to_contain_text(
        "Two-way. Those hubspot contacts that would match the filter of ledger go to ledger."
    )
    expect(page.get_by_label("Only records that have an e-mail address")).to_be_checked()
    page.get_by_label("One more field of hubspot").select_option("Lifecycle Stage")
    page.locator("#add-set-0").click()
    page.get_by_role("group", name="Lifecycle Stage").get_by_label("Value").select_option("Lead")
    expect(page.locator("#step-records")).not_to_contain_text("to mend")
    picture(page, "walk-records-filter")


def fields(page: Page) -> None:
    """Add a mapping, choose its fields by typing, its direction, turn another one off, and save."""
    rows = page.locator("#mappings tbody")
    expect(rows).to_have_count(18)
    page.get_by_role("button", name="Add mapping").click()
    expect(rows).to_have_count(19)
    for app in ("hubspot", "ledger"):
        field = page.get_by_role("combobox", name=f"{app} field of mapping 19")
        field.press_sequentially("message")
        picture(page, f"walk-fields-{app}")
        field.press("Enter")
    rows.last.get_by_label("ledger to hubspot").check()
    page.get_by_role("switch", name="Fax Number").uncheck()
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_role("status")).to_contain_text("The draft is updated. 19 mappings, 18 on")
    picture(page, "walk-fields-updated")
    page.get_by_role("link", name="All mappings").click()
    page.get_by_role("link", name="Association mappings").click()
    at(page, "Association mappings")
    page.get_by_role("link", name="All mappings", exact=True).click()
    expect(rows).to_have_count(19)
