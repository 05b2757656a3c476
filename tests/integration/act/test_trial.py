"""A watch file tried against the past year says what alerts it would have raised, and writes nothing."""

from datetime import timedelta

from contact_audit.act.trial import trial
from contact_audit.act.watch_file import parse_watches
from contact_audit.windows import HISTORY_START
from tests.support.runs import backfill, new_pipeline, query
from tests.support.worlds import load_world, write_world

WATCHES = parse_watches(
    """
watches:
  - {name: emails, says: Look., when: {field: email}}
  - {name: first, first: ip_address}
  - {name: many, count: {more_than: 2, within: 24h}}
  - {name: share, share: {more_than: 0 %}}
  - {name: never, when: {contact: nobody}}
"""
)


def test_a_trial_says_what_a_file_would_have_said(helpdesk_dsn: str, audit_dsn: str) -> None:
    write_world(helpdesk_dsn, load_world("plain"))
    last = HISTORY_START + timedelta(days=1)
    backfill(
        new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0), from_=HISTORY_START.isoformat(), to=last.isoformat()
    )
    lines = list(trial(audit_dsn, WATCHES, last + timedelta(days=40)))
    assert lines[0] == "2018-11-11 to 2019-11-11:"
    (counted,) = query(
        audit_dsn,
        """
        select
            count(*) filter (where fields @> '["email"]') as emails,
            count(distinct (author_type, coalesce(author_id, author_name), ip_address)) filter (
                where ip_address is not null and coalesce(author_id, author_name) is not null
            ) as first,
            count(distinct (account_id, window_end)) as share
        from audit.contact_audit_log
        """,
    )
    assert counted["emails"] > 0 < counted["first"]
    for name, count in counted.items():
        assert f"{name}: {count:,} alert{'' if count == 1 else 's'}" in lines
    assert "never: 0 alerts" in lines
    assert any(line.startswith("many: ") and line[6] != "0" for line in lines)
    assert "  Look." in lines
    assert any("contact " in line and ", by " in line for line in lines)
    assert list(trial(audit_dsn, WATCHES, last + timedelta(days=500)))[1:] == [
        line for watch in WATCHES.all for line in [f"{watch.name}: 0 alerts", *(["  Look."] if watch.says else [])]
    ]
    assert query(audit_dsn, "select * from audit.alerts union all select * from audit.alerts") == []
