"""The domain that stands for a company: registrable, and its own."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import idna

from bothways.records.normal.tables import entries
from bothways.records.normal.text import visible

if TYPE_CHECKING:
    from tldextract.tldextract import ExtractResult

_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//|(?:mailto|https?):", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*")
_DOTS = re.compile("[\u3002\uff0e\uff61]")
_LONGEST_HOST = 253
_NOT_PUBLIC = frozenset(
    ["local", "localhost", "localdomain", "internal", "lan", "intranet", "corp", "home", "arpa", "onion"]
)


def company_domain(text: str | None) -> str | None:
    """Return the registrable domain, in punycode, that a web address, bare domain or mail address points to.

    None where it says nothing about the company: an IP address, a name of a local network, a free mailbox, a social
    network, marketplace, directory or link shortener. Customers of a hosting service (``shop.myshopify.com``) have
    domains of their own; they are told by the private part of the public suffix list.
    """
    host = _host(text or "")
    if host is None:
        return None
    domain = registrable_domain(host)
    if domain is None or domain.rpartition(".")[2] in _NOT_PUBLIC:
        return None
    shared = _shared()
    return None if domain in shared or host in shared else domain


def is_free_mail(email: str) -> bool:
    """Tell whether an address in normal form is of a provider that gives mailboxes to anybody."""
    host = email.rpartition("@")[2]
    return host in _free_mail() or registrable_domain(host) in _free_mail()


@lru_cache(maxsize=65536)
def registrable_domain(host: str) -> str | None:
    """Return the part of a host name (ASCII, lower case) that somebody registered; None for a public suffix.

    Where the list does not know the last label, it counts as a suffix.
    """
    found = _suffixes()(host)
    if found.suffix:
        return f"{found.domain}.{found.suffix}" if found.domain else None
    labels = host.split(".")
    return ".".join(labels[-2:]) if len(labels) > 1 else None


def _host(text: str) -> str | None:
    """Return the host of an address in ASCII and lower case, or None where there is no public one."""
    text = visible(text)
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1]
    text = _DOTS.sub(".", text).lower()
    if scheme := _SCHEME.match(text):
        text = text[scheme.end() :]
    host = re.split(r"[/?#\\]", text, maxsplit=1)[0].rpartition("@")[2]
    host = re.sub(r":\d*$", "", host).rstrip(".")
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    return host if len(host) <= _LONGEST_HOST and _HOST.fullmatch(host) else None


@cache
def _suffixes() -> "Callable[[str], ExtractResult]":
    """Return the look-up in the public suffix list as tldextract ships it; nothing is fetched or kept on disk."""
    import tldextract  # takes a while to load, and most commands need no domain

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True).extract_str


@cache
def _free_mail() -> frozenset[str]:
    return (entries("free_mail") | entries("free_mail_added")) - entries("free_mail_removed")


@cache
def _shared() -> frozenset[str]:
    return _free_mail() | entries("shared_hosts")
