import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.connectors.carddav.vcard import Malformed, fold, make_line, parse, rough_email, rough_uid, with_value
from tests.connectors.carddav.support import card

NAMES = st.from_regex(
    r"(?:[a-z0-9]{1,5}\.)?(?!begin\Z|end\Z|version\Z|uid\Z|kind\Z)[A-Za-z][A-Za-z0-9-]{0,10}", fullmatch=True
)
SAFE = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters='";:,^'), max_size=8)
QUOTED = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters='"^'), max_size=8).map('"{}"'.format)
PARAMS = st.lists(st.tuples(st.sampled_from(["TYPE", "X-A", "PREF", "LABEL"]), SAFE | QUOTED).map("=".join), max_size=3)
VALUES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)
HEADS = st.tuples(NAMES, PARAMS).map(lambda found: ";".join([found[0], *found[1]]))
ENDS = st.sampled_from([b"\r\n", b"\n"])


@st.composite
def cards(draw: st.DrawFn) -> bytes:
    """Make cards with lines folded anywhere, even inside a character, and blank lines between."""
    end = draw(ENDS)
    lines = []
    for head, value in draw(st.lists(st.tuples(HEADS, VALUES), max_size=4)):
        data = f"{head}:{value}".encode()
        at = draw(st.integers(1, max(len(data), 1)))
        lines.append(data[:at] + draw(st.sampled_from([b"", end + b" ", end + b"\t"])) + data[at:])
        lines += draw(st.sampled_from([[], [b""]]))
    head = [b"BEGIN:VCARD", b"VERSION:3.0", b"UID:x"]
    return end.join([*head, *lines, b"END:VCARD", b""])


@settings(max_examples=60)
@given(cards())
def test_card_is_taken_apart_without_loss(data: bytes) -> None:
    assert parse(data).data == data


@settings(max_examples=60)
@given(cards(), VALUES, ENDS)
def test_added_line_is_the_only_change(data: bytes, value: str, end: bytes) -> None:
    before = parse(data)
    after = before.add("X-NEW-ONE;TYPE=a", value)
    line = next(line for line in parse(after.data).lines if line.name == "X-NEW-ONE" and line.value == value)
    assert after.data.replace(line.raw, b"", 1) == data
    assert line.params == {"type": ("a",)}


@given(HEADS, VALUES, ENDS)
def test_folded_line_reads_back(head: str, value: str, end: bytes) -> None:
    data = fold(f"{head}:{value}", end)
    pieces = data.removesuffix(end).split(end)
    assert all(len(piece) <= 75 for piece in pieces)
    assert all(piece.startswith(b" ") for piece in pieces[1:])
    for piece in pieces:
        piece.decode()
    line = make_line(head, value, end)
    assert (line.head, line.value, line.raw, line.end) == (head, value, data, end)


@pytest.mark.parametrize("character", ["é", "名", "👍"])
@pytest.mark.parametrize("shift", range(4))
def test_fold_is_never_inside_a_character(character: str, shift: int) -> None:
    text = "NOTE:" + "x" * shift + character * 200
    pieces = fold(text, b"\r\n").split(b"\r\n ")
    assert "".join(piece.decode() for piece in pieces) == text + "\r\n"
    assert max(map(len, pieces[:-1])) <= 75


def test_params_of_all_kinds_are_read() -> None:
    lines = (
        "TEL;CELL;VOICE:1",
        'TEL;VALUE=uri;PREF=1;TYPE="voice,home":tel:+1',
        "EMAIL;TYPE=WORK,PREF;type=x:a",
        'ADR;LABEL="a;b:c,d^ne^\'f^^":;;',
        "NOTE;QUOTED-PRINTABLE:=41",
        "item1.X-ABLabel:l",
        'X-Q;L=5" pipe:val',
    )
    found = {line.value: line for line in parse(card("u", *lines)).lines}
    assert found["1"].params == {"type": ("CELL", "VOICE")}
    assert found["tel:+1"].params == {"value": ("uri",), "pref": ("1",), "type": ("voice", "home")}
    assert found["a"].params == {"type": ("WORK", "PREF", "x")}
    assert found[";;"].params == {"label": ('a;b:c,d\ne"f^',)}
    assert found["=41"].params == {"encoding": ("QUOTED-PRINTABLE",)}
    assert (found["l"].group, found["l"].name) == ("item1", "X-ABLABEL")
    assert found["val"].name == "X-Q"


def test_soft_line_breaks_belong_to_their_line() -> None:
    data = card("u", "NOTE;ENCODING=QUOTED-PRINTABLE:one=", "two: still=", " there", "FN:x")
    parsed = parse(data)
    assert parsed.data == data
    assert [line.name for line in parsed.lines] == ["BEGIN", "VERSION", "UID", "NOTE", "FN", "END"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "BEGIN"),
        (b"hello", "names no property"),
        (card("u", "FN:x").replace(b"END:VCARD\r\n", b""), "BEGIN"),
        (card("u", "FN:x") * 2, "more than one"),
        (card("u", "BEGIN:VCARD", "FN:x", "END:VCARD"), "more than one"),
        (card("u", "FN:x", version="2.1"), "2.1"),
        (card("u", "FN:x").replace(b"VERSION:3.0\r\n", b""), "none"),
        (card("u", "a line without its property"), "names no property"),
        (card("u", "BAD NAME:x"), "names no property"),
        (card("u", "FN:x").replace(b"FN:x", b"FN:\xff\xfe"), "UTF-8"),
    ],
)
def test_malformed_cards_are_told_in_words(data: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=re.escape(reason)):
        parse(data)


def test_byte_order_mark_and_blank_lines_are_kept() -> None:
    data = b"\xef\xbb\xbf" + card("u", "FN:x", "", "N:;;;;") + b"\r\n \r\n"
    assert parse(data).data == data


def test_uid_of_a_malformed_card_is_found() -> None:
    assert rough_uid(b"BEGIN:VCARD\nbroken\nitem1.uid;X=1:ab\n c\nEND") == "abc"
    assert rough_uid(b"NOTE:UID:no") == ""


def test_groups_of_both_kinds_are_known() -> None:
    assert parse(card("u", "KIND:Group", version="4.0")).is_group
    assert parse(card("u", "X-ADDRESSBOOKSERVER-KIND:group")).is_group
    assert not parse(card("u", "KIND:org", version="4.0")).is_group


def test_head_keeps_its_other_params() -> None:
    line = make_line('a.ADR;TYPE=work;LABEL="x;y";GEO="geo:1,2":', "old", b"\n")
    assert with_value(line, "new", {"label", "geo"}, "X=1").raw == b"a.ADR;TYPE=work;X=1:new\n"


def test_removed_line_takes_the_labels_of_its_group() -> None:
    data = card("u", "item1.URL:x", "item1.X-ABLabel:l", "item2.URL:y", "item2.X-ABLabel:m", "item2.X-OTHER:z")
    parsed = parse(data)
    for line in parsed.named("URL"):
        parsed = parsed.remove(line)
    assert parsed.data == card("u", "item2.X-ABLabel:m", "item2.X-OTHER:z")


def test_long_photo_is_taken_apart_in_linear_time() -> None:
    data = card("u", "PHOTO;ENCODING=b:" + "\r\n ".join(["A" * 74] * 40_000))
    assert parse(data).data == data


def test_mail_address_of_a_broken_card_is_found() -> None:
    assert rough_email(b"BEGIN:VCARD\nbroken\nitem1.EMAIL;TYPE=work: Ann@x.test\nEND") == "Ann@x.test"
    assert rough_email(b"NOTE:EMAIL:ann@x.test") == ""
    assert rough_email(b"EMAIL:nobody\nFN:Ann") == ""
