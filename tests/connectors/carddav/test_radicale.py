"""What only a real server shows: its rewriting, its files, its tokens."""

import re
from pathlib import Path

import pytest

from bothways.connectors.base import Exists, Outcome, WriteItem, WriteKind
from bothways.connectors.carddav import CardDav
from bothways.connectors.carddav.cursor import position_of
from bothways.connectors.carddav.fields import SLOTS
from bothways.errors import CredentialsRefused, ObjectGone
from bothways.records import Record, Ref, same
from tests.connectors.carddav.support import FIELDS, Bill, Person, card, listed, make_connector, seen

CORPUS = Path(__file__).parents[2] / "data" / "vcards"
ALL = [name for name, slot in SLOTS.items() if not slot.field.read_only]


def _seen(connector: CardDav, cursor: str | None = None) -> dict[str, Record]:
    pages = connector.changes("contacts", cursor, ALL)
    return {row.record.id: row.record for page in pages for row in page.seen if row.has_values}


def _path(book: str) -> str:
    return "/" + book.split("/", 3)[3]


def test_everything_is_found_from_the_root(user: Person) -> None:
    connector = make_connector(user.server.url + "/")
    account = connector.check()
    assert account.label == "ann at 127.0.0.1"
    name = f"contacts/{_path(user.book).split('/')[2]}"
    offered = [each.name for each in connector.objects()]
    assert name in offered or offered == ["contacts"]


def test_wrong_password_is_refused_without_quoting_it(user: Person) -> None:
    connector = make_connector(user.book, password="wrong horse")
    for ask in (connector.check, lambda: listed(connector), lambda: connector.read("contacts", [Ref("x", "/x")], [])):
        with pytest.raises(CredentialsRefused) as told:
            ask()
        assert "horse" not in str(told.value)


def test_book_that_is_deleted_is_gone(user: Person, connector: CardDav) -> None:
    user.create(1)
    cursor = listed(connector)[-1].cursor
    assert user.server.ask("DELETE", user.book).status == 200
    item = WriteItem("k", WriteKind.CREATE, {"full name": "x"}, marker="m")
    for ask in (
        lambda: listed(connector, cursor),
        lambda: list(connector.ids("contacts")),
        lambda: connector.write("contacts", [item]),
        lambda: make_connector(user.book).objects(),
    ):
        with pytest.raises(ObjectGone):
            ask()


def test_moved_card_is_the_same_record(user: Person, connector: CardDav) -> None:
    id = user.create(1)
    record = _seen(connector)[id]
    cursor = listed(connector)[-1].cursor
    target = user.book + "elsewhere.vcf"
    assert user.server.ask("MOVE", user.path(id), Destination=target, Host="127.0.0.1").status in (201, 204)
    pages = listed(connector, cursor)
    assert seen(pages)[id].record.address == _path(target)
    assert record.address in {each.address for each in pages[-1].gone}
    answer = connector.read("contacts", [record.ref], FIELDS)[0]
    assert (answer.exists, answer.record.address) == (Exists.EXISTS, _path(target))
    result = connector.write("contacts", [WriteItem("k", WriteKind.UPDATE, {"title": "x"}, record.ref)])[0]
    assert result.outcome is Outcome.GONE
    result = connector.write("contacts", [WriteItem("k", WriteKind.UPDATE, {"title": "x"}, answer.record.ref)])[0]
    assert result.outcome is Outcome.DONE


def test_deleted_card_is_missing(user: Person, connector: CardDav) -> None:
    id, kept = user.create(1), user.create(2)
    record = _seen(connector)[id]
    user.delete(id)
    assert connector.read("contacts", [record.ref], FIELDS)[0].exists is Exists.MISSING
    assert connector.write("contacts", [WriteItem("k", WriteKind.ARCHIVE, ref=record.ref)])[0].outcome is Outcome.GONE
    assert set(_seen(connector)) == {kept}


@pytest.mark.parametrize("token", ["http://radicale.org/ns/sync/" + "0" * 64, "nonsense"])
def test_expired_token_begins_anew(user: Person, connector: CardDav, token: str) -> None:
    ids = {user.create(number) for number in range(3)}
    cursor = listed(connector)[-1].cursor
    told = position_of(cursor, user.book).token
    pages = listed(connector, cursor.replace(told, token))
    assert set(seen(pages)) == ids
    assert position_of(pages[-1].cursor, user.book).token == told


def test_malformed_files_harm_nothing_else(user: Person, connector: CardDav) -> None:
    """Files put into the server's own folder: Radicale hides some, and hands the others out as they are."""
    good = user.create(1)
    cursor = listed(connector)[-1].cursor
    folder = user.server.files(user.book)
    (folder / "broken.vcf").write_bytes(b"BEGIN:VCARD\r\nthis is no card")
    (folder / "none.vcf").write_bytes(b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:No UID\r\nN:;;;;\r\nEND:VCARD\r\n")
    (folder / "old.vcf").write_bytes(card("old", "FN:x", "N:;;;;", version="2.1"))
    (folder / "twin.vcf").write_bytes(card(good, "FN:Copy", "N:;;;;"))
    (folder / "z.vcf").write_bytes(card("good-2", "FN:x", "N:;;;;"))
    for start in (None, cursor):
        rows = seen(listed(connector, start))
        assert {id for id, row in rows.items() if row.has_values} >= {"good-2"}
        assert "2.1" in rows["old"].problem
    rows = seen(listed(connector))
    assert {id for id, row in rows.items() if row.has_values} == {good, "good-2"}
    assert rows[f"twin:{_path(user.book)}twin.vcf"].problem == "another card of the address book has the same UID"
    refs = [ref for batch in connector.ids("contacts") for ref in batch]
    assert sorted(ref.id for ref in refs) == sorted(rows)


def test_rewriting_by_the_server_changes_no_value(user: Person, connector: CardDav) -> None:
    """Radicale sorts and refolds what it is given: what a write says is held is what the next poll shows."""
    cards = [found for file in sorted(CORPUS.glob("*.vcf")) for found in _cards(file)][::8]
    for number, data in enumerate(cards):
        reply = user.server.ask("PUT", user.path(f"c{number}"), data, Content_Type="text/vcard; charset=utf-8")
        assert reply.status in (201, 400)
    held, cursor = _seen(connector), listed(connector)[-1].cursor
    assert len(held) >= 20
    values = {"note": "two\nlines; and, more \\ " + "ß" * 90, "url": "https://x.org/?a=1,2;b", "department": "D, E; F"}
    items = [
        WriteItem(id, WriteKind.UPDATE, values, record.ref, base={name: record.values[name] for name in values})
        for id, record in list(held.items())[: connector.capabilities.batch_write]
    ]
    results = connector.write("contacts", items)
    assert {result.outcome for result in results} == {Outcome.DONE}
    shown = _seen(connector, cursor)
    for result in results:
        before, now = held[result.key], shown[result.key]
        assert result.record.version == now.version
        for name in ALL:
            told = result.record.values.get(name, before.values[name])
            assert same(told, SLOTS[name].field, now.values[name]), (result.key, name)


def test_new_cards_survive_the_server(user: Person, connector: CardDav) -> None:
    values = {
        "full name": "Ada, Countess; of \\ L",
        "given name": "Ada, B",
        "family name": "L; M",
        "organisation": "A, B; C",
        "department": "D",
        "email": "a@x.org",
        "email.home": "h@x.org",
        "phone": "+49 30 1",
        "phone.cell": "+49 170 1",
        "phone.fax": "+49 30 2",
        "address.street": "Main St 5, Apt 2\nback; yard",
        "address.work.city": "Łódź",
        "url": "https://x.org/?a=1,2;b",
        "birthday": "--04-15",
        "nickname": "A, B",
        "note": "  x\n\n" + "é" * 100,
        "categories": ["a", "b, c", "d; e"],
    }
    result = connector.write("contacts", [WriteItem("k", WriteKind.CREATE, values, marker="m")])[0]
    assert result.outcome is Outcome.DONE
    now = _seen(connector)[result.record.id]
    assert result.record.ref == now.ref
    for name, value in values.items():
        assert same(value, SLOTS[name].field, now.values[name]), name
        assert same(result.record.values[name], SLOTS[name].field, now.values[name]), name


def test_cards_written_at_once_all_arrive(user: Person, connector: CardDav, budget: Bill) -> None:
    connector.check()
    count, before = connector.capabilities.batch_write, budget.calls
    items = [WriteItem(str(n), WriteKind.CREATE, {"full name": f"Name {n}"}, marker=f"m{n}") for n in range(count)]
    results = connector.write("contacts", items)
    assert [result.key for result in results] == [item.key for item in items]
    assert budget.calls - before == count
    assert {record.values["full name"] for record in _seen(connector).values()} == {f"Name {n}" for n in range(count)}
    again = connector.write("contacts", items)
    assert {result.outcome for result in again} == {Outcome.DUPLICATE}
    assert connector.count("contacts") == count


def _cards(file: Path) -> list[bytes]:
    return re.findall(rb"(?is)BEGIN:VCARD.*?END:VCARD\r?\n", file.read_bytes())
