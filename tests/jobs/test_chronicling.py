"""What an app writes down is read while a worker works, and noticed without waiting for the daily walk of all ids."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.jobs.chronicling import EVERY, LONGEST_PAUSE, Chronicling
from bothways.ledger import chronicles, db, hints, turns
from bothways.ledger.models import Feed
from bothways.sandbox.hubspot.journal import KEPT
from bothways.service.database import used
from tests.journalled import Journalled, journalled


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journalled]:
    with journalled(tmp_path, monkeypatch) as made:
        made.settle()
        assert made.failures == []
        yield made


def state(accounts: Journalled):
    with used(accounts.workspace.database):
        return chronicles.stand("east")


def hinted(accounts: Journalled) -> set[str]:
    """Return the records of the contacts there that are to be read."""
    with used(accounts.workspace.database):
        (feed,) = Feed.objects.filter(connection__name="east", object="contacts")
        return {each.id for each in hints.of(feed.pk)}


def ann(accounts: Journalled) -> str:
    (id,) = (id for id, values in accounts.east.records("contacts").items() if values["email"] == "ann@x.test")
    return id


def links(accounts: Journalled) -> list[tuple[str, str]]:
    with used(accounts.workspace.database):
        return [(str(a), str(b)) for a, b in db.rows("SELECT left_rid, right_rid FROM link WHERE ended_at IS NULL")]


def test_edit_flows_without_waiting_for_a_poll(accounts: Journalled) -> None:
    accounts.east.edit("contacts", ann(accounts), {"jobtitle": "Owner"})
    searches = accounts.east.calls["search"]
    accounts.look(EVERY)
    assert hinted(accounts) == {ann(accounts)}
    accounts.take_turns()
    assert [each["jobtitle"] for each in accounts.west.records("contacts").values()] == ["Owner"]
    assert accounts.east.calls["search"] == searches


def test_deletion_is_noticed_long_before_the_daily_walk(accounts: Journalled) -> None:
    listed = accounts.east.calls["list"]
    assert len(links(accounts)) == 1
    accounts.east.archive("contacts", ann(accounts))
    accounts.look(EVERY)
    accounts.take_turns()
    assert links(accounts) == []
    assert accounts.east.calls["list"] == listed
