"""The calls of a day: counted, kept, left to others in part, and foreseen; on the stand-in for HubSpot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.connectors.pacing import day_ends
from bothways.errors import QuotaUsedUp, UnknownKey, WrongType
from bothways.jobs import now
from bothways.jobs.metrics import exposed
from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from bothways.service import allowances, preview
from bothways.service.reading import document_of
from bothways.service.syncs import export, show_sync
from bothways.service.views import PlanView, RunView
from bothways.service.workspace import Workspace, open_workspace
from bothways.service.yaml_file import parse
from tests.databases import empty_ledger

FILE = """\
version: 1
allow_hosts: [127.0.0.1]
apps:
  east: {{connector: hubspot, auth: {{token: {{env: EAST_TOKEN}}}}, base_url: "{east}", limits: {{reserve: 50%}}}}
  west: {{connector: hubspot, auth: {{token: {{env: WEST_TOKEN}}}}, base_url: "{west}", limits: {{reserve: 50%}}}}
syncs:
  people:
    state: on
    objects: {{east: contacts, west: contacts}}
    guards: {{first_run: 10000, max_change: 100%}}
    fields:
      - {{east: email, west: email}}
      - {{east: firstname, west: firstname}}
"""

QUOTA = 40


class Site:
    """Two accounts on one clock, and the workspace that keeps their contacts in step."""

    def __init__(self, folder: Path, east: HubSpotSandbox, west: HubSpotSandbox) -> None:
        self.folder, self.east, self.west = folder, east, west
        (folder / "bothways.yaml").write_text(FILE.format(east=east.url, west=west.url))

    def open(self) -> Workspace:
        """Open the workspace as a new process does: it knows what the ledger knows."""
        allowances._accounts.clear()
        workspace = open_workspace(self.folder)
        workspace.clock = self.east.now
        return workspace

    def run(self) -> RunView:
        self.east.advance(300)
        return now.run_sync(self.open(), "people", approved=True)

    def plan(self) -> PlanView:
        self.east.advance(300)
        return preview.plan(self.open(), "people")

    def people(self, account: HubSpotSandbox, first: int, last: int, **more: str) -> None:
        rows = [{"email": f"p{number}@x.test", "firstname": f"P{number}", **more} for number in range(first, last)]
        account.seed("contacts", rows)

    @property
    def refused(self) -> int:
        return sum(status == 429 for account in (self.east, self.west) for *_, status in account.log)


@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    clock, daily = FrozenClock(), getattr(request, "param", QUOTA)
    limits = {"rate": (1000, 10.0), "search_rate": None, "clock": clock, "daily": daily}
    with HubSpotSandbox(**limits) as east, HubSpotSandbox(**limits) as west, empty_ledger(tmp_path):
        monkeypatch.setenv("EAST_TOKEN", east.token)
        monkeypatch.setenv("WEST_TOKEN", west.token)
        yield Site(tmp_path, east, west)


def run_until_spent(site: Site) -> QuotaUsedUp:
    for _ in range(QUOTA):
        try:
            site.run()
        except QuotaUsedUp as error:
            return error
    raise AssertionError("nothing stopped it")


def test_half_of_the_day_is_left_to_others_and_no_call_is_refused(site: Site) -> None:
    site.people(site.east, 0, 30)
    error = run_until_spent(site)
    assert "20 of 40 calls of the day are made, and the rest is kept for others" in error.message
    assert max(account.calls.total() for account in (site.east, site.west)) == 20
    assert site.refused == 0


def test_what_is_spent_is_known_after_a_restart_and_begins_anew_with_the_account_s_day(site: Site) -> None:
    site.people(site.east, 0, 30)
    error = run_until_spent(site)
    made = site.east.calls.total(), site.west.calls.total()
    with pytest.raises(QuotaUsedUp):
        site.run()
    assert sum((site.east.calls.total(), site.west.calls.total())) - sum(made) <= 2
    ends = float(str(error.facts["until"]))
    assert ends == day_ends("UTC", site.east.now())
    site.east.set_time(ends)
    site.people(site.east, 30, 31)
    site.run()
    site.run()
    assert len(site.west.records("contacts")) == 31
    assert site.refused == 0


@pytest.mark.parametrize("site", [50], indirect=True)
def test_run_that_the_day_let_go_no_further_waits_and_needs_nobody(site: Site) -> None:
    site.people(site.east, 0, 900)
    error = run_until_spent(site)
    view = show_sync(site.open(), "people")
    assert view.last_run is not None
    assert (view.last_run.state, view.state_word) == ("waiting", "Catching up")
    assert 0 < len(site.west.records("contacts")) < 900
    for _ in range(3):
        site.east.set_time(float(str(error.facts["until"])))
        try:
            site.run()
        except QuotaUsedUp as again:
            error = again
    assert len(site.west.records("contacts")) == 900
    assert site.refused == 0


def test_person_may_plan_with_what_is_kept_for_others(site: Site) -> None:
    site.people(site.east, 0, 30)
    run_until_spent(site)
    assert site.plan().changes == 0


def test_calls_that_others_have_made_count_as_well(site: Site) -> None:
    site.people(site.east, 0, 30)
    site.run()
    made = site.east.calls.total()
    site.east._limits._today += 20 - made
    run_until_spent(site)
    assert site.east.calls.total() <= made + 1
    assert site.refused == 0


def test_status_tells_what_is_left_and_for_whom(site: Site) -> None:
    site.people(site.east, 0, 30)
    site.run()
    east, west = allowances.standing(site.open())
    assert (east.app, east.quota, east.reserved, east.calls) == ("east", QUOTA, 20, site.east.calls.total())
    assert (west.left, west.day_ends) == (QUOTA - site.west.calls.total(), day_ends("UTC", site.east.now()))
    assert (east.waits_until, east.why) == (None, "")


def test_metrics_tell_what_is_left_for_us(site: Site) -> None:
    site.people(site.east, 0, 30)
    site.run()
    left = 20 - site.east.calls.total()
    assert f'bothways_quota_left{{app="east"}} {left}.0' in exposed()
    assert 'bothways_rate_limited_total{app="east"} 0.0' in exposed()


# --- foreseen ---------------------------------------------------------------------------------------------

FACTOR = 1.5
"""Within which a forecast is right."""


def is_near(forecast: int, billed: int) -> bool:
    return billed / FACTOR <= forecast <= billed * FACTOR


def billed(view: RunView, app: str) -> int:
    return sum(count for call, count in view.bill.items() if call.startswith(f"{app} "))


@pytest.mark.parametrize("site", [100_000], indirect=True)
@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize(("in_east", "in_west"), [(300, 150), (1200, 0), (120, 900)])
def test_first_run_costs_about_what_was_foreseen(site: Site, in_east: int, in_west: int, fresh: bool) -> None:
    site.people(site.east, 0, in_east)
    site.people(site.west, 0, in_west, firstname="Other")
    told = site.plan().forecast
    assert told is not None
    assert told.first
    if fresh:  # as by somebody who never made the plan
        for path in (site.folder / ".bothways").iterdir():
            path.unlink()
    view = site.run()
    for app, each in told.apps.items():
        assert is_near(each.calls, billed(view, app)), (app, each, view.bill)
        assert each.of_day == pytest.approx(each.calls / 1000)
        assert each.left is not None
        assert 49_900 < each.left < 50_000


@pytest.mark.parametrize("site", [100_000], indirect=True)
@pytest.mark.parametrize(("made", "edited"), [(250, 0), (0, 450), (130, 320)])
def test_applying_a_plan_costs_about_what_was_foreseen(site: Site, made: int, edited: int) -> None:
    site.people(site.east, 0, 500)
    site.people(site.west, 0, 500)
    site.run()
    for id in list(site.east.records("contacts"))[:edited]:
        site.east.edit("contacts", id, {"firstname": "Edited"})
    site.people(site.east, 500, 500 + made)
    for _ in range(3):  # new records wait until the other app was read since; then polls reach back for half an hour
        site.east.advance(3600)
        plan = site.plan()
    assert plan.changes == made + edited
    assert plan.forecast is not None
    assert not plan.forecast.first
    site.east.advance(30)
    view = now.apply_plan(site.open(), plan.id, approved=True)
    for app, each in plan.forecast.apps.items():
        assert is_near(each.calls, billed(view, app)), (app, each, view.bill)


# --- settings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("site", [100_000], indirect=True)
def test_share_for_others_is_refused_at_the_door_where_nothing_would_be_left(site: Site) -> None:
    text = (site.folder / "bothways.yaml").read_text()
    for wrong, said in (("100%", "at most 95%"), ("much", "a percentage"), ("-1", "a percentage")):
        (site.folder / "bothways.yaml").write_text(text.replace("reserve: 50%", f"reserve: {wrong}", 1))
        with pytest.raises(WrongType, match=said) as refused:
            open_workspace(site.folder)
        assert refused.value.where.startswith("bothways.yaml:4:")
    (site.folder / "bothways.yaml").write_text(text)
    assert "reserve: 50%" in export(site.open(), "people")


def test_app_that_does_not_count_its_calls_has_no_share_for_others() -> None:
    text = "version: 1\napps:\n  dav: {connector: carddav, url: 'https://x.test/', limits: {reserve: 20%}}\n"
    with pytest.raises(UnknownKey, match="limits") as refused:
        document_of(parse(text, "bothways.yaml"))
    assert refused.value.where.startswith("bothways.yaml:3:")
