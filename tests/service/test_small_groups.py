"""Small groups of copies: held unless the settings say to link one pair, and shown with the reason."""

from pathlib import Path

import pytest

from bothways.service import preview
from tests.office import SYNC, Office, plug_in

LINK_ONE = "    small_groups: link_one\n"


@pytest.fixture(autouse=True)
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the connectors of the tests be known."""
    plug_in(monkeypatch)


def office(folder: Path, more: str = "") -> Office:
    """Return an office where Ann stands once in Anna and twice in Bert."""
    made = Office(folder, SYNC + more)
    for app, name in ((made.anna, "Ann Lee"), (made.bert, "Ann Lee"), (made.bert, "Annie Lee")):
        app.add(email="ann@x.test", name=name)
    return made


def test_a_plan_tells_why_one_pair_of_a_small_group_is_linked_and_the_rest_held(tmp_path: Path) -> None:
    made = office(tmp_path, LINK_ONE)
    made.clock.advance(61)
    plan = preview.plan(made.open(), "people")
    shown = {each.kind: each.reason for each in preview.plan_actions(made.open(), plan.id)}
    assert "same e-mail, the first of copies (1 and 2) whose names agree" in shown["link"]
    assert "records of one app have the same e-mail" in shown["hold"]
    made.rest()
    assert (len(made.anna.live()), len(made.bert.live())) == (1, 2), "the copy is never created"


def test_turning_it_on_looks_again_at_what_was_held_and_off_keeps_the_link(tmp_path: Path) -> None:
    made = office(tmp_path)
    made.rest()
    assert made.plan().linked == 0
    made.change("    guards:", LINK_ONE + "    guards:")
    assert made.plan().linked == 1
    made.rest()
    made.change(LINK_ONE, "")
    made.rest()
    ann = made.anna.live()[0]
    made.anna.edit(ann.id, name="Ann Leeds")
    made.rest()
    assert "Ann Leeds" in [item.values["name"] for item in made.bert.live()]
