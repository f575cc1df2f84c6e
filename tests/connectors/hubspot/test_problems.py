"""Error bodies, every part of which may be missing."""

from typing import Any

import orjson
import pytest

from bothways.connectors.http import Response, Spent
from bothways.connectors.hubspot.problems import day_of, limit_of, problem_of, said_of, spent, words_of


def answer(body: Any, status: int = 400) -> Response:
    return Response(status, {}, body if isinstance(body, bytes) else orjson.dumps(body))


@pytest.mark.parametrize("body", [{}, {"context": None, "errors": None, "message": None, "category": None}])
def test_empty_body_is_a_problem_without_words(body: dict[str, Any]):
    problem = problem_of(body)
    assert (problem.category, problem.message, problem.fields, problem.existing_id) == ("", "", (), None)


def test_existing_id_is_found_in_message_errors_or_context():
    assert problem_of({"message": "Contact already exists. Existing ID: 123"}).existing_id == "123"
    assert problem_of({"errors": [{"message": "existing ID:  77"}]}).existing_id == "77"
    assert problem_of({"context": {"existingObjectId": ["5"]}}).existing_id == "5"


def test_list_of_json_inside_the_message_becomes_sentences_and_fields():
    inner = [{"name": "a", "message": "A is wrong"}, {"name": "b", "message": "B is [really] {wrong}"}]
    problem = problem_of({"message": "Property values were not valid: " + orjson.dumps(inner).decode()})
    assert (problem.message, problem.fields) == ("A is wrong; B is [really] {wrong}", ("a", "b"))


def test_message_that_only_looks_like_json_stays_as_it_is():
    assert problem_of({"message": "No [{such} thing}]"}).message == "No [{such} thing}]"


def test_fields_of_context_and_errors_are_named_once():
    body = {
        "context": {"propertyName": ["a"]},
        "errors": [{"context": {"propertyName": ["b"]}}, {"context": {"propertyName": "a"}}, {"in": "c"}],
    }
    assert problem_of(body).fields == ("a", "b", "c")


def test_rows_are_named_by_trace_or_id():
    problem = problem_of({"category": "object_not_found", "context": {"objectWriteTraceId": ["t"], "ids": ["1", "2"]}})
    assert (problem.traces, problem.ids, problem.not_found) == (("t",), ("1", "2"), True)


def test_words_of_missing_scopes_wherever_they_stand():
    nested = {"errors": [{"context": {"requiredGranularScopes": ["b", "a"]}}], "message": "no"}
    assert words_of(answer(nested, 403)) == "the token lacks one or more of the scopes a, b"
    assert words_of(answer({"context": {"requiredScopes": ["c"]}}, 403)) == "the token lacks the scope c"


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'"text"', b""])
def test_words_of_a_body_that_is_no_object_are_those_of_the_status(body: bytes):
    assert words_of(answer(body, 403)) == "Forbidden"
    assert said_of(answer(body)).message == ""
    assert spent(answer(body, 429)) is Spent.POOL


def test_which_limit_is_used_up():
    assert spent(answer({"policyName": "DAILY"}, 429)) is Spent.DAY
    assert spent(answer({"policyName": "TEN_SECONDLY_ROLLING"}, 429)) is Spent.ALL
    assert spent(answer({"policyName": "SECONDLY"}, 429)) is Spent.POOL


def test_limits_in_headers():
    names = ("Max", "Interval-Milliseconds", "Remaining")
    full = {f"X-HubSpot-RateLimit-{name}": value for name, value in zip(names, ("190", "10000", "7"), strict=True)}
    assert limit_of(full) == (190, 10.0, 7)
    del full["X-HubSpot-RateLimit-Remaining"]
    assert limit_of(full) == (190, 10.0, None)
    assert limit_of({}) is None


ABSURD = ["many", "\N{SUPERSCRIPT TWO}", "-1", "9" * 30, "9" * 5000]
"""What no limit is: the second is a digit, and no number; the last is more than Python reads."""


@pytest.mark.parametrize("absurd", ABSURD)
def test_limits_that_are_none_are_passed_over(absurd: str):
    each, day = "X-HubSpot-RateLimit-", {"X-HubSpot-RateLimit-Daily": "9", "X-HubSpot-RateLimit-Daily-Remaining": "4"}
    full = {f"{each}Max": "190", f"{each}Interval-Milliseconds": "10000"}
    assert limit_of({**full, f"{each}Remaining": absurd}) == (190, 10.0, None)
    assert [limit_of({**full, name: absurd}) for name in full] == [None, None]
    assert (day_of(day), [day_of({**day, name: absurd}) for name in day]) == ((9, 4), [None, None])


def test_limit_of_an_interval_that_nobody_would_wait_for_is_none():
    full = {"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Interval-Milliseconds": "86400000"}
    assert limit_of(full) is None


@pytest.mark.parametrize("absurd", ABSURD)
def test_status_that_is_none_is_passed_over(absurd: str):
    assert problem_of({"status": absurd, "message": "No."}).status == 0
