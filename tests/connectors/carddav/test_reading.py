"""Reading cards that are not where they were, that have no UID, or that the server does not hand out."""

import pytest

from bothways.connectors.base import Exists, Read, WriteItem, WriteKind
from bothways.connectors.carddav import CardDav, cards, reading
from bothways.records import Ref
from tests.connectors.carddav.scripted import BOOK, Server, serving
from tests.connectors.carddav.support import FIELDS, card
from tests.connectors.support import Answer


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (cards, reading):
        monkeypatch.setattr(module, "BATCH_READ", 3)


EXISTS, MISSING, UNKNOWN = Exists.EXISTS, Exists.MISSING, Exists.UNKNOWN
NO_UID = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:N2\r\nEMAIL:n2@x.test\r\nEND:VCARD\r\n"
NO_UTF8 = NO_UID.replace(b"N2", b"\xff\xfe")


def _server(count: int = 3) -> Server:
    server = Server()
    for number in range(1, count + 1):
        server.put(f"{number}.vcf", card(f"u{number}", f"FN:N{number}"))
    return server


def _ref(uid: str, name: str) -> Ref:
    return Ref(uid, BOOK + name)


def _refs(*numbers: int) -> list[Ref]:
    return [_ref(f"u{number}", f"{number}.vcf") for number in numbers]


def _read(connector: CardDav, refs: list[Ref]) -> list[Read]:
    answers = list(connector.read("contacts", refs, FIELDS))
    assert [each.asked for each in answers] == [ref.id for ref in refs]
    assert all(each.record is None or each.record.id == each.asked for each in answers)
    return answers


def _places(answers: list[Read]) -> list[str | None]:
    return [each.record.address.removeprefix(BOOK) if each.record and each.record.address else None for each in answers]


# --- cards that cannot be read ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 403])
def test_card_that_is_not_handed_out_is_there_with_a_problem(status: int) -> None:
    server = _server()
    server.sick = {BOOK + "2.vcf": status}
    with serving(server) as (connector, _, _):
        answers = _read(connector, _refs(1, 2, 3))
        assert [each.exists for each in answers] == [EXISTS] * 3
        assert [bool(each.problem) for each in answers] == [False, True, False]
        assert (answers[1].record.values, answers[1].record.address) == ({}, BOOK + "2.vcf")


@pytest.mark.parametrize(("data", "problem"), [(NO_UID, "no UID"), (NO_UTF8, "UTF-8")])
def test_card_that_lost_its_uid_is_there_with_a_problem(data: bytes, problem: str) -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        server.put("2.vcf", data)
        server.before = lambda asked: (
            Answer(207, data) if b"multiget" in asked.body and b"2.vcf" in asked.body else None
        )
        answers = _read(connector, _refs(1, 2))
        assert [each.exists for each in answers] == [EXISTS, EXISTS]
        assert problem in (answers[1].problem or "")


def test_lost_card_may_be_one_that_is_not_handed_out() -> None:
    server = _server(4)
    with serving(server) as (connector, _, _):
        server.put("z.vcf", server.cards[BOOK + "2.vcf"])
        server.delete("2.vcf")
        server.delete("3.vcf")
        server.sick = {BOOK + "z.vcf": 500}
        assert [each.exists for each in _read(connector, _refs(1, 2, 3, 4))] == [EXISTS, UNKNOWN, UNKNOWN, EXISTS]
        server.sick = {}
        assert [each.exists for each in _read(connector, _refs(1, 2, 3, 4))] == [EXISTS, EXISTS, MISSING, EXISTS]


def test_card_without_a_uid_elsewhere_leaves_no_doubt() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        server.delete("2.vcf")
        server.put("z.vcf", NO_UID)
        assert [each.exists for each in _read(connector, _refs(1, 2))] == [EXISTS, MISSING]


def test_mark_is_found_where_its_card_would_be_though_that_is_not_handed_out() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        made = connector.write("contacts", [WriteItem("k", WriteKind.CREATE, {"full name": "x"}, marker="m")])[0].record
        server.sick = {made.address: 500}
        assert connector.find("contacts", "", ["m", "n"]) == {"m": [made.id]}


# --- stand-ins ----------------------------------------------------------------------------------------


def test_stand_in_is_missing_once_the_uid_can_be_read() -> None:
    server = _server()
    server.put("2.vcf", NO_UID)
    stand_in = _ref(f"card:{BOOK}2.vcf", "2.vcf")
    with serving(server) as (connector, _, _):
        answer = _read(connector, [stand_in])[0]
        assert (answer.exists, bool(answer.problem)) == (EXISTS, True)
        server.put("2.vcf", card("u2", "FN:x"))
        assert _read(connector, [stand_in])[0].exists is MISSING
        server.delete("2.vcf")
        assert _read(connector, [stand_in])[0].exists is MISSING


def test_twin_is_there_without_values_as_long_as_it_has_a_uid() -> None:
    server = _server()
    server.put("twin.vcf", card("u1", "FN:copy"))
    twin = _ref(f"twin:{BOOK}twin.vcf", "twin.vcf")
    with serving(server) as (connector, _, _):
        answer = _read(connector, [twin])[0]
        assert (answer.exists, answer.record.values) == (EXISTS, {})
        assert "same UID" in (answer.problem or "")
        server.sick = {BOOK + "twin.vcf": 500}
        answer = _read(connector, [twin])[0]
        assert (answer.exists, bool(answer.problem)) == (EXISTS, True)
        server.sick = {}
        server.put("twin.vcf", NO_UID)
        assert _read(connector, [twin])[0].exists is MISSING


# --- cards that changed places ------------------------------------------------------------------------


def test_cards_that_exchanged_their_places_are_found() -> None:
    server = _server()
    with serving(server) as (connector, _, bill):
        connector.check()
        before = bill.calls
        server.put("1.vcf", card("u2", "FN:x"))
        server.put("2.vcf", card("u1", "FN:x"))
        assert _places(_read(connector, _refs(1, 2))) == ["2.vcf", "1.vcf"]
        assert bill.calls == before + 1


def test_cards_that_moved_up_by_one_place_are_found() -> None:
    server = _server(4)
    with serving(server) as (connector, _, _):
        for number in (1, 2, 3):
            server.put(f"{number}.vcf", card(f"u{number + 1}", "FN:x"))
        server.delete("4.vcf")
        assert _places(_read(connector, _refs(2, 3, 4, 1))) == ["1.vcf", "2.vcf", "3.vcf", None]


def test_two_cards_that_were_seen_at_one_place_are_told_apart() -> None:
    with serving(_server()) as (connector, _, _):
        answers = _read(connector, [_ref("u1", "1.vcf"), _ref("old", "1.vcf"), _ref("u2", "1.vcf")])
        assert [each.exists for each in answers] == [EXISTS, MISSING, EXISTS]
        assert _places(answers) == ["1.vcf", None, "2.vcf"]


def test_card_at_its_own_place_counts_before_its_copy() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        server.put("0.vcf", card("u2", "FN:copy"))
        assert _places(_read(connector, [_ref("u9", "0.vcf"), *_refs(2)])) == [None, "2.vcf"]


# --- what it costs -----------------------------------------------------------------------------------


def test_moved_card_is_read_where_it_is_now() -> None:
    server = _server(6)
    with serving(server) as (connector, _, bill):
        server.delete("1.vcf")
        server.put("y.vcf", card("u1", "FN:moved"))
        refs = [
            Ref("u1", BOOK + "1.vcf"),
            Ref("u2", BOOK + "2.vcf"),
            Ref("u3"),
            Ref("nobody"),
            Ref("u4", BOOK + "5.vcf"),
        ]
        answers = connector.read("contacts", refs, FIELDS)
        assert [each.asked for each in answers] == [ref.id for ref in refs]
        places = [each.record and each.record.address for each in answers]
        assert places == [BOOK + "y.vcf", BOOK + "2.vcf", BOOK + "3.vcf", None, BOOK + "4.vcf"]
        assert answers[3].exists is Exists.MISSING
        assert bill.bill["list"] == 1, "the book is looked through once"


def test_reading_known_places_costs_one_call_a_batch() -> None:
    server = _server(6)
    with serving(server) as (connector, _, bill):
        connector.check()
        before = bill.calls
        assert all(each.exists is EXISTS for each in _read(connector, _refs(*range(1, 7))))
        assert bill.calls == before + 2


def test_card_named_by_its_uid_is_found_without_looking_through_the_book() -> None:
    server = _server(6)
    server.put("own.vcf", card("own", "FN:x"))
    with serving(server) as (connector, _, bill):
        connector.check()
        before = bill.calls
        assert connector.read("contacts", [Ref("own")], FIELDS)[0].exists is Exists.EXISTS
        assert bill.calls == before + 1


def test_card_that_is_listed_and_not_handed_out_is_not_missing() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        server.sick[BOOK + "1.vcf"] = 404
        assert [each.exists for each in _read(connector, [*_refs(1), _ref("u9", "9.vcf")])] == [UNKNOWN, UNKNOWN]
        del server.cards[BOOK + "1.vcf"]
        assert [each.exists for each in _read(connector, _refs(1))] == [MISSING]


def test_card_whose_place_leads_to_another_page_is_not_missing() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        server.sick[BOOK + "1.vcf"] = 500
        pages = {"/nowhere": Answer(404)}
        server.before = lambda asked: (
            pages.get(asked.path) or (Answer(302, b"", {"Location": "/nowhere"}) if asked.method == "GET" else None)
        )
        (answer,) = _read(connector, _refs(1))
        assert (answer.exists, bool(answer.problem)) == (EXISTS, True)


def test_card_that_is_told_as_there_and_as_missing_is_there() -> None:
    server = _server()
    with serving(server) as (connector, _, _):
        real = server._card
        server._card = lambda path: real(path) + real("/nowhere").replace("/nowhere", path)  # type: ignore[method-assign]
        assert [each.exists for each in _read(connector, _refs(1))] == [EXISTS]
