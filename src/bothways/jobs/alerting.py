"""Alerts sent by whichever worker comes first: each channel by itself, with pauses after failures, beside all turns."""

from bothways.errors import AlertNotSent
from bothways.jobs import metrics
from bothways.jobs.schedule import after_failure
from bothways.jobs.turns import Worker
from bothways.ledger import alerts, troubles
from bothways.service.alert_channels import send
from bothways.service.alerts import CHANNEL, FAR_AHEAD, settle


def look(worker: Worker) -> None:
    """Let what is to be told by now become alerts, in the caller's use of the database."""
    settle(worker.workspace.document.alerts.channels, worker.clock())


def send_next(worker: Worker, channel: str) -> bool:
    """Send the next alert of a channel, in the caller's use of the database; False if there is none, or it rests.

    A channel that fails is told of once, and tried again after pauses that grow.
    """
    now = worker.clock()
    resting = troubles.find(CHANNEL, channel)
    if resting is not None and now < resting.until < now + FAR_AHEAD:
        return False
    alert = alerts.take(channel, now)
    if alert is None:
        return False
    try:
        answer = send(worker.workspace, channel, alert.document, worker.workspace.clock())
    except AlertNotSent as error:
        _failed(worker, channel, alert, resting, error)
    except Exception as problem:  # noqa: BLE001 - what nobody foresaw is told, and ends no worker
        reason = worker.understood(problem).message.rstrip(".")
        _failed(worker, channel, alert, resting, AlertNotSent(channel=channel, reason=reason))
    else:
        alerts.sent(alert, answer, worker.clock())
        metrics.alerts.labels(channel, "sent").inc()
        if resting is not None:
            troubles.forget(CHANNEL, channel)
    return True


def _failed(
    worker: Worker, channel: str, alert: alerts.Alert, resting: troubles.Trouble | None, error: AlertNotSent
) -> None:
    metrics.alerts.labels(channel, "failed").inc()
    now, words = worker.clock(), error.message
    until = after_failure(resting.tries + 1 if resting else 1, now, worker.chance())
    alerts.put_back(alert, words)
    troubles.begin(CHANNEL, channel, code=error.code, words=words, to_do=error.advice, now=now, until=until)
    if resting is None:
        worker.on_failure("", error)
