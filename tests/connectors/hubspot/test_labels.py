"""Labels of associations: fields of their own, written without harm to those that are not meant."""

from collections.abc import Mapping, Sequence

import pytest

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.errors import UnknownField
from bothways.records import FieldType, Ref, Value
from tests.connectors.hubspot.account import Account

FIRMS = "associations.companies"
BUYER, PAYER = f"{FIRMS}.user_defined.1", f"{FIRMS}.user_defined.3"
"""The first label of an account has the number that HubSpot's own type of the primary company has, too."""


@pytest.fixture
def firms(account: Account) -> list[str]:
    for label in ("Buyer", "Payer", "Other"):
        account.hubspot.add_label("contacts", "companies", label)
    return account.hubspot.seed("companies", [{"name": f"Firm {n}"} for n in range(4)])


@pytest.fixture
def person(account: Account) -> str:
    return account.people(1)[0]


def join(account: Account, person: str, firm: str, *labels: str) -> None:
    account.hubspot.associate("contacts", person, "companies", firm, labels=labels)


def read(account: Account, person: str, *fields: str) -> Mapping[str, Value]:
    (answer,) = account.connector.read("contacts", [Ref(person)], fields)
    assert answer.record is not None
    return answer.record.values


def update(account: Account, person: str, **changes: tuple[Sequence[str], Sequence[str]]) -> WriteResult:
    """Write associations from what was read to what is to be: of firms, buyer and payer."""
    names = {"firms": FIRMS, "buyer": BUYER, "payer": PAYER}
    before, after = ({names[key]: list(change[place]) for key, change in changes.items()} for place in (0, 1))
    return account.connector.write("contacts", [WriteItem("k", WriteKind.UPDATE, after, Ref(person), base=before)])[0]


def labelled(account: Account, person: str) -> dict[str, list[str]]:
    return account.hubspot.labelled("contacts", person, "companies")


def test_labels_are_fields_beside_the_association(account: Account, firms) -> None:
    fields = {each.name: each for each in account.connector.fields("contacts") if each.name.startswith(FIRMS)}
    assert [(each.label, each.label_of) for each in fields.values()] == [
        ("Companies", None),
        ("Buyer", FIRMS),
        ("Payer", FIRMS),
        ("Other", FIRMS),
    ]
    assert all((each.type, each.refers_to) == (FieldType.REFERENCE, "companies") for each in fields.values())
    assert list(fields)[1:3] == [BUYER, PAYER]
    assert account.bill() == {"properties": 1, "rules": 1, "sensitive": 1, "associations labels": 1}


def test_other_side_of_a_label_is_not_taken_for_it(account: Account) -> None:
    account.hubspot.add_label("companies", "contacts", "Employs", "Works for")
    assert [each.label for each in account.connector.fields("contacts") if each.label_of] == ["Works for"]


def test_association_is_read_by_all_its_labels_in_the_one_call(account: Account, firms, person) -> None:
    join(account, person, firms[0])
    join(account, person, firms[1], "Buyer", "Payer")
    join(account, person, firms[2], "Payer")
    account.bill()
    assert read(account, person, FIRMS, BUYER, PAYER) == {FIRMS: firms[:3], BUYER: [firms[1]], PAYER: firms[1:3]}
    assert account.bill() == {"read": 1, "associations read": 1}
    assert read(account, person, PAYER) == {PAYER: firms[1:3]}


def test_label_that_hangs_on_nothing_is_asked_about_once_in_a_poll(account: Account, firms, person) -> None:
    for _ in range(2):
        assert read(account, person, BUYER) == {BUYER: []}
    assert account.bill() == {"read": 2, "associations read": 2, "associations labels": 1}


def test_label_that_was_deleted_is_not_taken_for_one_that_hangs_on_nothing(account: Account, firms, person) -> None:
    join(account, person, firms[0], "Buyer")
    assert read(account, person, BUYER) == {BUYER: [firms[0]]}
    account.hubspot.drop_label("contacts", "companies", "Buyer")
    with pytest.raises(UnknownField, match=r"user_defined\.1"):
        read(account, person, FIRMS, BUYER)
    assert read(account, person, FIRMS) == {FIRMS: [firms[0]]}


def test_new_record_is_made_with_its_labels_in_one_call(account: Account, firms) -> None:
    values = {"email": "a@x.test", FIRMS: [firms[1], firms[0]], BUYER: [firms[0]], PAYER: firms[:2]}
    result = account.connector.write("contacts", [WriteItem("k", WriteKind.CREATE, values)])[0]
    assert result.record is not None
    assert {name: result.record.values[name] for name in (FIRMS, BUYER)} == {FIRMS: firms[1::-1], BUYER: [firms[0]]}
    assert labelled(account, result.record.id) == {firms[0]: ["Buyer", "Payer"], firms[1]: ["Payer"]}
    assert account.bill() == {"create": 1, "associations read": 1}


@pytest.mark.parametrize("stay", [True, False], ids=["labels are added", "labels are replaced"])
def test_label_is_added_and_all_others_stay_whatever_hubspot_makes_of_what_it_is_sent(
    account: Account, firms, person, stay: bool
) -> None:
    join(account, person, firms[0], "Other")
    join(account, person, firms[1], "Payer", "Other")
    account.hubspot.change(labels_stay=stay)
    result = update(account, person, firms=(firms[:2], firms[1::-1]), buyer=([], firms[:3]))
    assert result.outcome is Outcome.DONE
    assert result.record is not None
    assert result.record.values == {FIRMS: [firms[1], firms[0], firms[2]], BUYER: [firms[1], firms[0], firms[2]]}
    assert labelled(account, person) == {
        firms[0]: ["Buyer", "Other"],
        firms[1]: ["Buyer", "Other", "Payer"],
        firms[2]: ["Buyer"],
    }


def test_last_label_is_taken_away_and_the_association_stays_as_the_primary_one(account: Account, firms, person) -> None:
    join(account, person, firms[0], "Buyer")
    join(account, person, firms[1])
    account.bill()
    assert update(account, person, buyer=([firms[0]], [])).outcome is Outcome.DONE
    assert account.bill() == {"associations read": 2, "associations labels archive": 1}
    assert labelled(account, person) == {firms[0]: [], firms[1]: []}
    assert account.hubspot.associated("contacts", person, "companies") == firms[:2]


def test_association_goes_with_the_labels_that_go(account: Account, firms, person) -> None:
    join(account, person, firms[0], "Buyer", "Payer")
    account.bill()
    result = update(account, person, firms=([firms[0]], []), buyer=([firms[0]], []), payer=([firms[0]], []))
    assert result.outcome is Outcome.DONE
    assert account.hubspot.associated("contacts", person, "companies") == []
    assert account.bill() == {"associations read": 2, "associations archive": 1}


def test_label_of_a_company_that_was_merged_meanwhile_is_not_taken_away_by_its_old_id(
    account: Account, firms, person
) -> None:
    join(account, person, firms[0], "Buyer")
    survivor = account.hubspot.merge("companies", firms[0], firms[1])
    result = update(account, person, buyer=([firms[0]], []))
    assert (result.outcome, labelled(account, person)) == (Outcome.DONE, {survivor: ["Buyer"]})


def test_association_stays_that_was_given_another_label_meanwhile(account: Account, firms, person) -> None:
    join(account, person, firms[0], "Buyer")
    join(account, person, firms[1])
    join(account, person, firms[0], "Other")  # by somebody, after we read it
    result = update(account, person, firms=(firms[:2], firms[2:3]), buyer=([firms[0]], []))
    assert (result.outcome, result.fields) == (Outcome.REFUSED, (FIRMS, BUYER))
    assert f'an association stays, since the label "Other" hangs on that with {firms[0]}' in result.message
    assert labelled(account, person) == {firms[0]: ["Buyer", "Other"], firms[1]: []}, "nothing is changed by halves"


def test_label_that_is_refused_is_named(account: Account, firms, person) -> None:
    account.hubspot.drop_label("contacts", "companies", "Payer")
    beside = update(account, person, firms=([], [firms[0]]), payer=([], [firms[1]]))
    assert (beside.outcome, account.hubspot.associated("contacts", person, "companies")) == (Outcome.UNKNOWN, firms[:1])
    result = update(account, person, payer=([], [firms[1]]))
    assert (result.outcome, result.fields) == (Outcome.REFUSED, (PAYER,))
    assert "association types" in result.message


def test_people_of_a_deal_have_labels_without_a_primary_one(account: Account) -> None:
    account.hubspot.add_label("deals", "contacts", "Decides")
    first, second = account.people(2)
    people, decides = "associations.contacts", "associations.contacts.user_defined.1"
    values = {"dealname": "D", "dealstage": "closedwon", people: [first, second], decides: [second]}
    made = account.connector.write("deals", [WriteItem("k", WriteKind.CREATE, values)])[0].record
    assert made is not None
    assert account.hubspot.labelled("deals", made.id, "contacts") == {first: [], second: ["Decides"]}
    before, after = {people: [first, second], decides: [second]}, {people: [first], decides: [first]}
    item = WriteItem("k", WriteKind.UPDATE, after, Ref(made.id), base=before)
    assert account.connector.write("deals", [item])[0].outcome is Outcome.DONE
    assert account.hubspot.labelled("deals", made.id, "contacts") == {first: ["Decides"]}


def test_account_whose_labels_may_not_be_read_has_none(account: Account, firms) -> None:
    account.hubspot.fault("403", match="/labels")
    assert [each for each in account.connector.fields("contacts") if each.label_of] == []
