"""The same strings pulled from another process: ``Admin`` has the methods of ``HubSpotSandbox``, over HTTP.

They are ``POST /_admin/NAME`` with the arguments as a JSON object; the answer is ``{"result": ...}``. These
calls need no token, meet no fault and no limit, and are not counted.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

import orjson
import urllib3

from bothways.sandbox.hubspot.problems import Refused, not_found

if TYPE_CHECKING:
    from bothways.sandbox.hubspot.server import HubSpotSandbox

PREFIX = "/_admin/"
NAMES = frozenset(
    {
        *("seed", "create", "edit", "archive", "forget", "restore", "merge", "get", "records", "define", "indexed"),
        *("set_rule", "require", "set_most"),
        *(
            "associate",
            "dissociate",
            "associated",
            "add_label",
            "drop_label",
            "unlabel",
            "labelled",
            "set_list",
            "drop_list",
        ),
        *(
            "subscribe",
            "subscribed",
            "pause",
            "deliver",
            "fault",
            "clear_faults",
            "faults_waiting",
            "until_held",
            "let_go",
            "now",
            "advance",
            "set_time",
            "change",
            "grant",
            "revoke",
            "register",
            "remove_apps",
            "end_own_tokens",
            "wanted_of_journal",
            "happened_elsewhere",
            "refresh_tokens",
        ),
        *("make_owner", "change_owner", "make_pipeline", "make_object"),
    }
)
"""The methods that can be called from afar."""

PATIENCE = 300.0
"""Seconds: seeding hundreds of thousands of records takes some."""


def obey(sandbox: "HubSpotSandbox", name: str, raw: bytes) -> tuple[int, dict[str, Any]]:
    """Do what an admin call asks for, and return a status and a body; raise Refused."""
    try:
        arguments = orjson.loads(raw or b"{}")
        if name == "calls":
            return 200, {"result": dict(sandbox.calls)}
        if name == "log":
            return 200, {"result": list(sandbox.log)}
        if name not in NAMES:
            raise not_found()
        method: Callable[..., Any] = getattr(sandbox, name)
        return 200, {"result": method(**arguments)}
    except (ValueError, TypeError) as error:
        raise Refused(400, str(error)) from error


class Admin:
    """A person at the stand-in's desk: acts as a user of the account, and orders clock, faults and limits.

    Every method does what the method of ``HubSpotSandbox`` of the same name does, and raises Refused where
    that one refuses or raises ValueError.
    """

    def __init__(self, url: str, token: str = "pat-sandbox") -> None:
        self.url, self.token = url.rstrip("/"), token
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(PATIENCE))

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.clear()

    @property
    def calls(self) -> Counter[str]:
        """How many calls there were, by name ("list", "search", "batch/read", ...)."""
        return Counter(self._ask("calls"))

    @property
    def log(self) -> list[tuple[str, str, int]]:
        """The calls there were: method, path and status (0: no answer)."""
        return [(method, path, status) for method, path, status in self._ask("log")]

    def subscribe(self, url: str, subscriptions: Sequence[Mapping[str, str]]) -> None:
        """Send webhooks of these kinds, and of no others, to an address."""
        self._ask("subscribe", url=url, subscriptions=[dict(each) for each in subscriptions])

    def subscribed(self) -> dict[str, Any]:
        """Return the address of the webhooks and all subscriptions."""
        return dict(self._ask("subscribed"))

    def pause(self, id: str) -> None:
        """Pause a subscription."""
        self._ask("pause", id=id)

    def deliver(self) -> None:
        """Send all webhooks that are due, and return when each of them was answered or has failed."""
        self._ask("deliver")

    def seed(self, object: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Make many records, found by search at once, and return their ids."""
        return list(self._ask("seed", object=object, rows=list(rows)))

    def create(self, object: str, properties: Mapping[str, Any]) -> str:
        """Make a record and return its id."""
        return str(self._ask("create", object=object, properties=dict(properties)))

    def edit(self, object: str, id: str, properties: Mapping[str, Any], *, by: str = "") -> None:
        """Change a record."""
        self._ask("edit", object=object, id=id, properties=dict(properties), by=by)

    def archive(self, object: str, id: str) -> None:
        """Put a record into the recycle bin."""
        self._ask("archive", object=object, id=id)

    def forget(self, object: str, id: str) -> None:
        """Delete a record for good."""
        self._ask("forget", object=object, id=id)

    def restore(self, object: str, id: str) -> None:
        """Take a record out of the recycle bin."""
        self._ask("restore", object=object, id=id)

    def merge(self, object: str, primary: str, other: str) -> str:
        """Merge two records and return the id of the new one."""
        return str(self._ask("merge", object=object, primary=primary, other=other))

    def associate(
        self, object: str, id: str, other: str, other_id: str, *, primary: bool = False, labels: Sequence[str] = ()
    ) -> None:
        """Associate two records, with labels if any are given."""
        names = {"object": object, "id": id, "other": other, "other_id": other_id}
        self._ask("associate", **names, primary=primary, labels=list(labels))

    def unlabel(self, object: str, id: str, other: str, other_id: str, labels: Sequence[str]) -> None:
        """Take labels from the association of two records."""
        self._ask("unlabel", object=object, id=id, other=other, other_id=other_id, labels=list(labels))

    def add_label(self, object: str, other: str, label: str, inverse: str = "") -> None:
        """Make a label for associations."""
        self._ask("add_label", object=object, other=other, label=label, inverse=inverse)

    def drop_label(self, object: str, other: str, label: str) -> None:
        """Delete a label."""
        self._ask("drop_label", object=object, other=other, label=label)

    def labelled(self, object: str, id: str, other: str) -> dict[str, list[str]]:
        """Return the labels of a record's associations, by the id of the other record."""
        return dict(self._ask("labelled", object=object, id=id, other=other))

    def dissociate(self, object: str, id: str, other: str, other_id: str) -> None:
        """Take the association of two records away."""
        self._ask("dissociate", object=object, id=id, other=other, other_id=other_id)

    def associated(self, object: str, id: str, other: str) -> list[str]:
        """Return the ids of the records that a record is associated with, the primary one first."""
        return list(self._ask("associated", object=object, id=id, other=other))

    def get(self, object: str, id: str) -> dict[str, Any] | None:
        """Return a record with every property it has, archived or not."""
        found: dict[str, Any] | None = self._ask("get", object=object, id=id)
        return found

    def records(self, object: str) -> dict[str, dict[str, str]]:
        """Return the values of all live records by id."""
        return dict(self._ask("records", object=object))

    def define(self, object: str, definition: Mapping[str, Any]) -> None:
        """Add a property, or replace its definition (see ``schema.prop``)."""
        self._ask("define", object=object, definition=dict(definition))

    def set_list(self, object: str, title: str, ids: Sequence[str], *, dynamic: bool = False) -> str:
        """Make a list of records, or give the one of this title these members; return its id."""
        return str(self._ask("set_list", object=object, title=title, ids=list(ids), dynamic=dynamic))

    def drop_list(self, object: str, title: str) -> None:
        """Delete a list."""
        self._ask("drop_list", object=object, title=title)

    def set_rule(self, object: str, property: str, type: str, arguments: Sequence[str] | None = ()) -> None:
        """Set a rule of a property's values, or take it away (None)."""
        given = None if arguments is None else list(arguments)
        self._ask("set_rule", object=object, property=property, type=type, arguments=given)

    def require(self, object: str, property: str, *, when: str = "", holds: str = "") -> None:
        """Demand a value of a property whenever another one holds something; else, of every new record."""
        self._ask("require", object=object, property=property, when=when, holds=holds)

    def set_most(self, object: str, records: int) -> None:
        """Let the account hold so many records of a kind at most."""
        self._ask("set_most", object=object, records=records)

    def indexed(self) -> None:
        """Have search show everything saved so far."""
        self._ask("indexed")

    def fault(self, kind: str, times: int = 1, match: str = "", **options: Any) -> None:
        """Order a fault for the next calls."""
        self._ask("fault", kind=kind, times=times, match=match, **options)

    def clear_faults(self) -> None:
        """Forget all faults that have not happened yet."""
        self._ask("clear_faults")

    def faults_waiting(self) -> int:
        """Return how many faults have not happened yet."""
        return int(self._ask("faults_waiting"))

    def until_held(self, count: int = 1) -> None:
        """Wait until so many calls are held."""
        self._ask("until_held", count=count)

    def let_go(self) -> None:
        """Answer the calls that are held."""
        self._ask("let_go")

    def now(self) -> float:
        """Return the account's time, seconds since 1970."""
        return float(self._ask("now"))

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self._ask("advance", seconds=seconds)

    def set_time(self, moment: float) -> None:
        """Make it this time, seconds since 1970."""
        self._ask("set_time", moment=moment)

    def change(self, **settings: Any) -> None:
        """Change how the account behaves, as ``HubSpotSandbox.change`` says."""
        self._ask("change", **settings)

    def grant(self, token: str, scopes: AbstractSet[str] | None = None) -> None:
        """Accept a token, with these scopes alone (None: all)."""
        self._ask("grant", token=token, scopes=None if scopes is None else sorted(scopes))

    def revoke(self, token: str) -> None:
        """Accept a token no longer."""
        self._ask("revoke", token=token)

    def register(
        self,
        redirects: Sequence[str],
        needed: Sequence[str] = ("oauth",),
        optional: Sequence[str] = (),
        *,
        rotates: bool = False,
        tells: bool = True,
        own: Sequence[str] = (),
    ) -> None:
        """Set up the app that people let in by OAuth."""
        names = {"redirects": list(redirects), "needed": list(needed), "optional": list(optional), "own": list(own)}
        self._ask("register", **names, rotates=rotates, tells=tells)

    def make_owner(self, email: str, first: str = "", last: str = "") -> str:
        """Let somebody use the account, and return the id of the owner who they are."""
        return str(self._ask("make_owner", email=email, first=first, last=last))

    def change_owner(self, id: str, *, email: str | None = None, archived: bool | None = None) -> None:
        """Change an owner's address, or take the user away or back."""
        self._ask("change_owner", id=id, email=email, archived=archived)

    def make_pipeline(self, object: str, label: str, stages: Sequence[str]) -> dict[str, str]:
        """Make a pipeline, and return the ids by label: its own, and those of its stages."""
        return dict(self._ask("make_pipeline", object=object, label=label, stages=list(stages)))

    def make_object(
        self, name: str, labels: tuple[str, str], properties: Sequence[Mapping[str, Any]], **more: Any
    ) -> str:
        """Make a kind of record and return its type id."""
        asked = {"name": name, "labels": list(labels), "properties": [dict(each) for each in properties]}
        return str(self._ask("make_object", **asked, **more))

    def remove_apps(self) -> int:
        """End all that people have allowed apps by OAuth."""
        return int(self._ask("remove_apps"))

    def end_own_tokens(self) -> None:
        """Accept no token any more that the app got for itself."""
        self._ask("end_own_tokens")

    def wanted_of_journal(self) -> list[dict[str, Any]]:
        """Return the subscriptions that the webhooks journal is kept by."""
        return list(self._ask("wanted_of_journal"))

    def happened_elsewhere(self, portal: int, object: str, id: str) -> None:
        """Let the journal tell of a record of another account, which has the same app."""
        self._ask("happened_elsewhere", portal=portal, object=object, id=id)

    def refresh_tokens(self) -> list[str]:
        """Return the refresh tokens that are good."""
        return list(self._ask("refresh_tokens"))

    def _ask(self, name: str, **arguments: Any) -> Any:
        answer = self._pool.request("POST", self.url + PREFIX + name, body=orjson.dumps(arguments))
        body = orjson.loads(answer.data)
        if answer.status != 200:
            raise Refused(answer.status, str(body.get("message")), str(body.get("category")))
        return body["result"]
