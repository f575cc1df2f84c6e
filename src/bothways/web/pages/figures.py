"""Charts of the last 24 hours with their words and tables: what a sync wrote and how late, what an app was asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bothways.service.views import CallsView, DayView
from bothways.web import charts
from bothways.web.charts import Chart
from bothways.web.tags import duration, number

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with all that stands around it. ``said``: what it shows, in a sentence.

    ``marks``: what its lines stand for, the uppermost first; ``series``: what its colours stand for. ``head`` and
    ``rows`` are its table; a title of ``head`` comes with the app it is about, "" where it is about none.
    """

    id: str
    title: str
    said: str
    chart: Chart
    marks: tuple[str, ...]
    series: tuple[str, ...]
    head: tuple[tuple[str, str], ...]
    rows: tuple[tuple[float, tuple[str, ...]], ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to be drawn."""
        return not self.chart.marks


def changes(day: DayView, apps: Sequence[str]) -> Figure:
    """Return what a sync wrote, hour by hour."""
    sums = [(sum(each.created.values()), sum(each.changed.values())) for each in day.hours]
    words = [
        _("%(hour)s: %(created)s created, %(changed)s updated")
        % {"hour": hour_word(each.begins), "created": number(created), "changed": number(changed)}
        for each, (created, changed) in zip(day.hours, sums, strict=True)
    ]
    total = sum(map(sum, sums))
    said = ngettext(
        "%(count)s record was written in the last 24 hours.",
        "%(count)s records were written in the last 24 hours.",
        total,
    ) % {"count": number(total)}
    chart = charts.stacked(sums, words)
    head = [(title, app) for title in (_("Created in"), _("Updated in")) for app in apps]
    return Figure(
        "changes",
        _("Changes per hour"),
        said,
        chart,
        tuple(number(int(value)) for _y, value in chart.marks),
        (_("Created"), _("Updated")),
        tuple(head),
        tuple(
            (
                each.begins,
                tuple(number(counted.get(app, 0)) for counted in (each.created, each.changed) for app in apps),
            )
            for each in reversed(day.hours)
        ),
    )


def delays(day: DayView) -> Figure:
    """Return how late changes were written, hour by hour."""
    rows = [
        (each.median, each.worst) if each.median is not None and each.worst is not None else None for each in day.hours
    ]
    words = [
        _("%(hour)s: half of the changes within %(median)s, the last after %(worst)s")
        % {"hour": hour_word(each.begins), "median": duration(row[0]), "worst": duration(row[1])}
        if row
        else _("%(hour)s: no change was carried") % {"hour": hour_word(each.begins)}
        for each, row in zip(day.hours, rows, strict=True)
    ]
    said = _("No change of linked records was carried in the last 24 hours.")
    if day.median is not None and day.worst is not None:
        facts = {"median": duration(day.median), "worst": duration(day.worst)}
        said = _("Half of the changes arrived within %(median)s, the last one after %(worst)s.") % facts
    chart = charts.ranges(rows, words, 1.0, MINUTE)
    return Figure(
        "delays",
        _("From a change to its write"),
        said,
        chart,
        tuple(duration(value) for _y, value in chart.marks),
        (_("Half of them within"), _("The last after")),
        ((_("Half of them within"), ""), (_("The last after"), "")),
        tuple(
            (each.begins, (duration(row[0]), duration(row[1])) if row else ("–", "–"))
            for each, row in zip(reversed(day.hours), reversed(rows), strict=True)
        ),
    )


def calls(view: CallsView) -> Figure:
    """Return what an app was asked, hour by hour."""
    words = [
        ngettext("%(hour)s: %(count)s call", "%(hour)s: %(count)s calls", each.calls)
        % {"hour": hour_word(each.begins), "count": number(each.calls)}
        for each in view.hours
    ]
    total, most = sum(each.calls for each in view.hours), max((each.calls for each in view.hours), default=0)
    said = ngettext("%(count)s call in the last 24 hours.", "%(count)s calls in the last 24 hours.", total) % {
        "count": number(total)
    }
    if view.allowed:
        facts = {"most": number(most), "allowed": number(view.allowed), "share": number(100 * most // view.allowed)}
        said += (
            " "
            + _("In the busiest hour %(most)s, %(share)s %% of the %(allowed)s that its limit lets through.") % facts
        )
    chart = charts.stacked([(each.calls,) for each in view.hours], words)
    return Figure(
        "calls",
        _("Calls per hour"),
        said,
        chart,
        tuple(number(int(value)) for _y, value in chart.marks),
        (_("Calls"),),
        ((_("Calls"), ""),),
        tuple((each.begins, (number(each.calls),)) for each in reversed(view.hours)),
    )


def hour_word(begins: float) -> str:
    """Return how an hour is called."""
    return datetime.fromtimestamp(begins, UTC).strftime("%H:%M UTC")
