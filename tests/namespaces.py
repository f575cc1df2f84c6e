"""A network of its own for a server of the tests, reached by two cables, one of which can be cut."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """A network named ``name``. ``addresses`` are those of what runs in it, by the first cable and by the second."""

    name: str
    addresses: tuple[str, str]
    cables: tuple[str, str]

    @property
    def inside(self) -> Sequence[str]:
        """The words before a command that make it run there."""
        return ["ip", "netns", "exec", self.name]

    def cut(self, cable: int) -> None:
        """Let nothing through from now on, without a word to either end."""
        _ip("-n", self.name, "link", "set", self.cables[cable], "down")

    def mend(self, cable: int) -> None:
        """Let everything through again."""
        _ip("-n", self.name, "link", "set", self.cables[cable], "up")


def namespaces_missing() -> str | None:
    """Say why no network can be made here; None where one can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "only root can make network namespaces"
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    try:
        with network("probe"):
            return None
    except subprocess.CalledProcessError as problem:
        return f"network namespaces cannot be made here: {problem.stderr.decode().strip()}"


@contextmanager
def network(word: str = "") -> Iterator[Network]:
    """Make a network, and take it away afterwards. Raises CalledProcessError where that is not possible."""
    own = os.getpid()
    name, third = f"bothways-{own}{word}", own % 250
    cables = (f"bwa{own}", f"bwb{own}")
    addresses = (f"10.213.{third}.2", f"10.213.{third}.6")
    _ip("netns", "add", name)
    try:
        _ip("-n", name, "link", "set", "lo", "up")
        for cable, theirs in zip(cables, addresses, strict=True):
            ours = theirs[:-1] + str(int(theirs[-1]) - 1)
            _ip("link", "add", cable, "type", "veth", "peer", "name", cable, "netns", name)
            _ip("address", "add", f"{ours}/30", "dev", cable)
            _ip("link", "set", cable, "up")
            _ip("-n", name, "address", "add", f"{theirs}/30", "dev", cable)
            _ip("-n", name, "link", "set", cable, "up")
        yield Network(name, addresses, cables)
    finally:
        for cable in cables:
            with suppress(subprocess.CalledProcessError):
                _ip("link", "delete", cable)
        _ip("netns", "delete", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
