"""Phone numbers as search knows them: in calculated properties, with area and local number alone."""

import re
from collections.abc import Mapping

SEARCHED = {
    "hs_searchable_calculated_phone_number": "phone",
    "hs_searchable_calculated_mobile_number": "mobilephone",
}
"""The calculated property of each one that holds a phone number."""


def value_of(props: Mapping[str, str], name: str) -> str | None:
    """Return what a property of a record holds, the calculated ones of phone numbers included."""
    return local_number(props.get(SEARCHED[name])) if name in SEARCHED else props.get(name)


def local_number(text: str | None) -> str | None:
    """Return the digits of a phone number, without the country's where it begins with a plus; None for no digits.

    [K] What becomes of other prefixes than a plus.
    """
    from phonenumbers import NumberParseException, parse  # takes a while, and few need it

    if text and text.lstrip().startswith("+"):
        try:
            return str(parse(text, None).national_number)
        except NumberParseException:
            pass
    return re.sub(r"\D", "", text or "") or None
