"""Every fact that the connector takes for true unseen stands in one table, and is marked where the code goes by it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from bothways.connectors import hubspot
from bothways.connectors.hubspot.deep import CHECKS
from bothways.connectors.hubspot.unverified import FACTS, UNPROMISED

FOLDER = Path(hubspot.__file__).parent
MARK = "[K]"
EXPLAINS = {"facts", "unverified"}
"""Modules whose own docstring says what the mark means."""


def documented(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, str]]:
    """Yield the name and docstring of each function, class, method and constant."""
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield f"{prefix}.{node.name}", ast.get_docstring(node) or ""
            yield from documented(node.body, f"{prefix}.{node.name}")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            words = after.value if isinstance(after, ast.Expr) else None
            text = words.value if isinstance(words, ast.Constant) and isinstance(words.value, str) else ""
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            yield from ((f"{prefix}.{each.id}", text) for each in names if isinstance(each, ast.Name))


DOCSTRINGS = {
    name: text
    for path in sorted(FOLDER.glob("*.py"))
    for name, text in documented(ast.parse(path.read_text()).body, path.stem)
}
MARKED = {name for name, text in DOCSTRINGS.items() if MARK in text}


def test_every_fact_names_a_constant_or_function_that_there_is():
    assert [each.id for each in FACTS if each.where not in DOCSTRINGS] == []


def test_every_fact_that_is_not_documented_is_marked_where_the_code_goes_by_it_and_no_other():
    assert {each.where for each in UNPROMISED} == MARKED


def test_marks_stand_in_docstrings_of_what_goes_by_them_alone():
    for path in FOLDER.glob("*.py"):
        text = path.read_text()
        explained = (ast.get_docstring(ast.parse(text)) or "").count(MARK)
        assert explained == 0 or path.stem in EXPLAINS, path.stem
        marks = sum(words.count(MARK) for name, words in DOCSTRINGS.items() if name.startswith(f"{path.stem}."))
        assert text.count(MARK) == marks + explained, path.stem


def test_facts_are_told_apart_and_in_whole_sentences():
    ids = [each.id for each in FACTS]
    assert sorted(set(ids)) == sorted(ids)
    for each in FACTS:
        for text in (each.says, each.wrong, each.by_hand):
            assert text[0].isupper(), text
            assert text.endswith((".", "...")), text
            assert "|" not in text, text


def test_every_check_is_of_a_fact_and_of_each_there_is_one_check_at_most():
    checked = [check.fact for check in CHECKS]
    assert set(checked) <= {each.id for each in FACTS}
    assert sorted(set(checked)) == sorted(checked)
