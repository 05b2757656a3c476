"""`make demo-roundup`: a real Roundup tracker, a few edits by several hands, two runs of the sync, and a contact's activity.

All of it in a folder of its own below the state's, with a PostgreSQL of its own, which ends with the command.
"""

import os
import shutil
import sys
import time
from datetime import UTC, datetime

from contact_audit.database import dsn_from_uri
from contact_audit.errors import ContactAuditError
from contact_audit.local.demo import SYNC, run_dags
from contact_audit.local.embedded import Server
from contact_audit.local.environment import CONTACT_AUDIT, HELPDESK, airflow_environment
from contact_audit.local.processes import metadata_is_ready, prepare_metadata
from contact_audit.local.state import State
from contact_audit.log import migrations
from tests.trackers.roundup import Tracker, install, tracker

_BEGIN = time.monotonic()


def say(text: str) -> None:
    """A line on the screen, with the seconds since the start."""
    print(f"[{time.monotonic() - _BEGIN:4.0f} s] {text}", flush=True)


def main() -> None:
    """The demo, start to end."""
    above = State.from_environment(os.environ)
    state = State(above.roundup)
    environment_of_roundup, home = state.home / "environment", state.home / "tracker"
    above.make()
    state.make()
    say("Roundup: installing its lock into an environment of its own")
    install(environment_of_roundup)
    server = Server(state, durable=False)
    server.remove()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    server.start()
    try:
        given = {
            name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "CONTACT_AUDIT_"))
        }
        settings = {HELPDESK: server.dsn("tracker"), "CONTACT_AUDIT_SOURCE": "roundup"}
        environment = airflow_environment(state, given | settings)
        audit = dsn_from_uri(environment[CONTACT_AUDIT])
        say(f"Audit database: at revision {migrations.upgrade(audit)}")
        with tracker(environment_of_roundup, home, server.dsn("tracker")) as desk:
            say("Roundup is up, on the embedded PostgreSQL: two agents, a directory's user, a contact")
            mira = the_desk(desk)
            if not metadata_is_ready(state, environment):
                say("Airflow's metadata: preparing, this takes half a minute")
                prepare_metadata(state, environment)
            run_dags(state, environment, say, (SYNC,))
            say("The first capture is taken. Now several hands edit the contact, in Roundup itself")
            the_edits(desk, mira)
            run_dags(state, environment, say, (SYNC,))
        from contact_audit.runs.report import print_activity

        print()
        print_activity(audit, mira)
        print()
        say("Done")
    finally:
        server.stop()


def the_desk(desk: Tracker) -> str:
    """People and keywords; the contact's id."""
    for login, name, roles in (
        ("anna", "Anna Berg", "User"),
        ("ben", "Ben Cole", "User"),
        ("sync", "Directory sync", "Admin"),
    ):
        desk.create("admin", username=login, realname=name, roles=roles)
    keywords = [desk.create("admin", of="keyword", name=name) for name in ("api", "billing")]
    values = {"realname": "Mira Holt", "address": "mira@one.example", "plan": "basic", "interests": keywords[:1]}
    return desk.create("anna", username="mira", **values)


def the_edits(desk: Tracker, mira: str) -> None:
    """What several hands do within minutes; the captures see only the sum."""
    desk.set("anna", mira, realname="Mira Holt-Dean", plan="pro", seats=5)
    desk.set("ben", mira, interests=["1", "2"])
    desk.set("mira", mira, phone="+1 555 0101")
    desk.set("sync", mira, phone="+1 555 0199", customer_since=datetime.now(UTC).strftime("%Y-%m-%d"))
    desk.set("mira", mira, phone="+1 555 0101")
    desk.do("retire", "ben", mira)
    desk.do("restore", "anna", mira)


if __name__ == "__main__":
    try:
        main()
    except ContactAuditError as error:
        sys.exit(str(error))
