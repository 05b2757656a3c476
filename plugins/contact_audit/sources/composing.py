"""Relations that an adapter's SQL reads and the helpdesk's database does not have as such: given as common table expressions.

A helpdesk's tables differ by version and by what the reading user may see. Of include/sql/sources/<adapter>/, each file of absent/
stands in for the relation of its name where the database has none, and each of given/ is a relation that several statements read. An
adapter whose tables bear the customer's own names makes relations of them from the catalogue.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import pandas as pd


@runtime_checkable
class Composes(Protocol):
    """An adapter that makes relations of what the catalogue holds."""

    def relations(self, catalogue: pd.DataFrame) -> Mapping[str, str]:
        """Relation → its query. catalogue: relation, quoted, column_name, data_type, a row a column of all that may be read."""


def given(adapter: object, folder: Path, catalogue: pd.DataFrame) -> dict[str, str]:
    """The relations to be given to an adapter's statements; catalogue as in Composes."""
    there = set(catalogue["relation"])
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*/*.sql"))}
    absent = {
        path.stem: text for path, text in texts.items() if path.parent.name == "absent" and path.stem not in there
    }
    shared = {path.stem: text for path, text in texts.items() if path.parent.name == "given"}
    return absent | shared | dict(adapter.relations(catalogue) if isinstance(adapter, Composes) else {})


def composed(text: str, relations: Mapping[str, str]) -> str:
    """The statement, reading these relations by their names; recursive, so that each may read any other."""
    if not relations:
        return text
    expressions = ",\n".join(f"{name} as not materialized (\n{query.strip()}\n)" for name, query in relations.items())
    return f"with recursive\n{expressions}\n\nselect * from (\n{text.strip().rstrip(';')}\n) as reading"
