"""Who wins, what becomes of records that leave the filter, and of deletions: set on pages, seen in both apps."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.house import House, accounts
from tests.browser.house import house as housed
from tests.browser.test_changes import sync_now
from tests.browser.test_mappings import AT_WORK
from tests.browser.test_runs import values

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
LEAVING = ("freeze", "keep", "unlink", "tag")
DELETED = ("kept", "marked", "restored", "first", "second")
NAMES = ("dan", *LEAVING, *DELETED)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Serve people whom both accounts know alike."""
    with accounts() as (east, west):
        for each in (east, west):
            each.seed("contacts", [person(name) for name in NAMES])
        with housed(tmp_path_factory.mktemp("policies"), east, west, SYNCS) as here:
            here.until(lambda: bool(here.runs("people")))
            yield here


def person(name: str) -> dict[str, str]:
    return {"email": f"{name}@mail.example", "firstname": name.title(), "country": "Norway", "city": "Oslo"}


def held(house: House, name: str, field: str) -> tuple[str | None, ...]:
    """Return what both apps hold of somebody in a field; None of an app that does not know them."""
    email = f"{name}@mail.example"
    rows = [
        [row for row in each.records("contacts").values() if row["email"] == email] for each in (house.east, house.west)
    ]
    return tuple(found[0].get(field, "") if found else None for found in rows)


def id_of(house: House, name: str) -> str:
    """Return the id of somebody, which is the same in both accounts."""
    return next(id for id, row in house.east.records("contacts").items() if row["email"] == f"{name}@mail.example")


def edit(page: Page, step: str) -> None:
    """Begin to edit the settings of the sync, at a step."""
    page.goto("/syncs/people")
    page.get_by_role("button", name="Edit sync settings").click()
    page.wait_for_url("**/records")
    page.goto(page.url.replace("/records", f"/{step}"))


def save(page: Page) -> None:
    """Save the draft that is being edited, and run the sync."""
    page.goto(page.url.split("#")[0].rpartition("/")[0] + "/review")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("people is saved.")
    sync_now(page, "people")


def test_value_of_the_default_app_wins_but_for_direction_and_own_winners(house: House, ana: Page) -> None:
    id = id_of(house, "dan")
    edit(ana, "conflicts")
    ana.locator("#add-winner").select_option("jobtitle")
    ana.get_by_label("Who wins").select_option("west")
    ana.get_by_role("button", name="Add field").click()
    expect(ana.get_by_role("group", name="Job Title")).to_be_visible()
    save(ana)
    house.east.edit("contacts", id, {"firstname": "Dave", "city": "", "jobtitle": "Buyer"})
    house.west.edit("contacts", id, {"firstname": "David", "zip": "0150", "jobtitle": "Cook"})
    sync_now(ana, "people")
    assert held(house, "dan", "firstname") == ("Dave", "Dave")
    assert held(house, "dan", "city") == ("", "Oslo"), "an empty value changes nothing"
    assert held(house, "dan", "zip") == ("", "0150"), "west sends no postal codes"
    assert held(house, "dan", "jobtitle") == ("Cook", "Cook")


@contextmanager
def saved(page: Page) -> Iterator[None]:
    """Wait until what is done to a control is saved in the draft, and the answer is in the page."""
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        yield
    expect(page.locator(AT_WORK)).to_have_count(0)


def choose(control: Locator, option: str) -> None:
    with saved(control.page):
        control.select_option(option)


def fill(control: Locator, text: str) -> None:
    with saved(control.page):
        control.fill(text)
        control.blur()


def tag(page: Page, field: str, value: str) -> None:
    """Say with what a record in west is tagged."""
    choose(page.get_by_label("Field in west"), field)
    fill(page.get_by_label("Value in west"), value)


def counted(page: Page) -> tuple[int, int]:
    """Return how many records the page of the sync says are in sync, and left out."""
    page.goto("/syncs/people")
    in_sync, left_out = (page.locator(f".tile.{state} strong").inner_text() for state in ("in_sync", "left_out"))
    return int(in_sync), int(left_out)


def leaves(house: House, ana: Page, name: str, label: str, *, to: tuple[int, int]) -> tuple[str | None, ...]:
    """Let somebody leave the filter of east by this policy and move after that; return their city in both apps.

    ``to``: how many records more are in sync and left out then.
    """
    edit(ana, "records")
    choice = ana.get_by_label(label)
    if not choice.is_checked():
        with saved(ana):
            choice.check()
        if name == "tag":
            tag(ana, "Fax Number", "left Norway")
        save(ana)
        sync_now(ana, "people")  # who was kept in step before may have lost the link by the first run
    before = counted(ana)
    house.east.edit("contacts", id_of(house, name), {"country": "Sweden"})
    sync_now(ana, "people")
    house.east.edit("contacts", id_of(house, name), {"city": "Bergen"})
    sync_now(ana, "people")
    assert counted(ana) == (before[0] + to[0], before[1] + to[1])
    look_for(ana, name)
    return held(house, name, "city")


def look_for(page: Page, name: str) -> None:
    page.goto(f"/syncs/people/records?q={name}@mail.example")


OUTSIDE = "outside the filter of east (Country/Region is Norway)"


def test_record_that_leaves_the_filter_is_frozen(house: House, ana: Page) -> None:
    assert leaves(house, ana, "freeze", "Stop updating it and leave it as it is", to=(-1, 1)) == ("Bergen", "Oslo")
    expect(ana.get_by_role("row").last).to_contain_text("Left out")
    expect(ana.get_by_role("row").last).to_contain_text(OUTSIDE)
    house.east.edit("contacts", id_of(house, "freeze"), {"country": "Norway"})
    sync_now(ana, "people")
    assert held(house, "freeze", "city") == ("Bergen", "Bergen"), "nothing was forgotten"
    look_for(ana, "freeze")
    expect(ana.get_by_role("row").last).to_contain_text("In sync")


def test_record_that_leaves_the_filter_is_kept_in_step(house: House, ana: Page) -> None:
    assert leaves(house, ana, "keep", "Keep it in step all the same", to=(0, 0)) == ("Bergen", "Bergen")
    expect(ana.get_by_role("row").last).to_contain_text("In sync")


def test_record_that_leaves_the_filter_is_unlinked(house: House, ana: Page) -> None:
    assert leaves(house, ana, "unlink", "End the link", to=(-1, 2)) == ("Bergen", "Oslo")
    expect(ana.get_by_role("row").filter(has_text="Left out")).to_have_count(2)
    expect(ana.get_by_role("main")).to_contain_text(OUTSIDE)
    expect(ana.get_by_role("main")).to_contain_text("its link ended when it did not take part")


def test_record_that_leaves_the_filter_is_tagged_until_it_returns(house: House, ana: Page) -> None:
    assert leaves(house, ana, "tag", "Stop updating it and tag it", to=(-1, 1)) == ("Bergen", "Oslo")
    expect(ana.get_by_role("row").last).to_contain_text("Left out")
    expect(ana.get_by_role("row").last).to_contain_text(OUTSIDE)
    assert held(house, "tag", "fax") == ("", "left Norway")
    house.east.edit("contacts", id_of(house, "tag"), {"country": "Norway"})
    sync_now(ana, "people")
    assert held(house, "tag", "fax") == ("", ""), "the tag is taken away"
    assert held(house, "tag", "city") == ("Bergen", "Bergen")


PARTNER = "If a record is deleted in east, its partner in west"


def delete(house: House, ana: Page, name: str) -> None:
    """Delete somebody in east, and let that be noticed and followed."""
    house.east.archive("contacts", id_of(house, name))
    house.bothways("run", "people", "--full")
    sync_now(ana, "people")


def test_partner_of_a_deleted_record_is_kept(house: House, ana: Page) -> None:
    edit(ana, "conflicts")
    expect(ana.get_by_label(PARTNER)).to_have_value("keep")
    before = counted(ana), held(house, "kept", "city")
    delete(house, ana, "kept")
    assert held(house, "kept", "city") == (None, before[1][1])
    assert counted(ana) == (before[0][0] - 1, before[0][1] + 1)
    look_for(ana, "kept")
    row = ana.get_by_role("row").filter(has_text="its partner was deleted; it is not created again")
    expect(row).to_contain_text("Left out")


def test_partner_of_a_deleted_record_is_tagged(house: House, ana: Page) -> None:
    edit(ana, "conflicts")
    choose(ana.get_by_label(PARTNER), "Is kept and tagged")
    tag(ana, "Message", "deleted in east")
    fill(ana.get_by_label("Wait this long"), "0s")
    save(ana)
    delete(house, ana, "marked")
    assert held(house, "marked", "message") == (None, "deleted in east")


def test_partner_of_a_deleted_record_waits_and_stays_if_that_is_restored(house: House, ana: Page) -> None:
    edit(ana, "conflicts")
    choose(ana.get_by_label(PARTNER), "Is archived too; it can be restored there")
    fill(ana.get_by_label("Wait this long"), "1h")
    save(ana)
    id = id_of(house, "restored")
    delete(house, ana, "restored")
    assert held(house, "restored", "city") == (None, "Oslo")
    look_for(ana, "restored")
    waiting = ana.get_by_role("row").filter(has_text="Waiting")
    expect(waiting).to_contain_text("deleted in east; archived here too after")
    expect(waiting).to_contain_text("unless it is edited or restored")
    house.east.restore("contacts", id)
    house.bothways("run", "people", "--full")
    house.east.edit("contacts", id, {"city": "Bergen"})
    sync_now(ana, "people")
    assert held(house, "restored", "city") == ("Bergen", "Bergen")


def test_deletions_beyond_the_limit_of_a_day_wait_until_somebody_lets_them_pass(house: House, ana: Page) -> None:
    edit(ana, "conflicts")
    fill(ana.get_by_label("Wait this long"), "0s")
    ana.get_by_text("Safety limits and schedule").click()
    fill(ana.get_by_label("Records that may be archived or deleted in a day"), "1")
    save(ana)
    delete(house, ana, "first")
    assert held(house, "first", "city") == (None, None)
    delete(house, ana, "second")
    expect(ana.get_by_role("alert")).to_contain_text(
        "would be deleted, after 1 in the last 24 hours, more than 1 a day"
    )
    assert held(house, "second", "city") == (None, "Oslo")
    look_for(ana, "second")
    expect(ana.get_by_role("row").filter(has_text="Waiting")).to_contain_text("archived here too")
    ana.goto("/syncs/people/preview")
    ana.get_by_role("button", name="Make a preview").click()
    expect(ana.get_by_text("A run would stop before writing.")).to_be_visible()
    ana.get_by_role("button", name="Write 1 record all the same").click()
    expect(ana.get_by_text("Nothing is at work")).to_be_visible()
    assert held(house, "second", "city") == (None, None)


def test_sync_that_is_deleted_leaves_both_apps_as_they_are(house: House, ana: Page) -> None:
    before = [values(each, "contacts") for each in (house.east, house.west)]
    ana.goto("/syncs/people")
    ana.get_by_role("link", name="Delete").click()
    dialog = ana.get_by_role("dialog")
    dialog.get_by_label("Type people to delete it").fill("people")
    dialog.get_by_role("button", name="Delete people").click()
    expect(ana.get_by_role("heading", name="Syncs", level=1)).to_be_visible()
    assert [values(each, "contacts") for each in (house.east, house.west)] == before
    expect(ana.get_by_role("button", name="Restore")).to_be_visible()
    ana.get_by_role("button", name="Restore").click()
    expect(ana.get_by_role("main")).to_contain_text("people")
