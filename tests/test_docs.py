"""The pages made from the code are as the code is."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bothways.connectors.hubspot.facts import JOURNAL, JOURNAL_WANTED, LIMITS, OAUTH, PURPOSES, QUOTA
from bothways.connectors.hubspot.objects import KINDS
from bothways.engine.rules import RULES

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")])


def tool(name: str) -> ModuleType:
    """Return a tool that makes a page."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rules_page() -> ModuleType:
    """Return the maker of the rules page."""
    return tool("rules_page")


def test_rules_page_is_made_from_the_rules(rules_page: ModuleType) -> None:
    assert (ROOT / "docs" / "rules.md").read_text() == rules_page.page()


def test_every_rule_stands_on_the_page_once_with_its_test(rules_page: ModuleType) -> None:
    lines = rules_page.lines()
    ids = [line.head for line in lines if line.head in RULES]
    assert sorted(ids) == sorted(RULES)
    others = [line for line in lines if line.head not in RULES]
    assert {line.head for line in others} <= set(rules_page.SECTIONS)
    sentences = [line.sentence for line in others]
    assert sorted(set(sentences)) == sorted(sentences)
    assert [each for each in sentences if not each.endswith(".")] == []


def test_every_test_named_on_the_rules_page_is_collected(rules_page: ModuleType) -> None:
    named = sorted({f"tests/{test}" for line in rules_page.lines() for test in line.tests})
    files = sorted({test.partition("::")[0] for test in named})
    options = ("--collect-only", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header")
    asked = subprocess.run([sys.executable, "-m", "pytest", *options, *files], cwd=ROOT, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    collected = {line.partition("[")[0] for line in asked.stdout.splitlines() if "::" in line}
    assert [test for test in named if test not in collected] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


# --- docs/apps ----------------------------------------------------------------------------------------

HUBSPOT = ROOT / "docs" / "apps" / "hubspot.md"


def test_what_nobody_has_seen_of_hubspot_is_made_from_the_code() -> None:
    page = HUBSPOT.read_text()
    assert page == tool("unverified_page").written(page)


def test_every_oddity_of_hubspot_names_tests_that_there_are() -> None:
    oddities = HUBSPOT.read_text().partition("\n## Oddities\n")[2].partition("\n## ")[0]
    rows = [line for line in oddities.splitlines() if line.startswith("| ")][1:]
    named = [re.findall(r"`([\w/]+\.py)::(\w+)`", row) for row in rows]
    assert len(rows) > 20
    assert [row for row, tests in zip(rows, named, strict=True) if not tests] == []
    missing = [f"{file}::{test}" for tests in named for file, test in tests if test not in names_of_tests(file)]
    assert missing == []


def names_of_tests(file: str) -> set[str]:
    """Return the names of the tests in a file below tests/."""
    tree = ast.parse((ROOT / "tests" / file).read_text())
    return {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")}


def test_permissions_and_limits_of_hubspot_are_those_of_the_connector() -> None:
    page = HUBSPOT.read_text()
    permissions = page.partition("\n## Permissions\n")[2].partition("\n## ")[0]
    named = [
        scope for row in re.findall(r"^\| (`.+?) \|", permissions, re.MULTILINE) for scope in re.findall("`(.+?)`", row)
    ]
    assert sorted(named) == sorted(PURPOSES)
    assert re.findall(r"^- (.+)$", permissions, re.MULTILINE) == list(OAUTH.never)
    limits = page.partition("\n## Limits\n")[2].partition("\n## ")[0]
    for words in (
        f"{LIMITS[''][0]} calls in ten seconds",
        f"{LIMITS['search'][0]} searches a second",
        f"{LIMITS['associations'][0]} calls about associations in ten seconds",
        f"{LIMITS[JOURNAL][0]} calls a second for the webhooks journal, and {LIMITS[JOURNAL_WANTED][0]} for what is to",
        f"{QUOTA:,} calls a day",
    ):
        assert words in limits
    assert [seconds for _, seconds in LIMITS.values()] == [10.0, 1.0, 10.0, 1.0, 1.0]


def test_objects_of_hubspot_are_those_of_the_connector() -> None:
    assert f"| Objects | {', '.join(KINDS)}, and those that" in HUBSPOT.read_text()
