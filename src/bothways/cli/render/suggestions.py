"""Suggested pairs, as text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bothways.cli.text import counted, cut, in_command, listed, number
from bothways.cli.values import value_text

if TYPE_CHECKING:
    from bothways.service.views import SuggestionsView, SuggestionView, TraitView

TOLD = ("same", "similar", "different")
"""How traits compare that are told, in their order; of what one side lacks nothing is said."""


def suggestions(view: "SuggestionsView") -> list[str]:
    """Return the pairs with their reasons and what can be done about each, the counts last."""
    lines = [line for pair in view.pairs for line in (*_pair(view.sync, pair), "")]
    looked = " and ".join(f"{number(count)} of {app}" for app, count in view.compared.items())
    beyond = listed(f"{number(count)} of {app}" for app, count in view.beyond.items() if count)
    lines.append(f"{view.sync}: {looked} without a partner compared; nothing was linked or changed.")
    lines += [f"! {beyond} were too many and not looked at. Narrow the sync by a filter."] if beyond else []
    more = view.likely + view.possible - len(view.pairs)
    rest = f"; {number(more)} more with a higher --limit" if more else ""
    return [*lines, f"{counted(view.likely, 'likely pair')}, {number(view.possible)} possible{rest}."]


def _pair(sync: str, pair: "SuggestionView") -> Iterator[str]:
    both = " ⇄ ".join(f"{cut(pair.names[app], 30)} ({app} {id})".lstrip() for app, id in pair.ids.items())
    yield f"{'likely' if pair.likely else 'possible'} {int(pair.probability * 100)} %   {both}"
    if pair.against:
        yield f"  but: {pair.against}"
    for how in TOLD:
        traits = [_trait(each) for each in pair.traits if each.how == how]
        if traits:
            yield f"  {how}: {', '.join(traits)}"
    for each in pair.overwrites:
        change = f"{value_text(each.before)} → {value_text(each.after)}"
        yield f"  linking overwrites {each.label} in {each.app}: {change}, because {each.reason}"
    ids = " ".join(in_command(f"{app}:{id}") for app, id in pair.ids.items())
    yield f"  Decide: bothways link {in_command(sync)} {ids}   or bothways apart {in_command(sync)} {ids}"


def _trait(trait: "TraitView") -> str:
    held = list(dict.fromkeys(value_text(value) for value in trait.values.values()))
    return f"{trait.name} ({' / '.join(held)})"
