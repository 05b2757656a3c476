"""The adapter `zammad`: Zammad on PostgreSQL.

Its history is text as Ruby prints it, cut at 500 characters, and forgets a destroyed user; names and phones stand in two columns each.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from contact_audit.sources.adapters.reading import Item, finished, spread, text

_ACTIONS = {"created": "create", "updated": "update", "destroyed": "delete"}
_CUT = 500
_TEXTS = ("input", "textarea", "richtext", "select", "tree_select")
_LISTS = ("multiselect", "multi_tree_select")
SYSTEM = 1


@dataclass(frozen=True)
class Zammad:
    """See sources/live.py."""

    name: str = "zammad"
    version: int = 1
    empty_is_null: bool = True
    entry_ids: Literal["source", "derived"] = "source"
    requires: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "users": ("id", "login", "email", "firstname", "lastname", "phone", "active", "created_at"),
            "roles_users": ("user_id", "role_id"),
            "permissions_roles": ("role_id", "permission_id"),
            "permissions": ("id", "name"),
            "histories": (
                *(
                    "id",
                    "history_type_id",
                    "history_object_id",
                    "history_attribute_id",
                    "o_id",
                    "value_from",
                    "value_to",
                ),
                *("id_from", "id_to", "created_by_id", "created_at"),
            ),
            "history_types": ("id", "name"),
            "history_objects": ("id", "name"),
            "history_attributes": ("id", "name"),
        }
    )

    def rows(self, raw: pd.DataFrame) -> pd.DataFrame:
        """reading.COLUMNS of the history's rows that touch a field or a life."""
        row = spread(raw["raw"], ("type", "attribute", "to", "created_by", "author", "synced_from"))
        columns = pd.DataFrame(index=raw.index)
        columns["action"] = row["type"].map(_ACTIONS).astype(object)
        life = row["attribute"].eq("active") & row["type"].eq("updated")
        columns.loc[life, "action"] = row.loc[life, "to"].eq("true").map({True: "restore", False: "delete"})
        items = [
            None if alive or one["type"] != "updated" else _items(one)
            for one, alive in zip(raw["raw"], life, strict=True)
        ]
        columns["items"] = pd.Series(items, index=raw.index, dtype=object)
        columns["author_id"] = text(row["created_by"])
        author = spread(row["author"].map(lambda one: one or {}), ("id", "name", "email", "login", "agent", "admin"))
        columns["author_name"] = author["name"].combine_first(author["email"]).combine_first(author["login"])
        columns["author_type"] = pd.Series([None] * len(raw), index=raw.index, dtype=object)
        by_system = row["created_by"].eq(SYSTEM)
        synced = by_system & row["synced_from"].notna()
        for kind, those in (
            ("contact", author["id"].notna()),
            ("agent", author["agent"].eq(True)),
            ("admin", author["admin"].eq(True)),
            ("contact", row["created_by"].eq(raw["contact_id"])),
            ("system", by_system),
            ("integration", synced),
        ):
            columns.loc[those, "author_type"] = kind
        columns.loc[by_system, "author_name"] = "System"
        source = row["synced_from"].fillna("").astype(str).str.partition(":")[0].astype(object)
        columns.loc[synced, "author_name"] = source.replace({"Ldap": "LDAP"}) + " sync"
        columns["channel"] = source.str.lower().where(synced, None)
        touches = pd.Series([one is None or bool(one) for one in items], index=raw.index)
        return finished(raw, columns, columns["action"].notna() & touches)


def _items(row: Mapping[str, Any]) -> list[Item]:
    """The items of one row of an update; [] where it touched nothing of ours."""
    attribute, old, new = row["attribute"], row["from"] or None, row["to"] or None
    if attribute in ("firstname", "lastname"):
        return _name(row["parts"]) if row["first"] else []
    if attribute in ("phone", "mobile"):
        return _phone(row["parts"]) if row["first"] else []
    if attribute == "email":
        return [{"field": "email", "old": old, "new": new}]
    if not row["in_force"]:
        return []
    touched: Item = {"field": f"custom_fields.{attribute}"}
    if any(value is not None and len(value) >= _CUT for value in (old, new)):
        return [touched]
    if row["data_type"] in _TEXTS:
        return [touched | {"old": old, "new": new}]
    try:
        return [
            touched | {"old": _typed(old, row["data_type"]), "new": _typed(new, row["data_type"]), "doubtful": True}
        ]
    except ValueError:
        return [touched]


def _name(parts: Mapping[str, Mapping[str, Any]]) -> list[Item]:
    """The name that a save made: certain where it wrote both of its columns."""
    old, new = (
        " ".join(value for one in ("firstname", "lastname") if (value := (parts[one][end] or "").strip())) or None
        for end in ("old", "new")
    )
    if old == new:
        return []
    item: Item = {"field": "name", "old": old, "new": new}
    return [item if all(part["here"] for part in parts.values()) else item | {"doubtful": True}]


def _phone(parts: Mapping[str, Mapping[str, Any]]) -> list[Item]:
    """What a save did to the primary phone: certain where the first column alone decides; nothing where only a hidden one changed."""
    first, second = parts["phone"], parts["mobile"]
    old, new = (first[end] or second[end] or None for end in ("old", "new"))
    if old == new:
        return []
    certain = first["here"] and ((first["old"] and first["new"]) or not (second["old"] or second["new"]))
    return [{"field": "primary_phone", "old": old, "new": new} | ({} if certain else {"doubtful": True})]


def _typed(value: str | None, data_type: str | None) -> Any:
    """A value as contacts.sql gives it, of the text that Ruby made of it; ValueError where it is none of its type."""
    if value is None:
        return None
    match data_type:
        case "integer":
            return int(value)
        case "boolean":
            return {"true": True, "false": False}.get(value, value)
        case "datetime":
            moment = pd.Timestamp(value)
            moment = moment if moment.tz is None else moment.tz_convert("UTC").tz_localize(None)
            return moment.isoformat()
        case _ if data_type in _LISTS:
            return json.loads(value)
        case _:
            return value
