"""A connector with made fields: the app only ever sees their parts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from bothways.connectors.base import Connector, Exists, Outcome, Read, Setup, WriteItem, WriteKind
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.made import with_made
from bothways.errors import AppUnreachable
from bothways.records import Field, FieldType, Record, Ref, Value, named
from tests.memory_app import Clock, MemoryApp, MemoryConnector, Traits

FIELDS = (Field("first"), Field("last"), Field("a + b"))
NAME, TEXT = "first + last", "{last}, {first}"


class NoSecrets:
    def get(self, name: str) -> str:
        raise KeyError(name)


def opened(traits: Traits | None = None) -> tuple[MemoryApp, Connector]:
    app = MemoryApp("Anna", Clock(), traits or Traits(), FIELDS)
    return app, with_made(MemoryConnector)(Setup("Anna", {}, NoSecrets(), MemoryBudget({}, app="Anna")))


def update(app: MemoryApp, id: str, values: Sequence[str | None] | None) -> WriteItem:
    return WriteItem("1", WriteKind.UPDATE, {NAME: values}, Ref(id), base={NAME: ["Ada", "King"]})


def test_made_fields_are_read_like_any_other() -> None:
    app, connector = opened()
    id = app.add(first="Ada", last="King")
    wanted = [NAME, TEXT, "first"]
    (page,) = connector.changes("people", None, wanted)
    (answer,) = connector.read("people", [Ref(id)], wanted)
    assert answer.exists is Exists.EXISTS
    assert answer.record is not None
    for record in (page.seen[0].record, answer.record):
        assert [record.values[name] for name in wanted] == [["Ada", "King"], "King, Ada", "Ada"]


def test_parts_are_written_and_told_as_the_made_field() -> None:
    app, connector = opened()
    id = app.add(first="Ada", last="King")
    (result,) = connector.write("people", [update(app, id, ["Eve", None])])
    assert app.writes[-1].values == {"first": "Eve", "last": None}
    assert result.outcome is Outcome.DONE
    assert result.record is not None
    assert result.record.values[NAME] == ["Eve", None]
    connector.write("people", [update(app, id, None)])
    assert app.values(id) == {}


def test_refused_part_is_told_as_the_made_field() -> None:
    app, connector = opened(Traits(refuses=lambda item: ("no", ("last",))))
    id = app.add(first="Ada", last="King")
    (result,) = connector.write("people", [update(app, id, ["Eve", "King"])])
    assert (result.outcome, result.fields) == (Outcome.REFUSED, (NAME,))


def test_field_of_the_app_s_own_of_such_a_name_goes_first() -> None:
    app, connector = opened()
    id = app.add(**{"a + b": "x"})
    (answer,) = connector.read("people", [Ref(id)], ["a + b"])
    assert answer.record is not None
    assert answer.record.values["a + b"] == "x"
    assert connector.capabilities.batch_read == 100
    assert connector.find("people", NAME, ["x"]) == {}


# --- records by their names ---------------------------------------------------------------------------

BY_NAME = "firms > title"
STAFF = (Field("name"), Field("firms", FieldType.REFERENCE, multi_valued=True, refers_to="firms", primary_first=True))


class Companies(MemoryConnector):
    """People and the firms that they refer to; ``unreadable`` firms exist, and cannot be read now."""

    titles: Mapping[str, str | None] = {"f1": "ACME", "f2": "Blue", "f3": None}
    unreadable: Sequence[str] = ()
    down = False

    def fields(self, object: str) -> Sequence[Field]:
        return (Field("title"),) if object == "firms" else super().fields(object)

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        if object != "firms":
            return super().read(object, refs, fields)
        if self.down:
            raise AppUnreachable(app="Anna", reason="no answer")
        assert (list(fields), len(refs) <= self.capabilities.batch_read) == (["title"], True)
        return [self._firm(ref.id) for ref in refs]

    def _firm(self, id: str) -> Read:
        if id in self.unreadable:
            return Read(id, Exists.UNKNOWN)
        known = id in self.titles
        record = Record(id, {"title": self.titles[id]}) if known else None
        return Read(id, Exists.EXISTS if known else Exists.MISSING, record)


def staff() -> tuple[MemoryApp, Companies]:
    app = MemoryApp("Anna", Clock(), Traits(), STAFF)
    return app, with_made(Companies)(Setup("Anna", {}, NoSecrets(), MemoryBudget({}, app="Anna")))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("firms", "value"),
    [
        (["f2", "f1"], named("Blue", ["f2", "f1"])),
        (["f3"], named(None, ["f3"])),
        (["f404"], named(None, ["f404"])),
        ([], None),
    ],
)
def test_what_is_referred_to_first_is_read_by_its_name(firms: list[str], value: Value) -> None:
    app, connector = staff()
    id = app.add(name="Ann", firms=firms)
    (page,) = connector.changes("people", None, [BY_NAME])
    (answer,) = connector.read("people", [Ref(id)], [BY_NAME])
    assert answer.record is not None
    assert page.seen[0].record.values[BY_NAME] == answer.record.values[BY_NAME] == value


def test_record_is_not_used_while_the_name_of_what_it_refers_to_cannot_be_read() -> None:
    app, connector = staff()
    connector.unreadable = ["f1"]
    ids = app.add(name="Ann", firms=["f1"]), app.add(name="Bob", firms=["f2"])
    (page,) = connector.changes("people", None, [BY_NAME])
    answers = connector.read("people", [Ref(id) for id in ids], [BY_NAME])
    told = "title of f1, which it refers to, cannot be read"
    assert [each.problem for each in page.seen] == [each.problem for each in answers] == [told, None]


def test_primary_one_alone_is_written_and_the_others_stay() -> None:
    app, connector = staff()
    id = app.add(name="Ann", firms=["f1", "f3"])
    base = {BY_NAME: named("ACME", ["f1", "f3"])}
    item = WriteItem("1", WriteKind.UPDATE, {BY_NAME: named("Blue", ["f2"])}, Ref(id), base=base)
    (result,) = connector.write("people", [item])
    assert app.values(id)["firms"] == ["f2", "f3"]
    assert result.record is not None
    assert result.record.values[BY_NAME] == named("Blue", ["f2", "f3"])
    cleared = replace(item, values={BY_NAME: None}, base={BY_NAME: named("Blue", ["f2", "f3"])})
    connector.write("people", [cleared])
    assert app.values(id)["firms"] == ["f3"]
    item = replace(item, base={BY_NAME: named(None, ["f3"])})
    connector.write("people", [item])
    assert app.values(id)["firms"] == ["f2", "f3"], "who has no name was not what was replaced"


def test_write_is_done_even_if_the_name_cannot_be_read_again() -> None:
    app, connector = staff()
    id = app.add(name="Ann", firms=["f1"])
    connector.down = True
    base = {BY_NAME: named("ACME", ["f1"])}
    item = WriteItem("1", WriteKind.UPDATE, {BY_NAME: named("Blue", ["f2"])}, Ref(id), base=base)
    (result,) = connector.write("people", [item])
    assert result.outcome is Outcome.DONE
    assert result.record is not None
    assert BY_NAME not in result.record.values
    assert app.values(id)["firms"] == ["f2"]
