"""Normal forms of e-mail addresses and phone numbers, used for comparing and for matching keys."""

import re
from functools import lru_cache

import idna
import phonenumbers

NORM_VERSION = 1
"""Raised whenever a normal form changes, so that stored keys are made anew."""

_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_PLAIN = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z]")
_LOCAL = re.compile(r'[^\s@<>,;:"\x00-\x1f]+')


def normal_email(text: str) -> str | None:
    """Return the comparable form of a mail address, or None where the text is not one.

    Zero-width characters, blanks, ``mailto:`` and a display name are taken off, both parts lower-cased,
    the domain turned to punycode. Dots and +tags are kept: they tell people apart.
    """
    text = text.translate(_ZERO_WIDTH).strip()
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1].strip()
    if text[:7].lower() == "mailto:":
        text = text[7:].strip()
    text = text.lower().rstrip(".")
    if _PLAIN.fullmatch(text):
        return text
    local, at, domain = text.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or not domain:
        return None
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
    plain_domain = f"x@{ascii_domain}"
    return f"{local}@{ascii_domain}" if _PLAIN.fullmatch(plain_domain) else None


@lru_cache(maxsize=65536)
def normal_phone(text: str, region: str | None = None) -> str | None:
    """Return E.164, with ``;ext=`` where there is an extension, or None where no country is known.

    ``region`` is an ISO 3166 country code for numbers in national form. A leading ``00``, and bare
    digits that are valid with their country code, count as international.
    """
    text = text.strip()
    if text[:4].lower() == "tel:":
        text = text[4:]
    digits = re.sub(r"[^\d]", "", text)
    if len(digits) < 5:
        return None
    attempts = [(text, region)]
    if digits.startswith("00"):
        attempts.append(("+" + digits[2:], None))
    if region is None and not text.startswith("+"):
        attempts.append(("+" + digits, None))
    for attempt, country in attempts:
        try:
            number = phonenumbers.parse(attempt, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            return f"{e164};ext={number.extension}" if number.extension else e164
    return None
