"""Every command: what it calls, what it prints for people and for programs, how it ends."""

import io
import json
import sys
from dataclasses import replace

import pytest

from bothways import errors
from bothways.cli import looking
from bothways.cli.commands import COMMANDS, GROUPS
from bothways.cli.main import main
from bothways.service import views
from tests.cli.views import (
    DEEP,
    DIFFERENCE,
    FINDINGS,
    FOUND,
    GROUP,
    IMPORT,
    NOT_EQUAL,
    PLAN,
    PROOF,
    QUIET,
    RECORD,
    RUN,
    SYNC,
    UNSENT,
    UPDATE,
)

CALLS = [
    ("sandbox hubspot", "sandbox", 0, 'host="http://127.0.0.1:8418"'),
    ("init", "workspace", 0, "books/bothways.yaml"),
    ("status", "status", 0, "Up to date"),
    ("validate", "validate", 0, "can be used"),
    ("validate other.yaml", "validate", 0, "other.yaml can be used"),
    ("schema", "schema", 0, '"title": "Settings of Bothways"'),
    ("doctor", "doctor", 0, "Nothing to fix."),
    ("version", "version", 0, "bothways "),
    ("backup copy.tar.gz", "backup", 0, "Made copy.tar.gz"),
    ("alerts list", "alerts", 0, "contacts has stopped (BW-400)"),
    ("alerts test", "alerts-test", 0, "✓ mail to ops@example.com: 250 OK"),
    ("app list", "apps", 0, "crm"),
    ("app add crm hubspot --secret token=env:TOKEN", "app-check", 0, "✓ crm"),
    ("app check crm", "app-check", 0, "✓ crm"),
    ("app check crm --same", "app-check", 0, "✓ crm"),
    ("app check crm --deep --yes", "app-deep-check", 0, "Everything that was made for it is archived."),
    ("app check crm --deep --read-only", "app-deep-check", 0, "HubSpot account 7: 1 as we thought"),
    ("app login crm --secret token=env:TOKEN", "app-check", 0, "✓ crm"),
    ("app remove crm", "removed", 0, "crm is disconnected."),
    ("app objects crm", "objects", 0, "companies"),
    ("app fields crm contacts", "fields", 0, "required, unique"),
    ("app own-field crm --yes", "own-field", 0, "crm keeps our marks in bothways_key, on: Contacts."),
    ("app search", "connectors", 0, "HubSpot"),
    ("app new my_crm", "app-new", 0, "Made books/my_crm"),
    ("sync list", "syncs", 0, "contacts"),
    ("sync show contacts", "sync", 0, "createdate"),
    ("sync show contacts --yaml", "sync-yaml", 0, "revision: 3"),
    ("sync export contacts companies", "sync-export", 0, "revision: 3"),
    ("sync import brought.yaml", "sync-import", 0, "+ contacts is a new draft: nothing flows until it is turned on."),
    ("sync import brought.yaml --name x --replace --yes", "sync-import", 0, "~ leads 2 is changed, and stays on."),
    ("sync import brought.yaml --plan", "sync-import", 0, "      guards first_run: 25 → 5"),
    ("sync diff", "diff", 2, "contacts  fields email ⇄ Email direction: both → to_ledger"),
    ("sync diff contacts -f other.yaml", "diff", 2, "contacts  guards first_run: 25 → 5"),
    ("sync on contacts", "sync-state", 0, "contacts is on."),
    ("sync off contacts", "sync-state", 0, "contacts is off."),
    ("sync on contacts --from-now --old-links leave --yes", "sync-state", 0, "contacts is on."),
    ("sync delete contacts --yes", "sync-deleted", 0, "The records in both apps stay as they are."),
    ("sync restore contacts", "sync-state", 0, "contacts is off."),
    ("links import contacts pairs.csv", "link-import", 0, "Take it back: bothways undo r_20"),
    ("links export contacts", "links", 0, "50121,P-8842"),
    ("pause", "pause-all", 0, "All syncs are paused; what is at work ends first."),
    ("resume", "resume-all", 0, "The syncs go on"),
    ("pause contacts 50121", "pause", 0, "are paused. Let them flow again: bothways resume contacts hubspot:50121"),
    ("resume contacts 50121", "resume", 0, "flow again, with what changed meanwhile"),
    ("pause contacts", "halt", 0, "contacts is paused; what is being written ends first."),
    ("stop contacts", "halt", 0, "What it wrote can be undone: bothways undo r_19"),
    ("resume contacts", "resumed", 0, "contacts goes on."),
    ("sync winner contacts firstname ledger", "winner", 0, "ledger wins First name of contacts from now on"),
    ("sync winner contacts firstname ledger --plan", "winner", 0, "2 differences of it that wait for a person"),
    ("run contacts --record 50121", "run", 3, "Done in 3 m 12 s."),
    ("plan contacts", "plan", 0, "Plan p_12"),
    ("plan contacts --exit-code", "plan", 2, "Plan p_12"),
    ("plan contacts --record 50121", "plan", 0, "Plan p_12"),
    ("plan contacts --sample 10", "plan", 0, "Plan p_12"),
    ("plan contacts -f other.yaml", "plan", 0, "Plan by settings that are not saved"),
    ("apply p_12 --yes", "run", 3, "Done in 3 m 12 s."),
    ("run contacts", "run", 3, "Done in 3 m 12 s."),
    ("records contacts", "records", 0, "Dana Novak"),
    ("why contacts dana@novak.example", "why", 0, "First name"),
    ("issues", "issues", 0, "2 possible matches by e-mail"),
    ("issues contacts", "issues", 0, "hubspot 50121"),
    ("issues show h_12", "issue", 0, "P-977"),
    ("issues resolve h_12 --link P-104", "issue", 0, "Decided: link to P-104."),
    ("issues resolve h_12 --apart P-104 --apart P-977", "issue", 0, "Decided: keep apart from P-104."),
    ("issues resolve h_13 --use ledger --alike values", "decided", 0, "Decided so for 1 more."),
    ("issues resolve h_13 --value Cook", "decided", 0, "Decided: you typed it."),
    ("issues resolve h_13 --use ledger --rule", "rule", 0, "ledger wins jobtitle from now on."),
    ("issues resolve h_12 --create", "issue", 0, "Decided: create."),
    ("issues resolve h_12 --leave-out", "issue", 0, "Decided: leave it out."),
    ("issues --by-cause", "causes", 0, "g_1_0123456789ab"),
    ("issues contacts --by-cause --ignored", "causes", 0, "Country is not a value"),
    ("issues show g_1_0123456789ab", "cause", 0, "probably United Kingdom"),
    ("issues retry g_1_0123456789ab", "retry", 0, "9 tried again by the next run"),
    ("issues ignore g_1_0123456789ab", "ignore", 0, "--undo"),
    ("issues ignore h_12 --undo", "ignore", 0, "9 asked about again."),
    ("issues resolve g_1_0123456789ab --pair UK=gb", "pair", 0, "9 tried again"),
    ("issues resolve h_12 --undo", "issue", 0, "Decide: bothways issues resolve h_12"),
    ("link contacts 50121 P-104", "link", 0, "will be linked by the next run"),
    ("unlink contacts 50121 P-104", "unlink", 0, "are no longer linked"),
    ("unlink contacts 50121 P-104 --plan", "unlink-plan", 0, "would no longer be linked"),
    ("apart contacts 50121 P-104", "apart", 0, "are kept apart"),
    ("suggest contacts", "suggestions", 0, "likely 98 %"),
    ("undo r_19 --yes", "undo", 0, "Put back 1,096 records"),
    ("undo r_19 --plan", "undo", 0, "Would put back"),
    ("undo r_19 --record 50121 --field jobtitle --plan", "undo", 0, "Would put back"),
    ("compare contacts", "proof", 0, "Everything that should be equal is equal."),
    ("compare contacts --last", "last-proof", 0, "contacts: 0 of 12,004 pairs differ"),
    ("history", "history", 0, "There is: 912 runs and 120,345 writes, since"),
    ("history --prune --yes", "history-pruned", 0, "Let go: 41 runs and 9,876 writes."),
    ("user link", "user-link", 0, "http://127.0.0.1:8417/welcome?key=one-time-word"),
    ("user link Ana --url https://x.test/", "user-link", 0, "https://x.test/welcome?key=one-time-word"),
    ("user links", "user-links", 0, "a new password of Ana Ruiz"),
    ("user revoke l_3", "user-link-revoked", 0, "The link for a new password of Ana Ruiz is revoked."),
    ("user list", "users", 0, "Ana Ruiz"),
    ("user role Ana editor", "user", 0, "Ana Ruiz is editor now."),
    ("user off Ana", "user", 0, "Ana Ruiz can sign in no more."),
    ("user reset Ana", "user", 0, "Ana Ruiz signs in with the password alone now."),
    ("token make Ana reports --role viewer --days 90", "token", 0, "the-word-of-a-token"),
    ("token list", "tokens", 0, "reports"),
    ("token revoke t_3", "token-revoked", 0, "reports of Ana Ruiz is revoked."),
]
STREAMS = [
    ("log", "log", 2),
    ("log contacts", "log", 2),
    ("log contacts --follow", "log", 2),
    ("watch contacts", "run", 1),
    ("up", "run", 1),
    ("worker", "run", 1),
    ("web", "run", 1),
]


def test_every_command_is_called_here():
    names = {name for name, _ in COMMANDS} | {
        f"{group} {name}" for group, _, commands in GROUPS for name, _ in commands
    }
    called = [line for line, *_ in (*CALLS, *STREAMS)]
    assert {name for name in names if not any(line == name or line.startswith(f"{name} ") for line in called)} == set()


@pytest.mark.parametrize(
    ("line", "kind", "code", "text"), CALLS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_text_for_people(bothways, line, kind, code, text):
    ended = bothways(*line.split())
    assert (ended.code, text in ended.out) == (code, True)
    assert "\x1b" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("line", "kind", "code", "text"), CALLS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_one_json_document_for_programs(bothways, line, kind, code, text):
    ended = bothways(*line.split(), "--json")
    assert ended.code == code
    assert json.loads(ended.out)["format"] == f"bothways.{kind}/1"


@pytest.mark.parametrize(("line", "kind", "count"), STREAMS)
def test_streams_are_a_json_document_per_line(bothways, line, kind, count):
    ended = bothways(*line.split(), "--json")
    assert ended.code == 0
    assert [json.loads(each)["format"] for each in ended.out.splitlines()] == [f"bothways.{kind}/1"] * count


@pytest.mark.parametrize(
    ("line", "kind", "code", "text"), CALLS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_quiet_leaves_only_data(bothways, line, kind, code, text):
    assert bothways(*line.split(), "--quiet").err == ""


@pytest.mark.parametrize(
    "line",
    [
        line
        for line, *_ in CALLS
        if line
        not in (
            "sandbox hubspot",
            "init",
            "version",
            "schema",
            "doctor",
            "app search",
            "app new my_crm",
            "validate other.yaml",
        )
    ],
)
@pytest.mark.parametrize(
    "failure",
    [errors.NoWorkspace(folder="books"), errors.DatabaseLocked(), errors.DiskFull(reason="full")],
    ids=lambda failure: type(failure).__name__,
)
def test_what_fails_below_ends_with_its_code(bothways, service, line, failure):
    service.answer("service.workspace.open_workspace", failure)
    ended = bothways(*line.split())
    assert (ended.code, ended.out) == (failure.exit_code, "")
    assert failure.code in ended.err


def test_the_folder_reaches_the_service(bothways, service, tmp_path):
    bothways("status", "-C", str(tmp_path))
    assert service.calls[0] == ("service.workspace.open_workspace", (tmp_path,), {})


def test_validate_opens_no_database(bothways, service):
    bothways("validate")
    ((_, _, options),) = service.calls
    assert options == {"load_only": True}


@pytest.mark.parametrize(
    "line",
    [
        "issues resolve h_12",
        "issues resolve g_1_0123456789ab --create",
        "issues resolve g_1_0123456789ab --pair UK",
        "issues retry h_12 --undo",
        "issues ignore h_12 --create",
        "issues contacts --ignored",
        "issues resolve h_12 --create --undo",
        "issues show h_12 --create",
        "issues contacts h_12",
        "issues contacts --create",
        "issues resolve --create",
        "issues resolve h_13 --alike values",
        "issues resolve h_13 --create --rule",
        "issues resolve h_13 --value x --rule",
        "issues resolve h_13 --use ledger --alike all",
        "issues resolve h_13 --use ledger --value x",
        "issues resolve h_12 --leave-out --create",
        "issues ignore h_12 --leave-out",
    ],
)
def test_an_issue_is_decided_in_one_way(bothways, service, line):
    assert bothways(*line.split()).code == errors.EXIT_USAGE
    assert [place for place, *_ in service.calls] in ([], ["service.workspace.open_workspace"])


def test_what_was_decided_reaches_the_service(bothways, service):
    bothways("issues", "resolve", "h_12", "--apart", "P-104", "--apart", "P-977")
    assert service.called("service.issues.keep_apart") == [(("h_12", ["P-104", "P-977"]), {})]
    bothways("issues", "resolve", "h_12", "--leave-out")
    assert service.called("service.issues.leave_out") == [(("h_12",), {})]
    bothways("apart", "contacts", "a@x.test", "ledger:P-104")
    assert service.called("service.issues.keep_two_apart") == [(("contacts", "a@x.test", "ledger:P-104"), {})]
    bothways("link", "contacts", "a@x.test", "ledger:P-104")
    assert service.called("service.issues.link") == [(("contacts", "a@x.test", "ledger:P-104"), {})]


# --- plan ---------------------------------------------------------------------------------------------


def many(count):
    return [replace(UPDATE, seq=seq, name=f"Person {seq}") for seq in range(count)]


def test_that_nothing_is_held_is_not_said_of_what_is_ignored(bothways, service):
    service.answer("service.failing.failing", [])
    here = {True: views.GroupPage((GROUP,), None), False: views.GroupPage((), None)}
    service.answer("service.issue_groups.groups", lambda *_args, ignored, **_: here[ignored])
    assert "but what is ignored: bothways issues --by-cause --ignored" in bothways("issues", "--by-cause").out
    here[True] = here[False]
    assert bothways("issues", "--by-cause").out == "Nothing is held.\n"
    assert bothways("issues", "--by-cause", "--ignored").out == "Nothing is ignored.\n"


def paged(rows):
    def actions(*_args, show="all", after=-1, size=400):
        return [row for row in rows if row.seq > after][:size]

    return actions


def test_a_long_plan_shows_twenty_and_says_how_many_more(bothways, service):
    service.answer("service.preview.plan_actions", paged(many(1030)))
    out = bothways("plan", "contacts").out
    assert "Person 19 " in out
    assert "Person 20 " not in out
    assert "… 1,010 more. See all: bothways plan contacts --show all" in out


def test_a_plan_of_twenty_has_no_more(bothways, service):
    service.answer("service.preview.plan_actions", paged(many(20)))
    assert "more. See all" not in bothways("plan", "contacts").out


def test_show_lists_all_of_a_kind(bothways, service):
    service.answer("service.preview.plan_actions", paged(many(1030)))
    out = bothways("plan", "contacts", "--show", "conflicts").out
    assert "Person 1029" in out
    assert "more. See all" not in out
    assert {options["show"] for _, options in service.called("service.preview.plan_actions")} == {"conflicts"}


def test_json_has_every_record_of_a_long_plan(bothways, service):
    service.answer("service.preview.plan_actions", paged(many(1030)))
    body = json.loads(bothways("plan", "contacts", "--json").out)
    assert body["id"] == "p_12"
    assert body["created"] == {"hubspot": 96, "ledger": 412}
    assert [row["seq"] for row in body["actions"]] == list(range(1030))
    assert (
        body["actions"][0]["fields"][0] | {"after": "Dave", "rule": "F4", "conflict": True}
        == body["actions"][0]["fields"][0]
    )


def test_exit_code_is_zero_when_nothing_would_change(bothways, service):
    service.answer("service.preview.plan", replace(PLAN, changes=0, created={}, updated={}, held=0, emptied={}))
    service.answer("service.preview.plan_actions", [])
    assert bothways("plan", "contacts", "--exit-code").code == 0


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("record", "this record and its partner compared"),
        ("sample", "10 of 12,004 records compared, chosen at random"),
    ],
)
def test_a_plan_of_a_part_says_so_and_lists_it_whole(bothways, service, part, told):
    service.answer("service.preview.plan", replace(PLAN, part=part, compared=10, known=12004))
    service.answer("service.preview.plan_actions", paged(many(30)))
    out = bothways("plan", "contacts", "--record", "50121").out
    assert f"contacts  hubspot ⇄ ledger   {told}, nothing written" in out
    assert "Person 29" in out
    assert "more. See all" not in out


def test_what_part_is_planned_reaches_the_service(bothways, service):
    bothways("plan", "contacts", "--record", "dana@x.test")
    bothways("plan", "contacts", "--sample", "10")
    called = [options for _, options in service.called("service.preview.plan")]
    assert [(each["record"], each["sample"]) for each in called] == [("dana@x.test", None), (None, 10)]


@pytest.mark.parametrize(
    "options",
    [
        ("--record", "x", "--sample", "3"),
        ("--record", "x", "-f", "other.yaml"),
        ("--sample", "3", "--from-now"),
        ("-f", "other.yaml", "--from-now"),
    ],
    ids=" ".join,
)
def test_parts_of_a_plan_that_do_not_go_together_are_refused(bothways, service, options):
    ended = bothways("plan", "contacts", *options)
    assert (ended.code, service.calls) == (64, [])
    assert "do not go together" in ended.err


# --- bringing syncs in --------------------------------------------------------------------------------


def test_what_is_brought_in_is_said_with_what_stays_as_it_is_here(bothways, service):
    ended = bothways("sync", "import", "brought.yaml", "--replace", "--yes")
    assert ended.out.splitlines() == [
        "+ contacts is a new draft: nothing flows until it is turned on.   hubspot contacts ⇄ ledger people",
        "      The file says that it is on: that is not taken over.",
        "~ leads 2 is changed, and stays on.   hubspot leads ⇄ ledger people",
        "      guards first_run: 25 → 5",
        "! ledger is described otherwise in the file. It stays as it is here.",
    ]
    assert "bothways plan contacts   Turn it on: bothways sync on contacts" in ended.err
    ((args, options),) = service.called("service.importing.import_syncs")
    assert args == ("version: 1\n", "brought.yaml")
    assert options == {"name": None, "replacing": True, "confirmed": True, "only_planned": False}


def test_what_would_be_brought_in_is_said_as_such(bothways):
    out = bothways("sync", "import", "brought.yaml", "--plan").out
    assert "contacts would be a new draft" in out
    assert "leads 2 would be changed, and stays on" in out


def wants_a_yes(*_args, confirmed=False, **_options):
    if not confirmed:
        raise errors.ReplacesRunning(names="contacts")
    return IMPORT


def test_one_that_is_on_is_replaced_if_a_person_says_so(bothways, service, person):
    service.answer("service.importing.import_syncs", wants_a_yes)
    refused = bothways("sync", "import", "brought.yaml", "--replace", "--no-input")
    assert (refused.code, "--yes" in refused.err) == (64, True)
    asked = person(True)
    assert bothways("sync", "import", "brought.yaml", "--replace").code == 0
    assert asked == ["contacts would be run by these settings from the next run on, being on already. Go on?"]


def test_syncs_are_brought_in_from_stdin(bothways, service, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("version: 1\nsyncs: {}\n"))
    assert bothways("sync", "import", "-").code == 0
    assert service.called("service.importing.import_syncs")[0][0] == ("version: 1\nsyncs: {}\n", "stdin")


# --- apply, run, undo: what is asked ------------------------------------------------------------------


def wants_approval(*_args, approved=False, **_options):
    if not approved:
        raise errors.ConfirmationNeeded(count="1,616")
    return RUN


def test_apply_without_a_terminal_refuses_and_names_the_flag(bothways, service):
    service.answer("jobs.now.apply_plan", wants_approval)
    ended = bothways("apply", "p_12")
    assert ended.code == 64
    assert ended.err == "Error: this would write 1,616 records. Nothing was written. Say so with --yes. (BW-121)\n"


def test_apply_asks_a_person(bothways, service, person):
    service.answer("jobs.now.apply_plan", wants_approval)
    asked = person(True)
    assert bothways("apply", "p_12").code == 3
    assert asked == ["This would write 1,616 records. Go on?"]


def test_a_no_writes_nothing(bothways, service, person):
    service.answer("jobs.now.apply_plan", wants_approval)
    person(False)
    ended = bothways("apply", "p_12")
    assert (ended.code, ended.out) == (130, "")
    assert "Nothing was written." in ended.err
    assert [options["approved"] for _, options in service.called("jobs.now.apply_plan")] == [False]


def test_no_input_never_asks(bothways, service, person):
    service.answer("jobs.now.apply_plan", wants_approval)
    asked = person(True)
    assert bothways("apply", "p_12", "--no-input").code == 64
    assert asked == []


def test_apply_hands_its_limits_on(bothways, service):
    bothways("apply", "p_12", "--limit", "5", "--max-change", "2.5%", "--yes")
    ((args, options),) = service.called("jobs.now.apply_plan")
    assert args == ("p_12",)
    assert {key: options[key] for key in ("limit", "max_change", "approved")} == {
        "limit": 5,
        "max_change": 2.5,
        "approved": True,
    }


@pytest.mark.parametrize(("command", "use"), [("pause", "pause"), ("resume", "go_on"), ("stop", "stop")])
def test_a_sync_alone_is_paused_stopped_and_let_go_on(bothways, service, command, use):
    assert bothways(command, "contacts").code == 0
    assert service.called(f"service.halting.{use}") == [(("contacts",), {})]


@pytest.mark.parametrize("share", ["ten", "-1%", "101%", "nan"])
def test_what_is_no_percentage_is_refused(bothways, service, share):
    ended = bothways("apply", "p_12", "--max-change", share)
    assert ended.code == 64
    assert "--max-change 10%" in ended.err
    assert not service.called("jobs.now.apply_plan")


def braked(*_args, approved=False, **_options):
    if not approved:
        raise errors.StoppedByBrake(
            name="contacts", reason="too much", hint="If that is right: bothways run contacts --yes"
        )
    return QUIET


def test_a_brake_ends_a_run_with_5_and_names_the_flag(bothways, service):
    service.answer("jobs.now.run_sync", braked)
    ended = bothways("run", "contacts")
    assert ended.code == 5
    assert "bothways run contacts --yes" in ended.err


def test_yes_releases_the_brakes(bothways, service):
    service.answer("jobs.now.run_sync", braked)
    assert bothways("run", "contacts", "--yes").code == 0


@pytest.mark.parametrize(("answer", "code"), [(True, 0), (False, 5)])
def test_a_person_may_release_a_brake(bothways, service, person, answer, code):
    service.answer("jobs.now.run_sync", braked)
    asked = person(answer)
    ended = bothways("run", "contacts")
    assert ended.code == code
    assert asked == ["Write all the same?"]
    assert "too much" in ended.err


def test_a_run_without_brakes_asks_nothing(bothways, service, person):
    asked = person()
    assert bothways("run", "contacts", "--full").code == 3
    assert asked == []
    ((_, options),) = service.called("jobs.now.run_sync")
    assert (options["full"], options["approved"]) == (True, False)


@pytest.mark.parametrize("code", [0, 3, 4, 5])
def test_a_run_ends_with_the_code_of_its_view(bothways, service, code):
    service.answer("jobs.now.run_sync", replace(RUN, exit_code=code))
    assert bothways("run", "contacts").code == code


def test_undo_refuses_without_a_terminal(bothways, service):
    ended = bothways("undo", "r_19")
    assert ended.code == 64
    assert "1,602 records" in ended.err
    assert not service.called("jobs.now.undo_run")


def test_undo_asks_a_person(bothways, service, person):
    asked = person(True)
    assert bothways("undo", "r_19").code == 0
    assert asked == ["This would write 1,602 records. Go on?"]
    assert service.called("jobs.now.undo_run")[0][0] == ("r_19",)


def test_undo_plan_writes_nothing(bothways, service):
    body = json.loads(bothways("undo", "r_19", "--plan", "--json").out)
    assert body["only_planned"] is True
    assert not service.called("jobs.now.undo_run")


def test_an_undo_of_nothing_asks_nothing(bothways, service):
    service.answer("service.undo.preview_undo", views.UndoView("", "r_19", 0, 0, ()))
    ended = bothways("undo", "r_19")
    assert (ended.code, ended.out) == (0, "There is nothing to put back.\n")
    assert not service.called("jobs.now.undo_run")


def test_ctrl_c_in_a_run_says_how_to_go_on(bothways, service):
    service.answer("jobs.now.run_sync", KeyboardInterrupt())
    ended = bothways("run", "contacts", "--full")
    assert ended.code == 130
    assert "Go on with: bothways run contacts --full" in ended.err


def test_ctrl_c_in_watch_says_how_to_go_on(bothways, service):
    service.answer("jobs.watch.watch", KeyboardInterrupt())
    ended = bothways("watch", "contacts")
    assert ended.code == 130
    assert "Go on with: bothways watch contacts" in ended.err


# --- looking ------------------------------------------------------------------------------------------


def test_records_read_page_after_page_up_to_the_limit(bothways, service):
    def page(*_args, after=None, size=50, **_):
        begin = int(after or 0)
        rows = tuple(replace(RECORD, name=f"Person {n}") for n in range(begin, begin + min(size, 500)))
        return views.Page(rows, str(begin + len(rows)))

    service.answer("service.records.list_records", page)
    ended = bothways("records", "contacts", "--limit", "1200")
    assert sum("Person" in line for line in ended.out.splitlines()) == 1200
    assert "--limit" in ended.err


@pytest.mark.parametrize("limit", [1, 9_000_000])
def test_the_limit_that_is_advised_is_one_that_is_taken(bothways, monkeypatch, limit):
    monkeypatch.setattr(looking, "some_records", lambda *_: ([RECORD], True))
    ended = bothways("records", "contacts", "--limit", str(limit))
    advised = ended.err.partition("--limit ")[2].partition(",")[0]
    assert int(advised) > limit
    assert bothways("records", "contacts", "--limit", advised).code == 0


def test_records_hand_on_what_to_look_for(bothways, service):
    bothways("records", "contacts", "--state", "failing", "--search", "dana")
    bothways("records", "contacts", "--reason", "email")
    (_, options), (_, others) = service.called("service.records.list_records")
    assert (options["state"], options["left_out_by"], options["search"]) == ("failing", None, "dana")
    assert (others["state"], others["left_out_by"]) == (None, "email")


def test_status_and_a_sync_say_why_records_are_left_out(bothways, service):
    told = replace(SYNC, left_out=views.LeftOutView({"email": 301, "filter": 79}))
    service.answer("service.reasons.explained_now", told)
    assert "\nLeft out: no e-mail address 301, outside a filter 79\n" in bothways("sync", "show", "contacts").out
    assert "· contacts: left out: no e-mail address 301, outside a filter 79\n" in bothways("status").out
    assert json.loads(bothways("status", "--json").out)["syncs"][0]["left_out"]["by"] == {"email": 301, "filter": 79}


def test_why_of_one_field(bothways, service):
    bothways("why", "contacts", "dana@novak.example", "firstname")
    assert service.called("service.why.why")[0][0] == ("contacts", "dana@novak.example", "firstname")


def test_a_difference_without_a_reason_ends_with_2(bothways, service):
    service.answer("service.proof.compare", replace(PROOF, different=(DIFFERENCE,)))
    assert bothways("compare", "contacts").code == 2


def test_channel_that_takes_no_test_ends_it_with_the_answer(bothways, service):
    refused = errors.AlertNotSent(channel="webhook", reason="its receiver said HTTP 404, no such hook")
    service.answer("service.alert_channels.test", [refused, views.SentView("mail", "ops@example.com", "250 OK")])
    ended = bothways("alerts", "test")
    assert (ended.code, "HTTP 404, no such hook" in ended.err, "✓ mail" in ended.out) == (69, True, True)
    body = json.loads(bothways("alerts", "test", "--json").out)
    assert [each["channel"] for each in body["sent"]] == ["mail"]
    assert [(each["channel"], each["code"]) for each in body["failed"]] == [("webhook", "BW-193")]


def test_status_names_a_channel_that_takes_no_alerts(bothways, service):
    service.answer("service.syncs.status", views.StatusView(None, (SYNC,), (UNSENT,)))
    assert "no answer in time. (BW-193) See: bothways alerts list" in bothways("status").out
    assert json.loads(bothways("status", "--json").out)["failing_channels"][0]["name"] == "mail"


def test_a_difference_that_is_to_be_repaired_is_marked_and_that_is_said(bothways, service):
    service.answer("service.proof.compare", replace(PROOF, different=(DIFFERENCE,)))
    run = bothways("compare", "contacts", "--repair")
    assert service.called("service.proof.compare")[0][1]["repair"] is True
    assert "The next run looks at them" in run.err


def test_last_proof_that_found_differences_ends_with_2(bothways, service):
    service.answer("service.proving.last_proof", NOT_EQUAL)
    assert bothways("compare", "contacts", "--last").code == 2


def test_last_proof_that_is_none_and_one_that_is_to_repair_are_refused(bothways, service):
    service.answer("service.proving.last_proof", None)
    assert "has not been compared by itself yet" in bothways("compare", "contacts", "--last").err
    assert bothways("compare", "contacts", "--last", "--repair").code == 64
    assert service.called("service.proof.compare") == []


def test_doctor_ends_with_the_code_of_the_first_problem(bothways, service):
    service.answer("service.doctor.doctor", FINDINGS)
    assert bothways("doctor").code == 65
    service.answer("service.doctor.doctor", [views.Finding("problem", "x", code="BW-201"), FINDINGS[2]])
    assert bothways("doctor").code == 69


# --- app add: secrets ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        ("--secret", "token=hunter2"),
        ("--secret", "token"),
        ("--secret", "hunter2"),
        ("--set", "token=hunter2"),
        ("--set", "hunter2"),
        ("--secret", "token=env:"),
    ],
    ids=" ".join,
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(bothways, service, given):
    ended = bothways("app", "add", "crm", "hubspot", *given)
    assert ended.code == 64
    assert "hunter2" not in ended.out + ended.err
    assert not service.called("service.apps.add_app")


def test_places_of_secrets_and_settings_are_handed_on(bothways, service):
    bothways(
        *("app", "add", "crm", "hubspot", "--set", "base_url=http://localhost:1?a=b"),
        *("--secret", "token=env:TOKEN", "--secret", "other=file:/run/secrets/x:y"),
    )
    ((args, _),) = service.called("service.apps.add_app")
    assert args[:2] == ("crm", "hubspot")
    assert args[2] == {"base_url": "http://localhost:1?a=b"}
    assert args[3] == {"token": ("env", "TOKEN"), "other": ("file", "/run/secrets/x:y")}


def test_a_secret_from_stdin_is_handed_on_and_not_shown(bothways, service, tmp_path, monkeypatch):
    monkeypatch.setattr(
        sys,
        "stdin",
        type("In", (), {"closed": False, "isatty": lambda self: False, "readline": lambda self: "hunter2\n"})(),
    )
    ended = bothways("-C", str(tmp_path), "app", "add", "crm", "hubspot", "--secret", "token=stdin")
    assert "hunter2" not in ended.out + ended.err
    ((args, _),) = service.called("service.apps.add_app")
    assert args[3:] == ({}, {"token": "hunter2"})


def test_a_name_that_cannot_be_used_is_refused_before_a_secret_is_asked_for(bothways, service, tmp_path, monkeypatch):
    def asked(self):
        raise AssertionError("a secret was asked for")

    monkeypatch.setattr(
        sys, "stdin", type("In", (), {"closed": False, "isatty": lambda self: False, "readline": asked})()
    )
    service.answer("service.apps.check_name", errors.UsageError(reason="No", hint=""))
    ended = bothways("-C", str(tmp_path), "app", "add", "x" * 300, "hubspot", "--secret", "token=stdin")
    assert ended.code == 64
    assert not service.called("service.apps.add_app")
    assert not (tmp_path / ".bothways").exists()


def test_an_empty_stdin_is_no_secret(bothways, service, tmp_path, monkeypatch):
    monkeypatch.setattr(
        sys, "stdin", type("In", (), {"closed": False, "isatty": lambda self: False, "readline": lambda self: ""})()
    )
    assert bothways("-C", str(tmp_path), "app", "add", "crm", "hubspot", "--secret", "token=stdin").code == 65


# --- app check --deep ---------------------------------------------------------------------------------


def deeply(*_args, read_only=False, confirmed=False, tell=None, tell_left=None):
    if not confirmed:
        raise errors.DeepCheckNotConfirmed(app="crm", account="HubSpot account 7", makes="six contacts are made")
    for each in FOUND.values():
        tell(each)
    left = (views.LeftRecordView("contacts", "12", "Bothways check 1", "a@x.test"),)
    tell_left((*left, views.LeftRecordView("companies", "", "Bothways check 2", "")))
    return replace(DEEP, findings=tuple(FOUND.values()), left=left, exit_code=3)


def test_deep_check_asks_a_person_first(bothways, service, person):
    service.answer("service.deep_check.check_deeply", deeply)
    asked = person(False)
    assert bothways("app", "check", "crm", "--deep").code == 130
    assert asked == ["This would write to crm, HubSpot account 7: six contacts are made. Go on?"]
    assert [options["confirmed"] for _, options in service.called("service.deep_check.check_deeply")] == [False]


def test_deep_check_without_a_terminal_is_refused_and_names_the_flags(bothways, service):
    service.answer("service.deep_check.check_deeply", deeply)
    refused = bothways("app", "check", "crm", "--deep")
    assert (refused.code, "--yes" in refused.err, "--read-only" in refused.err) == (64, True, True)


def test_deep_check_tells_each_finding_and_what_is_left(bothways, service):
    service.answer("service.deep_check.check_deeply", deeply)
    ended = bothways("app", "check", "crm", "--deep", "--yes")
    assert ended.code == 3
    for line in (
        "✓ HubSpot keeps addresses in lower case.",
        "    Seen: A@x.test is kept",
        "! HubSpot keeps addresses in lower case.",
        "    For syncs: Safe.",
        "    Please tell us of it, with this word: hubspot/values.email_key",
        "? HubSpot keeps addresses in lower case.",
        "    Could not be checked: A@x.test is kept",
        "HubSpot account 7: 1 as we thought, 1 otherwise, 1 could not be checked",
    ):
        assert f"{line}\n" in ended.out
    assert '  contacts: "Bothways check 1" (a@x.test), 12\n' in ended.err
    assert '  companies: "Bothways check 2", if it is there at all\n' in ended.err
    assert "is archived" not in ended.out
    body = json.loads(bothways("app", "check", "crm", "--deep", "--yes", "--json").out)
    assert [each["verdict"] for each in body["findings"]] == ["as_thought", "otherwise", "unchecked"]
    assert [each["id"] for each in body["left"]] == ["12"]


@pytest.mark.parametrize("flag", ["--read-only", "--yes"])
def test_flags_of_the_deep_check_are_refused_without_it(bothways, service, flag):
    assert bothways("app", "check", "crm", flag).code == 64
    assert service.calls == []


# --- pipes --------------------------------------------------------------------------------------------


class Gone:
    """A stdout that nobody reads."""

    closed = False

    def write(self, text):
        raise BrokenPipeError(32, "Broken pipe")

    def flush(self):
        pass

    def isatty(self):
        return False

    def fileno(self):
        raise OSError("no file")


def endless(*_args, after=-1, **_options):
    return [replace(UPDATE, seq=after + 1)]


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_an_endless_listing_ends_with_its_reader(service, monkeypatch, capsys, more):
    service.answer("service.preview.plan_actions", endless)
    monkeypatch.setattr(sys, "stdout", Gone())
    assert main(["plan", "contacts", "--show", "all", "--exit-code", *more]) == 2
    assert capsys.readouterr().err == ""


def test_watch_stops_with_its_reader(service, monkeypatch):
    stops = []

    def watch(*_args, on_run, stop):
        on_run(RUN)
        stops.append(stop.is_set())

    service.answer("jobs.watch.watch", watch)
    monkeypatch.setattr(sys, "stdout", Gone())
    assert main(["watch"]) == 0
    assert stops == [True]
