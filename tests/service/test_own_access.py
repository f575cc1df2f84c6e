"""Tokens of our own registration: asked for when needed, used until shortly before their end, or until refused."""

from bothways.connectors.oauth import Client, Tokens
from bothways.service.access import EARLY
from bothways.service.own_access import OwnAccess
from tests.connectors.support import Time

CLIENT = Client("ours", "secret")


class Server:
    """A token server that numbers what it gives."""

    def __init__(self, time: Time) -> None:
        self.time, self.asked = time, list[tuple[str, ...]]()

    def own(self, scopes: tuple[str, ...]) -> Tokens:
        self.asked.append(scopes)
        return Tokens(f"own-{len(self.asked)}", "", self.time.now + 600, None)


def test_token_is_kept_until_shortly_before_its_end_or_until_it_is_refused() -> None:
    time = Time()
    server = Server(time)
    access = OwnAccess(lambda: CLIENT, lambda client: server, time.clock, lambda: ("log.read",))  # type: ignore[arg-type,return-value]
    assert (access.token(), access.token()) == ("own-1", "own-1")
    time.now += 600 - EARLY
    assert access.token() == "own-2"
    access.refused("own-1")
    assert access.token() == "own-2"
    access.refused("own-2")
    assert access.token() == "own-3"
    assert server.asked == [("log.read",)] * 3
    assert access.allowed() == {"log.read"}
    assert "own-3" not in repr(access)
