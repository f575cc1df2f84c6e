"""The command line over the true service layer, between two apps in memory."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from bothways import errors
from bothways.cli.main import main
from bothways.service import workspace as opening
from tests.databases import empty_ledger
from tests.memory_app import Traits
from tests.office import Office, plug_in


@pytest.fixture
def office(tmp_path: Path, monkeypatch) -> Iterator[Office]:
    """Two apps and a sync of their people that is on; every opened workspace goes by the office's clock."""
    plug_in(monkeypatch)
    open_workspace = opening.open_workspace
    with empty_ledger(tmp_path):
        office = Office(tmp_path)

        def by_the_clock(folder, **options):
            workspace = open_workspace(folder, **options)
            workspace.clock = office.clock
            return workspace

        monkeypatch.setattr(opening, "open_workspace", by_the_clock)
        yield office


@pytest.fixture
def bothways(office, capsys):
    """Call a command a minute later; answer its exit code, stdout, stderr."""

    def call(line):
        office.clock.advance(60)
        code = main(["-C", str(office.folder), *line.split()])
        return SimpleNamespace(code=code, **dict(zip(("out", "err"), capsys.readouterr(), strict=True)))

    return call


def held_by(app):
    return sorted((item.values["email"], item.values["name"]) for item in app.live())


def add_people(office):
    office.anna.add(email="dana@x.test", name="Dana")
    office.bert.add(email="chen@x.test", name="Chen")
    office.anna.add(email="eve@x.test", name="Eve")
    office.bert.add(email="eve@x.test", name="Eve Moon")


EVERYBODY = [("chen@x.test", "Chen"), ("dana@x.test", "Dana"), ("eve@x.test", "Eve")]


def test_plan_refuse_apply_prove(office, bothways):
    add_people(office)
    planned = bothways("plan people --exit-code --json")
    assert planned.code == 2
    plan = json.loads(planned.out)
    assert (plan["created"], plan["updated"]) == ({"Anna": 1, "Bert": 1}, {"Anna": 0, "Bert": 1})
    assert sorted(row["name"] for row in plan["actions"]) == ["Chen", "Dana", "Eve"]

    refused = bothways(f"apply {plan['id']}")
    assert refused.code == 64
    assert refused.err == "Error: this would write 3 records. Nothing was written. Say so with --yes. (BW-121)\n"
    assert office.writes == 0

    applied = bothways(f"apply {plan['id']} --yes")
    assert (applied.code, applied.err) == (0, "")
    assert re.fullmatch(r"Done in .*\. 2 created, 1 updated\.\nUndo all of it: bothways undo (r_\d+)\n", applied.out), (
        applied.out
    )
    assert held_by(office.anna) == held_by(office.bert) == EVERYBODY

    proof = bothways("compare people")
    assert proof.code == 0
    assert proof.out.endswith("3 equal in every field.\n✓ Everything that should be equal is equal.\n")
    assert bothways("plan people --exit-code").code == 0
    assert bothways(f"apply {plan['id']} --yes").code == 65


def test_a_plan_for_people(office, bothways):
    add_people(office)
    out = bothways("plan people").out
    assert out.startswith("people  Anna ⇄ Bert   4 records compared, nothing written\n")
    assert "  + Dana              → Bert, 2 fields\n" in out
    assert "  + Chen              → Anna, 2 fields\n" in out
    assert "  ~ Eve               Anna " in out
    assert "      Name  Bert  Eve Moon → Eve  they differ; Anna wins\n" in out
    assert "Apply exactly this plan: bothways apply p_" in out


def test_ids_that_are_printed_can_be_given_to_the_next_command(office, bothways):
    add_people(office)
    apply = re.search(r"bothways (apply p_\d+)", bothways("plan people").out).group(1)
    undo = re.search(r"bothways (undo r_\d+)", bothways(f"{apply} --yes").out).group(1)
    assert bothways(f"{undo} --plan").out.startswith("Would put back 1 record and remove 2 created by it.\n")
    assert office.writes == 3
    undone = bothways(f"{undo} --yes")
    assert held_by(office.anna) == [("dana@x.test", "Dana"), ("eve@x.test", "Eve")]
    assert held_by(office.bert) == [("chen@x.test", "Chen"), ("eve@x.test", "Eve Moon")]
    again = re.search(r"bothways (undo r_\d+)", undone.out).group(1)
    assert bothways(f"{again} --plan").code == 0
    assert "undo of r_" in bothways("log people").out


def test_a_record_changed_since_the_plan_is_listed_not_overwritten(office, bothways):
    office.anna.add(email="dana@x.test", name="Dana")
    id = office.bert.add(email="dana@x.test", name="Dana Maria")
    bothways("plan people")
    office.bert.edit(id, name="Dana Li")
    ended = bothways("apply p_1 --yes")
    assert "1 skipped" in ended.out
    assert "Skipped, not overwritten:\n" in ended.out
    assert ("dana@x.test", "Dana Li") in held_by(office.bert)


def test_a_run_and_why(office, bothways):
    anna, _ = office.pair("Dana")
    office.anna.edit(anna, name="Dana Novak")
    ran = bothways("run people --json")
    assert (ran.code, json.loads(ran.out)["updated"]) == (0, {"Anna": 0, "Bert": 1})
    run = json.loads(ran.out)["id"]
    why = bothways("why people dana@x.test name")
    assert why.code == 0
    assert f"run {run}" in why.out
    assert "Dana → Dana Novak" in why.out
    assert bothways("run people").out.startswith("Done in ")


def test_the_first_run_stops_to_be_looked_at_and_yes_goes_on(office, bothways):
    office.change("first_run: 1000", "first_run: 2")
    for n in range(5):
        office.anna.add(email=f"p{n}@x.test", name=f"Person {n}")
    stopped = bothways("run people")
    assert stopped.code == 5
    assert len(office.bert.live()) == 2
    on = re.search(r"Go on: bothways (run people --yes)", stopped.out).group(1)
    assert bothways(on).code == 0
    assert held_by(office.anna) == held_by(office.bert)


def test_a_brake_stops_before_the_first_write(office, bothways):
    ids = [office.anna.add(email=f"p{n}@x.test", name=f"Person {n}") for n in range(60)]
    office.rest()
    before = office.writes
    office.change("max_change: 100%", "max_change: 10%")
    for id in ids:
        office.anna.edit(id, name="Overwritten")
    stopped = bothways("run people")
    assert stopped.code == 5
    assert "bothways run people --yes" in stopped.err
    assert office.writes == before
    assert bothways("run people --yes").code == 0
    assert {name for _, name in held_by(office.bert)} == {"Overwritten"}


def test_held_records_end_with_4_and_are_found_again(office, bothways):
    office.anna.add(email="eve@x.test", name="Eve")
    office.bert.add(email="eve@x.test", name="Eve Park")
    office.bert.add(email="eve@x.test", name="Evelyn")
    ended = bothways("run people")
    assert ended.code == 4
    listing = re.search(r"bothways (records people --state held)", ended.out).group(1)
    assert "possible matches" in bothways(listing).out
    assert "Needs you" in bothways("status").out


def test_refused_records_end_with_3(office, bothways):
    office.bert.traits = Traits(refuses=lambda item: ("no such person", ()))
    office.anna.add(email="eve@x.test", name="Eve")
    ended = bothways("run people")
    assert ended.code == 3
    assert "no such person" in bothways("records people --state failing").out


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (errors.AppUnreachable(app="Anna", reason="timed out"), 69),
        (errors.CredentialsRefused(app="Anna"), 77),
        (errors.PermissionMissing(app="Anna", reason="people"), 77),
        (errors.ProtocolError(app="Anna", reason="no JSON"), 69),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_app_that_fails(office, bothways, failure, code):
    office.anna.fail("changes", failure)
    ended = bothways("run people")
    assert (ended.code, ended.out) == (code, "")
    assert failure.code in ended.err
    assert bothways("run people").code == 0


def test_what_a_connector_never_should_raise_is_our_fault_without_a_trace(office, bothways):
    office.anna.fail("changes", KeyError("dana@x.test"))
    ended = bothways("run people")
    assert (ended.code, ended.out) == (70, "")
    assert "Traceback" not in ended.err
    log = (office.folder / ".bothways" / "incidents.log").read_text()
    assert "KeyError" in log
    assert "dana@x.test" not in log


def test_ctrl_c_in_the_middle_loses_nothing(office, bothways):
    add_people(office)
    office.bert.fail("write", KeyboardInterrupt(), when="after")
    stopped = bothways("run people")
    assert (stopped.code, stopped.out) == (130, "")
    go_on = re.search(rf"bothways -C {re.escape(str(office.folder))} (run people) ", stopped.err).group(1)
    assert bothways(go_on).code in (0, 4)  # 4 while it is not known yet whose record the one just created is
    assert bothways(go_on).code == 0
    assert held_by(office.anna) == held_by(office.bert) == EVERYBODY


def test_off_means_off(office, bothways):
    assert bothways("sync off people").out == "people is off.\n"
    assert "state: off" in office.file.read_text()
    ended = bothways("run people")
    assert ended.code == 65
    assert "bothways sync on people" in ended.err
    assert bothways("sync on people").code == 0
    assert bothways("run people").code == 0


def test_settings_that_cannot_be_used_name_the_place(office, bothways):
    office.change("state: on", "stat: on")
    ended = bothways("plan people")
    assert ended.code == 65
    assert "bothways.yaml:" in ended.err
    assert bothways("validate").code == 65
    assert bothways("doctor").code == 65


def test_unknown_names(office, bothways):
    assert bothways("plan peple").code == 65
    assert "people" in bothways("plan peple").err
    assert bothways("undo r_99 --yes").code == 64
    assert bothways("apply p_99 --yes").code == 65
    assert bothways("why people nobody@x.test").code == 64


def test_a_folder_without_a_workspace(tmp_path, capsys):
    assert main(["-C", str(tmp_path), "status"]) == 65
    assert "bothways init" in capsys.readouterr().err


def test_everything_that_looks(office, bothways):
    office.pair("Dana")
    assert "Dana" in bothways("records people").out
    assert bothways("records people --search dana --json").code == 0
    assert "Up to date" in bothways("sync list").out
    assert "name" in bothways("sync show people").out
    assert "revision: " in bothways("sync show people --yaml").out
    assert "Anna" in bothways("app list").out
    assert "people" in bothways("app objects Anna").out
    assert "E-mail" in bothways("app fields Anna people").out
    assert bothways("app check Anna").code == 0
    assert bothways("doctor").code == 0
    assert bothways("validate").code == 0


def test_a_change_of_settings_is_looked_at_before_it_is_saved(office, bothways, tmp_path):
    add_people(office)
    bothways("run people")
    bothways("run people")
    edited = tmp_path / "edited.yaml"
    edited.write_text(bothways("sync show people --yaml").out, encoding="utf-8")
    assert bothways(f"sync diff people -f {edited}").code == 0
    edited.write_text(edited.read_text().replace("Anna: all", "Anna: {filter: {field: name, is: Eve}}"))
    told = bothways(f"sync diff people -f {edited}")
    assert (told.code, told.out) == (2, 'people  send Anna: all → {"filter": {"field": "name", "is": "Eve"}}\n')
    writes = office.writes
    assert "leave" in bothways(f"plan people -f {edited}").out
    assert bothways("sync diff").code == 0
    assert office.writes == writes


def test_a_plan_is_exported(office, bothways, tmp_path):
    add_people(office)
    bothways("plan people")
    ended = bothways(f"plan people --export {tmp_path / 'plan.csv'}")
    assert (ended.code, "Every record stands in" in ended.err) == (0, True)
    assert "dana@x.test" in (tmp_path / "plan.csv").read_text(encoding="utf-8-sig")
    assert bothways(f"plan people --export {tmp_path / 'plan.xlsx'}").code == errors.EXIT_USAGE


def test_what_was_exported_and_edited_is_brought_in(bothways, office):
    add_people(office)
    file = office.folder / "edited.yaml"
    file.write_text(bothways("sync export people").out.replace("first_run: 1000", "first_run: 7"), encoding="utf-8")
    refused = bothways(f"sync import {file}")
    assert (refused.code, "--replace" in refused.err) == (64, True)
    refused = bothways(f"sync import {file} --replace")
    assert (refused.code, "--yes" in refused.err) == (64, True)
    before = office.file.read_text(encoding="utf-8")
    planned = bothways(f"sync import {file} --replace --plan")
    assert (planned.code, "guards first_run: 1000 → 7" in planned.out) == (0, True)
    assert office.file.read_text(encoding="utf-8") == before
    assert bothways(f"sync import {file} --replace --yes").code == 0
    assert office.file.read_text(encoding="utf-8") == before.replace("first_run: 1000", "first_run: 7")
    assert bothways(f"sync diff people -f {file}").code == 0
    ring = bothways(f"sync import {file} --name again")
    assert (ring.code, "edited.yaml:7:3" in ring.err, "ring" in ring.err) == (65, True, True)
    bothways("sync off people")
    assert bothways(f"sync import {file} --name again").code == 0
    assert re.search(r"^again +two-way +Draft", bothways("sync list").out, re.MULTILINE)
    assert bothways("sync export people again").out.count("objects:") == 2


def test_file_that_is_not_there_or_wrong_is_named(bothways, office):
    for line in ("validate nowhere.yaml", "plan people -f nowhere.yaml", "sync import nowhere.yaml"):
        ended = bothways(line)
        assert (ended.code, "nowhere.yaml" in ended.err, "bothways init" in ended.err) == (65, True, False)
    wrong = office.folder / "wrong.yaml"
    wrong.write_text(office.file.read_text(encoding="utf-8").replace("guards:", "gards:"), encoding="utf-8")
    for line in (f"validate {wrong}", f"sync import {wrong} --name other"):
        ended = bothways(line)
        assert (ended.code, "wrong.yaml:9:5" in ended.err) == (65, True)
    assert bothways(f"validate {office.file}").code == 0


def test_one_record_and_a_sample_are_planned_and_written(bothways, office):
    add_people(office)
    assert bothways("plan people --record dana@x.test").code == 64, "nobody has read her yet"
    assert re.search(r"[12] of 4 records compared, chosen at random", bothways("plan people --sample 2").out)
    planned = bothways("plan people --record dana@x.test --exit-code")
    assert (planned.code, "this record and its partner compared" in planned.out) == (2, True)
    assert "Chen" not in planned.out
    command = planned.out.partition("Apply exactly this plan: bothways ")[2].partition("\n")[0]
    assert bothways(f"{command} --yes").code == 0
    assert ("dana@x.test", "Dana") in held_by(office.bert)
    assert ("chen@x.test", "Chen") not in held_by(office.anna)


def test_commands_that_are_printed_can_be_pasted_for_a_sync_of_two_words(office, capsys):
    office.change("  people:   # who we know", '  "our people":')
    add_people(office)
    assert main(["-C", str(office.folder), "plan", "our people"]) == 0
    assert main(["-C", str(office.folder), "unlink", "our people", "Anna:a00001", "Bert:b00001"]) == 64
    assert "bothways records 'our people'" in capsys.readouterr().err
