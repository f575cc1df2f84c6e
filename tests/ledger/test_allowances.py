"""What is left of an app's limits outlives a process, and is changed by one at a time."""

from threading import Thread

import pytest

from bothways.connectors.pacing import State
from bothways.ledger import allowances, rests
from bothways.ledger.models import Connection, Feed, Sync
from bothways.service.allowances import OnDatabase
from tests.ledger.conftest import BACKENDS


def test_state_is_kept_as_it_was() -> None:
    assert allowances.load("crm") == State()
    state = State()
    state.day.quota, state.day.used, state.day.zone, state.day.ends = 1000, 7, "Europe/Berlin", 1e9
    state.window("").tell(100, 10.0)
    state.window("").take(5.0, 3, 1.0, 1)
    state.window("").refuse(6.0, 2.0)
    for _ in range(2):
        allowances.save("crm", state)
        assert allowances.load("crm") == state
    assert allowances.load("other") == State()


@pytest.mark.parametrize("backend", BACKENDS[1:], indirect=True)
def test_changes_made_at_the_same_time_are_all_made(backend: str, postgresql_database: str) -> None:
    def work(state: State, now: float) -> float:
        state.leases += 1
        return now

    def change() -> None:
        keeper = OnDatabase(postgresql_database, "crm")
        for _ in range(25):
            assert keeper.change(work) > 1e9

    def change_beside() -> None:
        from django.db import connection

        for _ in range(25):
            allowances.change("crm", work)
        connection.close()

    threads = [Thread(target=each) for each in (change, change_beside, change_beside)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert allowances.load("crm").leases == 75


def test_app_whose_settings_were_changed_is_tried_at_once(sync: Sync) -> None:
    Feed.objects.update(due_at=500.0)
    Sync.objects.update(due_at=500.0)
    rests.wake("Anna")
    assert Sync.objects.get().due_at == 500.0, "nothing is wrong with it"
    rests.begin("Anna", 500.0, "BW-211", "its day is used up")
    rests.wake("Anna")
    assert Connection.objects.get(name="Anna").rests_until == 0
    assert (Sync.objects.get().due_at, Feed.objects.get(connection__name="Anna").due_at) == (0, 0)
    assert Feed.objects.get(connection__name="Bert").due_at == 500.0
