"""The notifiers that carry alerts, Airflow's: the log, and apprise where its provider is installed.

They get plain texts, never templates: what people have written is not evaluated.
"""

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.notifier import BaseNotifier

from contact_audit.act.watch_rules import Destination
from contact_audit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger("contact_audit.alerts")


class UndeliveredError(Exception):
    """A destination did not take a message; nothing says why, but the log of whoever carries it."""


class LogNotifier(BaseNotifier):
    """A message as lines of the task's log."""

    def __init__(self, title: str, body: str) -> None:
        super().__init__()
        self.title, self.body = title, body

    def notify(self, context: Any) -> None:  # noqa: ARG002
        """Log it."""
        for line in (self.title, *self.body.splitlines()):
            _log.warning("%s", line)


def notifier(destination: Destination, title: str, body: str) -> BaseNotifier:
    """The notifier that carries a message to a destination. Raises SettingsError where its provider is not installed."""
    return _MADE[destination.name](destination, title, body)


def _log_notifier(_: Destination, title: str, body: str) -> BaseNotifier:
    return LogNotifier(title, body)


def _apprise_notifier(destination: Destination, title: str, body: str) -> BaseNotifier:
    try:
        import apprise
        from airflow.providers.apprise.notifications.apprise import AppriseNotifier
    except ImportError:
        raise SettingsError(
            "the watch file notifies apprise, and apache-airflow-providers-apprise is not installed here: install it, or notify log."
        ) from None

    class CheckedNotifier(AppriseNotifier):
        """The provider's own does not look at what apprise says: whether anybody has taken the message."""

        def notify(self, context: Any) -> None:  # noqa: ARG002
            services = apprise.Apprise()
            self.hook.set_config_from_conn(self.hook.get_connection(self.apprise_conn_id), services)
            if not any(services.find(self.tag)):
                raise UndeliveredError(f"the connection {self.apprise_conn_id} has no service of tag {self.tag!r}")
            taken = services.notify(
                body=self.body,
                title=self.title or "",
                notify_type=self.notify_type,
                body_format=self.body_format,
                tag=self.tag,
            )
            if not taken:
                raise UndeliveredError(
                    f"a service of the connection {self.apprise_conn_id}, tag {self.tag!r}, refused or did not answer"
                )

    options = destination.options
    made: BaseNotifier = CheckedNotifier(
        title=title,
        body=body,
        tag=options["tag"],
        apprise_conn_id=options["connection"],
        notify_type=apprise.NotifyType.WARNING,
        body_format=apprise.NotifyFormat.TEXT,
    )
    return made


_MADE: "dict[str, Callable[[Destination, str, str], BaseNotifier]]" = {
    "log": _log_notifier,
    "apprise": _apprise_notifier,
}
