"""Status and findings read as designed."""

from dataclasses import replace

from bothways.cli.render.workspace import findings, limits, status
from bothways.service.views import Counts
from tests.cli.views import ALLOWANCE, FINDINGS, SYNC


def test_status_ends_with_what_needs_a_person():
    new = replace(SYNC, name="companies", state_word="Draft", counts=Counts(), last_run=None)
    assert status([SYNC, new], 1044.0) == [
        "Sync       Direction  State       In sync  Left out  Failing  Held  Last run",
        "contacts   two-way    Up to date   11,985       380        3    16  40 s ago",
        "companies  two-way    Draft             0         0        0     0  never",
        "! contacts: 3 failing. See: bothways records contacts --state failing",
        "! contacts: 16 held. See: bothways records contacts --state held",
    ]
    assert status([], 0.0) == ["No sync yet. Add one under syncs: in bothways.yaml."]


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
