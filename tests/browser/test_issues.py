"""What is held, decided in place: with the mouse, by the keyboard alone, and without script."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.house import House
from tests.browser.people import found
from tests.browser.test_changes import sync_now


def doubles(house: House, last: str) -> list[str]:
    """Return the ids that west has for people of this last name."""
    return [id for id, row in house.west.records("contacts").items() if row.get("lastname") == last]


def job(house: House, name: str) -> tuple[str | None, str | None]:
    return found(house.east, name).get("jobtitle"), found(house.west, name).get("jobtitle")


def match_of(page: Page, name: str) -> Locator:
    """Return the issue of a person of east."""
    of_east = page.locator("p.help > .app", has_text="east")
    return page.get_by_role("article", name=name, exact=True).filter(has=of_east)


def difference_of(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name)


def tab_to(page: Page, id: str) -> None:
    """Press Tab until the control of this id has the focus."""
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == id:
            return
    raise AssertionError(f"{id} cannot be reached by the keyboard")


def test_held_person_is_linked_to_one_of_two(house: House, ana: Page) -> None:
    id = doubles(house, "Park")[0]
    ana.goto("/issues")
    issue = match_of(ana, "Eve Park")
    issue.get_by_role("button", name=f"Link to {id}").click()
    expect(issue).to_contain_text(f"Decided: link to {id}")
    expect(issue.get_by_role("heading")).to_be_focused()
    sync_now(ana, "people")
    house.until(lambda: found(house.east, "Eve Park").get("email") == house.west.records("contacts")[id]["email"])
    ana.goto("/issues")
    expect(issue).to_have_count(0)


def test_held_person_is_nobody_the_other_app_knows(house: House, ana: Page) -> None:
    ana.goto("/issues")
    match_of(ana, "Gus Lind").get_by_role("button", name="Create new").click()
    expect(match_of(ana, "Gus Lind")).to_contain_text("Decided: create")
    match_of(ana, "Hana Mori").get_by_role("button", name="None of these").click()
    expect(match_of(ana, "Hana Mori")).to_contain_text("Decided: keep apart")
    sync_now(ana, "people")
    house.until(lambda: len(doubles(house, "Lind")) == len(doubles(house, "Mori")) == 3)


def test_what_was_decided_is_taken_back(ana: Page) -> None:
    ana.goto("/issues")
    issue = match_of(ana, "Ivo Kral")
    issue.get_by_role("button", name="Create new").click()
    issue.get_by_role("button", name="Take back").click()
    expect(issue.get_by_role("button", name="Create new")).to_be_visible()
    expect(issue.get_by_role("heading")).to_be_focused()


def test_difference_is_settled_by_the_value_of_one_app(house: House, ana: Page) -> None:
    ana.goto("/issues")
    difference_of(ana, "Lea Blum").get_by_role("button", name="Use west").click()
    expect(difference_of(ana, "Lea Blum")).to_contain_text("you chose the value of west")
    sync_now(ana, "people")
    house.until(lambda: job(house, "Lea Blum") == ("Cook", "Cook"))


def test_differences_alike_are_settled_at_once(house: House, ana: Page) -> None:
    names = ("Max Frei", "Nia Cole", "Oto Hahn")
    ana.goto("/issues")
    issue = difference_of(ana, names[1])
    issue.get_by_label("The same for all with these two values").check()
    issue.get_by_role("button", name="Use east").click()
    for name in names:
        expect(difference_of(ana, name)).to_contain_text("you chose the value of east")
    expect(ana.get_by_role("banner")).to_have_count(1)
    sync_now(ana, "people")
    house.until(lambda: all(job(house, name) == ("Clerk", "Clerk") for name in names))


def test_issues_are_decided_by_the_keyboard_alone(house: House, ana: Page) -> None:
    ana.goto("/issues")
    for issue, name in ((match_of(ana, "Kim Berg"), "Create new"), (difference_of(ana, "Pia Lund"), "Use west")):
        tab_to(ana, str(issue.get_by_role("button", name=name).get_attribute("id")))
        ana.keyboard.press("Enter")
        expect(issue).to_contain_text("Decided:")
        expect(issue.get_by_role("heading")).to_be_focused()
    sync_now(ana, "people")
    house.until(lambda: job(house, "Pia Lund") == ("Pilot", "Pilot") and len(doubles(house, "Berg")) == 3)


def test_issues_are_decided_without_script(house: House, open_as: OpenAs) -> None:
    page = open_as("operator", java_script_enabled=False)
    page.goto("/issues")
    difference_of(page, "Quin Roe").get_by_label("Or type a value").fill("Baker")
    difference_of(page, "Quin Roe").get_by_role("button", name="Use this").click()
    expect(page.get_by_role("status")).to_contain_text("Decided.")
    id = doubles(house, "Vos")[1]
    match_of(page, "Jan Vos").get_by_role("button", name=f"Link to {id}").click()
    expect(match_of(page, "Jan Vos")).to_contain_text(f"Decided: link to {id}")
    sync_now(page, "people")
    house.until(lambda: job(house, "Quin Roe") == ("Baker", "Baker"))
    house.until(lambda: found(house.east, "Jan Vos").get("email") == house.west.records("contacts")[id]["email"])


def test_issue_that_is_gone_by_now_says_so_on_a_page_of_its_own(house: House, ana: Page) -> None:
    ana.goto("/issues")
    issue = match_of(ana, "Ivo Kral")
    ana.evaluate(
        "id => document.getElementById(id).querySelectorAll('form').forEach("
        "(each) => { each.action = each.action.replace(id, 'h_99999'); "
        "each.setAttribute('hx-post', each.action); htmx.process(each) })",
        issue.get_attribute("id"),
    )
    issue.get_by_role("button", name="Create new").click()
    expect(ana.get_by_role("heading", level=1)).to_have_text(["That did not work"])
    expect(ana.get_by_role("alert")).to_be_focused()
    expect(ana.get_by_role("banner")).to_have_count(1)
