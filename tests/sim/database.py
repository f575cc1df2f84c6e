"""A fresh ledger for every schedule: the schema is made once and copied."""

from __future__ import annotations

import os
import sqlite3

import psycopg
from django.core.management import call_command
from django.db import connection

from bothways import boot

_TEMPLATE: sqlite3.Connection | None = None


def start(url: str | None = None) -> None:
    """Make the schema once, in memory or in a database of its own on the PostgreSQL server of ``url``."""
    global _TEMPLATE
    boot.setup(own_database(url) if url else "sqlite:///:memory:")
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


def own_database(server: str) -> str:
    """Make a database for this process on a PostgreSQL server and return its URL."""
    name = f"sim_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}")
    return f"{server.rpartition('/')[0]}/{name}"
