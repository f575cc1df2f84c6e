"""E-mail addresses: one form per mailbox, the form that a provider delivers by, and mailboxes of roles."""

import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

import idna
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from bothways.records.normal.tables import entries
from bothways.records.normal.text import visible

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LONGEST_DOMAIN = 253
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z0-9][a-z0-9-]*)?[a-z]")
_PLAIN = re.compile(r"([a-z0-9.!#$%&'*+/=?^_`{|}~-]+)@" + _DOMAIN.pattern)
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_USUAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+([a-z]{{2,63}})")
"""An address that can be written to, if it is not too long, and no label of its domain is special."""
_LONGEST = 254
_SPECIAL = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES if name != "test")
_LOCAL = re.compile(r'[^\s@<>,;:"\\\x00-\x1f]+')
_QUOTED = re.compile(r'"((?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])+)"')


class _Provider(NamedTuple):
    endings: re.Pattern[str]
    """What follows the provider's name in its domains."""
    tag: str
    """What begins the part of the mailbox's name that is not looked at."""
    ignored: dict[int, None] = {}
    """Signs in the name that are not looked at."""
    domain: str = ""
    """The one domain for all of the provider's, where a mailbox has the same name at each."""


_ANY_COUNTRY = re.compile(r"[a-z]{2,3}(?:\.[a-z]{2})?")
_GMAIL = _Provider(re.compile("com"), "+", {ord("."): None}, "gmail.com")
_PROTON = _Provider(re.compile("me|com|ch"), "+", dict.fromkeys(map(ord, ".-_")), "proton.me")
_MICROSOFT = _Provider(_ANY_COUNTRY, "+")
_YAHOO = _Provider(_ANY_COUNTRY, "-")
_APPLE = _Provider(re.compile("com"), "+")
_PROVIDERS = {
    "gmail": _GMAIL,
    "googlemail": _GMAIL,
    "yandex": _Provider(re.compile(r"ru|com|by|kz|ua|com\.tr|uz|fr|ee|lt|lv"), "+", domain="yandex.ru"),
    "ya": _Provider(re.compile("ru"), "+", domain="yandex.ru"),
    "proton": _PROTON,
    "protonmail": _PROTON,
    "pm": _PROTON._replace(endings=re.compile("me")),
    "outlook": _MICROSOFT,
    "hotmail": _MICROSOFT,
    "live": _MICROSOFT,
    "msn": _MICROSOFT,
    "icloud": _APPLE,
    "me": _APPLE,
    "mac": _APPLE,
    "fastmail": _Provider(re.compile("com|fm"), "+"),
    "zoho": _Provider(re.compile("com|eu"), "+"),
    "hey": _Provider(re.compile("com"), "+"),
    "yahoo": _YAHOO,
    "ymail": _YAHOO,
    "rocketmail": _YAHOO,
}
"""Providers that deliver several spellings to one mailbox, by the first part of their domains."""


def normal_email(text: str) -> str | None:
    """Return the comparable form of a mail address, or None where the text is not one.

    Zero-width characters, blanks, ``mailto:``, a display name and needless quotes are taken off, both parts
    lower-cased, the domain turned to punycode. Dots and +tags are kept: they tell people apart. It is
    wider than the standard on purpose (two dots in a row, long names): it compares, it does not validate.
    """
    text = visible(text)
    if _is_plain(plain := text.lower()):
        return plain
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1].strip()
    if text[:7].lower() == "mailto:":
        text = text[7:].strip()
    text = text.lower().rstrip(".")
    if _is_plain(text):
        return text
    local, _, domain = unicodedata.normalize("NFC", text).rpartition("@")
    plain_local, plain_domain = _normal_local(local), _punycode(domain)
    return f"{plain_local}@{plain_domain}" if plain_local and plain_domain else None


def email_alias(text: str) -> str | None:
    """Return the address under which its provider delivers: one form for all the spellings that reach one mailbox.

    Gmail ignores dots and what follows a plus sign, others only the latter (Yahoo: what follows a hyphen), and
    some have several domains. Good for suggestions only: providers change their minds. Other domains keep all.
    """
    email = normal_email(text)
    if email is None:
        return None
    local, _, domain = email.rpartition("@")
    name, _, ending = domain.partition(".")
    provider = _PROVIDERS.get(name)
    if provider is None or not provider.endings.fullmatch(ending):
        return email
    bare = local.split(provider.tag, 1)[0]
    if provider.ignored and ".." not in bare:
        bare = bare.translate(provider.ignored)
    return f"{bare}@{provider.domain or domain}" if bare else None


def is_role_address(email: str) -> bool:
    """Tell whether an address (in any form) is of a role or a list of people, such as info@ or sales@."""
    plain = _PLAIN.fullmatch(email.lower())
    local = plain[1] if plain else (normal_email(email) or email.lower()).rpartition("@")[0]
    return local.split("+", 1)[0] in _roles()


def _is_plain(text: str) -> bool:
    """Tell whether an address has its normal form already. Labels with two hyphens may be punycode: look closer."""
    if not _PLAIN.fullmatch(text):
        return False
    domain = text.rpartition("@")[2]
    return len(domain) <= _LONGEST_DOMAIN and "--" not in domain


def _normal_local(local: str) -> str | None:
    quoted = _QUOTED.fullmatch(local)
    if quoted is None:
        return local if _LOCAL.fullmatch(unicodedata.normalize("NFD", local)) else None
    inner = re.sub(r"\\(.)", r"\1", quoted[1])
    return inner if _LOCAL.fullmatch(inner) else '"' + re.sub(r'(["\\])', r"\\\1", inner) + '"'


def _punycode(domain: str) -> str | None:
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
    return ascii_domain if len(ascii_domain) <= _LONGEST_DOMAIN and _DOMAIN.fullmatch(ascii_domain) else None


@cache
def _roles() -> frozenset[str]:
    return (entries("role_mailboxes") | entries("role_mailboxes_added")) - entries("role_mailboxes_removed")


@lru_cache(maxsize=4096)
def is_valid_email(text: str) -> bool:
    """Tell whether a text holds one mail address that can be written to, by its syntax alone; nobody is asked.

    What ``normal_email`` takes off is no mistake. Names kept for tests (.test) pass, other special ones do not.
    """
    address = normal_email(text)
    return address is not None and (_is_usual(address) or _is_valid(address))


def _is_usual(address: str) -> bool:
    """Tell whether the library surely takes an address for valid, as nearly all are; it is slow."""
    usual = _USUAL.fullmatch(address)
    return usual is not None and len(address) <= _LONGEST and usual[1] not in _SPECIAL and "--" not in address


def _is_valid(address: str) -> bool:
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True
