"""Every rule id of the sync, once: what it is for and the sentence shown as the reason.

The rules page of the documentation is made from this table; the ids appear in plans, in the journal, in
tests and in the simulator's counts.
"""

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the decision tables. ``because`` is a template over names of apps and fields."""

    id: str
    situation: str
    action: str
    because: str


_ROWS = (
    # one record
    Rule("R0", "reading an id answers another id: merged in the app", "the link follows", "{app} merged it"),
    Rule(
        "R0c",
        "turned into a record of another object: a lead became a contact",
        "the link goes on in the sync of that object",
        "{app} turned it into {message}",
    ),
    Rule("R1", "the link has an open write", "not planned in this run", "an earlier write is not settled yet"),
    Rule("R2", "an update of unknown outcome", "read by id: landed, or planned anew", "the outcome was unknown"),
    Rule("R3", "a create of unknown outcome", "look for it: adopted or dropped", "the outcome was unknown"),
    Rule("R4", "confirmed gone on one side", "the link ends, the other record stays", "deleted in {app}"),
    Rule(
        "R4w",
        "its partner was deleted; the grace is not over",
        "waits",
        "deleted in {app}; it waits until it is {message}",
    ),
    Rule(
        "R4e", "its partner was deleted, and it was edited since", "stays", "deleted in {app}, but {message} here since"
    ),
    Rule(
        "R4d",
        "its partner was deleted, and nobody edited it",
        "archived, deleted or tagged",
        "deleted in {app}; {message}",
    ),
    Rule("R5", "gone on both sides", "the link closes", "deleted in both apps"),
    Rule("R6", "not linked, exactly one free partner", "link", "{match}"),
    Rule("R7", "not linked, several partners or the only one is linked", "hold", "{match}"),
    Rule("R8", "not linked, no partner, settled", "create in the other app", "no match in {app}"),
    Rule("R9", "made anew after its link ended", "treated as a new record", "was there before; {match}"),
    Rule("R9r", "restored after its deletion ended the link", "linked again as before", "restored in {app}"),
    Rule("R10", "outside a filter, or without a valid e-mail address", "left out; a link is frozen", "{reason}"),
    Rule("R11", "a side looks empty or much changed at once", "the run stops and asks", "{reason}"),
    Rule("R12", "the same key twice in one page", "collapsed before planning", "seen more than once"),
    Rule("R13", "the app refuses a value or a record", "held and tried again later", "{app} refused: {message}"),
    Rule(
        "R16",
        "not linked, there before the sync began to carry changes, unchanged since",
        "left out until it is edited",
        "it was there before, and has not changed since the sync began to carry changes",
    ),
    Rule(
        "R17",
        "a lead and a contact of one app are the same person, each in a sync of its own",
        "the contact is linked, the lead is left out",
        "{reason}",
    ),
    # one field of a linked pair
    Rule("FN", "the app rewrote our own write", "none, once", "{app} rewrote what was written"),
    Rule("F0", "nothing changed", "none, even if the sides differ", "nothing changed"),
    Rule("F1", "both sides hold the same", "none, recorded", "both hold the same"),
    Rule("F2", "changed; flows one way", "written", "{source} changed; only {source} sends"),
    Rule("F2'", "changed against the direction", "none", "{target} does not send this field"),
    Rule("F3", "changed on one side", "written to the other", "{source} changed"),
    Rule("F3b", "cleared on one side", "none: blank never overwrites", "empty never replaces a value"),
    Rule("F4", "changed on both sides", "the winner is written", "both changed; {source} wins"),
    Rule("FM", "lists of values; one has what the other lacks", "what is new flows, each alone", "{message}"),
    Rule("FL", "changed on both sides; the newest wins", "it is written", "both changed; {source} was changed last"),
    Rule("FK", "changed on both sides; a person is to be asked", "held", "they differ; say which value is right"),
    Rule("FD", "a person has decided a difference", "written", "{reason}"),
    Rule("FC", "opted out on one side", "opted out on the other too, whatever wins there", "{source} says opted out"),
    Rule("FO", "differs; mapped only on create", "none", "this field is written only when a record is created"),
    Rule("FE", "differs; mapped only when empty", "none", "both hold a value; only an empty field is filled"),
    Rule("FV", "a choice that is paired with none, to be left out; a name that no record has", "none", "{message}"),
    Rule("FS", "set by the settings, with another write", "written", "the settings set it"),
    Rule(
        "FA",
        "associations differ",
        "merged as a set; what has no partner yet waits for it; what a label hangs on stays",
        "{message}",
    ),
    Rule("F5", "written twice already from the same edit", "frozen", "it is changed back again and again in {app}"),
    Rule("F6", "refused, or accepted and still showing the old value", "held", "{app} does not take it: {message}"),
)

RULES = {rule.id: rule for rule in _ROWS}


@lru_cache(1024)
def because(rule: str, **facts: str) -> str:
    """Return the reason for a person: the rule's sentence filled with ``facts``."""
    return RULES[rule].because.format(**facts)
