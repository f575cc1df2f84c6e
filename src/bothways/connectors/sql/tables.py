"""Tables and their columns as a database describes them, and the fields made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bothways.connectors.sql.names import FIELDS, OBJECTS, TYPES, plain
from bothways.records import Field, FieldType, Option

_FRACTION = 6
"""Decimals of a second that are kept where a column does not say."""

TEXTS = frozenset({"text", "varchar", "bpchar", "citext"})
WHOLE = {"int2": 0, "int4": 0, "int8": 0}
MOMENTS = frozenset({"timestamptz", "timestamp"})
NO_FIELD = frozenset({"bytea"})
"""Types whose values nobody could read; a column of these is no field."""

_KINDS: Mapping[str, FieldType] = {
    **dict.fromkeys(TEXTS | {"uuid", "time", "interval"}, FieldType.TEXT),
    **dict.fromkeys((*WHOLE, "numeric", "float4", "float8"), FieldType.NUMBER),
    **dict.fromkeys(MOMENTS, FieldType.DATETIME),
    "bool": FieldType.BOOLEAN,
    "date": FieldType.DATE,
}
"""Field types by a column's base type. A column of any other type (json, arrays, ...) is read-only text."""

_FOUND = frozenset({*TEXTS, *WHOLE})
"""Types whose unique values can be looked up whatever their case and blanks."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``type`` is the name of its base type, ``modifier`` what its brackets hold, -1 for none;
    ``declared`` is its own type as SQL writes it, a domain or brackets and all.

    ``has_default``: the database gives a value if none is given. ``generated``: it takes none.
    ``refers_to`` is the table of this schema whose primary key it holds.
    """

    name: str
    type: str
    modifier: int = -1
    required: bool = False
    has_default: bool = False
    generated: bool = False
    may_insert: bool = True
    may_update: bool = True
    comment: str = ""
    options: Sequence[str] = ()
    declared: str = ""
    refers_to: str | None = None

    @property
    def kind(self) -> FieldType:
        """The field type, before its name is looked at."""
        return FieldType.CHOICE if self.options else _KINDS.get(self.type, FieldType.TEXT)

    @property
    def known(self) -> bool:
        """Whether values of this type can be written."""
        return bool(self.options) or self.type in _KINDS


@dataclass(frozen=True, slots=True)
class Child:
    """A foreign key that points to a table and deletes or changes its rows when one of that table is deleted.

    ``row_security``: policies may hide some of its rows from us.
    """

    schema: str
    table: str
    columns: tuple[str, ...]
    refers_to: tuple[str, ...]
    row_security: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table that has a primary key.

    ``uniques`` and ``constraints`` give the columns of unique indexes, and of all constraints, by their name.
    ``noted``: its changes are noted by the helper tables. ``rights`` are the words of GRANT that we have.
    ``row_security``: policies may hide rows from us, so that one we do not see may be there.
    """

    oid: int
    schema: str
    name: str
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    uniques: Mapping[str, tuple[str, ...]]
    constraints: Mapping[str, tuple[str, ...]]
    children: tuple[Child, ...] = ()
    noted: bool = False
    rights: frozenset[str] = frozenset()
    row_security: bool = False
    comment: str = ""

    @property
    def key_types(self) -> tuple[str, ...]:
        """The types of the key columns."""
        return tuple(self.columns[name].type for name in self.key)

    @property
    def label(self) -> str:
        """The name people see: the first line of its comment, if it has one."""
        return self.comment.partition("\n")[0] or self.name

    @property
    def meaning(self) -> str | None:
        """The common meaning of its rows, by its name."""
        return OBJECTS.get(plain(self.name))

    @property
    def readable(self) -> bool:
        return "SELECT" in self.rights

    @property
    def writable(self) -> bool:
        return self.readable and bool(self.rights & {"INSERT", "UPDATE"})

    @property
    def deletable(self) -> bool:
        """Whether we may delete rows: each is locked first, which takes the right to change it."""
        return {"SELECT", "UPDATE", "DELETE"} <= self.rights

    def fields(self) -> list[Field]:
        """Return the fields of its rows, in the order of its columns."""
        return [self.field(column) for column in self.columns.values() if column.type not in NO_FIELD]

    def field(self, column: Column) -> Field:
        """Return a column as a field.

        A key column that the database fills is read-only; another one is given when a row is made, and never changed.
        ``unique`` are whole numbers alone: of texts a database takes a second one in another case, which is the same
        to us, so that nobody may rely on its refusal.
        """
        meaning = FIELDS.get(plain(column.name)) if column.type in TEXTS and column.refers_to is None else None
        kind = FieldType.REFERENCE if column.refers_to else TYPES.get(meaning or "", column.kind)
        return Field(
            column.name,
            kind,
            label=column.comment.partition("\n")[0],
            meaning=meaning,
            read_only=not self._takes(column),
            required=column.required and not column.has_default and not column.generated,
            unique=column.type in WHOLE and self._is_unique(column),
            max_length=max_length(column),
            precision=_precision(column),
            options=tuple(Option(each) for each in column.options),
            refers_to=column.refers_to,
        )

    def can_find(self, name: str) -> bool:
        """Tell whether rows can be looked up by this column: one with a unique index, whose values compare as texts."""
        column = self.columns.get(name)
        if column is None or not self._is_unique(column) or column.type not in _FOUND:
            return False
        return self.field(column).type is not FieldType.PHONE

    def _is_unique(self, column: Column) -> bool:
        return (column.name,) in self.uniques.values()

    def _takes(self, column: Column) -> bool:
        """Tell whether a column can be given a value."""
        if column.generated or not column.known:
            return False
        if column.name in self.key:
            return column.may_insert and not column.has_default
        return column.may_update


def max_length(column: Column) -> int | None:
    """Return how many characters a column holds, None for any number."""
    return column.modifier - 4 if column.type in ("varchar", "bpchar") and column.modifier >= 4 else None


def _precision(column: Column) -> float | None:
    """Return the decimals of a number, or the grain of a moment in seconds; None where it is not limited."""
    if column.type in WHOLE:
        return 0
    if column.type == "numeric" and column.modifier >= 4:
        scale = (column.modifier - 4) & 0x7FF  # 11 bits, signed from PostgreSQL 15 on
        return max(scale - 0x800 if scale & 0x400 else scale, 0)
    if column.type in MOMENTS:
        return float(10.0 ** -(_FRACTION if column.modifier < 0 else column.modifier))
    return None
