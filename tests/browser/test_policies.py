"""Who wins, what becomes of records that leave the filter, and of deletions: set on pages, seen in both apps."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_up
from tests.browser.house import House, accounts
from tests.browser.house import house as housed
from tests.browser.test_runs import values
from tests.browser.watch import watched

SYNCS = """\
syncs:
  people:
    state: on
    objects: {east: contacts, west: contacts}
    send:
      east: {filter: {all: [{field: country, is: Norway}]}}
      west: {filter: {all: [{field: country, is: Norway}]}}
    match: [{east: email, west: email, compare: email}]
    conflicts: {default_app: east}
    fields:
      - {east: email, west: email}
      - {east: firstname, west: firstname}
      - {east: city, west: city}
      - {east: zip, west: zip, direction: to_west}
      - {east: jobtitle, west: jobtitle}
    guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}
"""
NAMES = ("dan", "freeze", "keep", "unlink")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Serve people whom both accounts know alike."""
    with accounts() as (east, west):
        for each in (east, west):
            each.seed("contacts", [person(name) for name in NAMES])
        with housed(tmp_path_factory.mktemp("policies"), east, west, SYNCS) as here:
            here.until(lambda: bool(here.runs("people")))
            yield here


@pytest.fixture
def ana(chromium: Browser, place: House) -> Iterator[Page]:
    """Open a page as an admin."""
    with watched(chromium, place) as context:
        page = context().new_page()
        sign_up(page, place.link(), f"Ana Ruiz {len(place.log)}")
        yield page


def person(name: str) -> dict[str, str]:
    return {"email": f"{name}@mail.example", "firstname": name.title(), "country": "Norway", "city": "Oslo"}


def held(place: House, name: str, field: str) -> tuple[str | None, ...]:
    """Return what both apps hold of somebody in a field; None of an app that does not know them."""
    email = f"{name}@mail.example"
    rows = [
        [row for row in each.records("contacts").values() if row["email"] == email] for each in (place.east, place.west)
    ]
    return tuple(found[0].get(field, "") if found else None for found in rows)


def id_of(place: House, name: str) -> str:
    """Return the id of somebody, which is the same in both accounts."""
    return next(id for id, row in place.east.records("contacts").items() if row["email"] == f"{name}@mail.example")


def edit(page: Page, step: str) -> None:
    """Begin to edit the settings of the sync, at a step."""
    page.goto("/syncs/people")
    page.get_by_role("button", name="Edit sync settings").click()
    page.wait_for_url("**/records")
    page.goto(page.url.replace("/records", f"/{step}"))


def save(page: Page, place: House) -> None:
    """Save the draft that is being edited, and run the sync."""
    page.goto(page.url.split("#")[0].rpartition("/")[0] + "/review")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("people is saved.")
    place.run("people")


def test_value_of_the_default_app_wins_but_for_direction_and_own_winners(place: House, ana: Page) -> None:
    id = id_of(place, "dan")
    edit(ana, "conflicts")
    ana.locator("#add-winner").select_option("jobtitle")
    ana.get_by_label("Who wins").select_option("west")
    ana.get_by_role("button", name="Add field").click()
    expect(ana.get_by_role("group", name="Job Title")).to_be_visible()
    save(ana, place)
    place.east.edit("contacts", id, {"firstname": "Dave", "city": "", "jobtitle": "Buyer"})
    place.west.edit("contacts", id, {"firstname": "David", "zip": "0150", "jobtitle": "Cook"})
    place.run("people")
    assert held(place, "dan", "firstname") == ("Dave", "Dave")
    assert held(place, "dan", "city") == ("", "Oslo"), "an empty value changes nothing"
    assert held(place, "dan", "zip") == ("", "0150"), "west sends no postal codes"
    assert held(place, "dan", "jobtitle") == ("Cook", "Cook")


def leaves(place: House, ana: Page, name: str, label: str) -> tuple[str | None, ...]:
    """Let somebody leave the filter of east by this policy and move after that; return their city in both apps."""
    edit(ana, "records")
    choice = ana.get_by_label(label)
    if not choice.is_checked():
        with ana.expect_response(lambda answer: answer.request.method == "POST"):
            choice.check()
        expect(choice).to_be_checked()
        save(ana, place)
    place.east.edit("contacts", id_of(place, name), {"country": "Sweden"})
    place.run("people")
    place.east.edit("contacts", id_of(place, name), {"city": "Bergen"})
    place.run("people")
    ana.goto(f"/syncs/people/records?q={name}@mail.example")
    return held(place, name, "city")


OUTSIDE = "outside the filter of east (Country/Region is Norway)"


def test_record_that_leaves_the_filter_is_frozen(place: House, ana: Page) -> None:
    assert leaves(place, ana, "freeze", "Stop updating it and leave it as it is") == ("Bergen", "Oslo")
    expect(ana.get_by_role("row").last).to_contain_text("Left out")
    expect(ana.get_by_role("row").last).to_contain_text(OUTSIDE)
    place.east.edit("contacts", id_of(place, "freeze"), {"country": "Norway"})
    place.run("people")
    assert held(place, "freeze", "city") == ("Bergen", "Bergen"), "nothing was forgotten"
    ana.reload()
    expect(ana.get_by_role("row").last).to_contain_text("In sync")


def test_record_that_leaves_the_filter_is_kept_in_step(place: House, ana: Page) -> None:
    assert leaves(place, ana, "keep", "Keep it in step all the same") == ("Bergen", "Bergen")
    expect(ana.get_by_role("row").last).to_contain_text("In sync")


def test_record_that_leaves_the_filter_is_unlinked(place: House, ana: Page) -> None:
    assert leaves(place, ana, "unlink", "End the link") == ("Bergen", "Oslo")
    expect(ana.get_by_role("row").filter(has_text="Left out")).to_have_count(2)
    expect(ana.get_by_role("main")).to_contain_text(OUTSIDE)
    expect(ana.get_by_role("main")).to_contain_text("its link ended when it did not take part")


def test_sync_that_is_deleted_leaves_both_apps_as_they_are(place: House, ana: Page) -> None:
    before = [values(each, "contacts") for each in (place.east, place.west)]
    ana.goto("/syncs/people")
    ana.get_by_role("link", name="Delete").click()
    dialog = ana.get_by_role("dialog")
    dialog.get_by_label("Type people to delete it").fill("people")
    dialog.get_by_role("button", name="Delete people").click()
    expect(ana.get_by_role("heading", name="Syncs", level=1)).to_be_visible()
    assert [values(each, "contacts") for each in (place.east, place.west)] == before
    expect(ana.get_by_role("button", name="Restore")).to_be_visible()
    ana.get_by_role("button", name="Restore").click()
    expect(ana.get_by_role("main")).to_contain_text("people")
