"""The one place where a failure becomes words on stderr and an exit code.

What nobody expected becomes OurFault with an incident id. Its trace goes to a file and never to the terminal;
the file names places in the code and classes of exceptions, never a message or a value, for those may hold
secrets and people's data.
"""

import errno
import os
import platform
import secrets
import shlex
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from bothways import __version__
from bothways.cli.terminal import Terminal, error_document, say
from bothways.cli.text import clean
from bothways.errors import BothwaysError, DiskFull, Interrupted, OurFault

INCIDENTS = "incidents.log"
DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
SENTENCE_STARTS = frozenset({"This", "The", "There", "Another", "Both"})
"""First words that lose their capital after "Error:"; names keep theirs."""


def report(problem: BaseException, terminal: Terminal, before: Sequence[str], words: Sequence[str]) -> int:
    """Tell a person what failed and return the exit code.

    ``words`` are the arguments from the command's name on, ``before`` the global options in front of them.
    """
    error = understood(problem, [*before, *words])
    log = record(problem, error, terminal.folder, words[:1]) if isinstance(error, OurFault) else None
    if terminal.json:
        error_document(document(error))
    else:
        say(clean(f"Error: {told(error)}"))
        if log:
            say(clean(f"The trace, without any data, is in {log}"))
    return error.exit_code


def tell(error: BothwaysError, terminal: Terminal, name: str) -> None:
    """Tell of a failure that ends nothing, and of what it is a failure, if not of everything."""
    if terminal.json:
        error_document({"sync": name, **document(error)})
    else:
        say(clean(f"{name}: {error}" if name else str(error)))


def kept(problem: Exception, terminal: Terminal) -> BothwaysError:
    """Return the catalogue's error for an exception that ends nothing; the trace of an unforeseen one is kept."""
    error = understood(problem, [])
    if isinstance(error, OurFault):
        record(problem, error, terminal.folder, [])
    return error


def understood(problem: BaseException, words: Sequence[str]) -> BothwaysError:
    """Return the catalogue's error for any exception."""
    if isinstance(problem, BothwaysError):
        return problem
    if isinstance(problem, KeyboardInterrupt):
        return Interrupted(hint=shlex.join(["bothways", *words]))
    if isinstance(problem, OSError) and problem.errno in DISK:
        return DiskFull(reason=os.strerror(problem.errno))
    reason = f"an unexpected {type(problem).__name__}"
    return OurFault(reason=reason, incident=f"i_{secrets.token_hex(4)}")


def told(error: BothwaysError) -> str:
    """Return the error as the sentence after "Error:"."""
    text = str(error)
    first = text.split(" ", 1)[0]
    return text[0].lower() + text[1:] if first in SENTENCE_STARTS else text


def document(error: BothwaysError) -> dict[str, object]:
    """Return the error as plain data, for ``--json``."""
    return {
        "code": error.code,
        "exit_code": error.exit_code,
        "where": error.where,
        "message": error.message,
        "by_itself": error.consequence,
        "to_do": error.advice,
        "retriable": error.retriable,
    }


def record(problem: BaseException, error: OurFault, folder: Path, words: Sequence[str]) -> Path | None:
    """Append the trace to the workspace's incident log and return its path, None where nothing can be written."""
    home = folder / ".bothways"
    places = [home] if home.is_dir() else []
    text = "\n".join(_incident(problem, str(error.facts.get("incident", "")), words)) + "\n\n"
    for place in (*places, Path(tempfile.gettempdir())):
        with suppress(OSError):
            path = place / INCIDENTS if place is home else place / f"bothways-{secrets.token_hex(4)}.log"
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
                file.write(text)
            return path
    return None


def _incident(problem: BaseException, incident: str, words: Sequence[str]) -> Iterator[str]:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    yield f"{incident} {at} bothways {__version__} Python {platform.python_version()} command {' '.join(words)}"
    for error in _chain(problem):
        yield f"  {type(error).__module__}.{type(error).__qualname__}"
        for frame in traceback.extract_tb(error.__traceback__):
            yield f"    {frame.filename}:{frame.lineno} {frame.name}"


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    """Yield the exception and what it came from, latest first."""
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        seen.add(id(problem))
        yield problem
        problem = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
