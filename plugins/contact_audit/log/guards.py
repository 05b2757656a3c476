"""What guards the log in the database itself: triggers, the functions that digest and chain, rights, partitions."""

from collections.abc import Iterator

from psycopg2.extensions import connection as Connection

from contact_audit.log.findings import Finding, rows


def findings(connection: Connection) -> Iterator[Finding]:
    """What of it is missing, switched off or another than the revisions made."""
    for row in rows(connection, "triggers"):
        yield Finding(f"the trigger {row['trigger']} on audit.{row['relation']} is missing or switched off")
    for row in rows(connection, "functions"):
        yield Finding(f"the function {row['function']} {row['problem']}")
    for row in rows(connection, "rights"):
        yield Finding(f"{row['role']} may {row['privilege']} {row['relation']}")
    for row in rows(connection, "partitions"):
        yield Finding(f"audit.{row['partition']} {row['problem']}")


def gaps(connection: Connection) -> list[str]:
    """Sentences about stretches between loaded windows that were never loaded: no sign of tampering, and nothing is known of them."""
    return [
        f"nothing was loaded of ({row['gap_start'].isoformat()}, {row['gap_end'].isoformat()}], {row['windows']:,} windows: "
        "a backfill of that span fills them"
        for row in rows(connection, "gaps")
    ]
