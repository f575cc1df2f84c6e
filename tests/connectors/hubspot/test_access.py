"""Tokens, scopes and limits."""

from collections.abc import Callable, Iterator

import pytest

from bothways.connectors.base import Outcome, WriteItem, WriteKind
from bothways.connectors.ends import WARNED
from bothways.connectors.hubspot import HubSpot, facts
from bothways.connectors.hubspot.connector import MAY_CHANGE, TOKEN
from bothways.connectors.hubspot.paths import CURRENT
from bothways.connectors.pacing import ASKED_AGAIN
from bothways.connectors.registry import connector_class
from bothways.errors import (
    AppFailed,
    CredentialsRefused,
    ObjectGone,
    PermissionMissing,
    ProtocolError,
    QuotaUsedUp,
    RateLimited,
    UnknownObject,
)
from bothways.records import Ref
from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from bothways.sandbox.hubspot.schema import prop
from tests.connectors.hubspot.account import Account


@pytest.fixture
def limited() -> Iterator[Account]:
    """An account with the limits of a larger subscription than the smallest."""
    with HubSpotSandbox(rate=(190, 10.0), clock=FrozenClock()) as hubspot:
        yield Account(hubspot)


# --- who we are -----------------------------------------------------------------------------------------


def test_check_tells_the_account(account: Account):
    told = account.connector.check()
    assert (told.id, told.label, told.notes) == (
        "48151623",
        "HubSpot account 48151623",
        ("A developer test account.", TOKEN, MAY_CHANGE),
    )
    assert account.bill() == {"account": 1}


def test_a_limit_that_is_nearly_reached_is_told_and_no_other(account: Account):
    account.people(95)
    account.hubspot.set_most("contacts", 101)
    account.hubspot.set_most("companies", 10)
    assert account.connector.warnings() == []
    assert account.bill() == {"limits": 2}
    account.hubspot.set_most("contacts", 100)
    assert account.connector.warnings() == ["It holds 95 of at most 100 contacts: once it is full, it refuses more."]
    account.hubspot.set_most("contacts", 95)
    assert account.connector.warnings() == ["It is full: it holds 95 of at most 95 contacts, and refuses more."]


def test_properties_have_limits_too(account: Account, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bothways.sandbox.hubspot.limiting.PROPERTIES", 5)
    assert account.connector.warnings() == [
        "It is full: it holds 5 of at most 5 custom properties of contacts, and refuses more."
    ]


def test_limits_that_may_not_be_seen_are_not_told(account: Account):
    account.hubspot.set_most("contacts", 1)
    account.people(1)
    account.hubspot.grant("narrow", ["oauth"])
    assert Account(account.hubspot, token="narrow").connector.warnings() == []


def test_that_tokens_of_private_apps_end_is_told_half_a_year_before_of_what_may_be_one(account: Account):
    account.hubspot.grant("another-form")
    other = Account(account.hubspot, token="another-form")
    account.hubspot.set_time(facts.ENDS["private apps"][0] - WARNED - 1)
    assert account.connector.warnings() == []
    account.hubspot.advance(1)
    (told,) = account.connector.warnings()
    assert "until 2027-09" in told
    assert (other.connector.warnings(), other.connector.check().notes) == (
        [],
        ("A developer test account.", MAY_CHANGE),
    )


def test_all_calls_are_of_one_dated_version(account: Account):
    (id,) = account.people(1)
    account.connector.check()
    account.connector.fields("contacts")
    account.poll(account.cursor())
    account.read(id, "999")
    account.connector.find("contacts", "email", ["a@example.com"])
    account.create({"lastname": "N"})
    assert {path for _, path, _ in account.hubspot.log if CURRENT not in path} == set()


def test_connector_is_found_by_its_name():
    assert connector_class("hubspot") is HubSpot


@pytest.mark.parametrize("token", ["wrong", "pat-other"])
def test_wrong_token_is_refused_and_never_told(account: Account, token: str):
    with pytest.raises(CredentialsRefused) as caught:
        Account(account.hubspot, token=token).connector.check()
    assert token not in str(caught.value)


def test_token_that_is_taken_back(account: Account):
    account.people(150)
    pages = account.connector.changes("contacts", None, ["email"])
    next(pages)
    account.hubspot.revoke(account.hubspot.token)
    with pytest.raises(CredentialsRefused):
        next(pages)


def test_scope_that_is_taken_back_half_way_is_named(account: Account):
    account.people(150)
    scopes = {"crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.companies.read"}
    account.hubspot.grant("own", scopes)
    own = Account(account.hubspot, token="own")
    pages = own.connector.changes("contacts", None, ["email"])
    next(pages)
    account.hubspot.grant("own", scopes - {"crm.objects.contacts.read"})
    with pytest.raises(PermissionMissing, match=r"crm\.objects\.contacts\.read"):
        next(pages)
    assert own.create({"lastname": "N"})[0].outcome is Outcome.DONE, "what is still allowed is done"


def test_blanks_around_a_token_do_not_matter(account: Account):
    assert Account(account.hubspot, token=f" {account.hubspot.token}\n").connector.check().id


def test_look_for_our_own_property_that_fails_is_no_answer(account: Account):
    account.hubspot.fault("500", times=5, match="/properties/2026-09/leads")
    with pytest.raises(AppFailed):
        account.connector.own_fields()


def test_missing_scopes_are_named_in_words(account: Account):
    account.hubspot.grant("reader", {"crm.objects.contacts.read", "crm.schemas.contacts.read"})
    reader = Account(account.hubspot, token="reader")
    reader.people(1)
    reader.pages()
    with pytest.raises(PermissionMissing) as caught:
        reader.create({"lastname": "N"})
    assert (
        "HubSpot does not allow this: the token lacks the scope crm.objects.contacts.write (add and change contacts)."
        in str(caught.value)
    )
    with pytest.raises(PermissionMissing, match=r"crm\.objects\.companies\.read"):
        list(reader.connector.ids("companies"))
    with pytest.raises(PermissionMissing, match=r"crm\.objects\.companies\.read"):
        reader.connector.count("companies")


CALLS = {
    "crm.objects.deals.read (read deals)": (
        lambda hubspot: list(hubspot.ids("deals")),
        lambda hubspot: hubspot.read("deals", [Ref("1")], []),
        lambda hubspot: hubspot.find("deals", "", ["m"]),
        lambda hubspot: hubspot.writers("deals", ["amount"]),
        lambda hubspot: hubspot.last_changes("deals", ["1"], ["amount"]),
    ),
    "crm.objects.deals.write (add and change deals)": (
        lambda hubspot: hubspot.write("deals", [WriteItem("k", WriteKind.CREATE, {"dealname": "D"})]),
        lambda hubspot: hubspot.write("deals", [WriteItem("k", WriteKind.UPDATE, {"dealname": "D"}, Ref("1"))]),
        lambda hubspot: hubspot.write("deals", [WriteItem("k", WriteKind.ARCHIVE, ref=Ref("1"))]),
    ),
    "crm.schemas.deals.read (see which properties deals have)": (lambda hubspot: hubspot.fields("deals"),),
    "crm.lists.read (see which records are in a list)": (
        lambda hubspot: hubspot.lists("deals"),
        lambda hubspot: list(hubspot.members("deals", "1")),
    ),
}
"""By the permission that it lacks: calls of a connector whose token has none of them, but for what comes before."""


@pytest.mark.parametrize(("words", "call"), [(words, call) for words, calls in CALLS.items() for call in calls])
def test_every_call_that_is_not_allowed_tells_which_permission_it_lacks_and_what_that_is_for(
    account: Account, words: str, call: Callable[[HubSpot], object]
):
    account.hubspot.grant("narrow", ["crm.schemas.deals.read"] if "objects" in words else [])
    narrow = Account(account.hubspot, {"marker_property": "hs_object_id"}, token="narrow")
    with pytest.raises(PermissionMissing) as caught:
        call(narrow.connector)
    assert words in caught.value.message


def test_marker_must_be_a_unique_property_of_what_is_created(account: Account):
    marked = Account(account.hubspot, {"marker_property": "my_key"})
    new = WriteItem("a", WriteKind.CREATE, {"lastname": "A"}, marker="m")

    def made():
        return marked.connector.write("contacts", [new])[0]

    for definition in (
        None,
        prop("my_key", "Key", custom=True),
        prop("my_key", "Key", "number", "number", unique=True),
    ):
        if definition:
            account.hubspot.define("contacts", definition)
        assert made().outcome is Outcome.REFUSED
        assert "bothways app own-field" in made().message
        assert any("No contacts, companies, deals" in each for each in marked.connector.warnings())
    assert account.hubspot.records("contacts") == {}
    account.hubspot.define("contacts", prop("my_key", "Key", unique=True, custom=True))
    assert made().outcome is Outcome.DONE
    assert marked.connector.find("contacts", "", ["m"]) == {"m": [*account.hubspot.records("contacts")]}
    assert any("No companies, deals" in each for each in marked.connector.warnings())
    assert any("No companies can be" in each for each in marked.connector.warnings(["contacts", "companies"]))
    assert marked.connector.warnings(["contacts"]) == []
    assert marked.connector.check().id
    assert marked.connector.capabilities.marker
    assert not account.connector.capabilities.marker


def test_other_objects_are_unknown(account: Account):
    for call in (
        lambda: account.connector.fields("meetings"),
        lambda: account.connector.count("../contacts"),
        lambda: account.connector.ids("meetings"),
        lambda: account.connector.changes("meetings", None, []),
        lambda: account.connector.read("meetings", [], []),
        lambda: account.connector.find("meetings", "email", []),
        lambda: account.connector.write("meetings", []),
    ):
        with pytest.raises(UnknownObject):
            call()


def test_listing_of_an_object_that_is_no_longer_there(account: Account):
    account.hubspot.fault("404", times=2)
    with pytest.raises(ObjectGone, match="Contacts"):
        account.pages()
    with pytest.raises(ObjectGone):
        account.connector.fields("contacts")


def test_answers_that_are_none(account: Account):
    for call in (account.pages, account.connector.check, lambda: account.connector.count("contacts")):
        account.hubspot.fault("garbage")
        with pytest.raises(ProtocolError):
            call()


def test_refusal_without_a_known_reason(account: Account):
    (id,) = account.people(1)
    account.hubspot.fault("400")
    with pytest.raises(AppFailed, match="HTTP 400: refused by order"):
        account.read(id)


# --- limits -----------------------------------------------------------------------------------------------


def test_limit_is_learnt_from_the_answers(limited: Account):
    assert limited.budget.allowed("") == facts.LIMITS[""][0]
    limited.connector.check()
    assert limited.budget.allowed("") == 190


def test_many_calls_are_paced_and_none_is_refused(limited: Account):
    for _ in range(600):
        limited.connector.check()
    assert {status for *_, status in limited.hubspot.log} == {200}
    assert limited.hubspot.now() - FrozenClock().now() == pytest.approx(3 * 10.3, abs=0.5)


@pytest.mark.parametrize("what", ["count", "poll"])
def test_searches_are_paced_by_their_own_limit(limited: Account, what: str):
    cursor = limited.cursor()
    for _ in range(21):
        if what == "count":
            limited.connector.count("contacts")
        else:
            limited.poll(cursor)
    assert {status for *_, status in limited.hubspot.log} == {200}
    assert limited.hubspot.now() - FrozenClock().now() == pytest.approx(4 * 1.1, abs=0.1)


def test_calls_of_others_are_seen_in_the_headers(limited: Account):
    for _ in range(150):
        Account(limited.hubspot).connector.check()
    for _ in range(60):
        limited.connector.check()
    assert {status for *_, status in limited.hubspot.log} == {200}


def test_storm_in_a_search_is_waited_out_as_long_as_told(limited: Account):
    cursor = limited.cursor()
    limited.hubspot.fault("429", times=2, retry_after=4, match="search", policy="SECONDLY")
    began = limited.hubspot.now()
    assert limited.poll(cursor)[0] == set()
    assert limited.hubspot.now() - began >= 8


def test_endless_storm_ends_in_words(limited: Account):
    limited.hubspot.fault("429", times=100)
    with pytest.raises(RateLimited, match="HubSpot is busy"):
        limited.pages()


def test_used_up_day_is_not_waited_for(limited: Account):
    limited.hubspot.fault("429", policy="DAILY")
    began = limited.hubspot.now()
    with pytest.raises(QuotaUsedUp):
        limited.pages()
    assert limited.hubspot.now() == began
    assert limited.bill() == {"list": 1}
    for call in (limited.pages, limited.connector.check, lambda: limited.create({"lastname": "N"})):
        with pytest.raises(QuotaUsedUp, match="it says that all calls of the day are made"):
            call()
    assert limited.bill() == {}, "nothing is asked"
    limited.hubspot.advance(ASKED_AGAIN)
    assert limited.connector.check().id


def test_calls_of_others_count_in_the_day_as_the_answers_tell():
    with HubSpotSandbox(rate=(190, 10.0), daily=30, clock=FrozenClock()) as hubspot:
        ours, others = Account(hubspot), Account(hubspot)
        for _ in range(20):
            others.connector.check()
        ours.connector.check()
        ours.budget.settle()
        day = ours.budget.day()
        assert (day.quota, day.used) == (30, 21)
        for _ in range(9):
            ours.connector.check()
        with pytest.raises(QuotaUsedUp, match="30 of 30 calls of the day are made"):
            ours.connector.check()
        assert {status for *_, status in hubspot.log} == {200}
