"""Charts as plain geometry, which templates draw as SVG: pure functions from numbers to rectangles.

A chart is drawn in a box of ``WIDTH`` by ``HEIGHT`` that is stretched to the width of the page; words stand beside it,
so that they are as large as all others and go from right to left where the page does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log, log10

WIDTH, HEIGHT = 240.0, 100.0
GAP = 0.25
"""Share of its place that a bar leaves free."""

LEAST = 1.5
"""Height of the smallest bar: what is not nothing is seen."""

DOT = 3.0
"""Height of a dot."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of one series of numbers, by its place among them."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True, slots=True)
class Column:
    """What stands at one place, and the ``words`` for it."""

    x: float
    width: float
    words: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns from left to right; ``marks``: lines to read off by, the uppermost first, as far from each other, and
    what they stand for. There are none where all numbers are nothing."""

    columns: tuple[Column, ...]
    marks: tuple[tuple[float, float], ...]


def stacked(rows: Sequence[Sequence[float]], words: Sequence[str]) -> Chart:
    """Return bars of several series, one on the other, up to a round number above the highest."""
    top = round_up(max((sum(row) for row in rows), default=0.0))
    step = WIDTH / max(len(rows), 1)
    columns = []
    for place, (row, said) in enumerate(zip(rows, words, strict=True)):
        base, boxes = HEIGHT, list[Box]()
        for series, value in enumerate(row):
            if value > 0:
                tall = max(HEIGHT * value / top, LEAST)
                base -= tall
                boxes.append(_box(place, step, base, tall, series))
        columns.append(Column(round(place * step, 2), round(step, 2), said, tuple(boxes)))
    return Chart(tuple(columns), tuple((HEIGHT * (1 - share), top * share) for share in (1.0, 0.5, 0.0)) if top else ())


def ranges(rows: Sequence[tuple[float, float] | None], words: Sequence[str], least: float, times: float) -> Chart:
    """Return bars from one number up to another, None for no bar, between lines each of which stands for so many
    ``times`` what the one below does, and the lowest for ``least``.

    The first series is a dot at the lower number, the second a bar up to the higher one.
    """
    highest = max((row[1] for row in rows if row), default=0.0)
    lines = max(ceil(log(max(highest, least) / least, times) - 1e-9), 1)
    step = WIDTH / max(len(rows), 1)

    def height(value: float) -> float:
        return HEIGHT * log(max(value, least) / least, times) / lines

    columns = []
    for place, (row, said) in enumerate(zip(rows, words, strict=True)):
        boxes = list[Box]()
        if row:
            low, high = (max(height(each), DOT) for each in row)
            boxes = [_box(place, step, HEIGHT - high, max(high - low, DOT), 1), _box(place, step, HEIGHT - low, DOT, 0)]
        columns.append(Column(round(place * step, 2), round(step, 2), said, tuple(boxes)))
    marks = [(HEIGHT * (1 - line / lines), least * times**line) for line in range(lines, -1, -1)]
    return Chart(tuple(columns), tuple(marks) if highest else ())


def _box(place: int, step: float, y: float, height: float, series: int) -> Box:
    return Box(
        round((place + GAP / 2) * step, 2), round(max(y, 0.0), 2), round(step * (1 - GAP), 2), round(height, 2), series
    )


def round_up(value: float) -> float:
    """Return the next number above that is read easily: 1, 2, 4, 5, 6, 8 or 10 times a power of ten; at least 2."""
    if value <= 0:
        return 0.0
    size = 10.0 ** (ceil(log10(value)) - 1)
    return max(next(each * size for each in (1, 2, 4, 5, 6, 8, 10) if value <= each * size * (1 + 1e-9)), 2.0)
