"""Signing in with an OpenID provider in a real browser, from the page of the one to that of the other and back."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.house import accounts, house
from tests.browser.looks import faults_of
from tests.browser.watch import watched
from tests.openid_provider import SECRET, openid_provider

SIGN_IN = """\
sign_in:
  name: Example Login
  issuer: {url}
  client_id: bothways
  client_secret: {{file: provider.secret}}
  roles: {{staff: viewer}}
"""
PEOPLE = {"n1": {"name": "Ana Ruiz"}, "n2": {"name": "Vera Holt", "groups": ["staff"]}}


def go_on_as(page: Page, name: str) -> None:
    """Sign in at the provider."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Who are you?")
    page.get_by_role("button", name=f"Go on as {name}").click()


def test_people_come_in_by_the_provider_as_they_were_invited_or_as_a_rule_says(
    chromium: Browser, tmp_path: Path
) -> None:
    with openid_provider(**PEOPLE) as provider, accounts() as (east, west):
        (tmp_path / "provider.secret").write_text(SECRET)
        with (
            house(tmp_path, east, west, SIGN_IN.format(url=provider.url)) as here,
            watched(chromium, here, provider.url) as context,
        ):
            page = context().new_page()
            page.goto("/activity")
            assert faults_of(page, "login-with-provider") == []
            page.get_by_role("link", name="Sign in with Example Login").click()
            go_on_as(page, "Ana Ruiz")
            expect(page.get_by_role("alert")).to_contain_text(
                "Example Login knows you, but nobody has let you in here."
            )
            assert faults_of(page, "not-invited") == []

            page.goto(here.link())
            assert faults_of(page, "welcome-with-provider") == []
            page.get_by_role("link", name="Sign in with Example Login instead").click()
            go_on_as(page, "Ana Ruiz")
            expect(page.get_by_role("banner")).to_contain_text("Ana Ruiz · admin")
            page.get_by_role("link", name="Ana Ruiz").click()
            expect(page.get_by_role("main")).to_contain_text("You sign in with Example Login.")
            assert faults_of(page, "me-with-provider") == []

            vera = context().new_page()
            vera.goto("/activity")
            vera.get_by_role("link", name="Sign in with Example Login").press("Enter")
            go_on_as(vera, "Vera Holt")
            expect(vera).to_have_url(f"{here.url}/activity")
            expect(vera.get_by_role("banner")).to_contain_text("Vera Holt · viewer")

            page.goto("/settings/people")
            row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Vera Holt"))
            row.get_by_role("button", name="Switch off").click()
            expect(page.get_by_role("status")).to_contain_text("can sign in no more")
            vera.goto("/")
            vera.get_by_role("link", name="Sign in with Example Login").click()
            go_on_as(vera, "Vera Holt")
            expect(vera.get_by_role("alert")).to_contain_text("The account of Vera Holt is switched off.")
            page.goto("/settings")
            page.get_by_role("button", name="Check everything").click()
            expect(page.get_by_text("Sign-in: Example Login answers")).to_be_visible()
