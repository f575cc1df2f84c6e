"""Writing: never over a person's edit, one bad row alone, what triggers make of it, deletes that harm nobody."""

import threading
from collections.abc import Callable

import psycopg
import pytest

from bothways.connectors.base import Exists, Outcome, WriteItem, WriteKind, by_key
from bothways.connectors.sql.facts import MOST_BUSY
from bothways.connectors.sql.postgresql import server as server_module
from bothways.errors import AppUnreachable, ObjectGone, PermissionMissing
from bothways.records import Ref
from tests.connectors.sql.support import Books, gone_in, seen_in, until


def outcomes(results) -> list[Outcome]:
    return [result.outcome for result in results]


def name_of(books: Books, id: str):
    return books.sql("SELECT name FROM companies WHERE id = %s", id)[0][0]


# --- on the version read ------------------------------------------------------------------------------


def test_edit_that_commits_while_we_wait_for_its_lock_is_kept(books: Books) -> None:
    id = books.add("Old")
    ref = books.ref(id)
    with books.session() as person:
        person.execute("UPDATE companies SET name = 'By a person' WHERE id = %s", (id,))
        results: list = []
        ours = threading.Thread(target=lambda: results.extend(books.update({ref: {"name": "Stale"}})))
        ours.start()
        until(lambda: books.sql("SELECT 1 FROM pg_locks WHERE NOT granted"))
        person.commit()
        ours.join()
    assert outcomes(results) == [Outcome.CHANGED]
    assert name_of(books, id) == "By a person"


def test_edit_that_was_taken_back_while_we_waited_is_none(books: Books) -> None:
    id = books.add("Old")
    ref = books.ref(id)
    with books.session() as person:
        person.execute("UPDATE companies SET name = 'Never' WHERE id = %s", (id,))
        results: list = []
        ours = threading.Thread(target=lambda: results.extend(books.update({ref: {"name": "Ours"}})))
        ours.start()
        until(lambda: books.sql("SELECT 1 FROM pg_locks WHERE NOT granted"))
        person.rollback()
        ours.join()
    assert outcomes(results) == [Outcome.DONE]
    assert name_of(books, id) == "Ours"


def test_edit_of_another_column_counts_too(books: Books) -> None:
    ref = books.ref(books.add("Old"))
    books.sql("UPDATE companies SET employees = 5")
    assert outcomes(books.update({ref: {"name": "Ours"}})) == [Outcome.CHANGED]


def test_row_deleted_and_made_again_is_another_version(books: Books) -> None:
    id = books.add("Old")
    ref = books.ref(id)
    books.sql("DELETE FROM companies")
    books.sql("INSERT INTO companies (id, name) OVERRIDING SYSTEM VALUE VALUES (%s, 'New')", id)
    assert outcomes(books.update({ref: {"name": "Ours"}})) == [Outcome.CHANGED]
    assert books.delete(ref).outcome is Outcome.CHANGED
    assert name_of(books, id) == "New"


def test_row_that_was_never_read_is_not_written(books: Books) -> None:
    id = books.add("Old")
    assert outcomes(books.update({Ref(id): {"name": "Ours"}})) == [Outcome.CHANGED]
    assert books.delete(Ref(id)).outcome is Outcome.CHANGED
    assert outcomes(books.update({Ref("no key"): {"name": "Ours"}})) == [Outcome.GONE]
    assert name_of(books, id) == "Old"


def test_answer_of_a_write_is_a_version_to_write_on(books: Books) -> None:
    made = books.create({"name": "One"})[0].record
    assert made is not None
    changed = books.update({made.ref: {"name": "Two"}})[0].record
    assert changed is not None
    assert books.delete(changed.ref).outcome is Outcome.DONE
    assert books.read(made.id)[0].exists is Exists.MISSING


# --- one bad row --------------------------------------------------------------------------------------


def test_one_poisoned_row_fails_alone(books: Books) -> None:
    rows = [{"name": f"Company {number}", "employees": "1"} for number in range(5)]
    rows[2] = {"name": "Poisoned", "employees": "-1"}
    results = books.create(*rows)
    assert outcomes(results) == [Outcome.DONE] * 2 + [Outcome.REFUSED] + [Outcome.DONE] * 2
    assert results[2].fields == ("employees",)
    assert "companies_employees_check" in results[2].message
    assert {row[0] for row in books.sql("SELECT name FROM companies")} == {f"Company {n}" for n in (0, 1, 3, 4)}


def test_rows_of_an_update_stand_alone_too(books: Books) -> None:
    good, bad, changed = (books.ref(books.add(name)) for name in ("Good", "Bad", "Changed"))
    books.sql("UPDATE companies SET name = 'By a person' WHERE id = %s", changed.id)
    results = by_key(books.update({bad: {"employees": "many"}, good: {"name": "Better"}, changed: {"name": "Stale"}}))
    assert results[good.id].outcome is Outcome.DONE
    assert (results[bad.id].outcome, results[bad.id].fields) == (Outcome.REFUSED, ("employees",))
    assert results[changed.id].outcome is Outcome.CHANGED
    assert name_of(books, good.id) == "Better"


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"name": "x", "employees": "-1"}, ("employees",)),
        ({"name": "x", "note": "longer than ten"}, ("note",)),
        ({"name": "x", "owner": "99"}, ("owner",)),
        ({"name": "x", "since": None}, ("since",)),
        ({"name": "x", "employees": "1.5"}, ("employees",)),
        (
            {"name": "x", "employees": "99999999999", "since": "31 July", "share": "1234.5"},
            ("employees", "since", "share"),
        ),
        ({"name": "x", "size": "never", "kind": "one"}, ("size",)),
        ({"name": "x", "size": "small", "kind": "odd"}, ("kind",)),
        ({"name": "from a trigger", "kind": "one", "share": "1"}, ()),
        ({"employees": "99999999999"}, ("employees",)),
        ({"id": "7", "name": "x"}, ("id",)),
        ({"name": "nul\0", "note": "half \ud83d"}, ("name", "note")),
        ({"unheard_of": "x"}, ("unheard_of",)),
    ],
)
def test_refusal_names_the_field_where_it_is_known(books: Books, values: dict, fields: tuple[str, ...]) -> None:
    books.sql("CREATE TABLE owners (id int PRIMARY KEY)")
    books.sql("CREATE DOMAIN \"100% size\" AS varchar(5) CHECK (VALUE <> 'never')")
    books.sql("CREATE TYPE sort AS ENUM ('one')")
    books.sql("ALTER TABLE companies ADD owner int REFERENCES owners, ADD since date NOT NULL DEFAULT now()")
    books.sql('ALTER TABLE companies ADD share numeric(4, 1), ADD size "100% size", DROP kind, ADD kind sort')
    books.sql(
        "CREATE FUNCTION divide() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN IF NEW.name = 'from a trigger' THEN NEW.share = 1 / 0; END IF; RETURN NEW; END$$"
    )
    books.sql("CREATE TRIGGER divide BEFORE INSERT ON companies FOR EACH ROW EXECUTE FUNCTION divide()")
    books.connector = books.connect()
    result = books.create(values)[0]
    assert (result.outcome, result.fields) == (Outcome.REFUSED, fields)
    assert result.message
    assert books.sql("SELECT count(*) FROM companies") == [(0,)]


def test_constraints_that_wait_for_the_commit_are_asked_row_by_row(books: Books) -> None:
    books.sql("ALTER TABLE companies ADD code text UNIQUE DEFERRABLE INITIALLY DEFERRED")
    books.connector = books.connect()
    books.add("There", code="a")
    results = books.create({"name": "Twin", "code": "a"}, {"name": "Other", "code": "b"})
    assert outcomes(results) == [Outcome.DUPLICATE, Outcome.DONE]


def test_duplicate_of_a_row_of_the_same_batch_names_it(books: Books) -> None:
    first, second = books.create({"domain": "x.test"}, {"domain": "x.test"})
    assert first.record is not None
    assert (second.outcome, second.existing_id, second.fields) == (Outcome.DUPLICATE, first.record.id, ("domain",))


def test_duplicate_whose_holder_is_not_found_is_refused_and_not_tried_for_ever(make: Callable[..., Books]) -> None:
    books = make()
    books.add("There", domain="x.test")
    trigger(books, "BEFORE INSERT", "NEW.domain := lower(NEW.domain); RETURN NEW;")
    result = books.create({"domain": "X.TEST"})[0]
    assert (result.outcome, result.fields, result.existing_id) == (Outcome.REFUSED, ("domain",), None)


def test_unique_together_says_not_who_it_is(books: Books) -> None:
    books.sql("ALTER TABLE companies ADD UNIQUE (name, kind)")
    books.connector = books.connect()
    books.add("Same", kind="customer")
    result = books.create({"name": "Same", "kind": "customer"})[0]
    assert (result.outcome, result.fields, result.existing_id) == (Outcome.REFUSED, ("name", "kind"), None)


def test_update_to_a_value_that_another_row_holds_is_refused(books: Books) -> None:
    books.add("There", domain="x.test")
    result = books.update({books.ref(books.add("Other")): {"domain": "x.test"}})[0]
    assert (result.outcome, result.fields) == (Outcome.REFUSED, ("domain",))


def test_locked_row_is_left_for_later_and_the_others_are_written(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(server_module._SESSION, "lock_timeout", "20ms")
    refs = [books.ref(books.add(f"Company {number}")) for number in range(3)]
    books.connector = books.connect()
    with books.session() as person:
        person.execute("SELECT * FROM companies WHERE id = %s FOR UPDATE", (refs[1].id,))
        results = books.update({ref: {"name": "Ours"} for ref in refs})
        person.rollback()
    assert outcomes(results) == [Outcome.DONE, Outcome.LATER, Outcome.DONE]


def test_row_that_was_changed_and_is_locked_again_is_left_for_later_alone(
    make: Callable[..., Books], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server_module._SESSION, "lock_timeout", "20ms")
    books = make()
    refs = [books.ref(books.add(f"Company {number}")) for number in range(2)]
    books.sql("UPDATE companies SET name = 'By a person' WHERE id = %s", refs[0].id)
    with books.session() as person:
        person.execute("SELECT * FROM companies WHERE id = %s FOR UPDATE", (refs[0].id,))
        results = books.update({ref: {"name": "Ours"} for ref in refs})
        person.rollback()
    assert outcomes(results) == [Outcome.LATER, Outcome.DONE]


def test_many_locked_rows_hold_nobody_up_for_long(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(server_module._SESSION, "lock_timeout", "20ms")
    refs = [books.ref(books.add(f"Company {number}")) for number in range(MOST_BUSY + 2)]
    books.connector = books.connect()
    with books.session() as person:
        person.execute("SELECT * FROM companies FOR UPDATE")
        results = books.update({ref: {"name": "Ours"} for ref in refs})
        person.rollback()
    assert outcomes(results) == [Outcome.LATER] * len(refs)
    assert results[-1].message == "others are writing to this table"


# --- what the database makes of it --------------------------------------------------------------------

TRIGGER = """\
CREATE FUNCTION rewrite() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;
CREATE TRIGGER rewrite {when} ON companies FOR EACH ROW EXECUTE FUNCTION rewrite()"""


def trigger(books: Books, when: str, body: str) -> None:
    books.sql(TRIGGER.format(when=when, body=body))


def test_answer_shows_what_a_trigger_made_of_it(books: Books) -> None:
    trigger(books, "BEFORE INSERT OR UPDATE", "NEW.name := upper(NEW.name); RETURN NEW;")
    made = books.create({"name": "loud"})[0]
    assert made.record is not None
    assert made.record.values == {"name": "LOUD"}
    changed = books.update({made.record.ref: {"name": "louder"}})[0]
    assert changed.record is not None
    assert changed.record.values == {"name": "LOUDER"}


def test_answer_shows_what_a_trigger_did_afterwards_and_its_version(books: Books) -> None:
    body = "UPDATE companies SET name = NEW.name || '!' WHERE id = NEW.id AND name NOT LIKE '%!'; RETURN NULL;"
    trigger(books, "AFTER INSERT OR UPDATE", body)
    record = books.create({"name": "Hey"})[0].record
    assert record is not None
    assert record.values == {"name": "Hey!"}
    assert outcomes(books.update({record.ref: {"name": "You!"}})) == [Outcome.DONE]


def test_write_that_a_trigger_drops_is_refused_and_not_tried_as_an_edit(books: Books) -> None:
    ref = books.ref(books.add("Old"))
    trigger(books, "BEFORE INSERT OR UPDATE OR DELETE", "RETURN NULL;")
    results = [*books.create({"name": "x"}), *books.update({ref: {"name": "x"}}), books.delete(ref)]
    assert outcomes(results) == [Outcome.REFUSED] * 3
    assert "dropped" in results[0].message


def test_row_that_a_trigger_refuses_fails_alone_with_its_words(books: Books) -> None:
    trigger(books, "BEFORE INSERT", "IF NEW.name = 'Bad' THEN RAISE 'not this one'; END IF; RETURN NEW;")
    results = books.create({"name": "Good"}, {"name": "Bad"})
    assert outcomes(results) == [Outcome.DONE, Outcome.REFUSED]
    assert results[1].message == "not this one"


def test_row_without_values_takes_the_defaults(books: Books) -> None:
    result = books.create({})[0]
    assert result.outcome is Outcome.DONE
    assert books.sql("SELECT kind FROM companies") == [("customer",)]


def test_clearing_a_text_that_must_not_be_null_leaves_an_empty_text(books: Books) -> None:
    ref = books.ref(books.add("x"))
    assert outcomes(books.update({ref: {"kind": None}})) == [Outcome.DONE]
    assert books.sql("SELECT kind FROM companies") == [("",)]


def test_key_that_the_application_makes_is_given_once_and_never_changed(books: Books) -> None:
    books.sql("CREATE TABLE codes (code text PRIMARY KEY, title text)")
    books.connector = books.connect()
    made = books.create({"code": "a", "title": "A"}, table="codes")[0].record
    assert made is not None
    assert made.id == "a"
    moved = books.update({made.ref: {"code": "b"}}, table="codes")[0]
    assert (moved.outcome, moved.fields) == (Outcome.REFUSED, ("code",))
    again = books.create({"code": "a"}, table="codes")[0]
    assert (again.outcome, again.existing_id) == (Outcome.DUPLICATE, "a")
    nothing = books.create({"code": None}, {"code": ""}, {"title": "x"}, table="codes")
    assert outcomes(nothing) == [Outcome.REFUSED] * 3
    assert nothing[0].fields == ("code",)


# --- deleting -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("follows", ["CASCADE", "SET NULL", "RESTRICT"])
def test_delete_that_would_reach_other_rows_is_refused(books: Books, follows: str) -> None:
    books.sql(f"CREATE TABLE orders (id int PRIMARY KEY, company bigint REFERENCES companies ON DELETE {follows})")
    books.connector = books.connect()
    with_orders, without = books.add("Has orders"), books.add("Has none")
    books.sql("INSERT INTO orders VALUES (1, %s)", with_orders)
    refused = books.delete(books.ref(with_orders))
    assert refused.outcome is Outcome.REFUSED
    assert "orders" in refused.message
    assert books.sql("SELECT company FROM orders") == [(int(with_orders),)]
    assert books.delete(books.ref(without)).outcome is Outcome.DONE


def test_child_that_comes_while_we_are_at_work_is_not_deleted_either(make: Callable[..., Books]) -> None:
    books = make()
    ref = books.ref(books.add("x"))
    books.sql("CREATE TABLE orders (id int PRIMARY KEY, company bigint REFERENCES companies ON DELETE CASCADE)")
    books.sql("INSERT INTO orders VALUES (1, %s)", ref.id)
    assert books.delete(ref).outcome is Outcome.REFUSED
    assert books.sql("SELECT count(*) FROM orders") == [(1,)]


# --- rights -------------------------------------------------------------------------------------------


def test_missing_right_is_raised_before_anything_is_written(make: Callable[..., Books], database: str) -> None:
    books = make()
    id = books.add("x")
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS reader")
        owner.execute("CREATE ROLE reader LOGIN")
        owner.execute("GRANT USAGE ON SCHEMA public TO reader")
        owner.execute("GRANT SELECT ON companies TO reader")
    books.connector = books.connect("reader")
    with pytest.raises(PermissionMissing, match="INSERT on companies"):
        books.create({"name": "y"})
    with pytest.raises(PermissionMissing, match="UPDATE on companies"):
        books.update({books.ref(id): {"name": "y"}})
    assert seen_in(books.pages())[id].values == {"name": "x"}


def test_policy_of_row_security_refuses_a_row_alone(make: Callable[..., Books]) -> None:
    books = make()
    books.sql("DROP ROLE IF EXISTS clerk")
    books.sql("CREATE ROLE clerk LOGIN")
    books.sql("GRANT USAGE ON SCHEMA public TO clerk")
    books.sql("GRANT ALL ON companies TO clerk")
    books.sql("ALTER TABLE companies ENABLE ROW LEVEL SECURITY")
    books.sql("CREATE POLICY p ON companies USING (kind = 'customer')")
    books.connector = books.connect("clerk")
    assert outcomes(books.create({"name": "a"}, {"name": "b", "kind": "secret"})) == [Outcome.DONE, Outcome.REFUSED]


def test_batch_of_nothing_is_nothing(books: Books) -> None:
    assert books.connector.write("companies", []) == []
    item = WriteItem("k", WriteKind.UPDATE, {}, books.ref(books.add("x")))
    assert outcomes(books.connector.write("companies", [item])) == [Outcome.DONE]


# --- what concerns the whole table, and what nobody may see -------------------------------------------


def role(books: Books, name: str, rights: str = "ALL") -> None:
    """Make a role with these rights on companies, and let the connector be it."""
    books.sql(f"DROP ROLE IF EXISTS {name}")
    books.sql(f"CREATE ROLE {name} LOGIN")
    books.sql(f"GRANT USAGE ON SCHEMA public TO {name}")
    books.sql(f"GRANT {rights} ON companies TO {name}")
    books.connector = books.connect(name)


def test_table_that_is_dropped_meanwhile_is_told_for_all_and_not_row_by_row(make: Callable[..., Books]) -> None:
    books = make()
    ref = books.ref(books.add("x"))
    books.sql("DROP TABLE companies")
    with pytest.raises(ObjectGone, match="companies"):
        books.update({ref: {"name": "y"}})


def test_right_that_is_taken_meanwhile_is_told_for_all_and_not_row_by_row(make: Callable[..., Books]) -> None:
    books = make()
    role(books, "clerk")
    ref = books.ref(books.add("x"))
    books.sql("REVOKE UPDATE ON companies FROM clerk")
    with pytest.raises(PermissionMissing, match="UPDATE on companies"):
        books.update({ref: {"name": "y"}})
    books.sql("GRANT UPDATE ON companies TO clerk")
    books.sql("REVOKE USAGE ON SCHEMA public FROM clerk")
    with pytest.raises(PermissionMissing, match="USAGE on schema public"):
        books.create({"name": "y"})


def test_server_that_takes_no_writes_now_is_told_for_all_and_not_row_by_row(
    make: Callable[..., Books], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server_module._SESSION, "default_transaction_read_only", "on")
    with pytest.raises(AppUnreachable, match="read-only"):
        make().create({"name": "x"}, {"name": "y"})


def test_trigger_that_uses_a_missing_table_refuses_the_row(make: Callable[..., Books]) -> None:
    books = make()
    trigger(books, "BEFORE INSERT", "INSERT INTO nowhere VALUES (1); RETURN NEW;")
    (result,) = books.create({"name": "x"})
    assert (result.outcome, result.fields) == (Outcome.REFUSED, ())


def test_table_of_marks_that_cannot_be_used_is_told_for_all(watched: Books) -> None:
    role(watched, "clerk")
    watched.sql("GRANT SELECT ON bothways_changes, bothways_marks TO clerk")
    watched.connector = watched.connect("clerk")
    with pytest.raises(PermissionMissing, match="INSERT on bothways_marks"):
        watched.create({"name": "x"})
    watched.sql("DROP TABLE bothways_marks")
    with pytest.raises(ObjectGone, match="bothways_marks"):
        watched.create({"name": "x"})


def test_unique_value_of_another_table_that_a_trigger_writes_is_no_doubt_about_the_row(
    make: Callable[..., Books],
) -> None:
    books = make()
    books.sql("CREATE TABLE log (name text PRIMARY KEY)")
    books.sql("INSERT INTO log VALUES ('x')")
    trigger(books, "AFTER INSERT", "INSERT INTO log VALUES (NEW.name); RETURN NULL;")
    assert outcomes(books.create({"name": "x"}, {"name": "y"})) == [Outcome.REFUSED, Outcome.DONE]


@pytest.mark.parametrize("when", ["BEFORE", "AFTER"])
def test_what_a_trigger_puts_elsewhere_is_taken_back_before_it_is_told_as_refused(
    make: Callable[..., Books], when: str
) -> None:
    books = make()
    books.sql("CREATE TABLE archive (name text)")
    body = "IF NEW.name = 'Old' THEN INSERT INTO archive VALUES (NEW.name); DELETE FROM companies WHERE id = NEW.id; "
    trigger(books, f"{when} INSERT OR UPDATE", body + "RETURN NULL; END IF; RETURN NEW;")
    ref = books.ref(books.add("There"))
    assert outcomes(books.create({"name": "Old"}, {"name": "New"})) == [Outcome.REFUSED, Outcome.DONE]
    assert outcomes(books.update({ref: {"name": "Old"}})) == [Outcome.REFUSED]
    assert books.sql("SELECT * FROM archive") == []
    assert books.sql("SELECT name FROM companies ORDER BY id") == [("There",), ("New",)]


def test_what_a_trigger_writes_to_the_row_in_place_of_our_write_is_no_edit(make: Callable[..., Books]) -> None:
    books = make()
    own = "IF pg_trigger_depth() = 1 THEN UPDATE companies SET note = 'own' WHERE id = NEW.id; RETURN NULL; END IF; "
    trigger(books, "BEFORE UPDATE", own + "RETURN NEW;")
    ref = books.ref(books.add("x"))
    assert outcomes(books.update({ref: {"name": "y"}})) == [Outcome.REFUSED]
    assert books.sql("SELECT name, note FROM companies") == [("x", None)]


def test_row_that_another_row_of_the_batch_takes_away_is_in_doubt(make: Callable[..., Books]) -> None:
    books = make()
    trigger(books, "AFTER INSERT", "DELETE FROM companies WHERE id < NEW.id; RETURN NULL;")
    assert outcomes(books.create({"name": "One"}, {"name": "Two"})) == [Outcome.UNKNOWN, Outcome.DONE]


def test_row_that_a_policy_shows_but_does_not_let_us_change_is_not_gone(make: Callable[..., Books]) -> None:
    books = make()
    ref = books.ref(books.add("x"))
    role(books, "clerk")
    books.sql("ALTER TABLE companies ENABLE ROW LEVEL SECURITY")
    books.sql("CREATE POLICY shown ON companies FOR SELECT USING (true)")
    books.sql("CREATE POLICY changed ON companies FOR UPDATE USING (kind = 'ours')")
    books.connector = books.connect("clerk")
    results = [*books.update({ref: {"name": "y"}}), books.delete(ref)]
    assert outcomes(results) == [Outcome.REFUSED] * 2
    assert "row security" in results[0].message


@pytest.fixture
def hiding(make: Callable[..., Books], request: pytest.FixtureRequest) -> Books:
    """Books of which the connector sees the customers only."""
    books = make(watched=getattr(request, "param", False))
    role(books, "clerk")
    if books.watched:
        books.sql("GRANT SELECT ON bothways_changes TO clerk")
        books.sql("GRANT SELECT, INSERT ON bothways_marks TO clerk")
    books.sql("ALTER TABLE companies ENABLE ROW LEVEL SECURITY")
    books.sql("CREATE POLICY shown ON companies USING (kind = 'customer') WITH CHECK (true)")
    books.connector = books.connect("clerk")
    return books


@pytest.mark.parametrize("hiding", [False, True], ids=["plain", "watched"], indirect=True)
def test_row_that_a_policy_hides_is_not_told_to_be_gone(hiding: Books) -> None:
    ref = hiding.ref(hiding.add("x"))
    cursor = hiding.cursor()
    hiding.sql("UPDATE companies SET kind = 'secret'")
    assert gone_in(hiding.pages(cursor)) == set()
    assert hiding.read(ref.id)[0].exists is Exists.UNKNOWN
    results = [*hiding.update({ref: {"name": "y"}}), hiding.delete(ref)]
    assert outcomes(results) == [Outcome.REFUSED] * 2
    assert any("not taken over" in note for note in hiding.connector.check().notes)
    hiding.connector = hiding.connect("postgres")  # whom no policy concerns
    hiding.sql("DELETE FROM companies")
    assert hiding.read(ref.id)[0].exists is Exists.MISSING


@pytest.mark.parametrize("hiding", [False, True], ids=["plain", "watched"], indirect=True)
def test_policy_that_comes_while_we_are_at_work_counts_at_once(hiding: Books) -> None:
    hiding.sql("ALTER TABLE companies DISABLE ROW LEVEL SECURITY")
    hiding.connector = hiding.connect("clerk")
    ref = hiding.ref(hiding.add("x"))
    cursor = hiding.cursor()
    hiding.sql("ALTER TABLE companies ENABLE ROW LEVEL SECURITY")
    hiding.sql("UPDATE companies SET kind = 'secret'")
    assert hiding.read(ref.id)[0].exists is Exists.UNKNOWN
    pages = hiding.pages(cursor)
    assert (gone_in(pages), pages[0].restarted) == (set(), True)


def test_duplicate_of_a_row_that_a_policy_hides_is_refused(hiding: Books) -> None:
    hiding.add("x", domain="x.test", kind="secret")
    result = hiding.create({"domain": "x.test"})[0]
    assert (result.outcome, result.fields, result.existing_id) == (Outcome.REFUSED, ("domain",), None)


def test_delete_that_may_reach_rows_that_a_policy_hides_is_refused(make: Callable[..., Books]) -> None:
    books = make()
    books.sql("CREATE TABLE orders (id int PRIMARY KEY, company bigint REFERENCES companies ON DELETE CASCADE)")
    role(books, "clerk")
    ref = books.ref(books.add("x"))
    books.sql("INSERT INTO orders VALUES (1, %s)", ref.id)
    books.sql("GRANT SELECT ON orders TO clerk")
    books.sql("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
    books.connector = books.connect("clerk")
    assert books.delete(ref).outcome is Outcome.REFUSED
    assert books.sql("SELECT count(*) FROM orders") == [(1,)]


def test_row_that_takes_too_long_counts_as_one_that_is_locked(make: Callable[..., Books]) -> None:
    books = make()
    trigger(books, "BEFORE INSERT", "RAISE 'too slow' USING ERRCODE = 'query_canceled';")
    results = books.create(*[{"name": "x"}] * (MOST_BUSY + 2))
    assert outcomes(results) == [Outcome.LATER] * (MOST_BUSY + 2)
    assert results[-1].message == "others are writing to this table"
