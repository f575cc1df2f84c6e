"""Rules that the administrators of an account set, and the limits of its subscription.

Rules of values hold for every write by the API since July 2023, rules of whole records from version 2026-09 on
(changelogs "property validations rules will be enforced" and "CRM API write validation enforcement"). What types of
rules mean, and with which arguments, is told by the guide of the property validations API. [K] The codes and sentences
of refused values but INVALID_ALPHA; that a rule of another property counts whenever a write says anything of one of the
two; what a full account answers.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.values import Invalid

FIRST = "2026-09"
"""The first version whose writes obey the rules of whole records."""

RECORDS, PROPERTIES = 15_000_000, 1000
"""Of one kind, where nothing else was said: what an account may hold."""

_VERSION = re.compile(r"20\d\d-\d\d")
_EMAIL = re.compile(r"[^@\s]+@(?:[^@\s.]+\.)+[^@\s.]{2,}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_PHONE = re.compile(r"\+[0-9][0-9 ().-]{5,24}")
_ALPHABETS = {"ALPHANUMERIC": str.isalnum, "ALPHA_ONLY": str.isalpha, "NUMERIC_ONLY": str.isdecimal}

Test = Callable[[str, Sequence[str]], bool]


def _is_url(text: str, _: Sequence[str]) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(_DOMAIN.fullmatch(parts.hostname or ""))


def _has_no_space(text: str, arguments: Sequence[str]) -> bool:
    return text == text.strip() if list(arguments) == ["TRIM"] else not re.search(r"\s", text)


TYPES: Mapping[str, tuple[str, str, Test]] = {
    "MAX_LENGTH": ("INVALID_LENGTH", "Enter at most {} characters", lambda text, args: len(text) <= int(args[0])),
    "MIN_LENGTH": ("INVALID_LENGTH", "Enter at least {} characters", lambda text, args: len(text) >= int(args[0])),
    "MAX_NUMBER": ("INVALID_NUMBER_RANGE", "Enter at most {}", lambda text, args: Decimal(text) <= Decimal(args[0])),
    "MIN_NUMBER": ("INVALID_NUMBER_RANGE", "Enter at least {}", lambda text, args: Decimal(text) >= Decimal(args[0])),
    "ALPHANUMERIC": ("INVALID_ALPHA", "Enter only letters", lambda text, args: _ALPHABETS[args[0]](text)),
    "EMAIL": ("INVALID_EMAIL", "Enter a valid email", lambda text, _: bool(_EMAIL.fullmatch(text))),
    "DOMAIN": ("INVALID_DOMAIN", "Enter a valid domain", lambda text, _: bool(_DOMAIN.fullmatch(text))),
    "URL": ("INVALID_URL", "Enter a valid URL", _is_url),
    "REGEX": ("INVALID_REGEX", "{1}", lambda text, args: bool(re.search(args[0], text))),
    "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE": (
        "INVALID_PHONE_NUMBER",
        "Enter a phone number with its country code",
        lambda text, _: bool(_PHONE.fullmatch(text)),
    ),
    "WHITESPACE": ("INVALID_WHITESPACE", "Enter no spaces", _has_no_space),
}
"""By type of rule: the code and the sentence of a refusal, and whether a text obeys it."""


@dataclass
class Rules:
    """The rules of one account, by the name of a kind of record; they are kept in memory, and gone with the process.

    ``values``: per property, what each type of rule demands. ``when``: a property, one of its values, and the property
    that must then have a value. ``made``: properties that a new record must have. ``everywhere``: the rules of whole
    records hold for older versions of the API, too. ``may_associate``: whether people who let apps in may edit
    associations. ``most``: how many records there can be.
    """

    values: dict[str, dict[str, dict[str, list[str]]]] = field(default_factory=dict)
    when: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    made: dict[str, list[str]] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    everywhere: bool = False
    may_associate: bool = True

    def set_rule(self, kind: str, name: str, type: str, arguments: Sequence[str] | None) -> None:
        """Set a rule of a property's values, or take it away (None)."""
        if type not in TYPES:
            raise ValueError(f"there is no rule of the type {type}")
        rules = self.values.setdefault(kind, {}).setdefault(name, {})
        rules.pop(type, None)
        if arguments is not None:
            rules[type] = list(arguments)

    def obeyed_in(self, path: str) -> bool:
        """Tell whether calls to a path obey the rules of whole records."""
        return self.everywhere or is_since(path)

    def check_value(self, kind: str, name: str, text: str) -> None:
        """Raise Invalid if a value breaks a rule of its property."""
        for type, arguments in self.values.get(kind, {}).get(name, {}).items():
            code, sentence, obeys = TYPES[type]
            if not obeys(text, arguments):
                raise Invalid(code, sentence.format(*arguments))

    def check_record(self, kind: str, sent: Mapping[str, str | None], held: Mapping[str, str], *, new: bool) -> None:
        """Raise Refused if a record that is written breaks a rule of whole records."""
        after = {**held, **sent}
        for trigger, value, name in self.when.get(kind, ()):
            if {trigger, name} & sent.keys() and after.get(trigger) == value and not after.get(name):
                message = f"{name} is required because of a conditional property rule based on [{trigger}]"
                raise _missing("MISSING_CONDITIONAL_REQUIRED_PROPERTY", {name: message})
        lacks = [name for name in self.made.get(kind, ()) if new and not after.get(name)]
        if lacks:
            messages = {name: f"A value for {name} must be provided" for name in lacks}
            raise _missing("MISSING_REQUIRED_PROPERTY", messages)

    def check_room(self, kind: str, count: int) -> None:
        """Raise Refused if no more records fit into the account."""
        if count >= self.most[kind]:
            raise Refused(400, f"You have reached the limit of {count} {kind}")


def is_since(path: str, first: str = FIRST) -> bool:
    """Tell whether a path is one of a version by date, or of a later one."""
    version = _VERSION.search(path)
    return version is not None and version[0] >= first


def _missing(code: str, messages: Mapping[str, str]) -> Refused:
    errors = [
        {"code": code, "message": message, "context": {"propertyName": [name]}} for name, message in messages.items()
    ]
    return Refused(400, "The property values provided are invalid", errors=errors)


def may_not_associate() -> Refused:
    """Return the refusal of a change of associations, for an app of somebody who may not make any."""
    return Refused(400, "Missing 'Edit Associations' permission.")


def usage(type_id: str, label: str, count: int, most: int) -> dict[str, Any]:
    """Return how much of a limit is used, as the API tells it."""
    names = {
        "objectTypeId": type_id,
        "singularLabel": label,
        "pluralLabel": f"{label.removesuffix('y')}ies" if label.endswith("y") else f"{label}s",
    }
    return {**names, "limit": most, "usage": count, "percentage": round(100 * count / most, 2)}
