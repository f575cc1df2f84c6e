"""The workspace as its settings show it: what it is, what runs, who is alerted, what is installed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A process that works by itself, and when it last said so."""

    name: str
    beat_at: float


@dataclass(frozen=True, slots=True)
class WorkspaceView:
    """The workspace. ``name``: of its folder; ``database``: its kind and version; ``revision``: of all syncs together.

    ``paused_at``: since when everything is paused, None if it is not.
    """

    name: str
    version: str
    python: str
    database: str
    public_url: str
    revision: int
    paused_at: float | None
    workers: tuple[WorkerView, ...]


@dataclass(frozen=True, slots=True)
class LimitsView:
    """The brakes of a sync: records of its first run, share of records in percent, emptied values, deletions."""

    sync: str
    first_run: int
    max_change: float
    max_emptied: int
    max_deletes: int


@dataclass(frozen=True, slots=True)
class PackageView:
    """A package that is installed beside Bothways; ``licence`` in its own words, "" if it names none."""

    name: str
    version: str
    licence: str


@dataclass(frozen=True, slots=True)
class KeptHistory:
    """For how many seconds history is kept, None for ever; since when there is some, before when some is gone."""

    keep: float | None
    since: float | None
    gone_before: float | None

    @property
    def days(self) -> int:
        """For how many days it is kept, 0 for ever."""
        return round((self.keep or 0.0) / 86_400.0)


@dataclass(frozen=True, slots=True)
class HistoryView:
    """How much history there is: runs, and writes with what they replaced; of these can go now: ``old``.

    Of the writes that are old the last one of each field stays. ``keep``, ``since`` and ``gone_before`` as of
    ``KeptHistory``.
    """

    keep: float | None
    since: float | None
    gone_before: float | None
    runs: int
    writes: int
    old_runs: int
    old_writes: int


@dataclass(frozen=True, slots=True)
class PrunedView:
    """How much history was let go: runs, and writes."""

    runs: int
    writes: int


@dataclass(frozen=True, slots=True)
class MailView:
    """Alerts by mail. ``password``: where it is, in words, "" without one."""

    to: tuple[str, ...]
    sender: str
    host: str
    port: int
    security: str
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class WebhookView:
    """Alerts by webhook. ``url``: "" if it is a secret, and then ``kept`` says where; ``secret``: where that is."""

    url: str
    kept: str
    secret: str


@dataclass(frozen=True, slots=True)
class ChannelsView:
    """Who is alerted, None by a channel that is not in use."""

    mail: MailView | None
    webhook: WebhookView | None
