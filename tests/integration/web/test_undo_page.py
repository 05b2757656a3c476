"""The undo plan as the Activity page and its API give it."""

import io
import json
import re
import zipfile
from typing import Any

import pytest

from tests.support.activity import DANA, HOST, HOSTILE, OTHER, Log


def test_a_preview_counts_what_is_chosen_and_the_sums_add_up(reader: Any, activity: tuple[str, Log]) -> None:
    page = reader.get("/undo", params={"contact_id": DANA, "author": "admin:admin-1"})
    assert page.status_code == 200
    numbers = [int(one.replace(",", "")) for one in re.findall(r"</th><td>([\d,]+)</td>", page.text)]
    *sections, total = numbers
    told = reader.get("/api/undo", params={"contact_id": DANA, "author": "admin:admin-1"}).json()
    assert total == sum(sections) == sum(told["changes"].values()) > 5
    assert told["filters"] == {"author": "admin:admin-1", "contact_id": DANA}
    assert set(told) >= {"made_at", "complete_until", "set", "recreate", "remove", "conflicts", "already_back"}


def test_the_api_gives_the_plan_of_a_filter(reader: Any) -> None:
    plan = reader.get("/api/undo", params={"contact_id": OTHER, "action": "update"}).json()
    (entry,) = plan["set"] or plan["conflicts"]
    assert entry["field"] == "custom_fields.seats"


def test_the_zip_holds_the_plan_its_files_and_the_manifest(reader: Any) -> None:
    params = {"contact_id": OTHER, "field": "custom_fields.seats"}
    done = reader.get("/undo/plan.zip", params=params)
    assert done.headers["content-disposition"] == 'attachment; filename="contact_audit-undo.zip"'
    with zipfile.ZipFile(io.BytesIO(done.content)) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("manifest.json"))
    assert names == [*manifest["sha256"], "manifest.json"]
    assert "formulas" in manifest["note"]


def test_every_list_that_is_filtered_leads_to_its_plan(reader: Any) -> None:
    assert f'href="/contact-activity/undo?contact_id={DANA}"' in reader.get(f"/contacts/{DANA}").text
    filtered = reader.get("/events", params={"channel": "bulk_import"}).text
    assert 'href="/contact-activity/undo?channel=bulk_import"' in filtered
    assert "/undo?" not in reader.get("/events").text


@pytest.mark.parametrize("path", ["undo", "undo/plan.json", "undo/plan.zip", "api/undo"])
def test_a_plan_needs_a_filter(reader: Any, path: str) -> None:
    refused = reader.get(f"/{path}")
    assert refused.status_code == 400
    assert "an undo plan needs a filter" in refused.text


def test_values_that_would_be_markup_are_text(reader: Any) -> None:
    page = reader.get("/undo", params={"contact_id": HOST, "action": "update"}).text
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_a_plan_that_nothing_passes_says_so(reader: Any) -> None:
    assert "No event passes these filters." in reader.get("/undo", params={"value": "nowhere"}).text
