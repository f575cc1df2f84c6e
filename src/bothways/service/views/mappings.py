"""The mappings of a draft as they are edited: their rows, what can be chosen in them, how their values are paired."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made_by

from bothways.errors import BothwaysError
from bothways.service.views.syncs import DraftView


@dataclass(frozen=True, slots=True)
class MappingRow:
    """A mapping of a draft, right or wrong; ``number`` is its place, from 1.

    ``fields``, ``labels`` and ``kinds`` are by app, "" where none is chosen. ``winner``: an app, newest, ask, or "" for
    what the sync says. ``only``: "when empty", "on create" or "". ``when_empty``: keep, clear, or "" for what the sync
    says. ``consent``: by app, whether a yes means opt_out or opt_in. ``paired``: how many of how many options of the
    first app have a partner, None where there is nothing to pair; ``other``: what becomes of the rest.
    ``cleaners``: how both fields can be cleaned. ``problem`` is what is wrong with it, ``wrong`` the apps whose fields
    that is about, ``gone`` those that have no such field any more.
    """

    number: int
    fields: Mapping[str, str]
    labels: Mapping[str, str]
    kinds: Mapping[str, str]
    direction: str
    enabled: bool
    winner: str = ""
    only: str = ""
    when_empty: str = ""
    clean: tuple[str, ...] = ()
    consent: Mapping[str, str] = made_by(default_factory=dict)
    paired: tuple[int, int] | None = None
    other: str = ""
    cleaners: tuple[str, ...] = ()
    problem: str = ""
    wrong: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def may_say_consent(self) -> bool:
        """Whether a yes in both fields can be said to mean something for consent."""
        return bool(self.consent) or set(self.kinds.values()) == {"boolean"}


@dataclass(frozen=True, slots=True)
class DraftFields:
    """The mappings of a draft. Not ``written``: the draft names none, so that the fields of the same meaning are.

    ``suggested``: pairs of the same meaning that are not mapped, in the words of both apps. ``lacking``: what is wrong
    with all of them together. ``trouble``: why the apps could not be asked; then nothing is known but what stands
    in the draft.
    """

    draft: DraftView
    rows: tuple[MappingRow, ...]
    written: bool
    suggested: tuple[Mapping[str, str], ...] = ()
    lacking: tuple[str, ...] = ()
    trouble: BothwaysError | None = None

    @property
    def on(self) -> int:
        """How many mappings are on."""
        return sum(row.enabled for row in self.rows)

    @property
    def to_fix(self) -> int:
        """How many mappings have something wrong with them."""
        return sum(bool(row.problem) for row in self.rows)


@dataclass(frozen=True, slots=True)
class OptionView:
    """A field that can be chosen in a mapping. ``reason`` says why it does not fit there, "" if it does."""

    name: str
    label: str
    kind: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OptionsView:
    """The fields that can be chosen, those that fit first; ``more``: how many others there are beside them."""

    options: tuple[OptionView, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class PairRow:
    """An option of one app and its partner, by app, each as it is stored; "" for none. ``labels``: what people see."""

    keys: Mapping[str, str]
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ValuesView:
    """How the values of a mapping are paired. ``fixed``: the app whose options stand in the rows.

    ``options``: those of each app, key and label; none for a field of text. ``written``: the apps it is written to.
    ``other`` and ``defaults``: what becomes of the rest, "" where nothing is said, and what stands for it by app.
    """

    draft: DraftView
    row: MappingRow
    fixed: str
    pairs: tuple[PairRow, ...]
    options: Mapping[str, tuple[tuple[str, str], ...]]
    written: tuple[str, ...]
    other: str = ""
    defaults: Mapping[str, str] = made_by(default_factory=dict)

    @property
    def unpaired(self) -> int:
        """How many options have no partner."""
        return sum(not all(pair.keys.values()) for pair in self.pairs)


@dataclass(frozen=True, slots=True)
class AssociationRow:
    """An association of a draft, or one that it could have; ``number`` is its place, from 1.

    ``sync``: through which it is translated. ``why_off``: "" where it is in force. ``paired``: its labels that are kept
    in step, in the words of both apps.
    """

    number: int
    fields: Mapping[str, str]
    labels: Mapping[str, str]
    direction: str
    sync: str
    enabled: bool
    why_off: str = ""
    paired: tuple[Mapping[str, str], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DraftAssociations:
    """The associations of a draft. ``trouble``: why the apps could not be asked."""

    draft: DraftView
    rows: tuple[AssociationRow, ...]
    trouble: BothwaysError | None = None
