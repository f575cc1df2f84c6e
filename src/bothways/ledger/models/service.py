"""Tables of what runs by itself: workers, what they are asked for and told, the limits of apps, proofs, alerts."""

from django.db import models
from django.db.models import Q

from bothways.ledger.models.base import Base, Turns, new_mark
from bothways.ledger.models.core import Connection, Feed, Sync

OPEN = ("asked", "at work")


class Worker(Base):
    """A process that takes turns by itself. ``beat_at``: when it last said that it is alive (seconds)."""

    name = models.TextField(unique=True)
    beat_at = models.FloatField()

    class Meta:
        db_table = "worker"


class Webhooks(Base):
    """What is known of a connection whose app sends webhooks. Times are seconds.

    ``since``: since when they are awaited, by a process that works; ``came_at``: when the last one that was believed
    came; ``found_at``: when polling last found changes; ``silent``: it was told that none come. ``nonce``: the last
    test call that arrived. ``address``: where we had the app send them; ``wanted``: what the subscriptions were last
    checked for, due again at ``due_at``, with ``failed`` and ``trouble`` as of a connection.
    """

    connection = models.OneToOneField(Connection, models.CASCADE)
    since = models.FloatField(default=0.0, db_default=0.0)
    came_at = models.FloatField(default=0.0, db_default=0.0)
    found_at = models.FloatField(default=0.0, db_default=0.0)
    silent = models.BooleanField(default=False, db_default=False)
    nonce = models.TextField(default="", db_default="")
    address = models.TextField(default="", db_default="")
    wanted = models.TextField(default="", db_default="")
    due_at = models.FloatField(default=0.0, db_default=0.0)
    failed = models.IntegerField(default=0, db_default=0)
    trouble = models.TextField(default="", db_default="")

    class Meta:
        db_table = "webhooks"


class Chronicle(Base):
    """Where we stand in what the app of a connection writes down of its records. Times are seconds.

    ``position``: where to go on, in the app's words, "" before it was read. ``read_at``: when it was last read to its
    end, 0 if it cannot be; ``lost_at`` and ``lost``: when a part of it was last found gone, and why. ``due_at``: when
    it is read next; ``failed`` and ``trouble`` as of a connection. ``wanted``: what its subscriptions were last
    checked for, due again at ``check_at``; ``own``: those that we made, each by its id there, its event and its field.
    """

    connection = models.OneToOneField(Connection, models.CASCADE)
    position = models.TextField(default="", db_default="")
    read_at = models.FloatField(default=0.0, db_default=0.0)
    lost_at = models.FloatField(default=0.0, db_default=0.0)
    lost = models.TextField(default="", db_default="")
    due_at = models.FloatField(default=0.0, db_default=0.0)
    failed = models.IntegerField(default=0, db_default=0)
    trouble = models.TextField(default="", db_default="")
    wanted = models.TextField(default="", db_default="")
    check_at = models.FloatField(default=0.0, db_default=0.0)
    own = models.JSONField(default=list)

    class Meta:
        db_table = "chronicle"


class Subscription(Base):
    """A subscription that we have made in an app: ``ref`` is its id there, and the event and field that it is to."""

    connection = models.ForeignKey(Connection, models.CASCADE, db_index=False)
    ref = models.TextField()
    event = models.TextField()
    field = models.TextField(default="", db_default="")

    class Meta:
        db_table = "subscription"
        constraints = [models.UniqueConstraint(fields=["connection", "ref"], name="subscription_one")]


class Allowance(Base):
    """What is left of the limits of a connection, known by its name: ``state`` is JSON (``connectors.pacing``).

    It is changed by whoever calls the app, apart from all else, and has no row of the connection to wait for. Each
    change raises ``version``, so that none is made to what another has changed meanwhile.
    """

    pk = models.CompositePrimaryKey("workspace_id", "connection")
    connection = models.TextField()
    state = models.TextField()
    version = models.BigIntegerField(default=0)

    class Meta:
        db_table = "allowance"


class Hinted(Base):
    """A record of which an app has said, by a webhook, that it changed: to be read, for nothing else is believed.

    ``told_at``: when we were told (seconds).
    """

    pk = models.CompositePrimaryKey("feed_id", "record_id")
    feed = models.ForeignKey(Feed, models.CASCADE, db_constraint=False, db_index=False)
    record_id = models.TextField()
    told_at = models.FloatField()

    class Meta:
        db_table = "hinted"


class Request(Base):
    """What a person asks the service for, done in a turn of its sync; see ``ledger.requests``. Times are seconds.

    ``worker``: who began it last. ``progress``, ``answer`` and ``error`` are as they are shown: a step, a view, a code
    with its facts.
    """

    sync = models.ForeignKey(Sync, models.CASCADE, db_index=False)
    kind = models.TextField()
    parameters = models.JSONField(default=dict)
    asked_by = models.TextField(default="")
    asked_at = models.FloatField()
    state = models.TextField(default="asked")
    worker = models.TextField(default="")
    begun_at = models.FloatField(null=True)
    ended_at = models.FloatField(null=True)
    progress = models.JSONField(null=True)
    answer = models.JSONField(null=True)
    error = models.JSONField(null=True)

    class Meta:
        db_table = "request"
        indexes = [models.Index(fields=["sync", "id"], condition=Q(state__in=OPEN), name="request_open")]


class Proof(Turns):
    """The comparison of both sides of a sync that is made by itself: when, and what the last one found.

    ``timing``: by which settings ``due_at`` was told. ``proven_at``: when the last one began (seconds), 0 if there was
    none; it compared so many ``pairs``, of which so many were ``differing`` though nothing explains it.
    """

    sync = models.OneToOneField(Sync, models.CASCADE)
    timing = models.TextField(default="", db_default="")
    proven_at = models.FloatField(default=0.0, db_default=0.0)
    pairs = models.IntegerField(default=0, db_default=0)
    differing = models.IntegerField(default=0, db_default=0)
    report = models.JSONField(default=dict)

    class Meta:
        db_table = "proof"
        indexes = [models.Index(fields=["due_at"], name="proof_due")]


class Trouble(Base):
    """Something that is in trouble: an app, a sync, some records of a sync, or a channel by which alerts are sent.

    ``kind`` and ``name`` say what; ``mark`` is what receivers know this trouble by. It fails since ``since``, has
    failed so often (``tries``), last by the error of ``code``, and is tried again by ``until`` at the latest.
    ``tell_at``: when it is to be told of, 0 if it was, or never is; ``told``: the codes told of. ``over_at``: when it
    counts as over, 0 while it fails. Times are seconds.
    """

    kind = models.TextField()
    name = models.TextField()
    mark = models.TextField(default=new_mark)
    code = models.TextField()
    words = models.TextField()
    to_do = models.TextField(default="")
    since = models.FloatField()
    tries = models.IntegerField(default=1)
    until = models.FloatField(default=0.0)
    tell_at = models.FloatField(default=0.0)
    told = models.TextField(default="")
    over_at = models.FloatField(default=0.0)

    class Meta:
        db_table = "trouble"
        constraints = [models.UniqueConstraint(fields=["workspace_id", "kind", "name"], name="trouble_one")]


class Alert(Base):
    """A message about a trouble, for one channel: to be sent, or sent.

    ``trouble``: the trouble's mark. ``document``: what it says, as JSON. ``due_at``: when it is sent next; whoever
    sends it puts that ahead, so that nobody else does. ``answer``: what the receiver said to it. Times are seconds.
    """

    id = models.BigAutoField(primary_key=True)
    channel = models.TextField()
    trouble = models.TextField()
    document = models.TextField()
    made_at = models.FloatField()
    due_at = models.FloatField(default=0.0)
    tries = models.IntegerField(default=0)
    sent_at = models.FloatField(default=0.0)
    answer = models.TextField(default="")

    class Meta:
        db_table = "alert"
        indexes = [models.Index(fields=["channel", "due_at"], condition=Q(sent_at=0), name="alert_unsent")]
