"""Status and findings read as designed."""

from dataclasses import replace
from datetime import datetime

import pytest

from bothways.cli.render.workspace import findings, limits, status
from bothways.service.views import Counts, NextView, StatusView
from tests.cli.views import ALLOWANCE, FINDINGS, LAST_PROOF, SUMMARY, SYNC


def test_status_ends_with_what_needs_a_person():
    new = replace(SYNC, name="companies", state_word="Draft", counts=Counts(), last_run=None, next=NextView(why="off"))
    assert status(StatusView(None, (replace(SYNC, next=NextView(1064.0)), new)), 1044.0) == [
        "Sync       Direction  State       In sync  Left out  Failing  Held  Last run  Next look",
        "contacts   two-way    Up to date   11,985       380        3    16  40 s ago  in 20 s",
        "companies  two-way    Draft             0         0        0     0  never",
        "! contacts: 3 failing. See: bothways records contacts --state failing",
        "! contacts: 16 held. See: bothways records contacts --state held",
    ]

    proven = replace(new, name="people", proof=LAST_PROOF)
    assert status(StatusView(None, (proven,)), 1044.0)[-1].startswith("✓ people: 0 of 12,004 pairs differ, ")
    assert status(StatusView(None, ()), 0.0) == ["No sync yet. Add one under syncs: in bothways.yaml."]


def test_status_says_why_a_sync_is_not_looked_at_now():
    well = replace(SYNC, counts=Counts())
    at = datetime.fromtimestamp(1104.0).strftime("%H:%M")
    for each, word, line in (
        (NextView(1104.0, "resting", "ledger", "BW-201 no route"), "rests in 1 m", f"ledger is left alone until {at}"),
        (NextView(1104.0, "failed", trouble="a brake"), "again in 1 m", f"tried again at {at}. It stopped: a brake"),
        (NextView(why="no service"), "when you run it", None),
        (NextView(why="at work"), "at work", None),
        (NextView(1044.0), "now", None),
    ):
        lines = status(StatusView(None, (replace(well, next=each),)), 1044.0)
        assert lines[1].endswith(word)
        assert (line is None and len(lines) == 2) or line in lines[2]


@pytest.mark.parametrize(
    ("state", "on", "why", "told"),
    [
        ("failed", "on", "no service", ["! contacts: run r_19 failed: lost"]),
        (
            "stopped",
            "on",
            "",
            ["! contacts: run r_19 stopped: lost. Go on: bothways run contacts --yes   Undo it: bothways undo r_19"],
        ),
        ("failed", "off", "off", []),
        ("done", "on", "", []),
        ("failed", "on", "at work", []),
    ],
)
def test_status_says_why_the_last_run_needs_a_person(state: str, on: str, why: str, told: list[str]):
    last = replace(SUMMARY, state=state, reason="lost")
    each = replace(SYNC, state=on, counts=Counts(), last_run=last, next=NextView(1064.0, why=why))
    assert status(StatusView(None, (each,)), 1044.0)[2:] == told


def test_status_says_plainly_that_all_is_paused():
    lines = status(StatusView(1040.0, (replace(SYNC, counts=Counts(), next=NextView(why="paused")),)), 1044.0)
    assert lines[1].endswith("paused")
    at = datetime.fromtimestamp(1040.0).strftime("%H:%M")
    assert lines[2:] == [f"! All syncs are paused since {at}. Let them go on: bothways resume"]


def test_findings_say_what_to_do():
    assert findings(FINDINGS) == [
        "✓ Python 3.11",
        "! Little disk is free. (BW-301)",
        "    Make room.",
        "× The secret for crm is missing. (BW-116)",
        "    Set it.",
        "1 to fix.",
    ]
    assert findings(FINDINGS[:2])[-1] == "Nothing to fix."


def test_limits_tell_what_is_left_of_the_day_and_who_is_left_alone_until_when():
    noon = 1_770_030_000.0
    spent = replace(ALLOWANCE, calls=237_500, left=12_500, waits_until=noon + 3600, why="BW-211 it is used up")
    text = "\n".join(limits([ALLOWANCE, replace(spent, app="crm"), replace(spent, app="dav", day_ends=None)], noon))
    assert "200,000 of 250,000" in text
    assert "237,500 of 250,000" in text
    assert text.count("is asked again at") == 2
    assert "dav is asked again at" in text
    assert limits([], noon) == []


def test_status_says_who_has_paused_or_stopped_a_sync():
    well = replace(SYNC, counts=Counts())
    for why, word in (("halted", "paused"), ("stopped", "stopped")):
        lines = status(StatusView(None, (replace(well, next=NextView(why=why, trouble="Ana Ruiz")),)), 1044.0)
        assert lines[1].endswith(word)
        assert f"! contacts was {word} by Ana Ruiz. Let it go on: bothways resume contacts" in lines
