"""A service layer that answers views made by hand; every call must fit the true function's signature."""

import importlib
import inspect
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bothways.cli.main import main
from bothways.service import views
from bothways.service.rights import Role
from tests.cli.views import (
    ACCOUNT,
    ALERTS,
    APP,
    CHECK,
    CONFLICT,
    CONNECTOR,
    DEEP,
    FAILING_APP,
    FIELDS,
    FINDINGS,
    GROUP,
    HOLD,
    IMPORT,
    ISSUE,
    LAST_PROOF,
    LINK,
    PAIR,
    PLAN,
    PROOF,
    RECORD,
    RUN,
    SUGGESTIONS,
    SUMMARY,
    SYNC,
    TOKEN,
    UNDO,
    UPDATE,
    WHY,
    WINNER,
)

WORKSPACE = SimpleNamespace(
    folder=Path("books"), file=Path("books/bothways.yaml"), document=SimpleNamespace(public_url="")
)
ANSWERS = {
    "sandbox.hubspot.starting.serve": lambda ready, **_: ready("http://127.0.0.1:8418"),
    "service.workspace.init": Path("books/bothways.yaml"),
    "service.workspace.open_workspace": WORKSPACE,
    "service.apps.catalogue": [CONNECTOR],
    "service.apps.list_apps": [APP],
    "service.starter.make": Path("books/my_crm"),
    "service.apps.check_name": None,
    "service.apps.add_app": CHECK,
    "service.apps.check_app": CHECK,
    "service.apps.sign_in_again": CHECK,
    "service.deep_check.check_deeply": DEEP,
    "service.own_fields.make": views.OwnFieldView(
        "crm", "bothways_key", True, (views.OwnFieldRow("contacts", "Contacts", True, ""),)
    ),
    "service.apps.disconnect": True,
    "service.same_account.accept_account": None,
    "service.apps.app_objects": list(CHECK.objects),
    "service.apps.app_fields": FIELDS,
    "service.apps.field_rules": {FIELDS[0].name: "at most 40 characters"},
    "service.alerts.overview": ALERTS,
    "service.alert_channels.test": [views.SentView("mail", "ops@example.com", "250 OK")],
    "service.syncs.list_syncs": [SYNC],
    "service.syncs.status": views.StatusView(None, (SYNC,)),
    "service.standing.pause_all": 1_770_000_000.0,
    "service.standing.resume_all": None,
    "service.syncs.show_sync": SYNC,
    "service.syncs.turn_on": SYNC,
    "service.syncs.turn_off": SYNC,
    "service.deleting.delete": views.DeletedView("contacts", 3, 1_770_000_000.0),
    "service.deleting.restore": None,
    "service.link_file.import_links": views.LinkImportView("contacts", "r_20", 1, 1, 0, (), done=True),
    "service.link_file.export_links": lambda *_args: (
        [] if _args[-1] else [views.LinkView(1, {"hubspot": "50121", "ledger": "P-8842"})]
    ),
    "service.issues.pause": RECORD,
    "service.halting.pause": views.HaltView("contacts", False, "Ana Ruiz", 1_770_000_000.0),
    "service.halting.stop": views.HaltView("contacts", True, "Ana Ruiz", 1_770_000_000.0, "r_19", 4),
    "service.halting.go_on": True,
    "service.winners.preview_winner": WINNER,
    "service.winners.set_winner": WINNER,
    "service.issues.resume": RECORD,
    "service.syncs.export": "revision: 3\nsyncs:\n  contacts: {}\n",
    "service.yaml_file.read_text": "version: 1\n",
    "service.importing.import_syncs": IMPORT,
    "service.workspace.load": None,
    "service.diff.diff": [
        views.ChangeView("contacts", "", "fields", "email ⇄ Email", "direction", "both", "to_ledger"),
        views.ChangeView("contacts", "", "guards", "", "first_run", 25, 5),
    ],
    "service.diff.plan_file": lambda *args, **_: args[4](replace(PLAN, id=""), iter([UPDATE, HOLD])),
    "service.preview.plan": PLAN,
    "service.preview.plan_actions": lambda *_args, after=-1, **_: [UPDATE, HOLD] if after < 0 else [],
    "jobs.now.run_sync": RUN,
    "jobs.now.apply_plan": RUN,
    "jobs.now.undo_run": UNDO,
    "jobs.watch.watch": lambda *_args, on_run, **_: on_run(RUN),
    "web.serving.serve": lambda *_args, on_run, **_: on_run(RUN),
    "service.undo.preview_undo": UNDO,
    "service.records.list_records": views.Page((RECORD,), None),
    "service.reasons.explained_now": SYNC,
    "service.why.why": WHY,
    "service.log.runs": [SUMMARY, SUMMARY],
    "service.log.follow": lambda *_args, **_: iter([SUMMARY, replace(SUMMARY, id="r_20")]),
    "service.history.show_history": views.HistoryView(63_072_000.0, 1.7e9, 1.6e9, 912, 120_345, 41, 12_300),
    "service.history.prune": views.PrunedView(41, 9_876),
    "service.proof.compare": PROOF,
    "service.proving.last_proof": LAST_PROOF,
    "service.issues.list_issues": [ISSUE],
    "service.issues.show_issue": ISSUE,
    "service.issues.link_issue": replace(ISSUE, decided="link to P-104"),
    "service.issues.keep_apart": replace(ISSUE, decided="keep apart from P-104"),
    "service.issues.create_issue": replace(ISSUE, decided="create"),
    "service.issues.leave_out": replace(ISSUE, decided="leave it out"),
    "service.issues.withdraw": ISSUE,
    "service.conflicts.choose_app": [replace(CONFLICT, decided="you chose the value of ledger"), CONFLICT],
    "service.conflicts.type_value": [CONFLICT],
    "service.conflicts.make_rule": "jobtitle",
    "service.issue_groups.groups": views.GroupPage((GROUP,), None),
    "service.issue_groups.show_group": GROUP,
    "service.failing.failing": [FAILING_APP],
    "service.mending.retry": views.TriedView("contacts", 9, is_on=True),
    "service.mending.ignore": 9,
    "service.mending.take_back": 9,
    "service.mending.pair_values": views.TriedView("contacts", 9, is_on=True),
    "service.issues.link": PAIR,
    "service.issues.unlink": PAIR,
    "service.issues.keep_two_apart": PAIR,
    "service.suggesting.suggest": SUGGESTIONS,
    "service.doctor.doctor": FINDINGS[:2],
    "service.backup.write_backup": None,
    "service.accounts.make_link": "one-time-word",
    "service.accounts.list_accounts": [ACCOUNT],
    "service.accounts.good_links": [LINK],
    "service.accounts.revoke_link": LINK,
    "service.accounts.set_role": replace(ACCOUNT, role=Role.EDITOR),
    "service.accounts.switch_off": replace(ACCOUNT, is_on=False),
    "service.second_factor.reset": ACCOUNT,
    "service.tokens.make_token": (TOKEN, "the-word-of-a-token"),
    "service.tokens.list_tokens": [TOKEN],
    "service.tokens.revoke_token": TOKEN,
}


class Service:
    """The answers, which a test may change, and the calls made so far."""

    def __init__(self, monkeypatch):
        self.monkeypatch = monkeypatch
        self.calls = []
        for place in ANSWERS:  # all of them before any stand-in is there to be imported
            importlib.import_module(f"bothways.{place}".rpartition(".")[0])
        for place, result in ANSWERS.items():
            self.answer(place, result)

    def answer(self, place, result):
        """Let the function at ``place`` return, raise, or be ``result``."""
        path, name = f"bothways.{place}".rsplit(".", 1)
        module = importlib.import_module(path)
        fits = (
            getattr(module, name).fits
            if hasattr(getattr(module, name), "fits")
            else inspect.signature(getattr(module, name)).bind
        )

        def stand_in(*args, **options):
            fits(*args, **options)
            self.calls.append((place, args, options))
            if isinstance(result, BaseException):
                raise result
            return result(*args, **options) if inspect.isfunction(result) else result

        stand_in.fits = fits
        self.monkeypatch.setattr(module, name, stand_in)

    def called(self, place):
        """Return the arguments of the calls of one function, without the workspace."""
        return [(args[1:], options) for name, args, options in self.calls if name == place]


@pytest.fixture
def service(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # what commands write stays there
    return Service(monkeypatch)


@pytest.fixture
def bothways(service, capsys):
    """Call the command line; answer its exit code, stdout and stderr."""

    def call(*arguments):
        code = main(arguments)
        return SimpleNamespace(code=code, **dict(zip(("out", "err"), capsys.readouterr(), strict=True)))

    return call


@pytest.fixture
def person(monkeypatch):
    """Put a person at the terminal who gives these answers; the list is what was asked."""

    def sits(*answers):
        from bothways.cli.terminal import Terminal

        asked, waiting = [], list(answers)

        def ask(self, question):
            asked.append(question)
            return waiting.pop(0)

        monkeypatch.setattr(Terminal, "can_ask", property(lambda self: self.may_ask))
        monkeypatch.setattr(Terminal, "ask", ask)
        return asked

    return sits
