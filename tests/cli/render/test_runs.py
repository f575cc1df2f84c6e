"""Runs, their list and undo read as designed."""

from dataclasses import replace
from datetime import datetime

from bothways.cli.render.runs import log, logged, run, undo, watched
from bothways.service.views import SkippedView
from tests.cli.views import QUIET, RUN, SUMMARY, UNDO

NOW = datetime(2026, 3, 5, 9, 41).timestamp()


def test_a_run_reads_as_designed():
    assert run(RUN, NOW) == [
        "Done in 3 m 12 s. 508 created, 1,105 updated, 3 failing, 16 held.",
        "Undo all of it: bothways undo r_19   Failing: bothways records contacts --state failing   "
        "Held: bothways records contacts --state held",
    ]


def test_a_quiet_run():
    assert run(QUIET, NOW) == ["Done in 0.4 s. Nothing to change."]


def test_a_stopped_run_says_why_and_how_to_go_on():
    view = replace(
        QUIET,
        state="stopped",
        reason="first 25 records written, to be looked at",
        created={"ledger": 25},
        remaining=1591,
        exit_code=5,
    )
    assert run(view, NOW) == [
        "Stopped in 0.4 s. 25 created.",
        "Why it stopped: first 25 records written, to be looked at.",
        "1,591 records not written yet.",
        "Go on: bothways run contacts --yes   Undo all of it: bothways undo r_19",
    ]


def test_skipped_records_are_listed():
    skipped = (SkippedView("Dana Novak", {"hubspot": "1", "ledger": "2"}, "changed since the plan was made"),)
    lines = run(replace(QUIET, skipped=3, skipped_records=skipped), NOW)
    assert lines == [
        "Done in 0.4 s. 3 skipped.",
        "Skipped, not overwritten:",
        "  Dana Novak  hubspot 1 ⇄ ledger 2  changed since the plan was made",
        "  … 2 more",
    ]


def test_waiting_records_tell_when():
    assert run(replace(QUIET, waiting=1, next_at=NOW + 660), NOW)[1] == "1 record waits, next try at 09:52."
    assert run(replace(QUIET, waiting=2), NOW)[1] == "2 records wait."


def test_watch_is_silent_about_quiet_runs():
    assert watched(QUIET, NOW) == []
    assert watched(replace(QUIET, updated={"hubspot": 2, "ledger": 0}), NOW) == [
        "09:41  contacts  2 updated in hubspot  r_19"
    ]
    assert watched(replace(QUIET, state="stopped", reason="too much"), NOW) == [
        "09:41  contacts  stopped: too much  r_19"
    ]


def test_log():
    at = replace(SUMMARY, started_at=NOW)
    back = replace(at, id="r_20", kind="undo", undoes="r_19", state="failed", reason="crm cannot be reached")
    assert log([replace(back, deleted={"hubspot": 12}), at], NOW) == [
        "Run   Sync      Began  Kind          State   Created  Updated  Deleted  Reason",
        "r_20  contacts  09:41  undo of r_19  failed        3    1,004       12  crm cannot be reached",
        "r_19  contacts  09:41  sync          done          3    1,004        0",
    ]
    assert log([], NOW) == ["No run yet."]


def test_undo_before_and_after():
    assert undo(UNDO, only_planned=True) == [
        "Would put back 1,096 records and remove 506 created by it.",
        "1 record left as it is:",
        "  hubspot  Dana Novak  changed since",
        "Do it: bothways undo r_19",
    ]
    done = replace(UNDO, id="r_20", kept=())
    assert undo(done, only_planned=False) == [
        "Put back 1,096 records, removed 506 created by it.",
        "Undo the undo: bothways undo r_20",
    ]


def test_undo_with_nothing_to_do():
    nothing = replace(UNDO, restored=0, removed=0, kept=())
    assert undo(nothing, only_planned=False) == ["There is nothing to put back."]
    assert undo(nothing, only_planned=True) == ["There is nothing to put back."]


def test_runs_that_are_followed_are_a_line_each():
    begun = datetime.fromtimestamp(1004.0)
    ended = replace(SUMMARY, sync="contacts", reason="no route", state="failed", deleted={"hubspot": 2, "ledger": 0})
    line = logged(ended, 1010.0)
    assert line == (
        f"{begun:%H:%M}  r_19  contacts  sync failed  1 created in hubspot, 2 created in ledger, "
        "1,004 updated in hubspot, 2 deleted in hubspot, no route"
    )
    assert logged(replace(SUMMARY, created={}, updated={}, undoes="r_7"), 1010.0).endswith("contacts  undo of r_7 done")
