"""Two HubSpot accounts whose contacts are kept in step, one of which sends webhooks: the settings and the secrets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bothways.connectors.webhooks import Topic
from bothways.jobs.now import run_sync
from bothways.sandbox.hubspot import CLIENT_SECRET, HubSpotSandbox
from bothways.sandbox.hubspot.changes import OURS
from bothways.sandbox.hubspot.hooks import DEVELOPER_KEY
from bothways.service.database import used
from bothways.service.subscribing import Changed, see_to
from bothways.service.workspace import Workspace, open_workspace, reload
from tests.databases import empty_ledger

_FILE = """\
version: 1
{database}
allow_hosts: [127.0.0.1]
apps:
  east:
    connector: hubspot
    auth: {{token: {{env: EAST_TOKEN}}, webhook_secret: {{env: EAST_SECRET}}}}
    base_url: "{east}"
  west: {{connector: hubspot, auth: {{token: {{env: WEST_TOKEN}}}}, base_url: "{west}"}}
syncs:
  people:
    state: on
    objects: {{east: contacts, west: contacts}}
    schedule: {{every: 60s}}
"""


def settings(east: HubSpotSandbox, west: HubSpotSandbox, database: str = "") -> str:
    """Return a settings file; ``database`` is its line for one, "" for the usual place."""
    return _FILE.format(east=east.url, west=west.url, database=database)


def owned(east: HubSpotSandbox, west: HubSpotSandbox, public_url: str) -> str:
    """Return a settings file by which the subscriptions of the first account's app are kept."""
    text = settings(east, west, f'public_url: "{public_url}"')
    key = "webhook_secret: {env: EAST_SECRET}"
    return text.replace(key, f"{key}, developer_key: {{env: EAST_KEY}}").replace(
        f'base_url: "{east.url}"', f'base_url: "{east.url}"\n    webhook_app_id: {OURS.id}', 1
    )


def secrets(east: HubSpotSandbox, west: HubSpotSandbox) -> dict[str, str]:
    """Return the environment that the settings name."""
    return {"EAST_TOKEN": east.token, "EAST_SECRET": CLIENT_SECRET, "EAST_KEY": DEVELOPER_KEY, "WEST_TOKEN": west.token}


def edit(workspace: Workspace, *changes: tuple[str, str]) -> None:
    """Edit the settings file of a workspace, the old words and the new ones of each place, and read it again."""
    text = workspace.file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    workspace.file.write_text(text)
    with used(workspace.database):
        reload(workspace)


@dataclass
class Owned:
    """Two accounts at rest, and the workspace that keeps the subscriptions of the first."""

    east: HubSpotSandbox
    west: HubSpotSandbox
    workspace: Workspace

    def see_to(self) -> Changed:
        with used(self.workspace.database):
            return see_to(self.workspace, "east")

    def change(self, *changes: tuple[str, str]) -> None:
        """Edit the settings file, the old words and the new ones of each place."""
        edit(self.workspace, *changes)

    def be_private(self) -> None:
        """Let the settings say nothing of a public app."""
        self.change((", developer_key: {env: EAST_KEY}", ""), (f"    webhook_app_id: {OURS.id}\n", ""))

    @property
    def topics(self) -> set[Topic]:
        found = self.east.subscribed()["subscriptions"]
        return {Topic(each["eventType"], each.get("propertyName", "")) for each in found if each["active"]}

    def id_of(self, topic: Topic) -> str:
        found = self.east.subscribed()["subscriptions"]
        return next(
            str(row["id"]) for row in found if (row["eventType"], row.get("propertyName", "")) == topic_key(topic)
        )


def topic_key(topic: Topic) -> tuple[str, str]:
    return topic.event, topic.field


@contextmanager
def owned_accounts(folder: Path, monkeypatch: pytest.MonkeyPatch, public_url: str) -> Iterator[Owned]:
    """Make two accounts and a workspace that keeps addresses and job titles of their contacts in step."""
    with (
        HubSpotSandbox(rate=None, search_rate=None) as east,
        HubSpotSandbox(rate=None, search_rate=None) as west,
        empty_ledger(folder),
    ):
        for name, secret in secrets(east, west).items():
            monkeypatch.setenv(name, secret)
        for each in (east, west):
            each.create("contacts", {"email": "ann@x.test", "firstname": "Ann"})
        fields = "    fields: [{east: email, west: email}, {east: jobtitle, west: jobtitle}]\n"
        (folder / "bothways.yaml").write_text(
            owned(east, west, public_url).replace("    schedule", f"{fields}    schedule")
        )
        workspace = open_workspace(folder)
        run_sync(workspace, "people", approved=True)
        yield Owned(east, west, workspace)
