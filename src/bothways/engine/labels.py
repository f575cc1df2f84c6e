"""Labels of associations: each is an association of its own, and holds the one that it hangs on."""

from collections.abc import Iterable, Mapping, Sequence

from bothways.engine.field_state import FieldDecision
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec
from bothways.records import Value, ids_of


def labels_first(maps: Sequence[FieldMap]) -> list[FieldMap]:
    """Return mappings with the labels before the associations that they hang on, which are decided after them."""
    return sorted(maps, key=lambda each: not each.is_label)


def tied_by_labels(
    spec: SyncSpec,
    mapping: FieldMap,
    values: Mapping[Side, Mapping[str, Value]],
    decided: Iterable[FieldDecision],
) -> dict[Side, dict[str, str]]:
    """Return, per side, which records an association keeps since a label will still hang on it.

    Each comes with the labels in words that only a person can take away; with "" if they are on their way to the
    other side, where they make the association anew. ``decided`` is what becomes of the labels that are paired.
    """
    found: dict[Side, dict[str, str]] = {}
    labels = [each for each in decided if each.mapping.is_label]
    for side in SIDES:
        paired = {each.mapping.on(side).name: each for each in labels}
        tied: dict[str, list[str]] = {}
        for label in spec.labels_on(side, mapping):
            decision = paired.get(label.name)
            held = values[side].get(label.name)
            if decision is not None and decision.write is side:
                held = decision.value
            flows = decision is not None and spec.writes(decision.mapping, side.other)
            for id in ids_of(held):
                tied.setdefault(id, []).extend([] if flows else [f'"{label.title}"'])
        found[side] = {id: ", ".join(words) for id, words in tied.items()}
    return found
