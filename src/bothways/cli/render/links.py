"""Links brought along, as text."""

from typing import TYPE_CHECKING

from bothways.cli.text import counted, in_command

if TYPE_CHECKING:
    from bothways.service.views import LinkImportView


def imported(view: "LinkImportView", *, only_planned: bool) -> list[str]:
    """Return every bad row with what is wrong, and what was linked or would be."""
    lines = [f"! line {each.line}: {' ⇄ '.join(each.ids.values())}: {each.problem}" for each in view.bad]
    there = f", {counted(view.there, 'pair')} linked already" if view.there else ""
    lines.append(f"{counted(view.rows, 'row')} read, {len(view.bad)} bad{there}.")
    if view.done:
        lines.append(
            f"{counted(view.new, 'pair')} linked. See what the next run does: bothways plan {in_command(view.sync)}"
        )
        return [*lines, f"Take it back: bothways undo {view.id}"]
    if view.bad and not only_planned:
        return [*lines, "Nothing was linked. Link the sound rows alone: --skip-bad"]
    return [*lines, f"{counted(view.new, 'pair')} would be linked." if only_planned else "There is nothing to link."]
