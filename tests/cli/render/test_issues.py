"""What is held, line by line."""

from dataclasses import replace
from datetime import datetime

from bothways.cli.render.issue_groups import cause
from bothways.cli.render.issues import issue, issues, pair
from tests.cli.views import GROUP, ISSUE, PAIR

NOW = datetime(2026, 3, 5, 9, 41).timestamp()


def test_issues_line_up():
    decided = replace(ISSUE, id="h_7", since=NOW, decided="create")
    assert issues([replace(ISSUE, since=NOW), decided], NOW) == [
        "Issue  Sync      Name      Record         Since  Reason",
        "h_12   contacts  Eve Park  hubspot 50121  09:41  2 possible matches by e-mail",
        "h_7    contacts  Eve Park  hubspot 50121  09:41  decided: create; the next run does it",
    ]
    assert issues([], NOW) == ["Nothing is held."]


def test_cause_of_one_record_is_said_of_one():
    assert [cause(replace(GROUP, count=count), NOW)[0].split("   ")[2] for count in (1, 9)] == ["1 record", "9 records"]


def test_issue_names_all_who_may_be_meant_and_how_to_decide():
    assert issue(replace(ISSUE, since=NOW), NOW) == [
        "h_12   contacts   Eve Park   hubspot 50121   since 09:41",
        "2 possible matches by e-mail",
        "  ledger  P-104  Eve Park",
        "  ledger  P-977  E. Park",
        "Decide: bothways issues resolve h_12 --link P-104   or --apart ID, --create or --leave-out",
    ]
    decided = issue(replace(ISSUE, decided="create"), NOW)[-1]
    assert decided == ("Decided: create. The next run does it; take it back: bothways issues resolve h_12 --undo")
    assert not any("resolve" in line for line in issue(replace(ISSUE, kind="refused"), NOW))


def test_issue_of_a_record_that_is_left_out_says_by_whom_and_how_it_is_taken_back():
    out = replace(ISSUE, kind="left_out", reason="Ana Ruiz left it out", decided="leave it out", candidates=())
    assert issue(replace(out, since=NOW), NOW)[1:] == [
        "Ana Ruiz left it out",
        "Let it take part again: bothways issues resolve h_12 --undo",
    ]
    assert not any("resolve" in line for line in issue(replace(out, decided=""), NOW))


def test_pair_says_what_comes_next():
    assert pair(PAIR, "link") == ["hubspot 50121 ⇄ ledger P-104 will be linked by the next run: bothways run contacts"]
    (line,) = pair(PAIR, "apart")
    assert line.endswith("If they are the same after all: bothways link contacts hubspot:50121 ledger:P-104")
    (line,) = pair(PAIR, "unlink")
    assert line.endswith("Link them again: bothways link contacts hubspot:50121 ledger:P-104")
