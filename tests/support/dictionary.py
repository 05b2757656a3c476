"""The reference of docs/data-dictionary.md, made from the comments in an audit database (include/sql/audit/revisions/)."""

from tests.support.runs import query

_RELATIONS = """
select
    relation.oid,
    case when relation.relnamespace = 'audit'::regnamespace then '' else 'captures.' end || relation.relname as name,
    obj_description(relation.oid) as said
from pg_class as relation
where
    relation.relnamespace in ('audit'::regnamespace, 'captures'::regnamespace)
    and relation.relkind in ('r', 'p', 'v', 'm')
    and not relation.relispartition
order by relation.relnamespace <> 'audit'::regnamespace, relation.relkind not in ('v', 'm'), relation.relname
"""
_COLUMNS = """
select
    attribute.attname as name,
    format_type(attribute.atttypid, attribute.atttypmod) as type,
    col_description(attribute.attrelid, attribute.attnum) as said
from pg_attribute as attribute
where
    attribute.attrelid = %s
    and attribute.attnum > 0
    and not attribute.attisdropped
order by attribute.attnum
"""


def sections(dsn: str) -> dict[str, list[str]]:
    """Each table and view, views first: its section's lines."""
    found = {}
    for relation in query(dsn, _RELATIONS):
        lines = [
            f"### `{relation['name']}`",
            "",
            str(relation["said"]),
            "",
            "| column | type | meaning |",
            "| --- | --- | --- |",
        ]
        for column in query(dsn, _COLUMNS, [relation["oid"]]):
            lines.append(f"| `{column['name']}` | {column['type']} | {_cell(str(column['said']))} |")
        found[str(relation["name"])] = lines
    return found


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")
