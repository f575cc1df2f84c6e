"""The error catalogue: each failure with its own code, its words, and an exit code that is documented."""

import json
import re
from pathlib import Path
from string import Formatter

import pytest

from bothways import errors
from bothways.errors import (
    AddressNotAllowed,
    AppError,
    AppUnreachable,
    BothwaysError,
    CredentialsRefused,
    DatabaseLocked,
    DiskFull,
    LedgerError,
    MissingKey,
    OurFault,
    PeopleError,
    SecretInFile,
    SettingsError,
    StoppedByBrake,
    SyncOff,
    UnknownField,
    as_data,
    of_data,
)

EXIT_CODES = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
TEXTS = ("what", "by_itself", "to_do")


def below(kind: type[BothwaysError]) -> list[type[BothwaysError]]:
    """Return a class and all classes made from it."""
    return [kind, *(each for child in kind.__subclasses__() for each in below(child))]


CATALOGUE = [each for each in below(BothwaysError) if each.__module__ == "bothways.errors"]
SECTIONS = {SettingsError: "15", AppError: "2", LedgerError: "3", StoppedByBrake: "4", PeopleError: "5"}
"""By what each code begins with; the first section is full, and what settings refuse goes on in the fifth."""


def placeholders(kind: type[BothwaysError]) -> set[str]:
    return {name for text in TEXTS for _, name, _, _ in Formatter().parse(getattr(kind, text)) if name is not None}


def test_whole_catalogue_is_looked_at() -> None:
    named = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)}
    assert set(CATALOGUE) == named
    assert len(CATALOGUE) > 40


@pytest.mark.parametrize("kind", CATALOGUE)
def test_error_told_as_data_is_the_same_one_again(kind: type[BothwaysError]) -> None:
    facts = {name: 3 if name == "count" else Path(f"some/{name}") for name in placeholders(kind)}
    told = kind(where="bothways.yaml:3:1", **facts)
    again = of_data(json.loads(json.dumps(as_data(told))))
    assert (type(again), str(again), again.exit_code) == (kind, str(told), kind.exit_code)


def test_error_of_another_version_is_told_with_its_code() -> None:
    assert "BW-199" in str(of_data({"code": "BW-199", "where": "", "facts": {}}))


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in CATALOGUE]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("kind", CATALOGUE)
def test_code_says_the_section(kind: type[BothwaysError]) -> None:
    assert re.fullmatch(r"BW-\d{3}", kind.code)
    section = next((digit for base, digit in SECTIONS.items() if issubclass(kind, base)), "9")
    assert kind.code[3] in ("0" if kind is BothwaysError else section)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_exit_code_is_one_that_is_known_and_no_success(kind: type[BothwaysError]) -> None:
    assert kind.exit_code in EXIT_CODES - {errors.EXIT_OK}


def test_exit_codes_are_all_different_and_fit_a_byte() -> None:
    values = [value for name, value in vars(errors).items() if name.startswith("EXIT_")]
    assert len(values) == len(set(values))
    assert all(0 <= value < 256 for value in values)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_texts_are_whole_sentences_for_people(kind: type[BothwaysError]) -> None:
    assert kind.what.endswith(".")
    for text in TEXTS:
        words = getattr(kind, text)
        assert words == words.strip()
        assert not re.search(r"\b(exception|traceback|null|None)\b", words, re.IGNORECASE)
        assert not words or words[0].isupper() or words[0] in "{\"'"


@pytest.mark.parametrize("kind", CATALOGUE)
def test_user_is_told_what_happens_by_itself_or_what_to_do(kind: type[BothwaysError]) -> None:
    assert kind.by_itself or kind.to_do


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_placeholder_is_a_name_that_can_be_filled(kind: type[BothwaysError]) -> None:
    names = placeholders(kind)
    assert all(name.isidentifier() for name in names)
    error = kind(**{name: f"<{name}>" for name in names})
    told = f"{error.message} {error.consequence} {error.advice}"
    assert all(f"<{name}>" in told for name in names)
    assert "not known)" not in told
    assert str(error).endswith(f"({kind.code})")


@pytest.mark.parametrize("kind", CATALOGUE)
def test_missing_fact_never_hides_the_failure(kind: type[BothwaysError]) -> None:
    told = str(kind())
    assert all(f"({name} not known)" in told for name in placeholders(kind))


@pytest.mark.parametrize("kind", CATALOGUE)
def test_facts_are_not_templates_themselves(kind: type[BothwaysError]) -> None:
    error = kind(**dict.fromkeys(placeholders(kind), "{reason} {0} %s {"))
    assert not placeholders(kind) or "{reason} {0} %s {" in str(error)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_command_that_is_told_can_be_pasted_whatever_something_is_called(kind: type[BothwaysError]) -> None:
    facts = dict.fromkeys(placeholders(kind), "two words")
    told = re.findall(r"bothways (?:(?:[\w-]+|'[^']*')(?: |$|[.,;:)]))+", f"{kind(**facts).advice} ")
    named = re.findall(r"\bbothways(?: [\w-]+)* \{\w+\}", kind.to_do)
    assert len([each for each in told if "'two words'" in each]) == len(named)


def test_names_are_quoted_in_commands_alone() -> None:
    error = SyncOff(name="contacts 2")
    assert "contacts 2 " in error.message
    assert error.advice.endswith("bothways sync on 'contacts 2'")
    assert SyncOff(name="contacts").advice.endswith("bothways sync on contacts")


def test_where_comes_first_and_the_facts_stay() -> None:
    error = UnknownField(where="bothways.yaml:7", app="Anna", field="nmae", object="people", hint="Did you mean name?")
    assert error.message == 'bothways.yaml:7: Anna has no field "nmae" in people.'
    assert error.facts == {"app": "Anna", "field": "nmae", "object": "people", "hint": "Did you mean name?"}
    assert str(error) == (
        'bothways.yaml:7: Anna has no field "nmae" in people. Nothing was written. Did you mean name? (BW-111)'
    )


def test_braces_of_the_settings_are_shown_as_they_are_written() -> None:
    advice = SecretInFile(key="token", instead="token: {env: NAME}").advice
    assert advice == "Say where it is instead: token: {env: NAME}."


def test_an_empty_hint_leaves_no_gap() -> None:
    assert (
        str(MissingKey(key="objects", hint="")) == 'The key "objects" is missing. Nothing was written. Add it. (BW-106)'
    )


@pytest.mark.parametrize("kind", [AddressNotAllowed, CredentialsRefused, DiskFull])
def test_advice_fits_every_cause(kind: type[BothwaysError]) -> None:
    words = {
        AddressNotAllowed: ("Correct the address", "allow_hosts"),
        CredentialsRefused: ("valid token or password", "try again"),
        DiskFull: ("Make room", "writable"),
    }
    assert all(each in kind().advice for each in words[kind])
    assert "app check" not in kind().advice


def test_what_passes_by_itself_may_be_tried_again_and_our_faults_not() -> None:
    assert AppUnreachable.retriable
    assert DatabaseLocked.retriable
    assert not OurFault.retriable
    assert not SettingsError.retriable
    assert {kind for kind in CATALOGUE if kind.retriable} <= {
        kind for kind in CATALOGUE if issubclass(kind, AppError | LedgerError)
    }
