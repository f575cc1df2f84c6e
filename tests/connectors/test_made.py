"""A connector with made fields: the app only ever sees their parts."""

from collections.abc import Sequence

from bothways.connectors.base import Connector, Exists, Outcome, Setup, WriteItem, WriteKind
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.made import with_made
from bothways.records import Field, Ref
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
