"""Zammad's own tables, filled in its own formats: what the adapter makes of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contact_audit.runs.pipeline import Pipeline
from contact_audit.sources.adapters.zammad import Zammad
from contact_audit.windows import floor_border
from tests.conftest import NewDatabase
from tests.support.dumps import Direct, psql, restore
from tests.support.runs import backfill, new_pipeline, query, sync

_HISTORY = """
insert into histories
    (history_type_id, history_object_id, history_attribute_id, o_id, value_from, value_to, created_by_id, created_at, updated_at)
select t.id, o.id, a.id, %s, %s, %s, %s, %s::timestamp, %s::timestamp
from history_types as t, history_objects as o left join history_attributes as a on a.name = %s
where t.name = %s and o.name = 'User'
returning id
"""


@pytest.fixture
def zammad(new_database: NewDatabase) -> str:
    """A database with Zammad's tables: user 2 is an admin, 3 an agent, 10 to 14 are customers, 11 comes from LDAP."""
    dsn = new_database()
    restore(dsn, "zammad/schema.sql")
    return dsn


def written(
    dsn: str, attribute: str | None, old: str, new: str, of: int = 10, by: int = 3, at: str = "2026-03-01 10:00:00.123"
) -> int:
    """One row of the history, as Zammad writes it."""
    values = (of, old, new, by, at, at, attribute, "updated" if attribute else "created")
    return int(query(dsn, _HISTORY, values)[0]["id"])


def told(dsn: str) -> list[dict[str, Any]]:
    """What the adapter says of the history, oldest first."""
    return Direct(Zammad(), dsn).rows(-(2**62))


def items(dsn: str) -> list[Any]:
    return [row["items"] for row in told(dsn)]


def test_customers_are_contacts_by_what_their_roles_grant_whatever_the_roles_are_called(zammad: str) -> None:
    scope = {id_: row["in_scope"] for id_, row in Direct(Zammad(), zammad).contacts().items()}
    # 13 has a role that grants ticket.agent, but the role is not active.
    assert scope == {1: False, 2: False, 3: False, 10: True, 11: True, 12: True, 13: True, 14: True}


def test_a_contact_has_its_names_its_first_phone_and_the_columns_that_are_in_force(zammad: str) -> None:
    contacts = Direct(Zammad(), zammad).contacts()
    query(zammad, "update users set planned = 'no', retired = 'no', about = ''")
    assert (contacts[10]["name"], contacts[10]["primary_phone"]) == ("Cleo Kent", "+49 1")
    assert contacts[10]["custom_fields"] == {
        "plan": "basic",
        "seats": 3,
        "renewal": "2026-05-01",
        "interests": ["api"],
        "vip_customer": False,
    }
    assert (contacts[11]["primary_phone"], contacts[12]["name"], contacts[12]["primary_phone"]) == (
        "+49 11",
        "Eve",
        None,
    )


def test_fields_have_the_labels_and_types_of_their_definitions(zammad: str) -> None:
    assert {(row["field"], row["label"], row["field_type"]) for row in Direct(Zammad(), zammad).read("fields")} == {
        ("custom_fields.plan", "Plan", "dropdown"),
        ("custom_fields.seats", "Seats", "number"),
        ("custom_fields.renewal", "Renewal", "date"),
        ("custom_fields.called_at", "Called at", "date"),
        ("custom_fields.vip_customer", "VIP", "checkbox"),
        ("custom_fields.interests", "Interests", "multiple_choice"),
        ("custom_fields.about", "About", "text"),
    }


def test_an_older_version_without_mobile_and_without_some_tables_is_read(zammad: str) -> None:
    psql(
        zammad,
        "alter table users drop mobile; drop table roles, external_syncs, data_privacy_tasks, object_manager_attributes;",
    )
    written(zammad, "phone", "", "+49 1")
    contacts = Direct(Zammad(), zammad).contacts()
    assert (contacts[10]["primary_phone"], contacts[10]["custom_fields"]) == ("+49 1", {})
    assert items(zammad) == [[{"field": "primary_phone", "old": None, "new": "+49 1"}]]


def test_a_name_is_certain_where_one_save_wrote_both_of_its_columns(zammad: str) -> None:
    written(zammad, "firstname", "Cloe", "Cleo")
    written(zammad, "lastname", "Cent", "Kent")
    assert items(zammad) == [[{"field": "name", "old": "Cloe Cent", "new": "Cleo Kent"}]]


def test_a_name_is_doubtful_where_the_other_column_is_known_from_elsewhere(zammad: str) -> None:
    written(zammad, "firstname", "Cloe", "Chloe", at="2026-03-01 10:00")
    written(zammad, "lastname", "Cent", "Kent", at="2026-03-01 11:00")
    written(zammad, "firstname", "Chloe", "Cleo", at="2026-03-01 12:00")
    assert [(one["old"], one["new"], one["doubtful"]) for (one,) in items(zammad)] == [
        ("Cloe Cent", "Chloe Cent", True),
        ("Chloe Cent", "Chloe Kent", True),
        ("Chloe Kent", "Cleo Kent", True),
    ]


def test_a_phone_behind_another_is_no_change_and_two_that_swap_their_columns_are_none(zammad: str) -> None:
    written(zammad, "mobile", "+49 0", "+49 2")
    query(zammad, "update users set phone = '', mobile = '+49 7' where id = 12")
    written(zammad, "phone", "+49 7", "", of=12)
    written(zammad, "mobile", "", "+49 7", of=12)
    assert told(zammad) == []


def test_text_is_a_value_and_what_ruby_made_text_of_is_doubtful(zammad: str) -> None:
    written(zammad, "email", "CLEO@one.example", "cleo@one.example")
    written(zammad, "plan", "", "basic")
    written(zammad, "seats", "2", "3")
    written(zammad, "vip_customer", "true", "false")
    written(zammad, "renewal", "2026-04-01", "2026-05-01")
    written(zammad, "called_at", "", "2026-05-01 10:00:00 UTC")
    written(zammad, "interests", '["api", "billing"]', '["api"]')
    written(zammad, "interests", '["api", nil]', "")
    assert items(zammad) == [
        [{"field": "email", "old": "CLEO@one.example", "new": "cleo@one.example"}],
        [{"field": "custom_fields.plan", "old": None, "new": "basic"}],
        [{"field": "custom_fields.seats", "old": 2, "new": 3, "doubtful": True}],
        [{"field": "custom_fields.vip_customer", "old": True, "new": False, "doubtful": True}],
        [{"field": "custom_fields.renewal", "old": "2026-04-01", "new": "2026-05-01", "doubtful": True}],
        [{"field": "custom_fields.called_at", "old": None, "new": "2026-05-01T10:00:00", "doubtful": True}],
        [{"field": "custom_fields.interests", "old": ["api", "billing"], "new": ["api"], "doubtful": True}],
        [{"field": "custom_fields.interests"}],
    ]


def test_a_value_cut_at_500_names_its_field_only(zammad: str) -> None:
    written(zammad, "about", "", "x" * 500)
    written(zammad, "about", "x" * 499, "short")
    assert [list(one) for (one,) in items(zammad)] == [["field"], ["field", "old", "new"]]


def test_logins_organizations_and_fields_not_in_force_are_noise(zammad: str) -> None:
    for attribute in ("login_failed", "last_login", "organization", "login", "planned", "retired"):
        written(zammad, attribute, "0", "1")
    assert told(zammad) == []


def test_inactive_is_deleted_and_active_again_restored(zammad: str) -> None:
    written(zammad, None, "", "", at="2026-03-01 09:00")
    written(zammad, "active", "true", "false", at="2026-03-01 10:00")
    written(zammad, "active", "false", "true", at="2026-03-01 11:00")
    query(zammad, "update users set active = false where id = 12")
    assert [(row["action"], row["items"]) for row in told(zammad)] == [
        ("create", None),
        ("delete", None),
        ("restore", None),
    ]
    assert Direct(Zammad(), zammad).contacts()[12]["deleted"]


def test_authors_are_told_by_what_they_may_do_and_user_1_by_where_the_contact_comes_from(zammad: str) -> None:
    for at, (of, by) in enumerate([(10, 2), (10, 3), (10, 10), (10, 12), (10, 1), (11, 1), (10, 99)]):
        written(zammad, "email", f"{at}@x", f"{at + 1}@x", of=of, by=by)
    found = [(row["author_type"], row["author_id"], row["author_name"], row["channel"]) for row in told(zammad)]
    assert found == [
        ("admin", "2", "Ada Admin", None),
        ("agent", "3", "Bo Agent", None),
        ("contact", "10", "Cleo Kent", None),
        ("contact", "12", "Eve", None),
        ("system", "1", "System", None),
        ("integration", "1", "LDAP sync", "ldap"),
        (None, "99", None, None),
    ]


def test_a_destroyed_user_is_a_delete_by_who_asked_for_it_once_it_is_done(zammad: str) -> None:
    query(
        zammad,
        """insert into data_privacy_tasks
            (state, deletable_type, deletable_id, created_by_id, updated_by_id, created_at, updated_at) values
            ('completed', 'User', 14, 2, 1, '2026-03-01 10:00', '2026-03-01 10:05'),
            ('in process', 'User', 13, 2, 1, '2026-03-01 10:00', '2026-03-01 10:05'),
            ('completed', 'Ticket', 12, 2, 1, '2026-03-01 10:00', '2026-03-01 10:05')""",
    )
    (row,) = told(zammad)
    assert (row["entry_id"], row["contact_id"], row["action"], row["author_name"]) == (-1, 14, "delete", "Ada Admin")
    assert str(row["occurred_at"]) == "2026-03-01 10:05:00+00:00"


def a_run(pipeline: Pipeline) -> None:
    sync(pipeline, floor_border(datetime.now(UTC)))


def events(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    """The log, contact by contact in order."""
    rows = query(
        pipeline.audit_dsn,
        """select contact_id::int, action, attribution, author_name, channel, changes from audit.contact_audit_log
        order by contact_id::int, window_end, sequence""",
    )
    return [
        (*list(row.values())[:-1], {one["field"]: (one["old"], one["new"]) for one in row["changes"]}) for row in rows
    ]


def now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


def test_a_days_work_is_told_with_its_authors(zammad: str, audit_dsn: str) -> None:
    pipeline = new_pipeline(zammad, audit_dsn, source="zammad")
    a_run(pipeline)
    moment = now()
    written(zammad, "firstname", "Cleo", "Clio", at=moment)
    written(zammad, "seats", "3", "5", at=moment)
    written(zammad, "interests", '["api"]', '["api", "billing"]', at=moment)
    written(zammad, "login_failed", "0", "1", at=moment)
    query(
        zammad,
        "update users set firstname = 'Clio', seats = 5, interests = '{api,billing}', login_failed = 1 where id = 10",
    )
    written(zammad, "phone", "", "+49 9", of=11, by=1, at=moment)
    query(zammad, "update users set phone = '+49 9' where id = 11")
    written(zammad, "active", "true", "false", of=12, by=2, at=moment)
    query(zammad, "update users set active = false where id = 12")
    query(zammad, "update roles_users set role_id = 2 where user_id = 14")
    a_run(pipeline)
    found = events(pipeline)
    assert found == [
        (
            10,
            "update",
            "recorded",
            "Bo Agent",
            None,
            {
                "name": ("Cleo Kent", "Clio Kent"),
                "custom_fields.seats": (3, 5),
                "custom_fields.interests": (["api"], ["api", "billing"]),
            },
        ),
        (11, "update", "recorded", "LDAP sync", "ldap", {"primary_phone": ("+49 11", "+49 9")}),
        (
            12,
            "delete",
            "matched",
            "Ada Admin",
            None,
            {"name": ("Eve", None), "email": ("eve@three.example", None), "custom_fields.vip_customer": (False, None)},
        ),
    ]


def test_destroying_a_user_takes_his_history_and_his_name_but_not_what_was_copied(zammad: str, audit_dsn: str) -> None:
    pipeline = new_pipeline(zammad, audit_dsn, source="zammad", brake_share=1.0)
    a_run(pipeline)
    written(zammad, "email", "cleo@one.example", "cleo@new.example", by=3, at=now())
    written(zammad, "email", "gus@five.example", "gus@new.example", of=14, by=3, at=now())
    query(
        zammad, "update users set email = replace(replace(email, '@one', '@new'), '@five', '@new') where id in (10, 14)"
    )
    a_run(pipeline)
    before = events(pipeline)
    # Bo and Gus are destroyed: their own history goes, and what Bo did is user 1's from now on.
    query(
        zammad,
        """delete from histories where o_id in (3, 14); update histories set created_by_id = 1 where created_by_id = 3;
        delete from roles_users where user_id in (3, 14); delete from users where id in (3, 14);
        insert into data_privacy_tasks (state, deletable_type, deletable_id, created_by_id, updated_by_id, created_at, updated_at)
        select 'completed', 'User', id, 2, 1, clock_timestamp() at time zone 'UTC', clock_timestamp() at time zone 'UTC'
        from unnest(array[3, 14]) as id""",
    )
    a_run(pipeline)
    after = events(pipeline)
    assert [one[:4] for one in after] == [
        (10, "update", "recorded", "Bo Agent"),
        (14, "update", "recorded", "Bo Agent"),
        (14, "delete", "matched", "Ada Admin"),
    ]
    assert after[:2] == before
    a_run(pipeline)
    assert events(pipeline) == after
    started = floor_border(datetime.now(UTC))
    backfill(pipeline, now=started + timedelta(hours=3), from_=started.isoformat(), force=True)
    assert events(pipeline) == after
