"""The editor of mappings while answers are on their way: nothing that is typed or switched meanwhile is lost."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import OpenAs
from tests.browser.house import House
from tests.browser.watch import PATIENCE

Hold = Callable[[str], Callable[[], None]]


@pytest.fixture
def page(open_as: OpenAs) -> Iterator[Page]:
    """Open the mappings of a draft, which is discarded in the end."""
    opened = open_as("editor")
    opened.goto("/syncs/people")
    opened.get_by_role("button", name="Edit sync settings").click()
    opened.wait_for_url("**/records")
    opened.goto(opened.url.replace("/records", "/fields"))
    expect(opened.locator("#mappings tbody")).to_have_count(10)
    draft = opened.url.rpartition("/")[0]
    yield opened
    opened.unroute_all(behavior="ignoreErrors")
    opened.goto(f"{draft}/discard")
    opened.get_by_role("button", name="Discard draft").click()


@pytest.fixture
def hold(page: Page) -> Hold:
    """Hold what is sent to an address; it is let go on by what is returned."""

    def held(address: str) -> Callable[[], None]:
        waiting: list[Route] = []
        page.route(address, lambda route: waiting.append(route), times=1)

        def let_go() -> None:
            until(lambda: bool(waiting), page)
            waiting.pop().continue_()

        return let_go

    return held


SEARCHED = """() => { window.searched = new Promise((done) =>
  document.addEventListener("htmx:trigger", (event) => { if (event.target.id === "q") done(); })); }"""
"""Notes when a search is asked for, which is a while after the last letter."""


def until(true: Callable[[], bool], page: Page) -> None:
    """Wait until something holds that the browser tells of."""
    for _ in range(PATIENCE // 20):
        if true():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it did not come to that")


def picker(page: Page, number: int, app: str = "east") -> Locator:
    return page.get_by_role("combobox", name=f"{app} field of mapping {number}", exact=True)


def switch(page: Page, number: int) -> Locator:
    return page.locator(f"#on-{number}")


def order(page: Page, changed: str, gone_to: str) -> list[str]:
    """Note in which order a change is answered and another page is asked for."""
    noted: list[str] = []
    page.on("requestfinished", lambda each: noted.append("answered") if each.url.endswith(changed) else None)
    page.on("request", lambda each: noted.append("gone") if each.url.endswith(gone_to) else None)
    return noted


def answered(page: Page) -> None:
    """Wait until nothing is on its way any more."""
    expect(page.locator(".htmx-request")).to_have_count(0)


def test_letters_typed_into_a_row_that_is_being_answered_are_kept(page: Page, hold: Hold) -> None:
    let_go = hold("**/fields/1")
    switch(page, 1).uncheck()
    field = picker(page, 1)
    field.click()
    field.press_sequentially("mob")
    let_go()
    answered(page)
    expect(field).to_be_focused()
    expect(field).to_have_value("mob")
    page.keyboard.type("ile")
    expect(field).to_have_value("mobile")
    field.press("Enter")
    expect(field).to_have_value("Mobile Phone Number")
    expect(switch(page, 1)).not_to_be_checked()


def test_text_that_is_marked_stays_marked_so_that_letters_take_its_place(page: Page, hold: Hold) -> None:
    let_go = hold("**/fields/2")
    switch(page, 2).uncheck()
    field = picker(page, 2)
    field.click()
    expect(page.get_by_role("listbox", name="east field of mapping 2")).to_be_visible()
    let_go()
    answered(page)
    expect(page.get_by_role("listbox", name="east field of mapping 2")).to_be_visible()
    page.keyboard.type("mobile")
    expect(field).to_have_value("mobile")


def test_text_that_was_given_up_does_not_come_back_with_another_answer(page: Page) -> None:
    field = picker(page, 2)
    was = field.input_value()
    field.click()
    field.press_sequentially("mob")
    field.press("Escape")
    expect(field).to_have_value(was)
    switch(page, 1).uncheck()
    expect(page.locator("#count")).to_contain_text("10 mappings, 9 on")
    answered(page)
    expect(field).to_have_value(was)


def test_new_row_takes_no_focus_from_what_is_being_typed(page: Page, hold: Hold) -> None:
    let_go = hold("**/fields/add")
    page.get_by_role("button", name="Add mapping").click()
    field = picker(page, 1)
    field.click()
    field.press_sequentially("mob")
    let_go()
    expect(page.locator("#m-11")).to_be_visible()
    answered(page)
    expect(field).to_be_focused()
    expect(field).to_have_value("mob")


def test_what_is_switched_while_a_row_is_taken_out_is_switched_in_its_own_row(page: Page, hold: Hold) -> None:
    moving, staying = picker(page, 5).input_value(), picker(page, 6).input_value()
    assert moving != staying
    let_go = hold("**/fields/3/remove")
    page.locator("#remove-3").click()
    switch(page, 5).uncheck()
    let_go()
    expect(page.locator("#count")).to_contain_text("9 mappings, 8 on")
    expect(page.locator("#mappings")).to_have_count(1)
    answered(page)
    expect(picker(page, 4)).to_have_value(moving)
    expect(switch(page, 4)).not_to_be_checked()
    expect(switch(page, 4)).to_be_focused()
    expect(picker(page, 5)).to_have_value(staying)
    expect(switch(page, 5)).to_be_checked()
    page.reload()
    expect(switch(page, 4)).not_to_be_checked()
    expect(switch(page, 5)).to_be_checked()


def test_what_is_pressed_while_rows_are_brought_anew_is_done_after_it(page: Page, hold: Hold) -> None:
    kept = picker(page, 7).input_value()
    let_go = hold("**/fields/3/remove")
    page.locator("#remove-3").click()
    switch(page, 5).uncheck()
    page.locator("#remove-6").click()
    page.get_by_role("button", name="Add mapping").click()
    let_go()
    expect(page.locator("#count")).to_contain_text("9 mappings")
    expect(page.locator("#count")).to_contain_text("1 to fix")
    expect(page.locator("#mappings tbody")).to_have_count(9)
    expect(switch(page, 4)).not_to_be_checked()
    expect(picker(page, 5)).to_have_value(kept)


def test_next_step_is_gone_to_though_it_is_pressed_before_an_answer(page: Page, hold: Hold) -> None:
    page.get_by_role("navigation", name="Steps").get_by_role("link", name="Records").click()
    let_go = hold("**/records")
    page.get_by_label("Send from west").select_option("filter")
    until(lambda: page.locator("#step .htmx-request, #step.htmx-request").count() > 0, page)
    page.get_by_role("button", name="Next: Matching").click()
    let_go()
    expect(page.get_by_role("heading", level=1)).to_have_text("How do we know two records are the same?")


def test_search_does_not_bring_back_what_was_switched_before_its_answer(page: Page, hold: Hold) -> None:
    let_go = hold("**/fields/1")
    switch(page, 1).uncheck()
    page.evaluate(SEARCHED)
    page.get_by_role("searchbox").press_sequentially("mail")
    page.evaluate("() => window.searched")
    page.request.get("/")  # by then a search that was not held back would be answered
    let_go()
    expect(page.locator("#mappings tbody")).to_have_count(1)
    answered(page)
    expect(switch(page, 1)).not_to_be_checked()


def test_second_press_of_a_switch_is_kept_though_another_part_of_the_page_asks_meanwhile(
    page: Page, hold: Hold
) -> None:
    let_go = hold("**/fields/1")
    switch(page, 1).uncheck()
    switch(page, 1).check()
    page.locator("#associations").get_by_role("switch").first.click()
    let_go()
    expect(page.locator("#count")).to_contain_text("10 mappings, 10 on")
    answered(page)
    expect(switch(page, 1)).to_be_checked()
    page.reload()
    expect(switch(page, 1)).to_be_checked()


def test_review_waits_for_an_association_that_was_switched_before_its_answer_came(page: Page, hold: Hold) -> None:
    page.get_by_role("link", name="Association mappings").click()
    let_go, noted = hold("**/switch"), order(page, "/switch", "/review")
    page.get_by_role("switch").first.click()
    page.get_by_role("link", name="Review changes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Association mappings")
    let_go()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review and save")
    expect(page.get_by_role("region", name="Changes", exact=True)).to_contain_text("Associations")
    assert noted == ["answered", "gone"]


def test_step_that_is_gone_to_waits_for_what_was_changed_before(page: Page, hold: Hold) -> None:
    let_go, noted = hold("**/fields/1"), order(page, "/fields/2", "/matching")
    switch(page, 1).uncheck()
    switch(page, 2).uncheck()
    page.get_by_role("navigation", name="Steps").get_by_role("link", name="Matching").click()
    let_go()
    expect(page.get_by_role("heading", level=1)).to_have_text("How do we know two records are the same?")
    page.get_by_role("navigation", name="Steps").get_by_role("link", name="Fields").click()
    for number in (1, 2):
        expect(switch(page, number)).not_to_be_checked()
    assert noted == ["answered", "gone"]


def test_who_presses_twice_goes_at_once(page: Page, hold: Hold) -> None:
    hold("**/fields/1")
    switch(page, 1).uncheck()
    step = page.get_by_role("navigation", name="Steps").get_by_role("link", name="Matching")
    step.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Which fields are kept equal?")
    step.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How do we know two records are the same?")


def test_review_begins_with_what_is_to_be_mended_and_leads_there(page: Page) -> None:
    page.get_by_role("button", name="Add mapping").click()
    expect(picker(page, 11)).to_be_focused()
    page.get_by_role("button", name="Review changes").click()
    summary = page.get_by_role("region", name="1 thing to mend before this can be saved")
    expect(summary).to_be_focused()
    summary.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Which fields are kept equal?")


def test_page_says_when_the_server_cannot_be_reached_and_when_it_answers_again(
    chromium: Browser, house: House, open_as: OpenAs
) -> None:
    state: Any = open_as("editor").context.storage_state()
    context = chromium.new_context(base_url=house.url, storage_state=state)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto("/syncs/people/records")
    told = page.locator("#offline")
    expect(told).to_be_hidden()
    context.set_offline(True)
    page.get_by_label("Search by name").fill("Dana")
    expect(told).to_be_visible()
    expect(told).to_contain_text("what you typed is still here")
    context.set_offline(False)
    page.get_by_label("Search by name").fill("Dana N")
    expect(told).to_be_hidden()
    expect(page.get_by_label("Search by name")).to_have_value("Dana N")
    context.close()
