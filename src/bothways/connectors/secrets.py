"""Keeping secrets out of messages: an app may quote what it was sent."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping

SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
"""Headers that go to the app's own host only, and never into a message."""

SHORTEST = 4
"""Characters: shorter pieces would blot out ordinary words."""


def scrubber(headers: Mapping[str, str], more: Iterable[str] = ()) -> Callable[[str], str]:
    """Return a function that takes every secret in these headers, and ``more`` secrets, out of a text."""
    secrets = set(more)
    for name, value in headers.items():
        if name.lower() in SECRET_HEADERS:
            secrets |= _pieces(value)
    longest_first = sorted((each for each in secrets if len(each) >= SHORTEST), key=len, reverse=True)

    def scrub(text: str) -> str:
        for secret in longest_first:
            text = text.replace(secret, "***")
        return text

    return scrub


def _pieces(value: str) -> set[str]:
    scheme, _, credentials = value.partition(" ")
    found = {value, credentials or scheme}
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(credentials).decode()
        except (binascii.Error, UnicodeDecodeError):
            return found
        found |= {pair, pair.partition(":")[2]}
    return found
