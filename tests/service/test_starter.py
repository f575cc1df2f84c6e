"""A connector of one's own: made, checked, found as an installed one is, and synced."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from bothways import errors
from bothways.cli.main import main
from bothways.connectors import registry
from bothways.service import starter
from tests.databases import empty_ledger

NAME = "night_owl"
WORKSPACE = """\
version: 1
allow_hosts: [127.0.0.1]
"""
SYNC = """\
syncs:
  people:
    state: on
    objects: {one: people, two: people}
    guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return starter.make(tmp_path_factory.mktemp("new"), NAME)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        *((each, errors.AppCannotBeCalled) for each in ("", "my-crm", "MyCrm", "1crm", "a__b", "../x", "a" * 41)),
        ("hubspot", errors.AppThereAlready),
        ("taken", errors.FolderThereAlready),
    ],
)
def test_name_that_cannot_be_is_refused_and_nothing_written(
    tmp_path: Path, name: str, error: type[errors.BothwaysError]
) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(error):
        starter.make(tmp_path, name)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("taken", "mine")]


def test_what_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, written = Path.write_text, []

    def full(path: Path, *args: str) -> int:
        written.append(path)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        return write(path, *args)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(errors.DiskFull, match="No space left"):
        starter.make(tmp_path, NAME)
    assert list(tmp_path.iterdir()) == []


def test_every_name_in_it_is_its_own(made: Path) -> None:
    files = {str(each.relative_to(made)): each.read_text() for each in made.rglob("*.*") if each.is_file()}
    assert set(files) == {
        "README.md",
        "pyproject.toml",
        "src/bothways_night_owl/__init__.py",
        "src/bothways_night_owl/connector.py",
        "tests/stand_in.py",
        "tests/test_connector.py",
    }
    assert [name for name, text in files.items() if re.search("my.?app", text, re.IGNORECASE)] == []
    assert "# Night owl for Bothways" in files["README.md"]
    assert "NIGHT_OWL_TOKEN" in files["README.md"]


def test_what_is_made_is_tidy_and_passes_its_own_checks(made: Path) -> None:
    ruff = [sys.executable, "-m", "ruff", "format", "--check", "--no-cache", "--line-length=120", "."]
    tidy = subprocess.run(ruff, cwd=made, capture_output=True)
    assert tidy.returncode == 0, tidy.stdout
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    ended = subprocess.run(tests, cwd=made, env=here, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout
    assert "skipped" not in ended.stdout


@pytest.fixture
def installed(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have it found as pip installs it: its package on the path, beside what its project says of it."""
    project = tomllib.loads((made / "pyproject.toml").read_text())["project"]
    told = tmp_path / "site" / "bothways_night_owl-0.1.0.dist-info"
    told.mkdir(parents=True)
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (told / "METADATA").write_text(head)
    for group, points in project["entry-points"].items():
        lines = [f"[{group}]", *(f"{name} = {place}" for name, place in points.items())]
        (told / "entry_points.txt").write_text("\n".join(lines))
    for path in (told.parent, made / "src", made / "tests"):
        monkeypatch.syspath_prepend(str(path))
    registry._points.cache_clear()
    yield
    registry._points.cache_clear()
    for name in [each for each in sys.modules if each.startswith(f"bothways_{NAME}") or each == "stand_in"]:
        del sys.modules[name]


@pytest.mark.usefixtures("installed")
def test_it_is_found_connected_and_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in = import_module("stand_in")
    monkeypatch.setenv("OWL", stand_in.TOKEN)
    folder = tmp_path / "books"
    folder.mkdir()
    file = folder / "bothways.yaml"
    file.write_text(WORKSPACE)

    def bothways(*words: str) -> str:
        code = main(["-C", str(folder), *words])
        told = capsys.readouterr()
        assert code == 0, told.err
        return told.out

    with empty_ledger(folder), stand_in.serving() as one, stand_in.serving() as two:
        two.account = {"id": "8", "name": "Account eight"}
        assert "night_owl   Night owl · CRM" in bothways("app", "search", "owl")
        for name, app in (("one", one), ("two", two)):
            connected = bothways("app", "add", name, NAME, "--set", f"url={app.url}", "--secret", "token=env:OWL")
            assert f"{app.account['name']}" in connected
        assert [line.split()[:4] for line in bothways("app", "list").splitlines()[1:]] == [
            ["one", "Night", "owl", "CRM"],
            ["two", "Night", "owl", "CRM"],
        ]
        assert [line.split()[0] for line in bothways("app", "fields", "one", "people").splitlines()[1:]] == [
            "email",
            "name",
            "phone",
        ]
        dana = one.create({"email": "dana@example.org", "name": "Dana", "phone": "+1 555 0100"})
        two.create({"email": "chen@example.org", "name": "Chen"})
        file.write_text(file.read_text() + SYNC)
        bothways("run", "people", "--yes")
        assert held_by(one) == held_by(two) == {"dana@example.org": "Dana", "chen@example.org": "Chen"}
        one.save(dana["id"], {"name": "Dana Novak"})
        bothways("run", "people", "--yes")
        assert held_by(two)["dana@example.org"] == "Dana Novak"


def held_by(app: object) -> dict[str, str]:
    """Return the names of everybody in a stand-in by their addresses."""
    return {each["email"]: each["name"] for each in app.records.values()}  # type: ignore[attr-defined]
