"""What is wrong with a set-up, each fault with its fix. Pure: what was found (looked_at.py) in, findings out.

A fact that could not be found out is None, and no fault of its own: what kept it from being found out is one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PYTHONS = ((3, 11), (3, 12), (3, 13))
FEWEST_BYTES_FREE = 2 * 1024**3
MOST_SKEW = timedelta(seconds=60)
FEWEST_YEARS_AHEAD = timedelta(days=2 * 365)
SHORTEST_SECRET = 64
DAGS = ("contact_audit_sync", "contact_audit_backfill", "contact_audit_export", "contact_audit_undo")
SOURCE_INDEXES = {
    ("contact_snapshots", ("contact_id", "snapshot_id")),
    ("contact_journal", ("occurred_at",)),
    ("contact_journal", ("recorded_at",)),
    ("contact_journal", ("contact_id", "occurred_at")),
}
"""What reading the reference schema needs: table and first columns."""
_DEFAULTS = ("", "airflow", "changeme", "change-me", "admin", "postgres", "password", "secret")


@dataclass(frozen=True)
class Facts:
    """What there is.

    Attributes:
        now: this machine's clock; python: its version; bytes_free: on the disk of the local state.
        settings_error: what is wrong with CONTACT_AUDIT_*; port, port_is_taken: the web server's, and whether somebody else has it.
        helpdesk_error, audit_error, metadata_error: why a database cannot be reached.
        helpdesk_may_write: tables that the reading user may write to; not asked of the embedded demo.
        missing_indexes: of SOURCE_INDEXES; reference schema only.
        helpdesk_clock, audit_clock: what time the databases have, less what this machine has.
        schema_version, schema_newest: the audit database's revision and the newest there is.
        audit_may_write, reader_role: whether the log can be loaded, and whether the role of those who read can be taken on.
        partitions_until: where the log's last yearly partition ends.
        dags: dag_id → "active", "paused" or "broken"; those that are missing are not in it.
        pool_slots: of the pool helpdesk_db; None: there is none.
        executor, time_zone, metadata: Airflow's; metadata is its database's dialect.
        secrets: name → value of secrets, as far as set here.
        staging_error: why the staging folder cannot be used; staging_is_private: whether it is its owner's alone (None: no file system).
    """

    now: datetime
    python: tuple[int, int]
    bytes_free: int
    settings_error: str | None = None
    port: int = 8080
    port_is_taken: bool = False
    helpdesk_error: str | None = None
    helpdesk_may_write: tuple[str, ...] = ()
    missing_indexes: frozenset[tuple[str, tuple[str, ...]]] = frozenset()
    helpdesk_clock: timedelta | None = None
    audit_error: str | None = None
    audit_clock: timedelta | None = None
    schema_version: str | None = None
    schema_newest: str = ""
    audit_may_write: bool = True
    reader_role: bool = True
    partitions_until: datetime | None = None
    metadata_error: str | None = None
    dags: dict[str, str] = field(default_factory=dict)
    pool_slots: int | None = None
    executor: str = ""
    time_zone: str = ""
    metadata: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    staging_error: str | None = None
    staging_is_private: bool | None = None


@dataclass(frozen=True)
class Finding:
    """A fault: its name, what is wrong, and what to do."""

    name: str
    fault: str
    fix: str

    def line(self) -> str:
        """For a reader."""
        return f"{self.name}: {self.fault}\n    fix: {self.fix}"


def findings(facts: Facts) -> list[Finding]:
    """Every fault; none: all is well."""
    return [Finding(*found) for part in (_machine, _helpdesk, _audit, _airflow, _staging) for found in part(facts)]


_Found = Iterator[tuple[str, str, str]]


def _machine(facts: Facts) -> _Found:
    if facts.python not in PYTHONS:
        yield (
            "python",
            f"this is Python {'.'.join(map(str, facts.python))}",
            "use Python 3.11 to 3.13: make PYTHON=python3.12 ...",
        )
    if facts.bytes_free < FEWEST_BYTES_FREE:
        free = f"{facts.bytes_free / 1024**3:.1f} GB free where local state lives"
        yield "disk", free, "make room, or point AUDIT_STATE_HOME at another disk"
    if facts.settings_error:
        yield "settings", facts.settings_error, "correct the environment variable; docs/operating.md lists them"
    if facts.port_is_taken:
        yield "port", f"another program has port {facts.port}", "PORT=... chooses another"


def _helpdesk(facts: Facts) -> _Found:
    if facts.helpdesk_error:
        yield (
            "helpdesk connection",
            facts.helpdesk_error,
            "mend the Airflow connection helpdesk (AIRFLOW_CONN_HELPDESK)",
        )
    if facts.helpdesk_may_write:
        tables = ", ".join(facts.helpdesk_may_write)
        yield "helpdesk rights", f"the reading user may write to {tables}", "use a user that may only select"
    for table, columns in sorted(facts.missing_indexes):
        index = f"create index concurrently on helpdesk.{table} ({', '.join(columns)});"
        yield "source index", f"helpdesk.{table} has no index that begins with ({', '.join(columns)})", index
    if facts.helpdesk_clock is not None and abs(facts.helpdesk_clock) > MOST_SKEW:
        yield "helpdesk clock", _off("the helpdesk database", facts.helpdesk_clock), "synchronise both clocks (NTP)"


def _audit(facts: Facts) -> _Found:
    if facts.audit_error:
        yield (
            "audit connection",
            facts.audit_error,
            "mend the Airflow connection contact_audit (AIRFLOW_CONN_CONTACT_AUDIT)",
        )
        return
    if facts.schema_version != facts.schema_newest:
        has = f"is at revision {facts.schema_version}" if facts.schema_version else "has no tables yet"
        yield "schema version", f"the audit database {has}; the newest is {facts.schema_newest}", "make migrate"
    if not facts.audit_may_write:
        yield (
            "audit rights",
            "the user of contact_audit may not load the log",
            "grant him the owner's or the writer's rights",
        )
    if not facts.reader_role:
        what = "the user of contact_audit may not take on contact_audit_reader: pages and exports show nothing"
        yield "reader role", what, "as an administrator: grant contact_audit_reader to that user"
    if facts.audit_clock is not None and abs(facts.audit_clock) > MOST_SKEW:
        yield "audit clock", _off("the audit database", facts.audit_clock), "synchronise both clocks (NTP)"
    if facts.partitions_until is not None and facts.partitions_until - facts.now < FEWEST_YEARS_AHEAD:
        what = f"the log's yearly partitions end on {facts.partitions_until:%Y-%m-%d}"
        yield "partitions", what, "upgrade: a newer release's make migrate adds the years to come"


def _airflow(facts: Facts) -> _Found:
    if facts.metadata_error:
        yield (
            "metadata connection",
            facts.metadata_error,
            "mend AIRFLOW__DATABASE__SQL_ALCHEMY_CONN, then airflow db migrate",
        )
    else:
        for dag_id in DAGS:
            state = facts.dags.get(dag_id)
            if state is None:
                what = f"Airflow does not know the DAG {dag_id}"
                yield "dag missing", what, "point [core] dags_folder at dags/, and start the DAG processor"
            elif state == "broken":
                yield "dag broken", f"the DAG {dag_id} does not import", "airflow dags list-import-errors says why"
            elif state == "paused" and dag_id == DAGS[0]:
                yield "dag paused", f"the DAG {dag_id} is paused: nothing is synced", f"airflow dags unpause {dag_id}"
        if facts.pool_slots is None:
            yield "pool", "Airflow has no pool helpdesk_db", 'airflow pools set helpdesk_db 2 "reads of the helpdesk"'
        elif facts.pool_slots < 1:
            yield "pool", "the pool helpdesk_db has no slot: no task runs", "give it at least one"
    if facts.metadata == "sqlite":
        yield "metadata database", "Airflow's metadata is on SQLite", "use PostgreSQL: SQLite is for trying out"
    if facts.executor == "SequentialExecutor":
        yield "executor", "the SequentialExecutor runs one task at a time", "[core] executor = LocalExecutor, or Celery"
    if facts.time_zone and facts.time_zone.lower() not in ("utc", "etc/utc"):
        what = f"Airflow's default time zone is {facts.time_zone}"
        yield "time zone", what, "[core] default_timezone = utc: windows are in UTC"
    for name, value in sorted(facts.secrets.items()):
        if value.strip().lower() in _DEFAULTS:
            yield "default secret", f"{name} is a default that anybody knows", "make secrets, or set one of your own"
        elif "JWT" in name and len(value) < SHORTEST_SECRET:
            yield (
                "short secret",
                f"{name} has {len(value)} bytes",
                f"it needs {SHORTEST_SECRET} for HS512: make secrets",
            )


def _staging(facts: Facts) -> _Found:
    if facts.staging_error:
        yield "staging", facts.staging_error, "mend CONTACT_AUDIT_STAGING, or install the storage's Airflow provider"
    elif facts.staging_is_private is False:
        yield "staging rights", "others on this machine can read the staging folder", "chmod 700 the folder"


def _off(whose: str, skew: timedelta) -> str:
    how = "ahead of" if skew > timedelta(0) else "behind"
    return f"the clock of {whose} is {abs(skew).total_seconds():.0f} s {how} this machine's"
