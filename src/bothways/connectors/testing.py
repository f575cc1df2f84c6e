"""The conformance kit: what a connector must pass, against a real server or a stand-in.

Make a subclass of ``ConnectorConformance`` in a test module and give it two fixtures: ``connector``, and
``user``, which acts as a person in the app (see ``User``). "Supported" means that this passes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import pytest

from bothways.connectors.abilities import TellsHistory
from bothways.connectors.base import (
    Became,
    Connector,
    Exists,
    Outcome,
    Page,
    Seen,
    WriteItem,
    WriteKind,
    WriteResult,
    by_key,
)
from bothways.errors import UnknownObject
from bothways.records import Field, Record, Ref, Value, is_blank, may_be_rewriting, meanings


class User(Protocol):
    """A person who works in the app, past the connector.

    ``object`` is what the tests work on, ``field`` a writable text field of it, ``key`` its unique field
    ("" if there is none), ``many`` how many records make the listing have several pages.
    """

    object: str
    field: str
    key: str
    many: int

    def values(self, number: int) -> Mapping[str, Value]:
        """Return the values of a new record, different for every number; with ``field`` and ``key``."""
        ...

    def create(self, number: int) -> str:
        """Make a record with the values of this number and return its id."""
        ...

    def edit(self, id: str, value: str) -> None:
        """Give ``field`` of a record a new value."""
        ...

    def delete(self, id: str) -> None:
        """Delete a record as people do it in the app."""
        ...

    def settle(self) -> None:
        """Return when everything saved so far can be seen by ``changes``."""
        ...

    def calls(self) -> int:
        """Return how many calls the connector has made so far."""
        ...


@runtime_checkable
class Converts(Protocol):
    """What a ``User`` has besides, where a record can be turned into one of another object: a lead into a contact."""

    def convert(self, id: str) -> Became:
        """Turn a record into one of another object, as people do it in the app, and return that."""
        ...


def asked_fields(user: User) -> list[str]:
    """Return the fields that the tests ask for."""
    return list(user.values(0))


def listing(connector: Connector, user: User, cursor: str | None = None) -> list[Page]:
    """Return all pages of ``changes``, checked for their form."""
    pages = list(connector.changes(user.object, cursor, asked_fields(user)))
    assert pages, "a listing has at least one page"
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True], "only the last page is last"
    assert pages[-1].cursor, "the last page tells where the next poll begins"
    return pages


def rows(pages: Iterable[Page]) -> dict[str, Seen]:
    """Return the rows of pages by id."""
    return {seen.record.id: seen for page in pages for seen in page.seen}


def read_one(connector: Connector, user: User, id: str, fields: Sequence[str] = ()) -> Record:
    """Return a record that must be there."""
    ref = next((ref for ref in all_refs(connector, user) if ref.id == id), Ref(id))
    answer = connector.read(user.object, [ref], list(fields) or asked_fields(user))[0]
    assert answer.exists is Exists.EXISTS, answer
    assert answer.record is not None
    return answer.record


def all_refs(connector: Connector, user: User) -> list[Ref]:
    """Return the refs of all live records."""
    return [ref for batch in connector.ids(user.object) for ref in batch]


def create(connector: Connector, user: User, *numbers: int) -> list[WriteResult]:
    """Create records by the connector, in one batch."""
    items = [WriteItem(f"c{n}", WriteKind.CREATE, user.values(n), marker=f"mark-{n}") for n in numbers]
    results = connector.write(user.object, items)
    assert [result.key for result in results] == [item.key for item in items], "one result per item, in order"
    return list(results)


def update(connector: Connector, user: User, record: Record, values: Mapping[str, Value]) -> WriteResult:
    """Update one record by the connector, on the base it was read with."""
    base = {name: record.values.get(name) for name in values}
    item = WriteItem("u", WriteKind.UPDATE, values, record.ref, base=base)
    return connector.write(user.object, [item])[0]


class ConnectorConformance:
    """The tests. Give the subclass the fixtures ``connector`` and ``user``."""

    # --- who and what ---------------------------------------------------------------------------------

    def test_check_says_who_we_are(self, connector: Connector) -> None:
        account = connector.check()
        assert account.id or account.label

    def test_connector_describes_itself(self, connector: Connector) -> None:
        assert connector.title
        names = [setting.name for setting in connector.settings]
        assert len(names) == len(set(names))
        assert all(setting.auth for setting in connector.settings if setting.secret), "secrets stand under auth"
        assert connector.capabilities.batch_read >= 1
        assert connector.capabilities.batch_write >= 1

    def test_objects_are_told(self, connector: Connector, user: User) -> None:
        offered = {each.name: each for each in connector.objects()}
        assert user.object in offered
        assert {each.meaning for each in offered.values()} <= {None, *meanings.OBJECTS}

    def test_fields_are_told(self, connector: Connector, user: User) -> None:
        fields = self._fields(connector, user)
        assert len(fields) == len(connector.fields(user.object)), "names are unique"
        assert not fields[user.field].read_only
        assert {field.meaning for field in fields.values()} <= {None, *meanings.ALL}
        assert set(asked_fields(user)) <= set(fields)

    def test_unknown_object_is_refused(self, connector: Connector) -> None:
        with pytest.raises(UnknownObject):
            connector.fields("no such object")

    def test_count_is_the_number_of_records_if_told(self, connector: Connector, user: User) -> None:
        before = connector.count(user.object)
        user.create(1)
        user.settle()
        assert connector.count(user.object) == (None if before is None else before + 1)

    # --- listing --------------------------------------------------------------------------------------

    def test_first_listing_yields_every_record(self, connector: Connector, user: User) -> None:
        made = {user.create(number): number for number in range(user.many)}
        user.settle()
        pages = listing(connector, user)
        found = rows(pages)
        assert set(made) <= set(found)
        if connector.capabilities.baseline_carries_values:
            for id, number in made.items():
                assert found[id].has_values
                self._assert_holds(connector, user, found[id].record, user.values(number))

    def test_listing_goes_on_from_every_page(self, connector: Connector, user: User) -> None:
        made = {user.create(number) for number in range(user.many)}
        user.settle()
        pages = listing(connector, user)
        for end, page in enumerate(pages[:-1], start=1):
            if page.cursor is not None:
                rest = listing(connector, user, page.cursor)
                assert made <= set(rows(pages[:end])) | set(rows(rest))

    def test_poll_sees_an_edit_and_a_new_record(self, connector: Connector, user: User) -> None:
        edited, untouched = user.create(1), user.create(2)
        user.settle()
        cursor = listing(connector, user)[-1].cursor
        user.edit(edited, "Edited")
        made = user.create(3)
        user.settle()
        found = rows(listing(connector, user, cursor))
        assert {edited, made} <= set(found)
        assert read_one(connector, user, edited).values[user.field] == "Edited"
        assert untouched in {ref.id for ref in all_refs(connector, user)}

    def test_poll_sees_what_was_edited_during_the_first_listing(self, connector: Connector, user: User) -> None:
        made = [user.create(number) for number in range(user.many)]
        user.settle()
        pages: list[Page] = []
        for page in connector.changes(user.object, None, asked_fields(user)):
            if not pages:
                for id in (made[0], made[-1]):
                    user.edit(id, "Meanwhile")
            pages.append(page)
        user.settle()
        later = rows(listing(connector, user, pages[-1].cursor))
        shown = {id for id, seen in rows(pages).items() if seen.record.values.get(user.field) == "Meanwhile"}
        assert {made[0], made[-1]} <= set(later) | shown

    def test_poll_after_a_poll_sees_the_next_edit(self, connector: Connector, user: User) -> None:
        id = user.create(1)
        user.settle()
        cursor = listing(connector, user)[-1].cursor
        for value in ("One", "Two", "Three"):
            user.edit(id, value)
            user.settle()
            pages = listing(connector, user, cursor)
            assert id in rows(pages)
            assert read_one(connector, user, id).values[user.field] == value
            cursor = pages[-1].cursor

    def test_poll_without_changes_costs_one_call(self, connector: Connector, user: User) -> None:
        user.create(1)
        user.settle()
        cursor = listing(connector, user)[-1].cursor
        for _ in range(2):
            before = user.calls()
            pages = listing(connector, user, cursor)
            assert user.calls() - before == 1
            cursor = pages[-1].cursor

    def test_deletes_are_told_if_the_app_tells_them(self, connector: Connector, user: User) -> None:
        id, kept = user.create(1), user.create(2)
        user.settle()
        pages = listing(connector, user)
        address = rows(pages)[id].record.address
        user.delete(id)
        user.settle()
        gone = [each for page in listing(connector, user, pages[-1].cursor) for each in page.gone]
        assert kept not in {each.id for each in gone}
        if connector.capabilities.reports_deletes:
            assert any(each.id == id or (address and each.address == address) for each in gone)

    # --- the sweep and reading ------------------------------------------------------------------------

    def test_sweep_yields_the_live_records(self, connector: Connector, user: User) -> None:
        before = {ref.id for ref in all_refs(connector, user)}
        made = {user.create(number) for number in range(user.many)}
        gone = made.pop()
        user.delete(gone)
        found = [ref.id for ref in all_refs(connector, user)]
        assert set(found) - before == made
        assert len(found) == len(set(found))

    def test_read_answers_in_order_and_for_everything(self, connector: Connector, user: User) -> None:
        first, gone, last = (user.create(number) for number in (1, 2, 3))
        refs = {ref.id: ref for ref in all_refs(connector, user)}
        user.delete(gone)
        asked = [refs[last], refs[gone], refs[first]]
        answers = connector.read(user.object, asked, asked_fields(user))
        assert [answer.asked for answer in answers] == [last, gone, first]
        assert [answer.exists is Exists.EXISTS for answer in answers] == [True, False, True]
        assert answers[1].exists in (Exists.MISSING, Exists.ARCHIVED)
        for answer, number in ((answers[0], 3), (answers[2], 1)):
            assert answer.record is not None
            self._assert_holds(connector, user, answer.record, user.values(number))

    def test_read_says_what_is_empty(self, connector: Connector, user: User) -> None:
        id = user.create(1)
        names = [field.name for field in connector.fields(user.object)][:50]
        record = read_one(connector, user, id, names)
        assert set(names) <= set(record.values)

    def test_record_turned_into_another_object_is_named_by_reading_it(self, connector: Connector, user: User) -> None:
        if not isinstance(user, Converts):
            record = read_one(connector, user, user.create(1))
            user.delete(record.id)
            assert connector.read(user.object, [record.ref], asked_fields(user))[0].became is None
            return
        id, stays = user.create(1), user.create(2)
        user.settle()
        cursor = listing(connector, user)[-1].cursor
        became = user.convert(id)
        user.settle()
        for _ in range(2):
            answer, other = connector.read(user.object, [Ref(id), Ref(stays)], asked_fields(user))
            assert (answer.asked, answer.became, other.became) == (id, became, None)
            assert answer.exists in (Exists.ARCHIVED, Exists.MISSING)
        assert id not in {ref.id for ref in all_refs(connector, user)}
        pages = listing(connector, user, cursor)
        assert id not in rows(pages)
        told = {gone.id or gone.address for page in pages for gone in page.gone}
        assert bool(told) or not connector.capabilities.reports_deletes

    # --- writing --------------------------------------------------------------------------------------

    def test_created_records_are_there(self, connector: Connector, user: User) -> None:
        numbers = range(min(connector.capabilities.batch_write, 3))
        for number, result in zip(numbers, create(connector, user, *numbers), strict=True):
            assert result.outcome is Outcome.DONE, result
            assert result.record is not None
            record = read_one(connector, user, result.record.id)
            self._assert_holds(connector, user, record, user.values(number))

    def test_poll_sees_our_own_create(self, connector: Connector, user: User) -> None:
        cursor = listing(connector, user)[-1].cursor
        result = create(connector, user, 1)[0]
        user.settle()
        assert result.record is not None
        assert result.record.id in rows(listing(connector, user, cursor))

    def test_update_changes_what_it_names_and_nothing_else(self, connector: Connector, user: User) -> None:
        id = user.create(1)
        writable = [name for name, field in self._fields(connector, user).items() if not field.read_only]
        before = read_one(connector, user, id, writable)
        result = update(connector, user, before, {user.field: "Changed"})
        assert result.outcome is Outcome.DONE, result
        if result.record is not None and user.field in result.record.values:
            assert result.record.values[user.field] == "Changed"
        after = read_one(connector, user, id, writable)
        assert after.values == {**before.values, user.field: "Changed"}

    def test_update_with_nothing_clears(self, connector: Connector, user: User) -> None:
        record = read_one(connector, user, user.create(1))
        assert not is_blank(record.values[user.field])
        assert update(connector, user, record, {user.field: None}).outcome is Outcome.DONE
        assert is_blank(read_one(connector, user, record.id).values[user.field])

    def test_update_of_a_deleted_record_says_gone(self, connector: Connector, user: User) -> None:
        record = read_one(connector, user, user.create(1))
        user.delete(record.id)
        result = update(connector, user, record, {user.field: "Too late"})
        assert result.outcome is Outcome.GONE, result

    def test_update_over_an_edit_is_refused_if_the_app_compares(self, connector: Connector, user: User) -> None:
        record = read_one(connector, user, user.create(1))
        user.edit(record.id, "By a person")
        result = update(connector, user, record, {user.field: "Stale"})
        if connector.capabilities.conditional_writes:
            assert result.outcome is Outcome.CHANGED, result
            assert read_one(connector, user, record.id).values[user.field] == "By a person"
        else:
            assert result.outcome is Outcome.DONE, result

    def test_update_twice_in_a_row(self, connector: Connector, user: User) -> None:
        record = read_one(connector, user, user.create(1))
        first = update(connector, user, record, {user.field: "First"})
        assert first.record is not None
        version = Ref(record.id, record.address, first.record.version or record.version)
        again = Record(record.id, {user.field: "First"}, version.address, version.version)
        assert update(connector, user, again, {user.field: "Second"}).outcome is Outcome.DONE
        assert read_one(connector, user, record.id).values[user.field] == "Second"

    def test_archived_record_is_gone(self, connector: Connector, user: User) -> None:
        record = read_one(connector, user, user.create(1))
        result = connector.write(user.object, [WriteItem("a", WriteKind.ARCHIVE, ref=record.ref)])[0]
        assert result.outcome is Outcome.DONE, result
        assert record.id not in {ref.id for ref in all_refs(connector, user)}
        answer = connector.read(user.object, [record.ref], asked_fields(user))[0]
        assert answer.exists is (Exists.ARCHIVED if connector.capabilities.archives else Exists.MISSING)

    def test_second_record_with_a_unique_value_is_refused_alone(self, connector: Connector, user: User) -> None:
        if not (connector.capabilities.unique_create and user.key):
            assert not any(field.unique for field in connector.fields(user.object))
            return
        existing = user.create(1)
        numbers = (1, 2) if connector.capabilities.batch_write > 1 else (1,)
        results = by_key(create(connector, user, *numbers))
        assert results["c1"].outcome is Outcome.DUPLICATE, results
        assert results["c1"].existing_id == existing
        if "c2" in results:
            assert results["c2"].outcome is Outcome.DONE, results

    # --- histories ------------------------------------------------------------------------------------

    def test_history_tells_when_each_field_was_changed_if_the_app_keeps_one(
        self, connector: Connector, user: User
    ) -> None:
        if not isinstance(connector, TellsHistory):
            return
        ids, asked = [user.create(1), user.create(2)], asked_fields(user)
        other = next(name for name in asked if name != user.field)
        before = connector.last_changes(user.object, ids, [user.field, other])
        user.edit(ids[0], "Second")
        after = connector.last_changes(user.object, ids, [user.field, other])
        assert set(before) == set(after) == set(ids)
        assert after[ids[0]][user.field].at > before[ids[0]][user.field].at
        assert after[ids[0]][other].at == before[ids[0]][other].at
        assert after[ids[1]] == before[ids[1]]
        assert not after[ids[0]][user.field].by, "a person is no program"
        assert connector.last_changes(user.object, ids, []) == {} == connector.last_changes(user.object, [], asked)

    # --- looking up -----------------------------------------------------------------------------------

    def test_unique_value_is_found_at_once(self, connector: Connector, user: User) -> None:
        if not user.key:
            assert connector.find(user.object, user.field, ["x"]) == {} or connector.capabilities.finds_strongly
            return
        values = {str(user.values(number)[user.key]): user.create(number) for number in (1, 2)}
        nobody = str(user.values(99)[user.key])
        found = connector.find(user.object, user.key, [*values, nobody])
        if connector.capabilities.finds_strongly:
            assert {value: list(ids) for value, ids in found.items()} == {value: [id] for value, id in values.items()}
        else:
            assert found == {}

    def test_created_record_is_found_by_our_marker(self, connector: Connector, user: User) -> None:
        result = create(connector, user, 1)[0]
        assert result.record is not None
        found = connector.find(user.object, "", ["mark-1", "mark-2"])
        held = {value: list(ids) for value, ids in found.items() if ids}
        assert held == ({"mark-1": [result.record.id]} if connector.capabilities.marker else {})

    # --- helpers --------------------------------------------------------------------------------------

    def _fields(self, connector: Connector, user: User) -> dict[str, Field]:
        return {field.name: field for field in connector.fields(user.object)}

    def _assert_holds(self, connector: Connector, user: User, record: Record, values: Mapping[str, Value]) -> None:
        fields = self._fields(connector, user)
        for name, value in values.items():
            held = record.values[name]
            assert may_be_rewriting(value, held, fields[name]), f"{name}: sent {value!r}, held {held!r}"
