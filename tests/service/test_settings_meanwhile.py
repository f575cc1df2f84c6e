"""The settings file is changed by one at a time, and nobody takes over what was written before the latest change."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.ledger.models import Sync
from bothways.service import history, syncs, workspace, yaml_edit
from bothways.service.database import used
from bothways.service.document import Document
from bothways.service.workspace import Workspace, is_written_since, load, own_of, reload, take_over_changes
from tests.office import Office, office_on
from tests.service.meanwhile import Meanwhile

BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.server("postgresql"))]


@pytest.fixture(params=BACKENDS)
def office(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Anna and Bert, on either database."""
    if request.param == "sqlite":
        yield Office(folder)
        return
    with office_on(request.getfixturevalue("postgresql"), folder, monkeypatch) as made:
        yield made


def off(own: Workspace) -> None:
    syncs.turn_off(own, "people")


def test_who_changes_the_file_takes_back_nothing_that_is_changed_meanwhile(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other, write = office.open(), Meanwhile(office, off), yaml_edit.write_text

    def write_late(path: Path, text: str) -> None:
        other.begin()  # the text was made of what the file said before
        write(path, text)

    monkeypatch.setattr(yaml_edit, "write_text", write_late)
    history.keep(mine, 400)
    other.thread.join()
    found = load(office.file)
    assert (found.keep_history, found.syncs["people"].state) == (400 * 86_400, "off")
    with used(mine.database):
        assert Sync.objects.get().state == "off"


def test_who_has_read_the_file_before_a_change_does_not_bring_back_what_it_said(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = office.open(), Meanwhile(office, off)
    office.change("max_change: 100%", "max_change: 90%")

    def read_early(file: Path) -> Document:
        found = load(file)
        other.begin()
        return found

    monkeypatch.setattr(workspace, "load", read_early)
    with used(mine.database):
        reload(mine)
    other.thread.join()
    with used(mine.database):
        assert Sync.objects.get().state == "off"
        assert load(office.file).syncs["people"].state == "off"


def test_what_a_request_leaves_while_the_service_reads_the_file_is_not_taken_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = office.open()
    office.change("max_change: 100%", "max_change: 90%")

    def read_early(file: Path) -> Document:
        found = load(file)
        monkeypatch.setattr(workspace, "load", load)
        own = own_of(shared, {})
        assert is_written_since(own), "what it holds is older than the file"
        off(own)
        shared.document, shared.stamp = own.document, own.stamp
        return found

    monkeypatch.setattr(workspace, "load", read_early)
    take_over_changes(shared)
    take_over_changes(shared)
    assert (shared.sync("people").state, shared.sync("people").guards.max_change) == ("off", 90)
    with used(shared.database):
        assert Sync.objects.get().state == "off"
