"""The match inbox: a decision is remembered, carried out by the next run, and can be taken back."""

from dataclasses import replace
from pathlib import Path

import pytest

from bothways.errors import (
    CandidatesMoved,
    LinkedAlready,
    NotForDeciding,
    NotLinked,
    UnknownIssue,
    UnknownRecord,
)
from bothways.service import issues as inbox
from bothways.service.records import list_records
from bothways.service.rights import Actor, Role
from bothways.service.views import IssueView, LeftOutBy, RecordView
from bothways.service.why import why
from bothways.service.workspace import Workspace
from tests.memory_app import MemoryApp, Traits
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


def test_record_is_not_declared_new_before_all_were_looked_at_who_may_be_its_partner(
    office: Office, twins: tuple[str, str, str]
) -> None:
    ann, one, two = twins
    issue = held(office)[ann].id
    third = office.bert.add(email="ann@x.test", name="Ann Third")
    office.run()
    with pytest.raises(CandidatesMoved):
        inbox.create_issue(office.open(), issue, [one, two])
    assert held(office)[ann].decided == ""
    assert inbox.create_issue(office.open(), issue, [one, two, third]).decided == "create"


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


def test_declared_new_and_made_it_waits_when_it_is_unlinked(office: Office) -> None:
    one, _ = (office.anna.add(email="info@x.test", name=name) for name in ("Ann Lee", "Bob Ray"))
    office.rest()
    inbox.create_issue(office.open(), held(office)[one].id)
    office.rest()
    (made,) = office.bert.live()
    inbox.unlink(office.open(), "people", one, made.id)
    office.rest()
    assert office.bert.live() == [made], "it is new no longer"
    assert held(office)[one].decided == f"keep apart from {made.id}"


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


# --- left out -----------------------------------------------------------------------------------------


def as_ana(office: Office) -> Workspace:
    """Return the workspace as Ana Ruiz has it."""
    return replace(office.open(), actor=Actor("Ana Ruiz", Role.OPERATOR))


def leave_out(office: Office, record: str) -> str:
    """Let Ana leave a held record out, and return the issue that it was."""
    issue = held(office)[record].id
    assert inbox.leave_out(as_ana(office), issue).decided == "leave it out"
    return issue


def left_out(office: Office) -> dict[str, RecordView]:
    """Return who is listed as left out, by their ids."""
    rows = list_records(office.open(), "people", state="left_out", size=100).rows
    return {next(id for id in row.ids.values() if id): row for row in rows}


@pytest.mark.parametrize("place", [0, 1], ids=["one of Anna's", "one of Bert's"])
def test_left_out_it_has_no_partner_and_nobody_is_made_for_it_whatever_is_edited(
    office: Office, twins: tuple[str, str, str], place: int
) -> None:
    ann, one, two = twins
    out, app = twins[place], (office.anna, office.bert)[place]
    at = office.clock()
    leave_out(office, out)
    plan = office.plan()
    assert plan.left_out_why == {"Ana Ruiz left it out": 1}
    office.run()
    app.edit(out, name="Ann Leigh", phone="+4930123456")
    for other in {ann, one, two} - {out}:
        (office.anna if other == ann else office.bert).edit(other, phone="+4930123456")
    office.rest()
    office.run(full=True)
    office.change("    guards:", "    conflicts: {default_app: Bert}\n    guards:")
    office.rest()
    listed = left_out(office)
    assert [(id, row.reason, row.since) for id, row in listed.items()] == [(out, "Ana Ruiz left it out", at)]
    assert listed[out].left_out_by is LeftOutBy.PERSON
    assert out not in held(office)
    assert (pairs(office), office.writes) == (set(), 0)


def test_left_out_it_says_so_in_its_history_and_to_who_is_held_for_it(office: Office) -> None:
    ed = office.anna.add(email="kusha@x.test", name="Edward Kusha")
    mary = office.bert.add(email="kusha@x.test", name="Mary Kusha")
    office.rest()
    issue = leave_out(office, ed)
    office.run()
    assert held(office)[mary].reason == f"the only match, {ed}, is left out"
    told = why(office.open(), "people", ed)
    assert (told.left_out, told.record.state) == (issue, "left_out")
    assert {(event.what, event.reason) for event in told.fields[0].events} == {("left out", "Ana Ruiz left it out")}
    new = office.bert.add(email="kusha@x.test", name="Edward Kusha")
    office.rest()
    assert new in held(office), "nobody is made in its place"
    assert office.writes == 0


@pytest.mark.parametrize("wait", [False, True], ids=["at once", "after runs"])
def test_left_out_is_taken_back_by_the_issue_that_it_was(
    office: Office, twins: tuple[str, str, str], wait: bool
) -> None:
    ann, one, two = twins
    before = {id: (row.reason, row.candidates) for id, row in held(office).items()}
    issue = leave_out(office, ann)
    if wait:
        office.rest()
        shown = inbox.show_issue(office.open(), issue)
        assert (shown.kind, shown.record, shown.decided) == ("left_out", ann, "leave it out")
        assert shown.reason == "Ana Ruiz left it out"
        with pytest.raises(NotForDeciding, match="Ana Ruiz left it out"):
            inbox.link_issue(office.open(), issue, one)
    taken = inbox.withdraw(office.open(), issue)
    assert (taken.id, taken.decided, taken.candidates) == (issue, "", before[ann][1])
    office.rest()
    assert {id: (row.reason, row.candidates) for id, row in held(office).items()} == before
    assert (held(office)[ann].id, left_out(office)) == (issue, {})
    inbox.link_issue(office.open(), held(office)[ann].id, two)
    office.rest()
    assert pairs(office) == {(ann, two)}


def test_taken_back_it_is_linked_or_made_as_it_would_have_been_by_now(
    office: Office, twins: tuple[str, str, str]
) -> None:
    ann, one, two = twins
    bob, rob = (office.anna.add(email="info@x.test", name=name) for name in ("Bob Ray", "Rob Day"))
    office.run()
    issues = [leave_out(office, id) for id in (ann, bob)]
    office.rest()
    office.bert.delete(one)
    office.anna.delete(rob)
    office.rest()
    assert (pairs(office), office.writes) == (set(), 0)
    for issue in issues:
        inbox.withdraw(office.open(), issue)
    office.rest()
    assert (ann, two) in pairs(office)
    assert sorted(left for left, _ in pairs(office)) == sorted((ann, bob))


def test_taken_back_what_was_decided_before_still_stands(office: Office) -> None:
    left, right = office.pair("Dana")
    inbox.unlink(office.open(), "people", left, right)
    office.run()
    before = held(office)[left]
    assert before.decided == f"keep apart from {right}"
    issue = leave_out(office, left)
    office.rest()
    assert left in left_out(office)
    inbox.withdraw(office.open(), issue)
    office.rest()
    assert held(office)[left] == before
    assert pairs(office) == set()


def test_partner_that_a_merge_has_left_over_is_left_out_and_held_again_with_both_histories(
    office: Office, merged: tuple[tuple[str, str], ...]
) -> None:
    _, (_, left_over) = merged
    before = inbox.show_issue(office.open(), held(office)[left_over].id)
    issue = leave_out(office, left_over)
    office.rest()
    assert left_out(office)[left_over].reason == "Ana Ruiz left it out"
    inbox.withdraw(office.open(), issue)
    office.rest()
    assert inbox.show_issue(office.open(), issue) == before
    assert (len(office.anna.live()), len(office.bert.live())) == (4, 5)


def test_other_decision_takes_the_place_of_leaving_out(office: Office, twins: tuple[str, str, str]) -> None:
    ann, one, _ = twins
    issue = leave_out(office, ann)
    assert inbox.link_issue(office.open(), issue, one).decided == f"link to {one}"
    assert inbox.leave_out(as_ana(office), issue).decided == "leave it out"
    assert inbox.create_issue(office.open(), issue).decided == "create"
    office.rest()
    assert len(office.bert.live()) == 3
    assert left_out(office) == {}


def test_left_out_it_can_be_linked_by_hand(office: Office, twins: tuple[str, str, str]) -> None:
    ann, one, _ = twins
    leave_out(office, ann)
    office.rest()
    inbox.link(office.open(), "people", f"Anna:{ann}", f"Bert:{one}")
    office.rest()
    assert pairs(office) == {(ann, one)}
    inbox.unlink(office.open(), "people", ann, one)
    office.rest()
    assert ann in held(office), "it was taken back by that"


def test_left_out_it_stays_so_while_it_cannot_be_read_and_after_it_was_restored(
    office: Office, twins: tuple[str, str, str]
) -> None:
    ann, *_ = twins
    leave_out(office, ann)
    office.rest()
    office.anna.spoil(ann, "half a card")
    office.run()
    assert ann in left_out(office)
    office.anna.spoil(ann, "")
    office.run()
    office.anna.delete(ann)
    office.run(full=True)
    office.anna.restore(ann)
    office.run(full=True)
    assert left_out(office)[ann].reason == "Ana Ruiz left it out"
    assert office.writes == 0


def test_left_out_while_a_run_is_at_work_nobody_is_made_for_it(folder: Path) -> None:
    office = Office(folder, bert=Traits(batch_write=1))
    ids = [office.anna.add(email="info@x.test", name=name) for name in ("Ann Lee", "Bob Ray")]
    office.run()
    issues = [held(office)[id].id for id in ids]
    for issue in issues:
        inbox.create_issue(office.open(), issue)
    ana = as_ana(office)
    office.bert.once("before", "write create", lambda: inbox.leave_out(ana, issues[1]))
    office.run()
    assert [item.values["name"] for item in office.bert.live()] == ["Ann Lee"]
    office.rest()
    assert (len(office.bert.live()), set(left_out(office))) == (1, {ids[1]})


# --- what was decided, and merged since ----------------------------------------------------------------


def merged_anew(app: MemoryApp, *ids: str) -> str:
    """Merge records into a new one, as some apps do, and return its id."""
    new = app.add(**app.items[ids[0]].values)
    for id in ids:
        app.merge(new, id)
    return new


def test_left_out_it_stays_so_when_it_is_merged(office: Office, twins: tuple[str, str, str]) -> None:
    ann, *_ = twins
    issue = leave_out(office, ann)
    office.run()
    new = merged_anew(office.anna, ann)
    office.run(full=True)
    assert {id: row.reason for id, row in left_out(office).items()} == {new: "Ana Ruiz left it out"}
    assert (pairs(office), office.writes) == (set(), 0)
    assert inbox.withdraw(office.open(), issue).record == new
    office.rest()
    assert new in held(office)


@pytest.mark.parametrize("order", [1, -1], ids=["left out first", "linked first"])
def test_left_out_and_merged_with_one_that_takes_part_it_takes_part(
    office: Office, twins: tuple[str, str, str], order: int
) -> None:
    ann, *_ = twins
    (linked, partner), *others = (office.pair(name) for name in ("Dana", *"ABCDEFGH"))
    leave_out(office, ann)
    office.run()
    new = merged_anew(office.anna, *(linked, ann)[::order])
    office.run(full=True)
    assert pairs(office) == {(new, partner), *others}
    assert left_out(office) == {}
    office.bert.edit(partner, phone="+4930123456")
    office.rest()
    assert office.anna.values(new)["phone"] == "+4930123456"


def test_left_out_it_is_out_again_once_the_link_ends_that_came_with_a_merge(office: Office) -> None:
    for name in "ABCDEFGH":
        office.pair(name)
    ann, twin = (office.anna.add(email="ann@x.test", name="Ann Lee") for _ in range(2))
    linked, partner = office.pair("Dana")
    leave_out(office, ann)
    office.run()
    office.anna.merge(ann, linked)
    office.anna.delete(twin)
    office.run(full=True)
    assert (ann, partner) in pairs(office)
    office.bert.delete(partner)
    other = office.bert.add(email="ann@x.test", name="Ann Lee")
    office.rest()
    office.run(full=True)
    assert other not in {right for _, right in pairs(office)}
    assert left_out(office)[ann].reason == "Ana Ruiz left it out"


def test_unlinked_they_stay_so_when_one_is_merged(office: Office) -> None:
    left, right = office.pair("Dana")
    inbox.unlink(office.open(), "people", left, right)
    office.run()
    writes = office.writes
    new = merged_anew(office.anna, left)
    office.run(full=True)
    assert (pairs(office), office.writes) == (set(), writes)
    assert held(office)[new].decided == f"keep apart from {right}"


def test_kept_apart_they_stay_so_when_one_is_merged(office: Office) -> None:
    ed = office.anna.add(email="kusha@x.test", name="Edward Kusha")
    mary = office.bert.add(email="kusha@x.test", name="Mary Kusha")
    office.rest()
    inbox.keep_apart(office.open(), held(office)[ed].id, [mary])
    new = office.anna.add(email="kusha@x.test", name="M. Kusha")
    office.anna.merge(new, ed)
    office.run(full=True)
    office.rest()
    assert (new, mary) not in pairs(office)
    assert office.bert.values(mary)["name"] == "Mary Kusha"


def test_what_was_kept_apart_is_one_if_the_app_merges_it_with_the_partner_of_the_other(office: Office) -> None:
    ed = office.anna.add(email="kusha@x.test", name="Edward Kusha")
    mary = office.bert.add(email="kusha@x.test", name="Mary Kusha")
    office.rest()
    inbox.keep_apart(office.open(), held(office)[ed].id, [mary])
    office.rest()
    of = {bert: anna for anna, bert in pairs(office)}
    office.anna.merge(of[mary], ed)
    office.run(full=True)
    assert (of[mary], mary) in pairs(office)
    office.pair("Dana")
    for bert in of:
        office.bert.delete(bert)
    office.run(full=True)
    office.bert.restore(mary)
    office.rest()
    assert (of[mary], mary) in pairs(office), "nothing keeps the two apart"
