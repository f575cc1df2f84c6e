"""Alerts of a worker: from what its turns meet to a mail and a webhook, each once, whoever sends them."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bothways.errors import AlertNotSent, AppUnreachable, BothwaysError, CredentialsRefused, NoAlerts
from bothways.jobs import alerting
from bothways.jobs.metrics import exposed
from bothways.jobs.schedule import FIRST_PAUSE, LONGEST_PAUSE
from bothways.jobs.turns import Worker
from bothways.ledger import alerts, troubles
from bothways.ledger.alerts import LEASE
from bothways.service import alert_channels
from bothways.service.alerts import CALM, CHANNEL, LASTING, overview, unsent
from bothways.service.database import used
from bothways.service.document import CHANNELS
from tests.connectors.support import Answer, Web, web
from tests.jobs.test_turns import Shift
from tests.mail_server import Mailbox, mail_server
from tests.office import SYNC, Office

ALERTS = """\
allow_hosts: [127.0.0.1]
alerts:
  mail: {{to: [ops@example.com], from: bothways@example.com, smtp: {{host: 127.0.0.1, port: {port}, security: none}}}}
  webhook: {{url: "{url}"}}
"""


class Watch(Shift):
    """A worker that sends alerts beside its turns, to a mail server and to a receiver of webhooks."""

    def __init__(self, office: Office, mailbox: Mailbox, receiver: Web) -> None:
        text = SYNC.replace("version: 1\n", "version: 1\n" + ALERTS.format(port=mailbox.port, url=receiver.url))
        office.write(text)
        office.pair()
        super().__init__(office)
        self.mailbox, self.receiver = mailbox, receiver

    def go_on(self, seconds: float, step: float = 20.0) -> None:
        """Let time pass: at every step all that is due is done, and all alerts are sent."""
        end = self.office.clock() + seconds
        while self.office.clock() < end:
            self.work(step, step)
            self.send()

    def send(self) -> None:
        with used(self.worker.workspace.database):
            alerting.look(self.worker)
            for channel in CHANNELS:
                while alerting.send_next(self.worker, channel):
                    pass

    def posted(self) -> list[str]:
        return [json.loads(each.body)["subject"] for each in self.receiver.asked]


@pytest.fixture
def watch(office: Office) -> Iterator[Watch]:
    with ExitStack() as stack:
        yield Watch(office, stack.enter_context(mail_server()), stack.enter_context(web([Answer(200, b"ok")])))


def test_app_that_fails_and_works_again_is_told_of_once_each_by_mail_and_by_webhook(watch: Watch) -> None:
    watch.office.bert.fail("changes", CredentialsRefused(app="Bert"), times=4)
    watch.go_on(900)
    assert watch.mailbox.subjects() == watch.posted() == ["Bert fails (BW-202)", "Bert works again"]
    first, second = (json.loads(each.body) for each in watch.receiver.asked)
    assert (first["format"], first["event"], second["event"]) == ("bothways.alert/1", "trouble", "over")
    assert [str(mail["Message-ID"]) for mail in watch.mailbox.mails] == [
        f"<{each['id']}@example.com>" for each in (first, second)
    ]
    with used(watch.worker.workspace.database):
        assert troubles.known() == []


def test_app_that_cannot_be_reached_for_a_moment_wakes_nobody_and_for_long_is_told_of_once(watch: Watch) -> None:
    away = AppUnreachable(app="Bert", reason="no route to host")
    watch.office.bert.fail("changes", away, times=3)
    watch.go_on(LASTING)
    assert watch.posted() == []
    watch.office.bert.fail("changes", away, times=10_000)
    watch.go_on(3600, 60)
    assert watch.posted() == ["Bert fails (BW-201)"]


def test_new_sync_that_waits_to_be_looked_at_is_told_with_the_command_and_once(watch: Watch) -> None:
    watch.office.change("first_run: 1000", "first_run: 1")
    for number in range(3):
        watch.office.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    with used(watch.worker.workspace.database):
        troubles_before = troubles.known()
    fresh = Shift(watch.office)
    watch.worker = fresh.worker
    watch.go_on(3600, 60)
    assert troubles_before == []
    assert watch.posted() == ["people has stopped (BW-400)"]
    assert "bothways run people --yes" in watch.mailbox.mails[0].get_content()
    assert "p1@x.test" not in watch.mailbox.mails[0].get_content()


def test_unforeseen_failure_of_a_sync_is_told_by_its_name(watch: Watch) -> None:
    watch.office.bert.fail("changes", ValueError("eve@x.test"), times=10_000)  # type: ignore[arg-type]
    watch.go_on(2 * LASTING, 60)
    assert [each for each in watch.posted() if "BW-900" in each] == ["Bert fails (BW-900)"]
    assert "eve@x.test" not in "".join(each.body.decode() for each in watch.receiver.asked)


def test_channel_that_fails_is_told_of_once_and_the_other_goes_on(watch: Watch) -> None:
    watch.mailbox.answer = "452 disk full"
    watch.office.bert.fail("changes", CredentialsRefused(app="Bert"), times=10_000)
    watch.go_on(1800)
    assert watch.posted() == ["Bert fails (BW-202)"]
    [told] = [each for each in watch.failures if isinstance(each, AlertNotSent)]
    assert "452 disk full" in str(told)
    with used(watch.worker.workspace.database):
        failing = troubles.find(CHANNEL, "mail")
    assert failing is not None
    assert 6 <= failing.tries <= 20
    assert failing.until - watch.office.clock() <= LONGEST_PAUSE * 1.25
    assert 'bothways_alerts_total{channel="mail",outcome="failed"}' in exposed()
    watch.mailbox.answer = "250 OK"
    watch.go_on(LONGEST_PAUSE * 1.25 + 10)
    assert watch.mailbox.subjects() == ["Bert fails (BW-202)"]
    with used(watch.worker.workspace.database):
        assert troubles.find(CHANNEL, "mail") is None


def test_what_stands_what_was_sent_and_what_fails_to_be_sent_is_listed(watch: Watch) -> None:
    watch.mailbox.answer = "452 disk full"
    watch.office.bert.fail("changes", CredentialsRefused(app="Bert"), times=10_000)
    watch.go_on(120)
    workspace = watch.worker.workspace
    view = overview(workspace, 10)
    assert [(each.kind, each.name, each.told) for each in view.troubles] == [
        ("app", "Bert", True),
        ("channel", "mail", False),
    ]
    by_channel = {each.channel: each for each in view.alerts}
    assert (by_channel["webhook"].answer, by_channel["webhook"].tries) == ("HTTP 200, ok", 1)
    assert by_channel["mail"].sent_at is None
    assert "452 disk full" in by_channel["mail"].answer
    assert [each.name for each in unsent(workspace)] == ["mail"]
    watch.office.write(SYNC)
    assert unsent(watch.office.open()) == [], "it is no longer a channel"


def test_secret_that_is_missing_is_told_of_and_the_alert_waits(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.office.change(f'{{url: "{watch.receiver.url}"}}', "{url: {env: HOOK}}")
    watch.worker.workspace = watch.office.open()
    watch.office.bert.fail("changes", CredentialsRefused(app="Bert"), times=10_000)
    watch.go_on(120)
    [told] = [each for each in watch.failures if isinstance(each, AlertNotSent)]
    assert "HOOK" in str(told)
    monkeypatch.setenv("HOOK", watch.receiver.url)
    watch.go_on(300)
    assert watch.posted() == ["Bert fails (BW-202)"]


def test_alerts_of_a_time_without_channels_are_sent_when_there_is_one(watch: Watch) -> None:
    whole = watch.office.file.read_text()
    watch.office.write(SYNC)
    watch.worker.workspace = watch.office.open()
    watch.office.bert.fail("changes", CredentialsRefused(app="Bert"), times=10_000)
    watch.go_on(600)
    assert (watch.posted(), watch.mailbox.mails) == ([], [])
    watch.office.write(whole)
    watch.worker.workspace = watch.office.open()
    watch.send()
    assert watch.posted() == watch.mailbox.subjects() == ["Bert fails (BW-202)"]


def test_worker_killed_between_storing_and_sending_leaves_the_alert_to_another(watch: Watch) -> None:
    watch.office.bert.fail("changes", CredentialsRefused(app="Bert"), times=10_000)
    watch.work(60)
    with used(watch.worker.workspace.database):
        alerting.look(watch.worker)
        now = watch.worker.clock()
        assert alerts.take("mail", now)
        assert alerts.take("webhook", now), "stored and taken, and here it is killed"
    watch.send()
    assert (watch.posted(), watch.mailbox.mails) == ([], [])
    watch.office.clock.advance(LEASE)
    watch.send()
    watch.send()
    assert watch.posted() == watch.mailbox.subjects() == ["Bert fails (BW-202)"]


def test_two_workers_send_nothing_twice(watch: Watch) -> None:
    database, now = watch.worker.workspace.database, watch.worker.clock()
    names = [f"app {number}" for number in range(10)]
    with used(database):
        for name in names:
            troubles.begin("app", name, code="BW-202", words=name, now=now, tell_at=now)
        for each in troubles.known():
            document = alert_channels.document("trouble", each.name, (each.words,), now)
            alerts.tell(each, troubles.told, document, CHANNELS, now)
    together = threading.Barrier(2)

    def work(worker: Worker) -> None:
        together.wait()
        with used(database):
            for channel in CHANNELS:
                while any(each.channel == channel and not each.sent_at for each in alerts.latest(100)):
                    alerting.send_next(worker, channel)

    failures = list[BothwaysError]()
    workers = [
        Worker(
            watch.worker.workspace,
            name,
            watch.runs.append,
            lambda _, error: failures.append(error),
            watch._ask,
            watch._ours,
        )
        for name in ("one", "two")
    ]
    threads = [threading.Thread(target=work, args=(each,)) for each in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(watch.mailbox.subjects()) == sorted(watch.posted()) == sorted(names)
    assert failures == []


def test_channel_is_tried_again_soon_after_its_first_failure(watch: Watch) -> None:
    watch.mailbox.refused = {"ops@example.com"}
    watch.office.bert.fail("changes", CredentialsRefused(app="Bert"), times=10_000)
    watch.go_on(60)
    watch.mailbox.refused = set()
    watch.go_on(16 * FIRST_PAUSE)
    assert watch.mailbox.subjects() == ["Bert fails (BW-202)"]
    assert watch.office.clock() < CALM + watch.mailbox.mails[0]["Date"].datetime.timestamp()


def test_test_goes_over_every_channel_and_fails_with_the_answer(watch: Watch) -> None:
    watch.mailbox.answer = "554 go away"
    failed, sent = alert_channels.test(watch.worker.workspace)
    assert isinstance(failed, AlertNotSent)
    assert "127.0.0.1 said 554 go away" in str(failed)
    assert not isinstance(sent, AlertNotSent)
    assert (sent.channel, sent.to, sent.answer) == ("webhook", watch.receiver.url, "HTTP 200, ok")
    assert json.loads(watch.receiver.asked[0].body)["event"] == "test"


def test_test_without_a_channel_says_that_nobody_is_alerted(office: Office) -> None:
    with pytest.raises(NoAlerts):
        next(alert_channels.test(office.open()))
