"""Alerts as the Activity page shows them: all, a contact's, one with the events behind it, and the way to its undo plan."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from contact_audit.act.alerts import look
from contact_audit.act.watch_file import parse_watches
from tests.support.activity import DANA, HOSTILE
from tests.support.activity_app import client, mounted
from tests.support.runs import query

NAME = "<b>seats & more</b>"
WATCHES = parse_watches(
    f"""
watches:
  - {{name: "{NAME}", when: {{field: "*", action: update, contact: "{DANA}"}}}}
  - {{name: at once, count: {{more_than: 1, within: 24h}}}}
"""
)


@pytest.fixture
def page(airflow: dict[str, str], activity_copy: str) -> Iterator[tuple[Any, str]]:
    """A client that may read, and the audit database, all of which was looked at."""
    query(activity_copy, "insert into audit.watching (position, since_position) values (0, 0)")
    assert look(activity_copy, WATCHES, "run").raised > 2
    with mounted(activity_copy) as app:
        yield client(app, "viewer"), activity_copy


def test_alerts_lead_to_the_events_behind_them_and_to_their_undo_plan(page: tuple[Any, str]) -> None:
    reader, dsn = page
    listed = reader.get("/alerts")
    assert listed.status_code == 200
    assert "&lt;b&gt;seats &amp; more&lt;/b&gt;" in listed.text
    assert NAME not in listed.text
    assert "more than 1 contacts by one author within 24 hours" in listed.text
    (count,) = query(dsn, "select * from audit.alerts where kind = 'count' order by alert_id desc limit 1")
    assert f'href="/contact-activity/alert/{count["alert_id"]}"' in listed.text

    one = reader.get(f"/alert/{count['alert_id']}").text
    shown = set(re.findall(r'id="event-([0-9a-f-]{36})"', one))
    behind = query(dsn, "select event_id from audit.alert_events where alert_id = %s", [count["alert_id"]])
    assert shown == {row["event_id"] for row in behind}
    assert f'href="/contact-activity/undo?alert={count["alert_id"]}"' in one
    assert HOSTILE not in one

    plan = reader.get("/api/undo", params={"alert": count["alert_id"]}).json()
    assert plan["filters"] == {"alert": str(count["alert_id"])}
    assert plan["events"] == len(behind)
    assert f"plan.zip?alert={count['alert_id']}" in reader.get("/undo", params={"alert": count["alert_id"]}).text


def test_a_contact_has_its_own_alerts_and_a_watch_too(page: tuple[Any, str]) -> None:
    reader, dsn = page
    assert f'href="/contact-activity/alerts/{DANA}"' in reader.get(f"/contacts/{DANA}").text
    mine = query(dsn, "select distinct alert_id from audit.alert_events where contact_id = %s", [DANA])
    text = reader.get(f"/alerts/{DANA}").text
    assert set(re.findall(r'id="alert-(\d+)"', text)) == {str(row["alert_id"]) for row in mine[:50]}
    watched = reader.get("/alerts", params={"watch": "at once"}).text
    assert re.findall(r'id="alert-(\d+)"', watched)
    assert "seats" not in watched
    oldest = min(row["alert_id"] for row in query(dsn, "select alert_id from audit.alerts"))
    assert "No alerts." in reader.get("/alerts", params={"before": oldest}).text


def test_what_was_taken_back_says_so(page: tuple[Any, str]) -> None:
    reader, dsn = page
    (row,) = query(
        dsn,
        "update audit.alerts set retracted_at = now(), retracted_why = 'evidence <i>changed</i>' "
        "where alert_id = (select max(alert_id) from audit.alerts) returning alert_id",
    )
    for path in ("/alerts", f"/alert/{row['alert_id']}"):
        text = reader.get(path).text
        assert "Taken back" in text
        assert "evidence &lt;i&gt;changed&lt;/i&gt;" in text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *((f"/alert/{one}", 404) for one in ("0", "99999999999999999999", "x", "4711471")),
        ("/alerts?before=0", 400),
        ("/alerts/nobody", 404),
    ],
)
def test_what_is_not_there_is_not_found(reader: Any, path: str, status: int) -> None:
    assert reader.get(path).status_code == status
