"""The settings of a run, read from environment variables named CONTACT_AUDIT_*.

They are read once, at the border; the core gets them as arguments.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta

from contact_audit.errors import SettingsError

PREFIX = "CONTACT_AUDIT_"


@dataclass(frozen=True)
class Settings:
    """What can be set, with its defaults.

    Attributes:
        source: the source adapter that reads the helpdesk.
        staging: Airflow object storage URI where tasks hand frames to each other; empty means a private local folder.
        skew_seconds: how far clocks may differ (rules 7 and 9), in seconds.
        overlap_seconds: how much of the journal already seen is looked at again for late entries, in seconds.
        brake_share: the share of contacts, 0 to 1, that a full capture may lack before it is held back.
        schema_change_contacts: how many contacts must lose or gain a field's values at once before it may be a schema change.
        capture_check_hours: how young a capture is, by the newest one, whose rows each sync compares again with what was loaded.
        max_windows: how many windows one sync run processes at most.
        statement_timeout_seconds: after how long the helpdesk database ends a statement of ours.
        source_schema: the schema that a live helpdesk's tables are in, or several, the first one first.
        downloads: how many downloads of the page run at once, in each process of the web server.
        download_seconds: after how long a download ends, whole or not.
        export_destinations: folders, as URIs apart by spaces, below which the export writes; empty means its own, AIRFLOW_HOME/exports.
        watches: path of the watch file (docs/watches.md); empty: nothing is watched.
        undo_empty_mark: what the helpdesk's import takes for "empty this field"; without one, undo plans' files leave such fields out.
    """

    source: str = "helpdesk"
    staging: str = ""
    skew_seconds: float = 120.0
    overlap_seconds: float = 3600.0
    brake_share: float = 0.2
    schema_change_contacts: int = 10
    max_windows: int = 1000
    statement_timeout_seconds: int = 900
    source_schema: str = "public"
    downloads: int = 2
    download_seconds: int = 600
    export_destinations: str = ""
    undo_empty_mark: str = ""
    capture_check_hours: float = 6.0
    watches: str = ""

    @property
    def skew(self) -> timedelta:
        """How far clocks may differ."""
        return timedelta(seconds=self.skew_seconds)

    @property
    def overlap(self) -> timedelta:
        """How much of the journal already seen is looked at again."""
        return timedelta(seconds=self.overlap_seconds)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings; unknown or malformed ones raise SettingsError with the list of valid ones."""
        known = {PREFIX + field.name.upper(): field for field in fields(cls)}
        given = {name: text for name, text in environment.items() if name.startswith(PREFIX)}
        problems = [f"{name} is not a setting" for name in sorted(given.keys() - known.keys())]
        values: dict[str, str | float | int] = {}
        for name, field in known.items():
            text = given.get(name, "").strip()
            if not text:
                continue
            try:
                values[field.name] = _CONVERT[field.name](text)
            except ValueError as error:
                problems.append(f"{name}={text!r}: {error}")
        if problems:
            valid = ", ".join(f"{name} (default {field.default!r})" for name, field in known.items())
            raise SettingsError(f"{'; '.join(problems)}. Valid settings: {valid}.")
        return cls(**values)  # type: ignore[arg-type]


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 86_400:
        raise ValueError("must be a number of seconds from 0 to 86400")
    return value


def _hours(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 8_760:
        raise ValueError("must be a number of hours from 0 to 8760")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError("must be a share from 0 to 1")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError("must be a whole number, at least 1")
    return value


_CONVERT: dict[str, Callable[[str], str | float | int]] = {
    "source": str,
    "staging": str,
    "skew_seconds": _seconds,
    "overlap_seconds": _seconds,
    "brake_share": _share,
    "schema_change_contacts": _count,
    "capture_check_hours": _hours,
    "max_windows": _count,
    "statement_timeout_seconds": _count,
    "source_schema": str,
    "downloads": _count,
    "download_seconds": _count,
    "export_destinations": str,
    "undo_empty_mark": str,
    "watches": str,
}
