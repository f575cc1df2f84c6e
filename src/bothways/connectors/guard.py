"""Which addresses may be called: the guard against requests forged through a user's settings.

Names are resolved here and the connection goes to the very address that was checked, so that a name
cannot answer differently the second time.
"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from bothways.errors import AddressNotAllowed

Resolve = Callable[..., list[tuple[Any, ...]]]
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def check_url(url: str) -> SplitResult:
    """Return the parts of a web address; raise AddressNotAllowed if it is none, or holds credentials."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise AddressNotAllowed(host=parts.scheme or "given", reason="only http and https can be used")
    if not parts.hostname:
        raise AddressNotAllowed(host="given", reason="it names no host")
    if parts.username is not None or parts.password is not None:
        raise AddressNotAllowed(
            host=parts.hostname, reason="the name and password belong under auth, not in the address"
        )
    return parts


def refusal(address: str, allowed: bool) -> str | None:
    """Return in words why an IP address may not be called, None if it may.

    ``allowed`` says that an administrator allows its host: that opens private and loopback addresses,
    never link-local ones, where cloud machines keep their credentials.
    """
    ip = _inner(ipaddress.ip_address(address.partition("%")[0]))
    if ip.is_link_local:
        return "it is a link-local address"
    if ip.is_multicast or ip.is_unspecified:
        return "it is not the address of one machine"
    if ip.is_global or allowed:
        return None
    return "it is a loopback address" if ip.is_loopback else "it is a private address"


def _inner(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        return ip.ipv4_mapped or ip.sixtofour or ip
    return ip


def resolved(host: str, port: int, allow_hosts: frozenset[str], resolve: Resolve = socket.getaddrinfo) -> list[Any]:
    """Return the addresses of a host, as getaddrinfo does, all of which may be called.

    ``allow_hosts``: the private or loopback hosts that an administrator allows. Raises AddressNotAllowed, OSError.
    """
    host = host.strip("[]")
    allowed = host.lower() in {each.lower().strip("[]") for each in allow_hosts}
    try:
        found = resolve(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise socket.gaierror(str(error)) from error
    for *_, sockaddr in found:
        reason = refusal(str(sockaddr[0]), allowed)
        if reason is not None:
            raise AddressNotAllowed(host=host, reason=reason)
    return found


def pool_classes(allow_hosts: frozenset[str], resolve: Resolve = socket.getaddrinfo) -> dict[str, Any]:
    """Return urllib3's pool classes per scheme whose connections are guarded.

    Their connections raise AddressNotAllowed for a host that resolves to a forbidden address.
    """

    class Guarded(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, allow_hosts, resolve)

    class GuardedTls(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, allow_hosts, resolve)

    class Plain(HTTPConnectionPool):
        ConnectionCls = Guarded

    class Tls(HTTPSConnectionPool):
        ConnectionCls = GuardedTls

    return {"http": Plain, "https": Tls}


def _connect(conn: HTTPConnection, allow_hosts: frozenset[str], resolve: Resolve) -> socket.socket:
    try:
        found = resolved(conn.host, conn.port, allow_hosts, resolve)
    except socket.gaierror as error:
        raise NameResolutionError(conn.host, conn, error) from error
    return _first_of(conn, found)


def _first_of(conn: HTTPConnection, found: list[tuple[Any, ...]]) -> socket.socket:
    """Return a socket to the first address that answers; raise urllib3's own errors if none does."""
    last: OSError | None = None
    for family, kind, proto, _, sockaddr in found:
        sock = socket.socket(family, kind, proto)
        try:
            for option in conn.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(conn.timeout)
            sock.connect(sockaddr)
            return sock
        except OSError as error:
            sock.close()
            last = error
    if isinstance(last, TimeoutError):
        raise ConnectTimeoutError(conn, "timed out") from last
    raise NewConnectionError(conn, _words(last)) from last


def _words(error: OSError | None) -> str:
    return (error.strerror if error is not None else None) or "no address"
