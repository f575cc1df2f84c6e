"""The record table, row by row: what a run does with one record or linked pair."""

import pytest

from bothways.engine.matching import NO_MATCH, Found, Match
from bothways.engine.rules import RULES
from bothways.engine.sides import Side
from bothways.engine.table import RECORD_TABLE, ActionKind, Facts, decide_record

PARTNER = Match(Found.PARTNER, "r1", (), "same email")
SEVERAL = Match(Found.SEVERAL, None, (), "2 possible matches by email")
LEFT, BOTH = frozenset({Side.LEFT}), frozenset(Side)

ROWS = [
    ("R1", ActionKind.SKIP, Facts(linked=True, open_write=True)),
    ("R0c", ActionKind.UNLINK, Facts(linked=True, converted="a contact", gone=LEFT)),
    ("R5", ActionKind.UNLINK, Facts(linked=True, gone=BOTH)),
    ("R4", ActionKind.UNLINK, Facts(linked=True, gone=LEFT)),
    ("R5", ActionKind.NONE, Facts(gone=LEFT)),
    ("R13", ActionKind.HOLD, Facts(linked=True, problem="no id")),
    ("R17", ActionKind.UNLINK, Facts(linked=True, claimed="a contact")),
    ("R10", ActionKind.UNLINK, Facts(linked=True, outside="no e-mail", unlinks=True)),
    ("R10", ActionKind.LEAVE_OUT, Facts(linked=True, outside="no e-mail")),
    ("F", ActionKind.UPDATE, Facts(linked=True)),
    ("R10", ActionKind.WAIT, Facts(listed=False, unread="contacts", match=PARTNER)),
    ("R17", ActionKind.WAIT, Facts(unread="contacts", claimed="a contact", match=PARTNER)),
    ("R17", ActionKind.LEAVE_OUT, Facts(claimed="a contact", match=PARTNER, returned=True, restored=True)),
    ("R9r", ActionKind.LINK, Facts(returned=True, restored=True, match=SEVERAL)),
    ("R9", ActionKind.LINK, Facts(survivor=True, match=PARTNER)),
    ("R6", ActionKind.LINK, Facts(match=PARTNER)),
    ("R0", ActionKind.HOLD, Facts(survivor=True, merged=True, match=SEVERAL)),
    ("R16", ActionKind.LEAVE_OUT, Facts(before=True, match=SEVERAL)),
    ("R7", ActionKind.HOLD, Facts(match=SEVERAL)),
    ("R0c", ActionKind.LEAVE_OUT, Facts(survivor=True, converted="a contact")),
    ("R4e", ActionKind.LEAVE_OUT, Facts(survivor=True, carries=True, waits=True, edited="it was saved")),
    ("R4w", ActionKind.WAIT, Facts(survivor=True, carries=True, waits=True)),
    ("R4d", ActionKind.DELETE, Facts(survivor=True, carries=True)),
    ("R4", ActionKind.LEAVE_OUT, Facts(survivor=True)),
    ("R10", ActionKind.LEAVE_OUT, Facts(parted=True)),
    ("F2'", ActionKind.LEAVE_OUT, Facts(allowed=False)),
    ("R13", ActionKind.LEAVE_OUT, Facts(blank=True)),
    ("R10", ActionKind.LEAVE_OUT, Facts(misfit="outside", settled=False)),
    ("R8", ActionKind.WAIT, Facts(settled=False)),
    ("R8", ActionKind.CREATE, Facts()),
]
"""One situation for each row of the table, in its order."""


@pytest.mark.parametrize(("place", "expected"), list(enumerate(ROWS)))
def test_each_row_is_the_first_that_fits_its_situation(place: int, expected: tuple[str, ActionKind, Facts]) -> None:
    rule, action, facts = expected
    row = decide_record(facts)
    assert row is RECORD_TABLE[place]
    assert (row.rule, row.action) == (rule, action)


def test_what_was_there_before_the_line_follows_a_deletion_made_after_it() -> None:
    row = decide_record(Facts(before=True, survivor=True, carries=True))
    assert (row.rule, row.action) == ("R4d", ActionKind.DELETE)
    assert decide_record(Facts(before=True, survivor=True)).rule == "R16"


def test_the_situations_above_are_all_rows() -> None:
    assert len(ROWS) == len(RECORD_TABLE)


def test_last_row_fits_everything() -> None:
    assert all(RECORD_TABLE[-1].fits(facts) for _, _, facts in ROWS)


def test_every_rule_of_the_table_is_explained_but_the_one_that_hands_over_to_the_field_table() -> None:
    handing_over = {row.rule for row in RECORD_TABLE if row.rule not in RULES}
    assert handing_over == {row.rule for row in RECORD_TABLE if row.action is ActionKind.UPDATE} == {"F"}


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        # an open write is waited for, whatever else is the matter
        ("R1", Facts(linked=True, open_write=True, gone=BOTH, problem="no id")),
        # what is gone needs not be readable
        ("R4", Facts(linked=True, gone=LEFT, problem="no id")),
        # a lead that became a contact is no deletion, and its link goes on whatever it does not take part in
        ("R0c", Facts(linked=True, converted="a contact", gone=BOTH, outside="no e-mail", unlinks=True)),
        ("R1", Facts(linked=True, converted="a contact", open_write=True)),
        # a contact goes before a lead, though its link were taken up, and before a deletion that is carried over
        ("R17", Facts(claimed="a contact", match=SEVERAL, survivor=True, carries=True)),
        ("R10", Facts(claimed="a contact", outside="no e-mail")),
        # what cannot be read is neither linked nor created
        ("R13", Facts(problem="no id", match=PARTNER)),
        ("R13", Facts(problem="no id")),
        # a link is never matched anew
        ("F", Facts(linked=True, match=SEVERAL)),
        # what takes no part is neither linked, held nor created; a record that is gone is gone all the same
        ("R10", Facts(outside="no e-mail", match=PARTNER, survivor=True)),
        ("R10", Facts(outside="no e-mail", match=SEVERAL, unlinks=True)),
        ("R4", Facts(linked=True, gone=LEFT, outside="no e-mail", unlinks=True)),
        ("R13", Facts(linked=True, problem="no id", outside="no e-mail")),
        # a partner is linked though nothing may be created, or the create window is open
        ("R6", Facts(match=PARTNER, misfit="outside")),
        ("R6", Facts(match=PARTNER, allowed=False, settled=False, blank=True)),
        # several partners are held though nothing may be created
        ("R7", Facts(match=SEVERAL, allowed=False, settled=False)),
        ("R7", Facts(match=SEVERAL, survivor=True)),
        # nothing to be written is no reason to wait
        ("F2'", Facts(allowed=False, settled=False, blank=True)),
        ("R13", Facts(blank=True, settled=False)),
    ],
)
def test_earlier_rows_win(rule: str, facts: Facts) -> None:
    assert decide_record(facts).rule == rule


def test_r4_tombstone_forbids_creating_but_not_linking_to_a_partner_made_anew() -> None:
    alone = decide_record(Facts(survivor=True, match=NO_MATCH))
    assert (alone.rule, alone.action) == ("R4", ActionKind.LEAVE_OUT)
    joined = decide_record(Facts(survivor=True, match=PARTNER))
    assert (joined.rule, joined.action) == ("R9", ActionKind.LINK)


def test_r9_record_that_came_back_is_linked_again_or_is_a_new_one() -> None:
    assert decide_record(Facts(returned=True, match=PARTNER)).rule == "R9"
    assert decide_record(Facts(returned=True, match=SEVERAL)).rule == "R7"
    alone = decide_record(Facts(returned=True))
    assert (alone.rule, alone.action) == ("R8", ActionKind.CREATE)
