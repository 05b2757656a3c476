"""A browser that is logged in to Superset: its REST API, and its own page of a chart.

Whatever the page asks of other hosts is refused, and told: Superset's build on PyPI has a counting pixel in it.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import APIResponse, BrowserContext, Page, Route, sync_playwright

from bench.superset.server import Site
from contact_audit.errors import ContactAuditError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SIZE = {"width": 1500, "height": 780}
_PATIENCE = 120_000  # milliseconds: the first page of a Superset just started takes its time


class Client:
    """One administrator's session.

    Attributes:
        elsewhere: other hosts that pages asked for something, in vain.
        browser: its name and version.
    """

    def __init__(self, site: Site, context: BrowserContext) -> None:
        self.elsewhere: set[str] = set()
        self.browser = f"Chromium {context.browser.version}" if context.browser else "Chromium"
        self._site = site
        self._context = context
        context.set_default_timeout(_PATIENCE)
        context.route(lambda url: not url.startswith((f"{site.url}/", "data:", "blob:")), self._refuse)
        self._log_in()
        token = self.get("/api/v1/security/csrf_token/")["result"]
        self._headers = {"X-CSRFToken": token, "Referer": f"{site.url}/"}

    def get(self, path: str) -> Any:
        """What Superset answers. Raises ContactAuditError where it is no success."""
        return _answer(self._context.request.get(f"{self._site.url}{path}", timeout=_PATIENCE))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The same of a POST."""
        return _answer(self._send(path, body))

    def refusal(self, database: int, statement: str) -> str:
        """What SQL Lab answers to a statement that must fail. Raises ContactAuditError if it does not."""
        answer = self._send("/api/v1/sqllab/execute/", {"database_id": database, "sql": statement, "runAsync": False})
        if answer.ok:
            raise ContactAuditError(f"SQL Lab is not refused: {statement}")
        return str(answer.json()["errors"][0]["message"]).strip()

    def draw(self, chart: int, file: Path) -> list[dict[str, Any]]:
        """Open the chart in Superset's page and take its picture; the rows that the page has drawn."""
        page = self._context.new_page()
        with page.expect_response(lambda response: "/api/v1/chart/data" in response.url) as caught:
            page.goto(f"{self._site.url}/explore/?slice_id={chart}", wait_until="domcontentloaded")
        rows: list[dict[str, Any]] = caught.value.json()["result"][0]["data"]
        page.locator("[data-test='chart-container'] canvas, .chart-container canvas").first.wait_for()
        _settle(page)
        page.screenshot(path=file)
        page.close()
        return rows

    def _send(self, path: str, body: dict[str, Any]) -> APIResponse:
        return self._context.request.post(
            f"{self._site.url}{path}", data=body, headers=self._headers, timeout=_PATIENCE
        )

    def _log_in(self) -> None:
        page = self._context.new_page()
        page.goto(f"{self._site.url}/login/")
        page.locator("#username").fill(self._site.user)
        page.locator("#password").fill(self._site.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/login" not in url, wait_until="domcontentloaded")
        page.close()

    def _refuse(self, route: Route) -> None:
        self.elsewhere.add(str(urlsplit(route.request.url).hostname))
        route.abort()


@contextmanager
def logged_in(site: Site) -> Iterator[Client]:
    """A client in a browser of its own."""
    chromium = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if chromium is None:
        raise ContactAuditError("No Chromium here (Debian: apt-get install --no-install-recommends chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            yield Client(site, browser.new_context(viewport=_SIZE, timezone_id="UTC"))  # type: ignore[arg-type]
        finally:
            browser.close()


def _answer(response: APIResponse) -> Any:
    if not response.ok:
        raise ContactAuditError(f"{response.url}: {response.status} {response.text()[:1000]}")
    return response.json()


def _settle(page: Page) -> None:
    # Bars grow, and messages of the page go away, for a moment.
    page.mouse.move(0, 0)
    page.wait_for_timeout(4_000)
