"""Values of options that need reading."""

from bothways.errors import UsageError

MOST = 10_000_000
"""The most records that any ``--limit`` takes."""


def percentage(text: str | None) -> float | None:
    """Return ``10%`` or ``10`` as 10.0, None as it is; refuse what is no percentage."""
    if text is None:
        return None
    try:
        share = float(text.strip().removesuffix("%"))
    except ValueError:
        share = -1.0
    if not 0 <= share <= 100:
        raise UsageError(reason=f'"{text}" is not a percentage', hint="For example: --max-change 10%")
    return share
