"""From settings and fields to what the engine works by: defaults made, mistakes refused with their place."""

from collections.abc import Sequence

import pytest

from bothways import errors
from bothways.connectors.base import Capabilities
from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import SyncSpec
from bothways.records import Field, FieldType
from bothways.service.reading import document_of
from bothways.service.spec import resolve
from bothways.service.yaml_file import parse
from tests.office import plug_in

T = FieldType
L, R = SIDES
LEFT = (
    Field("email", T.EMAIL, "E-mail", meaning="email"),
    Field("firstname", label="First name", meaning="givenName"),
    Field("phone", T.PHONE, meaning="telephone"),
    Field("mobile", T.PHONE, meaning="mobile"),
    Field("created", T.DATETIME, meaning="dateCreated", read_only=True),
    Field("score", T.NUMBER, read_only=True),
    Field("company", meaning="worksFor"),
    Field("tags", T.MULTI_CHOICE),
)
RIGHT = (
    Field("Mail", T.EMAIL, meaning="email"),
    Field("Given", meaning="givenName", read_only=True),
    Field("Phone", T.PHONE, meaning="telephone"),
    Field("Company", T.LABELLED, meaning="worksFor"),
    Field("Since", T.DATETIME, meaning="dateCreated"),
    Field("Note"),
    Field("Limit", T.NUMBER),
    Field("Locked", read_only=True),
)
HEAD = (
    "version: 1\napps:\n  A: {connector: memory}\n  B: {connector: memory}\nsyncs:\n  s:\n    objects: {A: x, B: y}\n"
)


@pytest.fixture(autouse=True)
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the connectors of the tests be known."""
    plug_in(monkeypatch)


def spec(more: str = "", left: Sequence[Field] = LEFT, right: Sequence[Field] = RIGHT, lag: float = 0.0) -> SyncSpec:
    document = document_of(parse(HEAD + more, "bothways.yaml")).syncs["s"]
    schema = {Side.LEFT: {each.name: each for each in left}, Side.RIGHT: {each.name: each for each in right}}
    can = {Side.LEFT: Capabilities(index_lag=lag), Side.RIGHT: Capabilities()}
    return resolve(document, schema, can).spec


def pairs(found: SyncSpec) -> list[tuple[str, str, Direction]]:
    return [(each.left.name, each.right.name, each.direction) for each in found.fields]


def test_default_mappings_are_made_of_common_meanings() -> None:
    assert pairs(spec()) == [
        ("email", "Mail", Direction.BOTH),
        ("firstname", "Given", Direction.TO_LEFT),
        ("phone", "Phone", Direction.BOTH),
    ]


def test_default_mappings_flow_only_where_the_app_sends() -> None:
    assert pairs(spec("    send: {B: none}\n")) == [
        ("email", "Mail", Direction.TO_RIGHT),
        ("phone", "Phone", Direction.TO_RIGHT),
    ]


def test_several_fields_of_one_meaning_are_paired_in_their_order() -> None:
    two = (Field("p1", T.PHONE, meaning="telephone"), Field("p2", T.PHONE, meaning="telephone"), *LEFT[:1])
    one = (Field("q1", T.PHONE, meaning="telephone"), *RIGHT[:1])
    assert pairs(spec(left=two, right=one))[0][:2] == ("p1", "q1")
    assert len(spec(left=two, right=one).fields) == 2


def told(found: SyncSpec) -> list[tuple[str, str, str, str]]:
    """Return per match rule its name, what it is good for, and its primary fields."""
    return [(rule.name, rule.finding, str(rule.field(L)), str(rule.field(R))) for rule in found.match]


def test_the_default_match_is_the_usual_one_for_the_kind_of_record() -> None:
    assert told(spec()) == [
        ("e-mail", "link", "email", "Mail"),
        ("mailbox by another spelling of its e-mail", "hold", "email", "Mail"),
    ]
    company = [Field("name", meaning="name"), Field("web", T.URL, meaning="domain")]
    assert told(spec(left=company, right=company))[:2] == [
        ("domain", "link", "web", "web"),
        ("name", "link", "name", "name"),
    ]


def test_every_email_field_counts_and_national_numbers_belong_to_their_country() -> None:
    left = (*LEFT, Field("work", T.EMAIL), Field("last", meaning="familyName"))
    right = (RIGHT[0], Field("Whole", meaning="name"), Field("Tel", T.PHONE, meaning="telephone", region="GB"))
    email, phone, _ = spec(left=left, right=right).match
    assert [email.slots(side) for side in SIDES] == [("email:email", "email:work"), ("email:Mail",)]
    assert phone.slots(L) == ("phone:phone+name:firstname,last", "phone:mobile+name:firstname,last")
    assert phone.slots(R) == ("phone:Tel@GB+name:Whole",)


def test_match_none_links_nothing() -> None:
    assert spec("    match: none\n").match == ()


def test_match_as_hubspot_does() -> None:
    assert told(spec("    match: as_hubspot\n")) == [("e-mail", "link", "email", "Mail")]
    assert spec("    match: as_hubspot\n").match[0].guards == ()
    with pytest.raises(errors.SettingsError, match="name the fields instead") as caught:
        spec("    match: as_hubspot\n    fields: [{A: firstname, B: Note}]\n", right=RIGHT[1:])
    assert caught.value.where == "bothways.yaml:8:12"


def test_several_fields_make_one_key_and_the_usual_rules_may_follow() -> None:
    text = (
        "    match:\n      - {A: company, B: Note, compare: exact}\n"
        "      - {A: [phone, [firstname, company]], B: [Phone, Note], compare: [phone, name]}\n      - usual\n"
    )
    own, pair, *usual = spec(text).match
    assert (own.finding, own.guards, own.field(L)) == ("link", (), "company")
    assert (pair.slots(L), pair.slots(R)) == (("phone:phone+name:firstname,company",), ("phone:Phone+name:Note",))
    assert tuple(usual) == spec().match
    with pytest.raises(errors.SettingsError, match="nothing is usual") as caught:
        spec(
            "    match: [{A: note, B: Note}, usual]\n    fields: [{A: note, B: Note}]\n",
            left=[Field("note")],
            right=RIGHT[5:],
        )
    assert caught.value.where == "bothways.yaml:8:33"


def test_without_an_email_on_both_sides_a_match_must_be_named() -> None:
    with pytest.raises(errors.MissingKey, match='"match"') as caught:
        spec("    fields: [{A: firstname, B: Note}]\n", right=RIGHT[1:])
    assert caught.value.where == "bothways.yaml:6:3"
    assert spec("    match: []\n    fields: [{A: firstname, B: Note}]\n", right=RIGHT[1:]).match == ()


def test_nothing_in_common_is_refused() -> None:
    with pytest.raises(errors.MissingKey, match='"fields"'):
        spec("    match: [{A: company, B: Note}]\n", right=RIGHT[5:])


def test_a_match_rule_compares_as_its_fields_suggest() -> None:
    rules = ("{A: phone, B: Phone}", "{A: company, B: Note}", "{A: email, B: Mail, compare: exact}")
    text = "    match:\n" + "".join(f"      - {rule}\n" for rule in rules)
    assert [rule.on(L)[0][0].compare for rule in spec(text).match] == ["phone", "text", "exact"]


def test_winners_and_emptying_are_taken_over() -> None:
    found = spec(
        "    conflicts: {default_app: B, when_empty: clear, per_field: {Mail: A}}\n"
        "    fields: [{A: email, B: Mail}, {A: company, B: Note, when_empty: keep}]\n"
    )
    assert found.default is Side.RIGHT
    assert [(each.winner, each.clearing_follows) for each in found.fields] == [(Side.LEFT, True), (None, False)]


def test_a_mapping_that_is_not_enabled_does_not_flow() -> None:
    assert len(spec("    fields: [{A: email, B: Mail}, {A: company, B: Note, enabled: false}]\n").fields) == 1


def test_the_own_write_window_is_longer_than_lag_and_poll() -> None:
    found = spec("    schedule: {every: 5m}\n", lag=30.0)
    assert found.own_write_window[Side.LEFT] > 330.0
    assert found.own_write_window[Side.RIGHT] > 300.0
    assert set(found.own_write_window) == set(SIDES)


REFUSED = {
    "unknown field": (
        "{A: emial, B: Mail}",
        errors.UnknownField,
        'A has no field "emial" in x. Nothing was written. Did you mean email?',
    ),
    "unknown field there": ("{A: email, B: Mial}", errors.UnknownField, "Did you mean Mail?"),
    "left field twice": ("{A: email, B: Mail}, {A: email, B: Note}", errors.FieldMappedTwice, 'A field "email"'),
    "right field twice": ("{A: email, B: Mail}, {A: company, B: Mail}", errors.FieldMappedTwice, 'B field "Mail"'),
    "types": ("{A: tags, B: Limit}", errors.TypesDoNotMatch, '"tags" (multi-choice) and "Limit" (number)'),
    "read-only here": ("{A: score, B: Limit}", errors.ReadOnlyField, "Change the direction to: to_B"),
    "read-only there": ("{A: company, B: Locked}", errors.ReadOnlyField, "Change the direction to: to_A"),
    "read-only and told to": (
        "{A: score, B: Limit, direction: to_A}",
        errors.ReadOnlyField,
        '"score" is read-only in A. Nothing was written. Change the direction to: to_B',
    ),
    "read-only in both": ("{A: score, B: Locked}", errors.ReadOnlyField, "take this mapping out"),
}


@pytest.mark.parametrize("case", REFUSED, ids=list(REFUSED))
def test_mistakes_are_refused_with_their_place(case: str) -> None:
    maps, kind, words = REFUSED[case]
    rows = "".join(f"      - {{{each}}}\n" for each in maps.strip("{}").split("}, {"))
    with pytest.raises(kind) as caught:
        spec("    fields:\n" + rows)
    assert words in str(caught.value)
    assert caught.value.where == f"bothways.yaml:{8 + len(rows.splitlines())}:9"


def test_a_read_only_field_may_be_mapped_the_way_that_works() -> None:
    assert pairs(spec("    fields: [{A: score, B: Limit, direction: to_B}]\n")) == [
        ("score", "Limit", Direction.TO_RIGHT)
    ]
    assert len(spec("    send: {B: none}\n    fields: [{A: score, B: Limit}]\n").fields) == 1


def test_an_unknown_match_field_is_refused() -> None:
    with pytest.raises(errors.UnknownField, match="Did you mean phone"):
        spec("    match:\n      - {A: fone, B: Phone}\n")


@pytest.mark.parametrize(("name", "kind"), [("nothing", errors.UnknownField), ("same", errors.SettingsError)])
def test_a_winner_must_name_a_field_of_one_mapping(name: str, kind: type[errors.SettingsError]) -> None:
    left, right = (*LEFT, Field("same")), (*RIGHT, Field("same"))
    with pytest.raises(kind) as caught:
        spec(
            f"    conflicts: {{per_field: {{{name}: A}}}}\n"
            "    fields: [{A: same, B: Note}, {A: company, B: same}]\n",
            left=left,
            right=right,
        )
    assert caught.value.where == "bothways.yaml:8:29"
