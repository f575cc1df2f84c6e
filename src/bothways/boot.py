"""Configure Django for this process: one database at a time, by one URL."""

import gc
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from django.db import connections

from bothways.errors import DatabaseUnreachable, OurFault

SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;"
"""FULL: with NORMAL a power cut loses committed intents."""

LOCK_TIMEOUT = 20.0
"""Seconds to wait for another writer of the same SQLite file."""

STANDSTILL = 15
"""Seconds after which PostgreSQL ends a session that stands still in a transaction: a frozen process holds locks."""

GONE = 15
"""Seconds without an answer, even to the network's own questions, after which the other end counts as gone."""

_SERVER = {
    "idle_in_transaction_session_timeout": f"{STANDSTILL}s",
    "tcp_keepalives_idle": GONE // 3,
    "tcp_keepalives_interval": GONE // 3,
    "tcp_keepalives_count": 2,
    "tcp_user_timeout": GONE * 1000,
}
OURS = "bothways"
"""What our sessions call themselves."""

CONNECTION: dict[str, Any] = {
    "application_name": OURS,
    "connect_timeout": GONE,
    "keepalives_idle": GONE // 3,
    "keepalives_interval": GONE // 3,
    "keepalives_count": 2,
    "tcp_user_timeout": GONE * 1000,
    "options": " ".join(f"-c {name}={value}" for name, value in _SERVER.items()),
}
"""How both ends of a connection to PostgreSQL notice that the other is gone: else they wait for hours."""

NEW_OBJECTS = 50_000
"""So many new objects before Python looks for cycles: records come and go by the thousand and form none."""


def prepare() -> None:
    """Configure Django in this process, so that models can be imported; no database is touched.

    Raises OurFault if the host process has configured Django for itself already.
    """
    if settings.configured:
        if not hasattr(settings, "BOTHWAYS_DATABASE"):
            raise OurFault(reason="Django is configured already by another program", incident="boot")
        return
    settings.configure(
        BOTHWAYS_DATABASE="",
        DATABASES={},
        INSTALLED_APPS=["bothways.ledger"],
        USE_TZ=True,
        TIME_ZONE="UTC",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def setup(database: str) -> None:
    """Use the database of this URL (``sqlite:///path`` or ``postgresql://...``) from now on.

    A process has one database at a time: naming another one closes this thread's connection to the first.
    """
    prepare()
    if database == settings.BOTHWAYS_DATABASE:
        _leave_former()
        return
    chosen = database_settings(database)
    if "default" in connections.settings:
        connections.close_all()
        if hasattr(connections._connections, "default"):
            del connections["default"]
    connections.settings = connections.configure_settings({"default": chosen})
    settings.DATABASES = connections.settings
    settings.BOTHWAYS_DATABASE = database


def _leave_former() -> None:
    """Close the connection of this thread if it is to a database that another thread has left since."""
    here = connections._connections
    if hasattr(here, "default") and here.default.settings_dict is not connections.settings["default"]:
        here.default.close()
        del here.default


def database_settings(url: str) -> dict[str, Any]:
    """Return Django's settings for a database URL; raise DatabaseUnreachable for any other kind."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = unquote(parts.path)
        name = path[1:] if path.startswith("/:memory:") else str(Path(path).absolute())
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name,
            "OPTIONS": {
                "init_command": SQLITE_PRAGMAS,
                "transaction_mode": "IMMEDIATE",
                "timeout": LOCK_TIMEOUT,
            },
        }
    if parts.scheme in ("postgresql", "postgres"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": None,
            "OPTIONS": CONNECTION,
        }
    raise DatabaseUnreachable(url=parts.scheme or url, reason="only sqlite:/// and postgresql:// are known")
