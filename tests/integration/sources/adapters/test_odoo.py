"""Odoo's own tables as they are known, not a real Odoo: what the adapter makes of them."""

from typing import Any

import pytest

from contact_audit.sources.adapters.odoo import Odoo
from tests.conftest import NewDatabase
from tests.support.dumps import Direct, psql, restore
from tests.support.runs import query


@pytest.fixture
def odoo(new_database: NewDatabase) -> str:
    """A database with Odoo's tables: user 2 is an agent, 3 a portal user, who is contact 4."""
    dsn = new_database()
    restore(dsn, "odoo/schema.sql")
    return dsn


def saved(dsn: str, tracked: dict[str, dict[str, Any]], of: int = 3, by: int = 2) -> None:
    """One message that tracks values, as Odoo writes it: field → column → value."""
    message = query(
        dsn,
        "insert into mail_message (model, res_id, create_uid, date) values ('res.partner', %s, %s, '2026-03-01 10:00') returning id",
        (of, by),
    )[0]["id"]
    for name, values in tracked.items():
        columns = ["mail_message_id", *values]
        query(
            dsn,
            f"""insert into mail_tracking_value (field_id, {", ".join(columns)})
            select id, {", ".join(["%s"] * len(columns))} from ir_model_fields where model = 'res.partner' and name = %s""",
            [message, *values.values(), name],
        )


def told(dsn: str) -> list[dict[str, Any]]:
    return Direct(Odoo(), dsn).rows()


def test_partners_are_contacts_but_for_those_of_internal_users(odoo: str) -> None:
    contacts = Direct(Odoo(), odoo).contacts()
    assert {id_: (row["in_scope"], row["deleted"], row["account_id"]) for id_, row in contacts.items()} == {
        1: (False, False, 0),
        2: (False, False, 0),
        3: (True, False, 1),
        4: (True, False, 0),
        5: (True, True, 0),
    }
    assert contacts[3]["custom_fields"] == {"x_plan": "basic", "x_tier": "gold", "x_seats": 5, "x_since": "2024-03-01"}
    assert contacts[4]["custom_fields"] == {"x_vip": True, "x_seats": 0}


def test_a_save_is_one_entry_and_labels_and_links_are_only_named(odoo: str) -> None:
    saved(
        odoo,
        {
            "email": {"old_value_char": "c@one.example", "new_value_char": "cleo@one.example"},
            "phone": {"old_value_char": "", "new_value_char": "+49 1"},
            "vat": {"old_value_char": "", "new_value_char": "DE1"},
            "x_plan": {"old_value_char": "free", "new_value_char": "basic"},
            "x_tier": {"old_value_char": "Silber", "new_value_char": "Gold"},
            "x_seats": {"old_value_integer": 4, "new_value_integer": 5},
            "x_vip": {"old_value_integer": 1, "new_value_integer": 0},
            "x_since": {"old_value_datetime": "2024-01-01", "new_value_datetime": "2024-03-01"},
            "x_owner": {"old_value_integer": 1, "old_value_char": "A", "new_value_integer": 2, "new_value_char": "B"},
        },
    )
    (row,) = told(odoo)
    assert row["items"] == [
        {"field": "email", "old": "c@one.example", "new": "cleo@one.example"},
        {"field": "primary_phone", "old": None, "new": "+49 1"},
        {"field": "custom_fields.x_owner"},
        {"field": "custom_fields.x_plan", "old": "free", "new": "basic"},
        {"field": "custom_fields.x_seats", "old": 4, "new": 5, "doubtful": True},
        {"field": "custom_fields.x_since", "old": "2024-01-01", "new": "2024-03-01", "doubtful": True},
        {"field": "custom_fields.x_tier"},
        {"field": "custom_fields.x_vip", "old": True, "new": None},
    ]
    assert (row["account_id"], row["author_type"], row["author_id"], row["author_name"]) == (
        1,
        "agent",
        "2",
        "Ann Agent",
    )


def test_archiving_is_a_delete_and_other_messages_are_noise(odoo: str) -> None:
    saved(odoo, {"active": {"old_value_integer": 1, "new_value_integer": 0}}, by=1)
    saved(odoo, {"active": {"old_value_integer": 0, "new_value_integer": 1}}, of=4, by=3)
    saved(odoo, {"vat": {"old_value_char": "", "new_value_char": "DE1"}})
    saved(odoo, {})
    assert [(row["action"], row["author_type"]) for row in told(odoo)] == [("delete", "system"), ("restore", "contact")]


def test_in_whose_name_a_message_stands_is_kept_beside_who_wrote_it(odoo: str) -> None:
    saved(odoo, {"email": {"old_value_char": "a@x", "new_value_char": "b@x"}})
    saved(odoo, {"email": {"old_value_char": "b@x", "new_value_char": "c@x"}})
    query(
        odoo, "update mail_message set author_id = 2 where id = (select min(id) from mail_message)"
    )  # his own partner
    query(odoo, "update mail_message set author_id = 4 where id = (select max(id) from mail_message)")
    name = query(odoo, "select name from res_partner where id = 4")[0]["name"]
    assert [(row["author_id"], row["on_behalf_of"]) for row in told(odoo)] == [("2", None), ("2", f"{name} (4)")]


def test_an_older_version_with_mobile_and_fields_by_name_is_read(odoo: str) -> None:
    psql(
        odoo,
        """alter table res_partner add mobile varchar;
        update res_partner set mobile = '+49 4' where id = 4;
        alter table mail_tracking_value rename field_id to field;
        alter table mail_tracking_value alter field type varchar;
        alter table ir_model_fields alter field_description type varchar using field_description ->> 'en_US';
        insert into mail_message (id, model, res_id, create_uid, date) values (1, 'res.partner', 4, 2, '2026-03-01');
        insert into mail_tracking_value (mail_message_id, field, old_value_char, new_value_char) values (1, 'phone', '+49 5', '');""",
    )
    assert Direct(Odoo(), odoo).contacts()[4]["primary_phone"] == "+49 4"
    assert [row["items"] for row in told(odoo)] == [[{"field": "primary_phone"}]]
    labels = {row["label"] for row in Direct(Odoo(), odoo).read("fields")}
    assert labels == {"Plan", "Tier", "Seats", "VIP", "Since", "Owner"}
