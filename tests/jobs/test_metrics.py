"""Metrics: what Prometheus reads can be read by its own parser, and keeps to its conventions."""

import re

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from bothways.jobs import metrics
from bothways.jobs.turns import take_turn
from bothways.ledger import turns
from bothways.ledger.turns import SYNC
from bothways.service.database import used
from tests.jobs.test_turns import Shift
from tests.office import Office


def scraped() -> dict[str, Metric]:
    return {each.name: each for each in text_string_to_metric_families(metrics.exposed())}


def value(name: str, **labels: str) -> float:
    samples = [each for family in scraped().values() for each in family.samples if each.name == name]
    return sum(each.value for each in samples if labels.items() <= each.labels.items())


@pytest.fixture
def worked(office: Office) -> Shift:
    office.pair()
    shift = Shift(office)
    shift.work(120)
    return shift


def test_all_of_it_is_parsed_and_has_a_help_and_labels_without_personal_data(worked: Shift) -> None:
    found = scraped()
    assert {"bothways_run_seconds", "bothways_delay_seconds", "bothways_calls", "bothways_takeovers"} <= found.keys()
    labels = {name for family in found.values() for sample in family.samples for name in sample.labels}
    assert labels <= {"sync", "kind", "state", "app", "call", "channel", "code", "outcome", "le"}
    for family in found.values():
        assert family.documentation.endswith("."), family.name
        assert re.fullmatch(r"bothways_[a-z_]+", family.name)


def test_names_end_as_their_kinds_do(worked: Shift) -> None:
    for family in scraped().values():
        names = {each.name for each in family.samples}
        if family.type == "counter":
            assert names <= {f"{family.name}_total", f"{family.name}_created"}
        elif family.type == "histogram":
            assert family.name.endswith("_seconds")
            assert {f"{family.name}_bucket", f"{family.name}_sum", f"{family.name}_count"} >= names - {
                f"{family.name}_created"
            }
        else:
            assert (family.type, names) == ("gauge", {family.name} if names else set())
            assert not family.name.endswith("_total")


def test_takeovers_are_counted(worked: Shift) -> None:
    before = value("bothways_takeovers_total", kind="sync")
    with used(worked.worker.workspace.database):
        [id] = turns.due(SYNC, worked.worker.clock() + 7200, 1)
        turns.ask(SYNC, [id], worked.worker.clock())
        assert turns.take(SYNC, id, "frozen", worked.worker.clock()) is not None
        worked.office.clock.advance(turns.TAKEOVER + 1)
        turns.ask(SYNC, [id], worked.worker.clock())
        assert take_turn(worked.worker, SYNC, id)
    assert value("bothways_takeovers_total", kind="sync") == before + 1


def test_what_webhooks_name_is_counted_as_new_or_as_duplicate(worked: Shift) -> None:
    metrics.tell_received("Anna", records=3, new=1)
    assert value("bothways_webhooks_total", app="Anna", outcome="received") == 1
    assert value("bothways_webhook_records_total", app="Anna", outcome="new") == 1
    assert value("bothways_webhook_records_total", app="Anna", outcome="duplicate") == 2
