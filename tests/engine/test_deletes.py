"""Whether a record shows that it was edited since it was in step with its deleted partner."""

from bothways.engine.deletes import Stamp, why_edited
from bothways.records import Field

NAME = Field("name", label="Name")
SEEN = Stamp("1", 5.0)


def test_what_is_as_it_was_known_shows_no_edit() -> None:
    assert why_edited({"name": NAME}, {"name": "Ann"}, {"name": "Ann"}, SEEN, SEEN) == ""


def test_another_value_and_another_stamp_show_an_edit() -> None:
    assert why_edited({"name": NAME}, {"name": "Ann"}, {"name": "Bea"}, SEEN, SEEN) == "Name was edited"
    assert why_edited({"name": NAME}, {"name": "Ann"}, {"name": "Ann"}, Stamp("2", 5.0), SEEN) == "it was saved"


def test_what_cannot_be_told_counts_as_an_edit() -> None:
    assert why_edited({"name": NAME}, {}, {}, SEEN, SEEN) == "Name was edited"
    assert why_edited({"name": NAME}, {"name": "Ann"}, {"name": "Ann"}, SEEN, None) == "it was saved"
