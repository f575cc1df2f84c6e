"""Imports only look down: the contracts of pyproject.toml hold, cover everything, and catch what they forbid."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "bothways"
CONFIGURATION = read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS: Mapping[str, Mapping[str, Any]] = {each["name"]: each for each in CONFIGURATION["contracts_options"]}
KINDS = {"layers": LayersContract, "forbidden": ForbiddenContract}

APART = {"bothways.sandbox", "bothways.boot"}
"""Parts of the package that stand beside the layers: stand-ins of apps, and the configuring of Django."""

FORBIDDEN = [
    ("Layers only look down", "bothways.ledger.due", "bothways.sync.run"),
    ("Layers only look down", "bothways.engine.plan", "bothways.connectors.base"),
    ("Layers only look down", "bothways.connectors.base", "bothways.engine.plan"),
    ("Layers only look down", "bothways.records.values", "bothways.engine.sides"),
    ("Layers only look down", "bothways.errors", "bothways.records.values"),
    ("records, engine and connectors never import Django", "bothways.connectors.http", "django"),
    ("records, engine and connectors never import Django", "bothways.engine.plan", "bothways.boot"),
    ("the engine is pure", "bothways.engine.plan", "time"),
    ("the engine is pure", "bothways.records.values", "random"),
    ("the sandbox stands apart", "bothways.sandbox.keeper", "bothways.connectors.http"),
    ("only the demo and its own command use the sandbox", "bothways.service", "bothways.sandbox.keeper"),
]
"""A contract, and an import that it must not let through."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Return every import of the package, those of other packages included."""
    return grimp.build_graph("bothways", include_external_packages=True, cache_dir=None)


def keeps(name: str, imports: grimp.ImportGraph) -> bool:
    """Tell whether the contract of this name holds for these imports."""
    options = {key: value for key, value in CONTRACTS[name].items() if key not in ("name", "type")}
    contract = KINDS[CONTRACTS[name]["type"]](name, CONFIGURATION["session_options"], options)
    return bool(contract.check(deepcopy(imports), verbose=False).kept)


@pytest.mark.parametrize("name", CONTRACTS)
def test_contract_is_kept(name: str, graph: grimp.ImportGraph) -> None:
    assert keeps(name, graph)


@pytest.mark.parametrize(("name", "importer", "imported"), FORBIDDEN)
def test_contract_catches_a_forbidden_import(name: str, importer: str, imported: str, graph: grimp.ImportGraph) -> None:
    worse = deepcopy(graph)
    assert importer in worse.modules
    worse.add_import(importer=importer, imported=imported)
    assert not keeps(name, worse)


def test_every_contract_is_tried_with_a_forbidden_import() -> None:
    assert {name for name, _, _ in FORBIDDEN} == set(CONTRACTS)


def test_contracts_ignore_nothing() -> None:
    assert [each.get("ignore_imports", []) for each in CONTRACTS.values()] == [[]] * len(CONTRACTS)


def test_layers_cover_the_whole_package(graph: grimp.ImportGraph) -> None:
    rows = CONTRACTS["Layers only look down"]["layers"]
    layers = {name.strip() for row in rows for name in row.split("|")}
    assert layers | APART == graph.find_children("bothways")
    assert {f"bothways.{each.name}" for each in PACKAGE.iterdir() if (each / "__init__.py").exists()} <= layers | APART
    assert not layers & APART


def test_demo_and_one_command_alone_use_the_sandbox(graph: grimp.ImportGraph) -> None:
    importers = graph.find_modules_that_directly_import
    outside = {
        module
        for each in graph.find_descendants("bothways.sandbox") | {"bothways.sandbox"}
        for module in importers(each)
        if not module.startswith("bothways.sandbox")
    }
    assert outside
    assert {module for module in outside if not module.startswith("bothways.cli.demo")} == {"bothways.cli.sandbox"}


def test_sandbox_imports_nothing_of_the_product_but_the_records(graph: grimp.ImportGraph) -> None:
    modules = graph.find_descendants("bothways.sandbox") | {"bothways.sandbox"}
    imported = {each for module in modules for each in graph.find_modules_directly_imported_by(module)}
    allowed = ("bothways.sandbox", "bothways.records")
    assert {each for each in imported if each.startswith("bothways") and not each.startswith(allowed)} == set()


def test_boot_needs_nothing_of_the_product_but_its_errors(graph: grimp.ImportGraph) -> None:
    imported = graph.find_modules_directly_imported_by("bothways.boot")
    assert {each for each in imported if each.startswith("bothways")} == {"bothways.errors"}


@pytest.mark.parametrize("line", ["", "import bothways.ledger.due\n"])
def test_command_reads_the_files_and_refuses_a_bad_line_in_one(line: str, tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "bothways", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "bothways" / "engine" / "sides.py").open("a", encoding="utf-8") as file:
        file.write(line)
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (1 if line else 0), done.stdout + done.stderr
    assert ("bothways.engine.sides -> bothways.ledger.due" in done.stdout) is bool(line)
