"""A CSV export through LibreOffice: nothing becomes a formula, however it splits the lines, and every value comes back."""

import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from contact_audit.export.events import COLUMNS
from contact_audit.export.formulas import unguarded
from contact_audit.export.tabular import csv
from tests.support.programs import needed
from tests.unit.export.test_export_formats import COVERAGE, EVENT

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
HOSTILE = [
    "=1+1", "+1+1", "-1+1", "@SUM(1;1)", " =1+1", "\u00a0=1+1", "\u200b=1+1", "\ufeff=1+1", "＝1+1", "－1", "x;=1+1", "x,=1+1",
    "x|=1+1", "x\t=1+1", "\t=1+1", "x;\"=1+1", "x\n=1+1", "\n=1+1", "-5", "+33199001101", "'=1+1", "''=1+1", "=cmd|'/c x'!A1",
    '=HYPERLINK("http://x.example";"y")', "x;;=1+1;-2",
]  # fmt: skip


@pytest.mark.heavy(minutes=3)
@pytest.mark.parametrize("separator", [44, 59, 9, 124], ids=chr)
def test_no_cell_of_an_export_becomes_a_formula(separator: int, tmp_path: Path) -> None:
    soffice = needed("soffice", "CSV exports in LibreOffice")
    rows = [
        EVENT | {"contact_name": text, "author_name": text, "activity": f'Name: "{text}"', "fields": [text]}
        for text in HOSTILE
    ]
    data = b"".join(csv([pa.Table.from_pylist(rows, COLUMNS)], COVERAGE))
    (tmp_path / "export.csv").write_bytes(data)
    # its separator, ", UTF-8, from line 1, no column formats, language, quoted fields are not text, special numbers are looked for,
    # and formulas are evaluated
    options = f"CSV:{separator},34,76,1,,0,false,true,false,false,false,-1,true"
    subprocess.run(
        [soffice, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", f"--infilter={options}",
         "--convert-to", "fods", "--outdir", str(tmp_path), str(tmp_path / "export.csv")],
        check=True, capture_output=True, timeout=150,
    )  # fmt: skip
    tree = ElementTree.parse(tmp_path / "export.fods")
    cells = list(tree.iter(f"{TABLE}table-cell"))
    assert len(cells) > len(HOSTILE)
    assert [cell.attrib for cell in cells if f"{TABLE}formula" in cell.attrib] == []
    if separator != ord(","):
        return
    place = COLUMNS.names.index("contact_name")
    (sheet,) = tree.iter(f"{TABLE}table")
    names = [_text(row, place) for row in sheet.iter(f"{TABLE}table-row")][1 : len(HOSTILE) + 1]
    assert [unguarded(name) for name in names] == HOSTILE


def _text(row: ElementTree.Element, place: int) -> str:
    at = 0
    for cell in row.iter(f"{TABLE}table-cell"):
        many = int(cell.get(f"{TABLE}number-columns-repeated", "1"))
        if at <= place < at + many:
            assert cell.get(f"{OFFICE}value-type") == "string"
            return "\n".join(_paragraph(one) for one in cell.iter(f"{TEXT}p"))
        at += many
    raise AssertionError("no such cell")


def _paragraph(one: ElementTree.Element) -> str:
    text = one.text or ""
    for inner in one:
        if inner.tag == f"{TEXT}s":
            text += " " * int(inner.get(f"{TEXT}c", "1"))
        elif inner.tag == f"{TEXT}tab":
            text += "\t"
        else:
            text += _paragraph(inner)
        text += inner.tail or ""
    return text
