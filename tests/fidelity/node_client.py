"""The story by HubSpot's own client for Node.js, in one process of it."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.fidelity.story import Step
from tests.fidelity.telling import Said

NODE_CLIENT = Path(__file__).parents[2] / "build" / "node_client"
"""Where tools/node_client.sh puts it."""

PATIENCE = 120.0


class ByNode(NamedTuple):
    """What came back from every step, and what of it the types of the client do not allow."""

    said: list[Said]
    odd: list[str]


def told_by_node(url: str, token: str, story: Sequence[Step]) -> ByNode:
    """Let the client tell a story to the stand-in."""
    done = subprocess.run(
        [NODE_CLIENT / "node", Path(__file__).parent / "node" / "tell.js"],
        input=json.dumps({"url": url, "token": token, "story": story}),
        env={**os.environ, "NODE_PATH": str(NODE_CLIENT / "node_modules")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if done.returncode:
        raise RuntimeError(f"the client for Node.js broke off:\n{done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout)
    return ByNode([Said(**each) for each in told["chapters"]], told["odd"])
