"""Every table, view and column says what it means, in the database and in docs/data-dictionary.md."""

from pathlib import Path

from tests.support.dictionary import sections
from tests.support.runs import query

DICTIONARY = Path(__file__).parents[3] / "docs" / "data-dictionary.md"


def test_every_table_view_and_column_has_a_comment(audit_dsn: str) -> None:
    silent = query(
        audit_dsn,
        """
        select relation.relname, attribute.attname
        from pg_class as relation
        left join pg_attribute as attribute on
            attribute.attrelid = relation.oid and attribute.attnum > 0 and not attribute.attisdropped
        where
            relation.relnamespace in ('audit'::regnamespace, 'captures'::regnamespace)
            and relation.relkind in ('r', 'p', 'v', 'm')
            and not relation.relispartition
            and (
                coalesce(obj_description(relation.oid), '') = ''
                or coalesce(col_description(relation.oid, attribute.attnum), '') = ''
            )
        """,
    )
    assert silent == [], "say what they mean in the revision that adds them"


def test_the_dictionary_has_the_same_tables_columns_and_words(audit_dsn: str) -> None:
    text = DICTIONARY.read_text(encoding="utf-8")
    lines = text[text.index("## Every table, view and column") :].splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("### ")]
    there = {
        lines[start].strip("# `"): [line for line in lines[start:end] if line] + [""]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    }
    wanted = {name: [line for line in section if line] + [""] for name, section in sections(audit_dsn).items()}
    assert list(there) == list(wanted)
    for name, section in wanted.items():
        assert there[name] == section
