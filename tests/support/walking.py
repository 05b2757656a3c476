"""A helpdesk of the reference schema whose columns are given other types and whose rows odd values, one at a time.

Each value stands in a row of its own, so that a world holds all of them and each is judged by what became of its own contact.
"""

from contextlib import suppress
from typing import Any

import psycopg2

from tests.support.runs import query

CLOCKS = ("2024-03-02 00:00+00", "2024-03-04 00:00+00", "2024-03-06 00:00+00", "2024-03-08 00:00+00")
"""Two days between them, and an entry in the middle: a date, which is its midnight, tells them apart, too."""

VALUES: tuple[str | None, ...] = (
    *(
        None,
        "",
        " ",
        "0",
        "1",
        "-1",
        "7",
        "007",
        "+7",
        " 7 ",
        "7.0",
        "7.5",
        "1e3",
        "-0",
        "NaN",
        "Infinity",
        "null",
        "NULL",
    ),
    *(
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "12345678901234567890123",
        "9007199254740993",
    ),
    *("true", "false", "t", "no", "maybe", "full", "changed", "FULL", "update", "restore", "merge", "agent", "robot"),
    *(
        "Ann@x",
        "ann@x",
        "plain ",
        "\u00a0",
        "René",
        "Rene\u0301",
        "名前",
        "👩",
        "a\nb",
        "'; drop",
        "%s %(x)s",
        "\\",
        "x" * 300,
    ),
    *(
        "2024-03-07 01:00+00",
        "2024-03-07 02:00",
        "20240-01-01",
        "0044-03-15 BC",
        "infinity",
        "-infinity",
        "0001-01-01",
        "9999-12-31",
    ),
    *(
        "4000000-01-01",
        "10.0.0.1",
        "10.0.0.0/8",
        "1.2.3.4/255.255.255.0",
        "fe80::1%eth0",
        "::ffff:1.2.3.4",
        "010.0.0.1",
        "999.1.1.1",
    ),
    *(
        "{}",
        '{"plan": "b"}',
        '{"plan": "b"',
        '{"plan": "\\u0000"}',
        '{"plan": "\\ud800"}',
        '{"plan": "\\ud83d\\ude00"}',
        "[]",
        '"x"',
    ),
    *(
        '[{"field": "custom_fields.plan", "old": "a", "new": "b"}]',
        '[{"field": "custom_fields.plan"',
        '[{"field": "\\u0000"}]',
    ),
    *(
        '[{"field": "name", "old": 1e400000, "new": null}]',
        "1,2",
        '[{"field": "email"}],[{"field": "email"}]',
        '{"a": 1, "a": 2}',
    ),
    "[" * 6000,
)

TYPES: tuple[str, ...] = (
    *(
        "bigint",
        "integer",
        "smallint",
        "numeric",
        "text",
        "varchar",
        "char(12)",
        "name",
        "citext",
        "a_word",
        "an_id",
        "a_text",
    ),
    *("boolean", "jsonb", "json", "timestamptz", "timestamp", "date", "inet", "cidr", "uuid"),
    *("double precision", "bytea", "text[]", "interval", "oid", "xml", "money"),
)
"""a_word is an enum, an_id and a_text are domains; citext is one in name: the embedded server comes without extensions."""

_TEXTS = {"text", "varchar", "char(12)", "name", "a_text", "citext"}
_IDS = {"bigint", "integer", "smallint", "numeric", "an_id"} | _TEXTS
_MOMENTS = {"timestamptz", "timestamp", "date"}
READ = {
    "id": _IDS,
    "moment": _MOMENTS,
    "text": _TEXTS | {"a_word", "uuid", "bigint", "integer", "smallint", "an_id"},
    "object": _TEXTS | {"jsonb", "json"},
    "json": _TEXTS | {"jsonb", "json"},
    "flag": _TEXTS | {"boolean", "bigint", "integer", "smallint", "an_id"},
    "address": _TEXTS | {"inet", "cidr"},
}
COLUMNS = {
    "snapshots": {"snapshot_id": "id", "captured_at": "moment", "kind": "text"},
    "contact_snapshots": {
        "snapshot_id": "id",
        "contact_id": "id",
        "account_id": "id",
        "name": "text",
        "email": "text",
        "primary_phone": "text",
        "custom_fields": "object",
        "created_at": "moment",
        "deleted": "flag",
    },
    "contact_journal": {
        "entry_id": "id",
        "contact_id": "id",
        "account_id": "id",
        "occurred_at": "moment",
        "recorded_at": "moment",
        "action": "text",
        "author_type": "text",
        "author_id": "text",
        "author_name": "text",
        "ip_address": "address",
        "channel": "text",
        "changes": "json",
    },
    "custom_fields": {"account_id": "id", "field_key": "text", "label": "text", "field_type": "text"},
}

_LOOSE = """
drop schema if exists helpdesk cascade;
drop schema if exists other cascade;
create schema other;
create schema helpdesk;
create type other.citext;
create function other.citextin(cstring) returns other.citext language internal immutable strict as 'textin';
create function other.citextout(other.citext) returns cstring language internal immutable strict as 'textout';
create type other.citext (input = other.citextin, output = other.citextout, like = text, category = 'S');
create cast (other.citext as text) without function as implicit;
create cast (text as other.citext) without function as assignment;
create type other.a_word as enum (
    'full', 'changed', 'update', 'agent', 'base', 'Ann@x', 'ann@x', '', 'plan', 'Plan', 'text', 'api', 'Ann'
);
create domain other.an_id as bigint;
create domain other.a_text as text;
create table helpdesk.snapshots (kind text, other text, captured_at timestamptz, snapshot_id bigint);
create table helpdesk.contact_snapshots (
    deleted boolean, created_at timestamptz, custom_fields jsonb, primary_phone text, email text, name text,
    account_id bigint, contact_id bigint, snapshot_id bigint, whatever bytea
);
create table helpdesk.contact_journal (
    changes jsonb, channel text, ip_address inet, author_name text, author_id text, author_type text, action text,
    recorded_at timestamptz, occurred_at timestamptz, account_id bigint, contact_id bigint, entry_id bigint, whatever json
);
create table helpdesk.custom_fields (field_type text, label text, field_key text, account_id bigint);
"""

# A value stands in a row of contact 1000 + its number in capture 1002, a full one, and of 5000 + its number in 1003, a changed
# one; plan goes a, b, c, d.
_FILL = """
insert into helpdesk.snapshots (snapshot_id, captured_at, kind)
select 1000 + number, moment, case number when 3 then 'changed' else 'full' end
from unnest(%(clocks)s::timestamptz []) with ordinality as s (moment, number);
insert into helpdesk.contact_snapshots (
    snapshot_id, contact_id, account_id, name, email, primary_phone, custom_fields, created_at, deleted
)
select
    1000 + s.number, c.id, 1, 'base', 'base', 'base', jsonb_build_object('plan', substr('abcd', s.number, 1)),
    '2024-01-01 00:00+00', false
from generate_series(1, 4) as s (number)
cross join (select n + o as id from generate_series(1, %(count)s) as n cross join (values (1000), (5000)) as v (o)) as c;
insert into helpdesk.contact_journal (
    entry_id, contact_id, account_id, occurred_at, recorded_at, action, author_type, author_id, author_name, ip_address,
    channel, changes
)
select
    c.contact_id * 10 + s.number, c.contact_id, 1, s.moment - interval '12 hours', s.moment - interval '11 hours', 'update',
    'agent', '7', 'Ann', '10.0.0.7', 'api',
    jsonb_build_array(jsonb_build_object(
        'field', 'custom_fields.plan', 'old', substr('abcd', s.number::integer - 1, 1), 'new', substr('abcd', s.number::integer, 1)
    ))
from unnest(%(clocks)s::timestamptz []) with ordinality as s (moment, number)
inner join helpdesk.contact_snapshots as c on c.snapshot_id = 1000 + s.number
where s.number > 1;
insert into helpdesk.custom_fields (account_id, field_key, label, field_type) values (1, 'plan', 'Plan', 'text');
"""

# Each value by itself: what the type does not take stands nowhere, and is no cell.
_PLACE = """
create function pg_temp.place(command text, given text [], ids bigint [], out placed integer []) as $$
begin
    placed := '{}';
    for number in 1 .. array_length(given, 1) loop
        begin
            execute command using given[number], ids[number];
            placed := placed || number;
        exception when others then null;
        end;
    end loop;
end
$$ language plpgsql;
select pg_temp.place(%(command)s, %(given)s, %(ids)s) as placed
"""


def type_name(kind: str) -> str:
    """The type as SQL writes it."""
    return f"other.{kind}" if kind in ("a_word", "an_id", "a_text", "citext") else kind


def make(dsn: str, relation: str, column: str, kind: str, fill: bool = True) -> None:
    """A fresh helpdesk without any constraint, its columns in another order and with more of them, this one in another type."""
    query(dsn, _LOOSE)
    if fill:
        query(dsn, _FILL, {"clocks": list(CLOCKS), "count": len(VALUES)})
    name = type_name(kind)
    alter = f"alter table helpdesk.{relation} alter column {column} type {name} using "
    for using in (f"{column}::text::{name}", f"{column}::integer::{name}", "null"):
        with suppress(psycopg2.Error):  # what no value of the world can be cast to is empty
            query(dsn, alter + using)
            return


def place(dsn: str, relation: str, column: str, kind: str) -> list[int]:
    """Put each value in its rows; the numbers (from 1) of those that the type takes."""
    value = f"$1::{type_name(kind)}"
    commands = {
        "snapshots": "insert into helpdesk.snapshots (snapshot_id, captured_at, kind) values ("
        + ", ".join(
            value if name == column else other
            for name, other in (
                ("snapshot_id", "$2 + 2000"),
                ("captured_at", "'2024-03-07 00:00+00'::timestamptz + $2 * interval '1 day' / 1000"),
                ("kind", "'changed'"),
            )
        )
        + ")",
        "contact_snapshots": f"update helpdesk.contact_snapshots set {column} = {value} "
        "where (contact_id, snapshot_id) in (($2 + 1000, 1002), ($2 + 5000, 1003))",
        "contact_journal": f"update helpdesk.contact_journal set {column} = {value} where entry_id = ($2 + 1000) * 10 + 2",
        "custom_fields": "insert into helpdesk.custom_fields (account_id, field_key, label, field_type) values ("
        + ", ".join(
            value if name == column else other
            for name, other in (
                ("account_id", "2"),
                ("field_key", "'k' || $2"),
                ("label", "'L'"),
                ("field_type", "'text'"),
            )
        )
        + ")",
    }
    if (relation, column) == ("contact_snapshots", "snapshot_id"):  # one row more
        commands[relation] = (
            "insert into helpdesk.contact_snapshots (snapshot_id, contact_id, account_id, name, custom_fields, deleted) "
            f"values ({value}, $2 + 1000, 1, 'base', '{{}}', false)"
        )
    if relation == "contact_snapshots":
        query(dsn, "delete from helpdesk.contact_journal")  # what captures say is seen by itself
    ids = list(range(1, len(VALUES) + 1))
    # An empty full capture would lack all contacts: the brake has its own tests.
    given = [None if column == "kind" and value == "full" else value for value in VALUES]
    (row,) = query(dsn, _PLACE, {"command": commands[relation], "given": given, "ids": ids})
    placed: list[int] = row["placed"]
    return placed


def shown(number: int) -> str:
    """A value for a message."""
    value: Any = VALUES[number - 1]
    return repr(value if value is None or len(value) < 60 else value[:60] + "…")
