"""Changes on their way: from app to app, explained, and while a sync is off."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from bothways.sandbox.hubspot import subscriptions
from bothways.web.assets import assets
from tests.browser.holding import Held
from tests.browser.house import House
from tests.browser.people import found, move
from tests.browser.watch import ready


def city(house: House, name: str) -> tuple[str | None, str | None]:
    """Return the city of a person or a firm in both apps."""
    return found(house.east, name).get("city"), found(house.west, name).get("city")


def ask_for_run(page: Page, name: str) -> None:
    page.goto(f"/syncs/{name}")
    page.get_by_role("button", name="Sync now").click()
    expect(page).to_have_url(re.compile(r"/syncs/\w+/now$"))


def sync_now(page: Page, name: str) -> None:
    """Ask for a run, and wait for its end."""
    ask_for_run(page, name)
    expect(page.get_by_role("heading", name="Nothing is at work")).to_be_visible()


def test_change_arrives_by_itself_and_its_record_says_why(house: House, ana: Page) -> None:
    house.east.subscribe(f"{house.url}/hooks/east", subscriptions("contact", ["city"]))
    before = len(house.runs("people"))
    move(house.east, "Dana Novak", "Bergen")
    house.until(lambda: any(each["updated"] for each in house.runs("people")[before:]))
    assert city(house, "Dana Novak") == ("Bergen", "Bergen")

    ana.goto("/syncs/people/records")
    ana.get_by_label("Search by name, e-mail or id").fill("dana")
    expect(ana.get_by_role("rowheader")).to_have_text(["Dana Novak"])
    expect(ana).to_have_url(f"{house.url}/syncs/people/records?state=&q=dana")
    ana.get_by_role("link", name="Dana Novak").click()
    expect(ana.get_by_role("heading", name="Dana Novak")).to_be_visible()
    row = ana.get_by_role("row", name="City")
    expect(row.get_by_role("cell", name="Bergen", exact=True)).to_have_count(2)
    row.get_by_role("link", name="Why?").click()
    why = ana.get_by_role("region", name="Why is City “Bergen”?")
    expect(why).to_contain_text("East changed. So Bergen was written to west")
    history = ana.get_by_role("region", name="History")
    expect(history.get_by_role("listitem").first).to_contain_text("Written to west")
    expect(history.get_by_role("listitem").first).to_contain_text("City: replaced: Oslo Bergen")


def test_change_of_the_other_app_arrives_when_asked_for_and_comes_back_as_no_echo(house: House, ana: Page) -> None:
    move(house.west, "Chen Wei", "Turku")
    sync_now(ana, "people")
    house.until(lambda: city(house, "Chen Wei") == ("Turku", "Turku"))
    again = house.run("people")
    assert not any((*again["created"].values(), *again["updated"].values())), "it does not come back as an echo"
    ana.goto("/activity")
    expect(ana.get_by_role("row").filter(has_text="1 in east").first).to_contain_text("people")


def test_list_that_was_searched_is_whole_again_after_going_back(ana: Page) -> None:
    ana.goto("/syncs/people/records")
    search = ana.get_by_label("Search by name, e-mail or id")
    search.fill("dana")
    expect(ana.get_by_role("rowheader")).to_have_text(["Dana Novak"])
    search.fill("chen")
    expect(ana.get_by_role("rowheader")).to_have_text(["Chen Wei"])
    ana.go_back()
    expect(ana.get_by_role("rowheader")).to_have_text(["Dana Novak"])
    expect(ana.get_by_role("heading", level=1)).to_contain_text("people")


def answer(page: Page, what: str, choice: str = "") -> None:
    """Do something that is asked about first, in a dialog."""
    ready(page)
    page.get_by_role("link", name=what).click()
    dialog = page.get_by_role("dialog")
    if choice:
        dialog.get_by_label(choice).check()
    dialog.get_by_role("button", name=what).click()


def test_what_changed_while_a_sync_was_off_is_caught_up_with_or_left(house: House, ana: Page) -> None:
    title, said = ana.get_by_role("heading", level=1), ana.get_by_role("status")
    ana.goto("/syncs/firms")
    answer(ana, "Turn off")
    expect(said).to_contain_text("firms is off.")
    expect(title).to_contain_text("Off")
    move(house.east, "Acorn Tools", "Bergen")
    move(house.west, "Birch Paper", "Turku")
    answer(ana, "Turn on", "Compare and catch up")
    expect(said).to_contain_text("firms is on.")
    sync_now(ana, "firms")
    house.until(lambda: city(house, "Acorn Tools") == ("Bergen", "Bergen"))
    house.until(lambda: city(house, "Birch Paper") == ("Turku", "Turku"))

    ana.goto("/syncs/firms")
    answer(ana, "Turn off")
    expect(said).to_contain_text("firms is off.")
    move(house.east, "Acorn Tools", "Narvik")
    answer(ana, "Turn on", "From now on")
    expect(said).to_contain_text("firms is on.")
    house.run("firms")  # from here on it carries changes
    move(house.east, "Cedar Boats", "Moss")
    sync_now(ana, "firms")
    house.until(lambda: city(house, "Cedar Boats") == ("Moss", "Moss"))
    assert city(house, "Acorn Tools") == ("Narvik", "Bergen"), "what changed while it was off stays as it is"


STREAM = """path => {
  window.before = true;
  const stream = document.createElement("live-stream");
  Object.assign(stream.dataset, { src: "/ended", over: "Finished", live: "Live", hold: "Pause" });
  stream.innerHTML = "<span data-state></span><button data-toggle></button><p role=status></p><div data-part></div>";
  document.getElementById("main").append(stream);
  document.head.append(Object.assign(document.createElement("script"), { src: path }));
}"""
"""Puts a stream into a page that has none, and what shows it."""


def test_question_that_is_being_asked_stays_when_what_was_at_work_has_ended(ana: Page) -> None:
    ended = 'event: over\ndata: <p data-said="Done">Done</p>\n\n'
    ana.route("**/ended", lambda route: route.fulfill(content_type="text/event-stream", body=ended))
    ana.goto("/syncs/people")
    ana.get_by_role("link", name="Turn off").click()
    dialog = ana.get_by_role("dialog")
    expect(dialog).to_be_visible()
    ana.evaluate(STREAM, assets()["live.js"].path)
    expect(ana.locator("live-stream [data-state]")).to_have_text("Finished")
    expect(dialog).to_be_visible()
    dialog.get_by_role("link", name="Cancel").click()
    ana.wait_for_function("() => !window.before")
    expect(dialog).to_have_count(0)
    expect(ana.get_by_role("link", name="Turn off")).to_be_focused()


@pytest.mark.parametrize("first", ["Delete", "Turn off"], ids=["pressed twice", "after another"])
def test_question_that_was_asked_for_last_is_asked_once(ana: Page, first: str) -> None:
    ana.goto("/syncs/people")
    held = Held(ana, "**/people/delete" if first == "Delete" else "**/people/off", answered=True)
    ana.get_by_role("link", name=first).click()
    held.come()
    ana.get_by_role("link", name="Delete").click()
    dialog = ana.get_by_role("dialog")
    if first == "Delete":
        held.let_go()
    expect(dialog).to_be_visible()
    ana.keyboard.type("peo")
    if first != "Delete":
        held.let_go()
    expect(ana.locator(".htmx-request")).to_have_count(0)
    expect(dialog.get_by_label("Type people to delete it")).to_have_value("peo")
    ana.keyboard.press("Escape")
    expect(ana.get_by_role("link", name="Delete")).to_be_focused()


TELL = """() => {
  const state = document.querySelector("live-stream [data-state]");
  new MutationObserver(() => console.info(state.textContent)).observe(state, { childList: true });
}"""
"""Has the console tell how a stream stands: a page that is left for another one is asked nothing."""


def test_page_that_was_asked_for_comes_though_what_was_at_work_ends_meanwhile(house: House, ana: Page) -> None:
    asked_for: list[Route] = []
    house.east.fault("held", match="objects/2026-09/companies")
    ask_for_run(ana, "firms")
    house.east.until_held()
    expect(ana.locator("live-stream [data-state]")).to_have_text("Live")
    ana.evaluate(TELL)
    ana.route("**/syncs/firms/records", lambda route: asked_for.append(route))
    with ana.expect_console_message(lambda said: said.text == "Finished"):
        with ana.expect_request("**/syncs/firms/records"):
            ana.get_by_role("link", name="Records").click(no_wait_after=True)
        house.east.let_go()
    asked_for[0].continue_()
    expect(ana).to_have_title(re.compile("^Records"))
