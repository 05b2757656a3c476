"""Source adapters: one for each helpdesk whose database this project can read."""

from collections.abc import Callable

from contact_audit.errors import SettingsError
from contact_audit.settings import Settings
from contact_audit.sources.base import Session, Source
from contact_audit.sources.helpdesk import HelpdeskSource

__all__ = ["ADAPTERS", "Session", "Source", "open_source"]

ADAPTERS: dict[str, Callable[[str, int, str], Source]] = {
    "helpdesk": lambda dsn, timeout_seconds, _: HelpdeskSource(dsn, timeout_seconds),
}
"""What opens each adapter's source: from the helpdesk's address, a statement's seconds, and the audit database's address, where a live
source (store.live_source) keeps its captures.
"""


def open_source(settings: Settings, dsn: str, audit_dsn: str) -> Source:
    """The adapter that the settings name, for the helpdesk database at `dsn`. Raises SettingsError for an unknown one."""
    if settings.source not in ADAPTERS:
        raise SettingsError(
            f"CONTACT_AUDIT_SOURCE={settings.source!r} is no adapter. Valid adapters: {', '.join(ADAPTERS)}."
        )
    return ADAPTERS[settings.source](dsn, settings.statement_timeout_seconds, audit_dsn)
