"""From the file to how long history is kept, and back."""

from bothways.service.document import FOREVER, KEEP_HISTORY
from bothways.service.schedule_document import DAY, written
from bothways.service.yaml_file import Node

HISTORY = ("keep",)
LEAST_KEPT, MOST_KEPT = 90 * DAY, 36_500 * DAY
"""Seconds. The least is as long as a sync ever looks back at what it did: the longest grace of a deletion."""

_EXPECTED = f"a time of 90d or more, such as 365d, or {FOREVER}"


def history_of(root: Node) -> float | None:
    """Return for how many seconds history is kept, None for ever."""
    node = root.node("history")
    node.only(HISTORY)
    if node.data.get("keep") == FOREVER:
        return None
    return node.length("keep", KEEP_HISTORY, LEAST_KEPT, MOST_KEPT, _EXPECTED)


def history_data(keep: float | None) -> dict[str, object]:
    """Return how long history is kept in the words of the file; nothing where it is the usual."""
    if keep == KEEP_HISTORY:
        return {}
    if keep is None:
        return {"keep": FOREVER}
    return {"keep": f"{written(keep / DAY)}d" if keep % DAY == 0 else f"{written(keep)}s"}
