"""From an empty workspace to the first sync: what somebody sees who has just installed it."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.conftest import sign_up
from tests.browser.house import accounts, house
from tests.browser.looks import faults_of
from tests.browser.watch import watched

SYNC = """\
syncs:
  people:
    state: on
    objects: {east: contacts, west: contacts}
    match: [{east: email, west: email, compare: email}]
"""


def test_link_makes_the_first_admin_who_sees_the_first_sync_as_it_comes(chromium: Browser, tmp_path: Path) -> None:
    with accounts() as (east, west), house(tmp_path, east, west) as here:
        east.seed("contacts", [{"email": f"p{n}@mail.example", "firstname": f"Pat {n}"} for n in range(30)])
        with watched(chromium, here) as context:
            page = context().new_page()
            page.goto("/")
            expect(page.get_by_text("Nobody has an account yet.")).to_be_visible()
            assert faults_of(page, "login-first") == []
            link = here.link()
            sign_up(page, link, "Ana Ruiz")
            expect(page.get_by_role("status")).to_have_text("Welcome, Ana Ruiz.")
            expect(page.get_by_role("heading", name="No sync yet")).to_be_visible()
            assert faults_of(page, "home-empty") == []

            page.goto(link)
            expect(page.get_by_role("alert")).to_contain_text("bothways user link")

            with here.file.open("a", encoding="utf-8") as file:
                file.write(SYNC)
            here.until(lambda: bool(here.runs("people")))
            page.goto("/")
            row = page.get_by_role("row").filter(has=page.get_by_role("link", name="people", exact=True))
            expect(row).to_contain_text("Two-way")
            expect(row.get_by_role("link", name="25")).to_be_visible()
            row.get_by_role("link", name="people", exact=True).click()
            expect(page.get_by_role("region", name="Runs")).to_contain_text("Stopped before the rest")
            assert len(west.records("contacts")) == 25, "it waits to be looked at"
