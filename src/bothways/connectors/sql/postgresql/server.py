"""Connections to one PostgreSQL database: guarded, with limits of time, given back after each statement."""

import os
import socket
import ssl
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg import sql

from bothways.connectors.base import Setup
from bothways.connectors.sql.address import address_of, checked, is_allowed
from bothways.connectors.sql.facts import (
    CONNECT_TIMEOUT,
    DEAD_AFTER,
    HANGS_AFTER,
    IDLE_TIMEOUT,
    LOCK_TIMEOUT,
    OLDEST,
    STATEMENT_TIMEOUT,
)
from bothways.connectors.sql.keys import is_text
from bothways.connectors.sql.postgresql.problems import error_of, is_lost, leaves_doubt, unreachable
from bothways.errors import OutcomeUnknown, ProtocolError, SecretUnusable

Connection = psycopg.Connection[tuple[Any, ...]]
Rows = list[tuple[Any, ...]]
Query = sql.Composed | sql.SQL
Answer = TypeVar("Answer")

_SESSION = {
    "statement_timeout": f"{STATEMENT_TIMEOUT:.0f}s",
    "lock_timeout": f"{LOCK_TIMEOUT:.0f}s",
    "idle_in_transaction_session_timeout": f"{IDLE_TIMEOUT:.0f}s",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "iso_8601",
    "extra_float_digits": "1",
}
"""What every session is set to, so that values have one form and nothing waits for ever."""


class Server:
    """One database. Methods raise AppError, and SettingsError where the settings cannot be used.

    Connections are used by one thread at a time and kept open between calls; one that was cut meanwhile is
    replaced, and what it was asked is asked once more, if that is safe.
    """

    def __init__(self, setup: Setup) -> None:
        self.app = setup.app
        self.address = address_of(setup.settings["url"])
        self.user = setup.settings.get("username") or setup.secrets.get("username")
        self._secrets, self._budget, self._allow = setup.secrets, setup.budget, setup.allow_hosts
        self._ca_file = setup.settings.get("ca_file") or ""
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._idle)

    def ask(self, query: Query, values: Sequence[Any] = (), *, call: str) -> Rows:
        """Return the rows of one statement that changes nothing; it is asked again if its connection was cut."""
        self._budget.spend("", call)

        def work(conn: Connection) -> Rows:
            return conn.execute(query, values).fetchall()

        try:
            return self._again(work)
        except psycopg.Error as error:
            raise error_of(self.app, error) from error

    def transaction(self, work: Callable[[Connection], Answer], *, call: str) -> Answer:
        """Run ``work`` in one transaction and commit it.

        Raises psycopg.Error where nothing was committed, and OutcomeUnknown where the commit itself was not answered.
        """
        self._budget.spend("", call)

        def whole(conn: Connection) -> Answer:
            conn.execute("BEGIN")
            try:
                conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
                answer = work(conn)
            except BaseException:
                if not conn.closed:
                    conn.execute("ROLLBACK")
                raise
            try:
                said = conn.execute("COMMIT").statusmessage
            except psycopg.Error as error:
                if is_lost(error, conn) or leaves_doubt(error):
                    raise OutcomeUnknown(app=self.app, reason="the connection was cut while it committed") from error
                raise
            if said != "COMMIT":  # a transaction that has failed is rolled back, and that is no error
                raise psycopg.InternalError("the transaction was not committed")
            return answer

        return self._again(whole)

    def _again(self, work: Callable[[Connection], Answer]) -> Answer:
        """Do the work, and once more on a new connection if the first was cut before anything was committed."""
        try:
            with self._connection() as conn:
                return work(conn)
        except psycopg.Error as error:
            if not is_lost(error, conn):
                raise
        self._drop_idle()
        with self._connection() as conn:
            return work(conn)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with self._lock:
            conn = self._idle.pop() if self._idle else None
        conn = conn or self._connect()
        watch = threading.Timer(HANGS_AFTER, _hang_up, [conn])
        watch.daemon = True
        watch.start()
        try:
            yield conn
        except psycopg.Error:
            self._give_back(conn)
            raise
        except BaseException:
            conn.close()
            raise
        else:
            self._give_back(conn)
        finally:
            watch.cancel()

    def _give_back(self, conn: Connection) -> None:
        if conn.closed or conn.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            conn.close()
            return
        with self._lock:
            self._idle.append(conn)

    def _drop_idle(self) -> None:
        with self._lock:
            dropped, self._idle[:] = list(self._idle), []
        _close_all(dropped)

    def _connect(self) -> Connection:
        addresses = checked(self.app, self.address, self._allow)
        password = self._secrets.get("password")
        if not is_text(password):
            raise SecretUnusable(app=self.app)
        try:
            conn = psycopg.connect(
                host=",".join([self.address.host] * len(addresses)),
                hostaddr=",".join(addresses),
                port=self.address.port,
                dbname=self.address.database,
                user=self.user,
                password=password,
                autocommit=True,
                prepare_threshold=None,
                client_encoding="utf-8",
                application_name="bothways",
                connect_timeout=CONNECT_TIMEOUT,
                tcp_user_timeout=DEAD_AFTER * 1000,
                keepalives_idle=DEAD_AFTER,
                gssencmode="disable",
                options="",
                **self._tls(),
            )
        except psycopg.OperationalError as error:
            raise unreachable(self.app, error, password) from error
        try:
            return self._prepared(conn)
        except psycopg.Error as error:
            conn.close()
            raise error_of(self.app, error) from error
        except ProtocolError:
            conn.close()
            raise

    def _tls(self) -> dict[str, Any]:
        """Return how the server proves who it is: only a host that an administrator has named need not."""
        if self._ca_file:
            return {"sslmode": "verify-full", "sslrootcert": self._ca_file}
        if is_allowed(self.address, self._allow):
            return {"sslmode": "prefer"}
        return {"sslmode": "verify-full", "sslrootcert": ssl.get_default_verify_paths().cafile or "system"}

    def _prepared(self, conn: Connection) -> Connection:
        if conn.info.server_version < OLDEST:
            raise ProtocolError(app=self.app, reason="it is older than PostgreSQL 13")
        if conn.info.parameter_status("server_encoding") == "SQL_ASCII":
            raise ProtocolError(app=self.app, reason="the encoding of the database is SQL_ASCII, which names none")
        for name, value in _SESSION.items():
            conn.execute("SELECT set_config(%s, %s, false)", (name, value))
        # A commit that is answered must be kept: we record it as done.
        conn.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        return conn


def _hang_up(conn: Connection) -> None:
    """Cut a connection from outside: whoever waits for its answer is told that it is lost."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(conn.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def _close_all(connections: Sequence[Connection]) -> None:
    for conn in connections:
        conn.close()
