"""What is exported is imported as it was; whatever the file holds, it is read or refused with the place."""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bothways.engine.sides import Side
from bothways.errors import SettingsError
from bothways.service.document import Document
from bothways.service.reading import document_of
from bothways.service.syncs import exported
from bothways.service.workspace import load
from bothways.service.yaml_edit import dumped
from bothways.service.yaml_file import node_of, parse
from tests.office import plug_in
from tests.service.documents import AMBIGUOUS, DOCUMENTS, without_places

HEAD = "version: 1\napps: {Anna: {connector: memory}, Bert: {connector: memory}}\nsyncs:\n  people:\n"
SYNC = HEAD + "    objects: {Anna: people, Bert: people}\n"


@pytest.fixture(autouse=True, scope="module")
def plugged_in() -> Iterator[None]:
    """Let the connectors of the tests be known."""
    with pytest.MonkeyPatch.context() as patch:
        plug_in(patch)
        yield


def read(text: str) -> Document:
    return document_of(parse(text, "bothways.yaml"))


@settings(max_examples=50)
@given(DOCUMENTS, st.sampled_from([dumped, json.dumps]))
def test_what_is_exported_is_imported_as_it_was(data: Any, written: Any) -> None:
    document = read(written(data))
    again = read(exported(document, "people", 7))
    assert without_places(again.syncs) == without_places(document.syncs)
    assert without_places(again.apps) == without_places(document.apps)
    assert (again.revision, again.allow_hosts, again.alerts) == (7, document.allow_hosts, document.alerts)
    assert exported(again, "people", 7) == exported(document, "people", 7)


@settings(max_examples=50)
@given(DOCUMENTS)
def test_plain_data_is_read_as_the_file_that_is_written_of_it(data: Any) -> None:
    assert without_places(document_of(node_of(data, "draft"))) == without_places(read(dumped(data)))


def test_plain_data_has_places_as_a_file_with_one_thing_in_each_line() -> None:
    root = node_of({"a": 1, "b": {"c": [{"d": 1, "e": "x"}, 2]}, "f": None}, "draft")
    inner = root.node("b")
    assert (root.key_place("a"), root.value_place("b"), inner.key_place("c")) == ("draft:1:1", "draft:2:1", "draft:3:1")
    assert [place for place, _ in inner.nodes_or("c", 2)] == ["draft:4:1", "draft:7:1"]  # type: ignore[arg-type]
    assert root.key_place("f") == "draft:8:1"


@pytest.mark.parametrize("word", [each for each in AMBIGUOUS if each not in ("null", "~", "true", "<<")])
def test_no_the_country_on_off_yes_dates_and_odd_numbers_are_text(word: str) -> None:
    sync = read(
        HEAD
        + f"""\
    objects: {{Anna: {word}, Bert: people}}
    send: {{Anna: {{filter: {{field: {word}, in: [{word}]}}}}}}
    conflicts: {{per_field: {{{word}: Anna}}}}
    match: [{{Anna: [{word}], Bert: [name]}}]
    fields: [{{Anna: {word}, Bert: name, values: {{{word}: {word}}}}}]
    set: {{Bert: [{{field: {word}, value: {word}}}]}}
"""
    ).syncs["people"]
    (field,) = sync.fields or ()
    (constant,) = sync.constants
    filter: Any = sync.scope.filters[Side.LEFT]
    rule: Any = sync.match[0] if sync.match else None
    assert sync.objects[Side.LEFT] == field.names[Side.LEFT] == constant.field == constant.value == word
    assert (filter.field, filter.operand, rule.names[Side.LEFT]) == (word, [word], ((word,),))
    assert (field.values, list(sync.winners)) == (((word, word),), [word])


@pytest.mark.parametrize(("written", "number"), [("12", 12), ("-3", -3), ("10.5", 10.5), ("0", 0)])
def test_what_is_written_like_a_number_is_one(written: str, number: float) -> None:
    sync = read(SYNC + f"    set: {{Bert: [{{field: a, value: {written}}}]}}\n").syncs["people"]
    assert (sync.constants[0].value, type(sync.constants[0].value)) == (number, type(number))


NODES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.integers(), inner, max_size=3),
    max_leaves=6,
)
ODD = st.sampled_from(
    (
        "&a",
        "*a",
        "<<: *a",
        "!!binary x",
        "!!set {a}",
        "!!omap [a: 1]",
        "!!int x",
        "!!float x",
        "!!timestamp x",
        "!!bool x",
        "!!python/object:os.system x",
        "!x y",
        "? a",
        "? [a, b]",
        "--- a",
        "...",
        "%YAML 1.1",
        "%TAG ! x",
        "|",
        ">-",
        "\t",
        "\x00",
        "\ufeff",
        "\x85",
        "[",
        "}",
        "0o8",
        "0x",
        "1_0",
        "1:30",
        "~",
        ".inf",
        "2026-99-99",
        "9" * 5000,
    )
)


@st.composite
def broken(draw: st.DrawFn) -> str:
    """Return a settings file into which something was put, or from which something was taken."""
    text = draw(st.sampled_from((dumped, json.dumps)))(draw(DOCUMENTS))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 8)))
        text = text[:start] + draw(ODD | st.text(max_size=4)) + text[end:]
    return text


@st.composite
def misplaced(draw: st.DrawFn) -> str:
    """Return a settings file in which one value, somewhere, is something else."""
    data = deepcopy(draw(DOCUMENTS))
    home, key = draw(st.sampled_from(list(_places(data))))
    home[key] = draw(NODES)
    return json.dumps(data)


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    for key in data if isinstance(data, dict) else range(len(data)):
        yield data, key
        if isinstance(data[key], dict | list):
            yield from _places(data[key])


def place_of(refusal: Callable[[], object]) -> str:
    """Return the place of what is refused; that of the beginning where nothing is."""
    try:
        refusal()
    except SettingsError as refused:
        return refused.where
    return "bothways.yaml:1:1"


def is_place(text: str) -> bool:
    return re.fullmatch(r"bothways\.yaml:[1-9]\d*:[1-9]\d*", text) is not None


@given(broken() | misplaced() | st.text() | NODES.map(json.dumps))
@example("a: &a [*a]")
@example(SYNC + "    ? [state]\n    : on\n")
@example(SYNC + "    <<: {state: on}\n")
@example("version: !!int x")
@example("&a {b: c}: d")
@example("[" * 500)
@example("version: " + "9" * 5000)
def test_reading_never_fails_on_any_text_but_refuses_it_with_line_and_column(text: str) -> None:
    assert is_place(place_of(lambda: read(text)))


@given(st.binary(max_size=40) | st.builds(lambda a, b: a + b, broken().map(str.encode), st.binary(max_size=4)))
def test_reading_never_fails_on_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "bothways.yaml"
    file.write_bytes(content)
    assert is_place(place_of(lambda: load(Path(file))))
