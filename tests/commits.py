"""Who commits what of a sync, told by the PostgreSQL database itself: whether two runs of one sync overlap."""

import psycopg

TABLES = ("journal", "run", "plan", "link", "hold")
"""Tables in which runs write, and nobody else while nothing is merged or decided."""

_LOG = """
CREATE TABLE IF NOT EXISTS test_commits (
    number bigserial PRIMARY KEY, sync_id bigint, backend int, epoch int, what text, at double precision
);
CREATE OR REPLACE FUNCTION test_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO test_commits (sync_id, backend, what, at)
    VALUES (NEW.sync_id, pg_backend_pid(), TG_TABLE_NAME, EXTRACT(EPOCH FROM clock_timestamp()));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION test_takeover() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO test_commits (sync_id, backend, epoch, at)
    VALUES (NEW.id, pg_backend_pid(), NEW.epoch, EXTRACT(EPOCH FROM clock_timestamp()));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER test_takeover AFTER UPDATE ON sync DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.epoch > OLD.epoch) EXECUTE FUNCTION test_takeover();
"""
_ON = """
CREATE CONSTRAINT TRIGGER test_commit AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION test_commit();
"""
_OVERLAPPING = """
SELECT COUNT(*) FROM test_commits c WHERE epoch IS NULL AND backend <> (
    SELECT backend FROM test_commits t
    WHERE t.sync_id=c.sync_id AND t.epoch IS NOT NULL AND t.number<c.number ORDER BY t.number DESC LIMIT 1
)
"""


def watch_commits(url: str) -> None:
    """Have a database note every commit of a run, at its end, and every taking over of a sync."""
    with psycopg.connect(url) as connection:
        connection.execute(_LOG + "".join(_ON.format(table=table) for table in TABLES))


def commits(url: str) -> tuple[int, int]:
    """Return how many rows runs have committed, and how many of them after their sync was taken over by another."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE INDEX IF NOT EXISTS test_commits_sync ON test_commits (sync_id, number)")
        connection.execute("ANALYZE test_commits")
        counts = [
            connection.execute(sql).fetchone()
            for sql in ("SELECT COUNT(*) FROM test_commits WHERE epoch IS NULL", _OVERLAPPING)
        ]
        return tuple(int(count[0]) for count in counts if count)  # type: ignore[return-value]
