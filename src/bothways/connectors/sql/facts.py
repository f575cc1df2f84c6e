"""What databases promise, in one place. Written for PostgreSQL 13 to 17 (postgresql.org/docs)."""

from collections.abc import Mapping

from bothways.connectors.base import Capabilities

LIMITS: Mapping[str, tuple[int, float]] = {}
"""A database tells no limit."""

OLDEST = 130000
"""The first PostgreSQL with 64-bit transaction ids (xid8, pg_current_snapshot)."""

LIST = 1000
"""Rows per page of a listing."""

BATCH_READ = 500
"""Rows per statement that reads by key."""

BATCH_WRITE = 100
"""Rows per transaction."""

STATEMENT_TIMEOUT, LOCK_TIMEOUT, IDLE_TIMEOUT = 120.0, 5.0, 60.0
"""Seconds that a statement may take, that one may wait for a lock, that a transaction of ours may be forgotten."""

CONNECT_TIMEOUT, DEAD_AFTER = 10, 30
"""Seconds to wait for a connection; and for the other machine to acknowledge what was sent."""

HANGS_AFTER = 900.0
"""Seconds after which a connection is cut whose work is not done: on a server that stands still no time runs out."""

MOST_BUSY = 3
"""Rows of one batch that may each wait for a lock in vain before the rest of the batch is left for later."""

MOST_COUNTED = 2_000_000
"""Rows, as the database estimates them, beyond which a table is not counted: each count reads it whole."""

OLDEST_CURSOR = 2**30
"""Transactions after which a cursor is no longer believed: row versions carry 32 bits of their number."""

CHANGES, MARKS, NOTE, WATCH = "bothways_changes", "bothways_marks", "bothways_note", "bothways_watch"
"""The helper tables and functions, which the owner of the database makes if he likes."""

HELPERS = frozenset({CHANGES, MARKS})

CAPABILITIES = Capabilities(
    batch_read=BATCH_READ,
    batch_write=BATCH_WRITE,
    concurrency=2,
    index_lag=0.0,  # what is committed is seen by the next statement
    clock_precision=0.001,
    changes_carry_values=True,
    baseline_carries_values=True,
    conditional_writes=True,  # xmin, another one for every stored version of a row
    marker=False,  # with the helper tables: True
    reports_deletes=False,  # with the helper tables: True
    answers_writes=True,  # read in the same transaction, after all triggers
    unique_create=True,
    finds_strongly=True,
    archives=False,  # DELETE is for good
    list_page=LIST,
)
