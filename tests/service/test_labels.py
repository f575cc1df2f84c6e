"""Labels of associations: between two HubSpot accounts, in which they have other types and other words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bothways.errors import LabelPairedTwice, NoLabels, SettingsError, UnknownField, UnknownLabel
from bothways.jobs import now
from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from bothways.service import preview
from bothways.service.issues import list_issues
from bothways.service.proof import compare
from bothways.service.syncs import show_sync, turn_off, turn_on
from bothways.service.views import RunView
from bothways.service.why import why
from bothways.service.workspace import Workspace, open_workspace
from tests.databases import empty_ledger

FILE = """\
version: 1
allow_hosts: [127.0.0.1]
apps:
  east: {{connector: hubspot, auth: {{token: {{env: EAST_TOKEN}}}}, base_url: "{east}"}}
  west: {{connector: hubspot, auth: {{token: {{env: WEST_TOKEN}}}}, base_url: "{west}"}}
syncs:
  firms:
    objects: {{east: companies, west: companies}}
    fields: [{{east: name, west: name}}, {{east: domain, west: domain}}]
  people:
    objects: {{east: contacts, west: contacts}}
    fields: [{{east: email, west: email}}]
"""
FIRMS = "associations.companies"
WRITTEN = f"    associations:\n      - {{east: {FIRMS}, west: {FIRMS}, sync: firms}}\n"


@dataclass
class Office:
    """One account, with the ids of a firm and of a person who are in both."""

    account: HubSpotSandbox
    firm: str = ""
    person: str = ""

    def labels(self, firm: str = "") -> list[str] | None:
        """Return the labels by which the person belongs to a firm, None if they do not."""
        return self.account.labelled("contacts", self.person, "companies").get(firm or self.firm)

    def join(self, *labels: str, firm: str = "") -> None:
        self.account.associate("contacts", self.person, "companies", firm or self.firm, labels=labels)

    def part(self) -> None:
        self.account.dissociate("contacts", self.person, "companies", self.firm)

    def take(self, *labels: str) -> None:
        self.account.unlabel("contacts", self.person, "companies", self.firm, labels)


@dataclass
class Both:
    """Two accounts whose firms and people are kept in step."""

    east: Office
    west: Office
    workspace: Workspace

    def write(self, more: str) -> None:
        """Let the settings of the sync of people have more lines."""
        self.workspace.file.write_text(self.workspace.file.read_text() + more)
        clock = self.workspace.clock
        self.workspace = open_workspace(self.workspace.folder)
        self.workspace.clock = clock

    def run(self, minutes: int = 20, *, full: bool = False) -> RunView:
        self.east.account.advance(minutes * 60)
        now.run_sync(self.workspace, "firms", approved=True)
        return now.run_sync(self.workspace, "people", approved=True, full=full)

    def rest(self) -> None:
        for _ in range(3):
            self.run()

    def turn_on(self) -> None:
        for name in ("firms", "people"):
            turn_on(self.workspace, name)

    def pair(self, labels: str) -> None:
        """Turn the syncs on with these labels paired in the settings."""
        self.write(WRITTEN.replace("}", f", labels: {labels}}}"))
        self.turn_on()

    def labels(self) -> tuple[list[str] | None, list[str] | None]:
        return self.east.labels(), self.west.labels()


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    clock = FrozenClock()
    with (
        HubSpotSandbox(rate=None, search_rate=None, clock=clock) as east,
        HubSpotSandbox(rate=None, search_rate=None, clock=clock) as west,
        empty_ledger(tmp_path),
    ):
        for name, account in (("EAST", east), ("WEST", west)):
            monkeypatch.setenv(f"{name}_TOKEN", account.token)
        offices = []
        for account, words in ((east, ("Buyer", "Payer", "Only east")), (west, ("Only west", "Accounts", "buyer"))):
            for word in words:
                account.add_label("contacts", "companies", word)
            firm = account.create("companies", {"name": "Firm", "domain": "firm.example"})
            person = account.create("contacts", {"email": "ann@firm.example"})
            offices.append(Office(account, firm, person))
        (tmp_path / "bothways.yaml").write_text(FILE.format(east=east.url, west=west.url))
        workspace = open_workspace(tmp_path)
        workspace.clock = clock.now
        clock.advance(600)
        yield Both(*offices, workspace)


@pytest.fixture
def joined(both: Both) -> Both:
    """Both accounts with the person in the firm, without a label, and all in step."""
    both.east.join()
    both.turn_on()
    both.rest()
    assert both.labels() == ([], [])
    return both


def test_labels_of_the_same_word_are_kept_in_step_both_ways(joined: Both) -> None:
    joined.east.join("Buyer", "Only east")
    joined.rest()
    assert joined.labels() == (["Buyer", "Only east"], ["buyer"])
    joined.west.join("Only west")
    joined.west.take("buyer")
    joined.rest()
    assert joined.labels() == (["Only east"], ["Only west"])
    joined.west.join("buyer")
    joined.rest()
    assert joined.labels() == (["Buyer", "Only east"], ["Only west", "buyer"])


def test_labels_are_paired_as_the_settings_say_and_only_so(both: Both) -> None:
    both.east.join("Buyer", "Payer")
    both.pair("{Payer: Accounts}")
    both.rest()
    assert both.labels() == (["Buyer", "Payer"], ["Accounts"])
    view = show_sync(both.workspace, "people").associations[0]
    assert view.paired == ({"east": "Payer", "west": "Accounts"},)


def test_no_label_is_carried_where_none_is_paired(both: Both) -> None:
    both.east.join("Buyer")
    both.pair("{}")
    both.rest()
    assert both.labels() == (["Buyer"], [])


def test_who_loses_the_last_label_stays_associated(joined: Both) -> None:
    joined.east.join("Buyer")
    joined.rest()
    joined.east.take("Buyer")
    joined.rest()
    assert joined.labels() == ([], [])


def test_association_goes_with_its_paired_labels_and_comes_back_with_them_by_an_undo(joined: Both) -> None:
    joined.east.join("Buyer")
    joined.rest()
    assert joined.west.labels() == ["buyer"]
    joined.east.part()
    run = joined.run()
    assert joined.labels() == (None, None)
    now.undo_run(joined.workspace, run.id)
    assert joined.west.labels() == ["buyer"]


def test_association_stays_while_a_label_hangs_on_it_that_is_paired_with_none(joined: Both) -> None:
    joined.west.join("Only west")
    joined.rest()
    joined.east.part()
    joined.east.account.advance(1200)
    plan = preview.plan(joined.workspace, "people")
    assert (plan.updated, plan.held) == ({"east": 0, "west": 0}, 1), plan
    joined.rest()
    assert joined.labels() == (None, ["Only west"])
    (issue,) = list_issues(joined.workspace, "people")
    assert '"Only west" still hangs on it in west' in str(issue)
    (explained,) = compare(joined.workspace, "people").explained
    assert "Only west" in str(explained)
    joined.west.take("Only west")
    joined.rest()
    assert joined.labels() == (None, None)
    assert list_issues(joined.workspace, "people") == []


def test_label_that_is_given_while_the_association_is_taken_away_brings_it_back(joined: Both) -> None:
    joined.west.join("buyer")
    joined.east.part()
    joined.rest()
    assert joined.labels() == (["Buyer"], ["buyer"])


def test_label_comes_with_a_new_record_once_the_firm_has_a_partner(both: Both) -> None:
    both.turn_on()
    both.rest()
    firm = both.east.account.create("companies", {"name": "New", "domain": "new.example"})
    person = both.east.account.create("contacts", {"email": "bob@new.example"})
    both.east.account.associate("contacts", person, "companies", firm, labels=["Buyer"])
    both.rest()
    people = {each["email"]: id for id, each in both.west.account.records("contacts").items()}
    assert list(both.west.account.labelled("contacts", people["bob@new.example"], "companies").values()) == [["buyer"]]


def test_why_tells_of_a_label_and_what_is_in_step_is_proved(joined: Both) -> None:
    joined.east.join("Buyer")
    joined.rest()
    proof = compare(joined.workspace, "people")
    assert (proof.pairs, proof.equal) == (1, 1)
    story = next(each for each in why(joined.workspace, "people", "ann@firm.example").fields if "Buyer" in str(each))
    assert "east changed what it belongs to" in story.sentence


def test_label_that_was_deleted_in_an_app_is_taken_from_nothing_in_the_other(joined: Both) -> None:
    joined.east.join("Buyer")
    joined.rest()
    joined.east.account.drop_label("contacts", "companies", "Buyer")
    with pytest.raises(UnknownField):
        joined.run(1, full=True)
    assert joined.west.labels() == ["buyer"]
    joined.rest()
    assert joined.west.labels() == ["buyer"], "its pairing by the word is over"


def test_deleted_label_stops_no_other_sync_of_the_same_records(joined: Both) -> None:
    turn_off(joined.workspace, "people")
    joined.write("  names:\n    objects: {east: contacts, west: contacts}\n    associations: []\n")
    turn_on(joined.workspace, "names", confirmed=True)
    now.run_sync(joined.workspace, "names", approved=True)
    joined.east.account.drop_label("contacts", "companies", "Only east")
    joined.east.account.advance(1200)
    assert now.run_sync(joined.workspace, "names", approved=True, full=True).exit_code == 0


def test_rest_without_change_writes_nothing(joined: Both) -> None:
    joined.east.join("Buyer", "Only east")
    joined.rest()
    view = joined.run(full=True)
    assert view.updated == {"east": 0, "west": 0}


@pytest.mark.parametrize(
    ("labels", "refusal", "said"),
    [
        ("{Buyre: Accounts}", UnknownLabel, "Did you mean Buyer?"),
        ("{Buyer: nobody}", UnknownLabel, "There are: Accounts, Only west, buyer"),
        ("{Buyer: Accounts, Payer: accounts}", LabelPairedTwice, "accounts"),
        ("{7: Accounts}", SettingsError, "in quotes"),
        ("[Buyer]", SettingsError, "labels"),
    ],
)
def test_what_cannot_be_paired_is_refused_with_its_place(both: Both, labels: str, refusal, said: str) -> None:
    with pytest.raises(refusal, match=re.escape(said)) as caught:
        both.pair(labels)
    assert re.search(r"bothways\.yaml:1[45]:\d+", str(caught.value.where))


def test_labels_on_associations_without_any_are_refused(both: Both) -> None:
    for word in ("Only west", "Accounts", "buyer"):
        both.west.account.drop_label("contacts", "companies", word)
    with pytest.raises(NoLabels, match="west"):
        both.pair("{Buyer: Accounts}")
