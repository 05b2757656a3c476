"""The backfill: plan chunks → run each → sum up. For operators: contact_audit_backfill.md."""

from pathlib import Path

from airflow.sdk import Param, dag, task

from contact_audit.runs import tasks

PARAMS = {
    "from": Param(
        "2019-10-01T00:00:00Z",
        type="string",
        format="date-time",
        title="From",
        description="From 2019-10-01T00:00:00Z on. Taken down to a window border: 00:00, 03:00, ... UTC.",
    ),
    "to": Param(
        None,
        type=["null", "string"],
        format="date-time",
        title="To",
        description="Where to end, after From and not in the future. Empty: now, taken down to a window border.",
    ),
    "chunk": Param(
        "auto",
        enum=["auto", "day", "week", "month", "year"],
        title="Chunk",
        description="What one task takes. auto cuts by the amount of evidence, about 250,000 rows a chunk.",
    ),
    "max_parallel": Param(
        2,
        type="integer",
        minimum=1,
        maximum=64,
        title="Chunks at a time",
        description="1 to 64, within the pool's slots.",
    ),
    "dry_run": Param(False, type="boolean", title="Dry run", description="Report what would change; write nothing."),
    "force": Param(
        False,
        type="boolean",
        title="Force",
        description="Derive anew what is loaded and unchanged, too: after new rules.",
    ),
    "accept_lost_evidence": Param(
        False,
        type="boolean",
        title="Accept lost evidence",
        description="Replace windows even where the helpdesk has forgotten what their rows rest on. They get poorer.",
    ),
    "decisions": Param(
        {},
        type="object",
        additionalProperties={"type": "string", "pattern": r"^\s*(accept|ignore)\s*:\s*\S"},
        propertyNames={"pattern": "^[0-9]+$"},
        title="Decisions on captures",
        description='Captures that the brake stopped at: {"4711": "accept: why"} or {"4711": "ignore: why"}.',
    ),
}


@dag(
    dag_id="contact_audit_backfill",
    description="The windows of contact_audit_sync in bulk, since October 2019; safe to repeat, stop and resume",
    schedule=None,
    default_args=tasks.DEFAULTS,
    tags=["contact_audit", "audit"],
    params=PARAMS,
    doc_md=str(Path(__file__).with_suffix(".md")),
)
def contact_audit_backfill():
    """Wire the tasks."""
    chunks = task(tasks.plan)()
    done = task(pool=tasks.POOL, map_index_template=tasks.CHUNK_LABEL)(tasks.run_chunk).expand(chunk=chunks)
    task(trigger_rule="all_done_min_one_success", outlets=[tasks.AUDIT_LOG])(tasks.summary)(chunks, done)
    done >> task(trigger_rule="all_done_min_one_success")(tasks.watch)()


contact_audit_backfill()
