"""Runs that somebody looks at: the first records, undone and gone on with; how far it is, in many tabs; a kill -9."""

from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bothways.sandbox.hubspot import Admin
from tests.browser.conftest import OpenAs, sign_up
from tests.browser.house import House, accounts
from tests.browser.house import house as housed
from tests.browser.test_changes import answer, ask_for_run
from tests.browser.watch import PATIENCE, watched

SYNCS = """\
syncs:
  firms:
    state: off
    objects: {east: companies, west: companies}
    match: [{east: domain, west: domain, compare: domain}]
    conflicts: {default_app: east}
    fields:
      - {east: name, west: name}
      - {east: domain, west: domain}
      - {east: city, west: city}
  people:
    state: off
    objects: {east: contacts, west: contacts}
    require: []
    match: [{east: phone, west: phone, compare: phone}]
    fields:
      - {east: phone, west: phone}
      - {east: firstname, west: firstname}
    guards: {first_run: 1000}
  deals:
    state: on
    schedule: {every: 31d}  # its runs are those that are asked for: none of its own is held instead
    objects: {east: deals, west: deals}
    match: [{east: dealname, west: dealname, compare: text}]
    fields: [{east: dealname, west: dealname}, {east: dealstage, west: dealstage}, {east: pipeline, west: pipeline}]
"""
FIRMS, PEOPLE = range(40), range(350)
BATCH = 100
"""How many records the connector writes with one call."""

Rows = Mapping[str, Mapping[str, str]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Serve firms, of which half are in another city in west, and people whom east alone knows."""
    with accounts() as (east, west):
        rows = [{"name": f"Firm {n}", "domain": f"firm{n}.example", "city": "Oslo"} for n in FIRMS]
        east.seed("companies", [*rows, {"name": "Only East", "domain": "only.example"}])
        west.seed("companies", [{**each, "city": "Bergen"} for each in rows[::2]])
        west.seed("companies", rows[1::2][:5])
        east.seed("contacts", [{"phone": f"+44 20 7946 {n:04}", "firstname": f"Pat {n}"} for n in PEOPLE])
        with housed(tmp_path_factory.mktemp("runs"), east, west, SYNCS) as here:
            here.until(lambda: bool(here.runs("deals")))
            yield here


def values(account: Admin, object: str) -> Rows:
    """Return what an account holds of everybody, but for when that was changed."""
    return {
        id: {name: value for name, value in row.items() if value and not name.endswith("lastmodifieddate")}
        for id, row in account.records(object).items()
    }


def changed(before: Rows, after: Rows) -> set[str]:
    return {id for id in {*before, *after} if before.get(id) != after.get(id)}


def test_first_records_are_undone_and_the_rest_is_gone_on_with_and_undone_but_for_what_changed_since(
    house: House, ana: Page
) -> None:
    apps = (house.east, house.west)
    before = [values(each, "companies") for each in apps]
    ana.goto("/syncs/firms")
    answer(ana, "Turn on")
    house.until(lambda: bool(house.runs("firms")))
    ana.goto("/syncs/firms/now")
    expect(ana.locator("#look")).to_contain_text("25 records were written first.")
    written = [changed(was, values(each, "companies")) for was, each in zip(before, apps, strict=True)]
    assert sum(map(len, written)) == 25
    ana.locator("#undo-first").click()
    expect(ana.get_by_role("definition")).to_have_text(["15", "10", "0"])
    ana.get_by_role("button", name="Undo what is possible").click()
    expect(ana.get_by_role("status")).to_contain_text("Asked for the undo")
    house.until(lambda: [values(each, "companies") for each in apps] == before)

    ana.goto("/syncs/firms/now")
    expect(ana.locator("#look")).to_contain_text("25 records were written first, and put back.")
    ana.get_by_role("button", name="Continue").click()
    house.until(lambda: any(each["created"] == 6 for each in house.runs("firms")))
    assert len(values(house.west, "companies")) == 25 + 6
    rest = [changed(was, values(each, "companies")) for was, each in zip(before, apps, strict=True)]
    assert (len(rest[0]), len(rest[1])) == (0, 5 + 6)
    assert not rest[1] & written[1], "what was put back stays so"

    edited, *others = sorted(rest[1] & before[1].keys())
    house.west.edit("companies", edited, {"city": "Nice"})
    done = next(each for each in house.runs("firms") if each["created"] == 6)
    ana.goto(f"/runs/{done['run']}/undo")
    expect(ana.get_by_role("definition")).to_have_text(["4", "6", "1"])
    expect(ana.get_by_role("rowheader")).to_have_count(1)
    ana.get_by_role("button", name="Undo what is possible").click()
    expect(ana.get_by_role("status")).to_contain_text("Asked for the undo")
    house.until(lambda: len(values(house.west, "companies")) == 25)
    now = values(house.west, "companies")
    assert now[edited]["city"] == "Nice", "what was changed since is left as it is"
    assert [now[each] for each in others] == [before[1][each] for each in others]


def bar(page: Page) -> Locator:
    return page.get_by_role("progressbar")


def state(page: Page) -> Locator:
    return page.locator("live-stream [data-state]")


def test_run_goes_on_after_a_kill_and_its_page_says_so(house: House, chromium: Browser) -> None:
    context = chromium.new_context(base_url=house.url)  # not watched: what serves it is killed
    context.set_default_timeout(PATIENCE)
    ana = context.new_page()
    sign_up(ana, house.link(), "Ina Ruiz")
    house.west.fault("held", times=2, match="batch/create")
    ana.goto("/syncs/people")
    answer(ana, "Turn on")
    house.west.until_held()
    ana.goto("/syncs/people/now")
    expect(bar(ana)).to_have_attribute("value", "0")
    house.west.let_go()
    expect(bar(ana)).to_have_attribute("value", str(BATCH))
    expect(state(ana)).to_have_text("Live")

    house.west.until_held()
    house.kill()
    expect(state(ana)).to_have_text("Connection lost. Trying again.")
    house.west.let_go()
    house.serve()
    expect(ana.get_by_text("Nothing is at work")).to_be_visible(timeout=60_000)  # it asks again within half a minute
    house.until(lambda: len(house.west.records("contacts")) == len(PEOPLE))
    for each in (house.east, house.west):
        numbers = [row["phone"] for row in each.records("contacts").values()]
        assert (len(numbers), len(set(numbers))) == (len(PEOPLE), len(PEOPLE))
    context.close()


def show(page: Page, shown: bool) -> None:
    """Bring a tab to the front or put it behind others, as far as the tab itself can see: without a window none is."""
    page.evaluate(
        "shown => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => !shown });"
        " document.dispatchEvent(new Event('visibilitychange')) }",
        shown,
    )


def test_eight_windows_side_by_side_are_in_step_and_leave_connections_to_other_pages(house: House, ana: Page) -> None:
    house.east.fault("held", match="objects/2026-09/deals")
    ask_for_run(ana, "deals")
    house.east.until_held()
    windows = [ana, *(ana.context.new_page() for _ in range(7))]
    for each in windows[1:]:
        each.goto("/syncs/deals/now")
    for each in windows:
        expect(state(each)).to_have_text("Live")
    other = ana.context.new_page()
    other.goto("/activity")
    expect(other.get_by_role("heading", name="Activity", level=1)).to_be_visible()
    show(ana, False)
    expect(state(ana)).to_have_text("Paused. The work itself goes on.")
    house.east.let_go()
    for each in windows[1:]:
        expect(each.get_by_text("Nothing is at work")).to_be_visible()
    expect(state(ana)).to_have_text("Paused. The work itself goes on.")
    show(ana, True)
    expect(ana.get_by_text("Nothing is at work")).to_be_visible()


def test_who_is_signed_in_no_longer_is_told_so_where_something_was_streamed(house: House, open_as: OpenAs) -> None:
    olga = open_as("operator")
    house.east.fault("held", match="objects/2026-09/deals")
    ask_for_run(olga, "deals")
    house.east.until_held()
    expect(state(olga)).to_have_text("Live")
    show(olga, False)
    olga.context.clear_cookies(name="bothways_session")
    show(olga, True)
    expect(olga.get_by_role("heading", level=1)).to_have_text("Sign in to Bothways")
    house.east.let_go()


def test_page_of_a_run_loads_itself_anew_where_there_is_no_script(house: House, chromium: Browser, ana: Page) -> None:
    house.east.fault("held", match="objects/2026-09/deals")
    ask_for_run(ana, "deals")
    house.east.until_held()
    with watched(chromium, house) as context:
        quiet = context(java_script_enabled=False, storage_state=ana.context.storage_state()).new_page()
        quiet.goto("/syncs/deals/now")
        expect(quiet.locator(".work")).to_contain_text("Reading")
        house.east.let_go()
        expect(quiet.get_by_text("Nothing is at work")).to_be_visible()
