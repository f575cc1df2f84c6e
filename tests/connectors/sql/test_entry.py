"""How the connector is found, and how the SQL of the helper tables is printed."""

import sys
import tomllib
from pathlib import Path

import pytest

from bothways.connectors import registry
from bothways.connectors.sql import __main__ as program

ROOT = Path(__file__).parents[3]


def test_connector_is_an_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"][registry.GROUP]["sql"] == "bothways.connectors.sql:Sql"
    assert any(each.startswith("psycopg") for each in project["optional-dependencies"]["postgres"])


def test_sql_is_printed_for_the_schema_and_role_and_nothing_is_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sql", "crm", 'odd"role'])
    monkeypatch.setitem(sys.modules, "psycopg", None)
    program.main()
    printed = capsys.readouterr().out
    assert printed.startswith('-- Helper tables of Bothways in schema "crm"')
    assert 'GRANT SELECT ON "crm".bothways_changes TO "odd""role";' in printed
