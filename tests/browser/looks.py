"""One page in every look: axe-core finds nothing, nothing is wider than the window or than the box that it stands in.

Pictures are kept if asked for:

``BOTHWAYS_SCREENSHOTS`` names the folder of the pictures; without it none are made.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

PHONE, DESK = 320, 1280
HEIGHT = 800
TEXT = 16
"""Pixels of text that nobody made larger."""

STRETCH = """() => {
  const MORE = "lorem ipsum dolor sit amet consectetur ".repeat(20);
  document.documentElement.dir = "ltr";
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode, words = text.data.trim();
    if (words && !text.parentElement.closest("bdi, code, pre, script"))
      text.data = text.data.replace(words, words + " " + MORE.slice(0, Math.ceil(words.length * 0.4)));
  }
}"""
"""Makes our own words longer by 40 %, as those of another language may be; what users and apps wrote stays."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at: how wide, by which wishes of its reader, and what is done to it before.

    ``text``: the size of text that a reader has set in the browser, in pixels.
    """

    name: str
    width: int = DESK
    text: int = TEXT
    media: Mapping[str, str] = field(default_factory=dict)
    before: str = ""


LOOKS = (
    Look("light"),
    Look("dark", media={"color_scheme": "dark"}),
    Look("phone", PHONE),
    Look("large-text", text=2 * TEXT),
    Look("forced-colours", media={"forced_colors": "active"}),
    Look("right-to-left", before="() => document.documentElement.dir = 'rtl'"),
    Look("longer-words", before=STRETCH),
)

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}

TALL = "() => document.documentElement.scrollHeight"
"""As high as the page: what stays in sight at the edge of a window lies on nothing then."""

WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

SPILT = """() => {
  const all = [...document.querySelectorAll("body :not(input, select, textarea, svg, svg *)")];
  const style = new Map(all.map((each) => [each, getComputedStyle(each)]));
  const unseen = all.filter((each) => style.get(each).clipPath !== "none");
  const scrolls = (overflow) => overflow === "auto" || overflow === "scroll";
  return all.filter((each) => each.clientWidth && !unseen.some((one) => one.contains(each))
    && (each.scrollWidth > each.clientWidth + 1 && !scrolls(style.get(each).overflowX)
      || each.scrollHeight > each.clientHeight + 1 && !scrolls(style.get(each).overflowY)))
    .map((each) => each.outerHTML.slice(0, 200));
}"""
"""Boxes that what they hold does not fit into: it is cut off, or lies on what stands beside it."""

NAMELESS = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, summary")]
  .filter((each) => !each.id).map((each) => each.outerHTML)"""
"""Controls without an id: what is swapped would lose the focus."""


def faults_of(page: Page, name: str, looks: Iterable[Look] = LOOKS) -> list[str]:
    """Look at the page as it is now in every look; return what is wrong with it."""
    found = [f"without an id: {each}" for each in page.evaluate(NAMELESS)]
    page.evaluate(Axe().axe_script)
    browser = page.context.new_cdp_session(page)
    for look in looks:
        browser.send("Page.setFontSizes", {"fontSizes": {"standard": look.text, "fixed": look.text * 13 // 16}})
        page.emulate_media(**{"color_scheme": "light", "forced_colors": "none", **look.media})
        if look.before:
            page.evaluate(look.before)
        for width in (PHONE + DESK - look.width, look.width) if look.text == TEXT else (look.width,):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            if wider := page.evaluate(WIDER):
                found.append(f"{look.name}: the page is {wider} px wider than a window of {width} px")
        found += [f"{look.name}: it does not fit: {each}" for each in page.evaluate(SPILT)]
        if look.text == TEXT:
            picture(page, f"{name}-{look.name}")
        page.set_viewport_size({"width": look.width, "height": max(page.evaluate(TALL), HEIGHT)})
        if look.text != TEXT:  # of a full page Chromium forgets the size of text
            picture(page, f"{name}-{look.name}")
        violations = page.evaluate("rules => axe.run(rules).then(found => found.violations)", RULES)
        found += [f"{look.name}: {each['id']}: {node['html']}" for each in violations for node in each["nodes"]]
    return found


def picture(page: Page, name: str) -> None:
    """Keep a picture of a page, if there is a folder for it."""
    if folder := os.environ.get("BOTHWAYS_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True, caret="initial")
