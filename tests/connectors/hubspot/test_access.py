"""Tokens, scopes and limits."""

from collections.abc import Iterator

import pytest

from bothways.connectors.hubspot import HubSpot, facts
from bothways.connectors.hubspot.objects import KINDS
from bothways.connectors.hubspot.paths import CURRENT
from bothways.connectors.registry import connector_class
from bothways.errors import (
    AppFailed,
    CredentialsRefused,
    ObjectGone,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    UnknownField,
    UnknownObject,
)
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
        ("A developer test account.",),
    )
    assert account.bill() == {"account": 1}


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


def test_blanks_around_a_token_do_not_matter(account: Account):
    assert Account(account.hubspot, token=f" {account.hubspot.token}\n").connector.check().id


def test_missing_scopes_are_named_in_words(account: Account):
    account.hubspot.grant("reader", {"crm.objects.contacts.read", "crm.schemas.contacts.read"})
    reader = Account(account.hubspot, token="reader")
    reader.people(1)
    reader.pages()
    with pytest.raises(PermissionMissing) as caught:
        reader.create({"lastname": "N"})
    assert "HubSpot does not allow this: the token lacks the scope crm.objects.contacts.write." in str(caught.value)
    with pytest.raises(PermissionMissing, match=r"crm\.objects\.companies\.read"):
        list(reader.connector.ids("companies"))
    assert reader.connector.count("companies") is None


def test_marker_must_be_a_unique_property(account: Account):
    marked = Account(account.hubspot, {"marker_property": "my_key"})
    with pytest.raises(UnknownField):
        marked.connector.check()
    for unique in (False, True):
        for object in KINDS:
            account.hubspot.define(object, prop("my_key", "Key", unique=unique, custom=True))
        if not unique:
            with pytest.raises(UnknownField):
                marked.connector.check()
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


def test_searches_are_paced_by_their_own_limit(limited: Account):
    for _ in range(21):
        limited.connector.count("contacts")
    assert {status for *_, status in limited.hubspot.log} == {200}
    assert limited.hubspot.now() - FrozenClock().now() == pytest.approx(4 * 1.03, abs=0.1)


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
    with pytest.raises(RateLimited):
        limited.pages()
    assert limited.hubspot.now() == began
    assert limited.bill() == {"list": 1}
