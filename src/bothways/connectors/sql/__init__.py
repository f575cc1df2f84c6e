"""Tables of SQL databases."""

from bothways.connectors.sql.connector import Sql

__all__ = ["Sql"]
