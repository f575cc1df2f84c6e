"""What a person should think of before a first run: begin with a few records."""

from bothways.engine.brakes import Totals
from bothways.sync.context import Context

MANY = 100
"""Records that a first sync may write without a word about it."""


def advice_for(ctx: Context, totals: Totals) -> str:
    """Return the advice to begin with a filter, "" unless a first sync without one would write many records."""
    if totals.linked or totals.writes <= MANY or ctx.spec.scope.filters:
        return ""
    app = next(ctx.spec.apps[side] for side, sends in ctx.spec.sends.items() if sends)
    return (
        f"This first sync would write {totals.writes:,} records. Begin with a few, by a filter: "
        f"send: {{{app}: {{filter: {{field: ..., is: ...}}}}}}"
    )
