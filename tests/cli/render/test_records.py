"""Lists of records, the story of a value, the proof."""

from dataclasses import replace
from datetime import datetime

from bothways.cli.render.records import last_proof, proof, records, why
from bothways.cli.text import moment
from tests.cli.views import DIFFERENCE, HELD, LAST_PROOF, NOT_EQUAL, PROOF, RECORD, WHY

NOW = datetime(2026, 3, 5, 9, 41).timestamp()


def test_records_line_up():
    assert records([replace(RECORD, since=NOW), HELD], NOW) == [
        "Name        hubspot  ledger  State    Since  Reason",
        "Dana Novak  50121    P-8842  In sync  09:41",
        "Eve Park             P-104   Held            2 possible matches",
    ]
    assert records([], NOW) == ["No such records."]


def test_why_tells_the_story():
    event = replace(WHY.fields[0].events[0], at=NOW)
    view = replace(WHY, fields=(replace(WHY.fields[0], events=(event,)),))
    assert why(view, NOW) == [
        "Dana Novak   hubspot 50121 ⇄ ledger P-8842   In sync",
        "",
        "First name / Given name   hubspot: Dave   ledger: Dave",
        "  Written to ledger by run r_19: both changed; hubspot wins.",
        "    09:41  ledger  David → Dave  written  run r_19  both changed; hubspot wins",
    ]


def test_why_of_a_held_record_says_why_it_is_held():
    assert why(replace(WHY, record=HELD, fields=()), NOW) == ["Eve Park   ledger P-104   Held: 2 possible matches"]


def test_why_of_a_record_that_a_person_has_left_out_says_how_it_is_taken_back():
    out = replace(HELD, state="left_out", reason="Ana Ruiz left it out")
    assert why(replace(WHY, record=out, fields=(), left_out="h_12"), NOW) == [
        "Eve Park   ledger P-104   Left out: Ana Ruiz left it out",
        "Let it take part again: bothways issues resolve h_12 --undo",
    ]


def test_empty_values_are_shown_as_empty():
    story = replace(WHY.fields[0], values={"hubspot": None, "ledger": ""}, events=())
    assert "hubspot: (empty)   ledger: (empty)" in why(replace(WHY, fields=(story,)), NOW)[2]


def test_a_proof_ends_with_its_verdict():
    assert proof(PROOF, "contacts") == [
        "~ not equal, with a reason: 1",
        "  Dana Novak  firstname  hubspot: Dave   ledger: David  both kept",
        "· 412 records only in hubspot",
        "contacts: 11,985 pairs read again in both apps, 11,984 equal in every field.",
        "✓ Everything that should be equal is equal.",
    ]


def test_last_proof_is_one_line_where_nothing_differs():
    day = moment(1000.0, 2000.0)
    assert last_proof(LAST_PROOF, "contacts", 2000.0) == [
        f"✓ contacts: 0 of 12,004 pairs differ, {day}, 240 calls",
        "It took 3 m 12 s; 7 pairs differ with a reason, 2 waited for their run.",
    ]


def test_last_proof_says_what_becomes_of_what_differs():
    lines = last_proof(NOT_EQUAL, "contacts", 2000.0)
    assert lines[:2] == [
        "  Dana Novak  firstname  hubspot changed; it waits for you",
        "  … 2 more pairs",
    ]
    fates = "1 looked at by the next run, 1 looked at and still different, 1 waiting for you."
    assert f"3 of 12,004 pairs differ, {moment(1000.0, 2000.0)}, 240 calls: {fates}" in lines[2]
    assert lines[2].endswith("See: bothways compare contacts --last")


def test_a_proof_that_fails_says_so_last():
    view = replace(PROOF, explained=(), different=(DIFFERENCE,) * 25, unlinked={})
    lines = proof(view, "contacts")
    assert lines[0] == "× not equal, and no rule says why: 25"
    assert "  … 5 more. See all with --json" in lines
    assert lines[-1] == "! 25 differences without a reason. See: bothways why contacts RECORD"


def test_fields_that_never_held_anything_are_only_counted():
    silent = replace(WHY.fields[0], values={"hubspot": None, "ledger": ""}, events=())
    lines = why(replace(WHY, fields=(WHY.fields[0], silent, silent)), NOW)
    assert lines[-2:] == ["", "2 more fields never held anything."]
    assert not any("(empty)" in line for line in lines)
