"""What the normal forms say of the 42 cases of matching; what follows from it is the engine's to decide."""

import json
from collections.abc import Callable
from itertools import product

from bothways.records import normal
from tests.records.normal.vectors import DATA

CASES = json.loads((DATA / "matching/match_cases/cases.json").read_text(encoding="utf-8"))


def numbers(kind: str, holds: Callable[[dict, dict], object]) -> set[int]:
    """Return the numbers of the cases where something holds for a record of the left and one of the right."""
    found = set()
    for case in CASES:
        pairs = product(case["left"], case["right"])
        if case["object"] == kind and any(
            holds({**left, **case["opts"]}, {**right, **case["opts"]}) for left, right in pairs
        ):
            found.add(case["n"])
    return found


def emails(record: dict) -> set[str]:
    told = record.get("email") or []
    return set(filter(None, map(normal.normal_email, [told] if isinstance(told, str) else told)))


def aliases(record: dict) -> set[str | None]:
    return {normal.email_alias(email) for email in emails(record)}


def phone(record: dict) -> str | None:
    return normal.normal_phone(record.get("phone") or "", record.get("region"))


def full_name(record: dict) -> str:
    return f"{record.get('first') or ''} {record.get('last') or ''}"


def clash(left: dict, right: dict) -> bool:
    return normal.names_clash(full_name(left), full_name(right))


def domain(record: dict) -> str | None:
    return normal.company_domain(record.get("domain"))


def key(record: dict) -> str | None:
    name = normal.company_name(record["name"])
    return name and name.key


def test_contacts() -> None:
    common = {1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}
    assert numbers("contact", lambda left, right: emails(left) & emails(right)) == common
    assert numbers("contact", lambda left, right: emails(left) & emails(right) and clash(left, right)) == {10}
    assert numbers("contact", lambda left, right: aliases(left) & aliases(right)) - common == {5}
    roles = numbers("contact", lambda left, right: any(map(normal.is_role_address, emails(left) & emails(right))))
    assert roles == {13, 14}
    assert numbers("contact", lambda left, right: phone(left) and phone(left) == phone(right)) == {21, 22, 23, 24}
    assert numbers("contact", lambda left, right: phone(left) and clash(left, right)) == {23}


def test_companies() -> None:
    def one_domain(left: dict, right: dict) -> bool:
        return domain(left) is not None and domain(left) == domain(right)

    def related(left: dict, right: dict) -> bool:
        return normal.names_related(left["name"], right["name"])

    named = {29, 30, 31, 37, 38, 40}
    assert numbers("company", one_domain) == {30, 32, 36}
    assert numbers("company", lambda left, right: one_domain(left, right) and not related(left, right)) == {32}
    assert numbers("company", lambda left, right: key(left) and key(left) == key(right)) == named
    assert numbers("company", lambda left, right: normal.forms_conflict(left["name"], right["name"])) == {37}
    assert numbers("company", lambda left, right: domain(left) != domain(right)) == {31, 34}
    assert numbers("company", lambda left, right: key(left) is None) == {42}
    assert 41 in numbers("company", related)
