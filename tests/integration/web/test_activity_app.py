"""The Activity page's app under Airflow's own authentication: who gets in, what comes out, and that no value runs."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from pyarrow import parquet

from contact_audit.local.state import PROJECT
from tests.support.activity import DANA, GONE, HOST, HOSTILE, OTHER, PAGED, Log
from tests.support.activity_app import PREFIX, client
from tests.support.runs import query

PAGES = ["/", "/find?q=dana", "/events", f"/contacts/{DANA}", f"/states/{DANA}", f"/entries/{DANA}", "/event/{event}"]
PAGES += [f"/undo?contact_id={DANA}", "/alerts", f"/alerts/{DANA}"]
API = [
    "/api/events",
    "/api/events/{event}",
    "/api/schema-changes",
    "/api/contacts?q=dana",
    f"/api/state?contact_id={DANA}",
    f"/api/undo?contact_id={DANA}",
    "/api/openapi.json",
]
OTHERS = [
    f"/undo/plan.json?contact_id={DANA}",
    f"/undo/plan.zip?contact_id={DANA}",
    "/export?contact_id=4711",
    "/static/activity.css",
    "/static/icon.svg",
    "/docs",
    "/openapi.json",
    "/alert/1",
    "/nothing",
]


@pytest.fixture
def log(activity: tuple[str, Log]) -> Log:
    return activity[1]


@pytest.mark.parametrize("path", [*PAGES, *API, *OTHERS])
def test_nobody_gets_in_without_a_login_and_the_right_to_read_the_dag(app: Any, log: Log, path: str) -> None:
    path = path.format(event=log.ids["phone"])
    anonymous = client(app).get(path)
    assert anonymous.status_code == 401
    assert "Dana" not in anonymous.text
    forged = client(app)
    forged.headers["Authorization"] = "Bearer forged"
    assert forged.get(path).status_code == 403
    powerless = client(app, "nothing").get(path)
    assert powerless.status_code == 403
    assert "Dana" not in powerless.text
    found = client(app, "viewer", cookie=True).get(path)
    assert found.status_code == (404 if path in ("/docs", "/openapi.json", "/alert/1", "/nothing") else 200)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
def test_any_other_method_than_get_is_refused_alike_whoever_asks_and_whatever_there_is(
    app: Any, log: Log, reader: Any, method: str
) -> None:
    for path in (one.format(event=log.ids["phone"]) for one in (*PAGES, *API, *OTHERS)):
        anonymous, viewer = client(app).request(method, path), reader.request(method, path)
        assert (anonymous.status_code, anonymous.headers["allow"]) == (405, "GET"), path
        assert (viewer.status_code, viewer.text) == (405, anonymous.text), path
        assert "Dana" not in anonymous.text
        assert "<nav" not in anonymous.text
        assert anonymous.headers["cache-control"] == "no-store"


def test_every_route_is_among_those_tried(app: Any) -> None:
    (mounted,) = (route.app for route in app.routes if getattr(route, "path", None) == PREFIX)
    tried = [path.partition("?")[0].format(event="x") for path in [*PAGES, *API, *OTHERS]]

    def routes(within: Any) -> Iterator[Any]:
        for route in within:
            inner = getattr(route, "original_router", None)
            yield from routes(inner.routes) if inner is not None else [route]

    found = list(routes(mounted.router.routes))
    assert len(found) > 12
    for route in found:
        assert any(route.path_regex.match(path) for path in tried), route.path


def test_a_login_leads_back_to_the_page(app: Any) -> None:
    page = client(app, root_path="/proxied").get(f"/contacts/{DANA}?action=create")
    assert page.status_code == 401
    wanted = quote(f"/proxied{PREFIX}/contacts/{DANA}?action=create", safe="")
    assert f"/proxied/api/v2/auth/login?next={wanted}" in page.text


@pytest.mark.parametrize("path", [*PAGES, *API, *OTHERS])
def test_every_answer_has_the_headers_that_keep_it_safe(reader: Any, log: Log, path: str) -> None:
    headers = reader.get(path.format(event=log.ids["phone"])).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == ("private, max-age=86400" if path.startswith("/static/") else "no-store")


@pytest.mark.parametrize("path", [*PAGES, f"/contacts/{quote(HOST, safe='')}", f"/states/{quote(HOST, safe='')}"])
def test_all_links_lie_below_the_proxys_path_and_none_leads_elsewhere(app: Any, log: Log, path: str) -> None:
    found = client(app, "viewer", root_path="/proxied").get(path.format(event=log.ids["phone"]))
    assert found.status_code == 200
    page = found.text
    links = re.findall(r'(?:href|src|action|hx-get)="([^"]*)"', page)
    assert len(links) > 5
    assert {link for link in links if not link.startswith((f"/proxied{PREFIX}/", "#"))} == set()


@pytest.mark.parametrize(
    "path",
    [
        "/events",
        f"/find?q={quote(HOSTILE)}",
        f"/contacts/{quote(HOST, safe='')}",
        f"/contacts/{quote(HOST, safe='')}?value={quote(HOSTILE)}&author={quote(HOSTILE)}&channel={quote(HOSTILE)}",
        f"/states/{quote(HOST, safe='')}",
        f"/entries/{quote(HOST, safe='')}",
        "/event/{event}",
        f"/contacts/{DANA}?from={quote(HOSTILE)}",
        f"/{quote(HOSTILE)}",
    ],
)
def test_no_value_becomes_part_of_a_page(reader: Any, log: Log, path: str) -> None:
    page = reader.get(path.format(event=log.ids["hostile"])).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page or "%3Cscript%3E" in path
    assert "<b>#" not in page
    assert not re.search(r"<[^>]* on\w+=", page)
    assert not re.search(r"<[^>]* style=", page)
    assert re.findall(r"<script(?! src=)", page) == []


def test_what_would_not_be_seen_is_made_visible(reader: Any) -> None:
    page = reader.get(f"/contacts/{quote(HOST, safe='')}").text
    assert "\u202e" not in page
    assert 'title="right-to-left override U+202E"' in page
    assert 'title="no-break space U+00A0"' in page
    assert "look alike" in page


def test_a_timeline_tells_who_when_from_where_and_what(reader: Any) -> None:
    page = " ".join(re.sub(r"<[^>]+>", " ", reader.get(f"/contacts/{DANA}").text.replace("> *", "")).split())
    for words in (
        "Dana Whitfield contact Support portal 203.0.113.24",
        "Primary phone was +1 555 010 2233 → now +1 555 010 7788",
        "Azure AD sync integration Azure AD sync no IP address Matched",
        "Interests api billing removed mobile added webhooks",
        "Text changed: 5 words added, 5 words removed",
        "One of several authors Agent panel Ambiguous",
        "Ambiguous: any of 2 journal entries may have made it, by different authors",
        "Unknown author Unattributed Plan was free → now enterprise Seats was 12 → now 1200.5",
        "Email was dana@northwind.example → empty text",
        "Renewal date was 30 Nov 2026 → empty",
        "Newsletter was No → now Yes",
        "Contact created Name now Dana Whitefield",
        "8 events, 1 unattributed",
        "2 journal entries wait for the next capture",
        "Loaded from",
        "Gap: ",
    ):
        assert words in page, words


def test_evidence_names_the_entry_the_captures_and_the_candidates(reader: Any, log: Log) -> None:
    page = " ".join(re.sub(r"<[^>]+>", " ", reader.get(f"/event/{log.ids['ambiguous']}").text).split())
    assert "entry 501 entry 502" in page
    assert "Between capture 100 and capture 101" in page
    page = reader.get(f"/event/{log.ids['phone']}").text
    assert "Journal entry" in page
    assert "test_run" in page


def test_entries_without_visible_effect_are_listed_with_the_reason(reader: Any) -> None:
    page = reader.get(f"/entries/{DANA}").text
    assert all(words in page for words in ("Duplicate: ", "No known effect: ", "Not captured: ", "Entry 702"))
    assert "every journal entry of this contact made an event" in reader.get(f"/entries/{OTHER}").text


def test_a_deleted_contact_shows_its_last_values(reader: Any) -> None:
    page = reader.get(f"/contacts/{GONE}").text
    assert "Deleted" in page
    assert "2 last values" in page
    assert "did not exist" in reader.get(f"/states/{GONE}").text


def test_the_overview_says_what_is_not_there_yet(reader: Any) -> None:
    page = reader.get("/").text
    assert "No verify run yet" in page
    assert reader.get("/?days=7").status_code == 200
    assert reader.get("/?days=8").status_code == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/contacts/nobody", 404),
        ("/states/nobody", 404),
        ("/entries/nobody", 404),
        ("/event/8c0b2d6a-0000-0000-0000-000000000000", 404),
        ("/event/x", 400),
        ("/static/../app.py", 404),
        ("/static/..%2fapp.py", 404),
        ("/events?after=x", 400),
        ("/events?action=x", 400),
        (f"/entries/{DANA}?after=x", 400),
        (f"/states/{DANA}?at=x", 400),
        (f"/states/{DANA}?at=9999-12-31T23:59:59-14:00", 400),
        ("/find?q=" + "x" * 501, 400),
        ("/find?q=%00", 400),
        ("/contacts/%00", 400),
        ("/api/events?limit=501", 400),
        ("/api/events?action=x", 400),
        ("/api/events/x", 400),
        ("/api/state?contact_id=nobody", 404),
        ("/export?value=x", 400),
        ("/export?kind=agent", 400),
        ("/export?author=Marco", 400),
        ("/export?format=pdf", 400),
    ],
)
def test_what_cannot_be_answered_is_said_plainly(reader: Any, path: str, status: int) -> None:
    found = reader.get(path)
    assert found.status_code == status
    if path.startswith("/api/"):
        assert found.json()["detail"]
    else:
        assert "<h1>" in found.text


def test_the_api_pages_through_everything_once(reader: Any, log: Log) -> None:
    found: list[dict[str, Any]] = []
    after = {}
    while True:
        page = reader.get("/api/events", params={"limit": 20, **after}).json()
        found += page["events"]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert {event["event_id"] for event in found} == set(log.ids.values())
    assert len(found) == len(log.ids)
    assert page["coverage"]["complete_to"] == f"{log.newest:%Y-%m-%dT%H:%M:%SZ}"
    assert len(page["coverage"]["gaps"]) == 1


def test_the_api_takes_the_pages_filters(reader: Any, log: Log) -> None:
    for filters, names in (
        ({"kind": "admin"}, ["cleared", "born"]),
        ({"author": "integration:azure-ad"}, ["renamed"]),
        ({"field": "custom_fields.plan", "action": "update"}, ["unconfirmed", "unattributed"]),
        ({"value": "danish"}, ["long"]),
    ):
        page = reader.get("/api/events", params={"contact_id": DANA, **filters}).json()
        assert [event["event_id"] for event in page["events"]] == [log.ids[name] for name in names]
    assert len(reader.get("/api/events", params={"author": "automation", "limit": 500}).json()["events"]) == PAGED - 1


def test_the_api_keeps_every_digit_and_is_described(reader: Any, app: Any, activity_copy: str) -> None:
    from fastapi import FastAPI

    from contact_audit.web.app import create_app

    number = "12345678901234567890.12345678901234567890"
    query(
        activity_copy,
        "update audit.contact_audit_log set changes = %s where contact_id = %s and action = 'create'",
        [f'[{{"field": "name", "old": null, "new": {number}}}]', DANA],
    )
    mounted, root = create_app(lambda: activity_copy), FastAPI()
    root.mount(PREFIX, mounted)
    assert number in client(root, "viewer").get(f"/api/events?contact_id={DANA}&action=create").text
    assert number in client(root, "viewer").get(f"/contacts/{DANA}").text
    mounted.state.reading.close()

    described = client(app, "viewer", root_path="/proxied").get("/api/openapi.json").json()
    assert described["servers"] == [{"url": f"/proxied{PREFIX}"}]
    assert set(described["paths"]) == {path.partition("?")[0] for path in API} - {"/api/openapi.json"}
    names = {parameter["name"] for parameter in described["paths"]["/api/events"]["get"]["parameters"]}
    assert {"after", "limit", "from", "to", "author", "kind", "channel", "field", "attribution", "value"} <= names
    model = described["components"]["schemas"]["EventModel"]["properties"]
    (event,) = reader.get("/api/events?limit=1").json()["events"]
    assert set(event) == set(model)


def test_the_api_tells_a_state(reader: Any, log: Log) -> None:
    found = reader.get("/api/state", params={"contact_id": DANA}).json()
    assert found["exists"] is True
    assert found["fields"]["custom_fields.seats"] == 1200.5
    then = (log.newest - timedelta(days=15)).isoformat()
    found = reader.get("/api/state", params={"contact_id": DANA, "at": then}).json()
    assert found["fields"]["custom_fields.seats"] == 12
    early = reader.get("/api/state", params={"contact_id": DANA, "at": "2019-01-01"}).json()
    assert early["exists"] is None


@pytest.mark.parametrize("form", ["csv", "parquet", "ocsf", "ecs"])
def test_what_a_page_shows_is_downloaded_and_read_back(reader: Any, log: Log, form: str) -> None:
    found = reader.get("/export", params={"contact_id": DANA, "author": "agent:agent-12", "format": form})
    assert found.status_code == 200
    assert re.search(r'^attachment; filename="contact_audit-[\w.-]+"$', found.headers["content-disposition"])
    assert found.headers["contact-audit-coverage"].startswith("Complete from ")
    wanted = [log.ids["unconfirmed"], log.ids["long"]]
    if form == "csv":
        told = [row["event_id"] for row in csv.DictReader(io.StringIO(found.text))]
    elif form == "parquet":
        told = parquet.read_table(io.BytesIO(found.content))["event_id"].to_pylist()
    else:
        lines = [json.dumps(json.loads(line)) for line in found.text.splitlines()]
        told = [one for line in lines for one in wanted if one in line]
        assert len(lines) == 2
    assert told == wanted


@pytest.mark.usefixtures("app")  # Airflow's authentication
def test_a_database_that_does_not_answer_is_told_without_its_address() -> None:
    from fastapi import FastAPI

    from contact_audit.web.app import create_app

    root = FastAPI()
    root.mount(PREFIX, create_app(lambda: "postgresql://someone@localhost:1/secret"))
    page = client(root, "viewer").get("/events")
    assert page.status_code == 503
    assert "audit database cannot be read" in page.text
    assert "secret" not in page.text


def test_every_text_is_used_and_every_one_used_is_there() -> None:
    from contact_audit.web.texts import TEXTS

    folder = PROJECT / "plugins" / "contact_audit" / "web"
    sources = [*folder.glob("*.py"), *folder.glob("templates/*.html")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources if path.name != "texts.py")
    plain = set(re.findall(r"""\bsay\(\s*["'](\w+)["'](?!\s*~)""", code))
    counted = set(re.findall(r"""\bcounted\(\s*["'](\w+)["']""", code))
    assert plain - TEXTS.keys() == set()
    assert {f"{key}{end}" for key in counted for end in ("", "_one")} - TEXTS.keys() == set()
    # those that are made of a value and an ending
    made = re.compile(
        r"(error|kind|reason|run|integrity|channel|field|export|undo)_|(create|update|delete|restore|activity|state|entries)$|"
        r"(recorded|matched|inferred|ambiguous|unattributed|unconfirmed)(_words)?$"
    )
    words = set(re.findall(r"\w+", code)) | {f"{key}_one" for key in counted}
    assert {key for key in TEXTS if key not in words and not made.match(key)} == set()


def test_the_plugin_is_light_until_the_web_server_asks_for_the_app() -> None:
    heavy = ("contact_audit.web", "fastapi", "psycopg2", "pyarrow", "jinja2.environment")
    code = (
        "import sys; import airflow.plugins_manager; before = set(sys.modules)\n"
        "import contact_audit_plugin as found\n"
        f"print([name for name in {heavy!r} if name in set(sys.modules) - before])\n"
        "print(found.ContactAuditPlugin.external_views)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT / "plugins", capture_output=True, text=True, check=True
    )
    lines = done.stdout.strip().splitlines()
    assert lines[-2] == "[]"
    (view,) = json.loads(lines[-1].replace("'", '"').replace("True", "true"))
    assert view["href"] == "contact-activity/"
