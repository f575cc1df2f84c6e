"""Nothing is missed: equal dates, the end of search, lag, edits during a listing, listings that break off."""

import json

import pytest

from bothways.connectors.base import Exists
from bothways.connectors.http import http_date
from bothways.connectors.hubspot import facts, listing
from bothways.errors import AppFailed, AppUnreachable, OurFault, PageIncomplete
from tests.connectors.hubspot.account import Account, unlimited

MOMENT = "2026-09-21T14:13:21.000Z"


def test_thousands_of_one_date_beyond_the_end_of_search():
    with unlimited(search_cap=1000) as hubspot:
        account = Account(hubspot)
        cursor = account.cursor()
        ids = account.people(2500, lastmodifieddate=MOMENT)
        hubspot.advance(facts.INDEX_LAG)
        shown, cursor = account.poll(cursor)
        assert shown == set(ids)
        assert {status for *_, status in hubspot.log} == {200}


def test_more_of_one_date_than_the_true_end_of_search(account: Account):
    cursor = account.cursor()
    ids = account.people(10_400, lastmodifieddate=MOMENT)
    assert account.poll(cursor)[0] == set(ids)
    assert account.bill() == {"list": 1, "search": 52}


def test_poll_can_be_stopped_after_any_page(account: Account):
    cursor = account.cursor()
    ids = account.people(450, lastmodifieddate=MOMENT)
    pages = account.pages(cursor)
    assert [len(page.seen) for page in pages] == [200, 200, 50]
    for number, page in enumerate(pages[:-1]):
        rest, _ = account.poll(page.cursor)
        assert rest == set(ids[200 * (number + 1) :])


def test_rows_of_a_search_are_ids_to_be_read(account: Account):
    cursor = account.cursor()
    account.people(1)
    (seen,) = account.pages(cursor)[-1].seen
    assert not seen.has_values
    assert (seen.record.values, seen.record.modified) == ({}, account.hubspot.now())


def test_search_may_still_show_what_is_gone(account: Account):
    """Its row is an id like any other; reading it tells the truth."""
    (id,) = account.people(1)
    cursor = account.cursor()
    account.hubspot.archive("contacts", id)
    (page,) = account.pages(cursor)
    assert [(seen.record.id, seen.has_values) for seen in page.seen] == [(id, False)]
    assert account.read(id)[0].exists is Exists.ARCHIVED
    account.hubspot.advance(facts.INDEX_LAG)
    assert account.poll(cursor)[0] == set()


def test_save_that_is_indexed_late_is_not_missed(account: Account):
    """A save that search shows only after a later one was processed lies behind the cursor, within its reach."""
    late, soon = account.people(2)
    account.hubspot.advance(3600)
    cursor = account.cursor()
    account.hubspot.change(index_lag=facts.INDEX_LAG)
    account.hubspot.edit("contacts", late, {"lastname": "Late"})
    account.hubspot.change(index_lag=0)
    account.hubspot.advance(facts.INDEX_LAG - 1)
    account.hubspot.edit("contacts", soon, {"lastname": "Soon"})
    shown, cursor = account.poll(cursor)
    assert shown == {soon}
    account.hubspot.advance(1)
    shown, cursor = account.poll(cursor)
    assert shown == {late, soon}


def test_reach_has_a_closed_start(account: Account):
    """What was saved exactly as long before the cursor as the reach is shown, and nothing from before that."""
    before, at, after = account.people(3)
    account.hubspot.change(index_lag=0)
    account.hubspot.advance(3600)
    cursor = account.cursor()
    account.hubspot.edit("contacts", before, {})
    account.hubspot.advance(0.001)
    account.hubspot.edit("contacts", at, {})
    account.hubspot.advance(facts.OVERLAP)
    account.hubspot.edit("contacts", after, {})
    account.hubspot.advance(1)
    shown, cursor = account.poll(cursor)
    assert shown == {before, at, after}
    assert account.poll(cursor)[0] == {at, after}


def test_cursor_is_the_largest_date_of_all_pages(account: Account):
    ids = account.people(450)
    account.hubspot.change(index_lag=0)
    account.hubspot.advance(3600)
    cursor = account.cursor()
    for id in reversed(ids):
        account.hubspot.advance(0.5)
        account.hubspot.edit("contacts", id, {})
    newest = account.hubspot.now()
    account.hubspot.advance(5)
    assert top(account.poll(cursor)[1]) == newest


def test_reaches_are_longer_than_the_lag():
    assert facts.OVERLAP >= 1.5 * facts.INDEX_LAG
    assert facts.LOOK_BACK >= 10 * facts.INDEX_LAG
    assert facts.LOOK_BACK_EVERY < facts.LOOK_BACK


def test_save_that_is_indexed_very_late_is_found_by_a_look_far_back(account: Account):
    """A later save was processed long ago; every now and then a search reaches behind it all the same."""
    late, soon = account.people(2)
    account.hubspot.advance(3600)
    cursor = account.cursor()
    account.hubspot.change(index_lag=facts.LOOK_BACK / 2)
    account.hubspot.edit("contacts", late, {"lastname": "Late"})
    account.hubspot.change(index_lag=0)
    account.hubspot.advance(facts.OVERLAP + 60)
    account.hubspot.edit("contacts", soon, {"lastname": "Soon"})
    met: set[str] = set()
    for _ in range(round(facts.LOOK_BACK / 60)):
        account.hubspot.advance(60)
        shown, cursor = account.poll(cursor)
        met |= shown
    assert met == {late, soon}


def test_index_that_stands_still_for_hours_loses_nothing(account: Account):
    """The cursor never passes a date that was not shown, however long nothing is shown."""
    ids = account.people(12)
    account.hubspot.advance(3600)
    cursor = account.cursor()
    account.hubspot.change(index_lag=7200)
    for id in ids:
        account.hubspot.edit("contacts", id, {"lastname": "Edited"})
        account.hubspot.advance(60)
        shown, cursor = account.poll(cursor)
        assert shown == set()
    for _ in range(100):
        account.hubspot.advance(60)
        _, cursor = account.poll(cursor)
    account.hubspot.change(index_lag=0)
    account.hubspot.indexed()
    assert account.poll(cursor)[0] == set(ids)


@pytest.mark.parametrize("ahead", [-5_000_000.0, -400.0, 400.0, 5_000_000.0])
def test_dates_of_answers_may_be_of_another_clock(account: Account, monkeypatch: pytest.MonkeyPatch, ahead: float):
    monkeypatch.setattr(listing, "http_date", lambda text: http_date(text) + ahead)
    ids = account.people(3)
    cursor = account.cursor()
    for id in ids:
        account.hubspot.advance(900)
        account.hubspot.edit("contacts", id, {"lastname": "Edited"})
        account.hubspot.indexed()
        shown, cursor = account.poll(cursor)
        assert id in shown


def test_rows_of_an_import_are_not_shown_for_ever(account: Account):
    """Most polls after a while show nothing; a few look back far, until nothing can be missing any more."""
    cursor = account.cursor()
    account.people(600)
    account.bill()
    _, cursor = account.poll(cursor)
    assert account.bill() == {"search": 3}
    account.hubspot.advance(facts.OVERLAP)
    calls = []
    for _ in range(2 * round(facts.LOOK_BACK / 60)):
        account.hubspot.advance(60)
        _, cursor = account.poll(cursor)
        calls.append(account.bill()["search"])
    assert calls.count(3) <= facts.LOOK_BACK / facts.LOOK_BACK_EVERY + 1
    assert set(calls[round(facts.LOOK_BACK / 60) :]) == {1}


def test_rows_that_are_old_when_listed_are_not_shown_again(account: Account):
    account.people(600)
    account.hubspot.advance(facts.OVERLAP + 1)
    cursor = account.cursor()
    account.bill()
    for _ in range(30):
        account.hubspot.advance(60)
        shown, cursor = account.poll(cursor)
        assert shown == set()
    assert account.bill() == {"search": 30}


def test_first_record_of_an_empty_account_is_found(account: Account):
    cursor = account.cursor()
    account.hubspot.advance(100_000)
    (id,) = account.people(1)
    assert account.poll(cursor)[0] == {id}


def test_cursor_is_never_beyond_the_start_of_the_poll(account: Account):
    """What is edited behind the page that a poll has reached is shown by the next one."""
    ids = account.people(300)
    cursor = account.cursor()
    account.hubspot.change(index_lag=0)
    account.hubspot.advance(3600)
    for id in ids:
        account.hubspot.edit("contacts", id, {"lastname": "Edited"})
    account.hubspot.advance(10)
    began, pages = account.hubspot.now(), []
    for page in account.connector.changes("contacts", cursor, ["lastname"]):
        if not pages:
            account.hubspot.advance(500)
            for id in (ids[0], ids[-1]):
                account.hubspot.edit("contacts", id, {"lastname": "Meanwhile"})
        pages.append(page)
    assert top(pages[-1].cursor) == began
    assert {ids[0], ids[-1]} <= account.poll(pages[-1].cursor)[0]


def test_edits_during_the_first_listing_are_shown_by_the_first_poll(account: Account):
    ids = account.people(250)
    account.hubspot.advance(3600)
    pages = []
    for page in account.connector.changes("contacts", None, ["lastname"]):
        account.hubspot.advance(1000)
        if not pages:
            account.hubspot.edit("contacts", ids[0], {"lastname": "Meanwhile"})
        pages.append(page)
    account.hubspot.indexed()
    assert account.poll(pages[-1].cursor)[0] == {ids[0]}


def test_our_own_clock_does_not_matter(account: Account):
    """It may be years off: cursors are made of HubSpot's times alone."""
    other = Account(account.hubspot, skew=1e9)
    account.people(3)
    cursor = account.cursor()
    assert cursor == other.cursor()
    account.hubspot.advance(100)
    assert account.poll(cursor) == other.poll(cursor)


@pytest.mark.parametrize("kind", ["503", "timeout-before"])
def test_listing_that_breaks_off_goes_on_where_it_was(account: Account, kind: str):
    ids = account.people(350)
    pages = account.connector.changes("contacts", None, ["email"])
    got = [next(pages)]
    account.hubspot.fault(kind, times=100)
    with pytest.raises(PageIncomplete):
        next(pages)
    account.hubspot.clear_faults()
    assert [len(page.seen) for page in got] == [100]
    assert account.poll(got[-1].cursor)[0] == set(ids[100:])


def test_listing_that_does_not_begin_says_why(account: Account):
    account.hubspot.fault("timeout-before", times=100)
    with pytest.raises(AppUnreachable, match="broke off"):
        account.pages()


def test_single_faults_in_a_listing_do_not_show(account: Account):
    ids = account.people(350)
    for kind in ("503", "timeout-before", "429", "500"):
        account.hubspot.fault(kind)
    assert account.poll(None)[0] == set(ids)
    assert account.hubspot.faults_waiting() == 0


def test_pages_that_are_empty_are_not_the_end_of_a_listing(account: Account):
    ids = account.people(350)
    account.hubspot.fault("empty-page")
    account.hubspot.fault("empty-page", match=f"after={ids[200]}")
    assert account.poll(None)[0] == set(ids)
    account.hubspot.fault("empty-page", times=2, match=f"after={ids[100]}")
    assert [ref.id for page in account.connector.ids("contacts") for ref in page] == ids
    assert account.hubspot.faults_waiting() == 1


def test_merge_is_a_change_of_the_survivor(account: Account):
    one, two, other = account.people(3)
    account.hubspot.advance(3600)
    cursor = account.cursor()
    survivor = account.hubspot.merge("contacts", one, two)
    account.hubspot.indexed()
    assert account.poll(cursor)[0] == {survivor}
    assert [ref.id for refs in account.connector.ids("contacts") for ref in refs] == [other, survivor]


def test_search_that_is_out_of_order_is_not_believed(account: Account, monkeypatch: pytest.MonkeyPatch):
    cursor = account.cursor()
    account.people(5)
    rows = account.connector._api.rows
    monkeypatch.setattr(account.connector._api, "rows", lambda body: rows(body)[::-1])
    with pytest.raises(PageIncomplete, match="order"):
        account.pages(cursor)


def test_count_is_what_search_knows(account: Account):
    account.people(3)
    account.hubspot.create("contacts", {"lastname": "Not indexed yet"})
    assert account.connector.count("contacts") == 3


@pytest.mark.parametrize("status", ["400", "404"])
def test_nothing_is_counted_of_an_object_that_the_account_has_not_set_up(account: Account, status: str):
    """An account is looked at as a whole, and may have no leads."""
    account.hubspot.fault(status, match="/leads/search")
    assert [account.connector.count(object) for object in ("contacts", "leads", "deals")] == [0, None, 0]
    account.hubspot.fault("500", times=5, match="/leads/search")
    with pytest.raises(AppFailed):
        account.connector.count("leads")


def test_foreign_cursor_is_our_fault(account: Account):
    with pytest.raises(OurFault):
        account.pages("{}}")


@pytest.mark.parametrize("rows", [[], [{"id": "7", "properties": {}}]])
def test_page_of_a_search_that_leads_nowhere_is_no_end(account: Account, monkeypatch: pytest.MonkeyPatch, rows: list):
    """Neither without rows nor for ever the same: the listing broke off, and nothing counts as read."""
    cursor = account.cursor()
    monkeypatch.setattr(listing, "next_page", lambda body: "1")
    monkeypatch.setattr(account.connector._api, "rows", lambda body: rows)
    with pytest.raises(PageIncomplete):
        account.pages(cursor)
    with pytest.raises(PageIncomplete):
        list(account.connector.ids("contacts"))


def test_ids_come_with_the_version_of_what_is_read(account: Account):
    (id,) = account.people(1)
    (ref,) = [ref for refs in account.connector.ids("contacts") for ref in refs]
    assert ref.version is not None
    assert account.read(id)[0].record.ref == ref
    account.hubspot.advance(1)
    account.update({id: {"lastname": "Else"}})
    (after,) = [ref for refs in account.connector.ids("contacts") for ref in refs]
    assert after.version != ref.version


def top(cursor: str | None) -> float:
    """Return the largest date that a poll has processed, seconds since 1970."""
    assert cursor is not None
    return json.loads(cursor)["top"] / 1000
