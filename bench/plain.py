"""An app as plain as can be, so that those who ask it are what is measured: records in a table of PostgreSQL.

It sends webhooks. A process finds its connector, ``plain``, with ``environment`` added to its own.
"""

import hmac
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import orjson
import psycopg

from bothways.connectors.base import (
    Account,
    Capabilities,
    Exists,
    ObjectType,
    Outcome,
    Page,
    Read,
    Seen,
    Setting,
    Setup,
    WriteItem,
    WriteKind,
    WriteResult,
)
from bothways.connectors.webhooks import Delivery, Hint, signed_by
from bothways.errors import WebhookRefused
from bothways.records import Field, FieldType, Record, Ref

NOTES = tuple(f"note{number}" for number in range(10))
"""Fields that ten syncs may write, each another one."""

FIELDS = (
    Field("email", FieldType.EMAIL, "E-mail", meaning="email"),
    Field("name", label="Name", meaning="name"),
    Field("title", label="Title", meaning="jobTitle"),
    *(Field(name, label=name.title()) for name in NOTES),
)
SECRET = "a secret of the bench"
PAGE = 500
WIDE = 300
"""Fields of the connector that has many."""
SIGNATURE = "X-Signature"

TABLE = f"""
CREATE SEQUENCE version;
CREATE TABLE record (
    app text, object text, id text, email text, name text, title text,
    {", ".join(f"{name} text" for name in NOTES)}, version bigint DEFAULT nextval('version'),
    changed double precision DEFAULT EXTRACT(EPOCH FROM clock_timestamp()), PRIMARY KEY (app, object, id)
);
CREATE INDEX record_version ON record (app, object, version);
"""
_of_thread = threading.local()
_COLUMNS = f"id, version, changed, {', '.join(each.name for each in FIELDS)}"
_SAVED = "version=nextval('version'), changed=EXTRACT(EPOCH FROM clock_timestamp())"


def environment(folder: Path) -> dict[str, str]:
    """Return what a process needs in its environment to find the connector, written down in a folder."""
    told = folder / "bench_apps-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: bench-apps\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(
        "[bothways.connectors]\nplain = bench.plain:Plain\nwide = bench.plain:Wide\n"
    )
    here = Path(__file__).parents[1]
    return {"PYTHONPATH": f"{here / 'src'}:{here}:{folder}", "PLAIN_SECRET": SECRET}


class Plain:
    """The connector. Who saves into one object must be alone at it: versions are told in order."""

    title: ClassVar[str] = "Plain"
    category: ClassVar[str] = "Database"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("url", "Address of the database"),
        Setting("webhook_secret", "Secret of the webhooks", auth=True, secret=True),
    )
    limits: ClassVar[Mapping[str, tuple[int, float]]] = {}
    quota: ClassVar[int] = 0
    capabilities = Capabilities(
        batch_read=PAGE,
        batch_write=PAGE,
        clock_precision=0.001,
        changes_carry_values=True,
        baseline_carries_values=True,
        answers_writes=True,
    )

    def __init__(self, setup: Setup) -> None:
        self._setup, self._url = setup, setup.settings["url"]

    def _ask(self, call: str, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        self._setup.budget.spend("", call)
        return _link(self._url).execute(sql, (self._setup.app, *values)).fetchall()

    def check(self) -> Account:
        """Return who we are."""
        return Account(self._setup.app, self._setup.app)

    def objects(self) -> Sequence[ObjectType]:
        """Return the kinds of record: those of which there are any, and people."""
        found = self._ask("objects", "SELECT DISTINCT object FROM record WHERE app=%s")
        return [ObjectType(name, name.title()) for name in sorted({"people", *(name for (name,) in found)})]

    def fields(self, object: str) -> Sequence[Field]:
        """Return the fields, which all objects have."""
        return FIELDS

    def count(self, object: str) -> int | None:
        """Return the number of records."""
        return int(self._ask("count", "SELECT COUNT(*) FROM record WHERE app=%s AND object=%s", object)[0][0])

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Yield what was saved since the cursor, in order."""
        sql = f"SELECT {_COLUMNS} FROM record WHERE app=%s AND object=%s AND version>%s ORDER BY version LIMIT {PAGE}"
        rows: list[tuple[Any, ...]] = [()] * PAGE
        while len(rows) == PAGE:
            rows = self._ask("changes", sql, object, int(cursor or 0))
            cursor = str(rows[-1][1]) if rows else cursor or "0"
            yield Page([Seen(_record(row)) for row in rows], cursor=cursor, last=len(rows) < PAGE)

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        """Yield every record's id."""
        rows = self._ask("ids", f"SELECT {_COLUMNS} FROM record WHERE app=%s AND object=%s", object)
        yield [_record(row).ref for row in rows]

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        """Return one answer per ref."""
        sql = f"SELECT {_COLUMNS} FROM record WHERE app=%s AND object=%s AND id=ANY(%s)"
        found = {row[0]: _record(row) for row in self._ask("read", sql, object, [ref.id for ref in refs])}
        return [
            Read(ref.id, *((Exists.EXISTS, found[ref.id]) if ref.id in found else (Exists.MISSING,))) for ref in refs
        ]

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Find nothing: no field is unique."""
        return {}

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        """Update records, one statement each."""
        return [self._update(object, item) for item in items]

    def _update(self, object: str, item: WriteItem) -> WriteResult:
        if item.kind is not WriteKind.UPDATE or item.ref is None:
            return WriteResult(item.key, Outcome.REFUSED, message="nothing is made or deleted here")
        self._setup.budget.spend("", "update")
        row = (
            _link(self._url)
            .execute(
                f"UPDATE record SET {''.join(f'{name}=%s, ' for name in item.values)}{_SAVED} "
                f"WHERE app=%s AND object=%s AND id=%s RETURNING {_COLUMNS}",
                (*item.values.values(), self._setup.app, object, item.ref.id),
            )
            .fetchone()
        )
        return WriteResult(item.key, Outcome.DONE, _record(row)) if row else WriteResult(item.key, Outcome.GONE)

    def awaits_webhooks(self) -> bool:
        """Whether the secret is set."""
        return bool(self._setup.secrets.get("webhook_secret"))

    def test_call(self, url: str, at: float) -> Delivery:
        """Return a delivery that names no record."""
        return Delivery("POST", url, {SIGNATURE: self._sign(b"[]")}, b"[]", at)

    def _sign(self, body: bytes) -> str:
        return hmac.digest(self._setup.secrets.get("webhook_secret").encode(), body, "sha256").hex()

    def hints(self, delivery: Delivery) -> Sequence[Hint]:
        """Return the records that a webhook names: ``[[object, id], ...]``; raise WebhookRefused."""
        secret = self._setup.secrets.get("webhook_secret")
        if not signed_by(secret, delivery.body, delivery.header(SIGNATURE), "hex"):
            raise WebhookRefused(app=self._setup.app, reason="its signature is wrong")
        return [Hint(object, id) for object, id in orjson.loads(delivery.body)]


class Wide(Plain):
    """One that has as many fields as large accounts have; the others are for pages alone, and hold nothing."""

    title: ClassVar[str] = "Wide"

    def fields(self, object: str) -> Sequence[Field]:
        """Return the fields, which all objects have."""
        more = range(len(FIELDS), WIDE)
        return (*FIELDS, *(Field(f"extra{number:03}", label=f"Property of the number {number}") for number in more))


def _link(url: str) -> "psycopg.Connection[tuple[Any, ...]]":
    """Return this thread's one connection to a database, whatever the number of apps in it."""
    links: dict[str, psycopg.Connection[tuple[Any, ...]]] = _of_thread.__dict__
    if url not in links:
        links[url] = psycopg.connect(url, autocommit=True)
    return links[url]


def _record(row: tuple[Any, ...]) -> Record:
    values = dict(zip((each.name for each in FIELDS), row[3:], strict=True))
    return Record(row[0], values, None, str(row[1]), row[2])
