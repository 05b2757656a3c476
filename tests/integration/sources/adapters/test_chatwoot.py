"""Chatwoot's own tables, two accounts, with and without audits: what the adapter makes of them."""

from datetime import UTC, datetime
from typing import Any

import psycopg2.extras
import pytest

from contact_audit.runs.pipeline import Pipeline
from contact_audit.sources.adapters.chatwoot import Chatwoot
from contact_audit.windows import floor_border
from tests.conftest import NewDatabase
from tests.support.dumps import Direct, psql, restore
from tests.support.runs import new_pipeline, query, sync


@pytest.fixture
def chatwoot(new_database: NewDatabase) -> str:
    """A database with Chatwoot's tables: accounts 1 and 2; contact 3 is a nameless visitor."""
    dsn = new_database()
    restore(dsn, "chatwoot/schema.sql")
    return dsn


def audited(dsn: str, action: str, changes: dict[str, Any], contact: int = 1, by: int | None = 2) -> None:
    """One audit, as the gem `audited` writes it."""
    query(
        dsn,
        """insert into audits (auditable_type, auditable_id, associated_type, associated_id, user_type, user_id, username, action,
            audited_changes, remote_address, created_at)
        values ('Contact', %s, 'Account', 1, %s, %s, 'someone@desk.example', %s, %s, '203.0.113.9', '2026-03-01 10:00')""",
        (contact, "User" if by else None, by, action, psycopg2.extras.Json(changes)),
    )


def told(dsn: str) -> list[dict[str, Any]]:
    return Direct(Chatwoot(), dsn).rows()


def test_accounts_are_tenants_and_visitors_without_an_address_are_out_of_scope(chatwoot: str) -> None:
    contacts = Direct(Chatwoot(), chatwoot).contacts()
    assert {id_: (row["account_id"], row["in_scope"]) for id_, row in contacts.items()} == {
        1: (1, True),
        2: (2, True),
        3: (1, False),
        4: (1, True),
    }


def test_custom_attributes_count_with_or_without_a_definition(chatwoot: str) -> None:
    contacts = Direct(Chatwoot(), chatwoot).contacts()
    assert contacts[1]["custom_fields"] == {"plan": "pro", "seats": 5, "loose": True}
    assert contacts[2]["custom_fields"] == {"plan": "basic"}
    assert contacts[2]["primary_phone"] is None


def test_definitions_of_contacts_label_them_account_by_account(chatwoot: str) -> None:
    assert [tuple(row.values()) for row in Direct(Chatwoot(), chatwoot).read("fields")] == [
        (1, "custom_fields.plan", "Plan", "dropdown"),
        (1, "custom_fields.seats", "Seats", "number"),
        (2, "custom_fields.plan", "Tariff", "text"),
    ]


def test_without_audits_and_agents_contacts_are_still_read(chatwoot: str) -> None:
    psql(chatwoot, "drop table audits, users, account_users, custom_attribute_definitions;")
    direct = Direct(Chatwoot(), chatwoot)
    assert (len(direct.contacts()), direct.rows(), direct.read("newest")) == (4, [], [{"entry_id": None, "entries": 0}])


def test_an_audited_update_gives_both_values_of_each_field(chatwoot: str) -> None:
    audited(
        chatwoot,
        "update",
        {
            "name": ["Mia", "Mia Moss"],
            "phone_number": [None, "+4911"],
            "custom_attributes": [{"plan": "free", "seats": 5}, {"plan": "pro", "seats": 5, "loose": True}],
            "last_activity_at": ["2026-02-01", "2026-03-01"],
        },
    )
    (row,) = told(chatwoot)
    assert row["items"] == [
        {"field": "primary_phone", "old": None, "new": "+4911"},
        {"field": "name", "old": "Mia", "new": "Mia Moss"},
        {"field": "custom_fields.loose", "old": None, "new": True},
        {"field": "custom_fields.plan", "old": "free", "new": "pro"},
    ]
    assert (row["author_type"], row["author_id"], row["author_name"]) == ("agent", "2", "Ben Agent")
    assert (row["account_id"], row["ip_address"]) == (1, "203.0.113.9")


def test_what_sets_itself_is_noise_and_a_name_of_several_columns_is_only_named(chatwoot: str) -> None:
    audited(
        chatwoot,
        "update",
        {"last_activity_at": ["2026-02-01", "2026-03-01"], "additional_attributes": [{}, {"city": "Oslo"}]},
    )
    audited(chatwoot, "update", {"last_name": ["", "Moss"]})
    assert [row["items"] for row in told(chatwoot)] == [[{"field": "name"}]]


def test_a_destroyed_contact_keeps_its_audit_with_the_author(chatwoot: str) -> None:
    audited(chatwoot, "destroy", {"name": "Ole", "email": None, "custom_attributes": {"plan": "x"}}, contact=4, by=1)
    query(chatwoot, "delete from contacts where id = 4")
    (row,) = told(chatwoot)
    assert (row["action"], row["author_type"], row["author_name"]) == ("delete", "admin", "Ann Admin")
    assert {"field": "name", "old": "Ole", "new": None} in row["items"]


def test_an_audit_without_a_user_has_the_name_it_gives(chatwoot: str) -> None:
    audited(chatwoot, "update", {"email": ["a@x", "mia@one.example"]}, by=None)
    (row,) = told(chatwoot)
    assert (row["author_type"], row["author_id"], row["author_name"]) == (None, None, "someone@desk.example")


def a_run(pipeline: Pipeline) -> None:
    sync(pipeline, floor_border(datetime.now(UTC)))


def events(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    """The log, contact by contact in order."""
    rows = query(
        pipeline.audit_dsn,
        """select account_id, contact_id, action, attribution, author_name, host(ip_address) as ip, changes
        from audit.contact_audit_log order by contact_id::int, window_end, sequence""",
    )
    return [
        (*list(row.values())[:-1], {one["field"]: (one["old"], one["new"]) for one in row["changes"]}) for row in rows
    ]


def test_changes_in_several_accounts_are_unattributed_without_audits_and_recorded_with_them(
    chatwoot: str, audit_dsn: str
) -> None:
    pipeline = new_pipeline(chatwoot, audit_dsn, source="chatwoot", brake_share=1.0)
    a_run(pipeline)
    query(
        chatwoot,
        """update contacts set custom_attributes = '{"plan": "gold"}', last_activity_at = now(), location = 'Oslo' where id = 2;
        update contacts set last_activity_at = now(), additional_attributes = '{"city": "Oslo"}' where id in (1, 3);
        update contacts set phone_number = '+4912', updated_at = now() where id = 1;
        delete from contacts where id = 4;
        insert into contacts (id, account_id, name, email, created_at, updated_at)
        values (5, 2, 'Pia', 'pia@two.example', clock_timestamp() at time zone 'UTC', now())""",
    )
    audited(chatwoot, "update", {"phone_number": ["+4911", "+4912"]})
    query(chatwoot, "update audits set created_at = clock_timestamp() at time zone 'UTC'")
    a_run(pipeline)
    assert events(pipeline) == [
        ("1", "1", "update", "recorded", "Ben Agent", "203.0.113.9", {"primary_phone": ("+4911", "+4912")}),
        ("2", "2", "update", "unattributed", None, None, {"custom_fields.plan": ("basic", "gold")}),
        ("1", "4", "delete", "unattributed", None, None, {"name": ("Ole", None)}),
        ("2", "5", "create", "unattributed", None, None, {"name": (None, "Pia"), "email": (None, "pia@two.example")}),
    ]


def test_a_merge_is_a_delete_and_an_update_and_nothing_tells_the_survivor(chatwoot: str, audit_dsn: str) -> None:
    pipeline = new_pipeline(chatwoot, audit_dsn, source="chatwoot", brake_share=1.0)
    a_run(pipeline)
    query(
        chatwoot,
        """delete from contacts where id = 4;
        update contacts set phone_number = '+4919' where id = 1""",
    )
    a_run(pipeline)
    assert [row[1:4] for row in events(pipeline)] == [("1", "update", "unattributed"), ("4", "delete", "unattributed")]
    told_of = query(pipeline.audit_dsn, "select distinct channel, merged_into from audit.contact_audit_log")
    assert [tuple(row.values()) for row in told_of] == [(None, None)]
