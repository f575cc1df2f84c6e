"""What the policies of a mapping do, from the settings file to both apps, to what is shown, and back again."""

from bothways.service.syncs import export, show_sync
from bothways.service.why import why
from tests.office import SYNC, Office


def fields(*rows: str) -> str:
    """Return settings with these mappings besides the e-mail address."""
    return SYNC + "    fields:\n" + "".join(f"      - {{{row}}}\n" for row in ("Anna: email, Bert: email", *rows))


def held(office: Office, ids: tuple[str, str], name: str = "name") -> tuple[object, object]:
    """Return what both apps hold of a field."""
    return office.anna.values(ids[0]).get(name), office.bert.values(ids[1]).get(name)


def sentence(office: Office, record: str, field: str = "name") -> str:
    (found,) = why(office.open(), "people", record, field).fields
    return found.sentence


# --- only when empty, only on create ------------------------------------------------------------------


def test_a_field_that_is_only_filled_is_filled_and_never_replaced(office: Office) -> None:
    office.write(fields("Anna: name, Bert: name, only_when_empty: true"))
    ids = office.anna.add(email="a@x.test", name="Ann"), office.bert.add(email="a@x.test", name="")
    office.rest()
    assert held(office, ids) == ("Ann", "Ann")
    office.bert.edit(ids[1], name="Anita")
    office.rest()
    assert held(office, ids) == ("Ann", "Anita")
    assert "both hold a value; only an empty field is filled" in sentence(office, ids[0])


def test_a_field_of_creates_alone_is_given_once(office: Office) -> None:
    office.write(fields("Anna: name, Bert: name, only_on_create: true"))
    left = office.anna.add(email="a@x.test", name="Ann")
    office.rest()
    right = office.bert.live()[0].id
    assert held(office, (left, right)) == ("Ann", "Ann")
    office.anna.edit(left, name="Anna")
    office.rest()
    assert held(office, (left, right)) == ("Anna", "Ann")
    assert "this field is written only when a record is created" in sentence(office, left)


def test_policies_are_shown_before_and_after_they_are_in_force_and_survive_the_export(office: Office) -> None:
    office.write(
        fields("Anna: name, Bert: name, only_when_empty: true", "Anna: phone, Bert: phone, only_on_create: true")
    )
    before = show_sync(office.open(), "people").mappings
    assert [each.only for each in before] == ["", "when empty", "on create"]
    office.run()
    assert show_sync(office.open(), "people").mappings == before
    text = export(office.open(), "people")
    assert "only_when_empty: true" in text
    assert "only_on_create: true" in text


def test_a_policy_that_changes_has_every_record_looked_at_again(office: Office) -> None:
    office.write(fields("Anna: name, Bert: name, only_on_create: true"))
    ids = office.pair("Dana")
    office.anna.edit(ids[0], name="Dan")
    office.rest()
    office.write(fields("Anna: name, Bert: name"))
    assert office.plan().compared > 0
    office.rest()
    office.anna.edit(ids[0], name="Danny")
    office.rest()
    assert held(office, ids) == ("Danny", "Danny")
