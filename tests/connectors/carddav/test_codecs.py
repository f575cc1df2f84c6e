import time

import pytest

from bothways.connectors.carddav.codecs import DATE, PHONE, TEXT, URL, Codec, Style
from bothways.connectors.carddav.text import Unwritable
from bothways.connectors.carddav.vcard import make_line, parse, with_value
from tests.connectors.carddav.support import card


def _read(codec: Codec, text: str) -> str:
    head, _, value = text.partition(":")
    return codec.read(make_line(head, value, b"\n"))


def _write(codec: Codec, old: str, new: str, version: str = "3.0") -> str:
    head, _, value = old.partition(":")
    line = make_line(head, value, b"\n")
    written = codec.write(new, Style(version, line.value, line.params))
    return with_value(line, written.value, written.drop, written.add).raw.decode().strip()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("BDAY:1996-04-15", "1996-04-15"),
        ("BDAY:19960415", "1996-04-15"),
        ("BDAY:1953-10-15T23:10:00Z", "1953-10-15"),
        ("BDAY:--0415", "--04-15"),
        ("BDAY:--04-15", "--04-15"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15", "--04-15"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1984-04-15", "1984-04-15"),
        ("BDAY:1996-04", "1996-04"),
        ("BDAY:---15", "---15"),
        ("BDAY;VALUE=text:circa 1800", "circa 1800"),
    ],
)
def test_birthdays_are_read_as_what_they_are(line: str, value: str) -> None:
    assert _read(DATE, line) == value


@pytest.mark.parametrize(
    ("old", "new", "version", "line"),
    [
        ("BDAY:1996-04-15", "2001-12-31", "3.0", "BDAY:2001-12-31"),
        ("BDAY:19960415", "2001-12-31", "3.0", "BDAY:20011231"),
        ("BDAY;VALUE=date:1996-04-15", "2001-12-31", "3.0", "BDAY:2001-12-31"),
        ("BDAY;VALUE=text:circa 1800", "1801-01-02", "4.0", "BDAY:18010102"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15", "2001-12-31", "3.0", "BDAY:2001-12-31"),
        ("BDAY:--0415", "--12-31", "4.0", "BDAY:--1231"),
        ("BDAY:1996-04-15", "--02-29", "3.0", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29"),
        ("BDAY:19960415", "1980-05", "4.0", "BDAY:1980-05"),
        ("BDAY;VALUE=text:circa 1800", "---15", "4.0", "BDAY:---15"),
        ("BDAY:19960415", "1980", "4.0", "BDAY:1980"),
        ("BDAY:19960415", "--05", "4.0", "BDAY:--05"),
        ("BDAY:1996-04-15", "1980-05", "3.0", "BDAY;VALUE=text:1980-05"),
        ("BDAY;VALUE=date:1996-04-15", "circa 1800; or so", "4.0", "BDAY;VALUE=text:circa 1800\\; or so"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15", "0000-00-00", "3.0", "BDAY;VALUE=text:0000-00-00"),
    ],
)
def test_birthdays_are_written_in_the_manner_of_the_card(old: str, new: str, version: str, line: str) -> None:
    assert _write(DATE, old, new, version) == line


@pytest.mark.parametrize("version", ["3.0", "4.0"])
@pytest.mark.parametrize("value", ["1980-05", "---15", "circa 1800", "0000-00-00", "1996-13-01", "--02-30", "1996"])
def test_birthday_that_is_no_date_is_read_as_it_was_written(value: str, version: str) -> None:
    assert _read(DATE, _write(DATE, "BDAY:1996-04-15", value, version)) == value


def test_birthday_with_a_character_that_no_card_carries_is_refused() -> None:
    with pytest.raises(Unwritable):
        _write(DATE, "BDAY:1996-04-15", "a\x00")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("TEL:+49 30 1", "+49 30 1"),
        ("TEL;VALUE=uri:tel:+1-555-555-5555;ext=55", "+1-555-555-5555 ext. 55"),
        ("TEL;VALUE=uri:tel:+1-555\\;ext=5", "+1-555 ext. 5"),
        ("TEL;VALUE=uri:tel:%2B1-555", "+1-555"),
    ],
)
def test_numbers_are_read(line: str, value: str) -> None:
    assert _read(PHONE, line) == value


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("TEL:1", "+49 (30) 1; x", "TEL:+49 (30) 1\\; x"),
        ("TEL;VALUE=uri;TYPE=cell:tel:+1", "+49 30 1", "TEL;VALUE=uri;TYPE=cell:tel:+49-30-1"),
        ("TEL;VALUE=uri:tel:+1", "+1 555 ext. 12", "TEL;VALUE=uri:tel:+1-555;ext=12"),
        ("TEL;VALUE=uri;TYPE=cell:tel:+1", "ask Bo", "TEL;TYPE=cell:ask Bo"),
        ("TEL;VALUE=uri:tel:+1", "(030) 1234 x8", "TEL:(030) 1234 x8"),
    ],
)
def test_numbers_are_written_in_the_form_of_the_line(old: str, new: str, line: str) -> None:
    assert _write(PHONE, old, new, "4.0") == line


@pytest.mark.parametrize("text", [f"1{' ' * 40_000}1", f"{'1' * 40_000}!", f"x{'1' * 40_000}!", "x " * 20_000])
def test_time_for_a_number_grows_with_its_length_alone(text: str) -> None:
    begun = time.process_time()
    assert _read(PHONE, f"TEL;VALUE=uri:tel:{text}")
    assert _write(PHONE, "TEL;VALUE=uri:tel:+1", text, "4.0")
    assert time.process_time() - begun < 5, "of this process alone"


def test_quoted_printable_is_read_and_written_as_plain_text() -> None:
    old = "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=utf-8:a=0D=0A=C3=A4\\; c"
    assert _read(TEXT, old) == "a\nä; c"
    assert _write(TEXT, old, "new, text") == "NOTE:new\\, text"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("hello=\r\n world=3B", "hello world;"),
        ("hello=\r\n  world", "hello  world"),
        ("hello=\r\n\tworld", "hello\tworld"),
        ("hello=\r\nworld", "helloworld"),
        ("hello\r\n  world", "hello world"),
    ],
)
def test_blank_behind_a_soft_line_break_belongs_to_the_text(lines: str, text: str) -> None:
    data = card("u", f"NOTE;ENCODING=QUOTED-PRINTABLE:{lines}", "FN:x")
    parsed = parse(data)
    assert (parsed.data, TEXT.read(parsed.named("NOTE")[0])) == (data, text)


def test_unknown_charset_is_left_as_it_is() -> None:
    assert _read(TEXT, "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=x-none:=41") == "=41"
    assert _read(TEXT, "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=punycode:=41-=FF") == "=41-=FF"
    assert _read(TEXT, "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=a\0b:=41") == "=41"


def test_addresses_of_the_web_keep_their_commas() -> None:
    assert _read(URL, "URL:http\\\\://x.org/a\\,b;c") == "http://x.org/a,b;c"
    assert _write(URL, "URL;TYPE=HOME:x", "http://x.org/?a=1,2;b") == "URL;TYPE=HOME:http://x.org/?a=1\\,2;b"
