"""The pictures of the Activity page in docs/, taken of the demo: make demo, make up, then make screenshots."""

import shutil
import sys
import urllib.parse
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from contact_audit.local.environment import DEFAULT_PORT
from contact_audit.local.processes import login
from contact_audit.local.state import PROJECT, State

FOLDER = PROJECT / "docs" / "activity"
STAR = "1"
"""The demo's contact with most to tell."""
PAGES = {"overview": "/", "contact": f"/contacts/{STAR}", "state": f"/states/{STAR}?at=2026-01-01&and=2026-06-01"}
SIZE = {"width": 1180, "height": 820}


def main(environment: dict[str, str]) -> int:
    """Take them from the Airflow that `make up` has started."""
    state = State.from_environment(environment)
    known, chromium = login(state), shutil.which("chromium")
    if known is None or chromium is None or not (state.home / "url").exists():
        print("Needs Airflow (make demo, make up) and chromium.", file=sys.stderr)
        return 1
    url = (state.home / "url").read_text() or f"http://localhost:{DEFAULT_PORT}"
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, timezone_id="Europe/Berlin")  # type: ignore[arg-type]
        page.goto(url)
        page.get_by_label("Username").fill(known[0])
        page.get_by_label("Password").fill(known[1])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="Contact activity").first.wait_for()
        for name, path in PAGES.items():
            _take(page, f"{url}/plugin/contact-activity/contact-activity{path}", FOLDER / f"{name}.png")
        browser.close()
    return 0


def _take(page: Page, address: str, file: Path) -> None:
    page.goto(address)
    frame = page.frame_locator("iframe[title='Contact activity']")
    frame.locator("h1").wait_for()
    if urllib.parse.urlsplit(address).path.endswith(f"/contacts/{STAR}"):
        evidence = frame.locator("details.evidence > summary").filter(has_text="Matched").first
        evidence.click()
        frame.get_by_text("Between capture").first.wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=file)
    print(file.relative_to(PROJECT))


if __name__ == "__main__":
    import os

    sys.exit(main(dict(os.environ)))
