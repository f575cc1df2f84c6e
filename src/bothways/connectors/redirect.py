"""Where a redirect may take a call: method, body and credentials stay on the host they were meant for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from bothways.connectors.guard import check_url
from bothways.connectors.secrets import SECRET_HEADERS
from bothways.errors import ProtocolError

MOST_HOPS = 5
_KEEPING_METHOD, _TO_GET = frozenset({301, 302, 307, 308}), 303
_READING = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"})


@dataclass(frozen=True, slots=True)
class Target:
    """One request: ``home`` is the address whose host may see the credentials among the headers."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    home: str
    hops: int = 0

    def __post_init__(self) -> None:
        if not same_host(self.home, self.url):
            bare = {name: value for name, value in self.headers.items() if name.lower() not in SECRET_HEADERS}
            object.__setattr__(self, "headers", bare)


def same_host(home: str, url: str) -> bool:
    """Tell whether an address is on the very server of ``home``; its https twin counts as that."""
    ours, theirs = urlsplit(home), urlsplit(url)
    if (ours.hostname or "").lower() != (theirs.hostname or "").lower():
        return False
    if ours.scheme == theirs.scheme:
        return _port(ours.scheme, ours.port) == _port(theirs.scheme, theirs.port)
    plain_ports = ours.port in (None, 80) and theirs.port in (None, 443)
    return ours.scheme == "http" and theirs.scheme == "https" and plain_ports


def follow(target: Target, status: int, location: str | None, app: str) -> Target | None:
    """Return the request that a redirect asks for, None if the answer is none.

    A 301 or 302 keeps the method: apps that mean otherwise say 303. Raises ProtocolError for a redirect
    that goes round in circles, leaves TLS, or would take a write to another host.
    """
    if (status not in _KEEPING_METHOD and status != _TO_GET) or not location:
        return None
    url = urljoin(target.url, location)
    parts = check_url(url)
    host = parts.hostname
    if target.hops >= MOST_HOPS:
        raise ProtocolError(app=app, reason=f"more than {MOST_HOPS} redirects")
    if urlsplit(target.url).scheme == "https" and parts.scheme == "http":
        raise ProtocolError(app=app, reason=f"a redirect to {host} without TLS")
    if status == _TO_GET:
        return replace(target, method="GET", url=url, body=None, hops=target.hops + 1)
    if target.method not in _READING and not same_host(target.home, url):
        raise ProtocolError(app=app, reason=f"a write redirected to another host, {host}")
    return replace(target, url=url, hops=target.hops + 1)


def _port(scheme: str, port: int | None) -> int:
    return port or (443 if scheme == "https" else 80)
