"""Write the tables of docs/apps/hubspot.md of what nobody has seen yet: ``python tools/unverified_page.py``."""

from collections.abc import Iterator
from pathlib import Path

from bothways.connectors.hubspot.deep import CHECKS
from bothways.connectors.hubspot.documented import DOCUMENTED, Fact
from bothways.connectors.hubspot.unverified import UNPROMISED

PAGE = Path(__file__).parent.parent / "docs" / "apps" / "hubspot.md"
BEGIN, END = (f"<!-- made by tools/unverified_page.py: {word} -->\n" for word in ("begins", "ends"))

_CHECKED = {check.fact: "records of our own" if check.makes else "read-only" for check in CHECKS}

_TITLES = ("what we take for true", "if it is not so", "how to see it by hand", "`--deep`", "where it stands")
_HEAD = f"| {' | '.join(_TITLES)} |\n{'|---' * len(_TITLES)}|\n"


def section() -> str:
    """Return what stands between the two marks of the page."""
    return "".join(_lines())


def written(page: str) -> str:
    """Return a page with the section as it is by now in its place; raise ValueError if it has no place for it."""
    before, found, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError("the page has no place for what is made")
    return f"{before}{BEGIN}{section()}{END}{after}"


def _lines() -> Iterator[str]:
    yield "\nNot promised by HubSpot's documentation (marked [K] in the code):\n\n"
    yield _HEAD
    yield from map(_row, UNPROMISED)
    yield "\nDocumented, and not seen by us on a real account:\n\n"
    yield _HEAD
    yield from map(_row, DOCUMENTED)
    yield "\nEach is checked by hand in a minute on a test account, with the token that Bothways has.\n\n"


def _row(fact: Fact) -> str:
    checked = _CHECKED.get(fact.id)
    return (
        f"| {fact.says} | {fact.wrong} | {fact.by_hand} | {f'`{fact.id}`, {checked}' if checked else 'no'} "
        f"| `{fact.where}` |\n"
    )


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
