"""The adapter `odoo`: Odoo 13 to 19 on PostgreSQL. Not tried on a real Odoo: written from what is known of its tables.

Its journal is the tracked values of a partner's messages. They hold labels and midnights, and only of fields that are tracked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from contact_audit.sources.adapters.reading import Item, behalf, finished, spread, text

_FIELDS = {"name": "name", "email": "email"}
_TEXTS = {"char": "char", "text": "text", "html": "text"}
_BOT = 1


@dataclass(frozen=True)
class Odoo:
    """See sources/live.py."""

    name: str = "odoo"
    version: int = 2
    empty_is_null: bool = True
    entry_ids: Literal["source", "derived"] = "source"
    requires: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "res_partner": ("id", "name", "email", "phone", "active", "company_id", "create_date"),
            "res_users": ("id", "partner_id", "login", "share"),
            "mail_message": ("id", "model", "res_id", "date", "create_uid", "author_id"),
            "mail_tracking_value": ("mail_message_id",),
            "ir_model_fields": ("id", "name", "model", "ttype"),
        }
    )

    def rows(self, raw: pd.DataFrame) -> pd.DataFrame:
        """reading.COLUMNS of the messages that touch a field or a life."""
        row = spread(
            raw["raw"], ("company", "author_id", "author_partner", "author", "login", "share", "other_id", "other")
        )
        lives = [_life(one["values"]) for one in raw["raw"]]
        items = [None if life else _items(one) for one, life in zip(raw["raw"], lives, strict=True)]
        columns = pd.DataFrame({"items": pd.Series(items, index=raw.index, dtype=object)})
        columns["action"] = pd.Series([life or "update" for life in lives], index=raw.index, dtype=object)
        columns["account_id"] = pd.to_numeric(row["company"]).fillna(0).astype("int64")
        columns["author_id"] = text(row["author_id"])
        columns["author_name"] = row["author"].combine_first(row["login"])
        columns["author_type"] = pd.Series([None] * len(raw), index=raw.index, dtype=object)
        for kind, those in (
            ("contact", row["share"].eq(True)),
            ("agent", row["share"].eq(False)),
            ("contact", row["author_partner"].eq(raw["contact_id"])),
            ("system", row["author_id"].eq(_BOT)),
        ):
            columns.loc[those, "author_type"] = kind
        columns["on_behalf_of"] = behalf(row["other_id"], row["other"])
        touches = pd.Series([one is None or bool(one) for one in items], index=raw.index)
        return finished(raw, columns, touches)


def _life(values: list[Mapping[str, Any]]) -> str | None:
    """What archiving makes of a message: delete or restore."""
    found = [bool((one["new"] or {}).get("integer")) for one in values if one["name"] == "active"]
    return None if not found else "restore" if found[-1] else "delete"


def _items(row: Mapping[str, Any]) -> list[Item]:
    """The items of one message; [] where it touched nothing of ours."""
    items: list[Item] = []
    for one in row["values"]:
        if one["name"] == "phone":
            old, new = _ends(one, "char")
            item: Item = {"field": "primary_phone", "old": old, "new": new}
            if row["has_mobile"]:
                item = item | {"doubtful": True} if old and new else {"field": "primary_phone"}
            items.append(item)
        elif one["name"] in _FIELDS or one["custom"]:
            touched = {"field": _FIELDS.get(one["name"], f"custom_fields.{one['name']}")}
            items.append(touched | _values(one))
    return items


def _values(tracked: Mapping[str, Any]) -> Item:
    """Old and new as contacts.sql gives them; nothing for links and choices, which are told by their labels."""
    ttype = tracked["ttype"]
    if ttype in _TEXTS:
        old, new = _ends(tracked, _TEXTS[ttype])
        return {"old": old, "new": new}
    if ttype == "boolean":
        old, new = _ends(tracked, "integer")
        return {"old": bool(old) or None, "new": bool(new) or None}
    if ttype == "integer":
        old, new = _ends(tracked, "integer")
        return {"old": old, "new": new, "doubtful": True}
    if ttype in ("date", "datetime"):
        old, new = (end and (end[:10] if ttype == "date" else end) for end in _ends(tracked, "datetime"))
        return {"old": old, "new": new, "doubtful": True}
    return {}


def _ends(tracked: Mapping[str, Any], kind: str) -> tuple[Any, Any]:
    old, new = ((tracked[end] or {}).get(kind) for end in ("old", "new"))
    return old or None, new or None
