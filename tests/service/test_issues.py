"""The match inbox: a decision is remembered, carried out by the next run, and can be taken back."""

from pathlib import Path

import pytest

from bothways.errors import (
    LinkedAlready,
    NotForDeciding,
    NotLinked,
    UnknownIssue,
    UnknownRecord,
)
from bothways.service import issues as inbox
from bothways.service.records import list_records
from bothways.service.views import IssueView
from tests.memory_app import Traits
from tests.office import Office


def held(office: Office) -> dict[str, IssueView]:
    """Return what is held, by the id of the record."""
    return {row.record: row for row in inbox.list_issues(office.open(), "people")}


def pairs(office: Office) -> set[tuple[str, str]]:
    """Return the linked pairs."""
    rows = list_records(office.open(), "people", state="in_sync", size=100).rows
    return {(str(row.ids["Anna"]), str(row.ids["Bert"])) for row in rows if all(row.ids.values())}


@pytest.fixture
def twins(office: Office) -> tuple[str, str, str]:
    """One person of Anna's and two of Bert's with one e-mail address."""
    ids = (
        office.anna.add(email="ann@x.test", name="Ann Lee"),
        office.bert.add(email="ann@x.test", name="Ann Lee"),
        office.bert.add(email="ann@x.test", name="Ann Lee"),
    )
    office.run()
    return ids


def test_what_is_held_is_listed_with_all_who_may_be_meant(office: Office, twins: tuple[str, str, str]) -> None:
    ann, one, two = twins
    found = held(office)
    assert set(found) == set(twins)
    assert (found[ann].app, found[ann].reason, found[ann].kind) == ("Anna", "2 possible matches by e-mail", "match")
    assert [(each.app, each.id, each.name) for each in found[ann].candidates] == [
        ("Bert", one, "Ann Lee"),
        ("Bert", two, "Ann Lee"),
    ]
    assert inbox.show_issue(office.open(), found[ann].id) == found[ann]


def test_linked_by_a_person_in_the_next_run_and_the_plan_says_so(office: Office, twins: tuple[str, str, str]) -> None:
    ann, one, two = twins
    decided = inbox.link_issue(office.open(), held(office)[ann].id, two)
    assert decided.decided == f"link to {two}"
    plan = office.plan()
    assert plan.linked == 1
    office.rest()
    assert pairs(office) == {(ann, two)}
    assert list_records(office.open(), "people", state="in_sync").rows[0].reason == "linked: you linked them"
    assert set(held(office)) == {one}


def test_decided_from_the_other_side_is_the_same(office: Office, twins: tuple[str, str, str]) -> None:
    ann, one, _ = twins
    inbox.link_issue(office.open(), held(office)[one].id, ann)
    office.rest()
    assert pairs(office) == {(ann, one)}


def test_decision_outlives_runs_that_cannot_carry_it_out(office: Office, twins: tuple[str, str, str]) -> None:
    ann, one, _ = twins
    inbox.link_issue(office.open(), held(office)[ann].id, one)
    office.bert.items[one].problem = "broken"
    office.run(full=True)
    assert pairs(office) == set()
    office.bert.items[one].problem = None
    office.bert.edit(one, phone="+4930123456")
    office.rest()
    assert (ann, one) in pairs(office)


def test_kept_apart_from_all_but_one_links_with_that_one_alone(office: Office, twins: tuple[str, str, str]) -> None:
    ann, one, _ = twins
    inbox.keep_apart(office.open(), held(office)[ann].id, [one])
    office.run()
    found = held(office)
    assert found[ann].decided == f"keep apart from {one}"
    assert pairs(office) == set(), "two of one app still have the same address"
    inbox.create_issue(office.open(), found[one].id)
    office.rest()
    assert len(office.anna.live()) == 2


def test_kept_apart_a_pair_with_other_first_names_becomes_two(office: Office) -> None:
    ed = office.anna.add(email="kusha@x.test", name="Edward Kusha")
    mary = office.bert.add(email="kusha@x.test", name="Mary Kusha")
    office.rest()
    assert held(office)[ed].reason == "same e-mail, different first names"
    assert office.writes == 0
    inbox.keep_apart(office.open(), held(office)[ed].id, [mary])
    office.rest()
    assert len(office.anna.live()) == len(office.bert.live()) == 2
    assert held(office) == {}
    office.rest()
    assert office.writes == 2


def test_created_on_a_persons_word_and_on_no_other(office: Office) -> None:
    one, two = (office.anna.add(email="info@x.test", name=name) for name in ("Ann Lee", "Bob Ray"))
    office.rest()
    assert office.writes == 0
    inbox.create_issue(office.open(), held(office)[one].id)
    office.rest()
    assert [item.values["name"] for item in office.bert.live()] == ["Ann Lee"]
    assert set(held(office)) == {two}


def test_decision_is_taken_back(office: Office, twins: tuple[str, str, str]) -> None:
    ann, one, _ = twins
    issue = held(office)[ann].id
    for decide in (
        lambda: inbox.link_issue(office.open(), issue, one),
        lambda: inbox.keep_apart(office.open(), issue, [one]),
        lambda: inbox.create_issue(office.open(), issue),
    ):
        assert decide().decided
        assert inbox.withdraw(office.open(), issue).decided == ""
        office.rest()
        assert (pairs(office), office.writes) == (set(), 0)


def test_unlinked_they_stay_as_they_are_and_wait(office: Office) -> None:
    left, right = office.pair("Dana")
    before = office.writes
    assert inbox.unlink(office.open(), "people", left, right).ids == {"Anna": left, "Bert": right}
    office.anna.edit(left, name="Dana Two")
    office.rest()
    assert (pairs(office), office.writes) == (set(), before)
    assert held(office)[left].reason == "you unlinked them; say whom it belongs to, or that it is new"
    inbox.link(office.open(), "people", right, left)
    office.rest()
    assert pairs(office) == {(left, right)}
    assert office.bert.values(right)["name"] == "Dana Two"


def test_unlinked_and_declared_new_is_created(office: Office) -> None:
    left, right = office.pair("Dana")
    inbox.unlink(office.open(), "people", left, right)
    office.run()
    inbox.create_issue(office.open(), held(office)[left].id)
    office.rest()
    assert len(office.bert.live()) == 2
    assert {pair[0] for pair in pairs(office)} == {left}
    assert right in held(office)


def test_records_without_a_common_key_can_be_linked(office: Office) -> None:
    left = office.anna.add(email="ann@x.test", name="Ann Lee")
    right = office.bert.add(email="ann@home.test", name="Ann Lee")
    office.plan()
    assert inbox.link(office.open(), "people", "Anna:" + left, right).ids == {"Anna": left, "Bert": right}
    office.rest()
    assert pairs(office) == {(left, right)}
    assert len(office.anna.live()) == len(office.bert.live()) == 1


def test_kept_apart_but_refused_by_the_app_is_a_refusal_and_not_asked_at_every_run(folder: Path) -> None:
    office = Office(folder, bert=Traits(unique="email"))
    ed = office.anna.add(email="kusha@x.test", name="Edward Kusha")
    mary = office.bert.add(email="kusha@x.test", name="Mary Kusha")
    office.run()
    inbox.keep_apart(office.open(), held(office)[ed].id, [mary])
    for _ in range(10):
        office.run()
    assert held(office)[ed].kind == "refused"
    assert office.bert.calls["write create"] <= 5


def test_what_cannot_be_decided_is_refused_and_changes_nothing(office: Office, twins: tuple[str, str, str]) -> None:
    ann, one, two = twins
    left, right = office.pair("Dana")
    issue = held(office)[ann].id
    with pytest.raises(UnknownIssue, match="h_999"):
        inbox.show_issue(office.open(), "h_999")
    with pytest.raises(UnknownIssue):
        inbox.create_issue(office.open(), "12")
    with pytest.raises(UnknownRecord, match="in Bert"):
        inbox.link_issue(office.open(), issue, left)
    with pytest.raises(LinkedAlready, match=f"Bert {right} is linked already, to {left}"):
        inbox.link_issue(office.open(), issue, right)
    with pytest.raises(UnknownRecord):
        inbox.keep_apart(office.open(), issue, ["nobody"])
    with pytest.raises(UnknownRecord):
        inbox.link(office.open(), "people", one, two)
    with pytest.raises(NotLinked):
        inbox.unlink(office.open(), "people", ann, one)
    assert held(office)[ann].decided == ""
    assert pairs(office) == {(left, right)}


def test_an_issue_that_waits_for_the_app_is_not_for_a_person_to_decide(office: Office) -> None:
    broken = office.anna.add(email="x@x.test", name="Broken")
    office.anna.items[broken].problem = "half a card"
    office.run()
    with pytest.raises(NotForDeciding, match="half a card"):
        inbox.create_issue(office.open(), held(office)[broken].id)


def test_duplicates_inside_one_app_are_told_before_the_first_run(office: Office) -> None:
    for _ in range(2):
        office.anna.add(email="a@x.test", name="Ann Lee")
        office.bert.add(email="b@x.test", name="Bob Ray")
    office.bert.add(email="b@x.test", name="Bob Ray")
    found = {each.app: each for each in office.plan().duplicates}
    assert (found["Anna"].key, found["Anna"].groups, found["Anna"].records) == ("e-mail", 1, 2)
    assert (found["Bert"].groups, found["Bert"].records, len(found["Bert"].examples[0])) == (1, 3, 3)
    office.pair("Dana")
    assert office.plan().duplicates == ()


@pytest.fixture
def merged(office: Office) -> tuple[tuple[str, str], tuple[str, str]]:
    """Two pairs whose records of Anna's were merged: the one whose link is left, and the one whose link ended."""
    for name in ("ann", "ben", "cy", "dan", "eve"):
        office.pair(name)
    office.rest()
    first, second = sorted(pairs(office))[:2]
    office.anna.edit(first[0], name="Ann Lee")
    office.rest()
    office.anna.merge(first[0], second[0])
    office.run(full=True)
    return first, second


def test_two_pairs_that_became_one_are_held_with_both_histories(
    office: Office, merged: tuple[tuple[str, str], ...]
) -> None:
    (winner, kept), (loser, left_over) = merged
    issue = held(office)[left_over]
    assert issue.reason == f"these two pairs became one record in Anna: {loser} was merged into {winner}"
    assert [(each.app, each.id) for each in issue.candidates] == [("Anna", winner), ("Bert", kept)]
    shown = inbox.show_issue(office.open(), issue.id)
    assert [each.ids for each in shown.histories] == [
        {"Anna": loser, "Bert": left_over},
        {"Anna": winner, "Bert": kept},
    ]
    assert shown.histories[0].ended_at is not None
    assert any("name" in what for _, _, what in shown.histories[1].written)
    office.rest()
    assert held(office)[left_over].id == issue.id, "it stays held until somebody decides"
    assert (len(office.anna.live()), len(office.bert.live())) == (4, 5)


def test_merged_pair_is_left_as_it_is_once_kept_apart(office: Office, merged: tuple[tuple[str, str], ...]) -> None:
    (winner, _), (_, left_over) = merged
    inbox.keep_apart(office.open(), held(office)[left_over].id, [winner])
    office.rest()
    assert held(office) == {}
    assert (len(office.anna.live()), len(office.bert.live())) == (4, 5)


def test_other_partner_can_be_chosen_after_a_merge(office: Office, merged: tuple[tuple[str, str], ...]) -> None:
    (winner, kept), (_, left_over) = merged
    inbox.link_issue(office.open(), held(office)[left_over].id, winner)
    office.rest()
    assert (winner, left_over) in pairs(office)
    assert kept not in {bert for _, bert in pairs(office)}
    assert (len(office.anna.live()), len(office.bert.live())) == (4, 5)
    assert held(office) == {}


def test_partner_can_be_made_again_after_a_merge_that_was_wrong(
    office: Office, merged: tuple[tuple[str, str], ...]
) -> None:
    _, (_, left_over) = merged
    inbox.create_issue(office.open(), held(office)[left_over].id)
    office.rest()
    assert (len(office.anna.live()), len(office.bert.live())) == (5, 5)
    assert left_over in {bert for _, bert in pairs(office)}
