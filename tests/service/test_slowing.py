"""Whoever watches a run is told when an app's rate limit is waited for, while it is."""

from types import SimpleNamespace

from bothways.connectors.budget import Billed, MemoryBudget
from bothways.service.slowing import Told
from bothways.sync.context import Progress
from tests.connectors.support import Time


def test_app_that_is_waited_for_is_told_of_as_slowed_until_it_goes_on() -> None:
    time, reports = Time(), list[Progress]()
    budget = Billed(MemoryBudget({"": (2, 10.0)}, time.clock, time.sleep))
    told = Told(reports.append, [SimpleNamespace(name="hubspot", budget=budget)])
    budget.spend("", "list")
    told(Progress("Reading", "hubspot", 100))
    budget.spend("", "list")
    budget.spend("", "list")
    told(Progress("Reading", "hubspot", 300))
    assert [(each.done, each.slowed) for each in reports] == [(100, False), (100, True), (300, False)]
    assert time.slept
