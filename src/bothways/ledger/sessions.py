"""Sessions of browsers, kept in our own table, so that they can be listed and ended by account."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from bothways.ledger.models import Session

ACCOUNT, AGENT, MADE_AT = "account", "agent", "made_at"
"""What a session holds: whose it is, which browser, since when (seconds)."""

LASTS = 14 * 86_400
"""Seconds without a visit after which somebody must sign in again."""


class SessionStore(DatabaseStore):
    """Keeps the account of a session beside it."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the table."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row of a session that holds this."""
        row: Session = super().create_model_instance(data)
        row.account_id, row.agent, row.made_at = data.get(ACCOUNT), data.get(AGENT, ""), data.get(MADE_AT, 0.0)
        return row
