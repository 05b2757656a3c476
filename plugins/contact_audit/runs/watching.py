"""Watches after a load: what they find in what the feed has added, and the alerts on their way.

It is beside the load: whatever happens here, the log is whole. A destination that fails is tried again by the next run.
"""

from typing import Any

from contact_audit.act.alerts import look
from contact_audit.act.delivery import deliver
from contact_audit.act.notifiers import notifier
from contact_audit.act.watch_file import read_watches


def watch(dsn: str, path: str, run_id: str, address: str, context: Any) -> tuple[dict[str, Any], list[str]]:
    """Look with the watch file at `path`, and deliver; what came of it: {raised, changed, retracted, undelivered}, and in words.

    `address`: where all alerts are to be read; `context`: Airflow's, for its notifiers. Raises SettingsError, AuditDatabaseError or
    ConnectionLostError.
    """
    watches = read_watches(path)
    looked = look(dsn, watches, run_id)
    # not as a call, which would take the texts for templates
    sent = deliver(dsn, watches, lambda *message: notifier(*message).notify(context), address)
    messages = ", ".join(f"{count:,} to {name}" for name, count in sent.messages.items()) or "none"
    lines = [
        f"alerts: {looked.raised:,} raised, {looked.changed:,} changed, {looked.retracted:,} taken back",
        f"messages: {messages}",
        *(f"not delivered, the next run tries again: {name}: {why}" for name, why in sent.failures.items()),
    ]
    done = {"raised": looked.raised, "changed": looked.changed, "retracted": looked.retracted}
    return done | {"undelivered": sorted(sent.failures)}, lines
