"""Rules that the administrators of an account set for the values of properties, in words.

Source: guide of the property validations API (types of rules and their arguments). Writes by every version of the API
obey them. Those of whole records cannot be read: ``problems`` tells what they refuse.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bothways.connectors.hubspot.api import Api
from bothways.errors import AppError

KEPT = 600.0
"""Seconds for which rules are told as they were read, when a value is refused."""

WORDS = {
    "MAX_LENGTH": "at most {count} characters",
    "MIN_LENGTH": "at least {count} characters",
    "MAX_NUMBER": "at most {count}",
    "MIN_NUMBER": "at least {count}",
    "DECIMAL": "at most {count} decimals",
    "EMAIL": "an e-mail address",
    "EMAIL_ALLOWED_DOMAINS": "an e-mail address of {domains}",
    "EMAIL_BLOCKED_DOMAINS": "no e-mail address of {domains}",
    "DOMAIN": "a domain",
    "URL": "a web address",
    "URL_ALLOWED_DOMAINS": "a web address of {domains}",
    "URL_BLOCKED_DOMAINS": "no web address of {domains}",
    "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE": "a phone number that begins with + and the code of its country",
    "SPECIAL_CHARACTERS": "no special characters",
    "START_DATE": "not before {day}",
    "END_DATE": "not after {day}",
}
"""Types of rules in words, with their arguments. Those that are not here are told by their names."""

TOLD, PATTERN, OTHER = 'in its own words "{words}"', 'the pattern "{pattern}"', 'the rule "{rule}"'
"""A pattern that its author described, one that nobody did, and a type of rules that is not here."""

_WORDS_OF = {
    ("ALPHANUMERIC", "ALPHANUMERIC"): "only letters and digits",
    ("ALPHANUMERIC", "ALPHA_ONLY"): "only letters",
    ("ALPHANUMERIC", "NUMERIC_ONLY"): "only digits",
    ("FORMAT", "UPPER"): "capitals",
    ("FORMAT", "LOWER"): "small letters",
    ("FORMAT", "CAPITALIZATION"): "each word with a capital",
    ("WHITESPACE", "TRIM"): "no blanks at the ends",
}

Rules = Mapping[str, Mapping[str, Sequence[str]]]
"""By property: the types of its rules, each with its arguments."""


def read(api: Api, object: str) -> Rules:
    """Return the rules of an object's properties; none where the token may not read them, or they cannot be read."""
    try:
        rows = api.rules(object)
    except AppError:
        return {}
    return {str(row["propertyName"]): dict(_rules(row)) for row in rows}


def _rules(row: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    for each in row.get("propertyValidationRules") or ():
        yield str(each.get("ruleType")), [str(argument) for argument in each.get("ruleArguments") or ()]


def words(rules: Rules, name: str) -> str:
    """Return the rules of a property in words, "" where it has none."""
    return ", ".join(_in_words(type, arguments) for type, arguments in rules.get(name, {}).items())


def _in_words(type: str, arguments: Sequence[str]) -> str:
    first = arguments[0] if arguments else ""
    if type == "REGEX" and arguments:
        return TOLD.format(words=arguments[1]) if len(arguments) > 1 else PATTERN.format(pattern=first)
    if type == "WHITESPACE" and first != "TRIM":
        return "no blanks"
    said = _WORDS_OF.get((type, first)) or WORDS.get(type)
    told = " / ".join(arguments)
    return said.format(count=told, domains=told, day=told) if said else OTHER.format(rule=" ".join([type, *arguments]))
