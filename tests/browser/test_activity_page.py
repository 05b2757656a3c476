"""The Activity page as its readers meet it: in Airflow, in a browser, with a keyboard, on a phone, in the dark."""

import csv
import re
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PATH, Site
from tests.support.activity import DANA, GONE, HOST, HOSTILE, OTHER, PAGED

EVENTS = ".events > .event"


def contact(contact_id: str, question: str = "") -> str:
    return f"/contacts/{quote(contact_id, safe='')}{question}"


def test_airflows_navigation_leads_to_it_and_airflows_address_keeps_the_place(page: Page, site: Site) -> None:
    page.goto(site.url)
    page.get_by_role("link", name="Contact activity").first.click()
    frame = page.frame_locator("iframe[title='Contact activity']")
    expect(frame.get_by_role("heading", name="Contact activity", level=1)).to_be_visible()
    frame.get_by_role("searchbox").fill("dana")
    frame.locator("#found").get_by_role("link", name=re.compile("Dana Whitfield")).click()
    expect(frame.get_by_role("heading", name="Dana Whitfield", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(f"/plugin/{PATH}/{PATH}/contacts/{DANA}$"))
    page.reload()
    expect(frame.get_by_role("heading", name="Dana Whitfield", level=1)).to_be_visible()


def test_a_contact_is_found_while_typing_and_by_the_keyboard_alone(page: Page, site: Site) -> None:
    page.goto(site.page("/find"))
    page.keyboard.type("555 010 7788")
    expect(page.locator("#found li")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/find\?q=555"))
    page.get_by_role("link", name=re.compile("Dana")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dana Whitfield")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()


def test_each_moment_is_told_in_utc_and_in_the_readers_zone(page: Page, site: Site) -> None:
    page.goto(site.page(contact(DANA)))
    first = page.locator(EVENTS).first
    expect(first.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    expect(first.locator(".local")).to_have_text(re.compile(r"CES?T$|GMT\+[12]$"))
    page.evaluate("localStorage.setItem('timezone', 'Asia/Tokyo')")
    page.reload()
    expect(first.locator(".local")).to_have_attribute("title", "Asia/Tokyo")


def test_older_events_follow_until_there_are_no_more(page: Page, site: Site) -> None:
    page.goto(site.page(contact(OTHER)))
    expect(page.locator(EVENTS)).to_have_count(50)
    page.get_by_role("link", name="Show older events").click()
    expect(page.locator(EVENTS)).to_have_count(PAGED)
    expect(page.get_by_role("link", name="Show older events")).to_have_count(0)
    expect(page.get_by_text("The first event of what is covered.")).to_be_visible()
    ids = page.locator(EVENTS).evaluate_all("all => all.map(one => one.id)")
    assert len(set(ids)) == PAGED


@pytest.mark.parametrize(
    ("label", "choice", "count"),
    [
        ("Action", "Contact created", 1),
        ("Author", "Ada Admin (admin)", 2),
        ("Author kind", "Integration", 1),
        ("Channel", "Support portal", 1),
        ("Field", "Plan", 3),
        ("How the author is known", "Unattributed", 1),
        ("Value contains", "danish", 1),
        ("From (UTC)", "newest", 1),
        ("To (UTC)", "newest", 8),
    ],
)
def test_each_filter_narrows_and_is_taken_off_again(
    page: Page, site: Site, label: str, choice: str, count: int
) -> None:
    page.goto(site.page(contact(DANA)))
    page.locator(".filters > summary").click()
    field = page.locator(".filters").get_by_label(label, exact=True)
    if label == "Value contains":
        field.fill(choice)
    elif choice == "newest":
        newest = page.locator(EVENTS).first.locator("time").first.get_attribute("datetime") or ""
        field.fill(newest[:10])
        # the events of that day: how many depends on the hour
        count = count if label == "To (UTC)" else page.locator(f"section:first-child {EVENTS}").count()
    else:
        page.get_by_role("combobox", name=label, exact=True).select_option(label=choice)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("link", name=re.compile("^Remove filter"))).to_have_count(1)
    expect(page.locator(EVENTS)).to_have_count(count)
    assert "=&" not in page.url  # only what is set
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator(EVENTS)).to_have_count(8)


def test_a_value_that_went_for_all_contacts_is_told_in_its_place_and_has_an_address(page: Page, site: Site) -> None:
    page.goto(site.page(f"/states/{DANA}"))
    expect(page.get_by_role("row", name=re.compile("^Region"))).to_have_count(0)
    page.get_by_role("link", name="Activity", exact=True).click()
    entry = page.get_by_role("listitem").filter(has_text="Field Region disappeared for all contacts")
    expect(entry).to_contain_text("For 2 contacts of account 1, between capture 100 and capture 101")
    expect(entry).to_contain_text(re.compile(r"Region\s*was EMEA\s*→\s*empty"))
    expect(entry.locator(".local")).to_have_text(re.compile(r"–.*(CES?T|GMT\+[12])$"))
    neighbours = page.locator(".events > li").evaluate_all("all => all.map(one => one.id)")
    at = neighbours.index(f"schema-{site.log.schema_ids['region']}")
    assert [neighbours[at - 1], neighbours[at + 1]] == [
        f"event-{site.log.ids[name]}" for name in ("cleared", "unattributed")
    ]
    entry.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"#schema-{site.log.schema_ids['region']}$"))
    expect(page.locator(".events > li").first).to_contain_text("Field Region disappeared")
    page.goto(site.page(contact(DANA, "?kind=admin")))
    expect(page.get_by_text("for all contacts")).to_have_count(0)


def test_a_long_text_opens_to_what_differs(page: Page, site: Site) -> None:
    page.goto(site.page(contact(DANA, "?field=custom_fields.notes&action=update")))
    difference = page.locator("details.long p")
    expect(difference).to_be_hidden()
    page.get_by_text(re.compile("Text changed: ")).click()
    expect(difference).to_be_visible()
    expect(difference.locator("ins", has_text="Danish")).to_be_visible()
    expect(difference.locator("del", has_text="morning")).to_be_visible()


def test_evidence_comes_when_asked_for_and_has_an_address_of_its_own(page: Page, site: Site) -> None:
    page.goto(site.page(contact(DANA, "?attribution=ambiguous")))
    event = page.locator(EVENTS)
    event.get_by_text("Ambiguous: any of 2 journal entries").click()
    expect(event.get_by_text("Between capture 100 and capture 101")).to_be_visible()
    expect(event.get_by_text("entry 502")).to_be_visible()
    event.get_by_role("link", name=re.compile("^[0-9a-f-]{36}$")).click()
    expect(page).to_have_url(site.page(f"/event/{site.log.ids['ambiguous']}"))
    page.get_by_role("link", name="Show in the contact's activity").click()
    expect(page.locator(EVENTS).first).to_have_id(f"event-{site.log.ids['ambiguous']}")


def test_entries_without_visible_effect_are_a_step_away(page: Page, site: Site) -> None:
    page.goto(site.page(contact(DANA)))
    page.get_by_role("link", name="Entries without visible effect").click()
    expect(page.locator(EVENTS)).to_have_count(3)
    expect(page.get_by_text("Duplicate: the same entry")).to_be_visible()


def test_the_state_after_an_event_and_what_differs_from_another_moment(page: Page, site: Site) -> None:
    page.goto(site.page(f"/event/{site.log.ids['renamed']}"))
    page.get_by_role("link", name="State after this").click()
    row = page.get_by_role("row", name=re.compile("^Name"))
    expect(row.get_by_role("cell").first).to_have_text("Dana Whitfield")
    expect(row).to_contain_text("by Azure AD sync")
    before = page.get_by_label("At (UTC)").input_value()
    page.get_by_label("Compare with (UTC)").fill(f"{site.log.newest:%Y-%m-%dT%H:%M:%S}")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row", name=re.compile("^Seats"))).to_contain_text("was 12")
    expect(page.get_by_role("row", name=re.compile("^Seats"))).to_contain_text("now 1200.5")
    assert page.get_by_label("At (UTC)").input_value() == before
    page.goto(site.page(f"/states/{GONE}"))
    expect(page.get_by_text("The contact did not exist at this moment.")).to_be_visible()


def test_what_is_shown_is_downloaded_and_read_back(page: Page, site: Site) -> None:
    page.goto(site.page(contact(DANA, "?field=custom_fields.plan")))
    shown = [
        (one or "").removeprefix("event-") for one in page.locator(EVENTS).evaluate_all("all => all.map(one => one.id)")
    ]
    page.locator(".export > summary").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV, for spreadsheets").click()
    with download.value.path().open(encoding="utf-8", newline="") as file:
        assert [row["event_id"] for row in csv.DictReader(file)] == shown
    page.goto(site.page(contact(DANA, "?value=danish")))
    page.locator(".export > summary").click()
    expect(page.get_by_text("cannot be exported")).to_be_visible()


def test_hostile_values_are_shown_and_do_nothing(page: Page, site: Site) -> None:
    paths = [contact(HOST), "/events", f"/find?q={quote(HOSTILE)}", f"/states/{quote(HOST, safe='')}"]
    for path in [*paths, f"/event/{site.log.ids['hostile']}"]:
        page.goto(site.page(path))
        expect(page.locator("main")).to_contain_text(HOSTILE)
        assert page.locator("main script").count() == 0
    page.goto(site.page(contact(HOST)))
    page.locator("details.evidence > summary").first.click()
    expect(page.get_by_text("Between capture 100 and capture 101").first).to_be_visible()


def test_nobody_gets_in_without_a_login(browser: Browser, site: Site) -> None:
    context = browser.new_context()
    page = context.new_page()
    for path in ("/", "/find?q=dana", "/events", contact(DANA), f"/states/{DANA}", f"/entries/{DANA}", "/api/events",
                 "/api/contacts?q=dana", "/api/openapi.json", "/export", "/static/activity.js", f"/event/{site.log.ids['phone']}",
                 f"/api/events/{site.log.ids['phone']}", f"/api/state?contact_id={DANA}", "/nothing"):  # fmt: skip
        found = page.goto(site.page(path))
        assert found is not None
        assert found.status == 401, path
        assert "Dana" not in page.content()
    page.goto(site.page(contact(DANA)))
    page.get_by_role("link", name="Log in to Airflow").click()
    page.get_by_label("Username").fill(site.user)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dana Whitfield")
    context.close()


PAGES = [
    "/",
    "/events",
    contact(DANA),
    f"/states/{DANA}",
    f"/entries/{DANA}",
    "/find?q=a",
    contact(OTHER, "?kind=system"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(context: BrowserContext, site: Site, scheme: str) -> None:
    page = context.new_page()
    # without motion: a list that waits for its next part is dimmed for a moment
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    # what is not of colour is the same in the dark
    for path in (
        [*PAGES, f"/event/{site.log.ids['ambiguous']}"] if scheme == "light" else [PAGES[0], PAGES[2], PAGES[3]]
    ):
        page.goto(site.page(path))
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        page.wait_for_load_state("networkidle")
        found = Axe().run(page).response["violations"]
        serious = [
            (one["id"], node["html"])
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]
        assert serious == [], path


def test_nothing_is_cut_off_on_a_phone(browser: Browser, logged_in: object, site: Site) -> None:
    context = browser.new_context(storage_state=logged_in, viewport={"width": 360, "height": 740})  # type: ignore[arg-type]
    page = context.new_page()
    for path in PAGES:
        page.goto(site.page(path))
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, path
    context.close()


def test_airflows_theme_is_followed(page: Page, site: Site) -> None:
    page.goto(site.page("/"))
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_it_reads_without_scripts(browser: Browser, logged_in: object, site: Site) -> None:
    context = browser.new_context(storage_state=logged_in, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(site.page(contact(OTHER)))
    page.get_by_role("link", name="Show older events").click()
    expect(page.locator(EVENTS)).to_have_count(PAGED - 50)
    page.get_by_role("link", name="Back to the newest").click()
    expect(page.locator(EVENTS)).to_have_count(50)
    context.close()
