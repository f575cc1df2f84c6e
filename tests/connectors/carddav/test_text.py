import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.connectors.carddav.text import Unwritable, components, escape, items, unescape

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")) | st.sampled_from('\\,;:\n"n'))


@given(TEXTS)
def test_escaped_text_reads_back(text: str) -> None:
    assert unescape(escape(text)) == text
    assert "\n" not in escape(text)


@given(st.lists(TEXTS, min_size=1))
def test_escaped_texts_are_told_apart(texts: list[str]) -> None:
    assert [unescape(each) for each in components(";".join(map(escape, texts)))] == texts
    assert [unescape(each) for each in items(",".join(map(escape, texts)))] == texts


@given(st.text())
def test_parts_put_together_are_the_whole(value: str) -> None:
    assert ";".join(components(value)) == value
    assert ",".join(items(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\\nb\\Nc", "a\nb\nc"),
        ("http\\://x", "http://x"),
        ("C:\\temp", "C:\\temp"),
        ("\\\\n", "\\n"),
        ("ends with \\", "ends with \\"),
    ],
)
def test_unescaping(value: str, text: str) -> None:
    assert unescape(value) == text


@pytest.mark.parametrize("text", ["a\x00b", "\x0b", "\ud800", "\ufffe", "\x7f"])
def test_characters_that_xml_cannot_carry_are_refused(text: str) -> None:
    with pytest.raises(Unwritable):
        escape(text)


def test_line_ends_become_one_kind() -> None:
    assert escape("a\r\nb\rc\nd") == "a\\nb\\nc\\nd"
