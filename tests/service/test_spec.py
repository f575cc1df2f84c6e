"""From settings and fields to what the engine works by: defaults made, mistakes refused with their place."""

from collections.abc import Sequence

import pytest

from bothways import errors
from bothways.connectors.base import Capabilities
from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import SyncSpec, When
from bothways.records import Choices, Field, FieldType, Option, Unpaired
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
    Field("stage", T.CHOICE, options=(Option("1", "Lead"), Option("2", "Client"), Option("3", "Lost"))),
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
    Field("Level", T.CHOICE, options=(Option("2", "lead"), Option("1", "Client"))),
)
HEAD = (
    "version: 1\napps:\n  A: {connector: memory}\n  B: {connector: memory}\nsyncs:\n  s:\n    objects: {A: x, B: y}\n"
)


@pytest.fixture(autouse=True)
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the connectors of the tests be known."""
    plug_in(monkeypatch)


def spec(
    more: str = "", left: Sequence[Field] = LEFT, right: Sequence[Field] = RIGHT, lag: float = 0.0, at_door: bool = True
) -> SyncSpec:
    document = document_of(parse(HEAD + more, "bothways.yaml")).syncs["s"]
    schema = {Side.LEFT: {each.name: each for each in left}, Side.RIGHT: {each.name: each for each in right}}
    can = {Side.LEFT: Capabilities(index_lag=lag), Side.RIGHT: Capabilities()}
    return resolve(document, schema, can, at_door=at_door).spec


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


def test_small_groups_are_for_the_usual_rule_of_people_and_refused_elsewhere() -> None:
    small = "    small_groups: link_one\n"
    assert [rule.small_groups for rule in spec(small).match] == [True, False]
    assert [rule.small_groups for rule in spec("    match: [{A: company, B: Note}, usual]\n" + small).match] == [
        False,
        True,
        False,
    ]
    assert spec("    small_groups: hold\n").match == spec().match
    for match in ("none", "as_hubspot", "[{A: email, B: Mail}]"):
        with pytest.raises(errors.NoSmallGroups) as caught:
            spec(f"    match: {match}\n" + small)
        assert caught.value.where == "bothways.yaml:9:19"


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
    rules = (*rules, "{A: score, B: Limit}", "{A: company, B: Limit}")
    text = "    match:\n" + "".join(f"      - {rule}\n" for rule in rules)
    assert [rule.on(L)[0][0].compare for rule in spec(text).match] == [
        "phone",
        "text",
        "exact",
        "number",
        "number",
    ]


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


def test_ways_to_clean_are_taken_over_and_refused_where_they_do_not_fit() -> None:
    (each,) = spec("    fields: [{A: phone, B: Note, clean: [trim, phone_e164]}]\n").fields
    assert each.clean == ("trim", "phone_e164")
    with pytest.raises(errors.CleaningDoesNotFit, match='cannot be cleaned by "title"') as caught:
        spec("    fields:\n      - {A: phone, B: Note, clean: [title]}\n")
    assert caught.value.where == "bothways.yaml:9:36"


# --- choices ------------------------------------------------------------------------------------------


def choices(row: str, at_door: bool = True) -> tuple[Choices, Choices]:
    """Return what the values of a mapping become on the left, and on the right."""
    (each,) = spec(f"    fields:\n      - {{{row}}}\n", at_door=at_door).fields
    assert each.choices is not None
    return each.choices


def test_choices_are_paired_as_written_by_label_or_key() -> None:
    back, there = choices("A: stage, B: Level, values: {Lead: Client, '2': lead}, other: hold")
    assert there.pairs == (("1", "1"), ("2", "2"))
    assert back.pairs == (("1", "1"), ("2", "2"))
    assert (back.other, there.other) == (Unpaired.HOLD, Unpaired.HOLD)


def test_choices_are_paired_by_label_where_nobody_says() -> None:
    back, there = choices("A: stage, B: Level, other: leave_out")
    assert there.pairs == (("1", "2"), ("2", "1"))
    assert (back.other, there.other) == (Unpaired.LEAVE_OUT, Unpaired.LEAVE_OUT)


def test_a_default_stands_for_the_unpaired_where_it_is_written() -> None:
    back, there = choices("A: stage, B: Level, other: {default: {B: Client}}")
    assert (there.other, there.default, back.default) == (Unpaired.DEFAULT, "1", None)


def test_several_choices_may_become_one_where_only_that_one_is_written() -> None:
    back, there = choices("A: stage, B: Level, direction: to_B, values: {Lead: lead, Lost: lead, Client: Client}")
    assert there.pairs == (("1", "2"), ("3", "2"), ("2", "1"))
    assert back.pairs == (("1", "2"),), "what lead would become is not clear, so it is nothing"
    assert back.other is Unpaired.HOLD


def test_texts_are_paired_with_choices_and_other_types_with_nothing() -> None:
    assert choices("A: company, B: Level, values: {New: lead, Old: Client}")[1].pairs == (("New", "2"), ("Old", "1"))
    with pytest.raises(errors.NothingToPair) as caught:
        spec("    fields:\n      - {A: company, B: Note, values: {a: b}}\n")
    assert caught.value.where == "bothways.yaml:9:39"


@pytest.mark.parametrize(
    ("row", "kind", "place", "words"),
    [
        ("values: {Lead: laed, Client: Client, Lost: x}", errors.UnknownChoice, 41, "Did you mean lead"),
        ("values: {Laed: lead}", errors.UnknownChoice, 41, 'A field "stage" has no choice "Laed"'),
        ("other: {default: {B: Cleint}}", errors.UnknownChoice, 40, "Did you mean Client"),
        (
            "values: {Lead: lead, Lost: lead, Client: Client}",
            errors.PairingAmbiguous,
            41,
            '"lead" of B is paired with "Lead" and "Lost", so what it becomes in A is not clear. Nothing was written. '
            "Keep one of these pairs, or change the direction to: to_B.",
        ),
        ("enabled: true", errors.ChoicesNotPaired, 9, "no partner in B: Lost"),
        ("values: {Lead: lead}", errors.ChoicesNotPaired, 41, "no partner in A: Client"),
    ],
)
def test_choices_that_are_not_clear_are_refused(
    row: str, kind: type[errors.SettingsError], place: int, words: str
) -> None:
    with pytest.raises(kind) as caught:
        spec(f"    fields:\n      - {{A: stage, B: Level,    {row}}}\n")
    assert words in str(caught.value)
    assert caught.value.where == f"bothways.yaml:9:{place}"


def test_an_option_that_comes_or_goes_later_does_not_stop_a_sync() -> None:
    for row in ("enabled: true", "values: {Laed: lead}"):
        assert spec(f"    fields:\n      - {{A: stage, B: Level, {row}}}\n", at_door=False).fields


def test_a_mapping_that_is_off_is_not_asked_for_its_choices() -> None:
    assert spec("    fields:\n      - {A: email, B: Mail}\n      - {A: stage, B: Level, enabled: false}\n")


# --- at the door --------------------------------------------------------------------------------------

NEEDED = (*RIGHT, Field("Owner", required=True))


def test_a_required_field_that_nothing_is_written_to_is_refused_where_records_are_created() -> None:
    with pytest.raises(errors.RequiredFieldNotMapped) as caught:
        spec("    fields: [{A: email, B: Mail}]\n", right=NEEDED)
    assert caught.value.where == "bothways.yaml:6:3"
    assert str(caught.value).startswith('bothways.yaml:6:3: B takes no new record without "Owner"')
    assert "send: {A: none}" in str(caught.value)
    one_way = "    fields: [{A: email, B: Mail}, {A: company, B: Owner, direction: to_A}]\n"
    with pytest.raises(errors.RequiredFieldNotMapped):
        spec(one_way, right=NEEDED)


@pytest.mark.parametrize(
    "text",
    [
        "    fields: [{A: email, B: Mail}, {A: company, B: Owner}]\n",
        "    fields: [{A: email, B: Mail}, {A: company, B: Owner, only_on_create: true}]\n",
        "    send: {A: none}\n    fields: [{A: email, B: Mail}]\n",
    ],
)
def test_a_required_field_is_no_matter_where_it_is_written_or_nothing_is_created(text: str) -> None:
    assert spec(text, right=NEEDED)


def test_a_required_field_that_appears_later_does_not_stop_a_sync() -> None:
    assert spec("    fields: [{A: email, B: Mail}]\n", right=NEEDED, at_door=False)


PHONES = (*LEFT, Field("phones", T.PHONE, multi_valued=True), Field("phones.work", T.PHONE))


def test_a_field_of_several_values_is_refused_where_one_is_written() -> None:
    with pytest.raises(errors.SeveralValues, match="There are: phones") as caught:
        spec("    fields:\n      - {A: phones, B: Phone}\n", left=PHONES)
    assert caught.value.where == "bothways.yaml:9:9"
    for row in ("{A: phones.work, B: Phone}", "{A: phones, B: Phone, direction: to_A}", "{A: tags, B: Note}"):
        assert spec(f"    fields:\n      - {row}\n", left=PHONES)


def test_default_mappings_leave_a_field_of_several_values_alone_where_one_is_written() -> None:
    several = (LEFT[0], Field("phones", T.PHONE, meaning="telephone", multi_valued=True))
    assert pairs(spec(left=several))[1:] == [("phones", "Phone", Direction.TO_LEFT)]


# --- constants ----------------------------------------------------------------------------------------


def test_constants_are_taken_over_as_their_fields_hold_them() -> None:
    text = "    set: {A: [{field: stage, value: Client}], B: [{field: Limit, value: 5, when: created_or_updated}]}\n"
    stage, limit = spec(text).constants
    assert (stage.side, stage.value, stage.when, stage.mapping.key) == (Side.LEFT, "2", When.CREATED, "stage=")
    assert (limit.side, limit.value, limit.when) == (Side.RIGHT, "5", When.CREATED_OR_UPDATED)
    assert limit.mapping.key == "=Limit"


@pytest.mark.parametrize(
    ("row", "kind", "words"),
    [
        ("{field: Lmit, value: 5}", errors.UnknownField, "Did you mean Limit"),
        ("{field: Limit, value: many}", errors.CannotSet, 'cannot be set to "many": "many" is not a number'),
        ("{field: Level, value: Gone}", errors.CannotSet, "is not one of the choices of Level"),
        ("{field: Company, value: x}", errors.CannotSet, "cannot be turned into"),
        ("{field: Locked, value: x}", errors.CannotSet, "it is read-only"),
        ("{field: Mail, value: a@x.test}", errors.CannotSet, "records are recognised by it"),
        ("{field: Out, value: no, when: created_or_updated}", errors.CannotSet, "it says who is opted out"),
        ("{field: Limit, value: 1}, {field: Limit, value: 2}", errors.CannotSet, "it is set twice"),
        ("{field: Note, value: x, when: created_or_updated}", errors.SetFieldMapped, "Say when: created"),
    ],
)
def test_constants_that_cannot_be_written_are_refused(row: str, kind: type[errors.SettingsError], words: str) -> None:
    text = f"    fields: [{{A: email, B: Mail}}, {{A: company, B: Note}}]\n    set:\n      B: [{row}]\n"
    with pytest.raises(kind) as caught:
        spec(text, right=(*RIGHT, Field("Out", T.BOOLEAN, meaning="optOut")))
    assert words in str(caught.value)
    assert caught.value.where == "bothways.yaml:10:11"


def test_a_constant_for_new_records_fills_a_required_field() -> None:
    text = "    fields: [{A: email, B: Mail}]\n    set: {B: [{field: Owner, value: sync}]}\n"
    assert spec(text, right=NEEDED).constants


def test_an_option_that_is_set_and_goes_later_does_not_stop_a_sync() -> None:
    text = "    set: {B: [{field: Level, value: Gone}]}\n"
    assert [each.value for each in spec(text, at_door=False).constants] == ["Gone"]
