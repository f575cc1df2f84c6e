"""Guards: what speaks against two records that hold the same key.

A guard looks at what both records hold in certain roles, such as their names. What is missing speaks against
nothing, but where a key alone says little (a mailbox of many people).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from bothways.engine.keys import texts_of
from bothways.engine.spec import Roles
from bothways.records import Value
from bothways.records.normal import (
    company_domain,
    country_of,
    forms_conflict,
    is_role_address,
    names_clash,
    names_related,
    normal_email,
    person_name,
)


class Held(NamedTuple):
    """What a record holds: which of its fields play which role, and their values."""

    roles: Roles
    values: Mapping[str, Value]

    def texts(self, role: str) -> list[str]:
        """Return what it holds in a role, the primary first."""
        names = self.roles.get(role, ())
        return [text for name in names for text in texts_of((name,), self.values)] if names else []

    def first(self, role: str) -> str | None:
        """Return the first text in a role."""
        for name in self.roles.get(role, ()):
            if name in self.values and (texts := texts_of((name,), self.values)):
                return texts[0]
        return None

    @property
    def full_name(self) -> str | None:
        """A person's whole name: from its parts, else as written."""
        given, family = self.first("given name"), self.first("family name")
        return f"{given} {family}" if given and family else self.first("name") or given or family or ""


def _shared(one: Held, other: Held) -> set[str]:
    """Return the mail addresses that both have, in their normal form."""
    mine, theirs = ({normal_email(text) for text in each.texts("email")} for each in (one, other))
    return {email for email in mine & theirs if email}


def _other_first_name(one: Held, other: Held) -> bool:
    """Tell whether the first names differ, by more than a slip that a shared address shows.

    Who was born on another day is another person: then no address shows anything.
    """
    names = one.full_name, other.full_name
    if not names_clash(*names):
        return False
    mine, theirs = (each.first("birth date") for each in (one, other))
    born_apart = bool(mine and theirs) and mine != theirs
    return born_apart or names_clash(*names, _shared(one, other))


def _shared_mailbox(one: Held, other: Held) -> bool:
    """Tell whether the two have a mailbox of a role in common, and not surely the same full name."""
    if not any(map(is_role_address, one.texts("email"))) or not any(map(is_role_address, _shared(one, other))):
        return False
    name = person_name(one.full_name)
    return name is None or name != person_name(other.full_name)


def _unrelated(one: Held, other: Held) -> bool:
    return not names_related(one.first("company"), other.first("company"))


def _other_form(one: Held, other: Held) -> bool:
    return forms_conflict(one.first("company"), other.first("company"))


def _other_country(one: Held, other: Held) -> bool:
    """Tell whether the countries differ, in whatever language; one that is known and one that is not say nothing."""
    mine, theirs = ((each.first("country") or "").strip() for each in (one, other))
    known = country_of(mine), country_of(theirs)
    if any(known):
        return all(known) and known[0] != known[1]
    return bool(mine and theirs) and mine.casefold() != theirs.casefold()


def _other_currency(one: Held, other: Held) -> bool:
    mine, theirs = ((each.first("currency") or "").strip().casefold() for each in (one, other))
    return bool(mine and theirs) and mine != theirs


def _both_have_domains(one: Held, other: Held) -> bool:
    return all(any(company_domain(text) for text in each.texts("domain")) for each in (one, other))


GUARDS: Mapping[str, tuple[Callable[[Held, Held], bool], str]] = {
    "first name": (_other_first_name, "different first names"),
    "shared mailbox": (_shared_mailbox, "a mailbox of several people, and the full names do not agree"),
    "related names": (_unrelated, "unrelated names"),
    "legal form": (_other_form, "different legal forms"),
    "country": (_other_country, "different countries"),
    "currency": (_other_currency, "different currencies"),
    "a domain missing": (_both_have_domains, "a domain each"),
}
"""Every guard by its name: when it speaks against a pair, and in which words."""


def objection(guards: Sequence[str], one: Held, other: Held) -> str:
    """Return in words what speaks against a pair, nothing if all guards let it pass. Both ways round it is the same."""
    for name in guards:
        speaks_against, words = GUARDS[name]
        if speaks_against(one, other):
            return words
    return ""
