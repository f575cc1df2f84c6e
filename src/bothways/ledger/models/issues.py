"""Tables of what somebody did about issues: those that are to be left alone, and those that were tried again."""

from django.db import models

from bothways.ledger.models.base import Base
from bothways.ledger.models.core import Sync


class Ignored(Base):
    """A hold that nobody wants to be asked about, since ``at`` (seconds), until one of its records is edited.

    ``left_id`` and ``right_id`` are these records, null for one that is not there.
    """

    hold_id = models.BigIntegerField(primary_key=True)
    sync = models.ForeignKey(Sync, models.CASCADE, db_constraint=False)
    at = models.FloatField()
    author = models.TextField(default="")
    left_id = models.TextField(null=True)
    right_id = models.TextField(null=True)

    class Meta:
        db_table = "ignored"


class Mend(Base):
    """What somebody did about all holds of one cause: ``how`` is retry or pairing, ``total`` how many there were.

    ``digest`` is what the cause is known by; ``reason`` is that of one of the holds.
    """

    id = models.BigAutoField(primary_key=True)
    sync = models.ForeignKey(Sync, models.CASCADE, db_constraint=False)
    digest = models.TextField()
    kind = models.TextField()
    rule = models.TextField()
    field = models.TextField()
    cause = models.TextField()
    reason = models.TextField()
    how = models.TextField()
    author = models.TextField(default="")
    at = models.FloatField()
    total = models.IntegerField()

    class Meta:
        db_table = "mend"


class Mended(Base):
    """A hold that a mend was for, and how often it had been tried by then."""

    pk = models.CompositePrimaryKey("mend_id", "hold_id")
    mend = models.ForeignKey(Mend, models.CASCADE, db_constraint=False, db_index=False)
    hold_id = models.BigIntegerField()
    tries = models.IntegerField()

    class Meta:
        db_table = "mended"
        indexes = [models.Index(fields=["hold_id"], name="mended_hold")]
