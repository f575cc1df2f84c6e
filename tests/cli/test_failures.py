"""Every failure becomes words and its exit code, in one place; traces go to a file and hold no data."""

import errno
import json

import pytest

from bothways import errors
from bothways.cli import failures
from bothways.cli.failures import report, told, understood
from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import exit_code_of
from bothways.errors import catalogue

ALL = catalogue()[1:]
EXIT_CODES = {2, 3, 4, 5, 64, 65, 69, 70, 74, 75, 77, 130}


@pytest.fixture
def terminal(tmp_path):
    (tmp_path / ".bothways").mkdir()
    return Terminal(folder=tmp_path)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_class_of_the_catalogue_ends_with_its_exit_code(kind, terminal, capsys):
    assert report(kind(), terminal, [], ["run", "contacts"]) == kind.exit_code
    assert kind.exit_code in EXIT_CODES
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: ")
    assert kind.code in err
    assert "Traceback" not in err


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_class_is_one_json_line(kind, terminal, capsys):
    terminal.json = True
    assert report(kind(where="bothways.yaml:12:5"), terminal, [], ["run"]) == kind.exit_code
    out, err = capsys.readouterr()
    body = json.loads(err)
    assert out == ""
    assert body["format"] == "bothways.error/1"
    assert (body["code"], body["exit_code"], body["where"]) == (kind.code, kind.exit_code, "bothways.yaml:12:5")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.UsageError, 64),
        (errors.ConfirmationNeeded, 64),
        (errors.UnknownKey, 65),
        (errors.AppUnreachable, 69),
        (errors.OurFault, 70),
        (errors.DiskFull, 74),
        (errors.SecondRunner, 75),
        (errors.CredentialsRefused, 77),
        (errors.AddressNotAllowed, 77),
        (errors.StoppedByBrake, 5),
        (errors.Interrupted, 130),
    ],
)
def test_the_families_have_the_codes_that_are_promised(kind, code):
    assert kind.exit_code == code
    assert exit_code_of(kind.code) == code


def test_a_code_that_is_in_no_catalogue_counts_as_settings():
    assert exit_code_of("BW-999") == 65
    assert exit_code_of(None) == 65


def test_the_refusal_reads_as_designed():
    need = errors.ConfirmationNeeded(count="1,616")
    assert told(need) == "this would write 1,616 records. Nothing was written. Say so with --yes. (BW-121)"


def test_names_keep_their_capital():
    assert told(errors.AppUnreachable(app="HubSpot", reason="timed out")).startswith("HubSpot cannot be reached")
    assert told(errors.OurFault(reason="x", incident="i_1")).startswith("Bothways broke")


def test_ctrl_c_says_how_to_go_on(terminal, capsys):
    words = ["records", "contacts", "--search", "Dana Novak"]
    assert report(KeyboardInterrupt(), terminal, ["-C", "books"], words) == 130
    assert "bothways -C books records contacts --search 'Dana Novak'" in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_fails_ends_with_74(number, terminal, capsys):
    assert report(OSError(number, "x"), terminal, [], ["run"]) == 74
    assert "Make room or make it writable" in capsys.readouterr().err


def test_other_errors_of_the_system_are_ours():
    assert isinstance(understood(PermissionError(errno.EACCES, "x"), []), errors.OurFault)


def explode():
    try:
        raise KeyError("dana@novak.example")
    except KeyError as first:
        raise ValueError("token sk-secret-123 of Dana") from first


def test_an_unexpected_error_shows_an_id_and_never_a_trace(terminal, capsys, tmp_path):
    try:
        explode()
    except ValueError as problem:
        code = report(problem, terminal, [], ["why", "contacts", "dana@novak.example"])
    assert code == 70
    err = capsys.readouterr().err
    assert "unexpected ValueError" in err
    assert "Traceback" not in err
    assert "secret" not in err
    path = tmp_path / ".bothways" / "incidents.log"
    log = path.read_text()
    incident = next(word for word in err.replace(".", " ").split() if word.startswith("i_"))
    assert log.startswith(incident)
    assert "builtins.ValueError" in log
    assert "builtins.KeyError" in log
    assert "explode" in log
    assert "command why\n" in log
    for data in ("dana", "Dana", "secret", "contacts"):
        assert data not in log.replace(str(tmp_path), "").replace(__file__, "")
    assert path.stat().st_mode & 0o077 == 0


def test_without_a_workspace_the_trace_goes_to_a_file_of_its_own(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(failures.tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    assert report(RuntimeError("x"), Terminal(folder=tmp_path), [], ["run"]) == 70
    (log,) = (tmp_path / "tmp").iterdir()
    assert str(log) in capsys.readouterr().err


def test_a_trace_that_can_be_written_nowhere_still_leaves_the_words(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(failures.tempfile, "gettempdir", lambda: str(tmp_path / "nowhere"))
    assert report(RuntimeError("x"), Terminal(folder=tmp_path), [], ["run"]) == 70
    assert "i_" in capsys.readouterr().err


def test_our_own_fault_keeps_its_incident_id(terminal, capsys, tmp_path):
    assert report(errors.OurFault(reason="r", incident="boot"), terminal, [], ["run"]) == 70
    assert "id boot" in capsys.readouterr().err
    assert (tmp_path / ".bothways" / "incidents.log").read_text().startswith("boot ")


def test_messages_from_apps_cannot_steer_the_terminal(terminal, capsys):
    report(errors.AppFailed(app="x", status=500, reason="\x1b[2J"), terminal, [], [])
    assert "\x1b" not in capsys.readouterr().err
