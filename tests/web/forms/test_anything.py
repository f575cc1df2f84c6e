"""Whatever is sent to a step, it is read to plain data or left out; no text makes it fail."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import bothways.web  # noqa: F401 - prepares Django
from bothways.web.forms import conflicts, matching, scope
from bothways.web.forms.plain import controls_in
from bothways.web.forms.problems import Problems
from tests.service.documents import SYNCS
from tests.web.forms.test_round_trip import FIELDS

BOTH = (FIELDS, FIELDS)
LISTS = (("a list",), None)
BUTTONS = (
    "to-both",
    "to-0",
    "to-x",
    "add-filter-0",
    "remove-filter-0-",
    "add-set-1",
    "remove-set-0-",
    "add-rule",
    "add-usual",
    "up-rule-",
    "down-rule-",
    "remove-rule-",
    "add-winner",
    "remove-winner-",
    "",
)
WORDS = (
    "all",
    "any",
    "filter",
    "none",
    "tag",
    "rules",
    "usual",
    "is",
    "in",
    "between",
    "known",
    "true",
    "list:",
    "keep",
)
TEXTS = st.sampled_from((*WORDS, *(f"field:{name}" for name in FIELDS), *FIELDS)) | st.text(max_size=8)
DOING = st.builds(
    lambda what, place: what + place, st.sampled_from(BUTTONS), st.sampled_from(("", "0", "1", "7", "x", "²"))
)


@given(SYNCS, st.data())
def test_anything_can_be_sent(entry: dict[str, Any], data: st.DataObject) -> None:
    for shown, read in (
        (scope.shown(entry, BOTH, Problems(), LISTS), lambda form: scope.read(form, entry, BOTH, LISTS)),
        (matching.shown(entry, BOTH, Problems()), lambda form: matching.read(form, entry, BOTH)),
        (conflicts.shown(entry, BOTH, Problems()), lambda form: conflicts.read(form, entry, BOTH)),
    ):
        names = st.sampled_from([each.name for each in controls_in(shown)])
        form = data.draw(st.dictionaries(names, st.lists(TEXTS, max_size=2)))
        parts = read({**form, "do": [data.draw(DOING)]})
        after = {**entry, **parts}
        assert json.loads(json.dumps(after)) == after
        again = {key: value for key, value in after.items() if value is not None}
        scope.shown(again, BOTH, Problems(), LISTS)
        matching.shown(again, BOTH, Problems())
        conflicts.shown(again, BOTH, Problems())
