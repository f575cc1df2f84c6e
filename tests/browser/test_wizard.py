"""A new sync by the keyboard alone and without script; two who edit the same draft; a session that ends meanwhile."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.holding import Held
from tests.browser.house import House
from tests.browser.test_rights import expire, sign_in
from tests.browser.watch import ready

ELSEWHERE = "document.activeElement === document.body"
SENTENCE = "#sentence"


def tab_to(page: Page, id: str) -> None:
    """Press Tab until the control of this id has the focus, which is never lost on the way."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == id:
            return
    raise AssertionError(f"{id} cannot be reached by the keyboard")


def press(page: Page, id: str, key: str = "Enter") -> None:
    tab_to(page, id)
    page.keyboard.press(key)


def step(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    ready(page)


def choose(page: Page, id: str, key: str, sentence: str) -> None:
    """Choose in a list by its first letters, and find the focus there still after the answer."""
    tab_to(page, id)
    page.keyboard.type(key)
    expect(page.locator(SENTENCE)).to_contain_text(sentence)
    expect(page.locator(f"#{id}")).to_be_focused()


def discard(page: Page) -> None:
    """Leave the workspace as it was."""
    page.goto(re.sub(r"/\w+(\?.*)?(#.*)?$", "/discard", page.url))
    page.get_by_role("button", name="Discard draft").click()
    expect(page.get_by_role("status")).to_contain_text("is discarded")


def test_new_sync_is_set_up_by_the_keyboard_alone_and_the_focus_is_never_lost(open_as: OpenAs) -> None:
    page = open_as("editor")
    page.goto("/")
    press(page, "new-sync")
    step(page, "Which two apps should be kept in step?")
    press(page, "next")
    step(page, "What should be kept in step?")
    tab_to(page, "object-0")
    page.keyboard.type("Deal")
    expect(page.locator("#name")).to_have_value("deals 2")
    tab_to(page, "object-1")
    page.keyboard.type("Deal")
    press(page, "next")
    step(page, "Which records should sync?")
    expect(page.locator(SENTENCE)).to_contain_text("Two-way. All east deals go to west. All west deals go")
    choose(page, "send-1", "No", "east to west. All east deals go to west. No west")
    page.reload()
    expect(page.locator("#send-1")).to_have_value("none")
    choose(page, "send-0", "No", "send nothing, so nothing would be synced")
    expect(page.locator("#step-records")).to_contain_text("1 to mend")
    choose(page, "send-0", "All", "east to west.")
    press(page, "next")
    step(page, "How do we know two records are the same?")
    tab_to(page, "match-1")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#step-matching")).not_to_contain_text("to mend")
    expect(page.locator("#match-4")).to_be_focused()
    press(page, "next")
    step(page, "When the two apps differ")
    tab_to(page, "winner-1")
    with page.expect_response("**/conflicts"):
        page.keyboard.press("ArrowDown")
    expect(page.locator("#winner-2")).to_be_focused()
    press(page, "next")
    step(page, "Which fields are kept equal?")
    number = page.locator("#mappings tbody").count() + 1
    press(page, "on-1", "Space")
    expect(page.locator("#count")).to_contain_text(f"{number - 1} mappings, {number - 2} on")
    expect(page.locator("#on-1")).to_be_focused()
    press(page, "add")
    expect(page.locator(f"#f-{number}-left")).to_be_focused()
    page.keyboard.type("owner")
    page.keyboard.press("Escape")
    press(page, f"remove-{number}")
    expect(page.locator(f"#remove-{number - 1}")).to_be_focused()
    assert not page.evaluate(ELSEWHERE)
    press(page, "review")
    step(page, "Review and save")
    summary = page.get_by_role("region", name="What this sync does")
    expect(summary).to_contain_text("east to west.")
    press(page, "save")
    expect(page.get_by_role("status")).to_contain_text("deals 2 is saved.")
    ready(page)
    press(page, "delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.type("deals 2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("deals 2 is deleted.")


def test_name_that_is_typed_while_another_one_is_being_suggested_is_kept(open_as: OpenAs) -> None:
    page = open_as("editor")
    page.goto("/new-sync?app-0=east&app-1=west")
    held = Held(page, "**/new-sync?*", answered=True)
    page.get_by_label("Object of east").select_option("deals")
    held.come()
    name = page.get_by_label("Name of the sync")
    name.fill("by hand")
    held.let_go()
    expect(page.locator("#name-block [name=suggested]")).to_have_value("deals 2")
    expect(name).to_have_value("by hand")
    expect(name).to_be_focused()


def test_both_dropdowns_without_script(open_as: OpenAs) -> None:
    page = open_as("editor", java_script_enabled=False)
    page.goto("/new-sync")
    page.get_by_role("button", name="Next: Object").click()
    page.get_by_label("Object of east").select_option("companies")
    page.get_by_label("Object of west").select_option("companies")
    page.get_by_label("Name of the sync").fill("by hand")
    page.get_by_role("button", name="Next: Records").click()
    sentence, save = page.locator(SENTENCE), page.locator("#save-draft")
    expect(sentence).to_contain_text("Two-way.")
    page.get_by_label("Send from east").select_option("none")
    save.click()
    expect(sentence).to_contain_text("west to east. No east companies go to west. All west companies")
    page.get_by_label("Send from west").select_option("none")
    save.click()
    expect(sentence).to_contain_text("send nothing, so nothing would be synced")
    page.reload()
    expect(page.get_by_label("Send from west")).to_have_value("none")
    page.get_by_role("button", name="Both ways").click()
    expect(sentence).to_contain_text("Two-way.")
    for title in ("Matching", "Conflicts", "Fields"):
        page.get_by_role("button", name=f"Next: {title}").click()
    page.get_by_role("button", name="Review changes").click()
    step(page, "Review and save")
    expect(page.get_by_role("region", name="What this sync does")).to_contain_text("Two-way.")
    discard(page)


SUBMITTED_TWICE = """form => [1, 2].map(() => {
  const event = new SubmitEvent("submit", { bubbles: true, cancelable: true });
  form.dispatchEvent(event);
  return event.defaultPrevented;
})"""
"""Lets a form be submitted twice at once, as a double click does where the server takes its time; nothing is sent."""


def test_double_click_counts_once(open_as: OpenAs) -> None:
    page = open_as("editor")
    page.goto("/")
    assert page.locator("form.me").evaluate(SUBMITTED_TWICE) == [False, True]


def test_pages_of_a_draft_send_nothing_by_themselves(open_as: OpenAs) -> None:
    page, sent = open_as("editor"), list[str]()
    page.goto("/syncs/people")
    page.get_by_role("button", name="Edit sync settings").click()
    page.wait_for_url("**/records")
    page.on("request", lambda each: sent.append(each.url) if each.method == "POST" else None)
    for each in ("records", "matching", "conflicts", "fields", "associations", "review"):
        page.goto(page.url.rpartition("/")[0] + f"/{each}")
        expect(page.locator(".htmx-request")).to_have_count(0)
    assert sent == []
    discard(page)


def test_what_is_chosen_before_the_scripts_have_come_is_sent_once_they_are_there(open_as: OpenAs) -> None:
    page = open_as("editor")
    page.goto("/syncs/deals")
    page.get_by_role("button", name="Edit sync settings").click()
    expect(page.locator(SENTENCE)).to_contain_text("Two-way.")
    held = Held(page, "**/static/htmx*")
    page.goto(page.url, wait_until="commit")
    page.get_by_label("Send from west").select_option("none")
    held.let_go()
    expect(page.locator(SENTENCE)).to_contain_text("east to west.")
    page.goto(page.url.replace("/records", "/fields"))
    held = Held(page, "**/static/htmx*")
    page.reload(wait_until="commit")
    page.locator("#on-1").uncheck()
    with page.expect_response("**/fields/1"):
        held.let_go()
    page.reload()
    expect(page.locator("#on-1")).not_to_be_checked()
    discard(page)


def test_step_that_is_gone_back_to_says_what_the_draft_says(open_as: OpenAs) -> None:
    page = open_as("editor")
    page.goto("/syncs/deals")
    page.get_by_role("button", name="Edit sync settings").click()
    page.get_by_label("Send from west").select_option("none")
    expect(page.locator(SENTENCE)).to_contain_text("east to west.")
    page.get_by_role("button", name="Next: Matching").click()
    step(page, "How do we know two records are the same?")
    page.get_by_role("navigation", name="Steps").get_by_role("link", name="Records").click()
    step(page, "Which records should sync?")
    page.get_by_label("Send from west").select_option("all")
    expect(page.locator(SENTENCE)).to_contain_text("Two-way.")
    page.go_back()
    step(page, "How do we know two records are the same?")
    page.go_back()
    step(page, "Which records should sync?")
    expect(page.get_by_label("Send from west")).to_have_value("all")
    expect(page.locator(SENTENCE)).to_contain_text("Two-way.")
    discard(page)


AT_ONCE = """() => new Promise((done) => {
  new MutationObserver((_, observer) => {
    const other = document.getElementById("send-0");
    if (document.getElementById("send-1").value !== "none" || other.value === "none") return;
    observer.disconnect();
    other.value = "none";
    other.dispatchEvent(new Event("change", { bubbles: true }));
    done();
  }).observe(document.getElementById("main"), { childList: true, subtree: true });
  const first = document.getElementById("send-1");
  first.value = "none";
  first.dispatchEvent(new Event("change", { bubbles: true }));
})"""
"""Chooses in one list, and in the other one in the very moment in which the answer brings it anew."""


def test_what_is_chosen_in_the_moment_of_an_answer_is_kept(open_as: OpenAs) -> None:
    page = open_as("editor")
    page.goto("/syncs/deals")
    page.get_by_role("button", name="Edit sync settings").click()
    expect(page.locator(SENTENCE)).to_contain_text("Two-way.")
    page.evaluate(AT_ONCE)
    expect(page.locator(SENTENCE)).to_contain_text("send nothing, so nothing would be synced")
    discard(page)


def test_second_of_two_editors_sees_both_versions(open_as: OpenAs, ana: Page) -> None:
    edo = open_as("editor")
    edo.goto("/syncs/deals")
    edo.get_by_role("button", name="Edit sync settings").click()
    expect(edo.locator(SENTENCE)).to_contain_text("Two-way.")
    ana.goto(edo.url)
    edo.get_by_label("Send from east").select_option("none")
    expect(edo.locator(SENTENCE)).to_contain_text("west to east.")
    ana.get_by_label("Send from west").select_option("none")
    expect(ana.get_by_role("alert")).to_contain_text("Edo Sato has changed the draft of deals since you loaded it.")
    expect(ana.get_by_role("alert")).to_be_focused()
    row = ana.get_by_role("table", name="Yours and theirs").get_by_role("row", name="What is sent")
    expect(row.get_by_role("cell").nth(0)).to_contain_text("west: none")
    expect(row.get_by_role("cell").nth(1)).to_contain_text("east: none")
    expect(ana.get_by_label("Send from east")).to_have_value("none")
    ana.get_by_label("Send from east").select_option("all")
    expect(ana.locator(SENTENCE)).to_contain_text("Two-way.")
    discard(ana)


def test_viewer_of_a_draft_is_told_who_can_change_it(ana: Page, vera: Page) -> None:
    ana.goto("/syncs/deals")
    ana.get_by_role("button", name="Edit sync settings").click()
    expect(ana.locator(SENTENCE)).to_be_visible()
    vera.goto(ana.url)
    expect(vera.get_by_role("main")).to_contain_text(
        "You can look, not change. An editor or an admin can; admins here: Ana"
    )
    expect(vera.get_by_label("Send from east")).to_be_disabled()
    discard(ana)


def test_draft_is_kept_when_the_session_ends(house: House, open_as: OpenAs) -> None:
    page = open_as("editor")
    page.goto("/syncs/deals")
    page.get_by_role("button", name="Edit sync settings").click()
    page.get_by_label("Send from west").select_option("none")
    expect(page.locator(SENTENCE)).to_contain_text("east to west.")
    expire(page)
    page.get_by_label("Send from east").select_option("none")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Bothways")
    sign_in(page, "editor")
    step(page, "Which records should sync?")
    expect(page.get_by_label("Send from west")).to_have_value("none")
    expect(page.get_by_label("Send from east")).to_have_value("all")
    discard(page)
