"""What a preview shows, what a brake stops and what a sync bears: compared with what both apps hold in the end."""

import csv
import io
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from bothways.sandbox.hubspot.schema import prop
from tests.browser.house import House, accounts
from tests.browser.house import house as housed
from tests.browser.test_changes import answer, sync_now
from tests.browser.test_runs import Rows, changed, values

SYNCS = """\
syncs:
  people:
    state: on
    objects: {east: contacts, west: contacts}
    match: [{east: email, west: email, compare: email}]
    conflicts: {default_app: east, when_empty: clear}
    fields:
      - {east: email, west: email}
      - {east: firstname, west: firstname}
      - {east: phone, west: phone}
      - {east: shoe, west: shoe}
    guards: {first_run: 1000}
  firms:
    state: off
    objects: {east: companies, west: companies}
    match: [{east: domain, west: domain, compare: domain}]
    conflicts: {default_app: east, default: newest}
    fields:
      - {east: name, west: name}
      - {east: domain, west: domain}
      - {east: city, west: city, direction: to_west}
      - {east: phone, west: phone}
    guards: {first_run: 1000}
"""
PEOPLE = range(240)
SHOE = prop("shoe", "Shoe size", custom=True)
LABELS = {"Company name": "name", "Company Domain Name": "domain", "City": "city", "Phone Number": "phone"}


def firm(number: int, **more: str) -> dict[str, str]:
    return {"name": f"Firm {number}", "domain": f"firm{number}.example", **more}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Serve people of two accounts who are in step, and firms that differ in every way."""
    with accounts() as (east, west):
        for each in (east, west):
            each.define("contacts", SHOE)
            rows = [
                {"email": f"p{n}@mail.example", "firstname": f"Pat {n}", "phone": f"+44 20 7946 {n:04}"} for n in PEOPLE
            ]
            each.seed("contacts", rows)
        east.seed("companies", [firm(n, city="Oslo") for n in range(3)])
        west.seed(
            "companies", [firm(0, city="Oslo"), firm(1, city="Bergen"), firm(2, city="Turku", phone="+44 20 7946 0001")]
        )
        east.seed(
            "companies",
            [firm(3), firm(4, city="Moss", phone="+44 20 7946 0002"), {"name": "=1+1", "domain": "sum.example"}],
        )
        west.seed("companies", [firm(5, city="Moss"), {"name": "Nobody knows where"}])
        with housed(tmp_path_factory.mktemp("reality"), east, west, SYNCS) as here:
            here.until(lambda: bool(here.runs("people")))
            yield here


def test_preview_shows_every_change_and_no_other(house: House, ana: Page) -> None:
    apps = {"east": house.east, "west": house.west}
    before = {name: values(each, "companies") for name, each in apps.items()}
    ana.goto("/syncs/firms/preview")
    ana.get_by_role("button", name="Make a preview").click()
    with ana.expect_download() as download:
        ana.get_by_role("link", name="Download CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    shown = [row for row in csv.DictReader(io.StringIO(text)) if row["app"] and not row["held"]]
    assert {name: values(each, "companies") for name, each in apps.items()} == before, "nothing is written before"

    answer(ana, "Turn on")
    house.until(lambda: bool(house.runs("firms")))
    after = {name: values(each, "companies") for name, each in apps.items()}
    assert sorted(told(shown)) == sorted(done(before, after))


def told(shown: list[dict[str, str]]) -> Iterator[tuple[str, ...]]:
    """Yield what is to change, as the preview says it: app, id (none yet for a new record), field, value."""
    for row in shown:
        yield row["app"], row[f"id in {row['app']}"], LABELS[row["field"]], row["after"].removeprefix("'")


def done(before: dict[str, Rows], after: dict[str, Rows]) -> Iterator[tuple[str, ...]]:
    """Yield what did change, in the same words."""
    for app, rows in after.items():
        for id in changed(before[app], rows):
            was, now = before[app].get(id, {}), rows.get(id, {})
            for name in LABELS.values():
                if was.get(name) != now.get(name):
                    yield app, id if was else "", name, now.get(name, "")


def test_mapping_that_would_empty_many_phones_stops_and_goes_on_once_it_is_mended(house: House, ana: Page) -> None:
    for id in list(house.east.records("contacts"))[:230]:
        house.east.edit("contacts", id, {"phone": ""})
    before = values(house.west, "contacts")
    sync_now(ana, "people")
    expect(ana.get_by_text("Nothing is at work")).to_be_visible()
    expect(ana.get_by_role("alert")).to_contain_text("Phone Number in west would be emptied in 230 records")
    expect(ana.get_by_role("link", name="See in a preview")).to_be_visible()
    assert values(house.west, "contacts") == before

    ana.get_by_role("link", name="Fields").click()
    ana.get_by_role("button", name="Edit", exact=True).click()
    ana.wait_for_url("**/fields")
    ana.goto(f"{ana.url}/3")
    ana.get_by_label("The other app keeps its value").check()
    ana.get_by_role("button", name="Update").click()
    ana.get_by_role("button", name="Review changes").click()
    expect(ana.get_by_role("region", name="Changes", exact=True)).to_contain_text("keep")
    ana.get_by_role("button", name="Save and sync").click()
    expect(ana.get_by_role("status")).to_contain_text("It runs in a moment.")
    ana.goto("/syncs/people/now")
    expect(ana.get_by_text("Nothing is at work")).to_be_visible()
    assert values(house.west, "contacts") == before

    id = next(iter(before))
    house.west.edit("contacts", id, {"firstname": "Nia"})
    house.run("people")
    assert [each.records("contacts")[id]["firstname"] for each in (house.east, house.west)] == ["Nia", "Nia"]
    assert "phone" not in values(house.east, "contacts")[id], "what was emptied stays so where that was done"


def test_sync_goes_on_without_a_field_that_is_gone_until_its_mapping_is_taken_out(house: House, ana: Page) -> None:
    id = list(house.east.records("contacts"))[-1]
    house.west.define("contacts", {**SHOE, "archived": True})
    house.east.edit("contacts", id, {"firstname": "Ada", "shoe": "41"})
    sync_now(ana, "people")
    house.until(lambda: house.west.records("contacts")[id]["firstname"] == "Ada")

    ana.goto("/syncs/people/fields")
    row = ana.get_by_role("row").filter(has_text="shoe")
    expect(row).to_contain_text('Left out west has no field "shoe" in contacts.')
    ana.get_by_role("link", name="Issues").click()
    expect(ana.get_by_role("article")).to_have_count(1)
    ana.get_by_role("button", name="Edit the fields of people").click()
    ana.wait_for_url("**/fields")
    expect(ana.get_by_role("main")).to_contain_text("Gone in west")
    ana.get_by_role("button", name="Remove").last.click()
    expect(ana.get_by_text("Gone in west")).to_have_count(0)
    ana.get_by_role("button", name="Review changes").click()
    before = len(house.runs("people"))
    ana.get_by_role("button", name="Save and sync").click()
    expect(ana.get_by_role("status")).to_contain_text("It runs in a moment.")
    house.until(lambda: any(each["state"] == "done" for each in house.runs("people")[before:]))
    ana.goto("/issues")
    expect(ana.get_by_text("Nothing needs you")).to_be_visible()
