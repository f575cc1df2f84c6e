"""Test vectors under tests/data; where they come from is said there."""

import csv
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"


def vectors(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file of test vectors."""
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
