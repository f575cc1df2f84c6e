"""One record on its page: put back, linked by hand; and a run that is stopped while it is at work."""

from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import NAMES, OpenAs, sign_up
from tests.browser.house import House, accounts, house
from tests.browser.looks import faults_of
from tests.browser.people import found, id_of, move
from tests.browser.watch import watched

WHO = "Amal Haddad"

SYNC = """\
syncs:
  people:
    state: draft
    objects: {east: contacts, west: contacts}
    match: [{east: email, west: email, compare: email}]
    guards: {first_run: 1000}
"""


def open_record(page: Page, house: House, name: str) -> None:
    page.goto(f"/syncs/people/records/{quote('east:' + id_of(house.east, name), safe='')}")
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def test_value_is_put_back_and_no_run_changes_it_again(house: House, open_as: OpenAs) -> None:
    olga = open_as("operator")
    before = found(house.west, WHO)["city"]
    move(house.east, WHO, "Porto")
    house.run("people")
    assert found(house.west, WHO)["city"] == "Porto"
    open_record(olga, house, WHO)
    why = olga.get_by_role("region", name="Why is City “Porto”?")
    expect(why).to_contain_text("East changed. So Porto was written to west")
    expect(why.get_by_role("link", name="Let west win")).to_have_count(0)
    button = why.get_by_role("link", name=f"Put back “{before}” in west")
    button.click()
    dialog = olga.get_by_role("dialog")
    expect(dialog).to_contain_text("This can itself be undone.")
    olga.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    button.press("Enter")
    dialog.get_by_role("button", name=f"Put back “{before}”").click()
    house.until(lambda: found(house.west, WHO)["city"] == before)
    expect(olga.get_by_role("link", name="Put back “Porto” in west")).to_be_visible()
    again = house.run("people")
    assert not any((*again["created"].values(), *again["updated"].values())), "both count as agreed"
    assert found(house.east, WHO)["city"] == "Porto"
    move(house.east, WHO, before)
    house.run("people")


def test_pair_is_unlinked_and_linked_again_by_hand(house: House, open_as: OpenAs) -> None:
    olga = open_as("operator")
    open_record(olga, house, WHO)
    olga.get_by_role("link", name="Unlink").click()
    olga.get_by_role("dialog").get_by_role("button", name="Unlink 2 records").click()
    expect(olga.get_by_role("status")).to_have_text("They are linked no longer. Both records stay as they are.")
    olga.get_by_role("link", name="Find its partner in west").click()
    olga.get_by_label("Name, e-mail or id").fill("nobody is called so")
    olga.get_by_role("button", name="Search").click()
    expect(olga.get_by_text("No record without a partner is called so there.")).to_be_visible()
    olga.get_by_label("Name, e-mail or id").fill("haddad")
    olga.get_by_role("button", name="Search").click()
    olga.get_by_role("button", name=f"Link to {id_of(house.west, WHO)}").click()
    expect(olga.get_by_role("status")).to_contain_text("The next run links them.")
    olga.get_by_role("button", name="Sync now").click()
    expect(olga.get_by_role("link", name="Unlink")).to_be_visible()


def test_changes_of_a_draft_are_previewed_before_they_are_saved(house: House, ana: Page) -> None:
    move(house.east, WHO, "Lisbon")
    house.run("people")
    ana.goto("/syncs/people")
    ana.get_by_role("button", name="Edit sync settings").click()
    ana.wait_for_url("**/records")
    draft = ana.url.rpartition("/")[0]
    ana.goto(f"{draft}/fields")
    with ana.expect_response(lambda answer: answer.request.method == "POST"):
        ana.get_by_role("switch").last.click()
    ana.get_by_role("button", name="Review changes").click()
    ana.get_by_label("Look at all records").check()
    ana.get_by_role("button", name="Preview these changes").click()
    expect(ana.get_by_role("heading", name="What the draft would change")).to_be_visible()
    expect(ana.get_by_role("link", name="Download CSV")).to_be_visible()
    expect(ana.get_by_role("button", name="Save and sync")).to_be_visible()
    ana.get_by_role("link", name="Back to the review of the draft").click()
    ana.get_by_role("link", name="Discard this draft").click()
    ana.get_by_role("button", name="Discard").click()
    expect(ana.get_by_role("status")).to_contain_text("is discarded")
    move(house.east, WHO, "Oslo")
    house.run("people")


def test_run_at_work_is_stopped_and_goes_on_when_somebody_lets_it(chromium: Browser, tmp_path: Path) -> None:
    with accounts() as (east, west):
        east.seed("contacts", [{"email": f"p{n}@mail.example", "firstname": f"Pat {n}"} for n in range(350)])
        west.fault("held", match="batch/create")
        with house(tmp_path, east, west, SYNC) as here, watched(chromium, here) as context:
            page = context().new_page()
            sign_up(page, here.link(), NAMES["admin"])
            page.goto("/syncs/people/on")
            page.get_by_role("button", name="Turn on").click()
            west.until_held()
            page.goto("/syncs/people/now")
            expect(page.get_by_text("Writing", exact=True)).to_be_visible()
            page.get_by_role("button", name="Stop this run").click()
            expect(page.get_by_text("wants it to end")).to_be_visible()
            west.let_go()
            expect(page.get_by_text("Ana Ruiz has stopped it.")).to_be_visible()
            assert faults_of(page, "run-stopped") == []
            written = len(west.records("contacts"))
            assert written < 350, "it ended between two batches"
            page.get_by_role("button", name="Continue").click()
            here.until(lambda: len(west.records("contacts")) == 350)
            assert len({row["email"] for row in west.records("contacts").values()}) == 350, "nobody was made twice"


def test_limits_that_somebody_has_unfolded_stay_so_when_the_page_is_drawn_anew(ana: Page) -> None:
    ana.goto("/syncs/firms")
    ana.get_by_role("button", name="Edit sync settings").click()
    ana.wait_for_url("**/records")
    ana.goto(ana.url.replace("/records", "/conflicts"))
    ana.get_by_text("Safety limits and schedule").click()
    winners = ana.get_by_role("region", name="An own winner for some fields").get_by_role("group")
    ana.locator("#add-winner").select_option(index=1)
    ana.locator("#add-winner-button").click()
    expect(winners).to_have_count(1)
    expect(ana.locator("#limits")).to_have_attribute("open", "")
    ana.goto(ana.url.replace("/conflicts", "/discard"))
    ana.get_by_role("button", name="Discard").click()
