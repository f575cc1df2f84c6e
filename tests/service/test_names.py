"""Which fields by name go without saying: only where one app has nothing but a text for the company."""

from collections.abc import Mapping

import pytest

from bothways.engine.sides import SIDES, Side
from bothways.errors import UnknownObject
from bothways.records import Field, FieldType
from bothways.service.names import with_names
from bothways.service.reading import document_of
from bothways.service.yaml_file import parse
from tests.office import plug_in

HEAD = "version: 1\napps: {A: {connector: memory}, B: {connector: memory}}\nsyncs:\n  s: {objects: {A: x, B: y}}\n"
L, R = SIDES
COMPANY = Field("company", meaning="worksFor")
FIRM = Field("firm", FieldType.REFERENCE, refers_to="firms")
FIRMS = Field("firms", FieldType.REFERENCE, refers_to="firms", multi_valued=True, primary_first=True)
OBJECTS = {
    "firms": (Field("title", meaning="name"), Field("domain", meaning="domain")),
    "people": (Field("title", meaning="name"), Field("last", meaning="familyName")),
}


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        ([FIRM], [COMPANY], "firm > title"),
        ([FIRMS], [COMPANY], "firms > title"),
        ([FIRM, COMPANY], [COMPANY], ""),
        ([FIRM, FIRMS], [COMPANY], ""),
        ([FIRM], [], ""),
        ([FIRM], [COMPANY, FIRM], ""),
        ([Field("firms", FieldType.REFERENCE, refers_to="firms", multi_valued=True)], [COMPANY], ""),
        ([Field("boss", FieldType.REFERENCE, refers_to="people")], [COMPANY], ""),
        ([Field("firm", FieldType.REFERENCE, refers_to="hidden")], [COMPANY], ""),
    ],
)
def test_company_by_its_name_goes_without_saying_where_nothing_else_tells_it(
    monkeypatch: pytest.MonkeyPatch, left: list[Field], right: list[Field], found: str
) -> None:
    plug_in(monkeypatch)
    document = document_of(parse(HEAD, "bothways.yaml")).syncs["s"]

    def fields(side: Side, object: str) -> Mapping[str, Field]:
        if object not in OBJECTS:
            raise UnknownObject(app="A", name=object)
        return {each.name: each for each in OBJECTS[object]}

    for sides in ((left, right), (right, left)):
        schema = {side: {each.name: each for each in each_} for side, each_ in zip(SIDES, sides, strict=True)}
        after = with_names(document, schema, fields)
        added = [each for side in SIDES for name, each in after[side].items() if name not in schema[side]]
        assert [(each.name, each.meaning) for each in added] == ([(found, "worksFor")] if found else [])
