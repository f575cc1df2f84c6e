"""The editor of mappings while answers are on their way: nothing that is typed or switched meanwhile is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.holding import Held, until
from tests.browser.house import House
from tests.browser.watch import PATIENCE, ready

Hold = Callable[[str], Callable[[], None]]


@pytest.fixture
def hold(editor: Page) -> Hold:
    """Hold what is sent to an address; it is let go on by what is returned."""
    return lambda address: Held(editor, address).let_go


SEARCHED = """() => { window.searched = new Promise((done) =>
  document.addEventListener("htmx:trigger", (event) => { if (event.target.id === "q") done(); })); }"""
"""Notes when a search is asked for, which is a while after the last letter."""


def picker(editor: Page, number: int, app: str = "east") -> Locator:
    return editor.get_by_role("combobox", name=f"{app} field of mapping {number}", exact=True)


def switch(editor: Page, number: int) -> Locator:
    return editor.locator(f"#on-{number}")


def order(editor: Page, changed: str, gone_to: str) -> list[str]:
    """Note in which order a change is answered and another page is asked for."""
    noted: list[str] = []
    editor.on("requestfinished", lambda each: noted.append("answered") if each.url.endswith(changed) else None)
    editor.on("request", lambda each: noted.append("gone") if each.url.endswith(gone_to) else None)
    return noted


def go_to(editor: Page, step: str, heading: str) -> None:
    editor.get_by_role("navigation", name="Steps").get_by_role("link", name=step).click()
    expect(editor.get_by_role("heading", level=1)).to_have_text(heading)
    ready(editor)


def answered(editor: Page) -> None:
    """Wait until nothing is on its way any more."""
    expect(editor.locator(".htmx-request")).to_have_count(0)


def test_letters_typed_into_a_row_that_is_being_answered_are_kept(editor: Page, hold: Hold) -> None:
    let_go = hold("**/fields/1")
    switch(editor, 1).uncheck()
    field = picker(editor, 1)
    field.click()
    field.press_sequentially("mob")
    let_go()
    answered(editor)
    expect(field).to_be_focused()
    expect(field).to_have_value("mob")
    editor.keyboard.type("ile")
    expect(field).to_have_value("mobile")
    field.press("Enter")
    expect(field).to_have_value("Mobile Phone Number")
    expect(switch(editor, 1)).not_to_be_checked()


def test_text_that_is_marked_stays_marked_so_that_letters_take_its_place(editor: Page, hold: Hold) -> None:
    let_go = hold("**/fields/2")
    switch(editor, 2).uncheck()
    field = picker(editor, 2)
    field.click()
    expect(editor.get_by_role("listbox", name="east field of mapping 2")).to_be_visible()
    let_go()
    answered(editor)
    expect(editor.get_by_role("listbox", name="east field of mapping 2")).to_be_visible()
    editor.keyboard.type("mobile")
    expect(field).to_have_value("mobile")


def test_text_that_was_given_up_does_not_come_back_with_another_answer(editor: Page) -> None:
    field = picker(editor, 2)
    was = field.input_value()
    field.click()
    field.press_sequentially("mob")
    field.press("Escape")
    expect(field).to_have_value(was)
    switch(editor, 1).uncheck()
    expect(editor.locator("#count")).to_contain_text("10 mappings, 9 on")
    answered(editor)
    expect(field).to_have_value(was)


def test_new_row_takes_no_focus_from_what_is_being_typed(editor: Page, hold: Hold) -> None:
    let_go = hold("**/fields/add")
    editor.get_by_role("button", name="Add mapping").click()
    field = picker(editor, 1)
    field.click()
    field.press_sequentially("mob")
    let_go()
    expect(editor.locator("#m-11")).to_be_visible()
    answered(editor)
    expect(field).to_be_focused()
    expect(field).to_have_value("mob")


def test_what_is_switched_while_a_row_is_taken_out_is_switched_in_its_own_row(editor: Page, hold: Hold) -> None:
    moving, staying = picker(editor, 5).input_value(), picker(editor, 6).input_value()
    assert moving != staying
    let_go = hold("**/fields/3/remove")
    editor.locator("#remove-3").click()
    switch(editor, 5).uncheck()
    let_go()
    expect(editor.locator("#count")).to_contain_text("9 mappings, 8 on")
    expect(editor.locator("#mappings")).to_have_count(1)
    answered(editor)
    expect(picker(editor, 4)).to_have_value(moving)
    expect(switch(editor, 4)).not_to_be_checked()
    expect(switch(editor, 4)).to_be_focused()
    expect(picker(editor, 5)).to_have_value(staying)
    expect(switch(editor, 5)).to_be_checked()
    editor.reload()
    expect(switch(editor, 4)).not_to_be_checked()
    expect(switch(editor, 5)).to_be_checked()


def test_what_is_pressed_while_rows_are_brought_anew_is_done_after_it(editor: Page, hold: Hold) -> None:
    kept = picker(editor, 7).input_value()
    let_go = hold("**/fields/3/remove")
    editor.locator("#remove-3").click()
    switch(editor, 5).uncheck()
    editor.locator("#remove-6").click()
    editor.get_by_role("button", name="Add mapping").click()
    let_go()
    expect(editor.locator("#count")).to_contain_text("9 mappings")
    expect(editor.locator("#count")).to_contain_text("1 to fix")
    expect(editor.locator("#mappings tbody")).to_have_count(9)
    expect(switch(editor, 4)).not_to_be_checked()
    expect(picker(editor, 5)).to_have_value(kept)


def test_next_step_is_gone_to_though_it_is_pressed_before_an_answer(editor: Page, hold: Hold) -> None:
    go_to(editor, "Records", "Which records should sync?")
    let_go = hold("**/records")
    editor.get_by_label("Send from west").select_option("filter")
    until(lambda: editor.locator("#step .htmx-request, #step.htmx-request").count() > 0, editor)
    editor.get_by_role("button", name="Next: Matching").click()
    let_go()
    expect(editor.get_by_role("heading", level=1)).to_have_text("How do we know two records are the same?")


def test_search_does_not_bring_back_what_was_switched_before_its_answer(editor: Page, hold: Hold) -> None:
    let_go = hold("**/fields/1")
    switch(editor, 1).uncheck()
    editor.evaluate(SEARCHED)
    editor.get_by_role("searchbox").press_sequentially("mail")
    editor.evaluate("() => window.searched")
    editor.request.get("/")  # by then a search that was not held back would be answered
    let_go()
    expect(editor.locator("#mappings tbody")).to_have_count(1)
    answered(editor)
    expect(switch(editor, 1)).not_to_be_checked()


def test_second_press_of_a_switch_is_kept_though_another_part_of_the_page_asks_meanwhile(
    editor: Page, hold: Hold
) -> None:
    let_go = hold("**/fields/1")
    switch(editor, 1).uncheck()
    switch(editor, 1).check()
    editor.locator("#associations").get_by_role("switch").first.click()
    let_go()
    expect(editor.locator("#count")).to_contain_text("10 mappings, 10 on")
    answered(editor)
    expect(switch(editor, 1)).to_be_checked()
    editor.reload()
    expect(switch(editor, 1)).to_be_checked()


def test_review_waits_for_an_association_that_was_switched_before_its_answer_came(editor: Page, hold: Hold) -> None:
    editor.get_by_role("link", name="Association mappings").click()
    expect(editor.get_by_role("heading", level=1)).to_have_text("Association mappings")
    ready(editor)
    let_go, noted = hold("**/switch"), order(editor, "/switch", "/review")
    editor.get_by_role("switch").first.click()
    editor.get_by_role("link", name="Review changes").click()
    expect(editor.get_by_role("heading", level=1)).to_have_text("Association mappings")
    let_go()
    expect(editor.get_by_role("heading", level=1)).to_have_text("Review and save")
    expect(editor.get_by_role("region", name="Changes", exact=True)).to_contain_text("Associations")
    assert noted == ["answered", "gone"]


def test_step_that_is_gone_to_waits_for_what_was_changed_before(editor: Page, hold: Hold) -> None:
    let_go, noted = hold("**/fields/1"), order(editor, "/fields/2", "/matching")
    switch(editor, 1).uncheck()
    switch(editor, 2).uncheck()
    editor.get_by_role("navigation", name="Steps").get_by_role("link", name="Matching").click()
    let_go()
    expect(editor.get_by_role("heading", level=1)).to_have_text("How do we know two records are the same?")
    editor.get_by_role("navigation", name="Steps").get_by_role("link", name="Fields").click()
    for number in (1, 2):
        expect(switch(editor, number)).not_to_be_checked()
    assert noted == ["answered", "gone"]


def test_field_chosen_by_typing_is_kept_though_something_is_pressed_before_its_list_has_come(
    editor: Page, hold: Hold
) -> None:
    let_go, noted = hold("**/options?*q=mobile"), order(editor, "/fields/3", "/fields")
    picker(editor, 3).fill("mobile")
    picker(editor, 3).press("Enter")
    editor.get_by_role("button", name="Update").click()
    let_go()
    expect(editor.get_by_role("status")).to_contain_text("The draft is updated.")
    expect(picker(editor, 3)).to_have_value("Mobile Phone Number")
    assert noted == ["answered", "gone"]


def test_step_that_is_gone_to_waits_for_a_field_whose_list_has_not_come(editor: Page, hold: Hold) -> None:
    let_go, noted = hold("**/options?*q=mobile"), order(editor, "/fields/3", "/matching")
    picker(editor, 3).fill("mobile")
    picker(editor, 3).press("Enter")
    editor.get_by_role("navigation", name="Steps").get_by_role("link", name="Matching").click()
    let_go()
    expect(editor.get_by_role("heading", level=1)).to_have_text("How do we know two records are the same?")
    assert noted == ["answered", "gone"]


def test_text_that_fits_no_field_holds_nobody_up(editor: Page, hold: Hold) -> None:
    let_go = hold("**/options?*q=nowhere")
    picker(editor, 3).fill("nowhere")
    picker(editor, 3).press("Enter")
    editor.get_by_role("navigation", name="Steps").get_by_role("link", name="Matching").click()
    expect(editor.get_by_role("heading", level=1)).to_have_text("Which fields are kept equal?")
    let_go()
    expect(editor.get_by_role("heading", level=1)).to_have_text("How do we know two records are the same?")


def test_refused_list_says_why_in_the_words_of_all_refusals(open_as: OpenAs) -> None:
    edo, other = open_as("editor"), open_as("editor")
    edo.goto("/syncs/deals")
    edo.get_by_role("button", name="Edit sync settings").click()
    edo.get_by_role("link", name="Fields").click()
    expect(edo.get_by_role("heading", level=1)).to_have_text("Which fields are kept equal?")
    other.goto(edo.url.replace("/fields", "/discard"))
    other.get_by_role("button", name="Discard draft").click()
    expect(other.get_by_role("status")).to_contain_text("is discarded")
    picker(edo, 1).click()
    expect(edo.get_by_role("alert")).to_contain_text("it was saved or discarded. Nothing was written.")
    expect(picker(edo, 1)).to_be_focused()


def test_nothing_is_sent_any_more_from_a_page_that_is_being_left(editor: Page) -> None:
    go_to(editor, "Conflicts", "When the two apps differ")
    held, sent = Held(editor, "**/conflicts", answered=True), list[str]()
    editor.on("request", lambda each: sent.append(each.url) if each.method == "POST" else None)
    editor.locator("#next").click()
    held.come()
    editor.locator("#add-winner").select_option(index=1)
    editor.locator("#add-winner-button").click()
    held.let_go()
    expect(editor.get_by_role("heading", level=1)).to_have_text("Which fields are kept equal?")
    assert len(sent) == 1


def test_who_presses_twice_goes_at_once(editor: Page, hold: Hold) -> None:
    hold("**/fields/1")
    switch(editor, 1).uncheck()
    step = editor.get_by_role("navigation", name="Steps").get_by_role("link", name="Matching")
    step.click()
    expect(editor.get_by_role("heading", level=1)).to_have_text("Which fields are kept equal?")
    step.click()
    expect(editor.get_by_role("heading", level=1)).to_have_text("How do we know two records are the same?")


def test_review_begins_with_what_is_to_be_mended_and_leads_there(editor: Page) -> None:
    editor.get_by_role("button", name="Add mapping").click()
    expect(picker(editor, 11)).to_be_focused()
    editor.get_by_role("button", name="Review changes").click()
    summary = editor.get_by_role("region", name="1 thing to mend before this can be saved")
    expect(summary).to_be_focused()
    summary.get_by_role("link").click()
    expect(editor.get_by_role("heading", level=1)).to_have_text("Which fields are kept equal?")


def test_page_says_when_the_server_cannot_be_reached_and_when_it_answers_again(
    chromium: Browser, house: House, open_as: OpenAs
) -> None:
    state: Any = open_as("editor").context.storage_state()
    context = chromium.new_context(base_url=house.url, storage_state=state)
    context.set_default_timeout(PATIENCE)
    editor = context.new_page()
    editor.goto("/syncs/people/records")
    told = editor.locator("#offline")
    expect(told).to_be_hidden()
    context.set_offline(True)
    editor.get_by_label("Search by name").fill("Dana")
    expect(told).to_be_visible()
    expect(told).to_contain_text("what you typed is still here")
    context.set_offline(False)
    editor.get_by_label("Search by name").fill("Dana N")
    expect(told).to_be_hidden()
    expect(editor.get_by_label("Search by name")).to_have_value("Dana N")
    context.close()
