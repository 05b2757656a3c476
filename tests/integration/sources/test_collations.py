"""Columns that compare otherwise than the contract: citext and collations of ICU, of a server that has them (Debian's)."""

from collections.abc import Iterator

import pytest

from contact_audit.sql import statement
from tests.support.compact import expected, logged, moment, world_of
from tests.support.debian_postgres import server
from tests.support.runs import backfill, new_pipeline, query, sync
from tests.support.worlds import write_world

pytestmark = pytest.mark.heavy(minutes=5)

SPAN = {"from_": moment("-3:00").isoformat(), "to": moment("12:00").isoformat()}
# Case alone changes at three, and really; at six the entry says what the captures show, at nine nothing has changed.
STORY = """
    00:00 capture email=Ann@x name=René plan=a
    03:00 capture email=ann@x name=Rene plan=b
    05:00 update #1 ann email:ann@x>ANN@x
    06:00 {} email=ANN@x name=Rene plan=c
    09:00 capture email=ANN@x name=Rene plan=d
"""
TOLD = """
    03:00/1 [1-2] update 00:00..03:00 ? unattributed -: plan a>b, email "Ann@x">"ann@x", name René>Rene
    06:00/1 [2-3] update 05:00 ann recorded #1: email "ann@x">"ANN@x"
    06:00/2 [2-3] update 03:00..06:00 ? unattributed -: plan b>c
    09:00/1 [3-4] update 06:00..09:00 ? unattributed -: plan c>d
"""
WAYS = {
    "citext": "alter table helpdesk.{0} alter {1} type citext",
    "a collation that knows no case": 'alter table helpdesk.{0} alter {1} type text collate "no_case"',
    "one that knows no accents either": 'alter table helpdesk.{0} alter {1} type varchar collate "no_accents"',
    "citext below a domain": "alter table helpdesk.{0} alter {1} type a_mail",
}
COLUMNS = (
    *(("contact_snapshots", name) for name in ("name", "email", "primary_phone")),
    *(("contact_journal", name) for name in ("author_type", "author_id", "author_name", "channel", "action")),
    *(("custom_fields", name) for name in ("field_key", "label", "field_type")),
    ("snapshots", "kind"),
)


@pytest.fixture(scope="module")
def debian() -> Iterator[str]:
    with server("citext and collations of ICU") as dsn:
        yield dsn


@pytest.mark.parametrize("kind", ["capture", "changed"])
@pytest.mark.parametrize("way", WAYS)
def test_a_change_of_case_alone_is_told_once_and_where_it_was(way: str, kind: str, debian: str, audit_dsn: str) -> None:
    query(debian, "drop schema if exists helpdesk cascade")
    query(debian, statement("helpdesk/schema"))
    query(
        debian,
        """
        create extension if not exists citext;
        drop domain if exists a_mail;
        create domain a_mail as citext;
        create collation if not exists no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        create collation if not exists no_accents (provider = icu, locale = 'und-u-ks-level1', deterministic = false)
        """,
    )
    for relation, column in COLUMNS:
        query(debian, WAYS[way].format(relation, column))
    assert query(debian, "select null where (select 'A'::citext) = 'a'") == [{"?column?": None}]
    write_world(debian, world_of(STORY.format(kind)))
    pipeline = new_pipeline(debian, audit_dsn)
    for hour in ("00:00", "03:00", "06:00", "09:00", "12:00"):
        sync(pipeline, moment(hour))
    assert logged(audit_dsn) == expected(TOLD)
    backfill(pipeline, force=True, **SPAN)
    assert logged(audit_dsn) == expected(TOLD)
    assert query(audit_dsn, "select * from audit.superseded_events") == []
    assert query(audit_dsn, "select email, name from audit.contacts") == [{"email": "ANN@x", "name": "Rene"}]
