"""The proof reads both apps again: it can say that all is equal, why something is not, and that something is wrong."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bothways.errors import AppUnreachable
from bothways.service.proof import compare
from bothways.service.views import Proof
from tests.memory_app import Traits
from tests.office import SYNC, Office


def proof(office: Office) -> Proof:
    return compare(office.open(), "people")


def test_two_apps_in_step_are_equal(office: Office) -> None:
    for name in ("Dana", "Eve", "Finn"):
        office.pair(name)
    assert proof(office) == Proof(3, 3, (), (), {"Anna": 0, "Bert": 0})


def ledger_of(office: Office) -> list[str]:
    """Return all that the ledger holds, but for how many calls were made by the hour."""
    with closing(sqlite3.connect(office.folder / ".bothways" / "ledger.db")) as ledger:
        return [line for line in ledger.iterdump() if not line.startswith('INSERT INTO "called"')]


def test_both_apps_are_read_again_and_nothing_is_written(office: Office) -> None:
    office.pair("Dana")
    before, calls = office.writes, (office.anna.calls["changes"], office.bert.calls["changes"])
    stored = ledger_of(office)
    proof(office)
    assert (office.anna.calls["changes"], office.bert.calls["changes"]) == (calls[0] + 1, calls[1] + 1)
    assert office.writes == before
    assert ledger_of(office) == stored


def test_a_tampered_record_is_not_equal(office: Office) -> None:
    office.pair("Dana")
    left, right = office.pair("Eve")
    office.bert.items[right].values["phone"] = "+4930666666"
    found = proof(office)
    assert (found.pairs, found.equal, found.explained) == (2, 1, ())
    (difference,) = found.different
    assert (difference.name, difference.field, difference.ids) == ("Eve", "Phone", {"Anna": left, "Bert": right})
    assert difference.values == {"Anna": None, "Bert": "+4930666666"}
    assert difference.why == "Bert changed; the next run writes it to Anna"


def test_a_write_that_an_app_lost_later_is_not_equal(office: Office) -> None:
    left, right = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    office.run()
    office.bert.items[right].values["name"] = "Dana"
    (difference,) = proof(office).different
    assert difference.values == {"Anna": "Dora", "Bert": "Dana"}


def test_values_that_are_the_same_in_their_own_forms_are_equal(office: Office) -> None:
    _, right = office.pair("Dana", phone="+49 30 123456")
    office.bert.items[right].values.update(phone="+4930123456", email="DANA@x.test", name=" Dana ")
    assert proof(office).equal == 1


def test_a_blank_that_was_kept_is_explained(office: Office) -> None:
    left, _ = office.pair("Dana", phone="+4930123456")
    office.anna.edit(left, phone="")
    office.rest()
    (difference,) = proof(office).explained
    assert proof(office).different == ()
    assert (difference.field, difference.values["Bert"]) == ("Phone", "+4930123456")
    office.anna.edit(left, phone=" ")
    assert proof(office).explained[0].why in ("empty never replaces a value", "agreed: neither side changed since")


def test_a_field_against_its_direction_is_explained(office: Office) -> None:
    office.change(
        "    guards:",
        "    fields: [{Anna: email, Bert: email}, {Anna: name, Bert: name, direction: to_Bert}]\n    guards:",
    )
    _, right = office.pair("Dana")
    office.bert.edit(right, name="Dot")
    (difference,) = proof(office).explained
    assert difference.why == "Bert does not send this field"
    office.rest()
    assert proof(office).explained[0].why == "agreed: neither side changed since"


def test_a_refused_field_is_explained_by_the_apps_own_words(office: Office) -> None:
    office.bert.traits = Traits(refuses=lambda item: ("name too odd", ("name",)) if "name" in item.values else None)
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    office.run()
    found = proof(office)
    assert found.different == ()
    assert "name too odd" in found.explained[0].why


def test_an_undone_difference_is_agreed(office: Office) -> None:
    from bothways.jobs.now import undo_run

    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    run = office.run()
    office.clock.advance(5)
    undo_run(office.open(), run.id)
    office.rest()
    assert [each.why for each in proof(office).explained] == ["agreed: neither side changed since"]


def test_records_that_are_gone_merged_or_unreadable_are_told(office: Office) -> None:
    office.bert.traits = Traits(reports_deletes=False)
    pairs = [office.pair(name) for name in ("Gone", "Merged", "Broken", "Fine")]
    office.bert.delete(pairs[0][1])
    office.bert.merge(pairs[3][1], pairs[1][1])
    office.bert.spoil(pairs[2][1], "its card is cut off")
    found = proof(office)
    assert [(each.name, each.why) for each in found.different] == [
        ("Gone", "it is no longer there in Bert"),
        ("Merged", "it was merged into another record in Bert"),
        ("Broken", "it cannot be read: its card is cut off in Bert"),
    ]
    assert (found.pairs, found.equal) == (4, 1)


def test_records_without_a_partner_are_counted_per_app(office: Office) -> None:
    office.pair("Dana")
    office.anna.add(email="a@x.test")
    office.bert.add(email="b@x.test")
    office.bert.add(email="c@x.test")
    assert proof(office).unlinked == {"Anna": 1, "Bert": 2}


def test_a_listing_without_values_is_read_by_id(folder: Path) -> None:
    office = Office(folder, SYNC, bert=Traits(lag=5.0, batch_read=2, page=3))
    for number in range(7):
        office.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    office.rest()
    assert proof(office).equal == 7
    office.bert.items["b00005"].values["name"] = "Other"
    assert len(proof(office).different) == 1


def test_an_app_that_breaks_off_gives_no_proof(office: Office) -> None:
    office.pair("Dana")
    office.bert.fail("changes", AppUnreachable(app="Bert", reason="cut"))
    with pytest.raises(AppUnreachable):
        proof(office)
