"""What speaks against two records that share a key: the same both ways round, and nothing where nothing is known."""

from typing import Any

import pytest

from bothways.engine.guards import GUARDS, Held, objection
from bothways.records import Value


def of(**texts: Any) -> Held:
    """Return what a record holds; a blank in a role's name is written as an underscore."""
    return Held({role.replace("_", " "): (role,) for role in texts}, texts)


ANN, BOB = of(given_name="Ann", family_name="Lee"), of(given_name="Bob", family_name="Lee")
INFO = {"email": "info@acme.test"}
MOORE = {"email": "O.Moore@acme.test"}
BORN = {"birth_date": "1990-01-01"}
AGAINST = [
    ("first name", ANN, BOB, True),
    ("first name", ANN, of(name="Lee, Ann"), False),
    ("first name", ANN, of(), False),
    ("first name", of(name="Oscar Moore", **MOORE), of(name="Oscra Moore", **MOORE), False),
    ("first name", of(name="Oscar Moore", **MOORE), of(name="Oscra Moore", email="oscra@acme.test"), True),
    ("first name", of(name="Oscar Moore", **MOORE, **BORN), of(name="Oscra Moore", **MOORE, **BORN), False),
    ("first name", of(name="Oscar Moore", **MOORE, **BORN), of(name="Oscra Moore", **MOORE), False),
    (
        "first name",
        of(name="Oscar Moore", **MOORE, **BORN),
        of(name="Oscra Moore", **MOORE, birth_date="1990-01-02"),
        True,
    ),
    (
        "first name",
        of(name="Oscar Moore", **MOORE, **BORN),
        of(name="Oscar Moore", **MOORE, birth_date="1990-01-02"),
        False,
    ),
    ("first name", of(name="Anna Moore", **MOORE), of(name="Anne Moore", **MOORE), True),
    ("shared mailbox", of(name="Oscar Moore", **INFO), of(name="Oscra Moore", **INFO), True),
    ("shared mailbox", of(name="Ann Lee", **INFO), of(name="Ann Lee", **INFO), False),
    ("shared mailbox", of(name="Ann Lee", **INFO), of(name="A Lee", **INFO), True),
    ("shared mailbox", of(name="Ann Lee", **INFO), of(**INFO), True),
    ("shared mailbox", of(email=["ann@acme.test", "info@acme.test"]), of(email="ann@acme.test"), False),
    ("related names", of(company="Acme"), of(company="Zenith Bank"), True),
    ("related names", of(company="IBM"), of(company="International Business Machines Corp"), False),
    ("related names", of(company="Acme"), of(), False),
    ("legal form", of(company="Rio Tinto plc"), of(company="Rio Tinto Ltd"), True),
    ("legal form", of(company="Rio Tinto plc"), of(company="Rio Tinto"), False),
    ("country", of(country="GB"), of(country="nz"), True),
    ("country", of(country="GB"), of(country=" gb "), False),
    ("country", of(country="GB"), of(country="United Kingdom"), False),
    ("country", of(country="Deutschland"), of(country="Germany"), False),
    ("country", of(country="Deutschland"), of(country="AT"), True),
    ("country", of(country="Ruritania"), of(country="Graustark"), True),
    ("country", of(country="Ruritania"), of(country="Austria"), False),
    ("country", of(country="GB"), of(), False),
    ("currency", of(currency="EUR"), of(currency="USD"), True),
    ("currency", of(currency="EUR"), of(), False),
    ("a domain missing", of(domain="acme.com"), of(domain="acme.io"), True),
    ("a domain missing", of(domain="acme.com"), of(domain="gmail.com"), False),
]


@pytest.mark.parametrize(("guard", "one", "other", "speaks"), AGAINST)
def test_guard(guard: str, one: Held, other: Held, speaks: bool) -> None:
    words = GUARDS[guard][1] if speaks else ""
    assert objection([guard], one, other) == objection([guard], other, one) == words


def test_every_guard_is_shown_to_speak_and_to_be_silent() -> None:
    shown = {(guard, speaks) for guard, *_, speaks in AGAINST}
    assert shown == {(guard, each) for guard in GUARDS for each in (True, False)}


def test_first_guard_that_speaks_is_heard() -> None:
    one, other = of(company="Rio Tinto plc", country="GB"), of(company="Rio Tinto Ltd", country="NZ")
    assert objection(["legal form", "country"], one, other) == "different legal forms"
    assert objection(["country", "legal form"], one, other) == "different countries"
    assert objection([], one, other) == ""


def test_what_a_record_holds_in_its_roles() -> None:
    values: dict[str, Value] = {"email": "a@x.test", "more": ["b@x.test", ""], "name": None}
    found = Held({"email": ("email", "more"), "name": ("name",)}, values)
    assert [found.texts(role) for role in ("email", "name", "phone")] == [["a@x.test", "b@x.test"], [], []]
    assert (found.first("email"), found.first("name")) == ("a@x.test", None)


def test_whole_name_is_of_its_parts_else_as_written() -> None:
    assert ANN.full_name == "Ann Lee"
    assert of(given_name="Ann", name="Ann Lee").full_name == "Ann Lee"
    assert of(given_name="Ann").full_name == "Ann"
    assert not of().full_name
