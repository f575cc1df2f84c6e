"""Every type of column: what field it is, what is read from it, what can be written to it."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from bothways.connectors.base import Exists, Outcome, WriteItem, WriteKind
from bothways.connectors.sql.keys import id_of, key_of
from bothways.connectors.sql.postgresql.helpers import script
from bothways.errors import ObjectGone, PermissionMissing, UnknownField, UnknownObject
from bothways.records import FieldType, Option, Ref
from tests.connectors.sql.support import Books

T = FieldType

WIDE = """\
CREATE TYPE mood AS ENUM ('glad', 'so so', 'sad');
CREATE DOMAIN short AS varchar(5) CHECK (VALUE <> 'never');
CREATE TABLE teams (id uuid PRIMARY KEY);
CREATE TABLE wide (
    id bigserial PRIMARY KEY,
    t text, v varchar(20), c char(5), d short,
    i2 smallint, i4 integer, i8 bigint, n numeric, n2 numeric(8, 2), f4 real, f8 double precision,
    b boolean, day date, at timestamptz, at0 timestamptz(0), local timestamp, hour time,
    e mood, u uuid, team uuid REFERENCES teams,
    j jsonb, a text[], ip inet, raw bytea,
    twice integer GENERATED ALWAYS AS (i4 * 2) STORED,
    must text NOT NULL, filled text NOT NULL DEFAULT 'x', email text UNIQUE, phone text UNIQUE,
    "odd ""name" text, "100%" text
);
COMMENT ON COLUMN wide.must IS 'Must be there\nand more';
COMMENT ON TABLE wide IS 'The wide one'"""


@pytest.fixture
def wide(make: Callable[..., Books]) -> Books:
    return make(tables=[WIDE])


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("id", {"type": T.NUMBER, "read_only": True, "unique": True, "required": False}),
        ("t", {"type": T.TEXT, "read_only": False, "max_length": None, "required": False, "unique": False}),
        ("v", {"type": T.TEXT, "max_length": 20}),
        ("c", {"type": T.TEXT, "max_length": 5}),
        ("d", {"type": T.TEXT, "max_length": 5, "read_only": False}),
        ("i4", {"type": T.NUMBER, "precision": 0}),
        ("n", {"type": T.NUMBER, "precision": None}),
        ("n2", {"type": T.NUMBER, "precision": 2}),
        ("f8", {"type": T.NUMBER, "precision": None}),
        ("b", {"type": T.BOOLEAN}),
        ("day", {"type": T.DATE}),
        ("at", {"type": T.DATETIME, "precision": 1e-6}),
        ("at0", {"type": T.DATETIME, "precision": 1}),
        ("local", {"type": T.DATETIME}),
        ("hour", {"type": T.TEXT, "read_only": False}),
        ("e", {"type": T.CHOICE, "options": (Option("glad"), Option("so so"), Option("sad"))}),
        ("team", {"type": T.REFERENCE, "refers_to": "teams"}),
        ("j", {"type": T.TEXT, "read_only": True}),
        ("a", {"type": T.TEXT, "read_only": True}),
        ("ip", {"type": T.TEXT, "read_only": True}),
        ("twice", {"type": T.NUMBER, "read_only": True}),
        ("must", {"required": True, "label": "Must be there"}),
        ("filled", {"required": False, "read_only": False}),
        ("email", {"type": T.EMAIL, "meaning": "email", "unique": False}),
        ("phone", {"type": T.PHONE, "meaning": "telephone", "unique": False}),
    ],
)
def test_column_is_the_field_it_should_be(wide: Books, name: str, facts: dict[str, Any]) -> None:
    field = {each.name: each for each in wide.connector.fields("wide")}[name]
    assert {fact: getattr(field, fact) for fact in facts} == facts


def test_what_nobody_can_read_is_no_field(wide: Books) -> None:
    assert "raw" not in {each.name for each in wide.connector.fields("wide")}


VALUES = [
    ("t", " As it is\n", " As it is\n"),
    ("v", "x" * 20, "x" * 20),
    ("c", "ab", "ab"),
    ("d", "short", "short"),
    ("i2", "-12", "-12"),
    ("i8", "9007199254740993", "9007199254740993"),
    ("i8", 5, "5"),
    ("i4", "-5.00", "-5"),
    ("i4", 5.0, "5"),
    ("t", "5.0", "5.0"),
    ("n", "0.10000000000000000000001", "0.10000000000000000000001"),
    ("n2", "1.005", "1.01"),
    ("f4", "0.1", "0.1"),
    ("b", True, True),
    ("b", "no", False),
    ("day", "2024-02-29", "2024-02-29"),
    ("at", "2024-02-29T12:00:00.123456Z", "2024-02-29T12:00:00.123456Z"),
    ("at", "2024-02-29T12:00:00+02:00", "2024-02-29T10:00:00Z"),
    ("at", "1709208000000", "2024-02-29T12:00:00Z"),
    ("local", "2024-02-29T12:00:00+02:00", "2024-02-29T10:00:00Z"),
    ("hour", "12:30", "12:30:00"),
    ("e", "so so", "so so"),
    ("u", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("day", "", None),
    ("t", None, None),
    ('odd "name', "quoted", "quoted"),
    ("100%", "%s", "%s"),
    ("t", "'; DROP TABLE wide; --", "'; DROP TABLE wide; --"),
]


@pytest.mark.parametrize(("name", "value", "stored"), VALUES)
def test_value_is_stored_and_read_as_what_it_means(wide: Books, name: str, value: Any, stored: Any) -> None:
    result = wide.create({"must": "x", name: value}, table="wide")[0]
    assert result.outcome is Outcome.DONE, result
    assert result.record is not None
    assert result.record.values[name] == stored
    read = wide.read(result.record.id, fields=(name,), table="wide")[0].record
    assert read is not None
    assert read.values == {name: stored}
    assert read.version == result.record.version


def test_values_are_read_whole_however_the_database_is_set_to_show_them(wide: Books) -> None:
    """With its settings for people, 1234567.9 would be read as 1.23457e+06, and written so to the other app."""
    (database,) = wide.sql("SELECT current_database()")[0]
    for setting in (
        "extra_float_digits = -3",
        "DateStyle = 'German'",
        "TimeZone = 'Asia/Tokyo'",
        "IntervalStyle = 'sql_standard'",
    ):
        wide.sql(f'ALTER DATABASE "{database}" SET {setting}')
    try:
        wide.sql(
            "INSERT INTO wide (must, f4, f8, at, day) "
            "VALUES ('x', 1234567.9, 0.1234567890123456, '2024-02-29 12:00Z', '2024-02-29')"
        )
        read = wide.connect().read("wide", [Ref("1")], ("f4", "f8", "at", "day"))[0].record
        assert read is not None
        assert read.values == {
            "f4": "1.2345679e+06",
            "f8": "0.1234567890123456",
            "at": "2024-02-29T12:00:00Z",
            "day": "2024-02-29",
        }
    finally:
        wide.sql(f'ALTER DATABASE "{database}" RESET ALL')


def test_database_that_takes_a_backslash_for_an_escape_is_used_like_any_other(wide: Books) -> None:
    """As databases of old applications are set."""
    (database,) = wide.sql("SELECT current_database()")[0]
    wide.sql("INSERT INTO wide (must, email) VALUES ('x', 'bass@x.test'), ('x', 'bas@x.test')")
    wide.sql(f'ALTER DATABASE "{database}" SET standard_conforming_strings = off')
    try:
        connector = wide.connect()
        assert connector.find("wide", "email", ["bass@x.test"]) == {"bass@x.test": ["1"]}
        read = connector.read("wide", [Ref("1")], ("email",))[0].record
        assert read is not None
        made = connector.write("wide", [WriteItem("k", WriteKind.UPDATE, {"t": "C:\\new\\x00'"}, read.ref)])[0]
        assert made.record is not None
        assert made.record.values == {"t": "C:\\new\\x00'"}
    finally:
        wide.sql(f'ALTER DATABASE "{database}" RESET ALL')


@pytest.mark.parametrize(
    ("column", "literal", "text"),
    [
        ("at", "'infinity'", "infinity"),
        ("at", "'0044-03-15 12:00+00 BC'", "0044-03-15T12:00:00+00 BC"),
        ("n", "'NaN'", "NaN"),
        ("j", "'{\"a\": 1}'", '{"a": 1}'),
        ("a", "'{x,y}'", "{x,y}"),
    ],
)
def test_value_beyond_our_types_is_shown_as_text(wide: Books, column: str, literal: str, text: str) -> None:
    wide.sql(f"INSERT INTO wide (must, {column}) VALUES ('x', {literal})")
    record = wide.read("1", fields=(column,), table="wide")[0].record
    assert record is not None
    assert record.values[column] == text


def test_unique_text_is_found_whatever_its_case_and_blanks(wide: Books) -> None:
    wide.sql("INSERT INTO wide (must, email) VALUES ('x', ' Ann@X.Test'), ('x', 'ben@x.test')")
    asked = ["ann@x.test", "BEN@x.test", "nobody@x.test", "nul\0"]
    assert wide.connector.find("wide", "email", asked) == {"ann@x.test": ["1"], "BEN@x.test": ["2"]}
    assert wide.connector.find("wide", "id", ["2", "two", "+-2", "99", ""]) == {"2": ["2"]}
    assert wide.connector.find("wide", "t", ["x"]) == {}
    assert wide.connector.find("wide", "phone", ["x"]) == {}


def test_refusal_of_twins_is_promised_only_where_no_other_case_is_taken(wide: Books) -> None:
    wide.sql("INSERT INTO wide (must, email) VALUES ('x', 'ann@x.test')")
    twin = wide.create({"must": "x", "email": "Ann@X.test"}, table="wide")[0]
    assert twin.outcome is Outcome.DONE
    assert {field.name for field in wide.connector.fields("wide") if field.unique} == {"id"}


def test_objects_are_the_tables_with_a_key(make: Callable[..., Books]) -> None:
    books = make(watched=True)
    books.sql("CREATE TABLE keyless (a text)")
    books.sql("CREATE TABLE by_number (a numeric PRIMARY KEY)")
    books.sql("CREATE TABLE parts (a int PRIMARY KEY) PARTITION BY RANGE (a)")
    books.sql("CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9)")
    books.sql("CREATE VIEW names AS SELECT * FROM companies")
    books.sql("COMMENT ON TABLE companies IS 'Firms'")
    books.connector = books.connect()
    (table,) = books.connector.objects()
    assert (table.name, table.label, table.meaning, table.writable) == ("companies", "Firms", "Organization", True)
    assert any("by_number, keyless, parts." in note for note in books.connector.check().notes)
    with pytest.raises(UnknownObject, match="keyless") as caught:
        books.connector.fields("keyless")
    assert "no primary key" in caught.value.advice
    with pytest.raises(UnknownObject):
        books.connector.fields("bothways_changes")


def test_key_of_texts_of_which_several_are_the_same_is_none(make: Callable[..., Books]) -> None:
    """A row could be read by every spelling of its key, and be linked once for each."""
    books = make()
    books.sql("DROP COLLATION IF EXISTS any_case")
    books.sql("CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    books.sql("CREATE TABLE users (team int, login text COLLATE any_case, PRIMARY KEY (team, login))")
    books.connector = books.connect()
    assert [table.name for table in books.connector.objects()] == ["companies"]
    assert any("deterministic collation: users." in note for note in books.connector.check().notes)
    books.sql("DROP TABLE users")
    books.sql("CREATE TABLE users (login text PRIMARY KEY, name text COLLATE any_case)")
    books.connector = books.connect()
    assert [table.name for table in books.connector.objects()] == ["companies", "users"]


def test_column_that_is_gone_is_named(books: Books) -> None:
    id = books.add("x")
    books.cursor()
    books.sql("ALTER TABLE companies DROP note")
    books.connector.fields("companies")
    with pytest.raises(UnknownField, match="note"):
        books.read(id, fields=("note",))


def test_column_that_is_gone_when_a_row_is_written_is_named_from_then_on(make: Callable[..., Books]) -> None:
    books = make()
    books.connector.fields("companies")
    books.sql("ALTER TABLE companies DROP note")
    results = [books.create({"name": "x", "note": "y"})[0] for _ in range(2)]
    assert [result.outcome for result in results] == [Outcome.REFUSED] * 2
    assert results[1].fields == ("note",)


@pytest.mark.parametrize(
    ("id", "types", "key"),
    [
        ("7", ["int8"], ("7",)),
        ("-7", ["int2"], ("-7",)),
        ("07", ["int8"], None),
        ("40000", ["int2"], None),
        ("x", ["int4"], None),
        ("x\0", ["text"], None),
        ("\ud83d", ["text"], None),
        ("9" * 5000, ["int8"], None),
        ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", ["uuid"], ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",)),
        ("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", ["uuid"], None),
        ('["a","1"]', ["text", "int4"], ("a", "1")),
        ('["a", "1"]', ["text", "int4"], None),
        ('["a"]', ["text", "int4"], None),
        ('["a",1]', ["text", "int4"], None),
        ("a", ["text", "int4"], None),
    ],
)
def test_id_is_a_key_in_one_form_only(id: str, types: list[str], key: tuple[str, ...] | None) -> None:
    assert key_of(id, types) == key
    assert key is None or id_of(key) == id


def test_id_that_no_row_can_have_is_answered(books: Books) -> None:
    answer = books.read("not a number")[0]
    assert answer.exists is Exists.UNKNOWN
    assert answer.problem is not None


# --- rights -------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(make: Callable[..., Books], database: str) -> Books:
    """Books whose connector connects as a role with few rights."""
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("DROP OWNED BY few") if owner.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = 'few'"
        ).fetchone() else owner.execute("CREATE ROLE few LOGIN")
    books = make(role="few", watched=True)
    books.sql("GRANT USAGE ON SCHEMA public TO few")
    return books


def test_check_says_in_words_which_rights_are_missing(guarded: Books) -> None:
    guarded.sql("GRANT SELECT, UPDATE (name) ON companies TO few")
    notes = guarded.connector.check().notes
    assert "few lacks INSERT, DELETE on companies." in notes
    assert [table.deletable for table in guarded.connector.objects()] == [False]
    guarded.sql("GRANT DELETE ON companies TO few")
    guarded.connector.check()
    assert [table.deletable for table in guarded.connector.objects()] == [True]
    fields = {field.name: field for field in guarded.connector.fields("companies")}
    assert not fields["name"].read_only
    guarded.sql("GRANT INSERT ON companies TO few")
    ref = guarded.ref(guarded.add("x"))
    guarded.sql("REVOKE UPDATE (name) ON companies FROM few")
    guarded.connector.check()
    assert [table.deletable for table in guarded.connector.objects()] == [False]
    with pytest.raises(PermissionMissing, match="UPDATE on companies"):
        guarded.delete(ref)
    assert fields["domain"].read_only
    guarded.sql("REVOKE ALL ON companies FROM few")
    assert any("few lacks SELECT, INSERT, UPDATE, DELETE" in note for note in guarded.connector.check().notes)
    (table,) = guarded.connector.objects()
    assert (table.readable, table.writable, guarded.connector.count("companies")) == (False, False, None)
    with pytest.raises(PermissionMissing, match="SELECT on companies"):
        guarded.pages()


def test_sequence_that_may_not_be_used_is_named(guarded: Books) -> None:
    guarded.sql("CREATE TABLE notes (id serial PRIMARY KEY, t text)")
    guarded.sql("GRANT ALL ON companies, notes TO few")
    told = [note for note in guarded.connector.check().notes if "sequence" in note]
    assert told == ["few lacks USAGE on the sequence notes_id_seq, so that no rows can be made in notes."]
    assert guarded.create({"t": "x"}, table="notes")[0].outcome is Outcome.REFUSED
    guarded.sql("GRANT USAGE ON SEQUENCE notes_id_seq TO few")
    assert not any("sequence" in note for note in guarded.connector.check().notes)


def test_few_rights_are_enough_to_keep_a_table_in_step(guarded: Books) -> None:
    guarded.sql("GRANT SELECT, INSERT, UPDATE, DELETE ON companies TO few")
    cursor = guarded.cursor()
    made = guarded.create({"name": "Ours"})[0].record
    assert made is not None
    assert {seen.record.id for page in guarded.pages(cursor) for seen in page.seen} == {made.id}
    assert guarded.update({made.ref: {"name": "Better"}})[0].outcome is Outcome.DONE
    assert guarded.connector.find("companies", "", ["mark-0"]) == {"mark-0": [made.id]}
    assert guarded.delete(guarded.ref(made.id)).outcome is Outcome.DONE
    assert guarded.connector.check().notes == (guarded.connector.check().notes[0],)


def test_role_cannot_write_to_the_notes_or_watch_a_table(guarded: Books) -> None:
    with guarded.session() as session:
        session.execute("SET ROLE few")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("DELETE FROM bothways_changes")
    with guarded.session() as session:
        session.execute("SET ROLE few")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("SELECT bothways_watch('companies')")


def test_check_says_how_the_helper_tables_are_made(make: Callable[..., Books]) -> None:
    books = make()
    assert any("python -m bothways.connectors.sql public postgres" in note for note in books.connector.check().notes)
    books.connector = books.connect(helper_tables="yes")
    with pytest.raises(PermissionMissing, match=r"python -m bothways\.connectors\.sql public postgres"):
        books.connector.check()
    books.sql('DROP SCHEMA IF EXISTS "two words" CASCADE')
    books.sql('CREATE SCHEMA "two words"')
    with pytest.raises(PermissionMissing, match=r"python -m bothways\.connectors\.sql 'two words' postgres"):
        books.connect(schema="two words", helper_tables="yes").check()


def test_check_says_that_a_server_takes_no_writes(books: Books) -> None:
    books.sql("ALTER ROLE postgres SET default_transaction_read_only = on")
    try:
        assert any("no writes" in note for note in books.connect().check().notes)
    finally:
        books.sql("SET default_transaction_read_only = off")
        books.sql("ALTER ROLE postgres RESET default_transaction_read_only")


def test_missing_schema_is_named(books: Books) -> None:
    with pytest.raises(ObjectGone, match="nowhere"):
        books.connect(schema="nowhere").check()


def test_helpers_can_be_made_in_any_schema(books: Books) -> None:
    books.sql('DROP SCHEMA IF EXISTS "od%d ""one" CASCADE')
    books.sql('CREATE SCHEMA "od%d ""one"')
    books.sql('CREATE TABLE "od%d ""one"."t%" ("k%" text PRIMARY KEY, "v%" text)')
    books.sql(script('od%d "one', "postgres"))
    books.sql('SELECT "od%d ""one".bothways_watch(\'"od%d ""one"."t%"\')')
    connector = books.connect(schema='od%d "one', helper_tables="yes")
    assert len(connector.check().notes) == 1
    cursor = list(connector.changes("t%", None, ["v%"]))[-1].cursor
    books.sql('INSERT INTO "od%d ""one"."t%" VALUES (\'a\', \'b\')')
    (page,) = connector.changes("t%", cursor, ["v%"])
    assert [(seen.record.id, seen.record.values) for seen in page.seen] == [("a", {"v%": "b"})]


def test_very_large_table_is_not_counted(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    from bothways.connectors.sql.postgresql import listing

    books.add("One")
    assert books.connector.count("companies") == 1
    monkeypatch.setattr(listing, "MOST_COUNTED", 1)
    books.sql("ANALYZE companies")
    assert books.connector.count("companies") is None


# --- what the encoding of a database knows ------------------------------------------------------------


@pytest.fixture(params=["UTF8", "LATIN1"])
def encoded(database: str, request: pytest.FixtureRequest) -> Iterator[Books]:
    """Books in a database of this encoding, whose locale knows no letters beyond ASCII."""
    name = f"books_{request.param.lower()}"
    with psycopg.connect(database, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name} ENCODING '{request.param}' LOCALE 'C' TEMPLATE template0")
    books = Books(f"{database.rpartition('/')[0]}/{name}")
    yield books
    books.close()


def test_unique_text_is_found_in_any_encoding_and_locale(encoded: Books) -> None:
    first, second = encoded.add("x", domain="Ärzte.example"), encoded.add("x", domain="plain.example")
    asked = ["Ärzte.example", " PLAIN.example", "☃.example", "half \ud83d", "nul\0"]
    found = encoded.connector.find("companies", "domain", asked)
    snowman = encoded.create({"name": "☃"})[0]
    assert found == {"Ärzte.example": [first], " PLAIN.example": [second]}
    fits = encoded.url.endswith("utf8")
    assert (snowman.outcome, snowman.fields) == ((Outcome.DONE, ()) if fits else (Outcome.REFUSED, ("name",)))
