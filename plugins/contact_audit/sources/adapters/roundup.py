"""The adapter `roundup`: Roundup 2 on PostgreSQL, with whatever properties the tracker's schema gives its users.

Its journal has no ids, and of a change the old values only, as Python wrote them; lists as what came and what went.
"""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import pandas as pd

from contact_audit.sources.adapters.reading import Item, finished, spread, text
from contact_audit.sql import SQL_FOLDER

_FOLDER = SQL_FOLDER / "sources" / "roundup"
_ACTIONS = {"create": "create", "set": "update", "retired": "delete", "restored": "restore"}
_FIELDS = {"realname": "name", "address": "email", "phone": "primary_phone"}
_PREFERENCES = {"user_queries"}
_CALLED = ("_name", "_title")


@dataclass(frozen=True)
class Roundup:
    """See sources/live.py."""

    name: str = "roundup"
    version: int = 1
    empty_is_null: bool = True
    entry_ids: Literal["source", "derived"] = "derived"
    requires: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "_user": (*("id", "__retired__", "_realname", "_address", "_phone", "_roles", "_username", "_creation"),),
            "user__journal": ("nodeid", "date", "tag", "action", "params"),
        }
    )

    def relations(self, catalogue: pd.DataFrame) -> Mapping[str, str]:
        """Of the tracker's own tables: property_links, multilinks, class_labels, linked_by_journal."""
        columns: dict[str, set[str]] = {}
        for relation, column in zip(catalogue["relation"], catalogue["column_name"], strict=True):
            columns.setdefault(relation, set()).add(column)
        quoted = dict(zip(catalogue["relation"], catalogue["quoted"], strict=True))
        links = {
            name: {"table": quoted[name], "name": _literal(name.removeprefix("user_"))}
            for name, there in columns.items()
            if name.startswith("user_") and there == {"linkid", "nodeid"} and name not in _PREFERENCES
        }
        classes = {
            name: {"table": quoted[name], "name": _literal(name[1:]), "label": label}
            for name, there in columns.items()
            if name.startswith("_")
            and "__retired__" in there
            and (label := next((c for c in _CALLED if c in there), None))
        }
        journals = {
            name: {"table": quoted[name], "name": _literal(name.removesuffix("__journal"))}
            for name, there in columns.items()
            if name.endswith("__journal") and {"action", "params"} <= there
        }
        return {
            "property_links": _each(
                "multilink", links.values(), "null::integer as nodeid, null::text as property, null::integer as linkid"
            ),
            "multilinks": _each("property", links.values(), "null::text as property"),
            "class_labels": _each(
                "class", classes.values(), "null::text as class, null::integer as id, null::text as label"
            ),
            "linked_by_journal": _each("linked", journals.values(), "null::text as property, null::text as class"),
        }

    def rows(self, raw: pd.DataFrame) -> pd.DataFrame:
        """reading.COLUMNS of the entries that touch a property or a life."""
        row = spread(raw["raw"], ("action", "tag", "author"))
        items = [_items(one) if one["action"] == "set" else None for one in raw["raw"]]
        columns = pd.DataFrame({"items": pd.Series(items, index=raw.index, dtype=object)})
        columns["action"] = row["action"].map(_ACTIONS).astype(object)
        columns["author_id"] = text(row["tag"])
        author = spread(row["author"].map(lambda one: one or {}), ("id", "login", "name", "roles"))
        columns["author_name"] = author["name"].where(author["name"].fillna("") != "", author["login"])
        roles = author["roles"].fillna("").astype(str).str.lower().str.split(",")
        roles = roles.map(lambda names: {name.strip() for name in names} - {""})
        columns["author_type"] = pd.Series(None, index=raw.index, dtype=object)
        for kind, those in (
            ("contact", author["id"].notna() & ~roles.astype(bool)),
            ("agent", roles.astype(bool)),
            ("admin", roles.map(lambda names: "admin" in names)),
        ):
            columns.loc[those, "author_type"] = kind
        touches = pd.Series([one is None or bool(one) for one in items], index=raw.index)
        return finished(raw, columns, columns["action"].notna() & touches)


def _each(name: str, parts: Iterable[Mapping[str, str]], none: str) -> str:
    """One statement of a fragment for each part; without a part, one that gives no row."""
    fragment = (_FOLDER / "each" / f"{name}.sql").read_text(encoding="utf-8")
    return "\nunion all\n".join(fragment % part for part in parts) or f"select {none} where false"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _items(row: Mapping[str, Any]) -> list[Item] | None:
    """The items of one `set`: the old values only. None where its text cannot be read, [] where it touched nothing of ours."""
    try:
        params = ast.literal_eval(row["params"] or "")
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
    if not isinstance(params, dict):
        return None
    kinds, classes, labels = ((row[name] or {}) for name in ("kinds", "classes", "labels"))
    items: list[Item] = []
    for name, old in params.items():
        if name in _FIELDS:
            items.append({"field": _FIELDS[name], "old": old})
        elif kinds.get(name) == "multilink":
            items.append({"field": f"custom_fields.{name}"} | _listed(old, partial(_called, labels, name)))
        elif name in kinds:
            value = _called(labels, name, old) if classes.get(name) else _typed(old, kinds[name])
            items.append({"field": f"custom_fields.{name}", "old": value})
    return items


def _called(labels: Mapping[str, str], name: str, one: str) -> str:
    return labels.get(f"{name} {one}", one)


def _listed(old: Any, called: Callable[[str], Any]) -> Item:
    """What came and what went of a list, (('+', ['2']), ('-', ['1'])); old trackers wrote the old list itself."""
    if old is None or (isinstance(old, list) and all(isinstance(one, str) for one in old)):
        return {"old": [called(one) for one in old or []]}
    if not isinstance(old, (tuple, list)) or not all(isinstance(one, (tuple, list)) and len(one) == 2 for one in old):
        return {}
    parts = dict(old)
    return {
        "added": [called(one) for one in parts.get("+", [])],
        "removed": [called(one) for one in parts.get("-", [])],
    }


def _typed(old: Any, kind: str) -> Any:
    """A value as contacts.sql gives it: the journal writes truth as TRUE and FALSE, moments with a space and milliseconds."""
    if not isinstance(old, str):
        return old
    if kind == "boolean":
        return {"TRUE": True, "FALSE": False}.get(old.upper(), old)
    if kind.startswith("timestamp"):
        date, _, time = old.partition(" ")
        time = time.rstrip("0").rstrip(".") if "." in time else time
        return date if time in ("", "00:00:00") else f"{date}T{time}"
    return old
