"""A fresh ledger for every schedule: the schema is made once and copied."""

from __future__ import annotations

import os
import sqlite3

from django.core.management import call_command
from django.db import connection

from bothways import boot

_TEMPLATE: sqlite3.Connection | None = None


def start(url: str | None = None) -> None:
    """Make the schema once, in memory or on the PostgreSQL of ``url``."""
    global _TEMPLATE
    boot.setup(url or "sqlite:///:memory:")
    call_command("migrate", verbosity=0)
    if connection.vendor == "sqlite":
        _TEMPLATE = sqlite3.connect(":memory:", check_same_thread=False)
        connection.ensure_connection()
        connection.connection.backup(_TEMPLATE)


def fresh() -> None:
    """Give the next schedule an empty ledger."""
    if connection.vendor == "sqlite":
        assert _TEMPLATE is not None
        connection.ensure_connection()
        _TEMPLATE.backup(connection.connection)
        return
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names() if not name.startswith("django_")]
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")


def worker_url(base: str | None, worker: int) -> str | None:
    """Return the database of one worker process."""
    return None if base is None else f"{base}_{worker}_{os.getpid()}"
