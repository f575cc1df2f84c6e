"""The settings in a real browser: a look that is there from the first moment on, and a backup that is saved."""

import tarfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenAs

BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(246, 247, 242)", "rgb(21, 23, 28)"


def choose(page: Page, look: str) -> None:
    """Choose a look by the keyboard alone."""
    page.goto("/settings")
    page.get_by_role("radio", name=look).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Use this look").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The pages look as you chose.")


def test_look_holds_against_that_of_the_system_and_is_there_before_the_first_paint(open_as: OpenAs) -> None:
    page = open_as("viewer", color_scheme="light")
    choose(page, "Dark")
    assert page.evaluate(BACKGROUND) == DARK
    page.goto("/")
    assert page.evaluate(BACKGROUND) == DARK
    assert page.locator("meta[name=color-scheme]").get_attribute("content") == "dark"
    choose(page, "System")
    assert page.evaluate(BACKGROUND) == LIGHT


def test_backup_is_saved_whole(ana: Page, tmp_path: Path) -> None:
    ana.goto("/settings/backup")
    with ana.expect_download() as waiting:
        ana.get_by_role("button", name="Download a backup").click()
    made = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(made)
    with tarfile.open(made) as archive:
        assert sorted(archive.getnames()) == [".bothways/ledger.db", "RESTORE.txt", "bothways.yaml"]
        assert all(len(archive.extractfile(each).read()) > 100 for each in archive.getmembers())  # type: ignore[union-attr]
