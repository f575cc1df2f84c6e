"""Print docs/rules.md, made from the one table of rules: ``python tools/rules_page.py > docs/rules.md``."""

import sys

from bothways.engine.rules import RULES, Rule

HEAD = """# The rules of a sync

Every action and every field of a plan names the rule it follows; so do the journal and `bothways why`. The first
rule that fits decides. This page is made from `engine/rules.py`.
"""

SECTIONS = {
    "One record": "R",
    "One field of two linked records": "F",
}


def page() -> str:
    """Return the page as Markdown."""
    return HEAD + "".join(_section(title, letter) for title, letter in SECTIONS.items())


def _section(title: str, letter: str) -> str:
    rows = "".join(_row(rule) for rule in RULES.values() if rule.id.startswith(letter))
    return f"\n## {title}\n\n| rule | when | what happens | said as |\n|---|---|---|---|\n{rows}"


def _row(rule: Rule) -> str:
    return f"| {rule.id} | {rule.situation} | {rule.action} | {rule.because.replace('{', '*').replace('}', '*')} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
