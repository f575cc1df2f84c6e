"""Tokens that an app gives to our registration there, and that are of no account (RFC 6749, 4.4).

They are asked for when one is needed, by whoever needs it, and kept nowhere but in memory: another is as good.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bothways.service.access import EARLY

if TYPE_CHECKING:
    from bothways.connectors.oauth import Client, Tokens, TokenServer


@dataclass(slots=True)
class OwnAccess:
    """The access that our registration has by itself, for these scopes; ``client``: by what the app knows us."""

    client: "Callable[[], Client]"
    server: "Callable[[Client], TokenServer]"
    clock: Callable[[], float]
    scopes: Callable[[], Sequence[str]]
    _held: "Tokens | None" = field(default=None, init=False, repr=False)
    _bad: str = field(default="", init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def token(self) -> str:
        """Return a token that is good for now; raise PermissionMissing, ClientRefused, or what asking for it raises."""
        with self._lock:
            held = self._held
            if held is None or held.access == self._bad or self.clock() >= held.until - EARLY:
                held = self._held = self.server(self.client()).own(self.scopes())
            return held.access

    def refused(self, token: str) -> None:
        """Take the app's word that a token is not good any more."""
        self._bad = token

    def allowed(self) -> frozenset[str] | None:
        """Return the scopes that are asked for."""
        return frozenset(self.scopes())
