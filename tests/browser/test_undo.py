"""Undo in a browser: from a filter to the downloaded file."""

import json
import re
import zipfile

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.support.activity import DANA


def test_from_a_filtered_list_to_a_preview_whose_sums_add_up_to_the_downloaded_plan(page: Page, site: Site) -> None:
    page.goto(site.page(f"/contacts/{DANA}?author=admin%3Aadmin-1"))
    page.get_by_role("link", name="Undo").click()
    expect(page.get_by_role("heading", name="Undo plan", level=1)).to_be_visible()
    numbers = [int(text) for text in page.locator(".undo-counts td:nth-child(2)").all_inner_texts()]
    *sections, total = numbers
    assert total == sum(sections) > 0
    with page.expect_download() as started:
        page.get_by_role("link", name="Plan and import files (zip)").click()
    assert started.value.suggested_filename == "contact_audit-undo.zip"
    with zipfile.ZipFile(started.value.path()) as archive:
        told = json.loads(archive.read("plan.json"))
        assert set(archive.namelist()) >= {"plan.json", "manifest.json"}
    assert sum(told["changes"].values()) == total
    with page.expect_download() as started:
        page.get_by_role("link", name="Plan (JSON)").click()
    assert json.loads(started.value.path().read_text())["changes"] == told["changes"]
    page.get_by_role("link", name=re.compile("^contact", re.IGNORECASE)).last.click()
    expect(page).to_have_url(re.compile(f"/contacts/{DANA}$"))


def test_the_preview_passes_axe(page: Page, site: Site) -> None:
    page.goto(site.page(f"/undo?contact_id={DANA}"))
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
