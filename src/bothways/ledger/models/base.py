"""What tables have in common."""

import secrets

from django.db import models


class Base(models.Model):
    """Every table carries its workspace from the first migration."""

    workspace_id = models.BigIntegerField(default=1, db_default=1)

    class Meta:
        abstract = True


class Turns(Base):
    """What is done again and again by whichever worker takes it up; see ``ledger.turns``. Times are seconds.

    ``due_at``: when its next turn is; ``asked_at``: when somebody last asked for one at once. ``taken_at``: since when
    ``worker`` has been at it, null where none is; ``beat_at``: when that one last said that it is alive.
    """

    due_at = models.FloatField(default=0.0, db_default=0.0)
    asked_at = models.FloatField(default=0.0, db_default=0.0)
    taken_at = models.FloatField(null=True)
    beat_at = models.FloatField(default=0.0, db_default=0.0)
    worker = models.TextField(default="", db_default="")
    failed = models.IntegerField(default=0, db_default=0)

    class Meta:
        abstract = True


def new_mark() -> str:
    """Return a word that no other installation's ledger has."""
    return secrets.token_hex(8)
