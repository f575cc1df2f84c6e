"""The fields of a sync edited in a browser, until both apps hold what the mappings say; and what many of them weigh."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from bothways.sandbox.hubspot.schema import prop
from tests.browser.conftest import sign_up
from tests.browser.house import House, accounts
from tests.browser.house import house as housed
from tests.browser.people import found, id_of
from tests.browser.watch import ready, watched

SYNCS = """\
syncs:
  people:
    state: on
    objects: {{east: contacts, west: contacts}}
    match: [{{east: email, west: email, compare: email}}]
    associations: []
    fields:
      - {{east: email, west: email}}
      - {{east: firstname, west: firstname}}
      - {{east: lastname, west: lastname}}
  firms:
    state: on
    objects: {{east: companies, west: companies}}
    match: [{{east: domain, west: domain, compare: domain}}]
    fields:
      - {{east: name, west: name}}
      - {{east: domain, west: domain}}
  wide:
    state: draft
    objects: {{east: deals, west: deals}}
    match: [{{east: dealname, west: dealname, compare: text}}]
    fields:
{rows}
"""
WIDE = [f"wide_{number:03}" for number in range(300)]
ROWS = "\n".join(f"      - {{east: {name}, west: {name}}}" for name in WIDE[:60])

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Serve two accounts with a person and a firm that both know, and deals of three hundred fields."""
    with accounts() as (east, west):
        for account in (east, west):
            for number, name in enumerate(WIDE):
                account.define("deals", prop(name, f"Wide number {number:03}", custom=True))
            account.seed("contacts", [{"firstname": "Dana", "lastname": "Novak", "email": "dana@mail.example"}])
            account.seed("companies", [{"name": "Acorn Tools", "domain": "acorn.example"}])
        with housed(tmp_path_factory.mktemp("desk"), east, west, SYNCS.format(rows=ROWS)) as here:
            here.until(lambda: here.runs("people") and here.runs("firms"))
            yield here


@pytest.fixture(scope="module")
def edo(chromium: Browser, desk: House) -> dict[str, object]:
    """What the browser of an editor keeps."""
    context = chromium.new_context(base_url=desk.url)
    sign_up(context.new_page(), desk.link("editor"), "Edo Sato")
    state = dict(context.storage_state())
    context.close()
    return state


@pytest.fixture
def open_fields(chromium: Browser, desk: House, edo: dict[str, object]) -> Iterator[Open]:
    """Open the fields of a draft of a sync."""
    with watched(chromium, desk) as context:

        def opened(sync: str, **options: object) -> Page:
            made: BrowserContext = context(storage_state=edo, **options)
            page = made.new_page()
            page.goto(f"/syncs/{sync}")
            page.get_by_role("button", name="Edit sync settings").click()
            page.get_by_role("link", name="Fields").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Which fields are kept equal?")
            ready(page)
            return page

        yield opened


def row(page: Page, number: int) -> Locator:
    return page.locator(f"#m-{number}")


AT_WORK = ".htmx-request, .htmx-swapping, .htmx-settling"
"""What htmx is asking for, or bringing into the page."""


def choose(page: Page, number: int, **fields: str) -> None:
    """Choose the fields of a mapping by typing what they are called."""
    for app, words in fields.items():
        field = page.get_by_role("combobox", name=f"{app} field of mapping {number}")
        field.click()
        field.press_sequentially(words)
        with page.expect_response(lambda answer: answer.url.endswith(f"/fields/{number}")):
            field.press("Enter")
        expect(page.locator(AT_WORK)).to_have_count(0)


def add(page: Page, number: int, **fields: str) -> None:
    page.get_by_role("button", name="Add mapping").click()
    expect(page.get_by_role("combobox", name=f"east field of mapping {number}")).to_be_focused()
    choose(page, number, **fields)


def save(page: Page, sync: str) -> None:
    """Review a draft and have it saved and run."""
    page.get_by_role("button", name="Review changes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review and save")
    page.get_by_role("button", name="Save and sync").click()
    expect(page.get_by_role("status")).to_contain_text(f"{sync} is on. It runs in a moment.")


def test_mapping_is_added_refused_mended_removed_and_then_carries_values(desk: House, open_fields: Open) -> None:
    page = open_fields("people")
    add(page, 4, east="job title", west="job title")
    row(page, 4).get_by_label("east to west").check()
    add(page, 5, east="mobile", west="email")
    expect(row(page, 5)).to_contain_text('"Email" of west is mapped in row 1 already. Keep one of the two mappings.')
    choose(page, 5, west="birthday")
    expect(row(page, 5)).to_contain_text(
        '"Mobile Phone Number" (phone) and "Birthday" (date) cannot be mapped to each other.'
    )
    choose(page, 5, west="create date")
    expect(row(page, 5)).to_contain_text('"Create Date" (datetime) cannot be mapped to each other')
    choose(page, 5, east="last visit")
    expect(row(page, 5)).to_contain_text('"Create Date" is read-only in west. Change the direction to: west to east.')
    with page.expect_response("**/fields/5"):
        row(page, 5).get_by_label("west to east").check()
    expect(page.locator(AT_WORK)).to_have_count(0)
    expect(row(page, 5)).not_to_contain_text("read-only")
    choose(page, 5, east="additional", west="city")
    expect(row(page, 5)).to_contain_text(
        '"Additional email addresses" is read-only in east. Change the direction to: east to west.'
    )
    add(page, 6, east="fax", west="fax")
    row(page, 6).get_by_role("switch").uncheck()
    expect(page.locator("#count")).to_contain_text("6 mappings, 5 on · 1 to fix")
    page.get_by_role("button", name="Remove Additional email addresses and City").click()
    expect(page.get_by_role("button", name="Remove Fax Number and Fax Number")).to_be_focused()
    page.get_by_role("button", name="Update").click()
    expect(page.locator("#count")).to_contain_text("The draft is updated. 5 mappings, 4 on")
    expect(page.get_by_role("button", name="Update")).to_be_focused()
    save(page, "people")
    desk.east.edit("contacts", id_of(desk.east, "Dana Novak"), {"jobtitle": "Buyer", "fax": "1"})
    desk.run("people")
    assert (found(desk.west, "Dana Novak").get("jobtitle"), found(desk.west, "Dana Novak").get("fax")) == (
        "Buyer",
        None,
    )
    desk.west.edit("contacts", id_of(desk.west, "Dana Novak"), {"jobtitle": "Cook"})
    desk.run("people")
    assert found(desk.east, "Dana Novak").get("jobtitle") == "Buyer", "it goes one way"


def test_mapping_is_added_and_removed_without_script(desk: House, open_fields: Open) -> None:
    page = open_fields("firms", java_script_enabled=False)
    for label in ("City", "Phone Number"):
        page.get_by_role("button", name="Add mapping").click()
        for app in ("east", "west"):
            if app == "west":
                page.get_by_role("link", name="Choose a field").click()
            page.get_by_label(f"{app} field").select_option(label)
            page.get_by_role("button", name="Update").click()
            page.get_by_role(
                "link", name=label if app == "east" else "Options of " + f"{label} and {label}"
            ).first.click()
        page.get_by_label("west to east").check()
        page.get_by_role("button", name="Update").click()
    expect(row(page, 4)).to_contain_text("Phone Number")
    row(page, 3).get_by_label("Two-way").check()
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_role("status").first).to_have_text("The draft is updated.")
    page.get_by_role("button", name="Remove Phone Number and Phone Number").click()
    expect(page.locator("#mappings tbody")).to_have_count(3)
    save(page, "firms")
    desk.east.edit("companies", id_of(desk.east, "Acorn Tools"), {"city": "Bergen", "phone": "123"})
    desk.run("firms")
    held = found(desk.west, "Acorn Tools")
    assert (held.get("city"), held.get("phone")) == ("Bergen", None)


def test_values_are_paired_and_translated(desk: House, open_fields: Open) -> None:
    page = open_fields("people")
    number = page.locator("#mappings tbody").count() + 1
    add(page, number, east="lead status", west="lifecycle")
    with page.expect_response(f"**/fields/{number}"):
        row(page, number).get_by_label("east to west").check()
    row(page, number).get_by_role("link", name="values paired").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Values")
    page.get_by_role("combobox", name="New", exact=True).select_option("Lead")
    page.get_by_label("Hold the record until a person decides").check()
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_role("status")).to_have_text("The pairs are in the draft.")
    page.get_by_role("link", name="Back to all mappings").click()
    expect(row(page, number)).to_contain_text("1 of 7 values paired")
    save(page, "people")
    desk.east.edit("contacts", id_of(desk.east, "Dana Novak"), {"hs_lead_status": "NEW"})
    desk.run("people")
    assert found(desk.west, "Dana Novak").get("lifecyclestage") == "lead"


def test_association_that_is_turned_on_arrives_in_the_other_app(desk: House, open_fields: Open) -> None:
    page = open_fields("people")
    page.get_by_role("link", name="All mappings").click()
    page.get_by_role("link", name="Association mappings").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Association mappings")
    ready(page)
    switch = page.get_by_role("switch")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(switch).to_be_focused()
    page.get_by_role("link", name="Review changes").click()
    page.get_by_role("button", name="Save and sync").click()
    expect(page.get_by_role("status")).to_contain_text("people is on. It runs in a moment.")
    east, west = desk.east, desk.west
    east.associate("contacts", id_of(east, "Dana Novak"), "companies", id_of(east, "Acorn Tools"), primary=True)
    desk.run("people")
    assert west.associated("contacts", id_of(west, "Dana Novak"), "companies") == [id_of(west, "Acorn Tools")]


def test_sixty_mappings_of_three_hundred_fields_stay_small(open_fields: Open) -> None:
    page = open_fields("wide")
    rows = page.locator("#mappings tbody")
    expect(rows).to_have_count(60)
    assert page.evaluate("document.querySelectorAll('*').length") < 3_000
    with page.expect_response("**/fields/7") as answered:
        page.locator("#on-7").uncheck()
    expect(page.locator("#count")).to_contain_text("60 mappings, 59 on")
    assert len(answered.value.body()) < 8_000
    assert int(answered.value.request.sizes()["responseBodySize"]) < 2_000, "as it is packed"
    expect(page.locator("#on-7")).to_be_focused()
    with page.expect_response("**/options?*") as offered:
        page.get_by_role("combobox", name="east field of mapping 7").press("ArrowDown")
    expect(page.get_by_role("option")).to_have_count(101)
    page.get_by_role("combobox", name="east field of mapping 7").press("Escape")
    page.get_by_role("searchbox").focus()
    assert int(offered.value.request.sizes()["responseBodySize"]) < 8_000
    choose(page, 7, east="number 277")
    expect(row(page, 7).get_by_role("combobox").first).to_have_value("Wide number 277")
    page.get_by_role("searchbox").fill("number 05")
    expect(rows).to_have_count(10)
    shown = [str(each.get_attribute("id")) for each in rows.all()]
    assert all(one < other for one, other in pairwise(shown))
