"""make check-source: whether the helpdesk can be read, in plain words."""

from collections.abc import Callable

from contact_audit.errors import ContactAuditError
from contact_audit.settings import Settings
from contact_audit.sources import open_source
from contact_audit.sources.check_helpdesk import check_helpdesk
from contact_audit.sources.check_live import check_live
from contact_audit.sources.store import LiveSource


def check_source(settings: Settings, dsn: str, audit_dsn: str, say: Callable[[str], None]) -> int:
    """Check the source that the settings name, and say what was found: 0 where nothing is wrong, else 1."""
    try:
        source = open_source(settings, dsn, audit_dsn)
        found = check_live(source) if isinstance(source, LiveSource) else check_helpdesk(source, dsn)
    except ContactAuditError as error:
        say(f"WRONG  {error}")
        return 1
    for line in found.lines():
        say(line)
    return 1 if found.wrong else 0
