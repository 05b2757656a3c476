"""What a run did, and what happened to a contact, in plain text."""
from typing import Any
from contact_audit.pipeline import Report

def report_lines(report: Report) -> list[str]:
    return [str(report.as_dict())]

def backfill_lines(report, chunks, failures, dry_run):
    return report_lines(report)
def print_activity(dsn): pass
def print_report(dsn): pass
