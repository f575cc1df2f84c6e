"""Traces, by OpenTelemetry: turns, runs and calls to apps as spans, with names and counts, and never a value.

They are made only where the environment asks for them by its usual variables (``OTEL_EXPORTER_OTLP_ENDPOINT`` and so
on), and need the extra ``otel``: without both, nothing of OpenTelemetry is imported.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bothways import __version__
from bothways.errors import BothwaysError, TracingMissing

Fact = str | int | float | bool
Tell = Callable[..., None]
"""Adds facts to a span, by their names."""

SERVICE = "bothways"

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

_tracer: Any = None


def is_on() -> bool:
    """Tell whether spans are made."""
    return _tracer is not None


def is_asked_for(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the environment asks for traces."""
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or exporter == "none":
        return False
    return exporter == "otlp" or any(environment.get(name, "").strip() for name in _ENDPOINTS)


@contextmanager
def exported(on_failure: Callable[[str, BothwaysError], None]) -> Iterator[None]:
    """Make spans within the block and send them to where the environment says, if it does.

    ``on_failure`` is told TracingMissing if they cannot be made; all else goes on.
    """
    if not is_asked_for():
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        on_failure("", TracingMissing())
        yield
        return
    with made_for(BatchSpanProcessor(OTLPSpanExporter())):
        yield


@contextmanager
def made_for(processor: Any) -> Iterator[None]:
    """Make spans within the block and hand them to a processor of OpenTelemetry, which is shut down at its end."""
    global _tracer
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    named = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": SERVICE}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer(SERVICE, __version__)
    try:
        yield
    finally:
        _tracer = None
        provider.shutdown()


@contextmanager
def span(name: str, **facts: Fact) -> Iterator[Tell]:
    """Make a span of what is done within the block; it yields what adds facts. Of a failure it has the code alone."""
    if _tracer is None:
        yield _nobody
        return
    from opentelemetry.trace import StatusCode

    begun = _tracer.start_as_current_span(
        name, attributes=_named(facts), record_exception=False, set_status_on_exception=False
    )
    with begun as current:
        try:
            yield lambda **more: current.set_attributes(_named(more))
        except Exception as error:
            code = error.code if isinstance(error, BothwaysError) else type(error).__name__
            current.set_attribute("error.type", code)
            current.set_status(StatusCode.ERROR)
            raise


def _named(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    return {f"{SERVICE}.{name}": value for name, value in facts.items()}


def _nobody(**facts: Fact) -> None:
    """Tell nobody."""
