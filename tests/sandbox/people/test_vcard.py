"""What the writer of cards writes, the reader reads."""

from bothways.sandbox.people.vcard import card, cards_in, escaped, first, parts


def test_a_written_card_is_read_back():
    note = "a, b; c\\d\nnext line " + "ü" * 60
    text = card([("N", "Family;Given;;;"), ("NOTE;LANGUAGE=de", escaped(note))])
    (lines,) = cards_in(text)
    assert first(lines, "NOTE") == note
    assert parts(lines, "N")[:2] == ["Family", "Given"]


def test_lines_are_folded_at_75_octets_and_never_inside_a_letter():
    text = card([("NOTE", "ü" * 200)])
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    (lines,) = cards_in(text)
    assert first(lines, "NOTE") == "ü" * 200


def test_groups_and_parameters_are_no_part_of_a_name():
    (lines,) = cards_in("BEGIN:VCARD\nitem1.EMAIL;TYPE=work:a@example.com\nEND:VCARD\n")
    assert first(lines, "EMAIL") == "a@example.com"


def test_a_semicolon_that_is_escaped_separates_nothing():
    (lines,) = cards_in("BEGIN:VCARD\nADR:;;4\\; Main Street;City;;;\nEND:VCARD\n")
    assert parts(lines, "ADR")[2:4] == ["4; Main Street", "City"]
