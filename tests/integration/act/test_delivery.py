"""Alerts on their way: to the log, to a mail server and to a webhook on loopback; once to each, and again where one did not take it."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from contact_audit.act.delivery import Delivered, deliver
from contact_audit.act.notifiers import notifier
from contact_audit.act.watch_file import parse_watches
from contact_audit.act.watch_rules import Destination
from contact_audit.windows import HISTORY_START
from tests.support.listening import MailServer, WebhookServer, listening
from tests.support.runs import query

FILE = """
watches:
  - {name: emails, says: Look at this., when: {field: email}}
  - {name: many, count: {more_than: 200, within: 1h}}
notify: [log, apprise: {tag: mail}, apprise: {tag: hook}]
"""
WATCHES = parse_watches(FILE)
ADDRESS = "http://audit.example/contact-activity/alerts"


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[MailServer, WebhookServer]]:
    """A mail server and a webhook, in the connection apprise_default."""
    with listening(MailServer()) as mail, listening(WebhookServer()) as hook:
        place = f"127.0.0.1:{mail.server_address[1]}"
        config = [
            {
                "path": f"mailto://{place}?from=audit@example.org&to=ops@example.org&smtp=127.0.0.1&mode=insecure",
                "tag": "mail",
            },
            {"path": f"json://127.0.0.1:{hook.server_address[1]}/hook", "tag": "hook"},
        ]
        made = {"conn_type": "apprise", "extra": {"config": config}}
        monkeypatch.setenv("AIRFLOW_CONN_APPRISE_DEFAULT", json.dumps(made))
        yield mail, hook


def send(destination: Destination, title: str, body: str) -> None:
    notifier(destination, title, body).notify({})


def alert(dsn: str, watch: str = "emails", kind: str = "event", **given: Any) -> int:
    """An alert with an event behind it, whose author has a name that would do harm as a template or to a terminal."""
    values = {
        "rule": "", "events": 1, "contacts": 1, "amount": 1.0, "at": HISTORY_START + timedelta(hours=1),
        "end": HISTORY_START + timedelta(hours=3), **given,
    }  # fmt: skip
    (row,) = query(
        dsn,
        """
        with event as (
            insert into audit.contact_audit_log (
                event_id, account_id, contact_id, action, author_type, author_id, author_name, ip_address, channel, occurred_at,
                occurred_after, sequence, changes, attribution, journal_entry_id, previous_snapshot_id, snapshot_id, window_start,
                window_end, rules_version, run_id
            )
            values (
                gen_random_uuid(), '1', '4711', 'update', 'agent', '7', E'{{ conn }}\\x1b[2J', '192.0.2.7', 'api', %(at)s, %(at)s, 1,
                '[{"field": "email", "old": "secret@x", "new": "new@x"}]', 'recorded', 1, 1, 2, %(end)s - interval '3 hours', %(end)s,
                1, 'test'
            )
            returning *
        ), alert as (
            insert into audit.alerts (
                watch, kind, key, rule, account_id, contact_id, author_type, author_id, first_at, last_at, events, contacts, amount,
                position, run_id
            )
            select
                %(watch)s, %(kind)s, event_id, %(rule)s, account_id, contact_id, author_type, author_id, occurred_at, occurred_at,
                %(events)s, %(contacts)s, %(amount)s, 1, 'test'
            from event
            returning alert_id
        )
        insert into audit.alert_events select alert_id, event_id, occurred_at, contact_id from alert, event
        returning alert_id
        """,
        {"watch": watch, "kind": kind, **values},
    )
    return int(row["alert_id"])


def state(dsn: str) -> list[tuple[int, bool]]:
    """How many destinations have each alert, and whether it is delivered."""
    rows = query(dsn, "select cardinality(delivered_to) as had, delivered_at from audit.alerts order by alert_id")
    return [(row["had"], row["delivered_at"] is not None) for row in rows]


def test_an_alert_goes_once_to_each_destination(
    audit_dsn: str, servers: tuple[MailServer, WebhookServer], caplog: pytest.LogCaptureFixture
) -> None:
    mail, hook = servers
    alert(audit_dsn)
    alert(
        audit_dsn,
        "many",
        "count",
        events=300,
        contacts=231,
        amount=221.0,
        rule="more than 200 contacts by one author within 1 hour",
    )
    with caplog.at_level(logging.WARNING):
        done = deliver(audit_dsn, WATCHES, send, ADDRESS)
    assert done == Delivered({one.key: 2 for one in WATCHES.notify}, {})
    assert [title for title, _ in mail.mails] == [one["title"] for one in hook.posts] == [
        "Contact Audit, emails: 1 alert",
        "Contact Audit, many: 1 alert",
    ]  # fmt: skip
    event, count = (one["message"] for one in hook.posts)
    assert event.splitlines() == [
        "Look at this.",
        "2019-10-01 01:00:00 UTC: contact 4711, update of email, by {{ conn }}�[2J (agent) [api, 192.0.2.7]",
        f"All alerts: {ADDRESS}",
    ]
    assert (
        "221 contacts by {{ conn }}�[2J (agent) [api, 192.0.2.7] (more than 200 contacts by one author within 1 hour)"
        in count
    )
    assert "contact 4711, update of email" in mail.mails[0][1]
    assert "Contact Audit, emails: 1 alert" in caplog.text
    assert "secret@x" not in str(mail.mails) + str(hook.posts) + caplog.text
    assert state(audit_dsn) == [(3, True), (3, True)]

    assert deliver(audit_dsn, WATCHES, send, ADDRESS) == Delivered()
    assert (len(mail.mails), len(hook.posts)) == (2, 2)


def test_what_a_destination_does_not_take_is_tried_again_there_alone(
    audit_dsn: str, servers: tuple[MailServer, WebhookServer]
) -> None:
    mail, hook = servers
    alert(audit_dsn)
    alert(audit_dsn, "many", "count")
    hook.status = 500
    done = deliver(audit_dsn, WATCHES, send, ADDRESS)
    assert list(done.failures) == ["apprise:apprise_default:hook"]
    assert "refused or did not answer" in done.failures["apprise:apprise_default:hook"]
    assert (len(mail.mails), hook.posts, state(audit_dsn)) == (2, [], [(2, False), (2, False)])

    hook.status = 200
    assert deliver(audit_dsn, WATCHES, send, ADDRESS) == Delivered({"apprise:apprise_default:hook": 2}, {})
    assert (len(mail.mails), len(hook.posts), state(audit_dsn)) == (2, 2, [(3, True), (3, True)])


def test_a_retraction_goes_to_those_who_had_the_alert(
    audit_dsn: str, servers: tuple[MailServer, WebhookServer]
) -> None:
    mail, hook = servers
    taken, unsaid = alert(audit_dsn), alert(audit_dsn, "many", "count")
    query(
        audit_dsn,
        "update audit.alerts set delivered_to = '{apprise:apprise_default:mail}' where alert_id = %s",
        [taken],
    )
    query(
        audit_dsn,
        "update audit.alerts set retracted_at = now(), retracted_why = 'evidence changed' where alert_id in (%s, %s)",
        [taken, unsaid],
    )
    assert deliver(audit_dsn, WATCHES, send, "") == Delivered({"apprise:apprise_default:mail": 1}, {})
    ((title, body),) = mail.mails
    assert title == "Contact Audit, emails: 1 alert taken back"
    assert "taken back (evidence changed): 2019-10-01 01:00:00 UTC: contact 4711" in body
    assert hook.posts == []
    assert deliver(audit_dsn, WATCHES, send, "") == Delivered()


def test_many_alerts_are_one_message_for_each_watch(audit_dsn: str) -> None:
    for number in range(25):
        alert(audit_dsn, at=HISTORY_START + timedelta(minutes=number + 1))
    said: list[tuple[str, str]] = []
    deliver(audit_dsn, parse_watches(FILE.replace("notify", "#")), lambda _, *message: said.append(message), "")
    ((title, body),) = said
    assert title == "Contact Audit, emails: 25 alerts"
    assert body.splitlines()[-1] == "and 5 more"
    assert len(body.splitlines()) == 22


def test_a_destination_that_is_no_more_holds_nothing_back(audit_dsn: str) -> None:
    number = alert(audit_dsn)
    query(audit_dsn, "update audit.alerts set delivered_to = '{log}' where alert_id = %s", [number])
    deliver(audit_dsn, parse_watches(FILE.replace("notify", "#")), send, "")
    assert state(audit_dsn) == [(1, True)]


def test_a_connection_without_that_tag_is_a_failure(audit_dsn: str, servers: tuple[MailServer, WebhookServer]) -> None:
    alert(audit_dsn)
    watches = parse_watches(FILE.replace("tag: hook", "tag: nobody"))
    done = deliver(audit_dsn, watches, send, "")
    assert "has no service of tag 'nobody'" in done.failures["apprise:apprise_default:nobody"]
