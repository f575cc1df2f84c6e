"""Tables of what was counted by the hour, for the charts; old hours are removed. Hours are counted from 1970 (UTC)."""

from django.db import models

from bothways.ledger.models.base import Base
from bothways.ledger.models.core import Sync


class Delay(Base):
    """How late the changes of an hour were written: ``counts`` of them by step of delay, as JSON, and the ``worst``."""

    pk = models.CompositePrimaryKey("sync_id", "hour")
    sync = models.ForeignKey(Sync, models.CASCADE, db_constraint=False, db_index=False)
    hour = models.BigIntegerField()
    counts = models.TextField()
    worst = models.FloatField()

    class Meta:
        db_table = "delay"


class Called(Base):
    """How many calls were made to a connection in an hour."""

    pk = models.CompositePrimaryKey("workspace_id", "connection", "hour")
    connection = models.TextField()
    hour = models.BigIntegerField()
    calls = models.BigIntegerField()

    class Meta:
        db_table = "called"
