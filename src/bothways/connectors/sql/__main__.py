"""Print the SQL of the helper tables: ``python -m bothways.connectors.sql SCHEMA ROLE``."""

import argparse
import sys

from bothways.connectors.sql.postgresql.helpers import script


def main() -> None:
    """Print the SQL for the schema and the role named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bothways.connectors.sql", description=__doc__)
    parser.add_argument("schema", help="the schema with the tables to be kept in step")
    parser.add_argument("role", help="the role that Bothways connects as")
    asked = parser.parse_args()
    sys.stdout.write(script(asked.schema, asked.role))


if __name__ == "__main__":
    main()
