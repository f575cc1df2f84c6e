"""Settings come into force by what concerns them, however many other syncs there are."""

from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bothways.ledger.models import Sync
from bothways.service.database import used
from bothways.service.workspace import take_over_changes
from tests.memory_app import MemoryApp
from tests.office import Office

OTHERS = """\
version: 1
apps:
  Anna: {connector: memory}
  Bert: {connector: memory}
  Cleo: {connector: memory}
  Dora: {connector: memory}
syncs:
  people:
    state: on
    objects: {Anna: people, Bert: people}
"""
ANOTHER = """\
  other%d:
    objects: {Cleo: people, Dora: people}
"""


def queries_of_a_first_plan(folder: Path, others: int) -> int:
    folder.mkdir()
    office = Office(folder, OTHERS + "".join(ANOTHER % number for number in range(others)))
    apps = [MemoryApp(name, office.clock) for name in ("Cleo", "Dora")]
    assert all(app.add(email="dana@x.test") for app in apps)
    workspace = office.open()
    take_over_changes(workspace)
    with used(workspace.database):
        assert Sync.objects.count() == 1 + others
        with CaptureQueriesContext(connection) as found:
            office.plan()
        return len(found)


def test_settings_come_into_force_by_the_syncs_of_their_connections_alone(folder: Path) -> None:
    few, more = queries_of_a_first_plan(folder / "few", 1), 30
    grown = queries_of_a_first_plan(folder / "many", 1 + more) - few
    assert grown < more / 3, "a few depend on how long it takes, and none on how many other syncs there are"
