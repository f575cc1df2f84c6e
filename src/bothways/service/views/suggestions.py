"""Pairs that are probably the same."""

from collections.abc import Mapping
from dataclasses import dataclass

from bothways.service.views.common import Counted
from bothways.service.views.plans import FieldView


@dataclass(frozen=True, slots=True)
class TraitView:
    """How two records compare in one trait: same, similar, different or missing, with what each app holds of it."""

    name: str
    how: str
    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """Two records that may be the same, by app. ``against``: what speaks against it, "" if nothing does.

    ``likely``: probable enough, and nothing speaks against it. ``overwrites``: what linking them would write over.
    """

    ids: Mapping[str, str]
    names: Mapping[str, str]
    probability: float
    likely: bool
    against: str
    traits: tuple[TraitView, ...]
    overwrites: tuple["FieldView", ...]


@dataclass(frozen=True, slots=True)
class SuggestionsView:
    """What is suggested for a sync: how many pairs, and the first of them, the likely ones before the others.

    ``compared``: records without a partner that were looked at, by app; ``beyond``: those that were too many.
    """

    sync: str
    compared: Counted
    beyond: Counted
    likely: int
    possible: int
    pairs: tuple[SuggestionView, ...]
