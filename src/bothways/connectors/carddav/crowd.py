"""Telling cards apart: which are contacts, and which have a UID that another one has already.

A UID must be unique in its book (RFC 6352, 5.1), and servers refuse a second card with it. Where there are
two all the same, the one with the first path counts, and the other is reported. One that appears later,
alone, looks just like a card that was moved; the next full listing or sweep finds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bothways.connectors.carddav.cards import Got


@dataclass(slots=True)
class Crowd:
    """The cards of one listing so far, in the order of their paths.

    ``twins``: by path, the path and the UID of the card that a card is a twin of. ``settled``: paths that
    are gone or read again, so that what was known of them no longer counts. ``groups``: the ids of cards
    that are lists of contacts and no contacts. Of a card that is not handed out, what was known stays known.
    """

    twins: dict[str, Sequence[str]] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()
    taken: dict[str, str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)

    def admit(self, found: Mapping[str, Got]) -> list[Got]:
        """Return the contacts among these cards; one that is another's twin with that as its problem."""
        admitted = []
        self.settled -= {path for path, each in found.items() if each.unread}
        for path, each in sorted(found.items()):
            if each.missing:
                self.twins.pop(path, None)
            elif each.unread:
                admitted.append(each)
            elif each.is_group:
                self.groups.append(each.id)
            else:
                admitted.append(self._told_apart(each))
        return admitted

    def _told_apart(self, each: Got) -> Got:
        other, uid = self.twins.pop(each.path, ("", ""))
        if uid != each.id or other in self.settled:
            other = self.taken.setdefault(each.id, each.path)
        if other == each.path:
            return each
        self.twins[each.path] = (other, each.id)
        return each.as_twin()
