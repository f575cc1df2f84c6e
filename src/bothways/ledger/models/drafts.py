"""The table of drafts: settings of syncs that somebody is working on. Times are seconds."""

from django.db import models

from bothways.ledger.models.base import Base
from bothways.ledger.models.core import Sync


class Draft(Base):
    """Settings that are not in force. ``sync``: whose they will be, null for a new one, which will be called ``name``.

    ``base``: the revision that they were begun from; ``version``: counted up with every change, by ``author`` at
    ``saved_at``. ``settings`` are an entry of the settings file as JSON text, in which the order of keys is kept.
    """

    sync = models.OneToOneField(Sync, models.CASCADE, null=True)
    name = models.TextField()
    base = models.IntegerField(default=0)
    version = models.IntegerField(default=1)
    author = models.TextField()
    saved_at = models.FloatField()
    settings = models.TextField()

    class Meta:
        db_table = "draft"
