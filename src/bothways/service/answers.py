"""What an app answered of all its records, beyond what memory should hold: kept on disk until the partners are met."""

import pickle
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bothways.records import Value

_IN_MEMORY = 20_000
"""Kilobytes of them that stay in memory."""

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What an app says of one record now: its values, or in words why there are none."""

    values: Mapping[str, Value] = field(default_factory=dict)
    problem: str = ""


class Answers:
    """Answers by the ids of their records, in a file that nobody else sees and that is gone when they are closed.

    They belong to one thread.
    """

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute(f"PRAGMA cache_size=-{_IN_MEMORY}")
        self._file.execute("CREATE TABLE answer (id TEXT PRIMARY KEY, told BLOB) WITHOUT ROWID")

    def keep(self, answers: Mapping[str, Answer]) -> None:
        """Keep answers; a later one of the same record replaces an earlier one."""
        rows = [(id, pickle.dumps(answer)) for id, answer in answers.items()]
        self._file.execute("BEGIN")
        self._file.executemany("INSERT OR REPLACE INTO answer VALUES (?, ?)", rows)
        self._file.execute("COMMIT")

    def take(self, ids: Collection[str]) -> dict[str, Answer]:
        """Return the answers of these records, as far as there are any, and keep them no longer."""
        found: dict[str, Answer] = {}
        wanted = list(ids)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._file.execute(f"SELECT id, told FROM answer WHERE id IN ({marks})", some).fetchall()
            found |= {str(id): pickle.loads(told) for id, told in rows}
            self._file.execute(f"DELETE FROM answer WHERE id IN ({marks})", some)
        return found

    def __len__(self) -> int:
        return int(self._file.execute("SELECT COUNT(*) FROM answer").fetchone()[0])

    def close(self) -> None:
        """Forget all."""
        self._file.close()
