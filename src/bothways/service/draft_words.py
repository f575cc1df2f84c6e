"""What is wrong with a mapping of a draft, in words for a page: fields by their labels, directions by the apps."""

from collections.abc import Mapping

from bothways import errors
from bothways.errors import BothwaysError, of_data
from bothways.service.views import ProblemView

ADVICE: Mapping[type[BothwaysError], str] = {
    errors.AssociationAmongFields: (
        "Keep it in step under Association mappings, and take it out here. Users can be mapped here by their e-mail."
    ),
    errors.NothingToPair: "Take the pairs of values out of this mapping.",
    errors.ChoicesNotPaired: "Pair them under Values, or say there what becomes of them.",
    errors.ForwardOnlyCleared: "Do not let emptying follow in this mapping.",
    errors.NoSyncOfParents: "Make a sync of these first, between the same two apps.",
}
"""What to do about it, where that is said of the settings file."""


def in_words(problem: ProblemView, labels: Mapping[str, str], ways: Mapping[str, str], earlier: int | None) -> str:
    """Return what is wrong with a mapping. ``labels`` are those of its fields by app, ``ways`` the directions in words.

    ``earlier`` is the row that has its field already.
    """
    error = of_data({"code": problem.code, "where": "", "facts": _facts(problem.facts, labels, ways)})
    if isinstance(error, errors.FieldMappedTwice) and earlier:
        return f'"{error.facts["field"]}" of {error.facts["app"]} is mapped in row {earlier} already. {error.advice}'
    return f"{error.said} {ADVICE.get(type(error), error.advice)}".strip()


def unfinished(app: str) -> str:
    """Say that no field of an app is chosen yet."""
    return f"Choose a field of {app}."


def in_short(error: BothwaysError, ways: Mapping[str, str], kinds: tuple[str, str], earlier: int | None) -> str:
    """Return why a field does not fit in a mapping, in a few words. ``kinds``: its type, and the other field's."""
    if isinstance(error, errors.FieldMappedTwice):
        return f"mapped in row {earlier}" if earlier else "a part of it is mapped"
    if isinstance(error, errors.ReadOnlyField):
        way = ways.get(str(error.facts["direction"]))
        return f"read-only: only as {way}" if way else "read-only"
    if isinstance(error, errors.TypesDoNotMatch):
        return f"{kinds[0]}, needs {kinds[1]}"
    if isinstance(error, errors.SeveralValues):
        return "several values into one"
    if isinstance(error, errors.AssociationAmongFields):
        return "refers to other records: see Association mappings"
    if isinstance(error, errors.ListAndPartMapped):
        return "its list or a part of it is mapped"
    if isinstance(error, errors.TextOneWay):
        way = ways.get(str(error.facts["direction"]))
        return f"can only be read: only as {way}" if way else "can only be read"
    return error.said


def _facts(facts: Mapping[str, object], labels: Mapping[str, str], ways: Mapping[str, str]) -> dict[str, object]:
    """Return what a sentence is made of, names of fields and directions as people know them."""
    first, second = labels.values()
    app = str(facts.get("app", ""))
    own = labels.get(app, "")
    across = next((label for name, label in labels.items() if name != app), "")
    shown = {"left": first, "right": second, "field": own, "target": across}
    told = {key: shown[key] or fact if key in shown else fact for key, fact in facts.items()}
    if "direction" in told:
        told["direction"] = ways.get(str(told["direction"]), told["direction"])
    return told
