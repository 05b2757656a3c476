"""The doctor names each fault that is planted, and only that one, with its fix; a healthy set-up has none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contact_audit.local.doctor import DAGS, Facts, findings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEALTHY = Facts(
    now=NOW,
    python=(3, 12),
    bytes_free=50 * 1024**3,
    helpdesk_clock=timedelta(seconds=1),
    audit_clock=timedelta(seconds=-1),
    schema_version="0007",
    schema_newest="0007",
    partitions_until=datetime(2036, 1, 1, tzinfo=UTC),
    dags=dict.fromkeys(DAGS, "active"),
    pool_slots=2,
    executor="LocalExecutor",
    time_zone="utc",
    metadata="postgresql",
    secrets={"AIRFLOW__API_AUTH__JWT_SECRET": "x" * 64},
    staging_is_private=True,
)
PLANTED: list[tuple[str, dict[str, Any], str]] = [
    ("python", {"python": (3, 10)}, "3.11 to 3.13"),
    ("disk", {"bytes_free": 1024**3}, "make room"),
    ("settings", {"settings_error": "CONTACT_AUDIT_SKEW is not a setting"}, "docs/operating.md"),
    ("port", {"port_is_taken": True}, "PORT="),
    ("helpdesk connection", {"helpdesk_error": "no route"}, "AIRFLOW_CONN_HELPDESK"),
    ("helpdesk rights", {"helpdesk_may_write": ("contact_journal",)}, "only select"),
    ("source index", {"missing_indexes": frozenset({("contact_journal", ("recorded_at",))})},
     "create index concurrently on helpdesk.contact_journal (recorded_at);"),
    ("helpdesk clock", {"helpdesk_clock": timedelta(minutes=5)}, "NTP"),
    ("audit connection", {"audit_error": "password"}, "AIRFLOW_CONN_CONTACT_AUDIT"),
    ("schema version", {"schema_version": "0003"}, "make migrate"),
    ("schema version", {"schema_version": None}, "make migrate"),
    ("audit rights", {"audit_may_write": False}, "writer"),
    ("reader role", {"reader_role": False}, "grant contact_audit_reader"),
    ("audit clock", {"audit_clock": timedelta(minutes=-5)}, "NTP"),
    ("partitions", {"partitions_until": datetime(2027, 1, 1, tzinfo=UTC)}, "upgrade"),
    ("metadata connection", {"metadata_error": "gone"}, "airflow db migrate"),
    ("dag missing", {"dags": dict.fromkeys(DAGS[1:], "active")}, "dags_folder"),
    ("dag broken", {"dags": dict.fromkeys(DAGS, "active") | {DAGS[2]: "broken"}}, "list-import-errors"),
    ("dag paused", {"dags": dict.fromkeys(DAGS, "active") | {DAGS[0]: "paused"}}, "unpause contact_audit_sync"),
    ("pool", {"pool_slots": None}, "airflow pools set helpdesk_db 2"),
    ("pool", {"pool_slots": 0}, "at least one"),
    ("metadata database", {"metadata": "sqlite"}, "PostgreSQL"),
    ("executor", {"executor": "SequentialExecutor"}, "LocalExecutor"),
    ("time zone", {"time_zone": "Europe/Berlin"}, "default_timezone = utc"),
    ("default secret", {"secrets": {"AIRFLOW__API_AUTH__JWT_SECRET": "airflow"}}, "make secrets"),
    ("short secret", {"secrets": {"AIRFLOW__API_AUTH__JWT_SECRET": "x" * 32}}, "64"),
    ("staging", {"staging_error": "no bucket"}, "CONTACT_AUDIT_STAGING"),
    ("staging rights", {"staging_is_private": False}, "chmod 700"),
]  # fmt: skip


def test_a_healthy_set_up_has_no_fault() -> None:
    assert findings(HEALTHY) == []


@pytest.mark.parametrize(
    ("name", "planted", "fix"), PLANTED, ids=[f"{name} {number}" for number, (name, *_) in enumerate(PLANTED)]
)
def test_a_planted_fault_is_named_with_its_fix(name: str, planted: dict[str, Any], fix: str) -> None:
    (found,) = findings(replace(HEALTHY, **planted))
    assert found.name == name
    assert fix in found.fix
    assert found.line() == f"{name}: {found.fault}\n    fix: {found.fix}"


def test_faults_planted_together_are_all_named() -> None:
    planted: dict[str, Any] = {}
    for _, one, _ in PLANTED:
        planted = one | planted
    # what hides others: a database that cannot be reached tells nothing else
    planted |= {"audit_error": None, "metadata_error": None}
    names = {finding.name for finding in findings(replace(HEALTHY, **planted))}
    # a fact holds one fault at a time: of those that share one, the first stands here
    hidden = {"audit connection", "metadata connection", "short secret", "staging rights", "dag broken", "dag paused"}
    assert names == {name for name, *_ in PLANTED} - hidden
    assert len(names) >= 15
