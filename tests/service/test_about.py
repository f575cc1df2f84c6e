"""What the settings show of the workspace: its database, its workers, the brakes of its syncs, its packages."""

from importlib.metadata import Distribution
from pathlib import Path

from bothways import __version__
from bothways.ledger import turns
from bothways.service import about
from bothways.service.database import used
from tests.office import Office


def test_workspace_is_told_with_the_workers_that_are_there(office: Office) -> None:
    workspace = office.open()
    view = about.workspace_view(workspace)
    assert (view.name, view.version, view.workers, view.paused_at) == (office.folder.name, __version__, (), None)
    assert view.database.startswith("SQLite 3.")
    with used(workspace.database):
        turns.serve("here-1", workspace.clock())
        turns.pause(workspace.clock())
    view = about.workspace_view(workspace)
    assert [each.name for each in view.workers] == ["here-1"]
    assert view.paused_at == workspace.clock()
    office.clock.advance(turns.TAKEOVER + 1)
    assert about.workspace_view(workspace).workers == ()


def test_limits_of_each_sync_are_those_of_the_file(office: Office) -> None:
    office.change("max_emptied: 1000", "max_emptied: 7, max_deletes: 3")
    [each] = about.limits(office.open())
    assert (each.sync, each.first_run, each.max_change) == ("people", 1000, 100)
    assert (each.max_emptied, each.max_deletes) == (7, 3)


def package(folder: Path, metadata: str) -> Distribution:
    """Return a package of that metadata."""
    place = folder / "some-1.dist-info"
    place.mkdir(exist_ok=True)
    (place / "METADATA").write_text(f"Metadata-Version: 2.4\nName: some\nVersion: 1\n{metadata}\n")
    return Distribution.at(place)


def test_licence_is_what_the_metadata_names(tmp_path: Path) -> None:
    filed = "Classifier: License :: OSI Approved :: MIT License"
    for metadata, words in (
        ("License-Expression: BSD-3-Clause\nLicense: other", "BSD-3-Clause"),
        (f"License: Apache 2.0\n{filed}", "Apache 2.0"),
        (f"License: UNKNOWN\n{filed}", "MIT License"),
        (f"License: {'All of its text. ' * 20}\n{filed}", "MIT License"),
        ("Summary: nothing", ""),
    ):
        assert about.licence_of(package(tmp_path, metadata)) == words


def test_packages_are_those_installed_once_each(office: Office) -> None:
    found = {each.name: each for each in about.packages(office.open())}
    assert found["Django"].licence == "BSD-3-Clause"
    assert "bothways" not in found
    assert list(found) == sorted(found, key=str.lower)
