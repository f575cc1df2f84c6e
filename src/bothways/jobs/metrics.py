"""What Prometheus reads of this process: how late syncs are, what they cost, what waits. No personal data."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bothways.service.allowances import calls_made, limits_met
from bothways.service.views import RunView

REGISTRY = CollectorRegistry()

_DELAYS = (0.25, 0.5, 1, 2, 3, 5, 10, 20, 45, 75, 120, 300, 600, 1800, 3600)

delay = Histogram(
    "bothways_delay_seconds",
    "From the time of a change in one app, by its clock, to its write in the other; creates apart.",
    ("sync", "kind"),
    buckets=_DELAYS,
    registry=REGISTRY,
)
run_time = Histogram(
    "bothways_run_seconds",
    "How long runs took.",
    ("sync", "state"),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800),
    registry=REGISTRY,
)
takeovers = Counter(
    "bothways_takeovers",
    "Turns taken over from workers that gave no sign of life any more.",
    ("kind",),
    registry=REGISTRY,
)
webhooks = Counter(
    "bothways_webhooks",
    "Calls that came for webhooks: received and believed, or refused. Those for no app of ours have no app.",
    ("app", "outcome"),
    registry=REGISTRY,
)
hints = Counter(
    "bothways_webhook_records",
    "Records that webhooks, or the journal of an app, named: new, or duplicates that were to be read already.",
    ("app", "outcome"),
    registry=REGISTRY,
)
failures = Counter("bothways_failures", "Failures told of, by their codes.", ("code",), registry=REGISTRY)
alerts = Counter("bothways_alerts", "Alerts, by channel: sent, failed.", ("channel", "outcome"), registry=REGISTRY)
due = Gauge("bothways_due", "Turns that were due and not taken at the last look.", ("kind",), registry=REGISTRY)
held = Gauge("bothways_held", "Records that wait for a person.", ("sync",), registry=REGISTRY)
failing = Gauge("bothways_failing", "Records that an app refuses or that cannot be read.", ("sync",), registry=REGISTRY)
differing = Gauge(
    "bothways_proof_differing",
    "Pairs that differ though nothing explains it, by the last proof.",
    ("sync",),
    registry=REGISTRY,
)
proven_at = Gauge("bothways_proof_timestamp_seconds", "When the last proof began.", ("sync",), registry=REGISTRY)


class Calls(Collector):
    """The calls to apps that this process has made so far, as their budgets count them."""

    def collect(self) -> Iterator[Metric]:
        """Yield the calls made, refused and waited for, and what is left of the day."""
        family = CounterMetricFamily("bothways_calls", "Calls to apps.", labels=("app", "call"))
        for app, call, times in calls_made():
            family.add_metric((app, call), times)
        yield family
        refused = CounterMetricFamily("bothways_rate_limited", "Calls refused by a rate limit (429).", labels=("app",))
        waited = CounterMetricFamily("bothways_slowed_seconds", "Time waited for rate limits.", labels=("app",))
        left = GaugeMetricFamily("bothways_quota_left", "Calls left for us today, as last seen.", labels=("app",))
        for app, times, seconds, calls in limits_met():
            refused.add_metric((app,), times)
            waited.add_metric((app,), seconds)
            if calls is not None:
                left.add_metric((app,), calls)
        yield from (refused, waited, left)


REGISTRY.register(Calls())


def tell(view: RunView, delays: Iterable[tuple[str, float]]) -> None:
    """Add a run: how late each of its writes was, by kind and seconds, and what waits after it."""
    for kind, seconds in delays:
        delay.labels(view.sync, kind).observe(seconds)
    run_time.labels(view.sync, view.state).observe(view.seconds)
    held.labels(view.sync).set(view.held)
    failing.labels(view.sync).set(view.failing)


def tell_received(app: str, records: int, new: int) -> None:
    """Add a delivery that was believed: how many records it named, and how many of them were not to be read already."""
    webhooks.labels(app, "received").inc()
    tell_hints(app, records, new)


def tell_hints(app: str, records: int, new: int) -> None:
    """Add how many records an app named, and how many of them were not to be read already."""
    hints.labels(app, "new").inc(new)
    hints.labels(app, "duplicate").inc(records - new)


def proven(sync: str, at: float, differ: int) -> None:
    """Tell what the last proof of a sync found, and when it began (seconds)."""
    differing.labels(sync).set(differ)
    proven_at.labels(sync).set(at)


def exposed() -> str:
    """Return everything in the text format of Prometheus."""
    return generate_latest(REGISTRY).decode()
