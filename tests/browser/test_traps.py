"""What broke when pages like these were tried: arrows from right to left, switches in forced colours, hidden focus."""

import pytest
from playwright.sync_api import Page, expect

MIRRORED = """() => [...document.querySelectorAll(".ways svg")].every(
  (each) => new DOMMatrix(getComputedStyle(each).transform).a === -1)"""
KNOBS = """() => [...document.querySelectorAll(".switch")].map(
  (each) => [getComputedStyle(each, "::after").backgroundColor, getComputedStyle(each).backgroundColor])"""
COVERED = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  if (at === document.body || !box.width) return "";
  const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1), y = box.top + box.height / 2;
  const over = document.elementFromPoint(x, y);
  const own = over && (at.contains(over) || over.contains(at) || over.closest("label")?.contains(at));
  return own ? "" : `${at.id || at.outerHTML} is under ${over && over.outerHTML.slice(0, 80)}`;
}"""
STILL = """() => [...document.querySelectorAll("*")].filter((each) => {
  const style = getComputedStyle(each);
  return parseFloat(style.transitionDuration) > 0 || style.animationName !== "none";
}).map((each) => each.outerHTML.slice(0, 80))"""


def test_arrows_point_from_app_to_app_from_right_to_left_too(editor: Page) -> None:
    assert not editor.evaluate(MIRRORED)
    editor.evaluate("() => { document.documentElement.dir = 'rtl'; }")
    first, second = (
        editor.get_by_role("columnheader", name=name).bounding_box() for name in ("east field", "west field")
    )
    assert first is not None
    assert second is not None
    assert first["x"] > second["x"], "the columns of the apps have changed places"
    assert editor.evaluate(MIRRORED)


def test_knobs_of_switches_are_seen_in_forced_colours(editor: Page) -> None:
    editor.locator("#on-1").uncheck()
    expect(editor.locator("#count")).to_contain_text("10 mappings, 9 on")
    editor.emulate_media(forced_colors="active")
    knobs = editor.evaluate(KNOBS)
    assert len(knobs) > 10
    assert [knob for knob, around in knobs if knob == around] == []


@pytest.mark.parametrize(("width", "height"), [(1280, 480), (320, 480)], ids=["a low window", "a phone"])
def test_nothing_covers_what_has_the_focus(editor: Page, width: int, height: int) -> None:
    editor.set_viewport_size({"width": width, "height": height})
    editor.locator("#q").focus()
    met, covered = set[str](), list[str]()
    for _ in range(90):
        editor.keyboard.press("Tab")
        at = editor.evaluate("() => document.activeElement.id")
        if at in met and at:
            break
        met.add(at)
        covered.append(editor.evaluate(COVERED))
    assert {"on-10", "remove-10", "add", "update"} <= met
    assert [each for each in covered if each] == []


def test_nothing_moves_for_who_wants_that(editor: Page) -> None:
    editor.emulate_media(reduced_motion="reduce")
    assert editor.evaluate(STILL) == []
    editor.emulate_media(reduced_motion="no-preference")
    assert editor.evaluate(STILL) != []
