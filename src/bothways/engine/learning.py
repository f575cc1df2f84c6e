"""What there is to learn from, before a model of likeness is trained: columns of texts, counted and cut to size.

A column holds one text per record, in the order of the records; None where a record has none.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product

from bothways.engine.likeness import Block, Trait
from bothways.engine.sides import SIDES, Side

Column = list[str | None]
Columns = Mapping[str, Column]
"""The columns of one side, by the name of what they hold."""

MOST_HOLDERS = 20
"""Records of one app that may share a text for it to bring them together; a more common one says too little."""

LEAST_PAIRS = 20
"""Pairs that must share something for the rest to be learnt from them."""

PLAIN_SHARE = 0.6
"""Of the pairs that belong together, the share taken to agree plainly; none is known, so a low one is assumed."""


def joined(columns: Columns, names: Block) -> Column:
    """Return one column of several: their texts together, None where one is missing."""
    return ["\n".join(texts) if all(texts) else None for texts in zip(*(columns[each] for each in names), strict=True)]


def meeting(both: Mapping[Side, Columns], block: Block) -> dict[Side, Column]:
    """Return, per side, the column by which records meet: what both sides hold, and not too many of either."""
    keys = {side: joined(both[side], block) for side in SIDES}
    counts = {side: Counter(keys[side]) for side in SIDES}
    good = {key for key in counts[Side.LEFT] if all(0 < counts[side][key] <= MOST_HOLDERS for side in SIDES)} - {None}
    return {side: [key if key in good else None for key in keys[side]] for side in SIDES}


def lessons(traits: Collection[Trait], blocks: Iterable[Block], both: Mapping[Side, Columns]) -> list[Block]:
    """Return the blocks to learn from: whole traits that are a record's own and that enough pairs share.

    What many share would teach what colleagues have in common. A trait that is in all of them is not learnt about.
    """
    own = {trait.name for trait in traits if not trait.kind.common}
    return [block for block in blocks if set(block) <= own and _pairs(both, block) >= LEAST_PAIRS]


def _pairs(both: Mapping[Side, Columns], block: Block) -> int:
    left, right = (Counter(joined(both[side], block)) for side in SIDES)
    return sum(count * right[key] for key, count in left.items() if key is not None)


def expected_share(traits: Collection[Trait], both: Mapping[Side, Columns]) -> float:
    """Return which share of all pairs of records is expected to belong together, from those that plainly do."""
    telling = [trait.name for trait in traits if trait.kind.telling and not trait.kind.naming]
    naming = [trait.name for trait in traits if trait.kind.naming]
    more = [trait.name for trait in traits if not (trait.kind.naming or trait.kind.telling or trait.kind.common)]
    plain = [*product(telling, naming), *((*naming, each) for each in more if naming)]
    sizes = [len(next(iter(both[side].values()))) for side in SIDES]
    pairs = {pair for names in plain for pair in _plain_pairs(both, names)}
    return min(max(len(pairs), 1) / PLAIN_SHARE / (sizes[0] * sizes[1]), 0.5)


def _plain_pairs(both: Mapping[Side, Columns], names: Block) -> set[tuple[int, int]]:
    places: dict[Side, dict[str, list[int]]] = {side: {} for side in SIDES}
    for side, column in meeting(both, names).items():
        for place, key in enumerate(column):
            if key is not None:
                places[side].setdefault(key, []).append(place)
    rights: Mapping[str, Sequence[int]] = places[Side.RIGHT]
    return {pair for key, lefts in places[Side.LEFT].items() for pair in product(lefts, rights[key])}
