"""Syncs read as designed."""

from dataclasses import replace

import pytest

from bothways.cli.render.syncs import every, sync, syncs
from bothways.service.views import AssociationView, SetView
from tests.cli.views import SYNC


def test_the_list():
    assert syncs([SYNC]) == [
        "Sync      Direction  State       Keeps in step                     Looks",
        "contacts  two-way    Up to date  hubspot contacts ⇄ ledger people  every 60 s",
    ]
    assert syncs([]) == ["No sync yet. Add one under syncs: in bothways.yaml."]


def test_one_sync():
    lines = sync(SYNC, 1000.0)
    assert lines[0] == "contacts  hubspot contacts ⇄ ledger people   two-way, every 60 s, revision 3"
    assert lines[1] == "Up to date.  In sync 11,985   Left out 380   Failing 3   Held 16   Waiting 2"
    assert lines[2:9] == [
        "hubspot sends  Country is DE or FR",
        "ledger sends   all",
        "Required       a valid e-mail address in one of the two",
        "Leaving        nothing flows until the record fits again",
        "Matched by     email = Email (email)",
        "Both changed   hubspot wins",
        "Brakes         first_run: 25, max_change: 10%",
    ]
    assert lines[9].startswith("Last run       r_19 at ")
    assert lines[10:] == [
        "Fields",
        "  email       ⇄  Email",
        "  createdate  →  ClientSince  off, ledger wins, emptying follows",
    ]


def test_arrows_point_where_values_go():
    to_left = replace(SYNC.mappings[0], direction="to_hubspot")
    assert "  email  ←  Email" in sync(replace(SYNC, mappings=(to_left,)), 1000.0)


def test_policies_and_constants_are_told_in_words():
    plain = SYNC.mappings[0]
    told = [
        (replace(plain, only="when empty"), "only when empty"),
        (replace(plain, clean=("trim", "lower")), "cleaned by trim, lower"),
        (replace(plain, values=(("lead", "Lead"),), other="hold"), "lead = Lead, others are held"),
        (replace(plain, other="leave_out"), "others are left out"),
        (replace(plain, other="default", defaults={"ledger": "Guest"}), "others become Guest in ledger"),
    ]
    for mapping, words in told:
        assert f"  email  ⇄  Email  {words}" in sync(replace(SYNC, mappings=(mapping,)), 1000.0)
    sets = (
        SetView("ledger", "Source", "Source", "hubspot", "created"),
        SetView("ledger", "Seen", "Seen", True, "created_or_updated"),
        SetView("ledger", "State", "State", "left", "leaving"),
        SetView("ledger", "State", "State", "gone", "deleted"),
    )
    assert sync(replace(SYNC, sets=sets), 1000.0)[-5:] == [
        "Set",
        "  ledger Source  =  hubspot  in new records",
        "  ledger Seen    =  yes      in new records and with every write",
        "  ledger State   =  left     when a pair leaves",
        "  ledger State   =  gone     after the partner was deleted",
    ]


def test_associations_are_listed_with_what_they_go_through_or_why_they_are_off():
    names = {"hubspot": "associations.companies", "ledger": "org_id"}
    on = AssociationView(names, names, "both", "companies")
    off = AssociationView(names, names, "to_ledger", "companies", "switched off")
    labels = ({"hubspot": "Buyer", "ledger": "Buys"}, {"hubspot": "Payer", "ledger": "Pays"})
    labelled = AssociationView(names, names, "both", "companies", paired=labels)
    assert sync(replace(SYNC, associations=(on, off, labelled)), 1000.0)[-4:] == [
        "Associations",
        "  associations.companies  ⇄  org_id  through companies",
        "  associations.companies  →  org_id  off: switched off",
        '  associations.companies  ⇄  org_id  through companies, label "Buyer" ⇄ "Buys", label "Payer" ⇄ "Pays"',
    ]


def test_without_a_run_and_without_a_match():
    text = "\n".join(sync(replace(SYNC, last_run=None, match=()), 1000.0))
    assert "Last run       never" in text
    assert "nothing: no record is linked" in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(5.0, "every 5 s"), (60.0, "every 60 s"), (0.5, "every 0.5 s"), (300.0, "every 300 s")]
)
def test_intervals(seconds, text):
    assert every(replace(SYNC, every=seconds)) == text
