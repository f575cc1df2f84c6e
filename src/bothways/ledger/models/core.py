"""Tables of what is synced: settings, what was seen of records, their links, plans, runs, and what waits."""

from django.db import models
from django.db.models import Q

from bothways.ledger.models.base import Base, Turns, new_mark

ACTIVE = ("pending", "active")


class Workspace(models.Model):
    """One installation's set of connections and syncs.

    ``paused_at``: since when a person lets nothing run (seconds), 0 if they let it. ``web_key`` signs what the pages
    hand out, "" before the first page was asked for. ``pruned_at``: when somebody last looked for history that is old
    (seconds); ``pruned_to``: up to which entry of the journal; ``looked_anew_at``: when that was last begun with the
    first one.
    """

    name = models.TextField(unique=True)
    revision = models.IntegerField(default=0)
    web_key = models.TextField(default="", db_default="")
    paused_at = models.FloatField(default=0.0, db_default=0.0)
    pruned_at = models.FloatField(default=0.0, db_default=0.0)
    pruned_to = models.BigIntegerField(default=0, db_default=0)
    looked_anew_at = models.FloatField(default=0.0, db_default=0.0)

    class Meta:
        db_table = "workspace"


class Connection(Base):
    """One account of an app. Secrets are not stored: ``settings`` names where they are found.

    ``rests_until``: nothing is asked of it before then (seconds), since it failed ``failed`` times in a row, as
    ``trouble`` says (an error's code and words, "" for none). ``account``: who we are there, "" while
    that is not known; ``trace`` tells whether settings and credentials are still those by which that was seen.
    """

    name = models.TextField()
    connector = models.TextField()
    settings = models.JSONField(default=dict)
    rests_until = models.FloatField(default=0.0, db_default=0.0)
    failed = models.IntegerField(default=0, db_default=0)
    trouble = models.TextField(default="", db_default="")
    account = models.TextField(default="", db_default="")
    trace = models.TextField(default="", db_default="")

    class Meta:
        db_table = "connection"
        constraints = [models.UniqueConstraint(fields=["workspace_id", "name"], name="connection_name")]


class Feed(Turns):
    """One object of one connection being read; serves every sync that uses it.

    ``failed``: how often reading it failed in a row.
    ``lists``: when (seconds) the members of which of the app's lists were read, by name in small letters.
    """

    connection = models.ForeignKey(Connection, models.CASCADE)
    object = models.TextField()
    fields = models.JSONField(default=list)
    slots = models.JSONField(default=list)
    cursor = models.TextField(null=True)
    baseline_done = models.BooleanField(default=False)
    polled_at = models.FloatField(default=0.0)
    complete_to = models.FloatField(default=0.0)
    swept_at = models.FloatField(default=0.0)
    lists = models.JSONField(default=dict)

    class Meta:
        db_table = "feed"
        indexes = [models.Index(fields=["due_at"], name="feed_due")]
        constraints = [models.UniqueConstraint(fields=["connection", "object"], name="feed_object")]


class Sync(Turns):
    """One object of one connection kept in step with one of another.

    ``failed``: how often its runs failed in a row.

    ``mark`` is part of the markers of its creates: two ledgers on one account never take each other's.
    ``scoped_at``: when filters that depend on the time were last looked at for every record (seconds).
    ``line``: how often it was asked for changes from now on alone; ``line_drawn``: up to which of these it was taken
    note of what every record held. ``deleted_at``: when it was deleted (seconds), 0 if it was not.
    """

    name = models.TextField()
    state = models.TextField(default="draft")
    left = models.ForeignKey(Feed, models.PROTECT, related_name="left_syncs")
    right = models.ForeignKey(Feed, models.PROTECT, related_name="right_syncs")
    revision = models.IntegerField(default=0)
    epoch = models.IntegerField(default=0)
    mark = models.TextField(default=new_mark)
    approved = models.BooleanField(default=False)
    slots = models.JSONField(default=list)
    scoped_at = models.FloatField(default=0.0, db_default=0.0)
    line = models.IntegerField(default=0, db_default=0)
    line_drawn = models.IntegerField(default=0, db_default=0)
    deleted_at = models.FloatField(default=0.0, db_default=0.0)

    class Meta:
        db_table = "sync"
        indexes = [models.Index(fields=["due_at"], name="sync_due")]
        constraints = [models.UniqueConstraint(fields=["workspace_id", "name"], name="sync_name")]


class Revision(Base):
    """The settings of a sync as they were saved: who, when, the whole document."""

    sync = models.ForeignKey(Sync, models.CASCADE, db_index=False)
    number = models.IntegerField()
    document = models.JSONField()
    author = models.TextField(default="")
    at = models.FloatField()

    class Meta:
        db_table = "revision"
        constraints = [models.UniqueConstraint(fields=["sync", "number"], name="revision_number")]


class Seen(Base):
    """What a feed last saw of one record. ``state``: live, gone, merged or converted. Times are seconds.

    ``stamp_seen_at``: when it first showed the stamp that it shows, or what it holds where the app stamps nothing.
    ``swept``: when a walk of all ids met it last; of one that is gone, when it was last known to be there.

    ``became``: the object and the id of the record that this one was turned into, or merged into, as JSON.
    """

    pk = models.CompositePrimaryKey("feed_id", "record_id")
    feed = models.ForeignKey(Feed, models.CASCADE, db_constraint=False, db_index=False)
    record_id = models.TextField()
    address = models.TextField(null=True)
    version = models.TextField(null=True)
    data = models.TextField(null=True)
    modified = models.FloatField(null=True)
    stamp_seen_at = models.FloatField(default=0.0)
    read_at = models.FloatField(default=0.0)
    first_seen_at = models.FloatField(default=0.0)
    swept = models.FloatField(default=0.0)
    state = models.TextField(default="live")
    problem = models.TextField(null=True)
    lists = models.TextField(null=True)
    became = models.TextField(null=True)

    class Meta:
        db_table = "seen"
        indexes = [
            models.Index(fields=["feed", "address"], name="seen_address"),
            models.Index(fields=["feed"], condition=Q(lists__isnull=False), name="seen_in_list"),
            models.Index(fields=["feed", "became"], condition=Q(became__isnull=False), name="seen_became"),
            models.Index(fields=["feed", "record_id"], condition=~Q(state="live"), name="seen_not_live"),
        ]


class Key(Base):
    """One comparable key of a record; ``told`` by the app itself, or computed from its values."""

    pk = models.CompositePrimaryKey("feed_id", "slot", "hash", "record_id")
    feed = models.ForeignKey(Feed, models.CASCADE, db_constraint=False, db_index=False)
    slot = models.TextField()
    hash = models.TextField()
    record_id = models.TextField()
    told = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "match_key"
        indexes = [models.Index(fields=["record_id", "feed"], name="match_key_record")]


class Due(Base):
    """A record that a sync must look at. ``version`` is another one with every mark, so that none is cleared unseen."""

    pk = models.CompositePrimaryKey("sync_id", "side", "record_id")
    sync = models.ForeignKey(Sync, models.CASCADE, db_constraint=False, db_index=False)
    side = models.TextField()
    record_id = models.TextField()
    version = models.BigIntegerField()
    not_before = models.FloatField(default=0.0)

    class Meta:
        db_table = "due"


class Link(Base):
    """Two records that are the same thing. Ended links are kept: a ``survivor`` side is a tombstone.

    ``frozen`` says why nothing flows between them, "" where it does. ``carries_at``: when the surviving record of
    an ended link is to follow the deleted one (seconds), null where it is not. ``came_from``: the link that this one
    goes on from, which was of a lead in another sync.
    """

    sync = models.ForeignKey(Sync, models.CASCADE)
    left_id = models.TextField(null=True)
    right_id = models.TextField(null=True)
    state = models.TextField(default="active")
    rule = models.TextField(default="")
    reason = models.TextField(default="")
    survivor = models.TextField(null=True)
    created_at = models.FloatField()
    ended_at = models.FloatField(null=True)
    ended_by = models.TextField(default="", db_default="")
    frozen = models.TextField(default="", db_default="")
    carries_at = models.FloatField(null=True)
    came_from = models.BigIntegerField(null=True)

    class Meta:
        db_table = "link"
        constraints = [
            models.UniqueConstraint(fields=["sync", side], condition=Q(state__in=ACTIVE), name=f"link_one_{side}")
            for side in ("left_id", "right_id")
        ]
        indexes = [
            models.Index(fields=["sync", side], condition=Q(state="ended"), name=f"link_ended_{side}")
            for side in ("left_id", "right_id")
        ] + [
            models.Index(fields=["sync", "id"], condition=Q(state="pending"), name="link_pending"),
            models.Index(fields=["sync", "id"], condition=Q(frozen__gt=""), name="link_frozen"),
            models.Index(fields=["came_from"], condition=Q(came_from__isnull=False), name="link_came_from"),
        ]


class Shadow(Base):
    """The mapped values last seen on one side of a link: mapping -> what ``Known`` has, as a list, its end left out."""

    pk = models.CompositePrimaryKey("link_id", "side")
    link = models.ForeignKey(Link, models.CASCADE, db_constraint=False, db_index=False)
    side = models.TextField()
    data = models.TextField()

    class Meta:
        db_table = "shadow"


class Noted(Base):
    """What a record held when a sync was asked for changes from then on alone: field name -> value, as JSON."""

    pk = models.CompositePrimaryKey("sync_id", "side", "record_id")
    sync = models.ForeignKey(Sync, models.CASCADE, db_constraint=False, db_index=False)
    side = models.TextField()
    record_id = models.TextField()
    line = models.IntegerField()
    data = models.TextField()

    class Meta:
        db_table = "noted"


class Apart(Base):
    """Two records that are not the same thing, whatever their keys say.

    A record that a person has left out belongs to nobody, since ``left_out_at`` (seconds) by the word of ``author``;
    ``hold_id`` and ``held`` are the hold by which they were asked.
    """

    pk = models.CompositePrimaryKey("sync_id", "left_id", "right_id")
    sync = models.ForeignKey(Sync, models.CASCADE, db_index=False)
    left_id = models.TextField()
    right_id = models.TextField()
    left_out_at = models.FloatField(null=True)
    author = models.TextField(default="", db_default="")
    hold_id = models.BigIntegerField(null=True)
    held = models.TextField(default="", db_default="")

    class Meta:
        db_table = "apart"
        indexes = [models.Index(fields=["sync", "right_id", "left_id"], name="apart_right")]


class Run(Base):
    """One pass of a sync, or an undo of one."""

    sync = models.ForeignKey(Sync, models.CASCADE)
    kind = models.TextField()
    state = models.TextField(default="running")
    started_at = models.FloatField()
    ended_at = models.FloatField(null=True)
    reason = models.TextField(default="")
    counts = models.JSONField(default=dict)
    bill = models.JSONField(default=dict)
    undoes = models.BigIntegerField(null=True)
    revision = models.IntegerField(default=0)

    class Meta:
        db_table = "run"


class Plan(Base):
    """What a run would do, stored as rows."""

    sync = models.ForeignKey(Sync, models.CASCADE)
    revision = models.IntegerField()
    created_at = models.FloatField()
    state = models.TextField(default="making")
    totals = models.JSONField(default=dict)

    class Meta:
        db_table = "plan"


class PlanAction(Base):
    """One action of a plan, with its reason and its field decisions in ``data``."""

    pk = models.CompositePrimaryKey("plan_id", "seq")
    plan = models.ForeignKey(Plan, models.CASCADE, db_constraint=False, db_index=False)
    seq = models.IntegerField()
    kind = models.TextField()
    rule = models.TextField()
    reason = models.TextField()
    left_id = models.TextField(null=True)
    right_id = models.TextField(null=True)
    link_id = models.BigIntegerField(null=True)
    writes_left = models.BooleanField(default=False)
    writes_right = models.BooleanField(default=False)
    state = models.TextField(default="planned")
    data = models.TextField()

    class Meta:
        db_table = "plan_action"
        indexes = [
            models.Index(fields=["plan", "left_id"], name="plan_action_left"),
            models.Index(fields=["plan", "right_id"], name="plan_action_right"),
        ]


class Journal(Base):
    """Every write: the intent first, the result after. ``state``: intent, in_flight, done, failed, dropped.

    ``data`` holds per mapping: before, after, rule, reason, and what the app stored.
    """

    id = models.BigAutoField(primary_key=True)
    sync = models.ForeignKey(Sync, models.CASCADE, db_constraint=False, db_index=False)
    run_id = models.BigIntegerField()
    link_id = models.BigIntegerField(null=True)
    side = models.TextField()
    record_id = models.TextField(null=True)
    kind = models.TextField()
    state = models.TextField()
    rule = models.TextField()
    marker = models.TextField(default="")
    data = models.TextField()
    message = models.TextField(default="", db_default="")
    created_at = models.FloatField()
    done_at = models.FloatField(null=True)

    class Meta:
        db_table = "journal"
        indexes = [
            models.Index(fields=["link_id", "id"], name="journal_link"),
            models.Index(fields=["run_id", "id"], name="journal_run"),
            models.Index(fields=["sync", "record_id"], name="journal_record"),
            models.Index(fields=["sync", "state"], condition=Q(state__in=("intent", "in_flight")), name="journal_open"),
            models.Index(fields=["run_id", "kind", "side"], condition=Q(state="done"), name="journal_written"),
            models.Index(fields=["sync", "done_at", "kind", "side"], condition=Q(state="done"), name="journal_done"),
        ]


class Hold(Base):
    """Something that waits for a person, or for the app to take it."""

    id = models.BigAutoField(primary_key=True)
    sync = models.ForeignKey(Sync, models.CASCADE, db_constraint=False, db_index=False)
    side = models.TextField()
    record_id = models.TextField()
    field = models.TextField(default="")
    link_id = models.BigIntegerField(null=True)
    rule = models.TextField()
    reason = models.TextField()
    kind = models.TextField()
    tries = models.IntegerField(default=1)
    next_try = models.FloatField(null=True)
    opened_at = models.FloatField()
    data = models.TextField(default="{}")

    class Meta:
        db_table = "hold"
        constraints = [
            models.UniqueConstraint(fields=["sync", "side", "record_id", "field"], name="hold_one"),
        ]
