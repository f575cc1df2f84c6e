"""German pages: chosen by a person or by the browser, no wider than a phone; and hours by the browser's clock."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.house import House
from tests.browser.looks import LOOKS, faults_of
from tests.browser.people import DIFFER, id_of
from tests.browser.test_looks import refresh

OURS = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (texts.nextNode())
    if (!texts.currentNode.parentElement.closest("bdi, code, pre, script, option[lang], datalist"))
      found.push(texts.currentNode.data.trim());
  return found.filter(Boolean);
}"""
"""All that a page says itself; what users and apps wrote is left out."""

ENGLISH = re.compile(
    r"\b(the|of|and|is|are|were|has|have|not|with|which|that|this|from|by|no|your|it)\b", re.IGNORECASE
)
"""Words that hardly an English sentence does without, and German has not."""

PHONE = [look for look in LOOKS if look.name == "phone"]


def record(page: Page, house: House) -> None:
    """Open the page of somebody with a difference."""
    page.goto(f"/syncs/people/records/{quote('east:' + id_of(house.east, next(iter(DIFFER))), safe='')}")


def preview(page: Page, _: House) -> None:
    """Make a preview, and wait for it."""
    page.goto("/syncs/people/preview")
    refresh(page)


def run(page: Page, _: House) -> None:
    """Open the first run that wrote anything."""
    page.goto("/activity")
    page.locator('a[href^="/runs/"]:not([href$="/undo"])').last.click()


VIEWS = {
    "home": ("/", "Alle Syncs"),
    "sync": ("/syncs/people", "Jetzt synchronisieren"),
    "records": ("/syncs/people/records", "Zurückgehalten"),
    "record": (record, "Warum dieser Wert?"),
    "preview": (preview, "Was ein Lauf tun würde"),
    "fields": ("/syncs/people/fields", "Woran erkannt wird"),
    "run": (run, "Datensätze, die er geschrieben hat"),
    "draft-records": ("records", "Welche Datensätze sollen synchronisiert werden?"),
    "draft-conflicts": ("conflicts", "Wenn ein Datensatz gelöscht wird"),
    "draft-fields": ("fields", "Welche Felder werden gleich gehalten?"),
    "draft-associations": ("associations", "Beziehungszuordnungen"),
    "draft-review": ("review", "Speichern und synchronisieren"),
    "issues": ("/issues", "Alles andere wird weiter synchronisiert."),
    "app": ("/apps/east", "Neu anmelden"),
    "people": ("/settings/people", "Wer sich anmelden kann"),
    "me": ("/settings/me", "Sprache und Zeit"),
}


def go(page: Page, house: House, to: object) -> None:
    """Open a view: at an address, in a step of a draft, or as a function says."""
    if callable(to):
        to(page, house)
    elif str(to).startswith("/"):
        page.goto(str(to))
    else:
        page.goto("/syncs/deals")
        page.locator("#edit").click()
        page.wait_for_url("**/records")
        page.goto(page.url.replace("/records", f"/{to}"))


@pytest.mark.parametrize("name", VIEWS)
def test_page_is_german_and_fits_a_phone(open_as: OpenAs, house: House, name: str) -> None:
    to, words = VIEWS[name]
    page = open_as("admin", locale="de-DE", timezone_id="Europe/Berlin")
    go(page, house, to)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("main")).to_contain_text(words)
    assert [each for each in page.evaluate(OURS) if ENGLISH.search(each)] == []
    assert faults_of(page, f"german-{name}", PHONE) == []


def test_person_chooses_a_language_and_goes_back(open_as: OpenAs, house: House) -> None:
    page = open_as("editor", timezone_id="America/New_York")
    page.goto("/settings/me")
    page.get_by_label("Language", exact=True).select_option("de")
    page.get_by_role("button", name="Keep this").click()
    expect(page.get_by_role("status")).to_have_text("Gemerkt: Von jetzt an sehen Sie die Seiten so.")
    page.goto("/")
    expect(page.get_by_role("heading", name="Syncs", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Verlauf")).to_be_visible()
    page.goto("/settings/me")
    page.get_by_label("Sprache", exact=True).select_option("")
    page.get_by_role("button", name="Übernehmen").click()
    expect(page.get_by_role("status")).to_have_text("Kept: pages are shown to you so from now on.")


def test_language_is_chosen_before_signing_in(open_as: OpenAs) -> None:
    page = open_as(None)
    page.goto("/login")
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bei Bothways anmelden")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Bothways")


def test_hours_are_those_of_the_browser(open_as: OpenAs) -> None:
    page = open_as("viewer", timezone_id="Asia/Tokyo")
    page.goto("/settings/me")
    page.wait_for_function("() => document.cookie.includes('bothways_zone=Asia%2FTokyo')")
    page.goto("/settings/me")
    assert str(page.locator("time").first.get_attribute("title")).endswith(" JST")
