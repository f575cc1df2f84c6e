"""The address of a database: read from the settings, and resolved past the guard of addresses."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from bothways.connectors.guard import refusal
from bothways.errors import AddressNotAllowed, AppUnreachable

SCHEMES = ("postgresql", "postgres")
PORT = 5432

Resolve = Callable[..., list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Address:
    """One database of one server."""

    host: str
    port: int
    database: str

    @property
    def text(self) -> str:
        """The address as people write it."""
        return f"postgresql://{self.host}:{self.port}/{self.database}"


def address_of(url: str) -> Address:
    """Return what an address names; raise AddressNotAllowed if it is none, or holds credentials or options."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressNotAllowed(host="given", reason="it is not an address") from error
    database = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in SCHEMES:
        raise AddressNotAllowed(host=parts.scheme or "given", reason="only postgresql can be used")
    if not host or "/" in unquote(host) or "," in host:
        raise AddressNotAllowed(host="given", reason="it must name one host")
    if parts.username is not None or parts.password is not None:
        raise AddressNotAllowed(host=host, reason="the name and password belong under auth, not in the address")
    if parts.query or parts.fragment:
        raise AddressNotAllowed(host=host, reason="options cannot be given in it")
    if not database or "/" in database or "\0" in database:
        raise AddressNotAllowed(host=host, reason="it must name one database, as in postgresql://host/database")
    return Address(host, port or PORT, database)


def checked(
    app: str, address: Address, allow_hosts: frozenset[str], resolve: Resolve = socket.getaddrinfo
) -> Sequence[str]:
    """Return the IP addresses of a host, all of which may be called; raise AddressNotAllowed or AppUnreachable."""
    try:
        found = resolve(address.host, address.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise AppUnreachable(app=app, reason=f"there is no host {address.host}") from error
    allowed = is_allowed(address, allow_hosts)
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    for each in addresses:
        reason = refusal(each, allowed)
        if reason is not None:
            raise AddressNotAllowed(host=address.host, reason=reason)
    return addresses


def is_allowed(address: Address, allow_hosts: frozenset[str]) -> bool:
    """Tell whether an administrator has named this host."""
    return address.host.lower() in {host.lower().strip("[]") for host in allow_hosts}
