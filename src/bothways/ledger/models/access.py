"""Tables of being let into apps by OAuth: what they gave us, and who is on the way to one. Times are seconds."""

from django.db import models

from bothways.ledger.models.base import Base, new_mark


class Access(Base):
    """What an app gave us, of a connection known by its name: ``sealed`` tokens, which its client secret opens.

    ``version``: counted up whenever they become other ones. ``mark``: another word whenever somebody signs in, at
    ``signed_in_at``. ``scopes`` are those that were allowed, separated by blanks; null where the app does not tell.
    """

    pk = models.CompositePrimaryKey("workspace_id", "connection")
    connection = models.TextField()
    sealed = models.TextField()
    version = models.BigIntegerField(default=1)
    mark = models.TextField(default=new_mark)
    scopes = models.TextField(null=True)
    signed_in_at = models.FloatField()

    class Meta:
        db_table = "access"


class Visit(Base):
    """Somebody on the way to an app, to let us in, and back; see ``service.visits``.

    ``mark`` is in the address of its page, ``state`` goes to the app and comes back, ``session`` is a digest of the
    session that began it. ``way`` is where it leads, as JSON text; ``files`` are those of secrets that were typed for
    it. ``stage``: open, at work, refused (as ``trouble`` tells), done.
    """

    mark = models.TextField(unique=True, default=new_mark)
    state = models.TextField(unique=True)
    session = models.TextField()
    way = models.TextField()
    files = models.JSONField(default=list)
    made_at = models.FloatField()
    stage = models.TextField(default="open")
    trouble = models.JSONField(null=True)

    class Meta:
        db_table = "visit"
