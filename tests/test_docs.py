"""The pages made from the code are as the code is."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bothways.engine.rules import RULES

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")])


@pytest.fixture(scope="module")
def rules_page() -> ModuleType:
    """Return the maker of the rules page."""
    spec = importlib.util.spec_from_file_location("rules_page", ROOT / "tools" / "rules_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


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
