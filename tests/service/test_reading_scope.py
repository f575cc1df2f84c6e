"""Which records take part, as the settings file says it: read, written out again, and refused with the place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways import errors
from bothways.engine.filters import OPERATORS
from bothways.engine.scope import Leaving
from bothways.engine.sides import Side
from bothways.service.document import ConditionDocument, GroupDocument, SyncDocument
from bothways.service.reading import document_of
from bothways.service.reading_scope import LEAVING
from bothways.service.sync_settings import settings_of
from bothways.service.yaml_edit import dumped
from bothways.service.yaml_file import parse
from tests.office import plug_in

HEAD = "version: 1\napps: {Anna: {connector: memory}, Bert: {connector: memory}}\nsyncs:\n  people:\n"
SYNC = HEAD + "    objects: {Anna: people, Bert: people}\n"


@pytest.fixture(autouse=True, scope="module")
def plugged_in() -> Any:
    """Let the connectors of the tests be known."""
    with pytest.MonkeyPatch.context() as patch:
        plug_in(patch)
        yield


def read(more: str) -> SyncDocument:
    return document_of(parse(SYNC + more, "bothways.yaml")).syncs["people"]


def again(sync: SyncDocument) -> SyncDocument:
    """Return a sync written as YAML and read from it."""
    apps = {"Anna": {"connector": "memory"}, "Bert": {"connector": "memory"}}
    text = dumped({"version": 1, "apps": apps, "syncs": {"people": settings_of(sync)}})
    return document_of(parse(text, "bothways.yaml")).syncs["people"]


def test_a_whole_scope_is_read() -> None:
    sync = read(
        """\
    send:
      Anna: {filter: {all: [{field: country, in: [NO, on]}, {not: {field: born, after: 2026-01-31}}]}}
      Bert: all
    when_leaving_filter: keep
    require: [email]
    start: all
"""
    )
    group = sync.scope.filters[Side.LEFT]
    assert isinstance(group, GroupDocument)
    first, second = group.parts
    assert isinstance(first, ConditionDocument)
    assert (first.field, first.operator, first.operand) == ("country", "in", ["NO", "on"])
    assert first.place == "bothways.yaml:7:50"
    assert isinstance(second, GroupDocument)
    assert second.parts[0].operand == "2026-01-31"  # type: ignore[union-attr]
    assert sync.sends == dict.fromkeys(Side, True)
    assert (list(sync.scope.filters), sync.scope.leaving, sync.scope.require) == ([Side.LEFT], Leaving.KEEP, ("email",))


def test_without_a_word_everybody_takes_part_and_a_link_that_leaves_is_frozen() -> None:
    scope = read("").scope
    assert (scope.filters, scope.leaving, scope.require) == ({}, Leaving.FREEZE, None)
    assert read("    require: []\n").scope.require == ()


REFUSED = {
    "both none": ("    send: {Anna: none, Bert: none}\n", errors.NothingFlows, "6:5", "nothing would be synced"),
    "another word": ("    send: {Anna: some}\n", errors.WrongType, "6:18", "none, all or {filter: ...}"),
    "nothing in the filter": ("    send: {Anna: {filter: {}}}\n", errors.MissingKey, "6:27", '"field"'),
    "no filter": ("    send: {Anna: {}}\n", errors.MissingKey, "6:18", '"filter"'),
    "another key": ("    send: {Anna: {filters: {}}}\n", errors.UnknownKey, "6:19", "filter?"),
    "a list of filters": ("    send: {Anna: {filter: []}}\n", errors.WrongType, "6:27", "keys with values"),
    "no question": ("    send: {Anna: {filter: {field: x}}}\n", errors.MissingKey, "6:27", "is or is_not or in"),
    "two questions": (
        "    send: {Anna: {filter: {field: x, is: a, in: [b]}}}\n",
        errors.WrongType,
        "6:45",
        "one question",
    ),
    "unknown question": ("    send: {Anna: {filter: {field: x, are: a}}}\n", errors.UnknownKey, "6:38", ""),
    "group and condition": ("    send: {Anna: {filter: {all: [], field: x}}}\n", errors.UnknownKey, "6:37", ""),
    "an empty group": ("    send: {Anna: {filter: {any: []}}}\n", errors.WrongType, "6:33", "a list of conditions"),
    "a bare word in a group": ("    send: {Anna: {filter: {any: [x]}}}\n", errors.WrongType, "6:34", ""),
    "a list of not": ("    send: {Anna: {filter: {not: [x]}}}\n", errors.WrongType, "6:33", "keys with values"),
    "a list with a field": (
        "    send: {Anna: {filter: {list: VIP, field: a}}}\n",
        errors.UnknownKey,
        "6:39",
        '"field"',
    ),
    "lists in one question": (
        "    send: {Anna: {filter: {list: [VIP, Press]}}}\n",
        errors.WrongType,
        "6:34",
        "must be text",
    ),
    "keys for a value": ("    send: {Anna: {filter: {field: x, is: {a: 1}}}}\n", errors.WrongType, "6:42", ""),
    "tag": ("    when_leaving_filter: tag\n", errors.WrongType, "6:26", "{tag: {an app: {field: ..., value: ...}}}"),
    "no tag": ("    when_leaving_filter: {tag: {}}\n", errors.WrongType, "6:32", "{field: ..., value: ...}"),
    "tag of nobody": (
        "    when_leaving_filter: {tag: {Cleo: {field: a, value: b}}}\n",
        errors.UnknownApp,
        "6:33",
        "Cleo",
    ),
    "tag without a value": ("    when_leaving_filter: {tag: {Anna: {field: a}}}\n", errors.MissingKey, "6:39", "value"),
    "another leaving": ("    when_leaving_filter: drop\n", errors.WrongType, "6:26", "freeze, keep or unlink"),
    "another start": ("    start: later\n", errors.WrongType, "6:12", "all or changes_from_now"),
    "require a word": ("    require: email\n", errors.WrongType, "6:14", "a list"),
    "require a phone": ("    require: [phone]\n", errors.WrongType, "6:14", "[email]"),
    "too deep": (
        "    send: {Anna: {filter: " + "{not: " * 30 + "{field: x, is: a}" + "}" * 30 + "}}\n",
        errors.WrongType,
        "6:147",
        "at most 20",
    ),
}


@pytest.mark.parametrize(("more", "error", "place", "said"), REFUSED.values(), ids=REFUSED)
def test_refusals_name_the_place(more: str, error: type[errors.SettingsError], place: str, said: str) -> None:
    with pytest.raises(error) as refused:
        read(more)
    assert (refused.value.where, said in str(refused.value)) == (f"bothways.yaml:{place}", True), str(refused.value)


OPERANDS = st.one_of(
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1),
    st.sampled_from(["NO", "on", "2026-01-31", "2026-01-31T09:00:00Z", "1e3", "null", "~", "010"]),
)
CONDITIONS = st.builds(
    ConditionDocument,
    st.sampled_from(["country", "a.b", "yes", "in"]),
    st.sampled_from(sorted(OPERATORS)),
    OPERANDS | st.lists(OPERANDS, max_size=3),
)
FILTERS = st.recursive(
    CONDITIONS,
    lambda inner: (
        st.builds(GroupDocument, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(GroupDocument, st.just("not"), inner.map(lambda part: (part,)))
    ),
    max_leaves=6,
)


@given(FILTERS, st.sampled_from(LEAVING), st.sampled_from([None, (), ("email",)]))
def test_what_is_exported_is_imported_as_it_was(filter: Any, leaving: Leaving, require: tuple[str, ...] | None) -> None:
    from dataclasses import replace

    plain = read("")
    scope = replace(plain.scope, filters={Side.RIGHT: filter}, leaving=leaving, require=require)
    sync = replace(plain, scope=scope)
    assert settings_of(again(sync)) == settings_of(sync)
