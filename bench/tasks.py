"""What a worker can be asked: a span of windows step by step, a run of the sync, a chunk of a backfill.

Each calls the pipeline as the DAGs' tasks do.
"""

import itertools
import json
import resource
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from bench.worker import Answer, moment, now, peak_memory
from bench.world import query
from contact_audit.runs.backfill import Request, run_chunk
from contact_audit.runs.pipeline import Pipeline, use_of
from contact_audit.runs.steps import Shown
from contact_audit.settings import Settings
from contact_audit.windows import Span, Window


def pipeline(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    return Pipeline(Settings(brake_share=1.0), helpdesk_dsn, audit_dsn)


def span(pipeline: Pipeline, start: str, end: str) -> Answer:
    """Extract, derive and load a span; seconds from the first read to the commit, by step."""
    windows = Span(moment(start), moment(end))
    marks = [now()]
    shown = Shown.of(pipeline.read_state())
    with pipeline.source.session() as session:
        captures = pipeline.read_captures(session)
        extracted = pipeline.extract(session, captures, windows, shown)
        marks.append(now())
        checked = pipeline.derive(extracted.evidence, use_of(session, captures))
        marks.append(now())
        report = pipeline.load(checked, extracted, "bench", whole_until=windows.end)
        marks.append(now())
    steps = [after - before for before, after in itertools.pairwise(marks)]
    return {"seconds": marks[-1] - marks[0], "steps": steps, "events": report.events, "by": report.by_attribution}


def sync(pipeline: Pipeline, own_end: str) -> Answer:
    """A run of the sync with all its tasks, frames handed over as Parquet; seconds of each task."""
    from contact_audit.runs.outcome import Report
    from contact_audit.runs.staging import Staging
    from contact_audit.runs.sync import derive_due, extract_due, find_due, finish_sync, load_due

    end = moment(own_end)
    marks = [now()]
    plan = find_due(pipeline, Window(end), False, _quiet)
    marks.append(now())
    with tempfile.TemporaryDirectory() as folder:
        staging = Staging.create(Path(folder).as_uri(), "bench", end)
        metas = extract_due(pipeline, plan, staging, _quiet)
        marks.append(now())
        derive_due(pipeline, metas, staging, _quiet)
        marks.append(now())
        report = load_due(pipeline, plan, metas, staging, "bench", _quiet)
        marks.append(now())
    finish_sync(pipeline, plan, Report.from_dict(report), "bench")
    marks.append(now())
    steps = [after - before for before, after in itertools.pairwise(marks)]
    return {"seconds": marks[-1] - marks[0], "steps": steps, "events": report["events"], "windows": report["windows"]}


def chunk(pipeline: Pipeline, chunk: dict[str, Any], params: dict[str, Any], until: str) -> Answer:
    """A chunk of the backfill; when its work began and ended, and its report."""
    request = Request.from_params(params, moment(until) + timedelta(hours=1))
    begun = now()
    report = run_chunk(pipeline, chunk, request, "bench", _quiet)
    return {"begun": begun, "ended": now(), "report": report}


def export(pipeline: Pipeline, format: str, events: int, folder: str) -> Answer:  # noqa: A002
    """An export of the newest events, so many, into a folder; seconds, events and bytes."""
    from contact_audit.export.request import Request as Asked
    from contact_audit.export.run import export_to

    (start, end) = query(pipeline.audit_dsn, "newest_events", events=events)[0]
    asked = Asked.from_params({"format": format, "from": start.isoformat(), "to": end.isoformat()}, end)
    begun = now()
    told = export_to(pipeline.audit_dsn, asked, Path(folder).as_uri(), "bench", end, _quiet)
    return {"seconds": now() - begun, "events": told["events"], "bytes": told["bytes"]}


def verify(pipeline: Pipeline, deep: bool) -> Answer:
    """A whole verification; seconds, and the first findings."""
    from functools import partial

    from contact_audit.log.verify import verify as verify_log
    from contact_audit.runs.deep import deep as derive_anew

    begun = now()
    more = partial(derive_anew, pipeline, None, None, _quiet) if deep else None
    _, findings = verify_log(pipeline.audit_dsn, more=more)
    return {"seconds": now() - begun, "findings": [one.line for one in findings[:10]]}


def _quiet(_: str) -> None:
    """Say nothing."""


TASKS = {"span": span, "sync": sync, "chunk": chunk, "export": export, "verify": verify}


def serve(helpdesk_dsn: str, audit_dsn: str) -> None:
    """Answer requests until there are no more."""
    answers, sys.stdout = sys.stdout, sys.stderr
    opened = pipeline(helpdesk_dsn, audit_dsn)
    _reply(answers, {})
    for line in sys.stdin:
        request = json.loads(line)
        work: Callable[..., Answer] = TASKS[request["do"]]
        _reply(answers, work(opened, **request["values"]))


def _reply(answers: IO[str], answer: Answer) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    answer = answer | {"peak": peak_memory(), "cpu": used.ru_utime + used.ru_stime}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    serve(*sys.argv[1:3])
