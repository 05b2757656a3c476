"""The views read as a person would write it down, with the labels of the day, and cost what is read of them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEWEST_FIRST = "order by occurred_at desc, window_end desc, sequence desc"


@pytest.fixture
def cursor(audit_dsn: str) -> Iterator[Cursor]:
    """In a transaction that is rolled back."""
    connection = psycopg2.connect(audit_dsn)
    try:
        yield connection.cursor()
    finally:
        connection.close()


def add_event(
    cursor: Cursor,
    changes: list[dict[str, Any]],
    action: str = "update",
    at: datetime = NOON,
    sequence: int = 1,
    window_end: datetime = NOON,
    account_id: str = "1",
) -> None:
    """An event of contact 4711, recorded in the journal."""
    cursor.execute(
        """
        insert into audit.contact_audit_log (
            event_id, account_id, contact_id, action, author_type, author_id, occurred_at, occurred_after, sequence,
            changes, attribution, journal_entry_id, previous_snapshot_id, snapshot_id, window_start, window_end,
            rules_version, run_id
        )
        values (
            gen_random_uuid(), %(account_id)s, '4711', %(action)s, 'agent', '7', %(at)s, %(at)s, %(sequence)s,
            %(changes)s, 'recorded', 900, 1, 2, %(window_end)s - interval '3 hours', %(window_end)s, 1, 'test'
        )
        """,
        {
            "account_id": account_id,
            "action": action,
            "at": at,
            "sequence": sequence,
            "changes": json.dumps(changes),
            "window_end": window_end,
        },
    )


def add_label(cursor: Cursor, field: str, label: str, since: str = "-infinity", field_type: str = "text") -> None:
    """A label in account 1."""
    cursor.execute("insert into audit.field_labels values ('1', %s, %s, %s, %s)", (field, label, field_type, since))


def change(field: str, old: object, new: object) -> dict[str, object]:
    return {"field": field, "old": old, "new": new}


def activity(cursor: Cursor) -> list[str]:
    """What contact_activity says, in its own order."""
    cursor.execute("select activity from audit.contact_activity")
    return [said for (said,) in cursor.fetchall()]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param("free", "pro", 'Plan changed from "free" to "pro"', id="text"),
        pytest.param(None, "pro", 'Plan set to "pro"', id="from none"),
        pytest.param("pro", None, 'Plan cleared (was "pro")', id="to none"),
        pytest.param(None, "", 'Plan set to ""', id="from none to empty"),
        pytest.param("", None, 'Plan cleared (was "")', id="from empty to none"),
        pytest.param("null", "NULL", 'Plan changed from "null" to "NULL"', id="texts that say null"),
        pytest.param("0044", "+44 20 Ä 😀", 'Plan changed from "0044" to "+44 20 Ä 😀"', id="signs and scripts"),
        pytest.param(
            'a "b"', "a\nPlan cleared", 'Plan changed from "a \\"b\\"" to "a\\nPlan cleared"', id="no way out of quotes"
        ),
        pytest.param(5, 12.5, "Plan changed from 5 to 12.5", id="numbers"),
        pytest.param(5, "5", 'Plan changed from 5 to "5"', id="a number and a text"),
        pytest.param(False, True, "Plan changed from no to yes", id="a checkbox"),
        pytest.param(None, False, "Plan set to no", id="a checkbox first seen"),
        pytest.param(["api", "billing"], None, 'Plan cleared (was "api, billing")', id="a list cleared"),
        pytest.param(None, ["api", "billing"], 'Plan set to "api, billing"', id="a list set"),
        pytest.param(["api", "billing"], ["billing", "web"], 'Plan: added "web", removed "api"', id="a list changed"),
        pytest.param(["api"], ["web", "api", "mobile"], 'Plan: added "web", "mobile"', id="a list that grew"),
        pytest.param(["api", 1], ["api"], "Plan: removed 1", id="a list that shrank"),
        pytest.param("api", ["api"], 'Plan changed from "api" to "api"', id="a text that became a list"),
        pytest.param({"a": 1}, {"a": None}, 'Plan changed from {"a": 1} to {"a": null}', id="an object"),
    ],
)
def test_a_change_is_a_sentence(cursor: Cursor, old: object, new: object, sentence: str) -> None:
    add_label(cursor, "custom_fields.plan", "Plan")
    add_event(cursor, [change("custom_fields.plan", old, new)])
    assert activity(cursor) == [sentence]


def test_each_change_has_its_line_and_the_contact_comes_before_its_custom_fields(cursor: Cursor) -> None:
    add_event(
        cursor,
        [
            change("custom_fields.plan", None, "pro"),
            change("email", "a@x", "b@x"),
            change("name", "Dana", "Dana W"),
            change("primary_phone", "+49 30 1", "+49 30 2"),
        ],
    )
    assert activity(cursor) == [
        'Name changed from "Dana" to "Dana W"\n'
        'Email changed from "a@x" to "b@x"\n'
        'Primary phone changed from "+49 30 1" to "+49 30 2"\n'
        'plan set to "pro"'
    ]


@pytest.mark.parametrize(
    ("action", "changes", "sentence"),
    [
        (
            "create",
            [change("custom_fields.vip", None, True), change("email", None, "d@x"), change("name", None, "Dana")],
            'Contact created: Name "Dana", Email "d@x", vip yes',
        ),
        ("restore", [change("name", None, "Dana")], 'Contact restored: Name "Dana"'),
        (
            "delete",
            [change("custom_fields.interests", ["api", "web"], None), change("name", "Dana", None)],
            'Contact deleted (was: Name "Dana", interests "api, web")',
        ),
        ("create", [], "Contact created"),
        ("restore", [], "Contact restored"),
        ("delete", [], "Contact deleted"),
    ],
)
def test_a_birth_and_a_death_are_one_sentence(
    cursor: Cursor, action: str, changes: list[dict[str, Any]], sentence: str
) -> None:
    add_event(cursor, changes, action)
    assert activity(cursor) == [sentence]


def test_a_label_is_the_one_of_the_day(cursor: Cursor) -> None:
    add_label(cursor, "custom_fields.plan", "Tariff", since="2021-01-01 00:00+00", field_type="text")
    add_label(cursor, "custom_fields.plan", "Plan", since="2023-01-01 00:00+00", field_type="dropdown")
    for year in (2020, 2021, 2022, 2023, 2026):
        add_event(cursor, [change("custom_fields.plan", None, "pro")], at=datetime(year, 1, 1, tzinfo=UTC))
    cursor.execute(
        "select label, field_type, extract(year from occurred_at at time zone 'UTC') from audit.contact_field_changes "
        + NEWEST_FIRST
    )
    # before the first label that is known, the first
    assert cursor.fetchall() == [
        ("Plan", "dropdown", 2026),
        ("Plan", "dropdown", 2023),
        ("Tariff", "text", 2022),
        ("Tariff", "text", 2021),
        ("Tariff", "text", 2020),
    ]
    cursor.execute(
        "select labels, activity from audit.contact_activity where occurred_at < '2023-01-01 00:00+00' limit 1"
    )
    assert cursor.fetchall() == [({"custom_fields.plan": "Tariff"}, 'Tariff set to "pro"')]


def test_a_label_is_the_accounts_own(cursor: Cursor) -> None:
    add_label(cursor, "custom_fields.plan", "Plan")
    add_label(cursor, "name", "Full name")
    add_event(cursor, [change("custom_fields.plan", None, "pro"), change("name", None, "Dana")], account_id="1")
    add_event(
        cursor, [change("custom_fields.plan", None, "pro"), change("name", None, "Dana")], account_id="2", sequence=2
    )
    cursor.execute("select account_id, label from audit.contact_field_changes order by account_id, field")
    assert cursor.fetchall() == [("1", "Plan"), ("1", "Full name"), ("2", "plan"), ("2", "Name")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", ""),
        (" 0044123", " 0044123"),
        (12, "12"),
        (12.50, "12.5"),
        (True, "yes"),
        (False, "no"),
        (["api", "billing", 1, True], "api, billing, 1, yes"),
        ([], None),
        ({"b": 1, "a": None}, '{"a": null, "b": 1}'),
    ],
)
def test_a_value_is_shown_as_text_and_kept_as_it_is(cursor: Cursor, value: object, text: str | None) -> None:
    add_event(cursor, [change("custom_fields.x", value, "other")])
    add_event(cursor, [change("custom_fields.x", "other", value)], sequence=2)
    cursor.execute("select old_value, new_value, old, new from audit.contact_field_changes order by sequence")
    assert cursor.fetchall() == [(text, "other", value, "other"), ("other", text, "other", value)]


def test_no_value_is_null_and_an_empty_one_is_not(cursor: Cursor) -> None:
    add_event(cursor, [change("email", None, "")])
    cursor.execute(
        "select old_value is null, old is null, new_value is null, new is null from audit.contact_field_changes"
    )
    assert cursor.fetchall() == [(True, True, False, False)]


def test_events_come_newest_first_and_in_their_order_within_a_moment(cursor: Cursor) -> None:
    before = NOON - timedelta(hours=1)
    add_event(cursor, [change("name", None, "second")], at=before, sequence=2)
    add_event(cursor, [change("name", None, "fourth")], at=NOON, window_end=NOON, sequence=3)
    add_event(cursor, [change("name", None, "first")], at=before, sequence=1)
    add_event(cursor, [change("name", None, "fifth")], at=NOON, window_end=NOON + timedelta(hours=3), sequence=1)
    add_event(cursor, [change("name", None, "third")], at=before, window_end=NOON + timedelta(hours=3), sequence=1)
    newest_first = ["fifth", "fourth", "third", "second", "first"]
    assert activity(cursor) == [f'Name set to "{value}"' for value in newest_first]
    cursor.execute(f"select activity from audit.contact_events {NEWEST_FIRST}")
    assert [sentence for (sentence,) in cursor.fetchall()] == activity(cursor)
    cursor.execute(f"select new_value from audit.contact_field_changes {NEWEST_FIRST}")
    assert [value for (value,) in cursor.fetchall()] == newest_first


def test_an_event_has_its_contacts_name_of_today_or_none(cursor: Cursor) -> None:
    add_event(cursor, [change("email", None, "d@x")])
    cursor.execute("select contact_name from audit.contact_activity")
    assert cursor.fetchall() == [(None,)]
    cursor.execute("insert into audit.contacts values ('4711', '1', 'Dana', null, null, '{}', null, false, 2)")
    cursor.execute(
        "select contact_name from audit.contact_activity union all select contact_name from audit.contact_field_changes"
    )
    assert cursor.fetchall() == [("Dana",), ("Dana",)]


def test_before_the_first_load_the_status_is_one_row(cursor: Cursor) -> None:
    cursor.execute("select * from audit.sync_status")
    assert cursor.fetchall() == [(None, None, None, None, None, None, 0, 0, 0, 0, 0, None, 0, None)]


def test_the_status_tells_the_last_window_and_what_comes(cursor: Cursor) -> None:
    moments = {"noon": NOON, "nine": NOON - timedelta(hours=3), "six": NOON - timedelta(hours=6)}
    add_event(cursor, [change("email", None, "a@x")], at=moments["nine"], window_end=moments["nine"])
    add_event(cursor, [change("email", "a@x", "b@x")])
    add_event(cursor, [change("email", "b@x", "c@x")], sequence=2)
    cursor.execute(
        """
        insert into audit.ledger (
            kind, window_start, window_end, events, entries_without_event, rejected, superseded, captures, whole,
            rules_version, run_id
        )
        values
        ('load', %(nine)s, %(noon)s, 2, 0, 2, 1, '{2}', true, 2, 'second'),
        ('load', %(six)s, %(nine)s, 1, 0, 0, 0, '{1}', true, 2, 'first');
        insert into audit.rejected_rows (relation, entry_id, used, row, reason, window_start, window_end, run_id)
        values
        ('contact_journal', 1, false, '{}', 'unknown action', %(nine)s, %(noon)s, 'second'),
        ('contact_journal', 2, true, '{}', 'impossible ip_address', %(nine)s, %(noon)s, 'second'),
        ('contact_journal', 3, false, '{}', 'unknown action', %(six)s, %(nine)s, 'first');
        update audit.state set
            complete_until = %(noon)s,
            last_run_id = 'second',
            last_run_at = %(noon)s,
            waiting_entries = 4,
            waiting_since = %(noon)s
        """,
        moments,
    )
    cursor.execute("select * from audit.sync_status")
    columns = [column.name for column in cursor.description or ()]
    assert [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()] == [
        {
            "data_complete_from": moments["six"],
            "data_complete_up_to": NOON,
            "last_run_id": "second",
            "last_run_at": NOON,
            "next_due": NOON + timedelta(hours=3),
            "last_window_end": NOON,
            "events_in_last_window": 2,
            "rejects_in_last_window": 1,
            "partly_used_in_last_window": 1,
            "superseded_in_last_window": 0,
            "waiting_entries": 4,
            "waiting_since": NOON,
            "windows_of_older_rules": 0,
            "renew_older_rules": None,
        }
    ]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.fixture
def many_events(cursor: Cursor) -> Cursor:
    """20,000 events in two years: 4,000 of contact 0, 4 of each other."""
    cursor.execute("""
        insert into audit.contact_audit_log (
            event_id, account_id, contact_id, action, author_type, author_id, occurred_at, occurred_after, sequence,
            changes, attribution, journal_entry_id, previous_snapshot_id, snapshot_id, window_start, window_end,
            rules_version, run_id
        )
        select
            gen_random_uuid(), '1', case when number % 5 = 0 then 0 else number % 4000 end, 'update', 'agent', '7',
            moment, moment, 1, '[{"field": "email", "old": "a@x", "new": "b@x"}]', 'recorded', number, 1, 2,
            border, border + interval '3 hours', 1, 'test'
        from generate_series(1, 20000) as number
        cross join lateral (select '2024-02-01 UTC'::timestamptz + number * interval '45 minutes' as moment) as at
        cross join lateral (select date_bin('3 hours', moment, '2019-10-01 UTC') as border) as its
    """)
    cursor.execute("insert into audit.field_labels values ('1', 'email', 'Email address', 'text')")
    cursor.execute("analyze audit.contact_audit_log")
    return cursor


@pytest.mark.parametrize(
    ("view", "order"),
    [
        ("contact_activity", ""),
        ("contact_events", NEWEST_FIRST),
        ("contact_events", "order by occurred_at desc"),
        ("contact_field_changes", NEWEST_FIRST),
    ],
)
@pytest.mark.parametrize(
    "where",
    [
        pytest.param("contact_id = '0'", id="of a busy contact"),
        pytest.param("contact_id = '17'", id="of a quiet contact"),
        pytest.param("author_type = 'agent' and author_id = '7'", id="of an author"),
        pytest.param("attribution = 'recorded'", id="of one attribution"),
        pytest.param("true", id="of all"),
    ],
)
def test_the_newest_fifty_are_read_by_index_and_only_they_are_worded(
    many_events: Cursor, view: str, order: str, where: str
) -> None:
    many_events.execute(f"explain (analyze, format json) select * from audit.{view} where {where} {order} limit 50")
    ((plans,),) = many_events.fetchall()
    visited = list(nodes(plans[0]["Plan"]))
    log = [node for node in visited if node.get("Relation Name", "").startswith("contact_audit_log")]
    worded = [node for node in visited if node.get("Function Name") == "jsonb_to_recordset"]
    # of a contact with a fifth of all events, reading past the others' is a fair plan
    assert sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in log) <= 500
    assert sum(node["Actual Loops"] for node in worded) <= 60


def test_counting_words_no_sentence(many_events: Cursor) -> None:
    many_events.execute(
        "explain (format json) select author_type, count(*) from audit.contact_activity group by author_type"
    )
    ((plans,),) = many_events.fetchall()
    assert "jsonb_to_recordset" not in {node.get("Function Name") for node in nodes(plans[0]["Plan"])}
