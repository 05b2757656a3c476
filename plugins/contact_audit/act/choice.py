"""Which events are chosen: an export's params or a page's filters, as the values that undo_steps.sql takes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contact_audit.export.request import Request

NAMES = (
    "since", "until", "events", "contacts", "actions", "kinds", "channels", "attributions", "fields", "authors", "author_name", "value",
)  # fmt: skip
"""The parameters of undo_steps.sql that choose; one that is None lets all pass."""


@dataclass(frozen=True)
class Choice:
    """A choice of events.

    Attributes:
        given: the filters as they were given, for the plan to tell.
        values: of undo_steps.sql's parameters, each of NAMES.
        most: at most so many events are read; None: all.
    """

    given: Mapping[str, Any]
    values: Mapping[str, Any]
    most: int | None = None

    @classmethod
    def of(
        cls, given: Mapping[str, Any], fields: Sequence[str] | None = None, most: int | None = None, **values: Any
    ) -> "Choice":
        """A choice by some of NAMES; `fields` as plain names."""
        wanted = dict.fromkeys(NAMES) | values
        # each as a JSON array of one: the index is on these
        wanted["fields"] = None if fields is None else [json.dumps([field]) for field in fields]
        return cls(given, wanted, most)

    @classmethod
    def from_params(cls, params: Mapping[str, Any], now: datetime) -> "Choice":
        """Read the DAG's params: from, to and the export's filters. Raises SettingsError with the valid ones."""
        asked = Request.from_params({**params, "format": None}, now)
        given = {"from": asked.start.isoformat(), "to": asked.end.isoformat(), **asked.filters.given()}
        values = {name: value for name, value in asked.values().items() if name != "fields"}
        return cls.of(given, asked.filters.fields, **values)

    def parameters(self) -> dict[str, Any]:
        """All of undo_steps.sql's parameters."""
        return {**self.values, "most": self.most}
