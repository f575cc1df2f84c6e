"""Geometry of charts: bars as high as their numbers, inside their box, with lines at numbers that are read easily."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.web.charts import DOT, HEIGHT, LEAST, WIDTH, Chart, ranges, round_up, stacked

ROWS = st.lists(st.lists(st.integers(0, 10**7), min_size=2, max_size=2), max_size=30)


def heights(chart: Chart, series: int) -> list[float]:
    """Return the heights of the boxes of a series, 0 where there is none."""
    return [sum(box.height for box in column.boxes if box.series == series) for column in chart.columns]


def test_bars_are_as_high_as_their_numbers() -> None:
    chart = stacked([(10, 30), (0, 0), (20, 0)], ["a", "b", "c"])
    assert [value for _, value in chart.marks] == [40, 20, 0]
    assert [y for y, _ in chart.marks] == [0, HEIGHT / 2, HEIGHT]
    assert heights(chart, 0) == [HEIGHT / 4, 0, HEIGHT / 2]
    assert heights(chart, 1) == [HEIGHT * 3 / 4, 0, 0]
    lower, upper = chart.columns[0].boxes
    assert upper.y + upper.height == lower.y
    assert lower.y + lower.height == HEIGHT
    assert [column.words for column in chart.columns] == ["a", "b", "c"]


@given(ROWS)
def test_bars_stay_within_their_box_and_none_is_lost(rows: list[list[int]]) -> None:
    chart = stacked(rows, [""] * len(rows))
    assert len(chart.columns) == len(rows)
    for column, row in zip(chart.columns, rows, strict=True):
        assert len(column.boxes) == sum(value > 0 for value in row)
        for box in column.boxes:
            assert 0 <= box.x <= box.x + box.width <= WIDTH + 0.02
            assert -LEAST <= box.y <= HEIGHT
            assert box.height >= LEAST


def test_nothing_to_draw_has_no_lines() -> None:
    assert stacked([(0, 0)] * 24, [""] * 24).marks == ()
    assert stacked([], []).marks == ()
    assert ranges([None] * 24, [""] * 24, 1.0, 60.0).marks == ()


@pytest.mark.parametrize(
    ("value", "rounded"), [(0, 0), (1, 2), (2, 2), (3, 4), (10, 10), (11, 20), (99, 100), (101, 200), (5300, 6000)]
)
def test_lines_stand_for_round_numbers_above(value: float, rounded: float) -> None:
    assert round_up(value) == rounded


@given(st.floats(0.01, 10**9))
def test_a_round_number_is_above_and_not_far(value: float) -> None:
    assert value <= round_up(value) * (1 + 1e-6)
    assert round_up(value) <= max(2 * value * (1 + 1e-6), 2)


def test_ranges_go_up_by_times() -> None:
    chart = ranges([(60.0, 3600.0), None, (1.0, 1.0)], ["a", "b", "c"], 1.0, 60.0)
    assert [value for _, value in chart.marks] == [3600, 60, 1]
    assert [y for y, _ in chart.marks] == [0, HEIGHT / 2, HEIGHT]
    bar, dot = chart.columns[0].boxes
    assert (bar.y, bar.height, dot.y, dot.height) == (0, HEIGHT / 2, HEIGHT / 2, DOT)
    assert chart.columns[1].boxes == ()
    assert {box.y for box in chart.columns[2].boxes} == {HEIGHT - DOT}


@given(st.lists(st.tuples(st.floats(0, 10**6), st.floats(1, 100)), min_size=1, max_size=24))
def test_ranges_stay_within_their_box(found: list[tuple[float, float]]) -> None:
    chart = ranges([(low, low * times) for low, times in found], [""] * len(found), 1.0, 60.0)
    for column in chart.columns:
        for box in column.boxes:
            assert box.y >= 0
            assert box.y + box.height <= HEIGHT + DOT + 0.02
