"""Which products write is told by the histories of properties, in two calls."""

from tests.connectors.hubspot.account import FIELDS, Account


def test_products_are_told_by_record_and_people_are_not(account: Account):
    typed, synced, twice = account.people(3)
    account.hubspot.edit("contacts", typed, {"lastname": "Typed"})
    account.hubspot.edit("contacts", synced, {"lastname": "Synced"}, by="Other")
    account.hubspot.edit("contacts", twice, {"lastname": "Once"}, by="Other")
    account.hubspot.edit("contacts", twice, {"lastname": "Twice"}, by="Third")
    account.hubspot.indexed()
    account.bill()
    seen = account.connector.writers("contacts", FIELDS)
    assert sorted((each.name, each.record_id) for each in seen) == [("Other", synced), ("Third", twice)]
    assert {each.at for each in seen} == {account.hubspot.now()}
    assert account.bill() == {"search": 1, "read histories": 1}


def test_what_a_product_wrote_in_other_fields_is_not_told(account: Account):
    (id,) = account.people(1)
    account.hubspot.edit("contacts", id, {"lifecyclestage": "lead"}, by="Other")
    account.hubspot.indexed()
    assert account.connector.writers("contacts", FIELDS) == []


def test_an_empty_account_tells_of_nobody(account: Account):
    assert account.connector.writers("contacts", FIELDS) == []


def test_only_the_fifty_records_changed_last_are_looked_at(account: Account):
    first, *others = account.people(60)
    account.hubspot.edit("contacts", first, {"lastname": "Old"}, by="Other")
    for id in others:
        account.hubspot.advance(1)
        account.hubspot.edit("contacts", id, {"lastname": "New"})
    account.hubspot.indexed()
    assert account.connector.writers("contacts", FIELDS) == []
