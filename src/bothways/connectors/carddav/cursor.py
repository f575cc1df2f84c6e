"""Where a listing stands, as the opaque text that is kept for us.

With sync-collection that is the server's token. A server without it can only be asked for all etags, so
what they were the last time must be kept; a cursor is the one place a connector has. It holds 8 bytes per
etag, not the etag, and is compressed: about 30 bytes for each card.
"""

import base64
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from bothways.errors import OurFault


@dataclass(frozen=True, slots=True)
class Position:
    """A position in the listing of one book.

    ``url`` is the configured address it belongs to. ``token`` is where the next report begins, ``after`` the
    last path done of a full listing that is under way. ``gone`` are paths told to be gone that are still to be
    passed on. ``twins`` are the cards whose UID another one has: by path, that one's path and the UID. ``unread``
    are paths that the server did not hand out, to be asked for again.
    ``etags`` are the marks of all cards by their path in the book, where the server has no reports
    (else None), and ``ctag`` the book's own tag when they were taken.
    """

    url: str
    book: str
    token: str = ""
    after: str | None = None
    gone: tuple[str, ...] = ()
    twins: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    etags: Mapping[str, str] | None = None
    ctag: str = ""

    @property
    def text(self) -> str:
        """The cursor."""
        plain: dict[str, Any] = {"url": self.url, "book": self.book, "token": self.token, "after": self.after}
        plain |= {"gone": self.gone, "twins": self.twins, "unread": self.unread, "ctag": self.ctag}
        if self.etags is not None:
            plain["etags"] = base64.b85encode(zlib.compress(orjson.dumps(self.etags))).decode()
        return orjson.dumps({name: value for name, value in plain.items() if value}).decode()


def position_of(cursor: str | None, url: str) -> Position | None:
    """Return the position that a cursor stands for, None to begin anew: without one, or for another address."""
    if not cursor:
        return None
    try:
        plain = orjson.loads(cursor)
        if "etags" in plain:
            plain["etags"] = orjson.loads(zlib.decompress(base64.b85decode(plain["etags"])))
        position = Position(**plain | {name: tuple(plain.get(name, ())) for name in ("gone", "unread")})
    except (ValueError, TypeError, AttributeError, zlib.error) as error:
        raise OurFault(reason="a cursor of CardDAV cannot be read", incident="carddav-cursor") from error
    return position if position.url == url else None


def mark(etag: str) -> str:
    """Return what is kept of an etag; "" where there is none, which counts as changed."""
    return hashlib.blake2b(etag.encode(), digest_size=8).hexdigest() if etag else ""
