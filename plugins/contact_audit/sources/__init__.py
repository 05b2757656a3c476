"""Source adapters: one for each helpdesk whose database this project can read."""

from collections.abc import Callable

from contact_audit.errors import SettingsError
from contact_audit.settings import Settings
from contact_audit.sources.adapters.chatwoot import Chatwoot
from contact_audit.sources.adapters.odoo import Odoo
from contact_audit.sources.adapters.request_tracker import RequestTracker
from contact_audit.sources.adapters.roundup import Roundup
from contact_audit.sources.adapters.zammad import Zammad
from contact_audit.sources.base import Session, Source
from contact_audit.sources.helpdesk import HelpdeskSource
from contact_audit.sources.store import live_source

__all__ = ["ADAPTERS", "Session", "Source", "open_source"]

ADAPTERS: dict[str, Callable[[Settings, str, str], Source]] = {
    "helpdesk": lambda settings, dsn, _: HelpdeskSource(dsn, settings.statement_timeout_seconds),
    "request_tracker": live_source(RequestTracker),
    "zammad": live_source(Zammad),
    "chatwoot": live_source(Chatwoot),
    "roundup": live_source(Roundup),
    "odoo": live_source(Odoo),
}
"""What opens each adapter's source: from the settings, the helpdesk's address, and the audit database's address, where a live source
keeps its captures.
"""


def open_source(settings: Settings, dsn: str, audit_dsn: str) -> Source:
    """The adapter that the settings name, for the helpdesk database at `dsn`. Raises SettingsError for an unknown one."""
    if settings.source not in ADAPTERS:
        raise SettingsError(
            f"CONTACT_AUDIT_SOURCE={settings.source!r} is no adapter. Valid adapters: {', '.join(ADAPTERS)}."
        )
    return ADAPTERS[settings.source](settings, dsn, audit_dsn)
