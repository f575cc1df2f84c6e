"""Phone numbers in E.164, by libphonenumber; common spellings by its tables but without its parser."""

import re
from functools import lru_cache

import phonenumbers

_LEADING_00 = re.compile(r"[^\d+]*00")


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
