"""The country of national phone numbers, from the settings file to matches, cleaned values and decisions."""

from pathlib import Path

import pytest

from bothways.engine.sides import SIDES, Side
from bothways.errors import NoCountry, WrongType
from bothways.ledger.models import Feed
from bothways.records import Field
from bothways.service.apps import add_app
from bothways.service.conflicts import choose_app, type_value
from bothways.service.countries import with_countries
from bothways.service.in_force import Touched, in_words, touched
from bothways.service.issues import list_issues
from bothways.service.proof import compare
from bothways.service.reading import document_of
from bothways.service.resolution import resolution
from bothways.service.syncs import export
from bothways.service.yaml_file import parse
from tests.memory_app import PEOPLE, MemoryApp, Traits
from tests.office import SYNC, Office

HERE = (*PEOPLE, Field("country", label="Country", meaning="address.addressCountry"))
THERE = (*PEOPLE, Field("land", label="Land"))
BY_PHONE = SYNC + "    require: []\n    match: [{Anna: phone, Bert: phone}]\n"
CLEANED = (
    SYNC
    + "    require: []\n    match: [{Anna: name, Bert: name}]\n    fields:\n      - {Anna: name, Bert: name}\n"
    + "      - {Anna: phone, Bert: phone, clean: [phone_e164]}\n"
)
FROM_NOW = "    start: changes_from_now\n"
NATIONAL, INTERNATIONAL = "020 7946 0018", "+44 20 7946 0018"


@pytest.fixture
def office(folder: Path) -> Office:
    """Anna's people have a country; Bert's have a field of which nobody says what it means."""
    return Office(folder, BY_PHONE, fields=HERE, bert_fields=THERE)


def set_country(office: Office, app: str, country: str) -> None:
    office.change(f"{app}: {{connector: memory}}", f"{app}: {{connector: memory, country: {country}}}")


def phones(office: Office, ids: tuple[str, str]) -> tuple[object, object]:
    return office.anna.items[ids[0]].values["phone"], office.bert.items[ids[1]].values["phone"]


def two(office: Office, *, anna: str = NATIONAL, bert: str = INTERNATIONAL, **more: str) -> tuple[str, str]:
    """Let each app have one person, with a phone number; ``more`` is of Anna's."""
    return office.anna.add(name="Dana Lee", phone=anna, **more), office.bert.add(name="Dana Lee", phone=bert)


def linked(office: Office) -> int:
    """Return how many pairs there are after the next run."""
    office.rest()
    return compare(office.open(), "people").pairs


def people(office: Office) -> tuple[int, int]:
    return len(office.anna.live()), len(office.bert.live())


# --- matching -----------------------------------------------------------------------------------------


def test_without_a_known_country_a_national_number_matches_nobody(office: Office) -> None:
    two(office)
    plan = office.plan()
    assert (plan.linked, dict(plan.created)) == (0, {"Anna": 1, "Bert": 1})


@pytest.mark.parametrize("app", ["Anna", "Bert"])
def test_country_of_the_account_makes_two_records_match(office: Office, app: str) -> None:
    set_country(office, app, "GB")
    numbers = (NATIONAL, INTERNATIONAL) if app == "Anna" else (INTERNATIONAL, NATIONAL)
    ids = two(office, anna=numbers[0], bert=numbers[1])
    assert (linked(office), people(office), office.writes) == (1, (1, 1), 0)
    assert compare(office.open(), "people").equal == 1
    assert phones(office, ids) == numbers, "each side keeps it as it was written there"


def test_country_of_one_account_says_nothing_of_the_other(office: Office) -> None:
    set_country(office, "Bert", "GB")
    two(office)
    assert office.plan().linked == 0


@pytest.mark.parametrize("country", ["GB", "gbr", "United Kingdom", "Royaume-Uni", "Großbritannien"])
def test_record_s_own_country_makes_two_records_match(office: Office, country: str) -> None:
    set_country(office, "Anna", "US")
    two(office, country=country)
    assert (linked(office), people(office), office.writes) == (1, (1, 1), 0)
    assert compare(office.open(), "people").equal == 1


@pytest.mark.parametrize("country", ["", "nowhere", "Congo"])
def test_country_that_is_none_leaves_it_to_the_account(office: Office, country: str) -> None:
    two(office, country=country)
    assert office.plan().linked == 0
    set_country(office, "Anna", "GB")
    assert office.plan().linked == 1


def test_field_mapped_to_a_country_names_it_though_nothing_says_what_it_means(office: Office) -> None:
    ids = office.anna.add(name="Dana", phone=INTERNATIONAL), office.bert.add(name="Dana", phone=NATIONAL, land="UK")
    assert office.plan().linked == 0
    rows = "".join(f"      - {{Anna: {each}, Bert: {each}}}\n" for each in ("name", "phone"))
    office.write(BY_PHONE + "    fields:\n" + rows + "      - {Anna: country, Bert: land}\n")
    assert (linked(office), phones(office, ids)) == (1, (INTERNATIONAL, NATIONAL))


def test_by_the_usual_steps_a_shared_number_is_shown_to_a_person_where_the_country_is_known(office: Office) -> None:
    office.write(SYNC + "    require: []\n")
    two(office, country="England")
    office.anna.add(name="Else Ray", phone=NATIONAL)
    office.bert.add(name="Else Ray", phone="020 7946 0999")
    office.run()
    held = {issue.name: issue.reason for issue in list_issues(office.open(), "people")}
    assert held.keys() == {"Dana Lee"}
    assert "phone" in held["Dana Lee"]


# --- changes ------------------------------------------------------------------------------------------


def test_new_country_of_an_account_makes_the_keys_anew_and_matches_who_has_no_partner(office: Office) -> None:
    office.write(BY_PHONE + FROM_NOW)
    set_country(office, "Anna", "US")
    two(office)
    assert (linked(office), people(office)) == (0, (1, 1))
    office.change("country: US", "country: GB")
    assert (linked(office), people(office), office.writes) == (1, (1, 1), 0)


def test_new_country_ends_no_link_and_writes_nothing(office: Office) -> None:
    set_country(office, "Anna", "GB")
    two(office)
    assert linked(office) == 1
    for country in ("US", "FR"):
        office.change("country: GB" if country == "US" else "country: US", f"country: {country}")
        assert (linked(office), people(office), office.writes) == (1, (1, 1), 0)
    proof = compare(office.open(), "people")
    assert (len(proof.different), len(proof.explained)) == (0, 1), "what was agreed stays agreed"


def test_new_country_of_an_account_lets_look_again_at_those_without_a_partner_alone(office: Office) -> None:
    applied = []
    for country in ("US", "GB"):
        office.write(CLEANED)
        set_country(office, "Anna", country)
        applied.append(in_words(resolution(office.open(), "people").resolved))
    assert touched(*applied) is Touched.UNLINKED
    assert touched(applied[0], applied[0]) is None


def test_record_that_gets_a_country_is_matched_by_it(office: Office) -> None:
    office.write(BY_PHONE + FROM_NOW)
    left, _ = two(office)
    assert (linked(office), people(office)) == (0, (1, 1))
    office.anna.edit(left, country="GB")
    assert (linked(office), people(office)) == (1, (1, 1))


def test_one_number_in_two_forms_is_no_difference_that_is_left_from_before(office: Office) -> None:
    office.write(CLEANED.replace(", clean: [phone_e164]", "") + FROM_NOW)
    two(office, country="GB")
    plan = office.plan()
    assert (plan.linked, plan.agreed) == (1, 0)


# --- values -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("country", "number"), [("England", "+442079460018"), (None, NATIONAL), ("USA", NATIONAL)])
def test_cleaned_number_is_written_in_the_country_of_its_record(
    office: Office, country: str | None, number: str
) -> None:
    office.write(CLEANED)
    office.anna.add(name="Dana", phone=NATIONAL, country=country)
    office.rest()
    assert [record.values["phone"] for record in office.bert.live()] == [number]
    assert [record.values["phone"] for record in office.anna.live()] == [NATIONAL], "the author keeps what they wrote"


def test_country_is_read_with_the_numbers_though_nobody_mapped_it(office: Office) -> None:
    office.write(CLEANED)
    office.plan()
    assert [feed.fields for feed in Feed.objects.order_by("connection__name")] == [
        ["country", "name", "phone"],
        ["name", "phone"],
    ]


def test_cleaned_number_of_a_record_without_a_country_is_written_in_that_of_the_account(office: Office) -> None:
    office.write(CLEANED)
    set_country(office, "Anna", "GB")
    set_country(office, "Bert", "US")
    left = office.anna.add(name="Dana", phone=NATIONAL)
    right = office.bert.add(name="Bob", phone="(415) 555-2671")
    office.rest()
    (new,) = [record.values["phone"] for record in office.bert.live() if record.id != right]
    (back,) = [record.values["phone"] for record in office.anna.live() if record.id != left]
    assert (new, back) == ("+442079460018", "+14155552671")
    writes = office.writes
    office.rest()
    assert office.writes == writes, "and nothing comes back"


def test_decision_of_a_person_is_cleaned_in_the_country_of_the_record(office: Office) -> None:
    office.write(CLEANED.replace("[phone_e164]", "[phone_e164], winner: ask"))
    set_country(office, "Anna", "US")
    ids = office.anna.add(name="Dana", phone="020 7946 0001", country="GB"), office.bert.add(name="Dana", phone="1")
    office.rest()
    (issue,) = list_issues(office.open(), "people")
    choose_app(office.open(), issue.id, "Anna")
    office.rest()
    assert phones(office, ids) == ("020 7946 0001", "+442079460001")
    office.anna.edit(ids[0], phone="020 7946 0002")
    office.bert.edit(ids[1], phone="2")
    office.rest()
    (issue,) = list_issues(office.open(), "people")
    type_value(office.open(), issue.id, NATIONAL)
    office.rest()
    assert phones(office, ids) == (NATIONAL, "+442079460018")


# --- settings -----------------------------------------------------------------------------------------


def test_no_is_norway(office: Office) -> None:
    set_country(office, "Anna", "NO")
    assert office.open().app("Anna").country == "NO"
    two(office, anna="22 82 00 00", bert="+47 22 82 00 00")
    assert office.plan().linked == 1


def test_country_is_given_back_with_the_settings(office: Office) -> None:
    set_country(office, "Anna", "NO")
    document = document_of(parse(export(office.open(), "people"), "copy.yaml"))
    assert {app.name: app.country for app in document.apps.values()} == {"Anna": "NO", "Bert": None}


def test_country_is_given_when_an_app_is_connected(office: Office) -> None:
    MemoryApp("Cara", office.clock, Traits(), HERE)
    add_app(office.open(), "Cara", "memory", {"country": "NO"}, {})
    assert office.open().app("Cara").country == "NO"
    with pytest.raises(NoCountry):
        add_app(office.open(), "Dora", "memory", {"country": "Norway"}, {})


def test_texts_that_the_settings_take_for_phone_numbers_have_a_country_too(office: Office) -> None:
    office.write(
        SYNC
        + "    match: [{Anna: [name, email], Bert: [land, email], compare: [phone, email]}]\n"
        + "    fields: [{Anna: email, Bert: email}, {Anna: country, Bert: name, clean: [phone_e164]}]\n"
    )
    workspace = office.open()
    schema = {side: {field.name: field for field in each} for side, each in zip(SIDES, (HERE, THERE), strict=True)}
    found = with_countries(workspace.sync("people"), schema, {Side.LEFT: "GB", Side.RIGHT: None})
    assert {name for name, field in found[Side.LEFT].items() if field.region} == {"name", "country", "phone"}
    assert {name for name, field in found[Side.RIGHT].items() if field.countries} == {"land", "name", "phone"}


@pytest.mark.parametrize(
    ("country", "hint"),
    [("UK", "GB"), ("gb", "GB"), ("Germany", "DE"), ("EU", "country: GB"), ("XX", "country: GB"), ("false", "text")],
)
def test_what_is_no_country_is_refused_with_its_place(office: Office, country: str, hint: str) -> None:
    office.change("Anna: {connector: memory}", f"Anna: {{connector: memory, country: {country}}}")
    with pytest.raises((NoCountry, WrongType)) as caught:
        office.open()
    assert "3:38" in str(caught.value) or "line 3" in str(caught.value)
    assert hint in str(caught.value)
