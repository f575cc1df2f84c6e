"""The one Django app."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The app that owns all models."""

    name = "bothways.ledger"
    label = "ledger"
