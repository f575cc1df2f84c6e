"""Waiting for what another thread brings about."""

import time
from collections.abc import Callable


def until(true: Callable[[], object], seconds: float = 30.0) -> bool:
    """Wait until something holds; tell whether it came to that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.01)
    return False
