"""The pages on what the demo has left: ``bothways up``, and the link by which one is signed in."""

import contextlib
import urllib.error
import urllib.request
from collections.abc import Iterator

from bothways.cli.demo.stage import Stage
from bothways.sandbox.processes import running

_READY = r"answered at (http://\S+)"


@contextlib.contextmanager
def served(stage: Stage) -> Iterator[str]:
    """Run ``bothways up`` on the workspace and yield a one-time link to its pages. Raises DidNotStart."""
    stage.title("The same on pages")
    arguments = ["-C", str(stage.folder), "up", "--port", "0"]
    stage.tell("", "$ bothways up")
    with running("bothways.cli.main", arguments, stage.folder / "up.log", _READY, stage.environment) as (url,):
        yield stage.bothways(f"user link --url {url}").strip()


def answering(stage: Stage, link: str) -> None:
    """Ask for the page of the link and for the one where one signs in, as a browser does."""
    url = link.partition("/welcome")[0]
    for name, address, words in (("sign-in", f"{url}/login", "Sign in"), ("welcome", link, "Make your account")):
        status, text = _asked(address)
        stage.check(f"The {name} page answers", status == 200 and words in text, status)


def _asked(address: str) -> tuple[int, str]:
    """Return the status and the text of a page."""
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, ""
