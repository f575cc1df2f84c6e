"""Print docs/rules.md, from engine/rules.py and tools/rules.txt: ``python tools/rules_page.py > docs/rules.md``."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bothways.engine.rules import RULES, Rule

SHOWN = Path(__file__).parent / "rules.txt"

HEAD = """# The rules of a sync

Every rule once, with the tests that show it. Every action and every field of a plan names the rule it follows; so do
the journal and `bothways why`. In the two tables the first rule that fits decides.

This page is made from `engine/rules.py` and `tools/rules.txt`; paths are those below `tests/`.
"""

TABLES = {"One record": "R", "One field of two linked records": "F"}
"""The title of each decision table and the letter that its rules begin with."""

SECTIONS = (
    "Scope",
    "Matching",
    "Mapping",
    "Set",
    "Conflicts",
    "Associations",
    "Leads",
    "Deletes",
    "Consent",
    "Life",
    "Webhooks",
    "Alerts",
    "Preview",
    "Undo",
    "Why",
    "YAML",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of rules.txt: the id of a rule of the engine, or a section and its sentence; the tests that show it."""

    head: str
    sentence: str
    tests: tuple[str, ...]


def lines() -> list[Line]:
    """Return what rules.txt holds, in its order; raise ValueError for a line that is not of its form."""
    found = []
    for text in SHOWN.read_text(encoding="utf-8").splitlines():
        if not text.strip() or text.startswith("#"):
            continue
        parts = [part.strip() for part in text.split(" | ")]
        if len(parts) != (2 if parts[0] in RULES else 3) or not all(parts):
            raise ValueError(f"rules.txt: {text}")
        found.append(Line(parts[0], parts[1] if len(parts) == 3 else "", tuple(parts[-1].split())))
    return found


def page() -> str:
    """Return the page as Markdown."""
    return HEAD + "".join([*_tables(), *_sections()])


def _tables() -> Iterator[str]:
    tests = {line.head: line.tests for line in lines() if line.head in RULES}
    for title, letter in TABLES.items():
        rows = "".join(_row(rule, tests[rule.id]) for rule in RULES.values() if rule.id.startswith(letter))
        head = "| rule | when | what happens | said as | shown by |\n|---|---|---|---|---|\n"
        yield f"\n## {title}\n\n{head}{rows}"


def _row(rule: Rule, tests: tuple[str, ...]) -> str:
    said = rule.because.replace("{", "*").replace("}", "*")
    return f"| {rule.id} | {rule.situation} | {rule.action} | {said} | {_shown(tests)} |\n"


def _sections() -> Iterator[str]:
    for section in SECTIONS:
        rows = [f"| {line.sentence} | {_shown(line.tests)} |\n" for line in lines() if line.head == section]
        if rows:
            yield f"\n## {section}\n\n| rule | shown by |\n|---|---|\n{''.join(rows)}"


def _shown(tests: tuple[str, ...]) -> str:
    return " ".join(f"`{test}`" for test in tests)


if __name__ == "__main__":
    sys.stdout.write(page())
