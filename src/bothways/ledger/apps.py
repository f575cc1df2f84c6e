"""The one Django app."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class LedgerConfig(AppConfig):
    """The app that owns all models."""

    name = "bothways.ledger"
    label = "ledger"

    def ready(self) -> None:
        """Teach every SQLite connection the letters beyond ASCII."""
        connection_created.connect(_know_all_letters, dispatch_uid="bothways-lower")


def _know_all_letters(connection: Any, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
