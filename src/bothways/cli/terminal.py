"""Where output goes: data to stdout; notes, prompts and errors to stderr; nothing of ours breaks on a closed pipe."""

import json
import os
import select
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from bothways.cli.text import ESCAPES, clean
from bothways.errors import OutputFailed

MARKS = {"+": "32", "~": "33", "?": "35", "!": "1;31", "×": "31", "✓": "32"}
"""The colour (SGR code) of the mark a line begins with."""


@dataclass
class Terminal:
    """The two streams and what the global options say about them.

    ``closed`` tells that the reader of stdout has gone (``| head``): long listings end there, the exit code
    stays what it would have been.
    """

    folder: Path = field(default_factory=Path)
    json: bool = False
    colour: bool = True
    may_ask: bool = True
    quiet: bool = False
    closed: bool = False

    def begin(self) -> None:
        """Make both streams take any character: JSON is UTF-8, text shows ``?`` where the encoding ends."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper) and self.json:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
            elif isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")

    # --- data: stdout -------------------------------------------------------------------------------------

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines for a person."""
        paint = self.colour and _is_terminal(sys.stdout)
        self._write("".join(f"{_painted(line) if paint else line}\n" for line in map(clean, lines)))

    def document(self, kind: str, body: Mapping[str, Any]) -> None:
        """Print one JSON document of the format ``bothways.<kind>/1``."""
        self._write(_json({"format": f"bothways.{kind}/1", **body}) + "\n")

    def long_document(self, kind: str, body: Mapping[str, Any], key: str, items: Iterable[Mapping[str, Any]]) -> None:
        """Print one JSON document with a list of any length, never holding more than an item in memory."""
        head = _json({"format": f"bothways.{kind}/1", **body})
        self._write(f"{head[:-1]}, {_json(key)}: [")
        for place, item in enumerate(items):
            self._write(("\n" if place == 0 else ",\n") + _json(item))
            if self.closed:
                return
        self._write("]}\n")

    def _write(self, text: str) -> None:
        if self.closed:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            self.closed = True
            _silence(sys.stdout)
        except OSError as problem:
            self.closed = True
            _silence(sys.stdout)
            raise OutputFailed(reason=os.strerror(problem.errno) if problem.errno else "no reason given") from problem

    def broken(self) -> bool:
        """Tell whether stdout cannot be written any more, and leave it alone from then on."""
        if not self.closed and (_reader_gone(sys.stdout) or not _flushed(sys.stdout)):
            self.closed = True
            _silence(sys.stdout)
        return self.closed

    # --- all else: stderr ---------------------------------------------------------------------------------

    def note(self, line: str) -> None:
        """Tell a person something that is not data; nothing when ``--quiet``."""
        if not self.quiet:
            say(clean(line))

    @property
    def can_ask(self) -> bool:
        """Tell whether a person is there to answer."""
        return self.may_ask and _is_terminal(sys.stdin) and _is_terminal(sys.stderr)

    def ask(self, question: str) -> bool:
        """Ask for a yes; anything else is a no."""
        say(f"{clean(question)} [y/N] ", end="")
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def say(text: str, end: str = "\n") -> None:
    """Write to stderr. A closed stderr must not break what is being done, so it is left at that."""
    with suppress(OSError, ValueError):
        sys.stderr.write(text + end)
        sys.stderr.flush()


def error_document(body: Mapping[str, Any]) -> None:
    """Write an error as one line of JSON to stderr."""
    say(_json({"format": "bothways.error/1", **body}))


def _json(value: Any) -> str:
    """Return a value as JSON in which nothing can steer a terminal: it may be shown on one, too."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=str).translate(_ESCAPED)


_ESCAPED = {code: f"\\u{code:04x}" for code in ESCAPES if code >= 0x7F}
"""What JSON does not write by its code by itself; such characters stand within texts alone."""


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _painted(line: str) -> str:
    text = line.lstrip()
    code = MARKS.get(text[:1])
    if code is None or text[1:2] not in ("", " "):
        return line
    indent = line[: len(line) - len(text)]
    return f"{indent}\x1b[{code}m{text[0]}\x1b[0m{text[1:]}"


def _reader_gone(stream: TextIO) -> bool:
    """Tell whether a stream is a pipe that nobody reads any more."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    try:
        poll.register(stream.fileno(), 0)
    except (OSError, ValueError):
        return False
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _flushed(stream: TextIO) -> bool:
    try:
        stream.flush()
    except (OSError, ValueError):
        return False
    return True


def _silence(stream: TextIO) -> None:
    """Point a broken stream at nothing, so that the interpreter's own last flush finds no fault."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
