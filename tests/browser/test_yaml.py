"""The settings of a sync as YAML: taken from the page, compared at the command line, applied, and seen on the page."""

import subprocess

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenAs
from tests.browser.holding import Held
from tests.browser.house import COMMAND, House
from tests.browser.test_rights import expire, sign_in


def test_yaml_goes_from_the_page_to_the_command_line_and_back(house: House, ana: Page) -> None:
    ana.goto("/syncs/firms")
    ana.get_by_role("link", name="YAML").click()
    with ana.expect_download() as taken:
        ana.get_by_role("link", name="Download YAML").click()
    assert taken.value.suggested_filename == "firms.yaml"
    text = taken.value.path().read_text(encoding="utf-8")
    edited = text.replace("{east: city, west: city}", "{east: city, west: city, direction: to_west}")
    assert edited != text
    file = house.folder / "edited.yaml"
    file.write_text(edited, encoding="utf-8")
    compared = subprocess.run(
        [*COMMAND, "sync", "diff", "firms", "-f", str(file)],
        cwd=house.folder,
        env=house.environment,
        capture_output=True,
        text=True,
    )
    assert (compared.returncode, "direction" in compared.stdout) == (2, True), compared.stderr
    area = ana.get_by_label("Settings of this sync")
    area.fill(edited.replace("fields:", "feilds:"))
    ana.get_by_role("button", name="Compare").click()
    expect(ana.get_by_role("alert")).to_contain_text('The key "feilds" is not known here.')
    expect(ana.get_by_role("alert")).to_be_focused()
    area.fill(edited)
    ana.get_by_role("button", name="Compare").click()
    expect(ana.get_by_role("region", name="1 change")).to_contain_text("direction")
    ana.get_by_role("button", name="Apply 1 change").click()
    expect(ana.get_by_role("status")).to_contain_text("1 change of firms is in force.")
    ana.get_by_role("link", name="Fields").click()
    expect(ana.get_by_role("row").filter(has_text="City")).to_contain_text("east to west")
    planned = subprocess.run(
        [*COMMAND, "plan", "firms", "--exit-code"],
        cwd=house.folder,
        env=house.environment,
        capture_output=True,
        text=True,
    )
    assert planned.returncode in (0, 2), planned.stderr
    ana.get_by_role("link", name="YAML").click()
    area.fill(area.input_value().replace(", direction: to_west", ""))
    ana.get_by_role("button", name="Compare").click()
    ana.get_by_role("button", name="Apply 1 change").click()
    expect(ana.get_by_role("status")).to_contain_text("1 change of firms is in force.")


def test_what_is_typed_while_texts_are_compared_is_kept_and_goes_on_where_it_was(ana: Page) -> None:
    ana.goto("/syncs/firms/yaml")
    area, held = ana.get_by_label("Settings of this sync"), Held(ana, "**/firms/yaml", answered=True)
    text = area.input_value().replace("{east: city, west: city}", "{east: city, west: city, direction: to_west}")
    area.fill(text)
    ana.get_by_role("button", name="Compare").click()
    held.come()
    area.press("Control+Home")
    ana.keyboard.type("# why")
    held.let_go()
    expect(ana.get_by_role("region", name="1 change")).to_be_visible()
    expect(area).to_be_focused()
    ana.keyboard.type(" it is so\n")
    expect(area).to_have_value(f"# why it is so\n{text}")


def test_text_is_there_again_after_a_sign_in(open_as: OpenAs) -> None:
    page = open_as("editor")
    page.goto("/syncs/firms/yaml")
    area = page.get_by_label("Settings of this sync")
    text = f"# half an hour of work\n{area.input_value()}"
    area.fill(text)
    expire(page)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Bothways")
    sign_in(page, "editor")
    expect(area).to_have_value(text)
    page.reload()
    expect(area).not_to_have_value(text)
