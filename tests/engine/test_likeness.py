"""Traits: what both apps know of people or companies, by the meanings of the mapped fields."""

from bothways.engine.likeness import blocks_of, shared_by, traits_of
from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap
from bothways.records import Field, FieldType

EMAIL = FieldMap(Field("email", FieldType.EMAIL), Field("Email"))
GIVEN = FieldMap(Field("first", meaning="givenName"), Field("a"))
FAMILY = FieldMap(Field("b"), Field("last", meaning="familyName"))
FULL = FieldMap(Field("name", meaning="name"), Field("full"))
CITY = FieldMap(Field("city", meaning="address.addressLocality"), Field("town"))
COMPANY = FieldMap(Field("firm", meaning="worksFor"), Field("firm"))
MOBILE = FieldMap(Field("mobile", FieldType.PHONE, meaning="mobile", region="DE"), Field("cell"))
PHONE = FieldMap(Field("phone", FieldType.PHONE, meaning="telephone", region="DE"), Field("tel"))
DOMAIN = FieldMap(Field("domain", meaning="domain"), Field("site"))
NOTE = FieldMap(Field("note", meaning="description"), Field("note"))


def named(*maps: FieldMap) -> list[str]:
    return [trait.name for trait in traits_of(maps)]


def test_a_trait_is_known_by_the_meaning_that_either_app_gives_it() -> None:
    assert named(EMAIL, GIVEN, FAMILY, CITY, NOTE) == ["e-mail", "given name", "family name", "city"]


def test_a_whole_name_counts_where_its_parts_are_not_mapped() -> None:
    assert named(EMAIL, FULL) == ["e-mail", "name"]
    assert named(EMAIL, FULL, GIVEN) == ["e-mail", "given name", "name"]
    assert named(EMAIL, FULL, GIVEN, FAMILY) == ["e-mail", "given name", "family name"]


def test_companies_have_other_traits_and_what_is_neither_has_none() -> None:
    assert named(FULL, DOMAIN, CITY) == ["name", "domain", "city"]
    assert named(NOTE) == []
    assert named(FieldMap(Field("price", meaning="price"), Field("price")), FULL) == []


def test_references_to_other_records_are_no_traits() -> None:
    through = FieldMap(Field("firm", meaning="worksFor"), Field("firm"), through="companies")
    assert named(EMAIL, GIVEN, through) == ["e-mail", "given name"]


def test_texts_are_compared_in_normal_form_and_the_primary_value_counts() -> None:
    traits = {trait.name: trait for trait in traits_of([MOBILE, PHONE, GIVEN, FAMILY, COMPANY])}
    assert [field.name for field in traits["phone"].held[Side.RIGHT]] == ["tel", "cell"]
    assert traits["phone"].text(Side.LEFT, {"phone": "", "mobile": "030 1234567"}) == "+49301234567"
    assert traits["phone"].text(Side.LEFT, {"phone": "030 7654321", "mobile": "030 1234567"}) == "+49307654321"
    assert traits["given name"].text(Side.RIGHT, {"a": " José "}) == "jose"
    assert traits["company"].text(Side.LEFT, {"firm": "Müller GmbH & Co. KG"}) == "muller"
    assert traits["company"].text(Side.LEFT, {"firm": None}) is None


def test_two_records_meet_by_something_telling_or_by_two_things_of_which_one_is_their_own() -> None:
    blocks = blocks_of(traits_of([EMAIL, GIVEN, FAMILY, COMPANY, CITY]))
    assert ("e-mail",) in blocks
    assert ("given name", "family name") in blocks
    assert ("family name", "city") in blocks
    assert ("company", "city") not in blocks
    assert ("city",) not in blocks


def test_everything_that_records_may_meet_by_is_shared_by_some_trait() -> None:
    for maps in ([EMAIL, GIVEN, FAMILY, CITY], [EMAIL, FULL, COMPANY], [FULL, DOMAIN, CITY, PHONE]):
        traits = traits_of(maps)
        shared = {name for trait in traits for name, _ in shared_by(trait.kind, "x")}
        assert {name for block in blocks_of(traits) for name in block} <= shared


def test_a_slip_of_the_pen_leaves_the_mailbox_and_the_first_or_last_word() -> None:
    email, name = traits_of([EMAIL, FULL])
    assert dict(shared_by(email.kind, "ann@x.test")) == {"e-mail": "ann@x.test", "mailbox": "ann"}
    assert dict(shared_by(name.kind, "ann lee may")) == {"name": "ann lee may", "first word": "ann", "last word": "may"}
