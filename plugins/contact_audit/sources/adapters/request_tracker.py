"""The adapter `request_tracker`: Request Tracker 5 and 6 on PostgreSQL.

Its journal is exact and never purged. Only the phone needs care: it is the first of three columns that is filled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from contact_audit.sources.adapters.reading import Item, finished, spread, text

_RAW = ("type", "creator", "author", "at_creation", "merged_into")
_ACTIONS = {"Create": "create", "Set": "update", "CustomField": "update", "Disabled": "delete", "Enabled": "restore"}
_FIELDS = {"RealName": "name", "EmailAddress": "email"}
_PHONES = ("MobilePhone", "WorkPhone", "HomePhone")
_WHOLE = 120
"""Bytes of the columns: the journal has what was asked for, the column what went in."""


@dataclass(frozen=True)
class RequestTracker:
    """See sources/live.py."""

    name: str = "request_tracker"
    version: int = 2
    empty_is_null: bool = True
    entry_ids: Literal["source", "derived"] = "source"
    requires: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "users": (*("id", "name", "realname", "emailaddress", "mobilephone", "workphone", "homephone", "created"),),
            "principals": ("id", "disabled"),
            "groups": ("id", "name", "domain"),
            "cachedgroupmembers": ("groupid", "memberid", "disabled"),
            "customfields": ("id", "name", "type", "maxvalues", "lookuptype"),
            "objectcustomfieldvalues": (
                *("id", "customfield", "objecttype", "objectid", "sortorder", "content", "largecontent", "disabled"),
            ),
            "transactions": (
                *("id", "objecttype", "objectid", "type", "field", "oldvalue", "newvalue", "referencetype"),
                *("oldreference", "newreference", "creator", "created"),
            ),
        }
    )

    def rows(self, raw: pd.DataFrame) -> pd.DataFrame:
        """reading.COLUMNS of the transactions that touch a field or a life."""
        row = spread(raw["raw"], _RAW)
        merged = row["merged_into"].notna()
        items = [_items(one) for one in raw["raw"]]
        columns = pd.DataFrame({"items": pd.Series(items, index=raw.index, dtype=object)})
        columns["action"] = row["type"].map(_ACTIONS).astype(object)
        columns.loc[row["at_creation"].eq(True), "action"] = "create"
        columns.loc[merged, "action"] = "delete"
        columns["channel"] = merged.map({True: "merge", False: None}).astype(object)
        columns["merged_into"] = pd.to_numeric(row["merged_into"]).astype("Int64")
        columns["author_id"] = text(row["creator"])
        author = spread(
            row["author"].map(lambda one: one or {}), ("login", "name", "privileged", "unprivileged", "superuser")
        )
        columns["author_name"] = author["name"].where(author["name"].fillna("") != "", author["login"])
        columns.loc[row["creator"].eq(1), "author_name"] = "RT_System"
        columns["author_type"] = pd.Series(None, index=raw.index, dtype=object)
        for kind, those in (
            ("contact", author["unprivileged"].eq(True)),
            ("agent", author["privileged"].eq(True)),
            ("admin", author["superuser"].eq(True)),
            ("contact", row["creator"].eq(raw["contact_id"])),
            ("system", row["creator"].eq(1)),
        ):
            columns.loc[those, "author_type"] = kind
        touches = pd.Series([one is None or bool(one) for one in items], index=raw.index)
        return finished(raw, columns, columns["action"].notna() & touches)


def _items(row: Mapping[str, Any]) -> list[Item] | None:
    """The items of one transaction: None where it does not say what was touched, [] where it touched nothing of ours."""
    if row["type"] == "Set" and row["merged_into"] is None:
        if row["field"] in _PHONES:
            return _phone(row["field"], row["old"], row["phones"] or {})
        if row["field"] not in _FIELDS:
            return []
        touched: Item = {"field": _FIELDS[row["field"]]}
        if row["long"]:
            return [touched]
        whole = all(len((row[end] or "").encode()) < _WHOLE for end in ("old", "new"))
        return [touched | {"old": row["old"], "new": row["new"]} | ({} if whole else {"doubtful": True})]
    if row["type"] != "CustomField":
        return None
    if row["key"] is None:
        return []
    touched = {"field": f"custom_fields.{row['key']}"}
    if row["has_old"] > row["found_old"] or row["has_new"] > row["found_new"] or not (row["has_old"] or row["has_new"]):
        return [touched]
    if row["many"]:
        added, removed = ([row[f"{end}_content"]] if row[f"has_{end}"] else [] for end in ("new", "old"))
        return [touched | {"added": added, "removed": removed}]
    return [touched | {"old": row["old_content"], "new": row["new_content"]}]


def _phone(name: str, old: str | None, then: Mapping[str, str | None]) -> list[Item]:
    """What setting one phone did to the primary one; nothing, where it stands behind another."""
    after = next((then[one] for one in _PHONES if then.get(one)), None)
    before = next((value for one in _PHONES if (value := old if one == name else then.get(one))), None)
    return [] if before == after else [{"field": "primary_phone", "old": before, "new": after, "doubtful": True}]
