"""Phone numbers in E.164, by libphonenumber; common spellings by its tables, without its parser."""

import re
from functools import cache, lru_cache
from typing import NamedTuple

import phonenumbers

from bothways.records.normal.text import visible

_LEADING_00 = re.compile(r"[^\d+]*00")
_COMMON = re.compile(
    r"(?P<number>(?P<plus>\+(?=[1-9])|(?=[0-9(]))[0-9 ().-]{4,30}[0-9])(?:(?: ext\.? ?| ?x|;ext=)(?P<ext>[0-9]{1,5}))?"
)
_NOT_DIGITS = {ord(sign): None for sign in " ().-+"}
_REGIONS: dict[str, tuple[str, ...]] = {
    str(code): regions for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
}
_KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)


@lru_cache(maxsize=4096)
def normal_phone(text: str, region: str | None = None) -> str | None:
    """Return E.164, with ``;ext=`` where there is an extension, or None where no country is known.

    ``region`` is an ISO 3166 country code for numbers in national form. A leading ``00``, and digits
    without any punctuation that are valid with their country code, count as international.
    """
    text = visible(text)
    if common := _COMMON.fullmatch(text):
        quick = _quick(common["number"].translate(_NOT_DIGITS), bool(common["plus"]), region)
        if quick is not None:
            return f"{quick};ext={common['ext']}" if common["ext"] else quick
    return _by_library(text, region)


def _by_library(text: str, region: str | None) -> str | None:
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


def _quick(digits: str, international: bool, region: str | None) -> str | None:
    """Return the E.164 form where the library could make nothing else of the digits; None says nothing."""
    if international or region is None:
        if not international and not digits.startswith("00"):
            return None
        digits = digits if international else digits[2:]
        code = next((digits[:length] for length in (1, 2, 3) if digits[:length] in _REGIONS), "")
        plan, national = _plan(_REGIONS[code][0]) if code else None, digits[len(code) :]
    else:
        plan, national = _plan(region.upper()), digits
        if plan is not None and plan.abroad.pattern == "00" and digits.startswith("00"):
            return _quick(digits[2:], True, None)
        if plan is None or national.startswith(plan.code) or plan.abroad.match(national):
            return None
    if plan is None:
        return None
    if trunk := plan.trunk and plan.trunk.match(national):
        national = national[trunk.end() :] if plan.trunk_is_cut else ""
        if not plan.any_number.match(national):
            return None
    return f"+{plan.code}{national}" if _is_valid(plan.code, national) else None


def _is_valid(code: str, national: str) -> bool:
    """Do as the library does: the first of a calling code's regions that can have the number decides."""
    for region in _REGIONS[code]:
        plan = _plan(region)
        if plan is None:
            continue
        if plan.leading is None:
            if plan.known_kind.match(national):
                return True
        elif plan.leading.match(national):
            return plan.known_kind.match(national) is not None
    return False


class _Plan(NamedTuple):
    """The numbering plan of a region, as far as the library's parser and its test of validity ask."""

    code: str
    """Country calling code."""
    abroad: re.Pattern[str]
    """What is dialled before a number abroad."""
    trunk: re.Pattern[str] | None
    """What is dialled before a number inside the country."""
    trunk_is_cut: bool
    """Whether the number is simply what follows it."""
    leading: re.Pattern[str] | None
    """Digits that only this region's numbers have, where its calling code is shared."""
    any_number: re.Pattern[str]
    known_kind: re.Pattern[str]


@cache
def _plan(region: str) -> _Plan | None:
    found = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    if found is None or not found.international_prefix:
        return None
    trunk = re.compile(found.national_prefix_for_parsing) if found.national_prefix_for_parsing else None
    any_number = _pattern(found.general_desc)
    kinds = filter(None, (_pattern(getattr(found, kind)) for kind in _KINDS))
    return _Plan(
        code=str(found.country_code),
        abroad=re.compile(found.international_prefix),
        trunk=trunk,
        trunk_is_cut=trunk is not None and not trunk.groups and not found.national_prefix_transform_rule,
        leading=re.compile(found.leading_digits) if found.leading_digits else None,
        any_number=re.compile(any_number),
        known_kind=re.compile(f"(?={any_number})(?:{'|'.join(kinds)})"),
    )


def _pattern(kind: phonenumbers.PhoneNumberDesc | None) -> str:
    """Return a pattern for a kind of numbers, their possible lengths in it; one that matches nothing for none."""
    if kind is None or not kind.national_number_pattern:
        return ""
    lengths = "|".join(rf"[0-9]{{{length}}}\Z" for length in kind.possible_length if length > 0)
    return rf"(?:(?={lengths})(?:{kind.national_number_pattern})\Z)"
