"""A real Airflow standalone with the Activity page, started once, and a Chromium that is logged in to it.

Airflow gets a metadata database, a home and a port of its own: tests that run DAGs beside it do not meet its scheduler.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from contact_audit.local.embedded import Server
from contact_audit.local.environment import CONTACT_AUDIT, METADATA, airflow_environment
from contact_audit.local.processes import AIRFLOW as AIRFLOW_COMMAND
from contact_audit.local.processes import login, run_logged, start_standalone, stop_standalone
from contact_audit.local.state import HOME_VARIABLE, State
from tests.support.activity import Log, new_activity
from tests.support.programs import needed

PATH = "contact-activity"


@dataclass(frozen=True)
class Site:
    """Airflow with the page: its address, a login, and what is in the audit database."""

    url: str
    user: str
    password: str
    log: Log

    def page(self, path: str = "") -> str:
        """The address of a page of ours, outside Airflow's frame."""
        return f"{self.url}/{PATH}{path}"


@pytest.fixture(scope="session")
def chromium() -> str:
    return needed("chromium", "the Activity page in a browser")


@pytest.fixture(scope="session")
def site(chromium: str, postgres: Server, _audit_template: str) -> Iterator[Site]:
    dsn, log = new_activity(postgres, _audit_template, "activity_in_a_browser")
    with closing(psycopg2.connect(postgres.dsn("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("create database airflow_of_the_page")
    state = State(Path(tempfile.mkdtemp(prefix="audit-page-")))
    try:
        state.make()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        given = {name: text for name, text in os.environ.items() if not name.startswith("AIRFLOW")}
        given |= {
            HOME_VARIABLE: str(state.home),
            METADATA: postgres.dsn("airflow_of_the_page").replace("postgresql://", "postgresql+psycopg2://", 1),
            CONTACT_AUDIT: dsn,
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        }
        environment = airflow_environment(state, given, port)
        run_logged([AIRFLOW_COMMAND, "db", "migrate"], environment, state.logs / "metadata.log", "no metadata")
        try:
            start_standalone(state, environment)
            known = login(state)
            assert known is not None
            yield Site(environment["AIRFLOW__API__BASE_URL"], *known, log)
        finally:
            stop_standalone(state)
    finally:
        shutil.rmtree(state.home, ignore_errors=True)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(chromium: str, playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def logged_in(site: Site, browser: Browser) -> Any:
    """The storage of a browser after Airflow's own login form."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.url)
    page.get_by_label("Username").fill(site.user)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/auth/login" not in url)
    page.get_by_role("link", name="Contact activity").first.wait_for()
    storage = context.storage_state()
    context.close()
    return storage


@pytest.fixture
def context(browser: Browser, logged_in: Any) -> Iterator[BrowserContext]:
    context = browser.new_context(
        storage_state=logged_in, timezone_id="Europe/Berlin", viewport={"width": 1100, "height": 900}
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of a reader in Berlin; a fault that the browser reports fails the test."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield page
    assert [fault for fault in faults if "Failed to load resource" not in fault] == []
