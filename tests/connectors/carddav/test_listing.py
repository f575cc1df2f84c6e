"""Listing from servers that lack something, cut their reports short, or break off."""

from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest

from bothways.connectors.base import Exists, Outcome, Page, WriteItem, WriteKind
from bothways.connectors.carddav import cards, listing, reading
from bothways.connectors.carddav.cursor import Position, position_of
from bothways.errors import AppFailed, ObjectGone, OurFault, PageIncomplete, PermissionMissing, ProtocolError
from bothways.records import Ref
from tests.connectors.carddav.scripted import BOOK, Server, _multistatus, _row, _status, serving
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


def _restarted(pages: list[Page]) -> list[bool]:
    return [page.restarted for page in pages]


def test_listing_that_begins_anew_says_so_in_its_first_page() -> None:
    server = _filled()
    with serving(server) as (connector, _, _):
        first = listed(connector)
        assert _restarted(first) == [False] * 3
        server.delete("0.vcf")
        server.oldest = 100
        pages = listed(connector, first[-1].cursor)
        assert _restarted(pages) == [True, False]
        assert set(seen(pages)) == {f"u{n}" for n in range(1, 7)}
        server.oldest = 0
        assert _restarted(listed(connector, pages[-1].cursor)) == [False]


def test_cursor_of_another_address_is_told_as_a_new_beginning() -> None:
    with serving(_filled(1)) as (connector, _, _):
        other = Position("https://other.example.org/", "/book/", token="t").text
        assert _restarted(listed(connector, other)) == [True]


def test_listing_of_a_server_that_lost_its_reports_is_a_new_beginning_and_a_first_one_is_none() -> None:
    server = _filled(2)
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.reports = False
        assert _restarted(listed(connector)) == [False]
        pages = listed(connector, cursor)
        assert _restarted(pages) == [True]
        assert _restarted(listed(connector, pages[-1].cursor)) == [False]


def test_twins_are_told_apart_anew_when_a_listing_begins_anew() -> None:
    server = _filled(1)
    server.put("twin.vcf", card("u0", "FN:copy"))
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.delete("0.vcf")
        server.oldest = 100
        page = listed(connector, cursor)[0]
        assert [row.record.ref.address for row in page.seen] == [BOOK + "twin.vcf"]
        assert f"twin:{BOOK}twin.vcf" in {each.id for each in page.gone}


def test_expired_token_is_understood_among_the_elements_of_sabre() -> None:
    body = b"""<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:sabredav-version>4.6.0</s:sabredav-version>
        <s:exception>Sabre\\DAV\\Exception\\InvalidSyncToken</s:exception>
        <s:message>Invalid or unknown sync token</s:message>
        <d:valid-sync-token/></d:error>"""
    server = _filled(3)
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.before = lambda asked: Answer(403, body) if b">data:" in asked.body else None
        pages = listed(connector, cursor)
        assert (set(seen(pages)), pages[0].restarted) == ({"u0", "u1", "u2"}, True)


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


@pytest.mark.parametrize("status", [403, 423, 500])
def test_card_that_a_report_has_nothing_of_but_a_failure_is_asked_for(status: int) -> None:
    server = _filled()
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.put("1.vcf", card("u1", "FN:x"))
        row, failing = (
            f"<D:getetag>{server.tags[BOOK + '1.vcf']}</D:getetag>",
            f"<D:status>HTTP/1.1 {status} -</D:status>",
        )
        real = server._changes

        def changes(body: Element) -> Answer:
            whole = f"<D:propstat><D:prop>{row}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
            return Answer(207, real(body).body.replace(whole.encode(), failing.encode()))

        server._changes = changes  # type: ignore[method-assign]
        assert set(seen(listed(connector, cursor))) == {"u1"}


@pytest.mark.parametrize("status", [403, 409, 500])
def test_report_that_says_of_the_book_alone_that_it_failed_is_none(status: int) -> None:
    server = _filled(3)
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.put("1.vcf", card("u1", "FN:x"))
        failed = Answer(207, _multistatus([_status(BOOK, status)]).body)
        server.before = lambda asked: failed if b">data:" in asked.body else None
        pages = listed(connector, cursor)
        assert (set(seen(pages)), pages[0].restarted) == ({"u0", "u1", "u2"}, True)


@pytest.mark.parametrize("status", [404, 410])
def test_token_that_is_gone_is_no_book_that_is_gone(status: int) -> None:
    server = _filled(3)
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.before = lambda asked: Answer(status) if b">data:" in asked.body else None
        pages = listed(connector, cursor)
        assert (set(seen(pages)), pages[0].restarted) == ({"u0", "u1", "u2"}, True)


@pytest.mark.parametrize("rows", [[], [_status(BOOK, 507)], [_status(BOOK, 500)]], ids=["nothing", "cut", "failed"])
def test_list_of_cards_that_is_not_whole_is_no_list(rows: list[str]) -> None:
    """A card that was moved and is not in it is not missing."""
    server = _filled(3, reports=False)
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.cards[BOOK + "moved.vcf"] = server.cards.pop(BOOK + "1.vcf")
        server.tags[BOOK + "moved.vcf"] = '"moved"'
        server.ctag = False
        cut = _multistatus([*rows, _row(BOOK + "0.vcf", '<D:getetag>"t1"</D:getetag>')])
        server.before = lambda asked: cut if asked.headers.get("Depth") == "1" else None
        for work in (
            lambda: list(connector.ids("contacts")),
            lambda: connector.count("contacts"),
            lambda: connector.read("contacts", [Ref("u1", BOOK + "1.vcf")], FIELDS),
            lambda: listed(connector, cursor),
        ):
            with pytest.raises(PageIncomplete):
                work()


OLD = "/old/book/"


@pytest.mark.parametrize("redirected", [True, False])
@pytest.mark.parametrize("options", [{}, PLAIN])
def test_book_that_is_at_another_place_now_is_listed_anew(options: dict[str, object], redirected: bool) -> None:
    server = _filled(3, **options)
    with serving(server) as (connector, _, _):
        cursor = str(listed(connector)[-1].cursor).replace(f'"book":"{BOOK}"', f'"book":"{OLD}"')

        def moved(asked: Asked) -> Answer | None:
            if not asked.path.startswith(OLD):
                return None
            path = asked.path.replace(OLD, BOOK)
            if redirected:
                return Answer(301, b"", {"Location": path})
            return getattr(server, f"_{asked.method.lower()}")(replace(asked, path=path))

        server.before = moved
        server.put("1.vcf", card("u1", "FN:x"))
        pages = listed(connector, cursor)
        assert (set(seen(pages)), pages[0].restarted) == ({"u0", "u1", "u2"}, True)
        assert {row.record.address for row in seen(pages).values()} == {f"{BOOK}{n}.vcf" for n in range(3)}
        (answer,) = connector.read("contacts", [Ref("u1", OLD + "1.vcf")], FIELDS)
        assert answer.exists is Exists.EXISTS
        server.put("2.vcf", card("u2", "FN:x"))
        assert set(seen(listed(connector, pages[-1].cursor))) == {"u2"}


def test_connector_that_knows_the_old_place_of_a_book_looks_for_it_again() -> None:
    server = _filled(3)
    with serving(server) as (connector, _, _):
        connector.check()
        connector._found = {name: replace(book, path=OLD) for name, book in (connector._found or {}).items()}
        server.before = lambda asked: (
            Answer(301, b"", {"Location": asked.path.replace(OLD, BOOK)}) if asked.path.startswith(OLD) else None
        )
        with pytest.raises(ObjectGone):
            list(connector.ids("contacts"))
        assert len([ref for batch in connector.ids("contacts") for ref in batch]) == 3


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
        assert set(problems) == {"known", f"card:{BOOK}none.vcf", "v2", f"twin:{BOOK}twin.vcf"}
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
    assert {f"card:{BOOK}none.vcf", f"twin:{BOOK}twin.vcf"} <= gone
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


NOT_HANDED_OUT = [({}, 500), ({}, 403), (PLAIN, 500), (BARE, 403), (CUT, 500)]


@pytest.mark.parametrize(("options", "status"), NOT_HANDED_OUT)
def test_card_that_is_not_handed_out_is_asked_for_until_it_is(options: dict[str, object], status: int) -> None:
    server = _filled(4, **options)
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.put("2.vcf", card("u2", "FN:x", "TITLE:edited"))
        server.sick = {BOOK + "2.vcf": status}
        for _ in range(2):
            pages = listed(connector, cursor)
            rows, cursor = seen(pages), pages[-1].cursor
            assert [(id, row.has_values) for id, row in rows.items()] == [(f"card:{BOOK}2.vcf", False)]
        server.sick = {}
        pages = listed(connector, cursor)
        assert {id: row.record.values["title"] for id, row in seen(pages).items()} == {"u2": "edited"}
        assert f"card:{BOOK}2.vcf" in {each.id for page in pages for each in page.gone}
        assert seen(listed(connector, pages[-1].cursor)) == {}


@pytest.mark.parametrize("options", [{}, PLAIN, BARE, CUT])
def test_card_that_is_not_handed_out_at_first_is_asked_for_later(options: dict[str, object]) -> None:
    server = _filled(5, **options)
    server.sick = {BOOK + "1.vcf": 500}
    with serving(server) as (connector, _, _):
        pages = listed(connector)
        assert set(seen(pages)) == {"u0", f"card:{BOOK}1.vcf", "u2", "u3", "u4"}
        server.sick = {}
        assert set(seen(listed(connector, pages[-1].cursor))) == {"u1"}


@pytest.mark.parametrize("options", [{}, PLAIN, BARE, CUT])
def test_no_place_is_gone_while_a_card_is_not_handed_out(options: dict[str, object]) -> None:
    """It may be the very card, moved."""
    server = _filled(3, **options)
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        server.put("z.vcf", server.cards[BOOK + "1.vcf"])
        server.delete("1.vcf")
        server.sick = {BOOK + "z.vcf": 500}
        for _ in range(2):
            pages = listed(connector, cursor)
            cursor = pages[-1].cursor
            assert not [each for page in pages for each in page.gone if each.address]
        server.sick = {}
        pages = listed(connector, cursor)
        assert seen(pages)["u1"].record.address == BOOK + "z.vcf"
        assert [each.address for each in pages[-1].gone if each.address] == [BOOK + "1.vcf"]
        assert not [each for each in listed(connector, pages[-1].cursor)[-1].gone if each.address]


def test_twin_stays_one_while_either_is_not_handed_out() -> None:
    server = _filled(1)
    server.put("twin.vcf", card("u0", "FN:copy"))
    with serving(server) as (connector, _, _):
        cursor = listed(connector)[-1].cursor
        for name in ("0.vcf", "twin.vcf"):
            server.put(name, card("u0", "FN:x", f"TITLE:{name}"))
            server.sick = {BOOK + name: 403}
            pages = listed(connector, cursor)
            assert "u0" not in {id for id, row in seen(pages).items() if row.record.address == BOOK + "twin.vcf"}
            server.sick = {}
            pages = listed(connector, pages[-1].cursor)
            assert "u0" not in {id for id, row in seen(pages).items() if row.record.address == BOOK + "twin.vcf"}
            cursor = pages[-1].cursor


def test_card_that_may_not_be_read_is_held_alone_until_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "MOST_BROKEN", 2)
    server = _filled(3)
    server.sick = {BOOK + f"{n}.vcf": 403 for n in range(2)}
    with serving(server) as (connector, _, _):
        rows = seen(listed(connector))
        assert {id for id, row in rows.items() if row.problem} == {f"card:{path}" for path in server.sick}
        assert "u2" in rows
        assert [ref.id for batch in connector.ids("contacts") for ref in batch] == ["u2"]
        server.sick[BOOK + "2.vcf"] = 403
        with pytest.raises(PermissionMissing):
            listed(connector)


def test_card_whose_name_ends_in_a_semicolon_is_listed_and_written() -> None:
    server = _filled(1)
    with serving(server) as (connector, _, _):
        server.put("x.vcf;", card("u9", "FN:x", "TITLE:old"))
        record = seen(listed(connector))["u9"].record
        item = WriteItem("k", WriteKind.UPDATE, {"title": "new"}, record.ref, base={"title": "old"})
        assert connector.write("contacts", [item])[0].outcome is Outcome.DONE
        assert b"TITLE:new" in server.cards[BOOK + "x.vcf;"]


# --- cursors ------------------------------------------------------------------------------------------


def test_cursor_of_another_address_begins_anew() -> None:
    position = Position("http://a/", "/b/", token="t", twins={"/b/x": ("/b/y", "u")}, gone=("/b/z",), unread=("/b/w",))
    assert position_of(position.text, "http://a/") == replace(position, twins={"/b/x": ["/b/y", "u"]})
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
