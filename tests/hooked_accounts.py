"""Two HubSpot accounts whose contacts are kept in step, one of which sends webhooks: the settings and the secrets."""

from bothways.sandbox.hubspot import CLIENT_SECRET, HubSpotSandbox

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


def secrets(east: HubSpotSandbox, west: HubSpotSandbox) -> dict[str, str]:
    """Return the environment that the settings name."""
    return {"EAST_TOKEN": east.token, "EAST_SECRET": CLIENT_SECRET, "WEST_TOKEN": west.token}
