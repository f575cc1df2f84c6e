"""What apps gave us by OAuth: kept sealed in the database for all workers, and renewed by one of them at a time.

Tokens are sealed with AES-GCM by a key made from the client secret, which stands in the environment or a file: every
worker has it anyway, since without it no app renews a token. Whoever renews holds the row of the connection (on SQLite
a file beside the database) from before the app is asked until its answer is kept, so that no refresh token is sent by
two. An answer that cannot be kept, since the database failed meanwhile, is used all the same and kept later.
"""

import base64
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from filelock import FileLock, Timeout

from bothways.errors import AppError, DatabaseLocked, DiskFull, LedgerError, SignInNeeded
from bothways.ledger import access as ledger
from bothways.service.database import sqlite_path, used

if TYPE_CHECKING:
    from bothways.connectors.oauth import Client, Tokens, TokenServer

T = TypeVar("T")

EARLY = 60.0
"""Seconds before its end at which an access token is no longer used: the app's clock may be ahead, a call may wait."""

NONCE = 12


@dataclass(slots=True)
class Memory:
    """What this process knows of a connection's tokens.

    ``former``: the mark and version of those that the database has, or had before them. ``bad``: the access token that
    the app has refused. ``unkept``: the tokens as they are to be kept, while the database does not have them.
    """

    tokens: "Tokens | None" = None
    former: tuple[str, int] = ("", 0)
    bad: str = ""
    unkept: str = field(default="", repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def belongs_to(self, mark: str) -> None:
        """Forget tokens of another sign-in than the one of this mark: they may be of another account."""
        if self.former[0] != mark:
            self.forget()

    def forget(self) -> None:
        """Know nothing any more: whoever has the app open asks the database next."""
        self.tokens, self.unkept = None, ""


_memories: dict[tuple[str, str], Memory] = {}
"""By database and connection."""


def memory_of(database: str, connection: str) -> Memory:
    """Return what this process knows of a connection."""
    return _memories.setdefault((database, connection), Memory())


@dataclass(slots=True)
class KeptAccess:
    """The access of a connector to its app. ``client`` reads by what the app knows us, each time that it is needed."""

    database: str
    connection: str
    client: "Callable[[], Client]"
    server: "Callable[[Client], TokenServer]"
    clock: Callable[[], float]
    memory: Memory

    def token(self) -> str:
        """Return an access token that is good for now; raise SignInNeeded, or what asking for another one raises."""
        return self._good().access

    def refused(self, token: str) -> None:
        """Take the app's word that a token is not good any more."""
        self.memory.bad = token

    def allowed(self) -> frozenset[str] | None:
        """Return the scopes that were allowed, None where the app does not tell."""
        return self._good().scopes

    def _good(self) -> "Tokens":
        held = self.memory.tokens
        if held is not None and self._is_good(held):
            return held
        with self.memory.lock:
            held = self.memory.tokens
            return held if held is not None and self._is_good(held) else _aside(self._renewed)

    def _is_good(self, tokens: "Tokens") -> bool:
        return tokens.access != self.memory.bad and self.clock() < tokens.until - EARLY

    def _renewed(self) -> "Tokens":
        """Return tokens that are good: those that somebody else has renewed, or else other ones from the app."""
        client, memory = self.client(), self.memory
        with used(self.database):
            ledger.hurry()  # whoever waits for the token may be the one who writes
            try:
                with _alone(self.database, self.connection), ledger.held(self.connection) as row:
                    if row is None:
                        raise SignInNeeded(app=self.connection, reason="nobody has signed in yet")
                    former = (row.mark, row.version)
                    if memory.former != former:
                        memory.unkept = ""
                    late = memory.tokens if memory.unkept else None
                    tokens = late or opened(self.connection, client, row.sealed)
                    if not self._is_good(tokens):
                        tokens = self.server(client).refresh(tokens)
                        memory.bad = ""
                    elif late is None:
                        memory.tokens, memory.former = tokens, former
                        return tokens
                    memory.tokens, memory.former = tokens, former
                    memory.unkept = sealed(self.connection, client, tokens)
                    ledger.keep(self.connection, memory.unkept, former, scopes_text(tokens))
                memory.unkept, memory.former = "", (row.mark, row.version + 1)
            except LedgerError:
                if not memory.unkept or memory.tokens is None or not self._is_good(memory.tokens):
                    raise
            return memory.tokens


@dataclass(frozen=True, slots=True)
class NewAccess:
    """What an app gave a moment ago, before anything is kept of it."""

    tokens: "Tokens"
    app: str

    def token(self) -> str:
        """Return the access token."""
        return self.tokens.access

    def refused(self, token: str) -> None:
        """Give up: there is no other."""
        raise SignInNeeded(app=self.app, reason="it does not accept what it gave us a moment ago")

    def allowed(self) -> frozenset[str] | None:
        """Return the scopes that were allowed."""
        return self.tokens.scopes


def keep_unkept(database: str) -> None:
    """Keep what could not be kept when the app gave it; where the database still fails, later."""
    for (place, connection), memory in list(_memories.items()):
        if place == database and memory.unkept and memory.tokens is not None:
            with suppress(LedgerError), used(database):
                ledger.keep(connection, memory.unkept, memory.former, scopes_text(memory.tokens))
                memory.unkept, memory.former = "", (memory.former[0], memory.former[1] + 1)


def begin(database: str, connection: str, client: "Client", tokens: "Tokens", at: float) -> None:
    """Keep what an app gave to somebody who signed in, in the caller's use of the database."""
    ledger.begin(connection, sealed(connection, client, tokens), scopes_text(tokens), at)
    memory_of(database, connection).forget()


def end(access: KeptAccess) -> bool:
    """Give back what an app gave us and forget it, in the caller's use of the database; False if it could not be told.

    The app is told with the row held: nobody renews meanwhile.
    """
    told = True
    with _alone(access.database, access.connection), ledger.held(access.connection) as row:
        if row is not None:
            try:
                client = access.client()
                access.server(client).revoke(opened(access.connection, client, row.sealed))
            except Exception:  # noqa: BLE001 - whatever it is, what is here is forgotten, and the person told
                told = False
    ledger.forget(access.connection)
    memory_of(access.database, access.connection).forget()
    return told


def give_back(server: "TokenServer", tokens: "Tokens") -> None:
    """Give back what is not kept, if the app can be told."""
    with suppress(AppError):
        server.revoke(tokens)


# --- sealing ----------------------------------------------------------------------------------------------


def sealed(connection: str, client: "Client", tokens: "Tokens") -> str:
    """Return tokens as a text that only the client secret opens, and only for this connection and client."""
    held = {"access": tokens.access, "refresh": tokens.refresh, "until": tokens.until}
    text = json.dumps(held | {"scopes": None if tokens.scopes is None else sorted(tokens.scopes)})
    nonce = os.urandom(NONCE)
    return base64.b64encode(nonce + _cipher(client).encrypt(nonce, text.encode(), _about(connection, client))).decode()


def opened(connection: str, client: "Client", text: str) -> "Tokens":
    """Return sealed tokens; raise SignInNeeded if they were sealed for another client, or by another secret."""
    from bothways.connectors.oauth import Tokens

    raw = base64.b64decode(text)
    try:
        held = json.loads(_cipher(client).decrypt(raw[:NONCE], raw[NONCE:], _about(connection, client)))
    except InvalidTag:
        reason = "what it gave us can only be opened with the client id and secret of then"
        raise SignInNeeded(app=connection, reason=reason) from None
    scopes = None if held["scopes"] is None else frozenset(held["scopes"])
    return Tokens(held["access"], held["refresh"], float(held["until"]), scopes)


def scopes_text(tokens: "Tokens") -> str | None:
    """Return the scopes of tokens as the database has them."""
    return None if tokens.scopes is None else " ".join(sorted(tokens.scopes))


def _cipher(client: "Client") -> AESGCM:
    key = HKDF(SHA256(), 32, salt=None, info=b"bothways access").derive(client.secret.encode())
    return AESGCM(key)


def _about(connection: str, client: "Client") -> bytes:
    return json.dumps([connection, client.id]).encode()


# --- one at a time ------------------------------------------------------------------------------------------


@contextmanager
def _alone(database: str, connection: str) -> Iterator[None]:
    """Let no other process on this SQLite database work on a connection's tokens meanwhile: it waits."""
    path = sqlite_path(database)
    if path is None:
        yield
        return
    word = hashlib.sha256(connection.encode()).hexdigest()[:12]
    try:
        lock = FileLock(path.with_name(f"{path.name}.access-{word}.lock"), timeout=ledger.HELD)
        lock.acquire()
    except Timeout as error:
        raise DatabaseLocked() from error
    except OSError as error:
        raise DiskFull(reason=f"{path.parent}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def _aside(work: Callable[[], T]) -> T:
    """Do something in a thread of its own: apps are called in threads that may be in the middle of a transaction."""
    with ThreadPoolExecutor(1, thread_name_prefix="bothways-access") as alone:
        return alone.submit(work).result()
