"""A live source for tests: a helpdesk of two tables, and the adapter that reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from contact_audit.sources import ADAPTERS
from contact_audit.sources.store import live_source

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class TinyAdapter:
    """The adapter `tiny`: who is an agent is an agent; a person's own edits are a contact's."""

    name: str = "tiny"
    version: int = 1
    empty_is_null: bool = True
    entry_ids: Literal["source", "derived"] = "source"

    @property
    def requires(self) -> Mapping[str, tuple[str, ...]]:
        """What the SQL reads."""
        return {
            "person": ("id", "account", "name", "email", "phone", "extra", "role", "active", "created_at"),
            "log": ("id", "person", "at", "author", "action", "items"),
        }

    def rows(self, raw: pd.DataFrame) -> pd.DataFrame:
        """One row each."""
        told = pd.DataFrame(raw["raw"].tolist(), index=raw.index, columns=["author", "role", "name", "action", "items"])
        own = told["author"] == raw["contact_id"].astype(str)
        kind = told["role"].map({"customer": "contact", "agent": "agent"}).where(~own, "contact")
        return pd.DataFrame(
            {
                "entry_id": raw["entry_id"],
                "contact_id": raw["contact_id"],
                "account_id": 0,
                "occurred_at": raw["occurred_at"],
                "action": told["action"],
                "author_type": kind,
                "author_id": told["author"],
                "author_name": told["name"],
                "ip_address": None,
                "channel": None,
                "on_behalf_of": None,
                "items": told["items"],
            }
        )


def register(adapter: TinyAdapter | None = None, phone_of: str = "", into: Path | None = None) -> None:
    """Make `tiny` a source that the settings may name; `phone_of`: how else the phone is read, by SQL written `into` a folder."""
    folder = FOLDER
    if into is not None:
        folder = into
        for file in FOLDER.glob("*.sql"):
            text = file.read_text(encoding="utf-8").replace("p.phone as primary_phone", f"{phone_of} as primary_phone")
            (into / file.name).write_text(text, encoding="utf-8")
    ADAPTERS["tiny"] = live_source(lambda: adapter or TinyAdapter(), folder)
