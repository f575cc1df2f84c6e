"""A server that has to prove who it is: by a certificate authority that the settings name."""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from bothways.connectors.base import Setup
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.sql import Sql
from bothways.errors import AppUnreachable
from tests.certificates import certify
from tests.connectors.sql.support import PASSWORD, until
from tests.connectors.support import Secrets
from tests.postgres import start_postgresql

pytestmark = pytest.mark.server("postgresql")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Path]]:
    """Yield the port of a server with a certificate of localhost, and the folder with it and two more."""
    with TemporaryDirectory(prefix="bothways-postgresql-") as name, start_postgresql(folder := Path(name)) as url:
        for host, file in (("localhost", "server"), ("elsewhere.test", "elsewhere"), ("localhost", "stranger")):
            certify(folder, host, file)
            if os.geteuid() == 0:
                os.chown(folder / f"{file}.key", pwd.getpwnam("postgres").pw_uid, -1)
        yield url.rpartition(":")[2].partition("/")[0], folder


def use(server: tuple[str, Path], name: str) -> None:
    """Let the server prove itself by this certificate."""
    port, folder = server
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"ALTER SYSTEM SET ssl_cert_file = '{folder / name}.crt'".encode())
        conn.execute(f"ALTER SYSTEM SET ssl_key_file = '{folder / name}.key'".encode())
        conn.execute("ALTER SYSTEM SET ssl = on")
        conn.execute("SELECT pg_reload_conf()")
    until(lambda: in_use(url) == ("on", f"{folder / name}.crt"))


def in_use(url: str) -> tuple[str, str] | None:
    """Return whether a new session finds TLS switched on, and with which certificate."""
    with psycopg.connect(url) as conn:
        return conn.execute("SELECT current_setting('ssl'), current_setting('ssl_cert_file')").fetchone()


def connector(server: tuple[str, Path], authority: str) -> Sql:
    settings = {"url": f"postgresql://localhost:{server[0]}/postgres", "username": "postgres"}
    if authority:
        settings["ca_file"] = str(server[1] / f"{authority}.crt")
    secrets = Secrets(password=PASSWORD)
    return Sql(Setup("Books", settings, secrets, MemoryBudget(), allow_hosts=frozenset({"localhost"})))


def encrypted(sql: Sql) -> bool:
    """Tell whether the connector's session is encrypted."""
    query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    return bool(sql._database.server.transaction(lambda conn: conn.execute(query).fetchall(), call="show")[0][0])


def test_server_of_the_named_authority_is_talked_to_in_secret(server: tuple[str, Path]) -> None:
    use(server, "server")
    assert encrypted(connector(server, "server"))
    assert encrypted(connector(server, ""))


@pytest.mark.parametrize(("shown", "authority"), [("server", "stranger"), ("elsewhere", "elsewhere")])
def test_server_that_cannot_prove_who_it_is_gets_no_password(
    server: tuple[str, Path], shown: str, authority: str
) -> None:
    use(server, shown)
    with pytest.raises(AppUnreachable, match="certificate"):
        connector(server, authority).check()
