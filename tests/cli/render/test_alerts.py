"""Alerts as text."""

from dataclasses import replace

from bothways.cli.render import alerts as render
from bothways.service import views
from tests.cli.views import ALERTS


def test_each_trouble_has_its_words_its_code_since_when_and_what_to_do() -> None:
    first, second, *_ = render.overview(ALERTS, 1120.0)
    assert first == (
        "! contacts stopped before writing: hubspot looks empty, but had 4 records. (BW-400) Since 2 min ago, told."
    )
    assert second == "    If that is right: bothways run contacts --yes"


def test_trouble_that_settles_and_is_not_told_yet_says_so() -> None:
    view = replace(ALERTS.troubles[0], told=False, settling=True)
    first, *_ = render.overview(views.AlertsView((view,), ()), 1120.0)
    assert first.endswith("Since 2 min ago, not told yet, works again and is over if it goes on so.")


def test_alerts_say_over_which_channel_and_whether_they_were_sent() -> None:
    *_, waiting, sent = render.overview(ALERTS, 1120.0)
    assert "mail" in waiting
    assert "not yet, 2 tried" in waiting
    assert waiting.endswith("421 busy")
    assert "webhook" in sent
    assert sent.endswith("HTTP 200, ok")


def test_nothing_is_said_plainly() -> None:
    assert render.overview(views.AlertsView((), ()), 0.0) == [
        "Nothing is in trouble.",
        "No alert was sent in the last 30 days.",
    ]
