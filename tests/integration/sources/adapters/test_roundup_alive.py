"""A real Roundup tracker, edited through its own API between real runs: the log against the list of what was done, event by event."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contact_audit.local.embedded import Server
from contact_audit.runs.pipeline import Pipeline
from contact_audit.windows import floor_border
from tests.support.runs import new_pipeline, query, sync
from tests.trackers.roundup import Tracker, install, tracker

pytestmark = pytest.mark.heavy(minutes=4)
Done = tuple[str, str, str, dict[str, tuple[Any, Any]]]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Roundup, installed."""
    folder = tmp_path_factory.mktemp("roundup") / "environment"
    install(folder)
    return folder


@pytest.fixture
def desk(environment: Path, tmp_path: Path, postgres: Server) -> Iterator[Tracker]:
    """A tracker with two agents, a directory's user and two keywords."""
    home = tmp_path / "tracker"
    home.mkdir()
    with tracker(environment, home, postgres.dsn("roundup_alive")) as running:
        for login, name, roles in (
            ("anna", "Anna", "User,Admin"),
            ("ben", "Ben", "User"),
            ("directory", "Directory", "Admin"),
        ):
            running.create("admin", username=login, realname=name, roles=roles)
        for name in ("api", "billing", "mobile"):
            running.create("admin", of="keyword", name=name)
        yield running
    query(
        postgres.dsn("postgres"),
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'roundup_alive'",
    )


def a_run(pipeline: Pipeline) -> None:
    sync(pipeline, floor_border(datetime.now(UTC)))


def events(pipeline: Pipeline, where: str = "attribution <> 'unconfirmed'") -> list[Done]:
    """The log since the first capture, contact by contact in order."""
    rows = query(
        pipeline.audit_dsn,
        f"""select contact_id, action, author_name, changes from audit.contact_audit_log
        where {where} order by contact_id::int, window_end, sequence""",
    )
    return [
        (
            row["contact_id"],
            row["action"],
            row["author_name"],
            {one["field"]: (one["old"], one["new"]) for one in row["changes"]},
        )
        for row in rows
    ]


def test_a_real_tracker_is_told_event_by_event(desk: Tracker, postgres: Server, audit_dsn: str) -> None:
    pipeline = new_pipeline(postgres.dsn("roundup_alive"), audit_dsn, source="roundup", brake_share=1.0)
    api, billing, mobile = "1", "2", "3"
    mira = desk.create(
        "anna", username="mira", realname="Mira Holt", address="mira@one.example", plan="basic", interests=[api]
    )
    tom = desk.create(
        "anna", username="tom", realname="Tom Reed", address="tom@two.example", seats=5, vip=True, region="2"
    )
    lena = desk.create("directory", username="lena", realname="Lena Fox", customer_since="2024-03-01")
    gone = desk.create("directory", username="gone", realname="Gone Soon")
    a_run(pipeline)
    assert events(pipeline) == []
    # What the journal tells of the time before is told as that.
    before = [
        (one, "create", by, {}) for one, by in ((mira, "Anna"), (tom, "Anna"), (lena, "Directory"), (gone, "Directory"))
    ]
    assert events(pipeline, "attribution = 'unconfirmed'") == before

    # Between two runs: several hands on one contact, lists, a revert, no-op saves, what is no field, staff, a short life.
    desk.set("anna", mira, realname="Mira Holt-Dean", plan="pro")
    desk.set("ben", mira, interests=[api, billing])
    desk.set("directory", mira, interests=[billing, mobile], region="1")
    desk.set("anna", mira, plan="pro")
    desk.set("mira", mira, phone="+1 555 0101")
    desk.set("anna", mira, password="another", username="mira.dean")
    desk.set("anna", tom, vip=False)
    desk.set("anna", tom, vip=True)
    desk.set("ben", tom, seats=None, manager=mira)
    desk.set("directory", lena, customer_since="2024-04-15", organisation='Fünf "&" Söhne\'s')
    desk.set("ben", "4", phone="+1 555 0999")
    short = desk.create("anna", username="short", realname="Short Life")
    desk.do("destroy", "admin", short)
    a_run(pipeline)
    told: list[Done] = [
        (mira, "update", "Anna", {"name": ("Mira Holt", "Mira Holt-Dean"), "custom_fields.plan": ("basic", "pro")}),
        (mira, "update", "Ben", {"custom_fields.interests": (["api"], ["api", "billing"])}),
        (
            mira,
            "update",
            "Directory",
            {
                "custom_fields.interests": (["api", "billing"], ["billing", "mobile"]),
                "custom_fields.region": (None, "critical"),
            },
        ),
        (mira, "update", "Mira Holt-Dean", {"primary_phone": (None, "+1 555 0101")}),
        (tom, "update", "Anna", {"custom_fields.vip": (True, False)}),
        (tom, "update", "Anna", {"custom_fields.vip": (False, True)}),
        (tom, "update", "Ben", {"custom_fields.seats": (5, None), "custom_fields.manager": (None, mira)}),
        (
            lena,
            "update",
            "Directory",
            {
                "custom_fields.customer_since": ("2024-03-01", "2024-04-15"),
                "custom_fields.organisation": (None, 'Fünf "&" Söhne\'s'),
            },
        ),
    ]
    assert events(pipeline) == told

    # Retired, restored, destroyed for good; and a new one that is edited at once.
    desk.do("retire", "ben", lena)
    desk.do("retire", "anna", tom)
    desk.do("restore", "ben", tom)
    desk.do("destroy", "admin", gone)
    olga = desk.create("ben", username="olga", realname="Olga Penn", plan="basic", interests=[mobile])
    desk.set("anna", olga, plan="pro")
    a_run(pipeline)
    of_tom = {
        "name": "Tom Reed",
        "email": "tom@two.example",
        "custom_fields.vip": True,
        "custom_fields.region": "urgent",
        "custom_fields.manager": mira,
    }
    lost = {
        "name": ("Lena Fox", None),
        "custom_fields.customer_since": ("2024-04-15", None),
        "custom_fields.organisation": ('Fünf "&" Söhne\'s', None),
    }
    born = {
        "name": (None, "Olga Penn"),
        "custom_fields.plan": (None, "basic"),
        "custom_fields.interests": (None, ["mobile"]),
    }
    told[7:] = [
        told[6],
        (tom, "delete", "Anna", {field: (value, None) for field, value in of_tom.items()}),
        (tom, "restore", "Ben", {field: (None, value) for field, value in of_tom.items()}),
        told[7],
        (lena, "delete", "Ben", lost),
        (gone, "delete", None, {"name": ("Gone Soon", None)}),
        (olga, "create", "Ben", born),
        (olga, "update", "Anna", {"custom_fields.plan": ("basic", "pro")}),
    ][1:]
    assert events(pipeline) == told
    a_run(pipeline)
    assert events(pipeline) == told
