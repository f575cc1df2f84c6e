"""The vocabulary itself: fields, records and meanings."""

import dataclasses

import pytest

from bothways.records import Field, FieldType, Record, Ref, meanings


def test_a_field_is_text_that_may_be_written_unless_said_otherwise() -> None:
    field = Field("firstname")
    assert field.type is FieldType.TEXT
    assert not any((field.read_only, field.required, field.unique, field.multi_valued))


def test_people_see_the_label_and_the_name_where_there_is_none() -> None:
    assert Field("firstname", label="First name").title == "First name"
    assert Field("firstname").title == "firstname"


@pytest.mark.parametrize("thing", [Field("f"), Record("1"), Ref("1")])
def test_the_vocabulary_cannot_be_changed_once_made(thing: object) -> None:
    assert dataclasses.is_dataclass(thing)
    name = dataclasses.fields(thing)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(thing, name, "other")


def test_a_record_knows_where_it_is_written() -> None:
    record = Record("7", {"a": 1}, address="/book/7.vcf", version='"3"', modified=1.5)
    assert record.ref == Ref("7", "/book/7.vcf", '"3"')


def test_types_are_stored_by_words_that_people_can_read() -> None:
    assert [FieldType(str(kind)) for kind in FieldType] == list(FieldType)
    assert str(FieldType.EMAIL) == "e-mail"


def test_every_meaning_has_one_name() -> None:
    groups = (
        meanings.PERSON,
        meanings.ADDRESS,
        meanings.ORGANIZATION,
        meanings.DEAL,
        meanings.PRODUCT,
        meanings.STATE,
    )
    assert sum(map(len, groups)) == len(meanings.ALL)
