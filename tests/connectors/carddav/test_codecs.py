import pytest

from bothways.connectors.carddav.codecs import DATE, PHONE, TEXT, URL, Codec, Style
from bothways.connectors.carddav.text import Unwritable
from bothways.connectors.carddav.vcard import make_line, with_value


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
    ],
)
def test_birthdays_are_written_in_the_manner_of_the_card(old: str, new: str, version: str, line: str) -> None:
    assert _write(DATE, old, new, version) == line


@pytest.mark.parametrize("value", ["tomorrow", "1996-13-01", "--02-30", "1996"])
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises(Unwritable):
        _write(DATE, "BDAY:1996-04-15", value)


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
    ],
)
def test_numbers_are_written_in_the_form_of_the_line(old: str, new: str, line: str) -> None:
    assert _write(PHONE, old, new, "4.0") == line


def test_quoted_printable_is_read_and_written_as_plain_text() -> None:
    old = "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=utf-8:a=0D=0A=C3=A4\\; c"
    assert _read(TEXT, old) == "a\nä; c"
    assert _write(TEXT, old, "new, text") == "NOTE:new\\, text"


def test_unknown_charset_is_left_as_it_is() -> None:
    assert _read(TEXT, "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=x-none:=41") == "=41"


def test_addresses_of_the_web_keep_their_commas() -> None:
    assert _read(URL, "URL:http\\\\://x.org/a\\,b;c") == "http://x.org/a,b;c"
    assert _write(URL, "URL;TYPE=HOME:x", "http://x.org/?a=1,2;b") == "URL;TYPE=HOME:http://x.org/?a=1\\,2;b"
