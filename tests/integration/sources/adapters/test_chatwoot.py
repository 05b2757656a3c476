"""Chatwoot's own tables, two accounts, with and without audits: what the adapter makes of them."""

from typing import Any

import psycopg2.extras
import pytest

from contact_audit.sources.adapters.chatwoot import Chatwoot
from tests.conftest import NewDatabase
from tests.support.dumps import Direct, psql, restore
from tests.support.runs import query


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
