"""The doctor on real databases: what was planted in them is found, a set-up as it should be is not blamed."""

from contextlib import closing
from pathlib import Path

import psycopg2

from contact_audit.local import looked_at
from contact_audit.settings import Settings
from tests.support.runs import query


def test_a_reference_helpdesk_has_its_indexes_and_says_which_are_missing(helpdesk_dsn: str) -> None:
    found = looked_at._helpdesk(helpdesk_dsn, Settings(), embedded=True)
    assert found["missing_indexes"] == frozenset()
    assert abs(found["helpdesk_clock"].total_seconds()) < 30
    query(helpdesk_dsn, "drop index helpdesk.contact_journal_by_recorded_at")
    found = looked_at._helpdesk(helpdesk_dsn, Settings(), embedded=False)
    assert found["missing_indexes"] == {("contact_journal", ("recorded_at",))}
    assert "contact_journal" in found["helpdesk_may_write"]


def test_a_user_that_may_only_select_is_not_blamed(helpdesk_dsn: str) -> None:
    with closing(psycopg2.connect(helpdesk_dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("create role doctor_reads login")
        cursor.execute("grant usage on schema helpdesk to doctor_reads")
        cursor.execute("grant select on all tables in schema helpdesk to doctor_reads")
    try:
        found = looked_at._helpdesk(helpdesk_dsn.replace("postgres@", "doctor_reads@"), Settings(), embedded=False)
        assert found["helpdesk_may_write"] == ()
    finally:
        query(helpdesk_dsn, "drop owned by doctor_reads; drop role doctor_reads")


def test_a_database_that_is_not_there_is_an_error_that_names_it(helpdesk_dsn: str) -> None:
    gone = helpdesk_dsn.replace("/test_", "/no_such_")
    assert "no_such_" in looked_at._helpdesk(gone, Settings(), embedded=False)["helpdesk_error"]
    assert "no_such_" in looked_at._audit(gone)["audit_error"]


def test_a_migrated_audit_database_is_well_and_an_empty_one_is_to_be_migrated(
    audit_dsn: str, helpdesk_dsn: str
) -> None:
    found = looked_at._audit(audit_dsn)
    assert found["schema_version"] == found["schema_newest"]
    assert (found["audit_may_write"], found["reader_role"]) == (True, True)
    assert found["partitions_until"].year >= 2030
    assert looked_at._audit(helpdesk_dsn)["schema_version"] is None


def test_a_staging_folder_that_others_can_read_is_found(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert looked_at._staging(tmp_path.as_uri()) == {"staging_is_private": False}
    tmp_path.chmod(0o700)
    assert looked_at._staging(tmp_path.as_uri()) == {"staging_is_private": True}
    assert looked_at._staging((tmp_path / "not yet").as_uri()) == {}


def test_airflows_metadata_tells_of_dags_and_the_pool(airflow: dict[str, str]) -> None:
    found = looked_at._metadata(airflow["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
    assert (found["metadata"], found["pool_slots"]) == ("postgresql", 2)
    configured = looked_at._airflow(airflow)
    assert configured["time_zone"] == "utc"
    assert "AIRFLOW__API_AUTH__JWT_SECRET" in configured["secrets"]
