"""Traces: turns, runs and calls to apps as spans, made only where the environment asks for them, without any value."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bothways.errors import AppUnreachable, BothwaysError
from bothways.service import tracing
from bothways.service.tracing import exported, is_asked_for, made_for, span
from tests.jobs.test_turns import Shift
from tests.office import Office

MARK = "zqx"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    with made_for(SimpleSpanProcessor(exporter)):
        yield exporter


def facts(each: ReadableSpan) -> dict[str, object]:
    return {name.removeprefix("bothways."): value for name, value in (each.attributes or {}).items()}


def test_turns_runs_and_calls_are_spans_within_each_other(office: Office, spans: InMemorySpanExporter) -> None:
    office.anna.add(email=f"{MARK}@x.test", name=MARK)
    Shift(office).work(120)
    found = spans.get_finished_spans()
    by_id = {each.context.span_id: each for each in found if each.context}
    names = {each.name for each in found}
    assert {"turn", "run", "app changes", "app write"} <= names

    def above(each: ReadableSpan) -> list[str]:
        return [] if each.parent is None else [by_id[each.parent.span_id].name, *above(by_id[each.parent.span_id])]

    for each in found:
        if each.name == "turn":
            assert above(each) == []
        if each.name == "run":
            assert above(each) == ["turn"]
            assert facts(each)["sync"] == "people"
            assert str(facts(each)["run"]).startswith("r_")
        if each.name == "app write":
            assert above(each) == ["run", "turn"]
    [create] = [each for each in found if each.name == "app write" and facts(each)["app"] == "Bert"]
    assert (facts(create)["kind"], facts(create)["records"], facts(create)["done"]) == ("create", 1, 1)


def test_no_span_holds_a_value(office: Office, spans: InMemorySpanExporter) -> None:
    office.anna.add(email=f"{MARK}@x.test", name=MARK)
    office.bert.fail("changes", AppUnreachable(app="Bert", reason=f"no route to {MARK}"), times=2)
    Shift(office).work(120)
    found = spans.get_finished_spans()
    assert any(facts(each).get("error.type") == "BW-201" for each in found)
    assert MARK not in "".join(each.to_json() for each in found)
    assert [event for each in found for event in each.events] == []


def test_without_being_asked_nothing_is_made(office: Office) -> None:
    assert not tracing.is_on()
    with span("turn", kind="sync") as tell:
        tell(run="r_1")
    office.pair()


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, False),
    ],
)
def test_the_usual_variables_ask_for_traces(environment: dict[str, str], asked: bool) -> None:
    assert is_asked_for(environment) is asked


def test_without_the_extra_all_goes_on_and_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[BothwaysError] = []
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with exported(lambda name, error: told.append(error)):
        assert not tracing.is_on()
    assert [error.code for error in told] == ["BW-138"]
    assert "pip install" in told[0].advice


def test_spans_are_sent_to_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.connectors.support import Answer, web

    with web([Answer(200, b"")]) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        with exported(lambda name, error: pytest.fail(str(error))), span("turn", kind="sync"):
            assert tracing.is_on()
    assert [each.path for each in collector.asked] == ["/v1/traces"]
    assert b"bothways" in collector.asked[0].body
    assert not tracing.is_on()


def test_nothing_of_opentelemetry_is_imported_unasked() -> None:
    code = (
        "import json, sys; import bothways.web.serving, bothways.cli.serving; "
        "from bothways.service.tracing import exported, span\n"
        "with exported(print), span('turn'): pass\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('opentelemetry')]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_plain())
    assert json.loads(done.stdout) == []


def _plain() -> dict[str, str]:
    import os

    return {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
