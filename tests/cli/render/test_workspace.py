"""Status and findings read as designed."""

from dataclasses import replace

from bothways.cli.render.workspace import findings, status
from bothways.service.views import Counts
from tests.cli.views import FINDINGS, LAST_PROOF, SYNC


def test_status_ends_with_what_needs_a_person():
    new = replace(SYNC, name="companies", state_word="Draft", counts=Counts(), last_run=None)
    assert status([SYNC, new], 1044.0) == [
        "Sync       Direction  State       In sync  Left out  Failing  Held  Last run",
        "contacts   two-way    Up to date   11,985       380        3    16  40 s ago",
        "companies  two-way    Draft             0         0        0     0  never",
        "! contacts: 3 failing. See: bothways records contacts --state failing",
        "! contacts: 16 held. See: bothways records contacts --state held",
    ]
    proven = replace(new, name="people", proof=LAST_PROOF)
    assert status([proven], 1044.0)[-1].startswith("✓ people: 0 of 12,004 pairs differ, ")
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
