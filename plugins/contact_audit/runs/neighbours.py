"""Neighbours of other rules: which loaded windows a span has to take along, because the cut that they share has moved.

Where rules change, an entry near a capture may come to lie on its other side (rule 9). A window that is derived anew beside one that an
older version loaded would then tell it a second time, or neither would tell it: so that one is derived anew, too, until the cuts agree.
"""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from contact_audit import RULES_VERSION
from contact_audit.attribution.schema_changes import Use
from contact_audit.database import audit_connection
from contact_audit.evidence.states import Extract
from contact_audit.evidence.values import Codes
from contact_audit.log.audit_log import AuditLog
from contact_audit.log.never_poorer import told_entries
from contact_audit.runs.pipeline import Pipeline
from contact_audit.runs.planning import ends_of
from contact_audit.runs.steps import Checked, Extracted, Shown
from contact_audit.sources import Session
from contact_audit.sources.extraction import Captures
from contact_audit.windows import LENGTH, Span, Window, window_of


def extract_settled(
    pipeline: Pipeline,
    session: Session,
    captures: Captures,
    span: Span,
    shown: Shown,
    use: Use,
    bring_contacts: bool = True,
) -> Extracted:
    """The evidence of a span and of the neighbours that it has to take along; of the span alone where none is of older rules."""
    while True:
        extracted = pipeline.extract(session, captures, span, shown, bring_contacts)
        older = _older(pipeline, captures, span)
        if not older:
            return extracted
        moved = _moved(pipeline, captures, older, extracted.evidence, pipeline.derive(extracted.evidence, use))
        if not moved:
            return extracted
        span = Span(min(span.start, *(one.start for one in moved)), max(span.end, *(one.end for one in moved)))


def whole_until_with(span: Span, asked_until: datetime, whole_until: datetime) -> datetime:
    """Until when windows have ended: those taken along after what was asked for had, else they would not have been."""
    return max(whole_until, span.end) if span.end > asked_until else whole_until


def _older(pipeline: Pipeline, captures: Captures, span: Span) -> set[Window]:
    """The loaded windows that share a capture's cut with the span, and that an older version of the rules loaded."""
    moments = captures.moments()
    before = [moment for moment in moments if moment <= span.start]
    after = [moment for moment in moments if moment > span.end]
    nearby = {Window(span.start), Window(span.end + LENGTH)}
    nearby |= {window_of(moment) for moment in before[-2:] + after[:1]}
    with audit_connection(pipeline.audit_dsn) as connection:
        loaded = AuditLog(connection).loaded(min(nearby).start, max(nearby).end)
    # One that had not ended is due by itself, and finds this one's rules there.
    ended = loaded["whole"].astype(bool) | (loaded["window_end"] <= pd.Timestamp(span.start))
    older = loaded[(loaded["rules_version"].astype(int) < RULES_VERSION) & ended]
    return {Window(end) for end in ends_of(older)} & nearby


def _moved(pipeline: Pipeline, captures: Captures, older: set[Window], raw: Extract, checked: Checked) -> set[Window]:
    """Those of the older windows that tell an entry which the span now tells, or do not tell one that the span leaves to them."""
    span, skew = checked.span, pipeline.settings.skew
    here = np.unique(told_entries(checked.rows)["entry_id"].to_numpy(np.int64))
    with audit_connection(pipeline.audit_dsn) as connection:
        log = AuditLog(connection)
        beside = log.evidence(older)
        around = log.evidence(_around(older) - set(span.windows))
    found = {Window(end) for end in ends_of(beside[beside["entry_id"].isin(here)])}
    known = np.append(here, around["entry_id"].to_numpy(np.int64))
    moments = captures.moments()
    for cut in [moment for moment in moments if moment <= span.start][-1:]:
        if len(_near(raw, cut, skew, known)):
            found |= {window_of(cut), Window(span.start)} & older
    for cut in [moment for moment in moments if span.start < moment <= span.end + skew][-1:]:
        following = [window_of(moment) for moment in moments if moment > span.end]
        if len(_near(raw, cut, skew, known)):
            found |= {*following[:1], Window(span.end + LENGTH)} & older
    return found


def _around(older: set[Window]) -> set[Window]:
    return {Window(one.end + step) for one in older for step in (-LENGTH, timedelta(), LENGTH)} | older


def _near(raw: Extract, cut: datetime, skew: timedelta, known: Codes) -> Codes:
    """The entries within skew of a capture that neither the span nor its neighbours tell."""
    journal = raw.journal.select(["entry_id", "occurred_at"]).to_pandas().dropna()
    near = (journal["occurred_at"] >= pd.Timestamp(cut - skew)) & (journal["occurred_at"] <= pd.Timestamp(cut + skew))
    ids: Codes = journal.loc[near, "entry_id"].to_numpy(np.int64)
    return np.setdiff1d(ids, known)
