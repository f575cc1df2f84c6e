"""A stand-in for HubSpot CRM: its records over HTTP on loopback, faults included.

There are contacts, companies, deals, leads, tickets, products and the kinds of record that the account makes for
itself, with their pipelines and owners. It behaves as HubSpot's documentation says, for API version 2026-09: values
are texts, addresses are kept in lower case and unique, search lags behind and ends at 10,000 rows, batches hold a
hundred and report their rows, limits are rolling windows, a merge makes a new id, lifecycle stages go forward only.
Records are associated with each other, a primary company among them, and by the labels that the account makes.
Webhooks are sent to whoever subscribes to them. People let apps in by OAuth, on a page of their own at
``/oauth/authorize``, once ``register`` has set an app up; for such an app a
webhooks journal is kept. What it does where the documentation says nothing is marked in comments: [C] was read by
others on an account and written down in public, [K] is engineers' knowledge.

In a test, in a thread of the same process, on a clock that moves only when told::

    with HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as hubspot:
        id = hubspot.create("contacts", {"email": "ann@example.com"})    # as a person in the app
        connect(base_url=hubspot.url, token=hubspot.token)               # what is under test
        hubspot.fault("timeout-after-commit", match="batch/update")
        hubspot.subscribe("http://127.0.0.1:8000/hooks", subscriptions("contact", ["email"]))
        hubspot.advance(60)
        assert hubspot.calls["search"] == 1

In a process of its own, for the demo, benchmarks and tests that kill processes, with the same methods::

    with start(folder, rate=190, index_lag=5.0) as hubspot:              # an Admin
        hubspot.seed("contacts", [{"email": f"{n}@example.com"} for n in range(100_000)])
        connect(base_url=hubspot.url, token=hubspot.token)

Or by hand: ``python -m bothways.sandbox.hubspot --port 0 --database FILE`` prints its address, and
``Admin(address)`` pulls its strings. The account in a file goes on where it was. What is asked and answered is written
down where the environment names a file for it (``exchanges``).
"""

from bothways.sandbox.hubspot.admin import Admin
from bothways.sandbox.hubspot.clocks import Clock, FrozenClock
from bothways.sandbox.hubspot.hooks import CLIENT_SECRET, subscriptions
from bothways.sandbox.hubspot.oauth import APP_SECRET, CLIENT_ID
from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.server import HubSpotSandbox
from bothways.sandbox.hubspot.starting import start

__all__ = [
    "APP_SECRET",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "Admin",
    "Clock",
    "FrozenClock",
    "HubSpotSandbox",
    "Refused",
    "start",
    "subscriptions",
]
