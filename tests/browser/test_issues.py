"""What is held, decided and mended in place: with the mouse, by the keyboard alone, and without script."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from bothways.sandbox.hubspot import Admin, subscriptions
from bothways.sandbox.hubspot.schema import prop
from tests.browser.conftest import NAMES, OpenAs, sign_up
from tests.browser.holding import Held
from tests.browser.house import House, accounts, house
from tests.browser.looks import faults_of
from tests.browser.people import EASTERN, EMPLOYED, LANDS, WESTERN, found, id_of, move
from tests.browser.test_changes import sync_now
from tests.browser.test_records import open_record
from tests.browser.test_runs import Rows, values
from tests.browser.watch import ready, watched


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


MATCHES, JOBS, EMPLOYERS = "Who belongs together", "Job Title differs", "Company Name differs"


def open_group(page: Page, title: str) -> None:
    """Go to the issues of a cause: few are decided where the cause is listed, more on a page of their own."""
    page.goto("/issues")
    more = page.get_by_role("article", name=title).get_by_role("link", name=re.compile("^Decide "))
    if more.count():
        more.click()
        expect(page).not_to_have_url(re.compile("/issues$"))
        ready(page)


def tab_to(page: Page, id: str) -> None:
    """Press Tab until the control of this id has the focus."""
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == id:
            return
    raise AssertionError(f"{id} cannot be reached by the keyboard")


def test_held_person_is_linked_to_one_of_two(house: House, ana: Page) -> None:
    id = doubles(house, "Park")[0]
    open_group(ana, MATCHES)
    issue = match_of(ana, "Eve Park")
    issue.get_by_role("button", name=f"Link to {id}").click()
    expect(issue).to_contain_text(f"Decided: link to {id}")
    expect(issue.get_by_role("heading")).to_be_focused()
    sync_now(ana, "people")
    house.until(lambda: found(house.east, "Eve Park").get("email") == house.west.records("contacts")[id]["email"])
    open_group(ana, MATCHES)
    expect(issue).to_have_count(0)


def test_held_person_is_nobody_the_other_app_knows(house: House, ana: Page) -> None:
    open_group(ana, MATCHES)
    match_of(ana, "Gus Lind").get_by_role("button", name="Create new").click()
    expect(match_of(ana, "Gus Lind")).to_contain_text("Decided: create")
    match_of(ana, "Hana Mori").get_by_role("button", name="None of these").click()
    expect(match_of(ana, "Hana Mori")).to_contain_text("Decided: keep apart")
    sync_now(ana, "people")
    house.until(lambda: len(doubles(house, "Lind")) == len(doubles(house, "Mori")) == 3)


def test_what_was_decided_is_taken_back(house: House, ana: Page) -> None:
    house.bothways("pause", "people")  # a run of what came before would carry the decision out at once
    open_group(ana, MATCHES)
    issue = match_of(ana, "Ivo Kral")
    issue.get_by_role("button", name="Create new").click()
    issue.get_by_role("button", name="Take back").click()
    expect(issue.get_by_role("button", name="Create new")).to_be_visible()
    expect(issue.get_by_role("heading")).to_be_focused()
    house.bothways("resume", "people")


def test_decision_that_is_shown_is_the_one_that_is_kept_though_another_was_pressed_before_its_answer(
    house: House, ana: Page
) -> None:
    house.bothways("pause", "people")
    open_group(ana, MATCHES)
    issue, held = match_of(ana, "Ivo Kral"), Held(ana, re.compile("/issues/h_"), answered=True, times=None)
    issue.get_by_role("button", name="Create new").click()
    held.come()
    issue.get_by_role("button", name="Leave out").click()
    ana.request.get("/")  # by then what was not held back would be done
    held.let_go()
    expect(issue).to_contain_text("Decided:")
    held.let_go_all()
    shown = issue.locator(".good").inner_text()
    ana.unroute_all(behavior="ignoreErrors")
    ana.reload()
    expect(issue.locator(".good")).to_have_text(shown)
    issue.get_by_role("button", name="Take back").click()
    expect(issue.get_by_role("button", name="Create new")).to_be_visible()
    house.bothways("resume", "people")


def test_difference_is_settled_by_the_value_of_one_app(house: House, ana: Page) -> None:
    open_group(ana, JOBS)
    difference_of(ana, "Lea Blum").get_by_role("button", name="Use west").click()
    expect(difference_of(ana, "Lea Blum")).to_contain_text("you chose the value of west")
    sync_now(ana, "people")
    house.until(lambda: job(house, "Lea Blum") == ("Cook", "Cook"))


def test_differences_alike_are_settled_at_once(house: House, ana: Page) -> None:
    names = ("Max Frei", "Nia Cole", "Oto Hahn")
    open_group(ana, JOBS)
    issue = difference_of(ana, names[1])
    issue.get_by_label("Do the same for 2 like this").check()
    held = Held(ana, "**/choose")
    issue.get_by_role("button", name="Use east").click()
    difference_of(ana, "Rea Sole").get_by_label("Or type a value").fill("Painter")
    held.let_go()
    for name in names:
        expect(difference_of(ana, name)).to_contain_text("you chose the value of east")
    expect(difference_of(ana, "Rea Sole").get_by_label("Or type a value")).to_have_value("Painter")
    expect(difference_of(ana, "Rea Sole").get_by_label("Or type a value")).to_be_focused()
    expect(ana.get_by_role("banner")).to_have_count(1)
    sync_now(ana, "people")
    house.until(lambda: all(job(house, name) == ("Clerk", "Clerk") for name in names))


def test_issues_are_decided_by_the_keyboard_alone(house: House, ana: Page) -> None:
    for title, issue, name in (
        (MATCHES, match_of(ana, "Kim Berg"), "Create new"),
        (JOBS, difference_of(ana, "Pia Lund"), "Use west"),
    ):
        open_group(ana, title)
        tab_to(ana, str(issue.get_by_role("button", name=name).get_attribute("id")))
        ana.keyboard.press("Enter")
        expect(issue).to_contain_text("Decided:")
        expect(issue.get_by_role("heading")).to_be_focused()
    sync_now(ana, "people")
    house.until(lambda: job(house, "Pia Lund") == ("Pilot", "Pilot") and len(doubles(house, "Berg")) == 3)


def test_issues_are_decided_without_script(house: House, open_as: OpenAs) -> None:
    page = open_as("operator", java_script_enabled=False)
    open_group(page, JOBS)
    difference_of(page, "Quin Roe").get_by_label("Or type a value").fill("Baker")
    difference_of(page, "Quin Roe").get_by_role("button", name="Use this").click()
    expect(page.get_by_role("status")).to_contain_text("Decided.")
    id = doubles(house, "Vos")[1]
    open_group(page, MATCHES)
    match_of(page, "Jan Vos").get_by_role("button", name=f"Link to {id}").click()
    expect(match_of(page, "Jan Vos")).to_contain_text(f"Decided: link to {id}")
    sync_now(page, "people")
    house.until(lambda: job(house, "Quin Roe") == ("Baker", "Baker"))
    house.until(lambda: found(house.east, "Jan Vos").get("email") == house.west.records("contacts")[id]["email"])


def test_issue_that_is_gone_by_now_says_so_on_a_page_of_its_own(house: House, ana: Page) -> None:
    open_group(ana, MATCHES)
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


# --- one doubt, decided in every way, and each taken back ---------------------------------------------

EVE, PHONE = "Eve Park", "+44 20 7946 0999"
BY_PHONE = """\
syncs:
  people:
    state: on
    objects: {east: contacts, west: contacts}
    require: []
    match: [{east: phone, west: phone, compare: phone}]
    conflicts: {default_app: east}
    fields:
      - {east: email, west: email}
      - {east: firstname, west: firstname}
      - {east: lastname, west: lastname}
      - {east: phone, west: phone}
      - {east: city, west: city}
    guards: {first_run: 1000}
"""


def settle_doubt(east: Admin, west: Admin) -> tuple[str, str]:
    """Let east know a person of whom west holds two, and return the ids of these."""
    east.seed("contacts", [{"firstname": "Eve", "lastname": "Park", "phone": PHONE, "city": "Oslo"}])
    for first, email in (("Eve", "eve@home.example"), ("E.", "eve@work.example")):
        west.seed("contacts", [{"firstname": first, "lastname": "Park", "phone": PHONE, "email": email}])
    home = id_of(west, EVE)
    return home, next(id for id in west.records("contacts") if id != home)


def held_between(page: Page, *ids: str) -> None:
    """See that Eve is held, undecided, between these people of west."""
    open_group(page, MATCHES)
    buttons = match_of(page, EVE).get_by_role("button", name=re.compile("^Link to "))
    expect(buttons).to_have_text([f"Link to {id}" for id in ids])


def decide(page: Page, button: str, words: str) -> None:
    """Decide about Eve in the inbox, and have it carried out."""
    open_group(page, MATCHES)
    match_of(page, EVE).get_by_role("button", name=button).click()
    expect(match_of(page, EVE)).to_contain_text(f"Decided: {words}")
    sync_now(page, "people")


def undo_last_run(page: Page) -> None:
    """Undo what was written last."""
    page.goto("/activity")
    page.get_by_role("link", name=re.compile("^Undo ")).first.click()
    page.get_by_role("button", name="Undo what is possible").click()
    expect(page.get_by_role("status")).to_contain_text("Asked for the undo")


def unlink(page: Page, here: House) -> None:
    """Unlink Eve on the page of the record, and take back that the two are kept apart."""
    open_record(page, here, EVE)
    page.get_by_role("link", name="Unlink").click()
    page.get_by_role("dialog").get_by_role("button", name="Unlink 2 records").click()
    expect(page.get_by_role("status")).to_contain_text("They are linked no longer.")
    sync_now(page, "people")
    open_group(page, MATCHES)
    expect(match_of(page, EVE)).to_contain_text("Decided: keep apart from")
    match_of(page, EVE).get_by_role("button", name="Take back").click()
    expect(match_of(page, EVE).get_by_role("button", name="Create new")).to_be_visible()
    sync_now(page, "people")


def link_by_hand(page: Page, here: House, id: str) -> None:
    open_record(page, here, EVE)
    page.get_by_role("link", name="Find its partner in west").click()
    page.get_by_label("Name, e-mail or id").fill("park")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name=f"Link to {id}").click()
    expect(page.get_by_role("status")).to_contain_text("The next run links them.")
    sync_now(page, "people")


def test_doubt_is_linked_made_new_left_out_and_each_is_undone(chromium: Browser, tmp_path: Path) -> None:
    with accounts() as (east, west):
        home, work = settle_doubt(east, west)

        def both() -> list[Rows]:
            return [values(each, "contacts") for each in (east, west)]

        def linked_to(id: str, email: str) -> bool:
            theirs = west.records("contacts")[id]
            ours = found(east, EVE).get("email") or ""
            return (ours, theirs.get("firstname"), theirs.get("city")) == (email, "Eve", "Oslo")

        with house(tmp_path, east, west, BY_PHONE) as here, watched(chromium, here) as context:
            here.until(lambda: bool(here.runs("people")))
            page = context().new_page()
            sign_up(page, here.link(), NAMES["admin"])
            before = both()
            held_between(page, home, work)
            assert faults_of(page, "issues-doubt") == []

            decide(page, f"Link to {home}", f"link to {home}")
            here.until(lambda: linked_to(home, "eve@home.example"))
            undo_last_run(page)
            here.until(lambda: both() == before)
            unlink(page, here)
            held_between(page, home, work)
            assert both() == before

            decide(page, "Create new", "create")
            here.until(lambda: len(west.records("contacts")) == 3)
            (made,) = west.records("contacts").keys() - {home, work}
            assert linked_to(made, "")
            undo_last_run(page)
            here.until(lambda: both() == before)

            link_by_hand(page, here, work)
            here.until(lambda: linked_to(work, "eve@work.example"))
            unlink(page, here)
            held_between(page, home, work)

            decide(page, "Leave out", "leave it out")
            see_left_out(page, here, home)
            page.get_by_role("button", name="Let it take part again").click()
            expect(page.get_by_role("status")).to_contain_text("It takes part again.")
            sync_now(page, "people")
            held_between(page, home, work)
            assert {len(each) for each in both()} == {1, 2}

            link_by_hand(page, here, home)
            here.until(lambda: west.records("contacts")[home].get("city") == "Bergen")


def see_left_out(page: Page, here: House, twin: str) -> None:
    """See that Eve is listed as left out, and that nothing comes of it whatever is edited; end on its page."""
    page.goto("/issues")
    expect(match_of(page, EVE)).to_have_count(0)
    move(here.east, EVE, "Bergen")
    here.west.edit("contacts", twin, {"firstname": "Evi"})
    before = [values(each, "contacts") for each in (here.east, here.west)]
    here.bothways("run", "people", "--full")
    assert [values(each, "contacts") for each in (here.east, here.west)] == before
    page.goto("/syncs/people/records?state=left_out")
    row = page.get_by_role("row").filter(has_text=id_of(here.east, EVE))
    expect(row).to_contain_text("Ana Ruiz left it out")
    row.get_by_role("link", name=EVE).click()
    expect(page.get_by_text("Ana Ruiz left it out, ")).to_be_visible()
    assert faults_of(page, "record-left-out") == []


# --- by cause -----------------------------------------------------------------------------------------


def countries(house: House) -> dict[str, str | None]:
    return {name: found(house.west, name).get("land") for name in LANDS}


def test_bad_values_are_one_group_mended_in_place_and_the_rest_keeps_syncing(house: House, ana: Page) -> None:
    ana.goto("/issues")
    group = ana.get_by_role("article", name="Land is not a value west accepts")
    expect(group).to_contain_text("9 records")
    expect(group.get_by_text("You can fix this here")).to_be_visible()
    move(house.east, "Ada Holm", "Visby")
    house.run("people")
    assert (found(house.west, "Ada Holm").get("city"), set(countries(house).values())) == ("Visby", {None})
    expect(group.get_by_label("UK")).to_have_value("gb")
    expect(group.get_by_label("Holland")).to_have_value("nl")
    group.get_by_label("Holland").select_option("gb")
    group.get_by_role("button", name="Save and retry 9").click()
    expect(group.get_by_role("alert")).to_contain_text("is not clear")
    expect(group.get_by_label("Holland")).to_have_attribute("aria-invalid", "true")
    group.get_by_label("Holland").select_option("nl")
    group.get_by_role("button", name="Save and retry 9").click()
    expect(ana.get_by_text("Land is not a value west accepts: 9 of 9 solved.")).to_be_visible()
    wanted = {"uk": "gb", "holland": "nl"}
    assert countries(house) == {name: wanted[land] for name, land in LANDS.items()}
    text = house.file.read_text(encoding="utf-8")
    assert "{east: land, west: land, other: hold, values: {no: no, uk: gb, holland: nl}}" in text
    assert "# in nobody's way" in text
    ana.get_by_role("link", name="Solved").click()
    expect(ana.get_by_role("row", name="Land is not a value west accepts")).to_contain_text("9 of 9")


def test_busy_app_is_retried_by_itself_and_clears(house: House, ana: Page) -> None:
    house.east.subscribe(f"{house.url}/hooks/east", subscriptions("contact", ["city"]))
    ana.goto("/issues?tab=retrying")
    expect(ana.get_by_text("Nothing is being tried again")).to_be_visible()
    house.east.fault("429", times=5, retry_after=1, match="contacts/batch/read")
    move(house.east, "Bo Nyman", "Kiruna")
    busy = ana.get_by_role("article", name="east")
    expect(busy.get_by_text("Retrying by itself")).to_be_visible()
    expect(busy).to_contain_text("next try")
    expect(ana.get_by_role("link", name="Retrying by itself 1")).to_be_visible()
    expect(ana.get_by_text("Nothing is being tried again")).to_be_visible()
    house.until(lambda: found(house.west, "Bo Nyman").get("city") == "Kiruna")
    assert house.east.faults_waiting() == 0


def test_group_is_ignored_and_taken_back_by_the_keyboard(ana: Page) -> None:
    ana.goto("/issues")
    group = ana.get_by_role("article", name="Tier is not a value west accepts")
    tab_to(ana, str(group.get_by_role("button", name="Ignore 2").get_attribute("id")))
    ana.keyboard.press("Enter")
    said = ana.get_by_role("status").filter(has_text="2 issues are ignored")
    expect(said).to_be_focused()
    ana.keyboard.press("Tab")
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("status").filter(has_text="2 issues are back.")).to_be_focused()
    ana.goto("/issues")
    expect(group).to_contain_text("2 records")


def employer(house: House, name: str) -> tuple[str | None, str | None]:
    return found(house.east, name).get("company"), found(house.west, name).get("company")


def test_differences_are_decided_one_by_one_for_all_alike_and_by_a_rule(house: House, ana: Page) -> None:
    open_group(ana, EMPLOYERS)
    expect(ana.get_by_role("heading", level=1)).to_have_text("Differences 16")
    difference_of(ana, "Lil Carr").get_by_role("button", name="Use west").click()
    expect(difference_of(ana, "Lil Carr")).to_contain_text("you chose the value of west")
    alike = [name for name in EMPLOYED if name.startswith("Mo ")]
    first = difference_of(ana, alike[0])
    first.get_by_label("Do the same for 12 like this").check()
    first.get_by_role("button", name="Use east").click()
    expect(ana.get_by_text("you chose the value of east")).to_have_count(13)
    difference_of(ana, "Nan Dorn").get_by_role("link", name="Make it a rule").click()
    dialog = ana.get_by_role("dialog")
    expect(dialog).to_contain_text("If west wins: 2 records that wait get the Company Name of west in east")
    expect(dialog).to_contain_text("14 that are decided already stay as decided.")
    dialog.get_by_role("button", name="Let west win").click()
    expect(ana.get_by_role("status")).to_contain_text("west wins Company Name from now on.")
    sync_now(ana, "people")
    wanted = dict.fromkeys(alike, "Bolt") | {"Lil Carr": "Apex", "Nan Dorn": "Cove", "Ole Egge": "Dune"}
    house.until(lambda: all(employer(house, name) == (work, work) for name, work in wanted.items()))
    assert "company: west" in house.file.read_text(encoding="utf-8")
    ana.goto("/issues")
    expect(ana.get_by_role("article", name=EMPLOYERS)).to_have_count(0)


UNPAIRED = """\
syncs:
  people:
    state: on
    objects: {east: contacts, west: contacts}
    match: [{east: email, west: email, compare: email}]
    fields:
      - {east: email, west: email}
      - {east: land, west: land, other: hold}
"""


def looked_again(page: Page, status: int) -> None:
    """Wait until the page has asked once more by itself what came of a mend, and was answered so."""
    if status != 200:
        said = {"HX-Retarget": "#main", "HX-Reswap": "outerHTML"}
        page.route("**/groups/g_*", lambda route: route.fulfill(status=status, headers=said, body="Gone"))
    with page.expect_response(lambda answer: "/groups/g_" in answer.url and answer.status == status):
        pass
    expect(page.locator(".htmx-request")).to_have_count(0)


def test_choice_is_kept_while_the_page_asks_what_came_of_another_and_nothing_pressed_waits_for_that(
    chromium: Browser, tmp_path: Path
) -> None:
    with accounts() as (east, west):
        for account, lands in ((east, EASTERN), (west, WESTERN)):
            account.define("contacts", prop("land", "Land", "enumeration", "select", options=lands, custom=True))
        emails = {"uk": "una@mail.example", "holland": "hal@mail.example"}
        east.seed("contacts", [{"email": email, "land": land} for land, email in emails.items()])
        west.seed("contacts", [{"email": email} for email in emails.values()])
        with house(tmp_path, east, west, UNPAIRED) as here, watched(chromium, here) as context:
            here.until(lambda: bool(here.runs("people")))
            page = context().new_page()
            sign_up(page, here.link(), NAMES["admin"])
            here.bothways("pause", "people")
            page.goto("/issues")
            group = page.get_by_role("article", name="Land is not a value west accepts")
            group.get_by_label("Holland").select_option("")
            group.get_by_role("button", name="Save and retry 2").click()
            expect(group).to_contain_text("is tried again by the next run")
            group.get_by_label("Holland").select_option("")
            group.get_by_role("heading").first.click()
            for status in (200, 200, 404):
                looked_again(page, status)
                expect(group.get_by_label("Holland")).to_have_value("")
            page.unroute_all(behavior="ignoreErrors")

            page.reload()
            asked = Held(page, "**/issues/groups/g_*", answered=True)
            asked.come()
            done = Held(page, "**/ignore", answered=True)
            group.get_by_role("button", name=re.compile("^Ignore")).click()
            done.come()
            asked.let_go()
            page.wait_for_function("() => document.querySelectorAll('.htmx-request').length === 1")
            done.let_go()
            expect(page.get_by_role("status").filter(has_text="ignored")).to_be_focused()
