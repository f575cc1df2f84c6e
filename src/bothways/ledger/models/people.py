"""Tables of who uses it: accounts, one-time links, sessions, tokens, and what they did. Times are seconds."""

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from bothways.ledger.models.base import Base


class Account(Base):
    """Somebody who can sign in. ``name`` is compared in small letters; ``password`` is a hash, "" before the first one.

    ``failed``: wrong passwords and codes in a row; ``locked_until``: nobody signs in before then; ``left_at``: when it
    was switched off, 0 while it is on. ``totp``: the secret of its second factor, "" without one; ``totp_new``: one
    that waits for its first code; ``totp_step``: the interval of the last code, so that none is taken twice.
    ``language`` and ``time_zone``: of the pages, "" where the browser says it. ``look``: "" for that of the system.
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
    totp = models.TextField(default="", db_default="")
    totp_new = models.TextField(default="", db_default="")
    totp_step = models.BigIntegerField(default=0, db_default=0)
    language = models.TextField(default="", db_default="")
    time_zone = models.TextField(default="", db_default="")
    look = models.TextField(default="", db_default="")

    class Meta:
        db_table = "account"


class RecoveryCode(Base):
    """A code that is good once in place of one of the second factor. It is not stored itself."""

    account = models.ForeignKey(Account, models.CASCADE)
    digest = models.TextField()

    class Meta:
        db_table = "recovery_code"


class Identity(Base):
    """Somebody as a provider of identities knows them: ``subject`` at ``issuer``, nothing else, stands for them.

    ``by_rule``: a rule of the settings let them in, and says their role anew each time.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    issuer = models.TextField()
    subject = models.TextField()
    by_rule = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "identity"
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="identity_one")]


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


class Token(Base):
    """By which a program acts in the name of an account, with at most its own ``role``. Its word is not stored.

    ``used_at``: told to the minute, 0 if never; ``ends_at``: 0 if it does not end by itself.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    name = models.TextField()
    digest = models.TextField(unique=True)
    role = models.TextField()
    made_at = models.FloatField()
    used_at = models.FloatField(default=0.0, db_default=0.0)
    ends_at = models.FloatField(default=0.0, db_default=0.0)

    class Meta:
        db_table = "token"


class Answered(Base):
    """What was answered to a call with an idempotency key. ``digest``: of the call; ``status``: 0 while it is at work.

    ``body`` is "" where the answer holds a secret, which is not kept.
    """

    token = models.ForeignKey(Token, models.CASCADE, db_index=False)
    key = models.TextField()
    digest = models.TextField()
    at = models.FloatField(db_index=True)
    status = models.IntegerField(default=0, db_default=0)
    kind = models.TextField(default="", db_default="")
    body = models.TextField(default="", db_default="")

    class Meta:
        db_table = "answered"
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="answered_once")]


class Deed(Base):
    """Something that somebody did here, for the audit log. ``about``: what it was done to; ``facts`` hold no secret."""

    at = models.FloatField(db_index=True)
    who = models.TextField()
    what = models.TextField()
    about = models.TextField(default="", db_default="")
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "deed"
