"""Whether a record shows that it was edited since it was in step with its deleted partner."""

from bothways.engine.deletes import Stamp, edited_since, saved_since, why_edited
from bothways.records import Field, FieldType

NAME = Field("name", label="Name")
SEEN = Stamp("1", 5.0)


def test_what_is_as_it_was_known_shows_no_edit() -> None:
    assert why_edited({"name": NAME}, {"name": "Ann"}, {"name": "Ann"}, SEEN, SEEN) == ""


def test_another_value_and_another_stamp_show_an_edit() -> None:
    assert why_edited({"name": NAME}, {"name": "Ann"}, {"name": "Bea"}, SEEN, SEEN) == "Name was edited"
    assert why_edited({"name": NAME}, {"name": "Ann"}, {"name": "Ann"}, Stamp("2", 5.0), SEEN) == "it was saved"


def test_one_id_is_what_a_shadow_of_one_parent_knows() -> None:
    parent = {"parent": Field("parent", FieldType.REFERENCE, "Parent")}
    assert why_edited(parent, {"parent": "7"}, {"parent": ["7"]}, SEEN, SEEN) == ""
    assert why_edited(parent, {}, {"parent": []}, SEEN, SEEN) == ""
    assert why_edited(parent, {"parent": "8"}, {"parent": ["7"]}, SEEN, SEEN) == "Parent was edited"


def test_what_cannot_be_told_counts_as_an_edit() -> None:
    assert why_edited({"name": NAME}, {}, {}, SEEN, SEEN) == "Name was edited"
    assert why_edited({"name": NAME}, {"name": "Ann"}, {"name": "Ann"}, SEEN, None) == "it was saved"


def test_save_seen_after_the_partner_was_last_there_is_somebodys_unless_it_may_be_ours() -> None:
    assert saved_since(seen_at=101, there_at=100, written_at=0, window=60)
    assert not saved_since(seen_at=100, there_at=100, written_at=0, window=60), "the partner was there when it was seen"
    assert not saved_since(seen_at=160, there_at=90, written_at=100, window=60), "the app's answer to our write"
    assert saved_since(seen_at=161, there_at=90, written_at=100, window=60)


def test_edit_that_did_not_flow_counts_if_the_partner_may_have_been_gone_by_then() -> None:
    assert edited_since({"name": NAME}, {"name": 101.0}, 100.0) == "Name was edited"
    assert edited_since({"name": NAME}, {"name": 100.0}, 100.0) == ""
    assert edited_since({"name": NAME}, {"phone": 101.0}, 100.0) == "", "it is not mapped any more"
