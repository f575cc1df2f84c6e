"""When a plan is made with a survey of all keys: where so much of the books is due that it is the shorter way."""

from collections.abc import Iterator
from contextlib import contextmanager

from bothways.engine.sides import SIDES
from bothways.ledger import feeds, links, survey
from bothways.ledger.survey import Survey
from bothways.sync.context import Context

SHARE = 4
"""A survey reads all keys of both feeds. It is made if at least one of so many records is due and has no link."""


@contextmanager
def surveyed(ctx: Context, due: int) -> Iterator[Survey | None]:
    """Give the survey for a plan of so many due records, and forget it whatever becomes of the plan."""
    survey = survey_for(ctx, due)
    try:
        yield survey
    finally:
        if survey is not None:
            survey.close()


def survey_for(ctx: Context, due: int) -> Survey | None:
    """Return a survey for a plan of so many due records; None where too few of them are looked at without a link.

    A sync that is off gets no marks, by which a survey knows what has changed since.
    """
    rules, most = ctx.spec.match, SHARE * due
    if not rules or not due or ctx.sync.state == "off":
        return None
    known = sum(feeds.size(end.feed.pk, most + 1) for end in ctx.ends.values())
    if known > most or known > SHARE * (due - 2 * links.counts(ctx.sync)):
        return None
    return survey.take(ctx.sync, [{side: rule.slots(side) for side in SIDES} for rule in rules])
