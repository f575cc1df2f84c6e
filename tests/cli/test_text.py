"""Alignment by terminal cells, counts, times; nothing an app holds may steer the terminal."""

import shlex
from datetime import datetime

import pytest

from bothways.cli.text import ago, clean, columns, counted, cut, duration, in_command, listed, moment, pad, width


@pytest.mark.parametrize(
    ("text", "cells"), [("Dana", 4), ("日本", 4), ("e\u0301", 1), ("नि", 2), ("", 0), ("\u200b", 0)]
)
def test_width_counts_cells_not_characters(text, cells):
    assert width(text) == cells


def test_columns_line_up_whatever_the_script():
    lines = columns([("Name", "Id"), ("陳偉", "7"), ("Zoe\u0308", "12")], right=(1,))
    assert lines == ["Name  Id", "陳偉   7", "Zoe\u0308   12"]
    assert {width(line) for line in lines} == {8}


def test_columns_take_rows_of_different_length():
    assert columns([("a", "b", "c"), ("dd",)]) == ["a   b  c", "dd"]
    assert columns([]) == []


def test_pad_and_cut():
    assert pad("日", 4) == "日  "
    assert cut("short", 10) == "short"
    assert cut("a long sentence", 8) == "a long…"
    assert width(cut("日本語日本語", 8)) <= 8


@pytest.mark.parametrize(
    ("evil", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("two\nlines", "two\\nlines"),
        ("\u202eesrever", "\\u202eesrever"),
        ("\x9b31m", "\\x9b31m"),
        ("\r", "\\x0d"),
    ],
)
def test_clean_shows_what_would_steer_the_terminal(evil, shown):
    assert clean(evil) == shown


def test_columns_are_clean():
    assert columns([("a\x1b[31m", "b\nc")]) == ["a\\x1b[31m  b\\nc"]


@pytest.mark.parametrize("name", ["contacts", "contacts 2", "o'neil", "Ledger:P-8842", "$(x)", "книга"])
def test_what_stands_in_a_command_is_one_word_of_it(name):
    assert shlex.split(f"bothways plan {in_command(name)} --show all") == ["bothways", "plan", name, "--show", "all"]


def test_counts():
    assert counted(1, "record") == "1 record"
    assert counted(12004, "record") == "12,004 records"
    assert counted(2, "entry", "entries") == "2 entries"
    assert listed(["a", "", "b"]) == "a, b"
    assert listed([], "(none)") == "(none)"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (0.4, "0.4 s"),
        (42, "42 s"),
        (60, "1 m"),
        (192, "3 m 12 s"),
        (7500, "2 h 5 m"),
        (273600, "3 d 4 h"),
    ],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_moment_leaves_out_what_is_the_same_as_now():
    now = datetime(2026, 3, 5, 12, 0).timestamp()
    assert moment(datetime(2026, 3, 5, 9, 41).timestamp(), now) == "09:41"
    assert moment(datetime(2026, 3, 4, 9, 41).timestamp(), now) == "4 Mar 09:41"
    assert moment(datetime(2025, 3, 5, 9, 41).timestamp(), now) == "5 Mar 2025 09:41"
    assert moment(None, now) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s ago"), (40, "40 s ago"), (130, "2 min ago"), (7300, "2 h ago"), (200000, "2 d ago"), (-5, "0 s ago")],
)
def test_ago(seconds, text):
    assert ago(1000.0 - seconds, 1000.0) == text


def test_ago_never():
    assert ago(None, 1000.0) == "never"
