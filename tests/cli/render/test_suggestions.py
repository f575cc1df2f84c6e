"""Suggested pairs, line by line."""

from dataclasses import replace

from bothways.cli.render.suggestions import suggestions
from tests.cli.views import SUGGESTION, SUGGESTIONS


def test_a_pair_says_why_and_what_linking_overwrites_and_how_to_decide():
    assert suggestions(SUGGESTIONS) == [
        "likely 98 %   Eve Park (hubspot 50121) ⇄ E. Park (ledger P-104)",
        "  same: family name (park)",
        "  similar: given name (eve / e)",
        "  different: city (salem / dover)",
        "  linking overwrites City in ledger: Dover → Salem, because both differ; hubspot wins",
        "  Decide: bothways link contacts hubspot:50121 ledger:P-104"
        "   or bothways apart contacts hubspot:50121 ledger:P-104",
        "",
        "contacts: 1,200 of hubspot and 900 of ledger without a partner compared; nothing was linked or changed.",
        "1 likely pair, 0 possible.",
    ]


def test_what_speaks_against_a_pair_and_what_was_too_much_are_told():
    doubted = replace(SUGGESTION, likely=False, against="different first names", overwrites=())
    view = replace(SUGGESTIONS, pairs=(doubted,), likely=0, possible=31, beyond={"hubspot": 5000, "ledger": 0})
    lines = suggestions(view)
    assert lines[:2] == [
        "possible 98 %   Eve Park (hubspot 50121) ⇄ E. Park (ledger P-104)",
        "  but: different first names",
    ]
    assert lines[-2:] == [
        "! 5,000 of hubspot were too many and not looked at. Narrow the sync by a filter.",
        "0 likely pairs, 31 possible; 30 more with a higher --limit.",
    ]
