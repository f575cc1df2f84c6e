"""E-mail addresses: one form per mailbox, the form that a provider delivers by, and mailboxes of roles."""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

import idna

from bothways.records.normal.tables import entries
from bothways.records.normal.text import visible

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z0-9][a-z0-9-]*)?[a-z]")
_PLAIN = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@" + _DOMAIN.pattern)
_LOCAL = re.compile(r'[^\s@<>,;:"\\\x00-\x1f]+')
_QUOTED = re.compile(r'"((?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])+)"')


class _Provider(NamedTuple):
    domains: re.Pattern[str]
    tag: str
    """What begins the part of the name that is not looked at."""
    ignored: dict[int, None]
    """Signs in the name that are not looked at."""
    domain: str = ""
    """The one domain for all of the provider's, where a mailbox has the same name at each."""


_DOTS = {ord("."): None}
_DOTS_AND_MORE = dict.fromkeys(map(ord, ".-_"))
_PROVIDERS = (
    _Provider(re.compile(r"g(?:oogle)?mail\.com"), "+", _DOTS, "gmail.com"),
    _Provider(re.compile(r"(?:yandex\.(?:ru|com|by|kz|ua|com\.tr|uz|fr|ee|lt|lv)|ya\.ru)"), "+", {}, "yandex.ru"),
    _Provider(re.compile(r"p(?:roton(?:mail)?\.(?:me|com|ch)|m\.me)"), "+", _DOTS_AND_MORE, "proton.me"),
    _Provider(re.compile(r"(?:outlook|hotmail|live|msn|passport)\.[a-z]{2,3}(?:\.[a-z]{2})?"), "+", {}),
    _Provider(re.compile(r"icloud\.com|me\.com|mac\.com|fastmail\.(?:com|fm)|zoho\.(?:com|eu)|hey\.com"), "+", {}),
    _Provider(re.compile(r"(?:yahoo|ymail|rocketmail)\.[a-z]{2,3}(?:\.[a-z]{2})?"), "-", {}),
)


def normal_email(text: str) -> str | None:
    """Return the comparable form of a mail address, or None where the text is not one.

    Zero-width characters, blanks, ``mailto:``, a display name and needless quotes are taken off, both parts
    lower-cased, the domain turned to punycode. Dots and +tags are kept: they tell people apart. It is
    wider than the standard on purpose (two dots in a row, long labels): it compares, it does not validate.
    """
    text = visible(text)
    if _PLAIN.fullmatch(plain := text.lower()):
        return plain
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1].strip()
    if text[:7].lower() == "mailto:":
        text = text[7:].strip()
    text = text.lower().rstrip(".")
    if _PLAIN.fullmatch(text):
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
    provider = next((rule for rule in _PROVIDERS if rule.domains.fullmatch(domain)), None)
    if provider is None:
        return email
    bare = local.split(provider.tag, 1)[0]
    if provider.ignored and ".." not in bare:
        bare = bare.translate(provider.ignored)
    return f"{bare}@{provider.domain or domain}" if bare else email


def is_role_address(email: str) -> bool:
    """Tell whether an address (in any form) is of a role or a list of people, such as info@ or sales@."""
    local = (normal_email(email) or email.lower()).rpartition("@")[0]
    return local.split("+", 1)[0] in _roles()


def _normal_local(local: str) -> str | None:
    quoted = _QUOTED.fullmatch(local)
    if quoted is None:
        return local if _LOCAL.fullmatch(local) else None
    inner = re.sub(r"\\(.)", r"\1", quoted[1])
    return inner if _LOCAL.fullmatch(inner) else '"' + re.sub(r'(["\\])', r"\\\1", inner) + '"'


def _punycode(domain: str) -> str | None:
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
    return ascii_domain if _DOMAIN.fullmatch(ascii_domain) else None


@cache
def _roles() -> frozenset[str]:
    return (entries("role_mailboxes") | entries("role_mailboxes_added")) - entries("role_mailboxes_removed")
