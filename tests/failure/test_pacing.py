"""Two processes with one PostgreSQL database call the same account: not one call of theirs is refused."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bothways import boot
from bothways.sandbox.hubspot import HubSpotSandbox
from tests.databases import MEMORY
from tests.hooked_accounts import secrets, settings
from tests.ledger.conftest import migrated, new_database

CALLS = 60
RATE = (60, 10.0)
"""As long a window as HubSpot's: in a shorter one, calls that a busy machine sends late come too close together."""

CALLER = f"""
import sys
from pathlib import Path
from bothways.service.allowances import settle
from bothways.service.connect import open_app
from bothways.service.workspace import open_workspace

workspace = open_workspace(Path(sys.argv[1]))
app = open_app(workspace, "east")
print("ready", flush=True)
sys.stdin.readline()
for _ in range({CALLS}):
    app.connector.check()
settle(workspace)
"""


@pytest.mark.server("postgresql")
def test_two_processes_together_stay_below_the_limit_of_the_app(tmp_path: Path, postgresql: str) -> None:
    url = migrated(new_database(postgresql, "two_processes"))
    boot.setup(MEMORY)
    with HubSpotSandbox(rate=RATE) as east, HubSpotSandbox() as west:
        (tmp_path / "bothways.yaml").write_text(settings(east, west, "database: {env: LEDGER}"))
        environment = os.environ | secrets(east, west) | {"LEDGER": url}
        command = [sys.executable, "-c", CALLER, str(tmp_path)]
        processes = []
        for _ in range(2):
            process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            processes.append(process)
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.close()
        assert [process.wait(120) for process in processes] == [0, 0]
        statuses = Counter(status for *_, status in east.log)
        late = statuses.pop(429, 0)  # one that the machine holds up on its way comes together with those after it
        assert statuses == {200: 2 * CALLS}
        assert late <= CALLS / 50
