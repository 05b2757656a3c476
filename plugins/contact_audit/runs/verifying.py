"""A verification as the DAG asks for it: from its params to what the task tells."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from contact_audit.errors import SettingsError, TouchedError
from contact_audit.log.verify import verify
from contact_audit.runs.deep import deep
from contact_audit.runs.pipeline import Pipeline

Say = Callable[[str], None]


def verify_by(
    params: Mapping[str, Any],
    dsn: str,
    pipeline: Callable[[], Pipeline],
    say: Say,
    tell: Callable[[Iterable[str]], None],
) -> dict[str, Any]:
    """Verify as the params `from`, `to` and `deep` say, and tell each finding on a line; the chain's head.

    `pipeline` is asked only for `deep`. Raises SettingsError for params that mean nothing, TouchedError where there are findings.
    """
    since, until = (_moment(name, params.get(name)) for name in ("from", "to"))
    if since is not None and until is not None and since >= until:
        raise SettingsError(f"from={since.isoformat()} is not before to={until.isoformat()}.")
    more = partial(deep, pipeline(), since, until, say) if params.get("deep") else None
    head, findings = verify(dsn, since, until, more)
    tell([*(one.line for one in findings), *head.notes, head.line])
    if findings:
        raise TouchedError(
            f"{len(findings)} findings: somebody has touched the audit log. Each is a line of this task's log, the first: "
            f"{findings[0].line}. What to do: docs/trust.md."
        )
    return {"sequence": head.sequence, "hash": head.hash, "events": head.events, "entries": head.entries}


def _moment(name: str, text: str | None) -> datetime | None:
    """A param's moment, UTC where it names no zone; None where it is empty."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{name}={text!r} is no moment; valid: ISO 8601, as in 2026-01-01T00:00:00Z.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
