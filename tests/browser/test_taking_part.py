"""Who takes part: the numbers of a draft against what both apps hold; what an edit of the settings lets be compared."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from bothways.sandbox.hubspot import Admin
from bothways.sandbox.hubspot.schema import prop
from tests.browser.house import House, accounts
from tests.browser.house import house as housed
from tests.browser.people import EASTERN, WESTERN
from tests.browser.test_changes import sync_now
from tests.browser.test_policies import choose, counted, edit, fill, saved
from tests.browser.test_runs import changed, values

SYNCS = """\
syncs:
  people:
    state: on
    schedule: {every: 31d}  # its runs are those that are asked for
    objects: {east: contacts, west: contacts}
    match: [{east: email, west: email, compare: email}]
    conflicts: {default_app: east}
    fields:
      - {east: email, west: email}
      - {east: firstname, west: firstname}
      - {east: country, west: country}
      - {east: land, west: land, other: hold}
    guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}
"""
LANDS = {"Ada": "uk", "Bo": "uk", "Cai": "uk", "Dag": "holland", "Eli": "holland"}
"""Of people whom both know, with a value that west calls otherwise."""

BOTH = (*LANDS, "Finn")
ALONE = ("Gry", "Hal")
"""Whom east alone knows."""

WITHOUT = ("Ian", "Jo")
"""Whom east alone knows, without an e-mail address."""

LIST, LISTED = "Newsletter test", ("Ada", "Dag", "Eli", "Kim")
"""A list of west; it alone knows Kim, without an e-mail address."""


def person(name: str, **more: str) -> dict[str, str]:
    country = "Sweden" if name in ("Finn", *ALONE) else "Norway"
    email = "" if name in (*WITHOUT, "Kim") else f"{name.lower()}@mail.example"
    return {"firstname": name, "email": email, "country": country, **more}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Serve people of two accounts, some of whom lack an address, and some of whom hold a value that is not paired."""
    with accounts() as (east, west):
        for account, lands in ((east, EASTERN), (west, WESTERN)):
            account.define("contacts", prop("land", "Land", "enumeration", "select", options=lands, custom=True))
        lands = {name: {"land": land} for name, land in LANDS.items()}
        east.seed("contacts", [person(name, **lands.get(name, {})) for name in (*BOTH, *ALONE, *WITHOUT)])
        names = (*BOTH, "Kim")
        ids = west.seed("contacts", [person(name) for name in names])
        west.set_list("contacts", LIST, [id for name, id in zip(names, ids, strict=True) if name in LISTED])
        with housed(tmp_path_factory.mktemp("taking-part"), east, west, SYNCS) as here:
            here.until(lambda: bool(here.runs("people")))
            yield here


def last_run(page: Page) -> int:
    """Have the sync run, and return the number of its last run."""
    sync_now(page, "people")
    return int(page.locator("#last-run").inner_text().split("r_")[1].split()[0])


def done(page: Page, since: int) -> tuple[int, int]:
    """Have the sync run; return how many records were compared and how many written since a run, as the pages say.

    Whoever is quicker takes up what was saved: the service by itself, or the run that is asked for.
    """
    compared = written = 0
    for number in range(since + 1, last_run(page) + 1):
        page.goto(f"/runs/r_{number}")
        told = re.search(r"(\d+) records? compared", page.get_by_role("main").inner_text())
        assert told is not None
        compared, written = compared + int(told[1]), written + page.locator(".card.change").count()
    return compared, written


def review(page: Page) -> None:
    """Go on to the review of the draft that is being edited."""
    page.goto(re.sub(r"(/drafts/\d+)/.*", r"\1/review", page.url))


def save(page: Page) -> None:
    """Save the draft that is being edited."""
    review(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("people is saved.")


def test_edit_of_one_field_lets_only_the_records_be_compared_that_it_touches(house: House, ana: Page) -> None:
    apps = house.east, house.west
    at_rest = last_run(ana)
    before = [values(each, "contacts") for each in apps]
    edit(ana, "fields")
    ana.locator("#m-4").get_by_role("link", name="values paired").click()
    ana.get_by_role("combobox", name="UK", exact=True).select_option("United Kingdom")
    ana.get_by_role("combobox", name="Holland", exact=True).select_option("")
    ana.get_by_role("button", name="Update").click()
    expect(ana.get_by_role("status")).to_have_text("The pairs are in the draft.")
    save(ana)
    paired = {name for name, land in LANDS.items() if land == "uk"}
    assert done(ana, at_rest) == (len(LANDS), len(paired))
    after = [values(each, "contacts") for each in apps]
    written = [changed(*each) for each in zip(before, after, strict=True)]
    assert [{after[place][id]["firstname"] for id in ids} for place, ids in enumerate(written)] == [set(), paired]
    assert {after[1][id]["land"] for id in written[1]} == {"gb"}

    at_rest = last_run(ana)
    edit(ana, "review")
    expect(ana.get_by_role("region", name="What changes of what is in force")).to_contain_text("Nothing.")
    save(ana)
    assert done(ana, at_rest) == (0, 0)
    assert [values(each, "contacts") for each in apps] == after


def mailed(account: Admin) -> list[dict[str, str]]:
    return [each for each in account.records("contacts").values() if each.get("email")]


def test_numbers_of_the_step_and_the_review_are_those_of_the_apps(house: House, ana: Page) -> None:
    east, west = (list(each.records("contacts").values()) for each in (house.east, house.west))
    of_east, of_west = ana.locator("#known-0"), ana.locator("#known-1")
    require = ana.get_by_label("Only records that have an e-mail address")
    edit(ana, "records")
    expect(of_east).to_contain_text(f"{len(mailed(house.east))} of {len(east)} contacts take part")
    expect(of_west).to_contain_text(f"{len(mailed(house.west))} of {len(west)} contacts take part")
    with saved(ana):
        require.uncheck()
    expect(of_east).to_contain_text(f"{len(east)} of {len(east)} contacts take part")
    expect(of_east).not_to_contain_text("e-mail address")
    with saved(ana):
        require.check()
    expect(of_east).to_contain_text(f"{len(east) - len(mailed(house.east))} contacts have no e-mail address")

    choose(ana.get_by_label("Send from east"), "Only contacts that match a filter")
    ana.get_by_label("One more condition").select_option("Country/Region")
    with saved(ana):
        ana.get_by_role("button", name="Add condition").click()
    choose(ana.locator("#filter-0-0-operator"), "is")
    fill(ana.locator("#filter-0-0-value"), "Norway")
    inside = sum(each["country"] == "Norway" for each in mailed(house.east))
    expect(of_east).to_contain_text(f"{inside} of {len(east)} contacts take part")
    expect(of_east).to_contain_text(f"{sum(each['country'] == 'Norway' for each in east)} match the filter")
    review(ana)
    region = ana.get_by_role("region", name="How many records take part")
    expect(region).to_contain_text(f"{inside} of {len(east)} contacts take part")
    expect(region).to_contain_text(f"{len(mailed(house.west))} of {len(west)} contacts take part")

    ana.get_by_role("link", name="Records").click()
    choose(ana.get_by_label("Send from east"), "All contacts")
    choose(ana.get_by_label("Send from west"), "Only contacts that match a filter")
    ana.get_by_label("One more condition").select_option("In a list of the app")
    with saved(ana):
        ana.get_by_role("button", name="Add condition").click()
    choose(ana.locator("#filter-1-0-value"), LIST)
    inside = sum(each["firstname"] in LISTED for each in mailed(house.west))
    expect(of_west).to_contain_text(f"{inside} of {len(west)} contacts take part")
    expect(of_west).to_contain_text(f"{len(LISTED)} match the filter")
    save(ana)
    sync_now(ana, "people")
    assert counted(ana)[1] == left_out(house, addressed=True)

    edit(ana, "records")
    expect(of_west).to_contain_text(f"{inside} of {len(west)} contacts take part")
    with saved(ana):
        require.uncheck()
    expect(of_west).to_contain_text(f"{len(LISTED)} of {len(west)} contacts take part")
    save(ana)
    sync_now(ana, "people")
    assert counted(ana)[1] == left_out(house, addressed=False)
    assert "Kim" in {each["firstname"] for each in house.east.records("contacts").values()}


def left_out(house: House, *, addressed: bool) -> int:
    """Return how many of all people take no part by the list of west and, if they must have one, an e-mail address."""
    people = [each for account in (house.east, house.west) for each in account.records("contacts").values()]
    with_address = {each["firstname"] for each in people if each.get("email")}
    taking_part = set(LISTED) & with_address if addressed else set(LISTED)
    return len({each["firstname"] for each in people} - taking_part)
