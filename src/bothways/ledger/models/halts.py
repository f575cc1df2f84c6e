"""The table of what somebody has paused or stopped. Times are seconds."""

from django.db import models

from bothways.ledger.models.base import Base
from bothways.ledger.models.core import Sync


class Halt(Base):
    """A sync that runs no more until somebody lets it go on. ``stopped``: to be looked at; else only paused.

    Each wish is a row of its own, and takes the place of the one before: whoever is at work knows a new one by that.
    """

    sync = models.OneToOneField(Sync, models.CASCADE)
    stopped = models.BooleanField()
    by = models.TextField()
    at = models.FloatField()

    class Meta:
        db_table = "halt"
