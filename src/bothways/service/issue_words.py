"""Issues in words: what the cause of several of them is, what happens by itself, and what somebody can do."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

Translate = Callable[[str], str]


class Words(NamedTuple):
    """What is the matter, what happens by itself, what to do."""

    title: str
    by_itself: str
    to_do: str


FIX, DECIDE, IN_APP, RETRYING, OURS = "fix", "decide", "in_app", "retrying", "ours"
"""What is needed: somebody can mend it here, has to decide, has to mend it in an app; nothing; or it is our fault."""

UNPAIRED, MISFIT, FORWARD = "unpaired", "misfit", "forward"
REFUSED_VALUE, REFUSED, UNREADABLE = "refused_value", "refused", "unreadable"
RULE_VALUE, RULE = "rule_value", "rule"
MATCH, MERGED, CONFLICT, CONSENT, FROZEN = "match", "merged", "conflict", "consent", "frozen"
"""Causes of issues."""

NEEDS = {
    UNPAIRED: FIX,
    MISFIT: IN_APP,
    FORWARD: IN_APP,
    REFUSED_VALUE: IN_APP,
    REFUSED: IN_APP,
    RULE_VALUE: IN_APP,
    RULE: IN_APP,
    UNREADABLE: IN_APP,
    MATCH: DECIDE,
    MERGED: DECIDE,
    CONFLICT: DECIDE,
    CONSENT: FIX,
    FROZEN: IN_APP,
}


def words_of(cause: str, facts: Mapping[str, str], _: Translate = str) -> Words:
    """Return the words for a cause; ``facts``: ``field``, ``app`` and ``other``, the app that takes it or not and the
    other one. ``_`` translates whole sentences.
    """
    waits = _("This field waits in these records; everything else of them keeps syncing.")
    again = _("They are tried again by themselves, less and less often, at least once a day.")
    stay = _("Nothing is written to these records until that is decided.")
    table: dict[str, tuple[str, str, str]] = {
        UNPAIRED: (
            _("%(field)s is not a value %(app)s accepts"),
            waits,
            _("Say which choice of %(app)s each value means, and the records are sent again."),
        ),
        MISFIT: (
            _("%(field)s does not fit into %(app)s"),
            waits,
            _("Correct the values in %(other)s, or change the mapping."),
        ),
        FORWARD: (
            _("%(field)s of %(app)s only moves forward"),
            waits,
            _("Correct the value in one of the two apps."),
        ),
        REFUSED_VALUE: (
            _("%(app)s does not take %(field)s"),
            again,
            _("See what %(app)s says, mend it there or in the mapping, then retry."),
        ),
        REFUSED: (
            _("%(app)s refused the change"),
            again,
            _("See what %(app)s says, mend it there, then retry."),
        ),
        RULE_VALUE: (
            _("A rule of %(app)s does not let %(field)s be so"),
            again,
            _("Give the records in %(other)s what the rule asks for, or change the rule in %(app)s, then retry."),
        ),
        RULE: (
            _("A rule of %(app)s rejects records"),
            again,
            _("Give the records in %(other)s what the rule asks for, or change the rule in %(app)s, then retry."),
        ),
        UNREADABLE: (
            _("Records of %(app)s cannot be read"),
            _("They are read again when they change."),
            _("See what is wrong with them, mend it in %(app)s, then retry."),
        ),
        MATCH: (
            _("Who belongs together cannot be told by itself"),
            stay,
            _("Say of each record which one of the other app it is, or that it is new."),
        ),
        MERGED: (
            _("Two pairs became one record"),
            stay,
            _("Say which of the two the record that is left belongs to."),
        ),
        CONFLICT: (
            _("%(field)s differs in %(app)s and %(other)s"),
            waits,
            _("Say which value is right: one by one, for all alike, or by a rule."),
        ),
        CONSENT: (
            _("An opting out cannot be carried to %(app)s"),
            waits,
            _("Let %(field)s flow to %(app)s, or opt them out there."),
        ),
        FROZEN: (
            _("%(field)s is changed back again and again"),
            waits,
            _("Find what changes it back, another integration or a workflow, and turn that off; then edit the field."),
        ),
    }
    return Words(*(each % facts for each in table[cause]))
