"""The ledger's append is the last thing that a load does: nobody waits for the contacts that another one writes."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import psycopg2
import pyarrow as pa
import pytest

from contact_audit.log.verify import verify
from contact_audit.runs.pipeline import Pipeline, use_of
from contact_audit.runs.steps import Checked, Extracted, Shown
from contact_audit.windows import LENGTH, Span
from tests.support.compact import DAY, world_of
from tests.support.runs import new_pipeline, query
from tests.support.worlds import write_world

THIS_MONTH = Span(DAY, DAY + LENGTH)
ANOTHER = Span(DAY - timedelta(days=20), DAY - timedelta(days=20) + LENGTH)


@pytest.fixture
def pipeline(helpdesk_dsn: str, audit_dsn: str) -> Pipeline:
    write_world(helpdesk_dsn, world_of("00:00 capture plan=free\n03:00 capture plan=pro"))
    return new_pipeline(helpdesk_dsn, audit_dsn, brake_share=1.0)


def derived(pipeline: Pipeline, span: Span) -> tuple[Checked, Extracted]:
    """A span, ready to be loaded."""
    with pipeline.source.session() as session:
        captures = pipeline.read_captures(session)
        extracted = pipeline.extract(session, captures, span, Shown(None, None))
        checked, contacts = pipeline.derive(extracted.evidence, use_of(session, captures)), extracted.contacts
        if contacts is None:
            return checked, extracted
        tables = list(contacts.batches())
        return checked, replace(extracted, contacts=replace(contacts, batches=lambda: tables))


def test_a_load_of_another_window_commits_while_contacts_are_still_being_written(pipeline: Pipeline) -> None:
    writing, other_is_done = threading.Event(), threading.Event()
    checked, extracted = derived(pipeline, THIS_MONTH)
    contacts = extracted.contacts
    assert contacts is not None

    def slowly() -> Iterable[pa.Table]:
        writing.set()
        assert other_is_done.wait(30), "the other load waited for this one"
        yield from contacts.batches()

    slow = replace(extracted, contacts=replace(contacts, batches=slowly))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(pipeline.load, checked, slow, "slow", THIS_MONTH.end)
        assert writing.wait(30)
        pipeline.load(*derived(pipeline, ANOTHER), "quick", ANOTHER.end)
        other_is_done.set()
        assert first.result(30).windows == 1
    entries = query(pipeline.audit_dsn, "select sequence, run_id from audit.ledger order by sequence")
    assert [(row["sequence"], row["run_id"]) for row in entries] == [(1, "quick"), (2, "slow")]
    assert query(pipeline.audit_dsn, "select contact_id from audit.contacts") == [{"contact_id": "1"}]
    assert verify(pipeline.audit_dsn)[1] == []


def test_a_dry_run_does_not_take_a_turn_at_the_ledger(pipeline: Pipeline) -> None:
    with psycopg2.connect(pipeline.audit_dsn) as appending, appending.cursor() as cursor:
        cursor.execute("select 1 from audit.ledger_head for update")
        with ThreadPoolExecutor(1) as pool:
            dry = pool.submit(pipeline.load, *derived(pipeline, THIS_MONTH), "dry", THIS_MONTH.end, dry_run=True)
            try:
                assert dry.result(20).events == 1
            finally:
                appending.rollback()
    assert query(pipeline.audit_dsn, "select 1 from audit.ledger") == []
