"""Stock keeping units: what a product is ordered by."""

from bothways.records.normal.text import visible


def sku(text: str | None) -> str | None:
    """Return a stock keeping unit without blanks around it and regardless of case, or None for nothing.

    Everything else counts: leading zeros, hyphens and blanks inside tell products apart.
    """
    return visible(visible(text or "").casefold()) or None
