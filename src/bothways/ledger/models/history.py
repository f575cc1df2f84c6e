"""The table of what history is gone. Times are seconds."""

from django.db import models

from bothways.ledger.models.base import Base
from bothways.ledger.models.core import Sync


class Pruned(Base):
    """How much of the history of a sync was let go: what is older than ``gone_before``, up to the run ``last_run``."""

    sync = models.OneToOneField(Sync, models.CASCADE)
    gone_before = models.FloatField()
    last_run = models.BigIntegerField()

    class Meta:
        db_table = "pruned"
