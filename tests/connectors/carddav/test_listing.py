"""Listing from servers that lack something, cut their reports short, or break off."""

import pytest

from bothways.connectors.base import Exists
from bothways.connectors.carddav import cards, listing, reading
from bothways.connectors.carddav.cursor import Position, position_of
from bothways.errors import AppFailed, ObjectGone, OurFault, PageIncomplete, PermissionMissing, ProtocolError
from bothways.records import Ref
from tests.connectors.carddav.scripted import BOOK, Server, serving
from tests.connectors.carddav.support import FIELDS, Bill, card, listed, make_connector, seen
from tests.connectors.support import Answer, Asked


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (cards, listing, reading):
        monkeypatch.setattr(module, "BATCH_READ", 3)


def _filled(count: int = 7, **options: object) -> Server:
    server = Server(**options)  # type: ignore[arg-type]
    for number in range(count):
        server.put(f"{number}.vcf", card(f"u{number}", f"FN:Name {number}", f"TITLE:t{number}"))
    return server


PLAIN = {"reports": False}
BARE = {"reports": False, "ctag": False}
CUT = {"most": 2}


@pytest.mark.parametrize("options", [{}, PLAIN, BARE, CUT])
def test_every_kind_of_server_tells_what_changed(options: dict[str, object]) -> None:
    server = _filled(**options)
    with serving(server) as (connector, _, bill):
        first = listed(connector)
        assert {id: row.record.values["title"] for id, row in seen(first).items()} == {
            f"u{n}": f"t{n}" for n in range(7)
        }
        assert len(first) == 3
        for number in range(2, 6):
            server.put(f"{number}.vcf", card(f"u{number}", "FN:x", "TITLE:new"))
        server.delete("0.vcf")
        server.delete("1.vcf")
        then = listed(connector, first[-1].cursor)
        assert {id: row.record.values["title"] for id, row in seen(then).items()} == {
            f"u{n}": "new" for n in range(2, 6)
        }
        gone = {each.address for page in then for each in page.gone if each.address}
        assert gone == {BOOK + "0.vcf", BOOK + "1.vcf"}
        assert not any(each.address for page in then[:-1] for each in page.gone), "places are gone at the very end"
        before = bill.calls
        assert seen(listed(connector, then[-1].cursor)) == {}
        assert bill.calls == before + 1


@pytest.mark.parametrize(("options", "first", "poll"), [({}, 1 + 1 + 3, 1 + 1), (PLAIN, 1 + 1 + 2 + 3, 2 + 1)])
def test_costs_are_those_of_the_formula(options: dict[str, object], first: int, poll: int) -> None:
    server = _filled(**options)
    with serving(server) as (connector, _, bill):
        pages = listed(connector)
        assert bill.calls == first
        server.put("3.vcf", card("u3", "FN:x"))
        listed(connector, pages[-1].cursor)
        assert bill.calls == first + poll


@pytest.mark.parametrize("options", [{}, PLAIN, BARE, CUT])
def test_listing_goes_on_where_it_was_left(options: dict[str, object]) -> None:
    server = _filled(**options)
    with serving(server) as (connector, _, bill):
        pages = listed(connector)
        server.put("0.vcf", card("u0", "FN:x", "TITLE:meanwhile"))
        server.put("8.vcf", card("u8", "FN:x", "TITLE:meanwhile"))
        read = bill.bill["read"]
        rest = listed(connector, pages[0].cursor)
        assert bill.bill["read"] - read <= 2, "what was done is not read again"
        later = listed(connector, rest[-1].cursor)
        told = {**seen(rest), **seen(later)}
        assert {f"u{n}" for n in range(3, 7)} <= set(told)
        assert [told[id].record.values["title"] for id in ("u0", "u8")] == ["meanwhile"] * 2


@pytest.mark.parametrize("options", [{}, PLAIN, BARE, CUT])
def test_listing_of_a_quiet_book_goes_on_where_it_was_left(options: dict[str, object]) -> None:
    with serving(_filled(**options)) as (connector, _, bill):
        pages = listed(connector)
        rest = listed(connector, pages[0].cursor)
        assert set(seen(rest)) == {f"u{n}" for n in range(3, 7)}
        before = bill.calls
        assert seen(listed(connector, rest[-1].cursor)) == {}
        assert bill.calls == before + 1


@pytest.mark.parametrize("options", [{}, PLAIN, CUT])
def test_moved_card_is_the_same_record_and_not_gone(options: dict[str, object]) -> None:
    server = _filled(**options)
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.delete("5.vcf")
        server.put("a.vcf", card("u1", "FN:another"))
        server.delete("1.vcf")
        server.put("z.vcf", card("u5", "FN:moved"))
        pages = listed(connector, cursor)
        assert seen(pages)["u5"].record.address == BOOK + "z.vcf"
        shown = [bool(page.seen) and "u5" in {row.record.id for row in page.seen} for page in pages].index(True)
        told = [any(each.address == BOOK + "5.vcf" for each in page.gone) for page in pages].index(True)
        assert shown <= told


def test_cut_report_remembers_what_is_gone_until_its_end() -> None:
    server = _filled(most=2)
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.delete("0.vcf")
        server.put("1.vcf", card("u1", "FN:x"))
        server.put("2.vcf", card("u2", "FN:x"))
        first = next(connector.changes("contacts", cursor, FIELDS))
        assert (first.last, [each.address for each in first.gone if each.address]) == (False, [])
        rest = listed(connector, first.cursor)
        assert [each.address for page in rest for each in page.gone if each.address] == [BOOK + "0.vcf"]


def test_invalid_token_begins_anew() -> None:
    server = _filled()
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.put("1.vcf", card("u1", "FN:x"))
        server.oldest = 100
        pages = listed(connector, cursor)
        assert set(seen(pages)) == {f"u{n}" for n in range(7)}
        assert position_of(pages[-1].cursor, connector._api.url).token == "data:8"


def test_missing_card_is_only_gone_when_the_server_says_so() -> None:
    """A listing may leave a card out; asked for by its path, the server shows it."""
    server = _filled(reports=False)
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.put("1.vcf", card("u1", "FN:x"))
        hidden = server.cards.copy()

        def hide(asked: Asked) -> Answer | None:
            server.cards = {path: data for path, data in hidden.items() if path != BOOK + "4.vcf"}
            if asked.method != "PROPFIND":
                server.cards = hidden
            return None

        server.before = hide
        pages = listed(connector, cursor)
        assert set(seen(pages)) == {"u1", "u4"}
        assert not [each.address for page in pages for each in page.gone if each.address]


def test_report_that_never_ends_is_incomplete() -> None:
    server = _filled()
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.put("1.vcf", card("u1", "FN:x"))
        server.most = 0
        with pytest.raises(PageIncomplete):
            listed(connector, cursor)


def test_break_in_the_middle_is_incomplete_and_at_the_start_is_not() -> None:
    server = _filled()
    with serving(server) as (connector, _site, _):
        broken = [BOOK + "3.vcf", BOOK + "0.vcf"]

        def fail(asked: Asked) -> Answer | None:
            return Answer(503) if asked.method == "REPORT" and broken[0].encode() in asked.body else None

        server.before = fail
        pages = connector.changes("contacts", None, FIELDS)
        assert len(next(pages).seen) == 3
        with pytest.raises(PageIncomplete):
            next(pages)
        broken.pop(0)
        with pytest.raises(AppFailed):
            listed(connector)


@pytest.mark.parametrize("options", [{}, PLAIN])
def test_book_that_is_gone_is_no_mass_delete(options: dict[str, object]) -> None:
    server = _filled(**options)
    with serving(server) as (connector, site, _):
        cursor = listed(connector)[-1].cursor
        server.before = lambda asked: Answer(404)
        with pytest.raises(ObjectGone):
            listed(connector, cursor)
        with pytest.raises(ObjectGone):
            listed(make_connector(site.url + BOOK))
        with pytest.raises(ObjectGone):
            list(connector.ids("contacts"))
        with pytest.raises(ObjectGone):
            connector.read("contacts", [Ref("u1", BOOK + "1.vcf")], FIELDS)


def test_forbidden_report_is_no_missing_report() -> None:
    server = _filled()
    with serving(server) as (connector, _, _):
        server.before = lambda asked: Answer(403) if b"sync-collection" in asked.body else None
        with pytest.raises(PermissionMissing):
            listed(connector)


# --- single bad cards ---------------------------------------------------------------------------------


def test_bad_cards_are_told_one_by_one() -> None:
    server = _filled(3)
    server.put("bad.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:known\r\nthis is not a property\r\nEND:VCARD\r\n")
    server.put("none.vcf", card("", "FN:x"))
    server.put("old.vcf", card("v2", "FN:x", version="2.1"))
    server.put("twin.vcf", card("u1", "FN:copy"))
    server.put("group.vcf", card("g", "FN:Friends", "X-ADDRESSBOOKSERVER-KIND:group"))
    with serving(server) as (connector, _, _):
        pages = listed(connector)
        rows = seen(pages)
        problems = {id: row.problem for id, row in rows.items() if row.problem}
        assert set(rows) == {"u0", "u1", "u2", *problems}
        assert set(problems) == {"known", f"card:{BOOK}none.vcf", "v2", f"card:{BOOK}twin.vcf"}
        assert not any(row.has_values for row in rows.values() if row.problem)
        assert rows["u1"].record.address == BOOK + "1.vcf"
        refs = [ref for batch in connector.ids("contacts") for ref in batch]
        assert {ref.id for ref in refs} == set(rows)
        answers = connector.read("contacts", refs, FIELDS)
        assert {each.asked for each in answers if each.problem} == set(problems)
        assert all(each.exists is Exists.EXISTS for each in answers)
        _put_right(server, pages[-1].cursor, connector)


def _put_right(server: Server, cursor: str | None, connector: object) -> None:
    server.put("none.vcf", card("u9", "FN:x"))
    server.delete("1.vcf")
    pages = listed(connector, cursor)  # type: ignore[arg-type]
    rows = seen(pages)
    assert {id: row.record.address for id, row in rows.items()} == {"u9": BOOK + "none.vcf", "u1": BOOK + "twin.vcf"}
    gone = {each.id for page in pages for each in page.gone if each.id}
    assert {f"card:{BOOK}none.vcf", f"card:{BOOK}twin.vcf"} <= gone
    assert not gone & set(rows)


def test_known_twin_stays_one_until_its_uid_changes() -> None:
    server = _filled(2)
    server.put("twin.vcf", card("u0", "FN:copy"))
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.put("twin.vcf", card("u0", "FN:copy", "TITLE:edited"))
        pages = listed(connector, cursor)
        assert [row.problem is not None for row in seen(pages).values()] == [True]
        server.put("twin.vcf", card("own", "FN:copy"))
        assert set(seen(listed(connector, pages[-1].cursor))) == {"own"}


def test_contact_that_becomes_a_group_is_gone() -> None:
    server = _filled(2)
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.put("1.vcf", card("u1", "FN:x", "KIND:group", version="4.0"))
        page = listed(connector, cursor)[-1]
        assert "u1" in {each.id for each in page.gone}
        assert connector.read("contacts", [Ref("u1", BOOK + "1.vcf")], FIELDS)[0].exists is Exists.MISSING


@pytest.mark.parametrize("status", [500, 207])
def test_card_that_spoils_the_answer_for_all_is_fetched_alone(status: int) -> None:
    """A server that fails on one card, or puts its control character into the XML."""
    server = _filled(5)
    server.put("poison.vcf", card("p", "FN:x\x01"))
    with serving(server) as (connector, _, _):

        def spoil(asked: Asked) -> Answer | None:
            poisoned = b"multiget" in asked.body and b"poison" in asked.body
            return Answer(status, b"<D:multistatus>\x01") if poisoned else None

        server.before = spoil
        rows = seen(listed(connector))
        assert set(rows) == {"p", *(f"u{n}" for n in range(5))}
        assert rows["p"].record.values["full name"] == "x\x01"


def test_server_that_fails_on_every_card_is_blamed_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "MOST_BROKEN", 2)
    server = _filled(7)
    with serving(server) as (connector, _, _):
        server.before = lambda asked: Answer(207, b"<html>") if b"multiget" in asked.body else None
        with pytest.raises(ProtocolError):
            listed(connector)


# --- reading ------------------------------------------------------------------------------------------


def test_moved_card_is_read_where_it_is_now() -> None:
    server = _filled()
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
    server = _filled()
    with serving(server) as (connector, _, bill):
        connector.check()
        before = bill.calls
        refs = [Ref(f"u{n}", f"{BOOK}{n}.vcf") for n in range(6)]
        assert all(each.exists is Exists.EXISTS for each in connector.read("contacts", refs, FIELDS))
        assert bill.calls == before + 2


def test_card_named_by_its_uid_is_found_without_looking_through_the_book() -> None:
    server = _filled()
    server.put("own.vcf", card("own", "FN:x"))
    with serving(server) as (connector, _, bill):
        connector.check()
        before = bill.calls
        assert connector.read("contacts", [Ref("own")], FIELDS)[0].exists is Exists.EXISTS
        assert bill.calls == before + 1


# --- cursors ------------------------------------------------------------------------------------------


def test_cursor_of_another_address_begins_anew() -> None:
    position = Position("http://a/", "/b/", token="t", twins={"/b/x": ("/b/y", "u")}, gone=("/b/z",))
    assert position_of(position.text, "http://a/") == Position(
        "http://a/", "/b/", token="t", twins={"/b/x": ["/b/y", "u"]}, gone=("/b/z",)
    )
    assert position_of(position.text, "http://other/") is None
    assert position_of(None, "http://a/") is None


@pytest.mark.parametrize("cursor", ["?", "[]", '{"url": 1}', '{"url": "u", "book": "b", "etags": "!"}', '{"x": 1}'])
def test_strange_cursor_is_our_fault(cursor: str) -> None:
    with pytest.raises(OurFault):
        position_of(cursor, "u")


def test_etags_are_kept_in_little_room() -> None:
    etags = {f"{number:032x}.vcf": f"{number * 7919 % 2**64:016x}" for number in range(2000)}
    text = Position("http://a/", "/b/", etags=etags).text
    assert position_of(text, "http://a/").etags == etags
    assert len(text) / len(etags) < 40


def test_poll_by_a_new_connector_costs_one_call() -> None:
    server = _filled()
    with serving(server) as (connector, site, _):
        cursor = listed(connector)[-1].cursor
        bill = Bill()
        listed(make_connector(site.url + BOOK, budget=bill), cursor)
        assert bill.calls == 1
