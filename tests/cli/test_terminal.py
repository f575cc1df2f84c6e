"""Data to stdout, all else to stderr, and no fault of ours when a pipe is closed."""

import json
import os
import subprocess
import sys

import pytest

from bothways.cli import terminal as module
from bothways.cli.terminal import Terminal, say
from bothways.errors import OutputFailed


class Stream:
    """A stream that fails, or one that is a terminal."""

    def __init__(self, error=None, terminal=False):
        self.error, self.terminal, self.text, self.closed = error, terminal, "", False

    def write(self, text):
        if self.error:
            raise self.error
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return self.terminal

    def fileno(self):
        raise OSError("no file")


def test_lines_go_to_stdout_and_notes_to_stderr(capsys):
    terminal = Terminal()
    terminal.lines(["data"])
    terminal.note("note")
    assert capsys.readouterr() == ("data\n", "note\n")


def test_quiet_drops_notes(capsys):
    Terminal(quiet=True).note("note")
    assert capsys.readouterr() == ("", "")


def test_nothing_steers_the_terminal(capsys):
    terminal = Terminal()
    terminal.lines(["a\x1b[2J"])
    terminal.note("b\x1b]0;title\x07")
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err


def test_documents_carry_their_format(capsys):
    Terminal().document("sync", {"name": "contacts", "label": "Zoë"})
    assert json.loads(capsys.readouterr().out) == {"format": "bothways.sync/1", "name": "contacts", "label": "Zoë"}


def test_nothing_in_a_document_steers_the_terminal_and_all_of_it_can_be_read(capsys):
    held = "a\x1b[2J\x9b2J\x7f\u202eb\u2028 é"
    Terminal().document("sync", {"label": held})
    Terminal().long_document("plan", {}, "actions", [{"label": held}])
    printed = capsys.readouterr().out
    assert not set(printed) & set("\x1b\x9b\x7f\u202e\u2028")
    assert "é" in printed
    first, rest = printed.split("\n", 1)
    assert (json.loads(first)["label"], json.loads(rest)["actions"][0]["label"]) == (held, held)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_never_printed(capsys, number):
    with pytest.raises(ValueError, match="JSON compliant"):
        Terminal().document("sync", {"every": number})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("count", [0, 1, 3])
def test_long_documents_are_one_document(capsys, count):
    Terminal().long_document("plan", {"id": "p_1"}, "actions", ({"seq": n} for n in range(count)))
    whole = json.loads(capsys.readouterr().out)
    assert whole == {"format": "bothways.plan/1", "id": "p_1", "actions": [{"seq": n} for n in range(count)]}


def test_a_closed_pipe_is_remembered_and_no_error(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Stream(BrokenPipeError(32, "Broken pipe")))
    terminal = Terminal()
    terminal.lines(["a"])
    terminal.document("plan", {})
    assert terminal.closed


def test_a_closed_pipe_ends_a_long_document(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Stream(BrokenPipeError(32, "Broken pipe")))
    taken = []
    Terminal().long_document("plan", {}, "actions", ({"seq": taken.append(n)} for n in range(1000)))
    assert len(taken) == 1


def test_a_full_disk_under_the_output_is_told(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Stream(OSError(28, "No space left on device")))
    with pytest.raises(OutputFailed) as caught:
        Terminal().lines(["a"])
    assert caught.value.exit_code == 74
    assert "No space left" in str(caught.value)


def test_a_closed_stderr_does_not_break_what_is_done(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Stream(BrokenPipeError(32, "Broken pipe")))
    say("note")


def test_colour_only_on_a_terminal_and_only_the_mark(monkeypatch):
    stream = Stream(terminal=True)
    monkeypatch.setattr(sys, "stdout", stream)
    Terminal().lines(["  + Chen Wei", "plain + text", "+1 555"])
    assert stream.text == "  \x1b[32m+\x1b[0m Chen Wei\nplain + text\n+1 555\n"
    stream.text = ""
    Terminal(colour=False).lines(["  + Chen Wei"])
    assert stream.text == "  + Chen Wei\n"


def test_no_colour_when_piped(capsys):
    Terminal().lines(["+ create"])
    assert capsys.readouterr().out == "+ create\n"


def test_asking_wants_a_terminal_at_both_ends(monkeypatch):
    monkeypatch.setattr(module.sys, "stdin", Stream(terminal=True))
    monkeypatch.setattr(module.sys, "stderr", Stream(terminal=True))
    assert Terminal().can_ask
    assert not Terminal(may_ask=False).can_ask
    monkeypatch.setattr(module.sys, "stdin", Stream())
    assert not Terminal().can_ask


@pytest.mark.parametrize(
    ("answer", "yes"), [("y\n", True), ("YES\n", True), ("\n", False), ("", False), ("nope\n", False)]
)
def test_only_a_yes_is_a_yes(monkeypatch, capsys, answer, yes):
    monkeypatch.setattr(module.sys, "stdin", type("In", (), {"readline": lambda self: answer})())
    assert Terminal().ask("Go on?") is yes
    assert capsys.readouterr() == ("", "Go on? [y/N] ")


@pytest.mark.parametrize("arguments", [["--help"], ["version"], ["version", "--json"]])
def test_a_reader_that_has_gone_is_no_error(arguments):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        ended = subprocess.run(
            [sys.executable, "-m", "bothways.cli.main", *arguments], stdout=gone, stderr=subprocess.PIPE
        )
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_full_disk_ends_with_74():
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "bothways.cli.main", "version"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert ended.returncode == 74
    assert ended.stderr.startswith("Error: ")
    assert "Traceback" not in ended.stderr


def test_an_encoding_that_lacks_a_character_is_no_error():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    code = "from bothways.cli.terminal import Terminal; t = Terminal(); t.begin(); t.lines(['a ⇄ b'])"
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert (ended.returncode, ended.stdout) == (0, b"a ? b\n")
