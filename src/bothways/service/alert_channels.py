"""The channels by which alerts are sent: those that the settings name, each with its secrets read when it is used."""

from collections.abc import Iterator

import orjson

from bothways.errors import AlertNotSent, NoAlerts, SecretMissing
from bothways.service import alert_mail, alert_webhook
from bothways.service.alerts import TEST, document
from bothways.service.connect import Secrets
from bothways.service.document import MAIL, MailDocument, SecretPlace, WebhookDocument
from bothways.service.rights import Role, for_role
from bothways.service.views import SentView
from bothways.service.workspace import Workspace

OPENED = "This is a test. Whoever reads it is told when something of Bothways is in trouble, and when that is over."


def send(workspace: Workspace, channel: str, alert: str, now: float) -> str:
    """Send an alert over a channel that is in use and return the receiver's answer. Raises AlertNotSent."""
    named = getattr(workspace.document.alerts, channel)
    try:
        return (_by_mail if channel == MAIL else _by_webhook)(workspace, named, alert, now)
    except SecretMissing as error:
        raise AlertNotSent(channel=channel, reason=error.message.rstrip(".")) from error


@for_role(Role.ADMIN)
def test(workspace: Workspace) -> Iterator[SentView | AlertNotSent]:
    """Send a test over every channel and yield what came of each. Raises NoAlerts if there is none."""
    alerts, now = workspace.document.alerts, workspace.clock()
    if not alerts.channels:
        raise NoAlerts()
    for channel in alerts.channels:
        try:
            answer = send(workspace, channel, document(TEST, "test", (OPENED,), now), now)
            yield SentView(channel, _receiver(workspace, channel), answer)
        except AlertNotSent as error:
            yield error


def _receiver(workspace: Workspace, channel: str) -> str:
    """Return whom alerts go to; of an address that is a secret, where it is."""
    mail, webhook = workspace.document.alerts.mail, workspace.document.alerts.webhook
    if channel == MAIL:
        return ", ".join(mail.to) if mail else ""
    url = webhook.url if webhook else ""
    return url.words if isinstance(url, SecretPlace) else url


def _by_mail(workspace: Workspace, mail: MailDocument, alert: str, now: float) -> str:
    places = {"password": mail.password} if mail.password else {}
    password = Secrets("the mail server", places, workspace.folder).get("password") if places else ""
    return alert_mail.send(mail, password, workspace.document.allow_hosts, orjson.loads(alert), now)


def _by_webhook(workspace: Workspace, webhook: WebhookDocument, alert: str, now: float) -> str:
    places = {"url": webhook.url, "secret": webhook.secret}
    secrets = Secrets(
        "the webhook", {key: each for key, each in places.items() if isinstance(each, SecretPlace)}, workspace.folder
    )
    url = secrets.get("url") if isinstance(webhook.url, SecretPlace) else webhook.url
    hosts, signed = workspace.document.allow_hosts, webhook.secret is not None
    return alert_webhook.send(url, secrets, signed, hosts, alert.encode(), now)
