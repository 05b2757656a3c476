"""Request Tracker's own database before and after activity through its API: every change is one event with its author, nothing else is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contact_audit.runs.pipeline import Pipeline
from contact_audit.sources.adapters.request_tracker import RequestTracker
from contact_audit.windows import floor_border
from tests.conftest import NewDatabase
from tests.support.dumps import Direct, psql, restore
from tests.support.runs import backfill, new_pipeline, query, sync

ANNA, BOB, ROOT = ("agent", "27", "Anna.agent"), ("agent", "29", "Bob.agent"), ("agent", "14", "Enoch Root")
SYSTEM = ("system", "1", "RT_System")
_FIRST_NEW = 130
"""The first transaction that after.sql has and before.sql has not."""


@pytest.fixture
def rt(new_database: NewDatabase) -> str:
    """A database of Request Tracker, before."""
    dsn = new_database()
    restore(dsn, "request_tracker/before.sql")
    return dsn


@pytest.fixture
def pipeline(rt: str, audit_dsn: str) -> Pipeline:
    return new_pipeline(rt, audit_dsn, source="request_tracker")


def a_run(pipeline: Pipeline) -> None:
    """A manual run of the sync, now."""
    sync(pipeline, floor_border(datetime.now(UTC)))


def the_activity(dsn: str) -> None:
    """The database after the activity, whose times are moved to now."""
    restore(dsn, "request_tracker/after.sql")
    query(
        dsn,
        "update transactions set created = date_trunc('second', clock_timestamp() at time zone 'UTC') where id >= %s",
        (_FIRST_NEW,),
    )


def events(pipeline: Pipeline) -> list[dict[str, Any]]:
    """The log, contact by contact in order: who (kind, id, name), and what."""
    rows = query(
        pipeline.audit_dsn,
        """select contact_id::int, action, attribution, array[author_type, author_id, author_name] as author, channel, journal_entry_id,
            changes from audit.contact_audit_log order by contact_id::int, window_end, sequence""",
    )
    return [row | {"author": tuple(row["author"]), "changes": changes(row["changes"])} for row in rows]


def changes(found: list[dict[str, Any]]) -> dict[str, tuple[Any, Any]]:
    return {one["field"]: (one["old"], one["new"]) for one in found}


def done() -> list[tuple[int, str, tuple[str, str, str], dict[str, tuple[Any, Any]]]]:
    """What was done between the dumps, contact by contact, in order."""
    told: dict[int, list[tuple[str, tuple[str, str, str], dict[str, tuple[Any, Any]]]]] = {}
    for number in range(1, 21):
        contact = 29 + 2 * number
        told[contact] = [("update", ANNA, {"name": (f"Contact {number}", f"Contact {number} Renamed")})]
        if 5 <= number <= 12:
            told[contact].append(
                (
                    "update",
                    BOB,
                    {
                        "email": (f"c{number}@cust.example", f"c{number}.new@cust.example"),
                        "primary_phone": (f"+155500000{number:02}", f"+166600000{number:02}"),
                    },
                )
            )
        if number in (8, 9, 10):
            told[contact].append(("update", ROOT, {"name": (f"Contact {number} Renamed", f"Contact {number} Final")}))
        if number == 9:
            told[contact].append(("update", ROOT, {"name": ("Contact 9 Final", "Contact 9 Renamed")}))
        if number in (3, 6, 9):
            fields = {"custom_fields.Plan": ("free", "pro"), "custom_fields.Interests": (None, ["api", "billing"])}
            if number == 3:  # in the same second as her renaming, and Request Tracker knows seconds only: one save
                told[contact][0][2].update(fields)
            else:
                told[contact].append(("update", ANNA, fields))
        if number == 12:
            told[contact].append(("update", ANNA, {"custom_fields.Region": ("EU", None)}))
    for number in (30, 31):
        fields = {"name": (f"Contact {number}", None), "email": (f"c{number}@cust.example", None)}
        fields["primary_phone"] = (f"+155500000{number}", None)
        if number == 30:
            fields |= {"custom_fields.Plan": ("free", None), "custom_fields.Region": ("EU", None)}
        told[29 + 2 * number] = [("delete", ROOT, fields)]
    for number, contact in enumerate(range(151, 160, 2), 61):
        author = SYSTEM if contact in (153, 157) else ROOT
        told[contact] = [
            ("create", author, {"name": (None, f"Contact {number}"), "email": (None, f"c{number}@cust.example")})
        ]
    return [(contact, *one) for contact in sorted(told) for one in told[contact]]


def test_every_change_between_two_runs_is_one_event_with_its_author_and_nothing_else_is(
    pipeline: Pipeline, rt: str
) -> None:
    a_run(pipeline)
    assert events(pipeline) == []
    the_activity(rt)
    a_run(pipeline)
    found = events(pipeline)
    assert [(one["contact_id"], one["action"], one["author"], one["changes"]) for one in found] == done()
    assert len(found) == 42
    assert {(one["action"], one["attribution"]) for one in found} == {
        ("update", "recorded"),
        ("create", "matched"),  # Request Tracker tells of a birth no values, of a deactivation neither
        ("delete", "matched"),
    }
    kept = query(pipeline.audit_dsn, "select count(*)::int as n from audit.entries_without_event")
    assert kept == [{"n": 0}]


def test_the_same_from_the_journal_alone_is_unconfirmed_and_only_what_is_one_column_has_values(
    rt: str, audit_dsn: str
) -> None:
    restore(rt, "request_tracker/after.sql")
    pipeline = new_pipeline(rt, audit_dsn, source="request_tracker")
    report = backfill(
        pipeline, now=floor_border(datetime.now(UTC)) + timedelta(minutes=1), from_="2026-11-23T00:00:00Z"
    )
    found = events(pipeline)
    # 66 members of Unprivileged were created, Request Tracker's own user Nobody among them; of the changes all are there.
    assert report.by_action == {"create": 66, "update": 35, "delete": 2}
    assert report.by_attribution == {"unconfirmed": 103}
    composed = ("primary_phone", "custom_fields.Interests")
    expected = [
        (contact, author, {field: ends for field, ends in told.items() if field not in composed})
        for contact, action, author, told in done()
        if action == "update"
    ]
    assert [
        (one["contact_id"], one["author"], one["changes"]) for one in found if one["action"] == "update"
    ] == expected
    births = {one["contact_id"]: one["changes"] for one in found if one["action"] == "create"}
    # The creation of 131 went over a second's end.
    assert births[35] == births[131] == {"custom_fields.Plan": (None, "free"), "custom_fields.Region": (None, "EU")}


def written(dsn: str, kind: str, of: int = 31, by: int = 27, **values: Any) -> int:
    """One transaction about a user."""
    names = ["id", "objecttype", "objectid", "type", "creator", "created", *values]
    row = [
        query(dsn, "select max(id) + 1 as n from transactions")[0]["n"],
        "RT::User",
        of,
        kind,
        by,
        "2026-11-24",
        *values.values(),
    ]
    query(dsn, f"insert into transactions ({', '.join(names)}) values ({', '.join(['%s'] * len(row))})", row)
    return int(row[0])


def told(dsn: str, after: int = 129) -> list[dict[str, Any]]:
    return Direct(RequestTracker(), dsn).rows(after)


def test_the_primary_phone_is_the_first_that_is_filled_and_one_behind_it_is_no_change(rt: str) -> None:
    query(rt, "update users set workphone = 'w2', homephone = 'h1', mobilephone = '' where id = 31")
    written(rt, "Set", field="WorkPhone", oldvalue="w1", newvalue="w2")
    written(rt, "Set", field="MobilePhone", oldvalue="m1", newvalue="")
    written(rt, "Set", field="HomePhone", oldvalue="", newvalue="h1")
    assert Direct(RequestTracker(), rt).contacts()[31]["primary_phone"] == "w2"
    assert [row["items"] for row in told(rt)] == [
        [{"field": "primary_phone", "old": "m1", "new": "w2", "doubtful": True}]
    ]


def test_login_password_comments_and_privilege_are_no_event(rt: str) -> None:
    for field in ("Name", "Password", "Comments", "Organization", "Privileged", "AuthToken", "Signature"):
        written(rt, "Set", field=field, oldvalue="0", newvalue="1")
    assert told(rt) == []


def test_who_was_a_contact_stays_one_with_privileges(rt: str) -> None:
    query(rt, "update cachedgroupmembers set groupid = 4 where memberid = 31 and groupid = 5")
    assert not Direct(RequestTracker(), rt).contacts()[31]["in_scope"]
    written(rt, "Set", field="Privileged", oldvalue="0", newvalue="1")
    assert Direct(RequestTracker(), rt).contacts()[31]["in_scope"]


def test_a_value_that_version_6_keeps_elsewhere_or_that_is_over_its_column_is_no_proof(rt: str) -> None:
    written(rt, "Set", field="RealName", referencetype="RT::ObjectContent", oldreference=1, newreference=2)
    written(rt, "Set", field="RealName", oldvalue="A", newvalue="x" * 130)
    assert [row["items"] for row in told(rt)] == [
        [{"field": "name"}],
        [{"field": "name", "old": "A", "new": "x" * 130, "doubtful": True}],
    ]


def test_a_custom_field_whose_value_is_gone_is_named(rt: str) -> None:
    kept = {"field": "2", "referencetype": "RT::ObjectCustomFieldValue"}
    written(rt, "CustomField", of=35, oldreference=9999, newreference=1, **kept)
    written(rt, "CustomField", of=35, newreference=1, **kept)
    assert [row["items"] for row in told(rt)] == [
        [{"field": "custom_fields.Plan"}],
        [{"field": "custom_fields.Plan", "old": None, "new": "free"}],
    ]


def test_a_long_value_is_read_from_where_it_is_kept(rt: str) -> None:
    query(rt, "update objectcustomfieldvalues set content = null, largecontent = repeat('x', 300) where id = 2")
    assert Direct(RequestTracker(), rt).contacts()[35]["custom_fields"]["Region"] == "x" * 300


def test_enabled_is_a_restore_and_the_contacts_own_edit_is_his(rt: str) -> None:
    written(rt, "Disabled")
    written(rt, "Enabled")
    written(rt, "Set", by=31, field="RealName", oldvalue="Contact 1", newvalue="Me")
    assert [(row["action"], row["author_type"]) for row in told(rt)] == [
        ("delete", "agent"),
        ("restore", "agent"),
        ("update", "contact"),
    ]


def test_who_has_the_right_superuser_is_an_admin(rt: str) -> None:
    psql(
        rt,
        """create table acl (id integer, principaltype varchar(25), principalid integer, rightname varchar(25), objecttype varchar(25),
            objectid integer);
        insert into acl values (1, 'Group', 15, 'SuperUser', 'RT::System', 1);""",
    )
    written(rt, "Set", by=14, field="RealName", oldvalue="a", newvalue="b")
    written(rt, "Set", by=27, field="RealName", oldvalue="b", newvalue="c")
    assert [row["author_type"] for row in told(rt)] == ["admin", "agent"]


def test_a_merge_is_a_delete_into_the_other_by_who_merged(rt: str) -> None:
    psql(
        rt,
        """create table attributes (id integer, name varchar(255), content text, objecttype varchar(64), objectid integer);
        insert into attributes values (1, 'EffectiveId', '33', 'RT::User', 31), (2, 'MergedUsers', 'x', 'RT::User', 33);""",
    )
    written(rt, "Set", field="Comments", oldvalue="", newvalue="Merged into c2@cust.example (33)")
    written(rt, "Set", of=33, field="Comments", oldvalue="", newvalue="c1@cust.example (31) merged into this user")
    contact = Direct(RequestTracker(), rt).contacts()[31]
    assert (contact["deleted"], contact["merged_into"]) == (True, 33)
    assert [
        (row["contact_id"], row["action"], row["channel"], row["merged_into"], row["author_name"]) for row in told(rt)
    ] == [(31, "delete", "merge", 33, "Anna.agent")]


def merged(dsn: str, who: int, into: int) -> None:
    """What the extension MergeUsers leaves of a merge, but for the comments."""
    query(
        dsn,
        """create table if not exists attributes (id serial, name varchar(255), content text, objecttype varchar(64), objectid integer);
        insert into attributes (name, content, objecttype, objectid) values ('EffectiveId', %s, 'RT::User', %s)""",
        (str(into), who),
    )


def test_merges_are_in_the_log_with_the_survivor_and_a_split_is_a_restore(rt: str, pipeline: Pipeline) -> None:
    a_run(pipeline)
    for who, into, comments in ((31, 33, "Merged into c2@cust.example (33)"), (33, 35, None)):
        merged(rt, who, into)
        if comments:
            entry = written(rt, "Set", of=who, field="Comments", oldvalue="", newvalue=comments)
            query(
                rt,
                "update transactions set created = date_trunc('second', clock_timestamp() at time zone 'UTC') where id = %s",
                (entry,),
            )
    a_run(pipeline)
    text = """select contact_id, action, channel, merged_into, author_name from audit.contact_audit_log
        where action <> 'create' order by window_end, contact_id, sequence"""
    assert [tuple(row.values()) for row in query(pipeline.audit_dsn, text)] == [
        ("31", "delete", "merge", "33", "Anna.agent"),
        ("33", "delete", "merge", "35", None),  # no comment tells who merged it
    ]
    chain = "select contact_id, merged_into from audit.contact_identities('35') order by contact_id"
    assert [tuple(row.values()) for row in query(pipeline.audit_dsn, chain)] == [
        ("31", "33"),
        ("33", "35"),
        ("35", None),
    ]
    query(rt, "delete from attributes where objectid = 31")
    a_run(pipeline)
    assert [(row["contact_id"], row["action"]) for row in query(pipeline.audit_dsn, text)] == [
        ("31", "delete"),
        ("31", "restore"),
        ("33", "delete"),
    ]
    assert [tuple(row.values()) for row in query(pipeline.audit_dsn, chain)] == [("33", "35"), ("35", None)]


def test_tables_in_a_schema_of_their_own_are_found_by_the_setting(new_database: NewDatabase, audit_dsn: str) -> None:
    dsn = new_database()
    restore(dsn, "request_tracker/before.sql", schema="rt5")
    pipeline = new_pipeline(dsn, audit_dsn, source="request_tracker", source_schema="rt5")
    a_run(pipeline)
    assert query(pipeline.audit_dsn, "select count(*)::int as n from captures.contact_snapshots")[0]["n"] >= 61
