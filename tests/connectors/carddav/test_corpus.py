"""200 cards in the manners of many programs: what is not meant survives byte for byte.

What a patch changes is found by taking the card apart with a few lines of its own, not with the parser
under test.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import pytest

from bothways.connectors.carddav.fields import SLOTS
from bothways.connectors.carddav.patch import patch, values_of
from bothways.connectors.carddav.vcard import Card, parse
from bothways.records import FieldType, Value, is_blank, same

FOLDER = Path(__file__).parents[2] / "data" / "vcards"
CARDS = [
    pytest.param(found, id=f"{file.stem}-{number}")
    for file in sorted(FOLDER.glob("*.vcf"))
    for number, found in enumerate(re.findall(rb"(?is)BEGIN:VCARD.*?END:VCARD\r?\n", file.read_bytes()), 1)
]
WRITABLE = [name for name, slot in SLOTS.items() if not slot.field.read_only]
PLAIN = [name for name in WRITABLE if not name[-1].isdigit() and SLOTS[name].field.type is not FieldType.LABELLED]
LISTS = {"emails": "EMAIL", "phones": "TEL"}

NEW: Mapping[str, Value] = {
    "given name": "Neue, “Ω”; 名",
    "family name": "Back\\slash",
    "organisation": "New; Org, Ltd.",
    "department": "D",
    "title": "x" * 200,
    "note": "one\ntwo; three, four \\n five " + "ß" * 90,
    "email": "new@example.org",
    "email.work": "work+new@example.org",
    "phone.cell": "+49 151 000-1",
    "phone.fax": "+1 555 1 ext. 12",
    "url": "https://example.org/?a=1,2;b=3",
    "address.street": "New street 1\nback; yard",
    "address.home.city": "Ōsaka",
    "birthday": "2001-12-31",
    "categories": ["new", "with, comma", "with; semicolon"],
    "nickname": "N, n",
}
SOME_AT_ONCE = (
    {name: NEW[name] for name in ("given name", "family name", "title", "note", "email", "birthday")},
    {name: NEW[name] for name in ("organisation", "department", "phone.cell", "categories", "address.street")},
    {"full name": "By itself", "given name": "G", "note": None, "url": NEW["url"]},
)


def test_corpus_is_complete() -> None:
    assert len(CARDS) == 200


@pytest.mark.parametrize("data", CARDS)
def test_card_is_taken_apart_without_loss(data: bytes) -> None:
    card = parse(data)
    assert card.data == data
    assert card.uid
    assert not card.is_group


@pytest.mark.parametrize("data", CARDS)
def test_same_values_change_no_byte(data: bytes) -> None:
    card = parse(data)
    held = values_of(card, WRITABLE)
    for name, value in held.items():
        if name != "full name" or not is_blank(value):
            assert patch(card, {name: value}, {name: value}).data == data, name
    assert patch(card, {name: value for name, value in held.items() if not is_blank(value)}, held).data == data


@pytest.mark.parametrize("data", CARDS)
def test_one_value_changes_its_line_alone(data: bytes) -> None:
    card = parse(data)
    for name, value in _share(NEW, data, 4):
        after = _patched(card, {name: value})
        _assert_only(data, after.data, {name})
        assert same(values_of(after, [name])[name], SLOTS[name].field, value), name


@pytest.mark.parametrize("data", CARDS)
def test_cleared_value_takes_its_line_alone(data: bytes) -> None:
    card = parse(data)
    held = {name: value for name, value in values_of(card, PLAIN).items() if not is_blank(value)}
    for name, _ in _share(held, data, 3):
        if name == "full name":
            continue
        after = _patched(card, {name: None})
        _assert_only(data, after.data, {name})
        assert after.data != data
        left = [each for each in SLOTS[name].place.all(card) if not is_blank(each)]
        assert len([each for each in SLOTS[name].place.all(after) if not is_blank(each)]) < len(left) or len(left) > 1


@pytest.mark.parametrize("data", CARDS)
def test_several_values_change_their_lines_alone(data: bytes) -> None:
    card = parse(data)
    for values in SOME_AT_ONCE:
        after = _patched(card, values)
        _assert_only(data, after.data, set(values))
        held = values_of(after, list(values))
        for name, value in values.items():
            if not is_blank(value):
                assert same(held[name], SLOTS[name].field, value), name


@pytest.mark.parametrize("data", CARDS)
def test_one_value_of_a_list_changes_its_line_alone(data: bytes) -> None:
    card = parse(data)
    for name, property in LISTS.items():
        held = list(values_of(card, [name])[name] or ())
        new = {"value": "new@example.org" if name == "emails" else "+49 30 99", "label": "work"}
        more = _patched(card, {name: [*held, new]})
        assert values_of(more, [name])[name] == [*held, new]
        assert not Counter(_whole(data)) - Counter(_whole(more.data))
        again = _patched(more, {name: held})
        assert again.data == data or not held
        gone = _patched(card, {name: held[1:]})
        went = Counter(_whole(data)) - Counter(_whole(gone.data))
        assert same(values_of(gone, [name])[name], SLOTS[name].field, held[1:])
        assert {_name(line) for line in went} <= {property, "X-ABLABEL", "X-ABADR"}


@pytest.mark.parametrize("data", CARDS)
def test_value_by_position_changes_its_line_alone(data: bytes) -> None:
    card = parse(data)
    for name in ("email.1", "email.2", "phone.1", "phone.3"):
        if values_of(card, [name])[name] is not None:
            new = "new@example.org" if name.startswith("email") else "+49 30 99"
            after = _patched(card, {name: new})
            _assert_only(data, after.data, {name})
            assert same(values_of(after, [name])[name], SLOTS[name].field, new)


@pytest.mark.parametrize("data", CARDS)
def test_old_values_can_be_put_back(data: bytes) -> None:
    card = parse(data)
    names = ["given name", "title", "note", "organisation"]
    before = values_of(card, names)
    changed = _patched(card, {name: NEW[name] for name in names})
    again = patch(changed, before, values_of(changed, names))
    assert (
        {name: is_blank(value) for name, value in before.items()}
        == {name: is_blank(value) for name, value in values_of(again, names).items()}
        or len(card.named("TITLE")) > 1
        or len(card.named("NOTE")) > 1
    )
    for name in names:
        if not is_blank(before[name]):
            assert same(values_of(again, [name])[name], SLOTS[name].field, before[name]), name


# --- helpers ------------------------------------------------------------------------------------------


def _share(values: Mapping[str, Value], data: bytes, share: int) -> list[tuple[str, Value]]:
    """Return every third or fourth of these fields: cards of other lengths take others."""
    return [pair for number, pair in enumerate(values.items(), len(data)) if number % share == 0]


def _patched(card: Card, values: Mapping[str, Value]) -> Card:
    after = patch(card, values, values_of(card, list(values)))
    assert parse(after.data).data == after.data, "what is written can be read"
    for line in after.lines:
        if all(line is not old for old in card.lines):
            pieces = line.raw.split(b"\n")
            assert all(len(each.rstrip(b"\r")) <= 75 for each in pieces), "new lines are folded"
            assert all(each.decode() or not each for each in pieces), "and never inside a character"
    return after


def _assert_only(before: bytes, after: bytes, fields: set[str]) -> None:
    """Assert that all lines but those of the fields' properties are the same, in the same order.

    Of those, no more than one for each field differs; a property that goes takes its group's labels along.
    """
    names = {SLOTS[field].place.name for field in fields}  # type: ignore[attr-defined]
    names |= {"FN"} if "N" in names else set()
    groups = {_group(line) for line in _whole(before) if _name(line) in names} - {""}
    assert _others(before, names, groups) == _others(after, names, groups)
    lost = Counter(_whole(before)) - Counter(_whole(after))
    meant = [line for line in lost.elements() if _name(line) in names]
    assert len(meant) <= len(fields) + ("FN" in names) + ("categories" in fields)


def _others(data: bytes, names: set[str], groups: set[str]) -> list[bytes]:
    """Return the lines, folds and all, that are of other properties and label none of them."""
    kept = [line for line in _whole(data) if _name(line) not in names]
    return [line for line in kept if not (_group(line) in groups and _name(line) in ("X-ABLABEL", "X-ABADR"))]


@lru_cache(maxsize=4)
def _whole(data: bytes) -> list[bytes]:
    whole: list[bytes] = []
    for piece in re.findall(rb"[^\n]*\n", data):
        soft = whole and b"QUOTED-PRINTABLE" in whole[-1] and whole[-1].rstrip(b"\r\n").endswith(b"=")
        if piece[:1] in (b" ", b"\t") or soft:
            whole[-1] += piece
        else:
            whole.append(piece)
    return whole


@lru_cache(maxsize=4096)
def _head(line: bytes) -> tuple[str, str]:
    """Return the group in lower case and the name in upper case."""
    group, _, name = re.split(rb"[;:]", line, maxsplit=1)[0].decode().rpartition(".")
    return group.lower(), name.upper()


def _name(line: bytes) -> str:
    return _head(line)[1]


def _group(line: bytes) -> str:
    return _head(line)[0]
