"""What an export is asked for, checked before anything is read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from contact_audit.errors import SettingsError
from contact_audit.model import ACTIONS, ATTRIBUTIONS, BUILT_IN_FIELDS, CUSTOM_FIELD_PREFIX
from contact_audit.windows import HISTORY_START

FORMATS = ("csv", "parquet", "ocsf", "ecs")
_CHOICES = {"actions": ACTIONS, "attributions": ATTRIBUTIONS}


@dataclass(frozen=True)
class Filters:
    """Which events; None lets all pass, of a list any.

    Attributes:
        contacts: contact ids; authors: ids, names, or kind:id (kind:name without an id); actions, channels, attributions.
        fields: changed fields: name, email, primary_phone, custom_fields.<key>.
    """

    contacts: list[str] | None = None
    authors: list[str] | None = None
    actions: list[str] | None = None
    fields: list[str] | None = None
    channels: list[str] | None = None
    attributions: list[str] | None = None

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Filters":
        """Read the params of these names; SettingsError for what is no list of texts, or no valid value."""
        return cls(**{one.name: _texts(one.name, params.get(one.name)) for one in fields(cls)})

    def given(self) -> dict[str, list[str]]:
        """The filters that are set."""
        return {name: values for name, values in asdict(self).items() if values is not None}


@dataclass(frozen=True)
class Request:
    """What to export.

    Attributes:
        start, end: events with start <= occurred_at < end; filters: which of them; format: one of FORMATS.
    """

    start: datetime
    end: datetime
    filters: Filters
    format: str

    @classmethod
    def from_params(cls, params: Mapping[str, Any], now: datetime) -> "Request":
        """Read the DAG's params from, to, format and the filters; SettingsError with the valid ones for what cannot be done."""
        start = _moment("from", params.get("from") or HISTORY_START.isoformat())
        end = _moment("to", params.get("to") or now.isoformat())
        if start >= end:
            raise SettingsError(f"from={start.isoformat()} is not before to={end.isoformat()}; valid: from before to.")
        chosen = params.get("format") or FORMATS[0]
        if chosen not in FORMATS:
            raise SettingsError(f"format={chosen!r} is no format; valid: {', '.join(FORMATS)}.")
        return cls(start, end, Filters.from_params(params), str(chosen))

    def values(self) -> dict[str, Any]:
        """The values that include/sql/audit/export/events.sql takes."""
        filters = asdict(self.filters)
        if filters["fields"] is not None:  # each as a JSON array of one: the index is on these
            filters["fields"] = [json.dumps([field]) for field in filters["fields"]]
        return {"since": self.start, "until": self.end, **filters}

    def name(self) -> str:
        """A file's name without its suffix: the same for the same request, so that a repeat replaces."""
        text = f"contact_audit-{self.start:%Y%m%dT%H%M%SZ}-{self.end:%Y%m%dT%H%M%SZ}"
        given = self.filters.given()
        if given:
            text += "-" + blake2b(json.dumps(given, sort_keys=True).encode(), digest_size=4).hexdigest()
        return text


def _moment(name: str, given: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"{name}={given!r} is no moment; valid: ISO 8601, as in {HISTORY_START.isoformat()}."
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _texts(name: str, given: Any) -> list[str] | None:
    if given is None or given in ("", []):
        return None
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, Sequence) or not all(isinstance(one, str) and one for one in given):
        raise SettingsError(f"{name}={given!r} is no list of texts; valid: as in {json.dumps(_EXAMPLES[name])}.")
    texts = list(dict.fromkeys(given))
    choices = _CHOICES.get(name)
    wrong = [one for one in texts if choices and one not in choices]
    if wrong and choices:
        raise SettingsError(f"{name}={wrong[0]!r} is unknown; valid: {', '.join(choices)}.")
    if name == "fields":
        _check_fields(texts)
    return texts


def _check_fields(names: list[str]) -> None:
    for name in names:
        if name not in BUILT_IN_FIELDS and not name.startswith(CUSTOM_FIELD_PREFIX):
            valid = f"{', '.join(BUILT_IN_FIELDS)}, {CUSTOM_FIELD_PREFIX}<key>"
            raise SettingsError(f"fields={name!r} is no field; valid: {valid}.")


_EXAMPLES: dict[str, list[str]] = {
    "contacts": ["4711"],
    "authors": ["agent:7", "Ann Agent"],
    "actions": ["update", "delete"],
    "fields": ["email", "custom_fields.plan"],
    "channels": ["azure_ad_sync"],
    "attributions": ["unattributed"],
}
