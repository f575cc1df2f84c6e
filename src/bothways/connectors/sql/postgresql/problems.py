"""What PostgreSQL refuses, in the words of the contract. Codes: appendix A of its manual."""

import re
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors

from bothways.connectors.base import Outcome, WriteItem, WriteResult
from bothways.connectors.sql.tables import Table, max_length
from bothways.errors import (
    AppError,
    AppUnreachable,
    CredentialsRefused,
    ObjectGone,
    PermissionMissing,
)

_CUT = ("57P01", "57P02", "57P03", "57P05", "25P03")
"""The server ends the session: shut down, crashed, starting, idle for too long."""

_LATER = ("40", "53", "55", "57", "58", "25")
"""Classes of refusals that pass: conflict with another transaction, no room, locked, cancelled, read-only for now."""

_BUSY = ("55P03", "57014")
"""A lock that was not to be had in time, a statement that took too long."""

_WHO = re.compile(r"authentication failed|no pg_hba\.conf entry|role \S+ does not exist|no password supplied")
"""What is said where no connection is made: no code comes with it [K]. A server may say it in another language."""


def words(error: psycopg.Error) -> str:
    """Return the database's own sentence, without the values that it may quote in its details."""
    said = error.diag.message_primary or str(error)
    return " ".join(said.split()).rstrip(".")


def is_lost(error: psycopg.Error, conn: psycopg.Connection[Any] | None) -> bool:
    """Tell whether a connection is gone, so that nothing it had not committed was kept."""
    return (error.sqlstate or "") in _CUT or (conn is not None and conn.closed)


def leaves_doubt(error: psycopg.Error) -> bool:
    """Tell whether a commit that was answered in this way may have been carried out: what stands between us says so."""
    return (error.sqlstate or "").startswith("08") or error.sqlstate == "40003"


def unreachable(app: str, error: psycopg.OperationalError, password: str) -> AppError:
    """Return what it means that no connection could be made."""
    said = " ".join(str(error).split())
    if password:
        said = said.replace(password, "***")
    if _WHO.search(said):
        return CredentialsRefused(app=app)
    if "permission denied" in said:
        return PermissionMissing(app=app, reason=said)
    return AppUnreachable(app=app, reason=said.rstrip("."))


def error_of(app: str, error: psycopg.Error, object: str = "") -> AppError:
    """Return what a refused statement means for the whole call."""
    code, said = error.sqlstate or "", words(error)
    if code.startswith("28"):
        return CredentialsRefused(app=app)
    if code == "42501":
        return PermissionMissing(app=app, reason=said)
    if code in ("42P01", "3F000"):
        return ObjectGone(app=app, object=object or "A table")
    if passes(error) or code.startswith("08"):
        return AppUnreachable(app=app, reason=said)
    return AppError(app=app, reason=f"{said} ({code})")


def is_busy(error: psycopg.Error) -> bool:
    """Tell whether a row took all the time there was: others may have it locked."""
    return error.sqlstate in _BUSY


def passes(error: psycopg.Error) -> bool:
    """Tell whether the same write may succeed later, untouched."""
    return not error.sqlstate or error.sqlstate.startswith(_LATER)


def refused(item: WriteItem, table: Table, error: psycopg.Error) -> WriteResult:
    """Return what a refusal of one row means for it. Nothing of it was written."""
    if passes(error):
        return WriteResult(item.key, Outcome.LATER, message=words(error))
    names = tuple(name for name in culprits(item, table, error) if name in item.values)
    return WriteResult(item.key, Outcome.REFUSED, fields=names, message=words(error))


def is_about_a_value(error: psycopg.Error) -> bool:
    """Tell whether one value cannot be read as what its column holds, which is not named."""
    return (error.sqlstate or "").startswith("22") or bool(error.diag.datatype_name)


def culprits(item: WriteItem, table: Table, error: psycopg.Error) -> Sequence[str]:
    """Return the columns that a refusal is about, as far as it says."""
    if error.diag.table_name not in (None, table.name):  # what a trigger writes elsewhere
        return ()
    if error.diag.column_name:
        return [error.diag.column_name]
    if error.diag.constraint_name:
        return table.constraints.get(error.diag.constraint_name, ())
    if isinstance(error, errors.StringDataRightTruncation):
        limits = {name: max_length(table.columns[name]) for name in item.values if name in table.columns}
        return [name for name, limit in limits.items() if limit is not None and len(str(item.values[name])) > limit]
    return list(item.values) if len(item.values) == 1 and not (error.sqlstate or "").startswith("42") else ()
