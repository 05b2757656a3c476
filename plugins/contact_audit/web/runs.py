"""The last runs of this project's DAGs, as Airflow's metadata has them: the only reading that is not the audit database's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contact_audit.web.reading import Query

SYNC = "contact_audit_sync"
BACKFILL = "contact_audit_backfill"
VERIFY = "contact_audit_verify"
_MOST = 8


@dataclass(frozen=True)
class Run:
    """A DAG run, and what it loaded (None: nothing, or not yet)."""

    dag_id: str
    run_id: str
    state: str
    started: datetime | None
    ended: datetime | None
    windows: int | None = None
    events: int | None = None

    @property
    def seconds(self) -> int | None:
        """How long it took."""
        return round((self.ended - self.started).total_seconds()) if self.started and self.ended else None


def last_runs(query: Query, user: Any) -> tuple[list[Run], Run | None]:
    """The last runs that load, newest first, and the last one that verifies; of the DAGs that the user may read."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    allowed = {dag_id for dag_id in (SYNC, BACKFILL, VERIFY) if may_read(dag_id, user)}

    def newest(dag_ids: set[str], most: int) -> list[Run]:
        wanted = (
            select(DagRun.dag_id, DagRun.run_id, DagRun.state, DagRun.start_date, DagRun.end_date)
            .where(DagRun.dag_id.in_(dag_ids))
            .order_by(DagRun.id.desc())
            .limit(most)
        )
        with create_session() as session:
            return [Run(dag, run, str(state), start, end) for dag, run, state, start, end in session.execute(wanted)]

    runs = newest(allowed & {SYNC, BACKFILL}, _MOST)
    loaded = {row["run_id"]: row for row in query("run_loads", run_ids=[run.run_id for run in runs])}
    verified = newest(allowed & {VERIFY}, 1)
    told = [
        Run(
            run.dag_id,
            run.run_id,
            run.state,
            run.started,
            run.ended,
            loaded.get(run.run_id, {}).get("windows"),
            loaded.get(run.run_id, {}).get("events"),
        )
        for run in runs
    ]
    return told, verified[0] if verified else None


def may_read(dag_id: str, user: Any) -> bool:
    """Whether an Airflow user may read a DAG."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
    from airflow.models.dag import DagModel

    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    return bool(get_auth_manager().is_authorized_dag(method="GET", details=details, user=user))
