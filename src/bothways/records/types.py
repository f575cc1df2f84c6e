"""The types a field can have, and what a connector learns about a field."""

from dataclasses import dataclass, field
from enum import StrEnum


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
    a datetime field. ``region`` is the ISO 3166 country that national phone numbers belong to. ``refers_to``
    names the object whose ids a reference field holds: an association of records is such a field, read and
    listed like any other, so that a change of nothing but the association is a change of the record. Its value is
    one id, or a list of them if it is ``multi_valued``; ``primary_first``: the first of them is the primary one.
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
    refers_to: str | None = None
    primary_first: bool = False

    @property
    def title(self) -> str:
        """The name people see."""
        return self.label or self.name
