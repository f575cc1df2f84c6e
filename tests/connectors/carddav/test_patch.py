from collections.abc import Mapping

import pytest

from bothways.connectors.carddav.fields import SLOTS
from bothways.connectors.carddav.patch import Refused, new_card, patch, stale_fields, values_of
from bothways.connectors.carddav.vcard import parse
from bothways.records import Value, meanings
from tests.connectors.carddav.support import card

MAILS = ("EMAIL;TYPE=HOME:h1@x.org", "EMAIL;TYPE=HOME,PREF:h2@x.org", "EMAIL;TYPE=WORK:w@x.org")
PLAIN = [name for name in SLOTS if not name[-1].isdigit() and name not in ("emails", "phones")]


def _patched(lines: tuple[str, ...], values: Mapping[str, Value], version: str = "3.0") -> tuple[str, ...]:
    before = parse(card("u", *lines, version=version))
    after = patch(before, values, values_of(before, list(values)))
    return tuple(after.data.decode().split("\r\n")[3:-2])


def _values(*lines: str, version: str = "3.0") -> dict[str, Value]:
    held = values_of(parse(card("u", *lines, version=version)), PLAIN)
    return {name: value for name, value in held.items() if value is not None and name != "uid"}


def test_fields_have_one_meaning_each() -> None:
    told = [slot.field.meaning for slot in SLOTS.values() if slot.field.meaning]
    assert len(told) == len(set(told))
    assert set(told) <= meanings.ALL


def test_preferred_value_comes_first() -> None:
    held = _values(*MAILS)
    assert held == {"email": "h2@x.org", "email.home": "h2@x.org", "email.work": "w@x.org"}
    assert _values("EMAIL;PREF=2:b", "EMAIL;PREF=1:a", "EMAIL:c", version="4.0")["email"] == "a"
    assert _values(f"EMAIL;PREF={'9' * 5000}:b", "EMAIL;PREF=100:a", version="4.0")["email"] == "a"


def test_numbers_of_several_kinds_never_show_twice() -> None:
    held = _values("TEL;TYPE=WORK,FAX:1", "TEL;TYPE=HOME,CELL:2", "TEL;TYPE=PAGER:3", "TEL;TYPE=WORK:4", "TEL:5")
    assert held == {"phone.fax": "1", "phone.cell": "2", "phone": "4", "phone.work": "4"}


def test_labels_of_groups_count() -> None:
    held = _values("item1.EMAIL:a@x.org", "item1.X-ABLabel:_$!<Work>!$_", "item2.TEL:7", "ITEM2.X-ABLABEL:mobile")
    assert held == {"email": "a@x.org", "email.work": "a@x.org", "phone.cell": "7"}


def test_value_is_found_by_what_it_was() -> None:
    assert _patched(MAILS, {"email.home": "new@x.org"}) == (MAILS[0], "EMAIL;TYPE=HOME,PREF:new@x.org", MAILS[2])
    before = parse(card("u", *MAILS))
    after = patch(before, {"email.home": "new@x.org"}, {"email.home": "h1@x.org"})
    assert b"EMAIL;TYPE=HOME:new@x.org" in after.data
    assert b"h2@x.org" in after.data


def test_cleared_value_leaves_the_others_of_its_label() -> None:
    assert _patched(MAILS, {"email.home": None}) == (MAILS[0], MAILS[2])


def test_new_value_stands_behind_its_like() -> None:
    lines = ("FN:x", *MAILS[:1], "NOTE:n")
    assert _patched(lines, {"email.work": "w@x.org"}) == (
        "FN:x",
        MAILS[0],
        "EMAIL;TYPE=INTERNET,WORK:w@x.org",
        "NOTE:n",
    )
    assert _patched(("FN:x",), {"phone.cell": "1"}, "4.0") == ("FN:x", "TEL;TYPE=cell:1")
    assert _patched(("FN:x", "TEL;TYPE=CELL:"), {"phone.cell": "1"}) == ("FN:x", "TEL;TYPE=CELL:1")


def test_two_fields_at_one_place_must_agree() -> None:
    lines = ("EMAIL;TYPE=WORK:a@x.org",)
    assert _patched(lines, {"email": "b@x.org", "email.work": "b@x.org"}) == ("EMAIL;TYPE=WORK:b@x.org",)
    with pytest.raises(Refused) as refusal:
        _patched(lines, {"email": "b@x.org", "email.work": "c@x.org"})
    assert refusal.value.fields == ("email.work",)


PLAIN_FIRST = (
    {"email": "e@x.org", "email.work": "w@x.org"},
    {"phone": "1", "phone.work": "2", "phone.cell": "3"},
    {"address.city": "C", "address.work.city": "W"},
)


@pytest.mark.parametrize("values", PLAIN_FIRST)
def test_order_of_the_fields_makes_no_difference(values: dict[str, Value]) -> None:
    asked = dict(reversed(values.items()))
    assert _patched(("FN:x",), asked) == _patched(("FN:x",), values)
    assert {**_values(*_patched(("FN:x",), asked)), **values} == _values(*_patched(("FN:x",), asked))


@pytest.mark.parametrize("names", [("email", "email.work"), ("email.work", "email")])
def test_same_value_with_and_without_label_is_added_once(names: tuple[str, str]) -> None:
    assert _patched(("FN:x",), dict.fromkeys(names, "a@x.org")) == ("FN:x", "EMAIL;TYPE=INTERNET,WORK:a@x.org")


def test_mobile_number_does_not_stand_for_the_number_without_a_label() -> None:
    values: dict[str, Value] = {"phone": "1", "phone.cell": "1"}
    assert values_of(new_card({"full name": "x", **values}, "u", "3.0"), list(values)) == values


def test_parts_are_changed_one_by_one() -> None:
    lines = ("ORG:A\\, B;Unit;Sub\\;unit", 'ADR;TYPE=WORK;LABEL="old":box;ext;s;c;r;p;l')
    assert _patched(lines, {"department": "D;x"})[0] == "ORG:A\\, B;D\\;x;Sub\\;unit"
    assert _patched(lines, {"address.work.city": "C"})[1] == "ADR;TYPE=WORK:box;ext;s;C;r;p;l"
    assert _patched(("ORG:A",), {"department": "D"}) == ("ORG:A;D",)
    assert _patched(("ORG:A",), {"organisation": None}) == ()


def test_address_moves_as_a_whole() -> None:
    lines = ("ADR;TYPE=HOME:;;s;c;;p;", "ADR;TYPE=HOME:;;other;;;;")
    values = {"address.home.street": None, "address.home.city": None, "address.home.postcode": "P"}
    assert _patched(lines, values) == ("ADR;TYPE=HOME:;;;;;P;", lines[1])
    everything = {name: None for name in SLOTS if name.startswith("address.home.")}
    assert _patched(lines, everything) == (lines[1],)


def test_words_are_changed_as_a_set() -> None:
    lines = ("CATEGORIES:a,b\\,c", "CATEGORIES:d")
    assert _patched(lines, {"categories": ["d", "b,c", "a"]}) == lines
    assert _patched(lines, {"categories": ["b,c", "new;one"]}) == ("CATEGORIES:b\\,c,new\\;one",)
    assert _patched((), {"categories": ["x"]}) == ("CATEGORIES:x",)


def test_words_are_compared_in_one_spelling() -> None:
    """A letter and its accent may be one character or two (Unicode's NFC and NFD)."""
    lines = ("CATEGORIES:Mo\u0308bel,b",)
    assert _patched(lines, {"categories": ["M\u00f6bel", "b"]}) == lines
    assert _patched(lines, {"categories": ["Mo\u0308bel", "b"]}) == lines
    assert _patched(lines, {"categories": ["M\u00f6bel", "b", "n"]}) == ("CATEGORIES:Mo\u0308bel,b,n",)


@pytest.mark.parametrize(
    ("name", "full", "part", "follows"),
    [
        ("N:Ng;Ada;;;", "Ada Ng", "given name", "Eve Ng"),
        ("N:Ng;Ada;B;Dr.;Jr.", "Dr. Ada B Ng Jr.", "given name", "Dr. Eve B Ng Jr."),
        ("N:Ng;Ada;B;Dr.;Jr.", "Ada Ng", "given name", "Eve Ng"),
        ("N:Ng;Ada;;;", "Ng, Ada", "given name", "Ng, Eve"),
        ("N:Ng;Ada;;;", "ada  ng", "given name", "Eve Ng"),
        ("N:Ng;Ada;;;", "Company Ltd.", "given name", "Company Ltd."),
        ("N:;;;;", "", "given name", "Eve"),
        ("N:;;;;", "Somebody", "family name", "Somebody"),
        ("N:Ng;Ada;;;", "Ada Ng", "title", "Ada Ng"),
    ],
)
def test_full_name_follows_its_parts_if_it_was_made_of_them(name: str, full: str, part: str, follows: str) -> None:
    before = parse(card("u", f"FN:{full}", name))
    assert patch(before, {part: "Eve"}, values_of(before, [part])).text("FN") == follows


def test_full_name_that_is_given_stands() -> None:
    assert _patched(("FN:Ada Ng", "N:Ng;Ada;;;"), {"given name": "Eve", "full name": "E."}) == ("FN:E.", "N:Ng;Eve;;;")


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"full name": None}, ("full name",)),
        ({"birthday": "\x00", "title": "t"}, ("birthday",)),
        ({"note": "a\x00"}, ("note",)),
        ({"uid": "other"}, ("uid",)),
        ({"shoe size": "44"}, ("shoe size",)),
    ],
)
def test_what_a_card_cannot_hold_is_refused_by_field(values: Mapping[str, Value], fields: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refusal:
        patch(parse(card("u", "FN:x")), values, {})
    assert refusal.value.fields == fields
    assert str(refusal.value)


def test_card_that_was_changed_meanwhile_is_noticed() -> None:
    parsed = parse(card("u", *MAILS, "TITLE:t"))
    assert stale_fields(parsed, {"email.home": "h1@x.org", "title": "t", "note": None}) == []
    assert stale_fields(parsed, {"email.home": "x@x.org", "title": None, "note": "n"}) == [
        "email.home",
        "title",
        "note",
    ]


# --- new cards ----------------------------------------------------------------------------------------


def test_new_card_holds_what_it_is_given() -> None:
    values: dict[str, Value] = {
        "given name": "Ada",
        "family name": "Ng; x",
        "email.home": "h@x.org",
        "email": "first@x.org",
        "address.work.city": "W",
        "address.city": "C",
        "phone.cell": "1",
        "phone": "2",
        "birthday": "--04-15",
        "categories": ["a", "b,c"],
        "note": None,
    }
    for version in ("3.0", "4.0"):
        made = new_card(values, "u-1", version)
        held = values_of(parse(made.data), list(values))
        assert {**values, "email": "first@x.org"} == held
        assert (made.uid, made.version, made.text("FN")) == ("u-1", version, "Ada Ng; x")
        assert len(made.named("N")) == len(made.named("FN")) == 1


def test_same_value_with_and_without_label_is_written_once() -> None:
    made = new_card(
        {"full name": "x", "email": "a@x.org", "email.home": "h@x.org", "email.work": "a@x.org"}, "u", "3.0"
    )
    assert [line.value for line in made.named("EMAIL")] == ["a@x.org", "h@x.org"]
    assert values_of(made, ["email"]) == {"email": "a@x.org"}


@pytest.mark.parametrize(
    ("values", "full"),
    [
        ({"organisation": "Probe AG", "email": "a@x.org"}, "Probe AG"),
        ({"email": "a@x.org", "phone": "1"}, "a@x.org"),
        ({"phone": "1"}, "1"),
    ],
)
def test_new_card_is_called_by_what_it_has(values: Mapping[str, Value], full: str) -> None:
    assert new_card(values, "u", "3.0").text("FN") == full


def test_new_card_without_any_name_is_refused() -> None:
    with pytest.raises(Refused):
        new_card({"categories": ["a"], "note": " "}, "u", "3.0")


# --- several values -----------------------------------------------------------------------------------

NUMBERS = ("TEL;TYPE=WORK,VOICE:1", "TEL;TYPE=CELL,PREF:2", "item1.TEL:3", "item1.X-ABLabel:_$!<Home>!$_")


def _lists(*lines: str) -> dict[str, Value]:
    return values_of(parse(card("u", *lines)), ["emails", "phones"])


def test_lists_hold_every_value_with_its_label_the_preferred_one_first() -> None:
    assert _lists(*NUMBERS, "EMAIL;TYPE=INTERNET:a@x.org") == {
        "phones": [
            {"value": "2", "label": "cell"},
            {"value": "1", "label": "work"},
            {"value": "3", "label": "home"},
        ],
        "emails": [{"value": "a@x.org", "label": ""}],
    }
    assert _lists() == {"phones": None, "emails": None}


def test_value_taken_out_of_a_list_goes_with_its_label_and_leaves_all_other_lines() -> None:
    kept = [{"value": "2", "label": "other words"}, {"value": "1"}]
    assert _patched(NUMBERS, {"phones": kept}) == NUMBERS[:2]


def test_value_new_in_a_list_is_added_with_its_label() -> None:
    new = [
        {"value": "2"},
        {"value": "1"},
        {"value": "3"},
        {"value": "4", "label": "work"},
        {"value": "5", "label": "?"},
    ]
    after = _patched(NUMBERS, {"phones": new})
    assert set(after) - set(NUMBERS) == {"TEL;TYPE=WORK,VOICE:4", "TEL;TYPE=VOICE:5"}
    assert set(NUMBERS) <= set(after)


def test_position_counts_all_values_the_preferred_one_first() -> None:
    held = values_of(parse(card("u", *NUMBERS)), ["phone.1", "phone.2", "phone.3"])
    assert held == {"phone.1": "2", "phone.2": "1", "phone.3": "3"}
    assert _patched(NUMBERS, {"phone.2": "9"}) == ("TEL;TYPE=WORK,VOICE:9", *NUMBERS[1:])


def test_position_behind_the_last_value_is_added_and_one_further_on_is_refused() -> None:
    mail = "EMAIL;TYPE=INTERNET:a@x.org"
    assert _patched((mail,), {"email.2": "b@x.org"}) == (mail, "EMAIL;TYPE=INTERNET:b@x.org")
    with pytest.raises(Refused, match="has no 2 before it"):
        _patched((mail,), {"email.3": "c@x.org"})


def test_text_with_the_line_ends_of_old_programs_is_held_with_ours() -> None:
    made = new_card({"full name": "Ann", "note": "one\rtwo\r\nthree"}, "u", "3.0")
    assert values_of(made, ["note"]) == {"note": "one\ntwo\nthree"}
