"""Associations: read beside the properties, written as what was added and taken away, counted in the bill."""

from collections.abc import Mapping, Sequence

import pytest

from bothways.connectors.base import Outcome, WriteItem, WriteKind
from bothways.connectors.hubspot import associations
from bothways.connectors.hubspot.objects import REFERENCES
from bothways.errors import AppFailed, CredentialsRefused, PermissionMissing, ProtocolError
from bothways.records import FieldType, Record, Ref, Value
from bothways.sandbox.hubspot.schema import PAIRS
from tests.connectors.hubspot.account import Account

FIRMS, PEOPLE = "associations.companies", "associations.contacts"
DEAL = {"dealname": "Sale", "dealstage": "qualifiedtobuy"}


@pytest.fixture
def firms(account: Account) -> list[str]:
    return account.hubspot.seed("companies", [{"name": f"Firm {n}"} for n in range(4)])


def read(account: Account, *ids: str, object: str = "contacts", fields: Sequence[str] = (FIRMS,)) -> list[Value]:
    answers = account.connector.read(object, [Ref(id) for id in ids], fields)
    return [each.record.values[fields[0]] for each in answers if each.record is not None]


def update(account: Account, id: str, before: Mapping[str, Value], after: Mapping[str, Value]):
    item = WriteItem("k", WriteKind.UPDATE, after, Ref(id), base=before)
    return account.connector.write("contacts", [item])[0]


def test_associations_are_fields_that_refer_to_an_object(account: Account) -> None:
    fields = {each.name: each for each in account.connector.fields("deals") if each.refers_to not in (None, "owners")}
    assert {name: (each.refers_to, each.primary_first) for name, each in fields.items()} == {
        FIRMS: ("companies", True),
        PEOPLE: ("contacts", False),
    }
    assert all(each.type is FieldType.REFERENCE and each.multi_valued for each in fields.values())
    assert not any(each.read_only for each in fields.values())
    assert [each.name for each in account.connector.fields("companies") if each.name.startswith("associations")] == []


def test_types_are_those_that_hubspot_has() -> None:
    for object, references in REFERENCES.items():
        for each in references:
            pair = PAIRS[object, each.to]
            assert (each.type, each.primary) == (pair.types[0], pair.primary[0] if pair.primary else None)


def test_primary_one_is_read_first_and_a_record_without_any_has_an_empty_list(account: Account, firms) -> None:
    one, two = account.people(2)
    for firm in firms[:3]:
        account.hubspot.associate("contacts", one, "companies", firm, primary=firm == firms[1])
    assert read(account, one, two) == [[firms[1], firms[0], firms[2]], []]


@pytest.mark.parametrize("count", [1, 100, 101])
def test_reading_costs_one_call_more_for_a_hundred_records_listed_or_read(account: Account, firms, count: int) -> None:
    ids = account.people(count)
    for id in ids:
        account.hubspot.associate("contacts", id, "companies", firms[0])
    rows = [seen for page in account.pages(fields=["email", FIRMS]) for seen in page.seen]
    pages = -(-count // 100)
    assert account.bill() == {"list": pages, "associations read": pages}
    assert all(seen.record.values[FIRMS] == [firms[0]] for seen in rows)
    assert len(read(account, *ids)) == count
    assert account.bill() == {"read": pages, "associations read": pages}


def test_more_than_a_page_of_associations_of_one_record_is_read_whole(account: Account) -> None:
    deal = account.hubspot.create("deals", DEAL)
    people = account.people(501)
    for id in people:
        account.hubspot.associate("deals", deal, "contacts", id)
    assert read(account, deal, object="deals", fields=(PEOPLE,)) == [people]


def test_new_record_is_made_with_its_associations_in_one_call(account: Account, firms) -> None:
    item = WriteItem("k", WriteKind.CREATE, {"email": "a@x.test", FIRMS: [firms[2], firms[0]]})
    result = account.connector.write("contacts", [item])[0]
    assert result.outcome is Outcome.DONE
    assert result.record is not None
    assert result.record.values[FIRMS] == [firms[2], firms[0]]
    assert account.hubspot.associated("contacts", result.record.id, "companies") == [firms[2], firms[0]]
    assert account.bill() == {"create": 1, "associations read": 1}


def test_only_what_differs_from_what_was_read_is_written(account: Account, firms) -> None:
    (id,) = account.people(1)
    for firm in firms[:2]:
        account.hubspot.associate("contacts", id, "companies", firm)
    account.hubspot.associate("contacts", id, "companies", firms[3])  # by somebody, after we read it
    result = update(account, id, {FIRMS: firms[:2]}, {FIRMS: [firms[2], firms[0]], "lastname": "New"})
    assert result.record is not None
    assert result.record.values[FIRMS] == [firms[2], firms[0], firms[3]]
    assert account.hubspot.records("contacts")[id]["lastname"] == "New"
    calls = {"associations create": 1, "associations archive": 1, "associations read": 2, "update": 1}
    assert account.bill() == calls


@pytest.mark.parametrize("after", ["survivor", "nothing"])
def test_company_that_was_merged_meanwhile_is_not_taken_away_by_its_old_id(account: Account, firms, after: str) -> None:
    """An old id leads to the survivor, to which the contact belongs by now."""
    (id,) = account.people(1)
    account.hubspot.associate("contacts", id, "companies", firms[0])
    survivor = account.hubspot.merge("companies", firms[0], firms[1])
    result = update(account, id, {FIRMS: [firms[0]]}, {FIRMS: [survivor] if after == "survivor" else []})
    assert result.outcome is Outcome.DONE
    assert result.record is not None
    assert result.record.values[FIRMS] == [survivor] == account.hubspot.associated("contacts", id, "companies")


def test_primary_one_alone_can_change(account: Account, firms) -> None:
    (id,) = account.people(1)
    for firm in firms[:2]:
        account.hubspot.associate("contacts", id, "companies", firm)
    result = update(account, id, {FIRMS: firms[:2]}, {FIRMS: [firms[1], firms[0]]})
    assert result.outcome is Outcome.DONE
    assert account.hubspot.associated("contacts", id, "companies") == [firms[1], firms[0]]


@pytest.mark.parametrize("change", ["comes", "goes"])
def test_primary_one_stays_whichever_others_come_and_go(account: Account, firms, change: str) -> None:
    """The very numbers of the types say which one is the primary one: they are not sent with any other."""
    (id,) = account.people(1)
    for firm in firms[:3]:
        account.hubspot.associate("contacts", id, "companies", firm, primary=firm == firms[1])
    before = [firms[1], firms[0], firms[2]]
    after = [*before, firms[3]] if change == "comes" else before[:2]
    assert update(account, id, {FIRMS: before}, {FIRMS: after}).outcome is Outcome.DONE
    assert account.hubspot.associated("contacts", id, "companies") == after


def test_primary_one_that_somebody_has_chosen_meanwhile_stays(account: Account, firms) -> None:
    (id,) = account.people(1)
    account.hubspot.associate("contacts", id, "companies", firms[0])
    account.hubspot.associate("contacts", id, "companies", firms[1], primary=True)
    result = update(account, id, {FIRMS: firms[:2]}, {FIRMS: firms[:3]})
    assert result.outcome is Outcome.DONE
    assert account.hubspot.associated("contacts", id, "companies") == [firms[1], firms[0], firms[2]]


def test_refused_association_is_named_and_its_record_is_not_written(account: Account, firms) -> None:
    one, two = account.people(2)
    items = [
        WriteItem(id, WriteKind.UPDATE, {FIRMS: [firm], "lastname": "New"}, Ref(id), base={FIRMS: []})
        for id, firm in ((one, "999999"), (two, firms[0]))
    ]
    refused, done = account.connector.write("contacts", items)
    assert (refused.outcome, refused.fields) == (Outcome.REFUSED, (FIRMS,))
    assert "999999" in refused.message
    assert done.outcome is Outcome.DONE
    assert [account.hubspot.records("contacts")[id]["lastname"] for id in (one, two)] == ["P0", "New"]


def test_new_record_whose_association_is_refused_is_not_made(account: Account) -> None:
    item = WriteItem("k", WriteKind.CREATE, {"email": "a@x.test", FIRMS: ["999999"]})
    assert account.connector.write("contacts", [item])[0].outcome is Outcome.REFUSED
    assert account.hubspot.records("contacts") == {}


def test_more_than_fits_in_a_call_is_written_by_several(account: Account, firms, monkeypatch) -> None:
    monkeypatch.setattr("bothways.connectors.hubspot.associating.ASSOCIATIONS_CREATED", 3)
    monkeypatch.setattr("bothways.connectors.hubspot.associating.ASSOCIATIONS_ARCHIVED", 2)
    ids = account.people(5)
    for before, after in (([], firms[:2]), (firms[:2], firms[:1])):
        items = [WriteItem(id, WriteKind.UPDATE, {FIRMS: after}, Ref(id), base={FIRMS: before}) for id in ids]
        assert {each.outcome for each in account.connector.write("contacts", items)} == {Outcome.DONE}
        assert [account.hubspot.associated("contacts", id, "companies") for id in ids] == [after] * 5
    bill = account.bill()
    assert (bill["associations create"], bill["associations archive"]) == (4, 3)


@pytest.mark.parametrize(
    ("fault", "outcome"), [("timeout-after-commit", Outcome.DONE), ("429", Outcome.LATER), ("500", Outcome.UNKNOWN)]
)
def test_fault_while_associating_is_never_taken_for_a_refusal(account: Account, firms, fault, outcome) -> None:
    (id,) = account.people(1)
    account.hubspot.fault(fault, times=1 if outcome is Outcome.DONE else 100, match="batch/create")
    assert update(account, id, {FIRMS: []}, {FIRMS: [firms[0]]}).outcome is outcome


@pytest.mark.parametrize(
    ("fault", "outcome", "landed"),
    [
        ("403", Outcome.UNKNOWN, 0),
        ("401", Outcome.UNKNOWN, 0),
        ("429", Outcome.UNKNOWN, 0),
        ("timeout-before", Outcome.UNKNOWN, 0),
        ("timeout-after-commit", Outcome.UNKNOWN, 1),
    ],
)
def test_what_breaks_off_half_way_is_unknown_and_not_raised(account: Account, firms, fault, outcome, landed) -> None:
    """The companies of a deal are associated by then: what is raised counts as not written."""
    deal = account.hubspot.create("deals", DEAL)
    (person,) = account.people(1)
    account.hubspot.fault(fault, times=50, match="deals/contacts/batch/create")
    values = {FIRMS: firms[:1], PEOPLE: [person], "amount": "5"}
    item = WriteItem("k", WriteKind.UPDATE, values, Ref(deal), base={FIRMS: [], PEOPLE: [], "amount": None})
    assert [each.outcome for each in account.connector.write("deals", [item])] == [outcome]
    assert account.hubspot.associated("deals", deal, "companies") == firms[:1]
    assert len(account.hubspot.associated("deals", deal, "contacts")) == landed
    assert "amount" not in account.hubspot.records("deals")[deal]


@pytest.mark.parametrize(
    ("fault", "more"), [("423", {}), ("429", {}), ("403", {}), ("", {"loyalty_points": "many"})], ids=str
)
def test_record_of_which_only_the_associations_were_written_is_unknown(account: Account, firms, fault, more) -> None:
    """What is refused or left for later counts as not written at all: then its associations would not be in the
    journal."""
    one, two = account.people(2)
    if fault:
        account.hubspot.fault(fault, times=50, match="objects/2026-09/contacts/batch/update")
    values = {"lastname": "New", **more}
    items = [
        WriteItem("both", WriteKind.UPDATE, {**values, FIRMS: firms[:1]}, Ref(one), base={FIRMS: []}),
        WriteItem("plain", WriteKind.UPDATE, values, Ref(two)),
    ]
    both, plain = account.connector.write("contacts", items)
    assert account.hubspot.associated("contacts", one, "companies") == firms[:1]
    assert both.outcome is Outcome.UNKNOWN
    assert plain.outcome is (Outcome.LATER if fault else Outcome.REFUSED)
    assert [account.hubspot.records("contacts")[id]["lastname"] for id in (one, two)] == ["P0", "P1"]


def test_record_of_which_one_association_was_taken_and_another_refused_is_unknown(account: Account, firms) -> None:
    deal = account.hubspot.create("deals", DEAL)
    values = {FIRMS: firms[:1], PEOPLE: ["999999"]}
    item = WriteItem("k", WriteKind.UPDATE, values, Ref(deal), base={FIRMS: [], PEOPLE: []})
    assert account.connector.write("deals", [item])[0].outcome is Outcome.UNKNOWN
    again = WriteItem("k", WriteKind.UPDATE, {PEOPLE: ["999999"]}, Ref(deal), base={PEOPLE: []})
    refused = account.connector.write("deals", [again])[0]
    assert (refused.outcome, refused.fields) == (Outcome.REFUSED, (PEOPLE,))


def test_answer_that_never_comes_is_unknown_however_often_it_is_asked_for(account: Account, firms) -> None:
    (id,) = account.people(1)
    account.hubspot.fault("timeout-after-commit", times=50, match="batch/create")
    assert update(account, id, {FIRMS: []}, {FIRMS: firms[:1]}).outcome is Outcome.UNKNOWN
    assert account.hubspot.associated("contacts", id, "companies") == firms[:1]


@pytest.mark.parametrize(("fault", "error"), [("403", PermissionMissing), ("401", CredentialsRefused)])
def test_refused_access_is_raised_while_nothing_is_associated(account: Account, firms, fault, error) -> None:
    (id,) = account.people(1)
    account.hubspot.fault(fault, match="batch/create")
    with pytest.raises(error):
        update(account, id, {FIRMS: []}, {FIRMS: firms[:1]})


@pytest.mark.parametrize("refusal", ["403", "429"])
def test_refusal_after_an_answer_that_never_came_proves_nothing(account: Account, firms, refusal) -> None:
    (id,) = account.people(1)
    account.hubspot.fault("timeout-after-commit", match="batch/create")
    account.hubspot.fault(refusal, times=50, match="batch/create")
    assert update(account, id, {FIRMS: []}, {FIRMS: firms[:1]}).outcome is Outcome.UNKNOWN
    assert account.hubspot.associated("contacts", id, "companies") == firms[:1]


def test_associations_that_cannot_be_read_before_are_left_for_later(account: Account, firms) -> None:
    (id,) = account.people(1)
    account.hubspot.associate("contacts", id, "companies", firms[0])
    account.hubspot.fault("500", times=50, match="companies/batch/read")
    assert update(account, id, {FIRMS: firms[:1]}, {FIRMS: []}).outcome is Outcome.LATER
    assert account.hubspot.associated("contacts", id, "companies") == firms[:1]


def test_failing_row_of_an_answer_is_never_taken_for_no_association(account: Account) -> None:
    body = {"results": [], "errors": [{"category": "INTERNAL_ERROR", "message": "oops", "context": {"id": ["1"]}}]}
    with pytest.raises(AppFailed):
        associations._told_empty(account.connector._api, body)


@pytest.mark.parametrize("to", [[{"associationTypes": []}], [None], {"toObjectId": "1"}])
def test_association_with_nobody_is_no_answer(account: Account, monkeypatch: pytest.MonkeyPatch, to: object) -> None:
    api, (id,) = account.connector._api, account.people(1)
    monkeypatch.setattr(api, "body", lambda _: {"results": [{"from": {"id": id}, "to": to}]})
    with pytest.raises(ProtocolError):
        associations.completed(api, "contacts", [Record(id)], [FIRMS])


def test_silence_of_a_batch_is_asked_about(account: Account, firms, monkeypatch: pytest.MonkeyPatch) -> None:
    (id,) = account.people(1)
    account.hubspot.associate("contacts", id, "companies", firms[0])
    monkeypatch.setattr(account.connector._api, "rows", lambda body, key="id": [] if key == "from" else body["results"])
    records = associations.completed(account.connector._api, "contacts", [Record(id)], [FIRMS])
    assert records[0].values[FIRMS] == [firms[0]]
    assert account.bill()["associations read one"] == 1
