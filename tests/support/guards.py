"""Which functions guard the log, and include/sql/audit/verify/functions.sql, which knows what they are, made from a migrated database.

After a revision that changes one of them: python -m tests.support.guards <libpq address of a database at the newest revision>
"""

import sys

from contact_audit.sql import SQL_FOLDER
from tests.support.runs import query

FILE = SQL_FOLDER / "audit" / "verify" / "functions.sql"
GUARDS = (
    *("advance_ledger_head", "chain_entry", "commitment", "date_decision", "digest", "digest_as_event", "enter_decision"),
    *("entry_hash", "event_digest", "fresh_records", "keep_replaced_row", "listed", "merkle_root", "moment", "number_key"),
    *("refuse_to_change_evidence", "refuse_to_change_the_ledger", "schema_change_digest", "schema_change_held", "seal"),
    *("standing_records", "take_feed_position", "unpacked_records"),
)  # fmt: skip
_DEFINED = """
select
    p.proname as function,
    encode(sha256(convert_to(string_agg(
        regexp_replace(pg_get_functiondef(p.oid), '\\s+', '', 'g'), ' ' order by p.oid::regprocedure::text collate "C"
    ), 'UTF8')), 'hex') as digest
from pg_proc as p
where
    p.pronamespace = 'audit'::regnamespace
    and p.proname = any(%s)
group by p.proname
order by p.proname collate "C"
"""
_TEXT = """-- Functions that guard the log, digest it and chain it, and are not as the revisions made them: function, problem. Compared is
-- SHA-256 over the definitions of all functions of that name, as the server writes them, without white space. O(1).
with guard (function, digest) as (
    values
{rows}
),

defined as (
    select
        p.proname as function,
        encode(
            sha256(
                convert_to(
                    string_agg(
                        regexp_replace(pg_get_functiondef(p.oid), '\\s+', '', 'g'),
                        ' '
                        order by p.oid::regprocedure::text collate "C"
                    ),
                    'UTF8'
                )
            ),
            'hex'
        ) as digest
    from pg_proc as p
    where
        p.pronamespace = 'audit'::regnamespace
        and p.proname in (select guard.function from guard)
    group by p.proname
)

select
    'audit.' || guard.function as function,
    case when defined.digest is null then 'is missing' else 'is not as its revision made it' end as problem
from guard
left join defined on guard.function = defined.function
where guard.digest is distinct from defined.digest
order by guard.function
"""


def functions_sql(dsn: str) -> str:
    """The text of functions.sql, as the database's functions are."""
    found = query(dsn, "set search_path = pg_catalog; " + _DEFINED, [list(GUARDS)])
    assert [row["function"] for row in found] == sorted(GUARDS)
    rows = ",\n".join(f"    ('{row['function']}', '{row['digest']}')" for row in found)
    return _TEXT.format(rows=rows)


if __name__ == "__main__":
    FILE.write_text(functions_sql(sys.argv[1]), encoding="utf-8")
