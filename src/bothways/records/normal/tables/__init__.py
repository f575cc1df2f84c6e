"""Tables of words and domains, one entry a line, read when first needed. Where they come from: SOURCE.txt."""

from functools import cache
from importlib.resources import files


@cache
def entries(name: str) -> frozenset[str]:
    """Return the entries of a table: its lines that are neither empty nor comments."""
    return frozenset(_lines(name))


@cache
def pairs(name: str) -> dict[str, str]:
    """Return a table of two columns: what stands before a tab, with what stands after it."""
    return {key: value for key, _, value in (line.partition("\t") for line in _lines(name))}


def _lines(name: str) -> list[str]:
    text = files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
