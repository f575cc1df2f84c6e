"""The entry point: read the arguments, run one command, answer with an exit code. Never a trace.

Only light modules are imported here at the top, so that Ctrl-C is answered from the first moment on.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bothways.cli.failures import report
from bothways.cli.terminal import Terminal, say
from bothways.errors import EXIT_OK, UsageError

FLAGS = frozenset({"--json", "--no-color", "--no-input", "--quiet", "-q"})
WITH_FOLDER = ("-C", "--workspace")
PASSED_ON = frozenset({"demo"})
"""Commands that read their own arguments."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    open_closed_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    before: list[str] = []
    words = given
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    terminal = Terminal(json="--json" in given, colour=colour)
    try:
        before, words = hoisted(given)
        terminal.folder, terminal.json = folder_of(before), "--json" in before
        terminal.begin()
        if sys.platform != "win32":
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        return run(terminal, before, words)
    except KeyboardInterrupt as stop:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if sys.stderr.isatty():
            say("")
        return report(stop, terminal, before, words)
    except Exception as problem:  # noqa: BLE001 - the one net: every failure becomes words and a code
        if isinstance(problem, BrokenPipeError) and terminal.broken():
            return EXIT_OK
        return report(problem, terminal, before, words)
    finally:
        terminal.broken()


def open_closed_streams() -> None:
    """Let a stream that the caller closed (``2>&-``) lead nowhere.

    It also keeps the numbers 0 to 2 from going to files that are opened later, such as the database.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open until the end


def run(terminal: Terminal, before: Sequence[str], words: Sequence[str]) -> int:
    """Let typer find the command and call it; turn what it has to say into our own words."""
    import typer

    from bothways.cli.commands import tree, usage_error

    command = tree()
    try:
        with command.make_context("bothways", [*before, *(words or ["--help"])], obj=terminal) as context:
            code = command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as problem:
        raise usage_error(problem) from None
    return code if isinstance(code, int) else EXIT_OK


def hoisted(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the global options, wherever they stand, and all other arguments."""
    before: list[str] = []
    words: list[str] = []
    rest = iter(arguments)
    for word in rest:
        if word == "--" or (word in PASSED_ON and not words):
            words += [word, *rest]
        elif word in FLAGS or word.startswith(tuple(f"{name}=" for name in WITH_FOLDER[1:])):
            before.append(word)
        elif word in WITH_FOLDER:
            before += [word, _folder(word, rest)]
        else:
            words.append(word)
    return before, words


def _folder(option: str, rest: Iterator[str]) -> str:
    folder = next(rest, None)
    if not folder:
        raise UsageError(reason=f"{option} needs a folder", hint="See: bothways --help")
    return folder


def folder_of(before: Sequence[str]) -> Path:
    """Return the workspace's folder as the global options name it."""
    folder = "."
    for place, word in enumerate(before):
        if word in WITH_FOLDER:
            folder = before[place + 1]
        elif word.startswith("--workspace="):
            folder = word.partition("=")[2]
    return Path(folder)


if __name__ == "__main__":
    sys.exit(main())
