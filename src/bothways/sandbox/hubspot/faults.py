"""Faults that a test orders: taken in the order in which they were ordered, so that runs repeat exactly."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bothways.sandbox.hubspot.web import Reply

WRITES = ("create", "update", "archive", "batch/create", "batch/update", "batch/archive", "batch/upsert", "merge")
BATCHES = ("batch/read", "batch/create", "batch/update", "batch/archive", "batch/upsert")
EVENT, HOOKS, DELIVERY, ENTRY = "event", "hooks", "delivery", "entry"
"""What a fault of webhooks meets: one event, the events that are sent together, one attempt to deliver them; and of the
journal: one event."""

KINDS: Mapping[str, tuple[str, ...] | None] = {
    **dict.fromkeys(("400", "401", "403", "404", "409", "414", "423", "429", "477", "500", "502", "503", "504")),
    "timeout-before": None,
    "timeout-after-commit": None,
    "half-batch": BATCHES,
    "slow": None,
    "held": None,
    "lag": WRITES,
    "garbage": None,
    "empty-page": ("list",),
    **dict.fromkeys(("hook-late", "hook-twice", "hook-dropped"), (EVENT,)),
    "hook-shuffled": (HOOKS,),
    "hook-forged": (DELIVERY,),
    **dict.fromkeys(("journal-late", "journal-twice", "journal-dropped"), (ENTRY,)),
}
"""Every kind of fault and what it can meet (None: every call of the API)."""


@dataclass(slots=True)
class Fault:
    """One ordered fault: how often it still happens, and to which calls."""

    kind: str
    times: int
    match: str
    options: Mapping[str, Any] = field(default_factory=dict)


class Faults:
    """The faults that are still to happen."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def order(self, kind: str, times: int, match: str, options: Mapping[str, Any]) -> None:
        """Order a fault for the next calls whose method and path contain ``match``; raise ValueError."""
        if kind not in KINDS:
            raise ValueError(f"no fault is called {kind}; there are {', '.join(KINDS)}")
        with self._lock:
            self._waiting.append(Fault(kind, times, match, options))

    def meet(self, call: str, target: str) -> Fault | None:
        """Return the fault that this call meets, None for none. One call meets one fault."""
        with self._lock:
            for fault in self._waiting:
                if fault.times > 0 and fault.match in target and _meets(fault.kind, call):
                    fault.times -= 1
                    self._waiting = [each for each in self._waiting if each.times > 0]
                    return fault
        return None

    def waiting(self) -> int:
        """Return how many faults have not happened yet."""
        return sum(fault.times for fault in self._waiting)

    def clear(self) -> None:
        """Forget all faults that have not happened yet."""
        with self._lock:
            self._waiting.clear()


def emptied(reply: Reply, after: str) -> Reply:
    """Return a page that begins at a place without its rows, if another one follows: that one begins there as well.

    The place is the same in other letters, since no page leads to itself.
    """
    if "paging" in reply.body:
        first = reply.body["results"][0]["id"]
        place = "0" + (after if after.lstrip("0") == first else first)
        link = re.sub(r"(?<=[?&]after=)\d+", place, reply.body["paging"]["next"]["link"])
        reply.body = {"results": [], "paging": {"next": {"after": place, "link": link}}}
    return reply


def _meets(kind: str, call: str) -> bool:
    calls = KINDS[kind]
    return call not in (EVENT, HOOKS, DELIVERY, ENTRY) if calls is None else call in calls
