"""A ledger with one sync between the two accounts. Django must be set up before this module is imported."""

from collections.abc import Mapping

from django.core.management import call_command

from bench.accounts import FIELDS, NAMES
from bothways.connectors.base import Setup
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.hubspot import HubSpot
from bothways.engine.brakes import Guards
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, MatchRule, SyncSpec
from bothways.ledger.models import Connection, Feed, Sync, Workspace
from bothways.sandbox.hubspot.server import TOKEN
from bothways.sync.context import Context, End

RULE = MatchRule("email", "email", "email")
APPS = dict(zip(SIDES, NAMES, strict=True))


class _Secrets:
    def get(self, name: str) -> str:
        return TOKEN


def context(urls: Mapping[str, str], *, paced: bool) -> tuple[Context, dict[str, MemoryBudget]]:
    """Return what a run works with, and the budgets that count its calls; the sync is made if there is none."""
    call_command("migrate", verbosity=0)
    budgets = {name: MemoryBudget(HubSpot.limits if paced else None) for name in NAMES}
    connectors = {
        name: HubSpot(Setup(name, {"base_url": urls[name]}, _Secrets(), budgets[name], frozenset({"127.0.0.1"})))
        for name in NAMES
    }
    if not Sync.objects.exists():
        _install()
    sync = Sync.objects.select_related("left", "right").get()
    fields = {each.name: each for each in connectors[NAMES[0]].fields("contacts")}
    spec = SyncSpec(APPS, tuple(FieldMap(fields[name], fields[name]) for name in FIELDS), (RULE,))
    feeds = {Side.LEFT: sync.left, Side.RIGHT: sync.right}
    ends = {side: End(side, APPS[side], feeds[side], connectors[APPS[side]]) for side in SIDES}
    return Context(sync, spec, Guards(), ends), budgets


def _install() -> None:
    Workspace.objects.create(name="bench")
    feeds = {
        side: Feed.objects.create(
            connection=Connection.objects.create(name=name, connector="hubspot"),
            object="contacts",
            fields=list(FIELDS),
            slots=[[RULE.slot(side), RULE.compare, RULE.on(side)]],
        )
        for side, name in APPS.items()
    }
    slots = [[RULE.slot(Side.LEFT), RULE.slot(Side.RIGHT)]]
    Sync.objects.create(
        name="contacts", state="on", left=feeds[Side.LEFT], right=feeds[Side.RIGHT], slots=slots, approved=True
    )
