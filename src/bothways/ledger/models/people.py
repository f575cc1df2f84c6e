"""Tables of who uses the pages: accounts, one-time links, sessions, and what they did. Times are seconds."""

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from bothways.ledger.models.base import Base


class Account(Base):
    """Somebody who can sign in. ``name`` is compared in small letters; ``password`` is a hash, "" before the first one.

    ``failed``: wrong passwords in a row; ``locked_until``: nobody signs in before then; ``left_at``: when it was
    switched off, 0 while it is on.
    """

    name = models.TextField()
    key = models.TextField(unique=True)
    role = models.TextField()
    password = models.TextField(default="", db_default="")
    made_at = models.FloatField()
    signed_in_at = models.FloatField(default=0.0, db_default=0.0)
    failed = models.IntegerField(default=0, db_default=0)
    locked_until = models.FloatField(default=0.0, db_default=0.0)
    left_at = models.FloatField(default=0.0, db_default=0.0)

    class Meta:
        db_table = "account"


class OneTimeLink(Base):
    """A link by which somebody makes an account of a role, or gives theirs a new password. Its word is not stored."""

    digest = models.TextField(unique=True)
    role = models.TextField()
    account = models.ForeignKey(Account, models.CASCADE, null=True)
    made_by = models.TextField(default="", db_default="")
    ends_at = models.FloatField()

    class Meta:
        db_table = "one_time_link"


class Session(Base, AbstractBaseSession):
    """Somebody signed in with one browser. ``agent``: what that calls itself."""

    account_id = models.BigIntegerField(null=True, db_index=True)
    made_at = models.FloatField(default=0.0, db_default=0.0)
    agent = models.TextField(default="", db_default="")

    class Meta:
        db_table = "session"

    @classmethod
    def get_session_store_class(cls) -> type:
        """Return what keeps sessions in this table."""
        from bothways.ledger.sessions import SessionStore

        return SessionStore


class Deed(Base):
    """Something that somebody did here, for the audit log. ``about``: what it was done to; ``facts`` hold no secret."""

    at = models.FloatField(db_index=True)
    who = models.TextField()
    what = models.TextField()
    about = models.TextField(default="", db_default="")
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "deed"
