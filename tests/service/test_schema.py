"""The schema for editors: it accepts whatever reading accepts, and knows the usual mistakes."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from bothways.errors import SettingsError
from bothways.service import schema
from bothways.service.reading import document_of
from bothways.service.workspace import SKELETON
from bothways.service.yaml_edit import dumped
from bothways.service.yaml_file import parse
from tests.office import SYNC, plug_in
from tests.service import test_reading, test_reading_alerts, test_reading_scope, test_reading_sign_in
from tests.service.documents import DOCUMENTS


@pytest.fixture(autouse=True, scope="module")
def plugged_in() -> Iterator[None]:
    """Let the connectors of the tests be known."""
    with pytest.MonkeyPatch.context() as patch:
        plug_in(patch)
        yield


@pytest.fixture(scope="module")
def validator(plugged_in: None) -> Draft202012Validator:
    """Return what checks a document by the schema."""
    return Draft202012Validator(schema.settings_schema())


def plain(text: str) -> Any:
    """Return what a file holds as the plain data that an editor checks."""
    return _plain(parse(text, "bothways.yaml").data)


def _plain(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(each) for each in data]
    return data.isoformat() if isinstance(data, date) else data


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema.settings_schema())


def test_every_key_that_reading_knows_has_its_shape() -> None:
    assert {place: keys for place, keys in schema.UNSHAPED.items() if keys} == {}


def test_whatever_reading_accepts_the_schema_accepts(validator: Draft202012Validator) -> None:
    @settings(max_examples=50)
    @given(DOCUMENTS)
    def accepted(data: Any) -> None:
        text = dumped(data)
        document_of(parse(text, "bothways.yaml"))
        validator.validate(plain(text))

    accepted()


@pytest.mark.parametrize(
    "text",
    [
        SKELETON,
        SYNC,
        "version: 1\ndatabase:\nalerts:\nallow_hosts:\napps:\nsyncs:\n",
        test_reading.HEAD
        + "    send:\n    match:\n    conflicts:\n    fields:\n    set:\n    guards:\n    schedule:\n"
        + "    proof:\n    require:\n",
        test_reading.HEAD + "    fields: [{Anna: a, Bert: b, clean: , values: , other: }]\n",
    ],
)
def test_what_is_left_empty_is_accepted_by_both(validator: Draft202012Validator, text: str) -> None:
    document_of(parse(text, "bothways.yaml"))
    validator.validate(plain(text))


MISTAKES: dict[str, str] = {name: text for name, (text, *_) in test_reading.REFUSED.items()} | {
    name: test_reading_scope.SYNC + more for name, (more, *_) in test_reading_scope.REFUSED.items()
}
MISTAKES |= {name: text for name, (text, *_) in test_reading_alerts.REFUSED.items()}
MISTAKES |= {name: text for name, (text, *_) in test_reading_sign_in.REFUSED.items()}
KNOWN = (
    "unknown key at the top",
    "unknown key of the sign-in",
    "no issuer",
    "no secret of the sign-in",
    "secret of the sign-in in the file",
    "unknown role",
    "scopes in one word",
    "unknown key of a sync",
    "unknown guard",
    "a filter belongs under send",
    "an unknown way to clean",
    "an unknown word for the unpaired",
    "a constant without a value",
    "a constant that is empty",
    "a constant at an unknown time",
    "a number for a field",
    "no field at all",
    "another word for match",
    "another word in the list",
    "match as a number",
    "version missing",
    "another version",
    "version as text",
    "apps as a list",
    "app without a connector",
    "empty app",
    "unknown connector",
    "unknown setting",
    "missing setting",
    "missing secret",
    "secret from nowhere",
    "secret from two places",
    "app named like a key",
    "one app only",
    "no objects",
    "empty sync",
    "another state",
    "another compare",
    "enabled as text",
    "a mapping of one field",
    "a mapping as text",
    "fields as text",
    "negative limit",
    "limit as truth",
    "interval in words",
    "interval of nothing",
    "interval that is no number",
    "interval without end",
    "webhooks in words",
    "unknown key of the schedule",
    "quiet hours without an end",
    "hour that is none",
    "hour as a number",
    "quiet hours in words",
    "proof at noon in words",
    "repair without end",
    "unknown key of the proof",
    "database from nowhere",
    "hosts as text",
    "nothing",
    "another word",
    "nothing in the filter",
    "no filter",
    "another key",
    "a list of filters",
    "no question",
    "two questions",
    "unknown question",
    "group and condition",
    "an empty group",
    "a bare word in a group",
    "a list of not",
    "keys for a value",
    "another leaving",
    "require a word",
    "require a phone",
    "unknown channel",
    "alerts as a list",
    "mail to nobody",
    "mail to an empty list",
    "mail to one who is no list",
    "mail to no address",
    "mail to a header",
    "mail to too many",
    "mail from no address",
    "mail by no server",
    "another security",
    "port of nothing",
    "port beyond the last",
    "password in the file",
    "webhook without an address",
    "webhook by mail",
    "webhook with its secret",
    "webhook from nowhere",
)
"""Mistakes of form. What takes more - names that are not there, what other keys say - only reading knows."""


@pytest.mark.parametrize("mistake", KNOWN)
def test_mistakes_of_form_are_refused_by_both(validator: Draft202012Validator, mistake: str) -> None:
    text = MISTAKES[mistake]
    with pytest.raises(SettingsError):
        document_of(parse(text, "bothways.yaml"))
    assert not validator.is_valid(plain(text))
