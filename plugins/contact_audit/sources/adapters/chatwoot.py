"""The adapter `chatwoot`: Chatwoot, every account a tenant.

Most editions keep no journal of contacts at all: changes are then found by the captures, without an author.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from contact_audit.sources.adapters.reading import Item, finished, spread, text

_ACTIONS = {"create": "create", "update": "update", "destroy": "delete"}
_FIELDS = {"email": "email", "phone_number": "primary_phone"}
_NAMES = ("name", "middle_name", "last_name")
_KINDS = {"User": "agent", "SuperAdmin": "admin", "AgentBot": "integration", "Contact": "contact"}
_ADMINISTRATOR = 1


@dataclass(frozen=True)
class Chatwoot:
    """See sources/live.py."""

    name: str = "chatwoot"
    version: int = 1
    empty_is_null: bool = True
    entry_ids: Literal["source", "derived"] = "source"
    requires: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "contacts": (
                *("id", "account_id", "name", "email", "phone_number", "identifier", "custom_attributes", "created_at"),
            ),
        }
    )

    def rows(self, raw: pd.DataFrame) -> pd.DataFrame:
        """reading.COLUMNS of the audits that touch a field or a life."""
        row = spread(
            raw["raw"], ("action", "account_id", "user_id", "user_type", "username", "name", "role", "remote_address")
        )
        items = [_items(one) for one in raw["raw"]]
        columns = pd.DataFrame({"items": pd.Series(items, index=raw.index, dtype=object)})
        columns["action"] = row["action"].map(_ACTIONS).astype(object)
        columns["account_id"] = pd.to_numeric(row["account_id"]).fillna(0).astype("int64")
        columns["author_id"] = text(row["user_id"])
        columns["author_name"] = row["name"].combine_first(row["username"])
        columns["author_type"] = row["user_type"].map(_KINDS).astype(object)
        columns.loc[row["user_type"].eq("User") & row["role"].eq(_ADMINISTRATOR), "author_type"] = "admin"
        columns["ip_address"] = row["remote_address"]
        touches = pd.Series([one is None or bool(one) for one in items], index=raw.index)
        return finished(raw, columns, columns["action"].notna() & (touches | columns["action"].ne("update")))


def _items(row: Mapping[str, Any]) -> list[Item] | None:
    """The items of one audit; an update gives both values, a create the new ones, a destroy the old ones. None where it gives none."""
    changes = _object(row["changes"])
    if changes is None:
        return None
    ends = _ends(changes, row["action"])
    items: list[Item] = [
        {"field": _FIELDS[name], "old": old, "new": new} for name, (old, new) in ends.items() if name in _FIELDS
    ]
    if any(name in ends for name in _NAMES):
        old, new = ends.get("name", (None, None))
        alone = (
            "name" in ends
            and not row["composed"]
            and not any(filter(None, (*ends.get("middle_name", ()), *ends.get("last_name", ()))))
        )
        items.append({"field": "name", "old": old, "new": new} if alone else {"field": "name"})
    if "custom_attributes" in ends:
        before, after = (_object(one) or {} for one in ends["custom_attributes"])
        items += [
            {"field": f"custom_fields.{key}", "old": before.get(key), "new": after.get(key)}
            for key in sorted(before.keys() | after.keys())
            if before.get(key) != after.get(key)
        ]
    return items


def _ends(changes: Mapping[str, Any], action: str | None) -> dict[str, tuple[Any, Any]]:
    """Attribute → its value before and after."""
    if action == "update":
        return {name: (pair[0], pair[1]) for name, pair in changes.items() if isinstance(pair, list) and len(pair) == 2}
    return {name: (value, None) if action == "destroy" else (None, value) for name, value in changes.items()}


def _object(value: Any) -> dict[str, Any] | None:
    """A JSON object, also where it was stored as its text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, dict) else None
