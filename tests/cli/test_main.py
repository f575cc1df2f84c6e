"""The entry point: arguments, help, usage errors, Ctrl-C, the unexpected, and how fast it starts."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from bothways import __version__, errors
from bothways.cli import main as module
from bothways.cli import workspaces
from bothways.cli.commands import COMMANDS, GROUPS
from bothways.cli.main import folder_of, hoisted, main

EVERY = [[name] for name, _ in COMMANDS] + [[group, name] for group, _, commands in GROUPS for name, _ in commands]


@pytest.mark.parametrize(
    ("given", "before", "words"),
    [
        (["plan", "x", "--json"], ["--json"], ["plan", "x"]),
        (["plan", "-C", "books", "x", "-q"], ["-C", "books", "-q"], ["plan", "x"]),
        (["run", "--workspace=books"], ["--workspace=books"], ["run"]),
        (["why", "x", "--", "--json"], [], ["why", "x", "--", "--json"]),
        (["--quiet", "demo", "--json"], ["--quiet"], ["demo", "--json"]),
    ],
)
def test_global_options_may_stand_anywhere(given, before, words):
    assert hoisted(given) == (before, words)


def test_the_folder_is_known_before_anything_is_loaded():
    assert str(folder_of(["-C", "books"])) == "books"
    assert str(folder_of(["--json", "--workspace=other"])) == "other"
    assert str(folder_of([])) == "."


def test_version(capsys):
    assert main(["version"]) == 0
    assert capsys.readouterr().out.startswith(f"bothways {__version__} (Python ")
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith(f"bothways {__version__}")
    assert main(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "bothways.version/1"


def test_without_arguments_it_says_what_there_is(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    for name in ("init", "plan", "apply", "run", "watch", "undo", "compare", "demo"):
        assert f"\n  {name} " in out


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_has_help_in_whole_sentences(words, capsys):
    assert main([*words, "--help"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert f"Usage: bothways {' '.join(words)}" in out
    assert "-C FOLDER, --json" in " ".join(out.split())


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_the_list_of_commands_shows_whole_sentences(words, capsys):
    assert main([*words[:-1], "--help"]) == 0
    (line,) = [each for each in capsys.readouterr().out.splitlines() if each.startswith(f"  {words[-1]} ")]
    assert line.endswith(".")
    assert not line.endswith("...")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("arguments", "code"), [("init", 0), ("status", 65), ("nope", 64)])
def test_a_closed_stream_changes_no_exit_code(tmp_path, closed, arguments, code):
    command = f'"{sys.executable}" -m bothways.cli.main {arguments} {closed}'
    ended = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "BW-900" not in ended.stderr
    if arguments == "init":
        assert (tmp_path / "bothways.yaml").read_text().startswith("# The settings")


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan"],
        ["nope"],
        ["app"],
        ["app", "nope"],
        ["plan", "contacts", "--nope"],
        ["plan", "contacts", "--show", "nope"],
        ["apply", "p_1", "--limit", "0"],
        ["apply", "p_1", "--limit", "many"],
        ["apply", "p_1", "--limit", "9" * 20],
        ["log", "--limit", "9" * 20],
        ["plan", "contacts", "--sample", "0"],
        ["sync", "export"],
        ["sync", "import"],
        ["records", "contacts", "--limit", "9" * 20],
        ["version", "-C"],
        ["statsu"],
        ["status", "--jsn"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_64_and_names_the_help(arguments, capsys):
    assert main(arguments) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: ")
    assert "--help" in err
    assert not re.search(r"[.?!)]\.", err)


def test_wrong_usage_is_json_too(capsys):
    assert main(["plan", "--json"]) == 64
    assert json.loads(capsys.readouterr().err)["exit_code"] == 64


@pytest.mark.parametrize(
    "arguments",
    [
        ["app", "add", "crm", "hubspot", "hunter2"],
        ["app", "add", "crm", "hubspot", "--password", "hunter2"],
        ["app", "add", "crm", "hubspot", "--password=hunter2"],
        ["app", "add", "crm", "hubspot", "--secret", "token", "hunter2"],
    ],
    ids=" ".join,
)
def test_wrong_usage_never_repeats_what_may_be_a_secret(arguments, capsys):
    assert main(arguments) == 64
    assert "hunter2" not in "".join(capsys.readouterr())


def boom(*_args, **_options):
    raise ZeroDivisionError("secret sauce")


def test_the_unexpected_is_70_without_a_trace(monkeypatch, tmp_path, capsys):
    (tmp_path / ".bothways").mkdir()
    monkeypatch.setattr(workspaces, "opened", boom)
    assert main(["-C", str(tmp_path), "status"]) == 70
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert "secret sauce" not in err
    assert "secret sauce" not in (tmp_path / ".bothways" / "incidents.log").read_text()


@pytest.mark.parametrize(
    "raised", [errors.NoWorkspace(folder="."), errors.AppUnreachable(app="x", reason="y"), errors.SecondRunner()]
)
def test_errors_of_the_layers_below_end_with_their_code(monkeypatch, raised, capsys):
    monkeypatch.setattr(module, "run", lambda *_: (_ for _ in ()).throw(raised))
    assert main(["status"]) == raised.exit_code
    assert raised.code in capsys.readouterr().err


def test_ctrl_c_is_130_with_the_command_to_go_on(monkeypatch, capsys):
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(module, "run", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    try:
        assert main(["run", "contacts", "--full"]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert "Go on with: bothways run contacts --full" in capsys.readouterr().err


STUCK = """
import sys, time
from bothways.cli import main, terminal
def lines(self, lines):
    print("ready", file=sys.stderr, flush=True)
    time.sleep(60)
terminal.Terminal.lines = lines
sys.exit(main.main(["version"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_command_with_130_and_no_trace(number):
    process = subprocess.Popen([sys.executable, "-c", STUCK], stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "ready\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Go on with: bothways version" in err
    assert "Traceback" not in err


STARTING = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from bothways.cli.main import main
sys.exit(main(["status"]))
"""


def test_ctrl_c_while_starting_leaves_no_trace():
    ended = subprocess.run([sys.executable, "-c", STARTING], capture_output=True, text=True, timeout=10)
    assert ended.returncode == 130
    assert "Traceback" not in ended.stderr
    assert "Go on with" in ended.stderr


def cpu_of(arguments):
    """Return the CPU seconds of one command in a process of its own."""
    before = os.times()
    subprocess.run([sys.executable, "-m", "bothways.cli.main", *arguments], capture_output=True, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def test_help_comes_within_the_budget():
    assert min(cpu_of(["--help"]) for _ in range(3)) < 0.3


def test_help_loads_none_of_the_heavy_parts():
    code = (
        "import sys; from bothways.cli.main import main; main(['--help']);"
        "print([name for name in ('django', 'rich', 'urllib3', 'phonenumbers', 'bothways.service', 'ruamel.yaml',"
        " 'bothways.cli.demo') if name in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stderr == "[]\n"
