"""Every value is a text on the wire."""

from typing import Any

import pytest

from bothways.connectors.hubspot.values import listed, millis, record_of, stamp, to_wire


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        (" as it is ", " as it is "),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (1e21, "1000000000000000000000"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (["a", "b"], "a;b"),
        (["", "a", None], "a"),
        ([], ""),
        ([1, True], "1;true"),
    ],
)
def test_to_wire(value: Any, text: str):
    assert to_wire(value) == text


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("2026-01-02T03:04:05.678Z", 1767323045.678),
        ("1767323045678", 1767323045.678),
        ("2026-01-02T04:04:05.678+01:00", 1767323045.678),
        (None, None),
        ("", None),
        ("soon", None),
    ],
)
def test_stamps(told: Any, seconds: float | None):
    assert stamp(told) == seconds
    assert millis(told) == (None if seconds is None else round(seconds * 1000))


def test_record_has_every_field_asked_for_and_no_other():
    row = {
        "id": 17,
        "createdAt": "1970-01-01T00:00:01Z",
        "updatedAt": "1970-01-01T00:00:03Z",
        "properties": {"a": "1", "more": "2", "changed": "1970-01-01T00:00:02Z"},
    }
    record = record_of(row, "changed", ["a", "b"])
    assert (record.id, record.values, record.created, record.modified) == ("17", {"a": "1", "b": None}, 1.0, 2.0)
    assert record_of({**row, "properties": None}, "changed", []).modified == 3.0


def test_listed():
    assert listed("a; b;;c ") == ["a", "b", "c"]
    assert listed(None) == []
