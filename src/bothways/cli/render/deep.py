"""Deep checks as text: what each found, and what is left in the app."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bothways.cli.text import in_command, listed

if TYPE_CHECKING:
    from bothways.service.views import DeepCheckView, DeepFindingView, LeftRecordView


def finding(found: "DeepFindingView") -> list[str]:
    """Return what one check found; where it is otherwise, what that means and what to tell us."""
    if found.verdict == "as_thought":
        return [f"✓ {found.says}", f"    Seen: {found.seen}"]
    if found.verdict == "unchecked":
        return [f"? {found.says}", f"    Could not be checked: {found.seen}"]
    return [
        f"! {found.says}",
        f"    Not as we thought. Seen: {found.seen}",
        f"    For syncs: {found.means}",
        f"    Please tell us of it, with this word: {found.where}",
    ]


def left(app: str, records: Sequence["LeftRecordView"]) -> Iterable[str]:
    """Yield which records could not be archived, and what to do about it."""
    yield f"These records were made for the check, and could not be archived in {app}:"
    for each in records:
        email = f" ({each.email})" if each.email else ""
        known = each.id or "if it is there at all"
        yield f'  {each.object}: "{each.name}"{email}, {known}'
    yield f"Archive them there, or do it by running this again: bothways app check {in_command(app)} --deep"


def summary(view: "DeepCheckView") -> list[str]:
    """Return how many checks came to what."""
    count = {verdict: sum(each.verdict == verdict for each in view.findings) for verdict in _WORDS}
    lines = ["", f"{view.account}: " + listed([f"{number} {_WORDS[name]}" for name, number in count.items()])]
    if not view.read_only and not view.left:
        lines.append("Everything that was made for it is archived.")
    return lines


_WORDS = {"as_thought": "as we thought", "otherwise": "otherwise", "unchecked": "could not be checked"}
