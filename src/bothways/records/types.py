"""The types a field can have, and what a connector learns about a field."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache


class FieldType(StrEnum):
    """What the values of a field are."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    MULTI_CHOICE = "multi-choice"
    EMAIL = "e-mail"
    PHONE = "phone"
    URL = "URL"
    REFERENCE = "reference"
    LABELLED = "labelled values"
    JOINED = "two names as one"
    NAMED = "a record by its name"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a choice field: its stored key and the label people see."""

    key: str
    label: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One typed property of an object, as the connector describes it.

    ``name`` is the stable address of the field inside its object and may hold a dotted label, as in
    ``phone.work``. ``meaning`` is a term of schema.org (see ``records.meanings``). ``max_length`` counts
    characters. ``precision`` is the number of decimals kept by a number field, or the grain in seconds of
    a datetime field. ``region`` is the ISO 3166 country that national phone numbers belong to, unless one of
    ``countries``, fields of the same object, names the record's own. ``refers_to``
    names the object whose ids a reference field holds: an association of records is such a field, read and
    listed like any other, so that a change of nothing but the association is a change of the record. Its value is
    one id, or a list of them if it is ``multi_valued``; ``primary_first``: the first of them is the primary one.
    ``label_of``: the field is a label of the associations in that field of the same object, and holds the ids of
    those records that are associated by it. A record with a label is associated in any case.
    ``items`` is the type of the values in a list of labelled values, or of the name by which records are known, None
    for text. ``part_of`` names such a list
    of the same object, if this field is one value of it, and ``position`` says which, if not its label does.
    ``parts`` are the fields that a field is made of which no app has (see ``records.made``).
    ``forward_only``: the app lets a choice move forward through the options alone, unless it is cleared first.
    """

    name: str
    type: FieldType = FieldType.TEXT
    label: str = ""
    meaning: str | None = None
    read_only: bool = False
    required: bool = False
    unique: bool = False
    multi_valued: bool = False
    max_length: int | None = None
    precision: float | None = None
    options: tuple[Option, ...] = field(default=())
    region: str | None = None
    countries: tuple[str, ...] = ()
    refers_to: str | None = None
    primary_first: bool = False
    label_of: str | None = None
    items: FieldType | None = None
    part_of: str | None = None
    position: int | None = None
    parts: "tuple[Field, ...]" = ()
    forward_only: bool = False

    @property
    def title(self) -> str:
        """The name people see."""
        return self.label or self.name


@lru_cache(1024)
def one_of(several: Field) -> Field:
    """Return what one value in a list of labelled values is."""
    kind = several.items or FieldType.TEXT
    return Field(several.name, kind, several.label, max_length=several.max_length, region=several.region)
