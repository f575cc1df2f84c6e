"""Normal forms of e-mail addresses and phone numbers, used for comparing and for matching keys."""

import re
import unicodedata
from functools import lru_cache

import idna
import phonenumbers
from email_validator import EmailNotValidError, validate_email

NORM_VERSION = 1
"""Raised whenever a normal form changes, so that stored keys are made anew."""

_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z0-9][a-z0-9-]*)?[a-z]")
_PLAIN = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@" + _DOMAIN.pattern)
_LOCAL = re.compile(r'[^\s@<>,;:"\\\x00-\x1f]+')
_QUOTED = re.compile(r'"((?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])+)"')
_LEADING_00 = re.compile(r"[^\d+]*00")


def normal_email(text: str) -> str | None:
    """Return the comparable form of a mail address, or None where the text is not one.

    Zero-width characters, blanks, ``mailto:``, a display name and needless quotes are taken off, both parts
    lower-cased, the domain turned to punycode. Dots and +tags are kept: they tell people apart. It is
    wider than the standard on purpose (two dots in a row, long labels): it compares, it does not validate.
    """
    text = text.translate(_ZERO_WIDTH).strip()
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


@lru_cache(maxsize=65536)
def is_valid_email(text: str) -> bool:
    """Tell whether a text holds one mail address that can be written to, by its syntax alone; nobody is asked.

    What ``normal_email`` takes off is no mistake. Names kept for tests (.test) pass, other special ones do not.
    """
    address = normal_email(text)
    if address is None:
        return False
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


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


@lru_cache(maxsize=65536)
def normal_phone(text: str, region: str | None = None) -> str | None:
    """Return E.164, with ``;ext=`` where there is an extension, or None where no country is known.

    ``region`` is an ISO 3166 country code for numbers in national form. A leading ``00``, and digits
    without any punctuation that are valid with their country code, count as international.
    """
    text = text.strip()
    if text[:4].lower() == "tel:":
        text = text[4:]
    attempts = [(text, region.upper() if region else None)]
    if zeros := _LEADING_00.match(text):
        attempts.append(("+" + text[zeros.end() :], None))
    if region is None and text.isdecimal():
        attempts.append(("+" + text, None))
    for attempt, country in attempts:
        try:
            number = phonenumbers.parse(attempt, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            return f"{e164};ext={number.extension}" if number.extension else e164
    return None
