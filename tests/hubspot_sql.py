"""A workspace between HubSpot (the stand-in) and a real database, made as a person would make it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from bothways.connectors import registry
from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from bothways.service import apps, preview
from bothways.service.views import AppCheck
from bothways.service.workspace import Workspace, init, open_workspace
from tests.connectors.sql.support import PASSWORD, Books
from tests.databases import empty_ledger


@dataclass(frozen=True)
class Between:
    """Both apps, the folder of the workspace, and what the database answered when it was added."""

    folder: Path
    hubspot: HubSpotSandbox
    erp: Books
    added: AppCheck

    def told(self) -> list[str]:
        """Return why what one app knows by name is not written of any person that is due, by a plan."""
        self.hubspot.advance(1200)
        plan = preview.plan(self.open(), "people")
        actions = preview.plan_actions(self.open(), plan.id, show="everything")
        held = [each.reason for action in actions for each in action.fields if each.hold]
        return [*held, *(each.reason for each in actions if each.rule == "FV")]

    def open(self) -> Workspace:
        """Open the workspace, at the stand-in's time."""
        workspace = open_workspace(self.folder)
        workspace.clock = self.hubspot.now
        return workspace


@contextmanager
def hubspot_and_sql(
    folder: Path,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    syncs: str,
    tables: Sequence[str],
    *,
    watched: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Between]:
    """Yield a workspace with the apps ``hubspot`` and ``erp``; the database is new and has these tables."""
    points = {"sql": "bothways.connectors.sql:Sql", "hubspot": "bothways.connectors.hubspot:HubSpot"}
    found = {name: EntryPoint(name, value, registry.GROUP) for name, value in points.items()}
    monkeypatch.setattr(registry, "_points", lambda: found)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS erp WITH (FORCE)")
        admin.execute("CREATE DATABASE erp")
    erp = Books(f"{server.rpartition('/')[0]}/erp", watched=watched, tables=tables)
    address = urlsplit(erp.url)
    with empty_ledger(folder), HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as hubspot:
        init(folder)
        file = folder / "bothways.yaml"
        file.write_text(file.read_text().replace("apps: {}", "allow_hosts: [127.0.0.1]\napps: {}"))
        workspace = open_workspace(folder)
        monkeypatch.setenv("HUBSPOT_TOKEN", hubspot.token)
        monkeypatch.setenv("ERP_PASSWORD", PASSWORD)
        apps.add_app(workspace, "hubspot", "hubspot", {"base_url": hubspot.url}, {"token": ("env", "HUBSPOT_TOKEN")})
        where = {"url": f"postgresql://{address.hostname}:{address.port}/erp", "username": "postgres"}
        added = apps.add_app(
            workspace, "erp", "sql", where | dict(settings or {}), {"password": ("env", "ERP_PASSWORD")}
        )
        file.write_text(file.read_text().replace("syncs: {}\n", syncs))
        yield Between(folder, hubspot, erp, added)
    erp.close()
