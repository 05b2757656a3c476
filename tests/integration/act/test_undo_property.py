"""Any choice of events of a simulated world: what the plan sets back is as it was, and every chosen change is in it once."""

import json
import random
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contact_audit.act.choice import Choice
from contact_audit.act.reading import find, reading
from contact_audit.act.undo import UndoPlan, make_plan, planned
from contact_audit.evidence.values import canonical_text
from contact_audit.local.embedded import Server
from tests.support.runs import NOW, backfill, new_pipeline, query
from tests.support.worlds import random_world, write_world

State = dict[str, Any] | None
Change = tuple[str, str | None]  # event, field


class Log:
    """A loaded world: each contact's events in order, its state now, and its state before each event."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.events: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in query(dsn, "select * from audit.contact_audit_log order by contact_id, window_end, sequence"):
            self.events[row["contact_id"]].append(row)
        self.now: dict[str, State] = dict.fromkeys(self.events)
        for row in query(dsn, "select * from audit.contacts where not deleted"):
            values = {name: row[name] for name in ("name", "email", "primary_phone")}
            self.now[row["contact_id"]] = values | {f"custom_fields.{k}": v for k, v in row["custom_fields"].items()}
        self.ids = [event["event_id"] for events in self.events.values() for event in events]
        with reading(dsn) as ask:
            self.found = find(ask, Choice.of({}))

    def plan(self, chosen: set[str]) -> UndoPlan:
        """The plan of these events, of what the database gives for all."""
        steps = self.found.steps.assign(chosen=self.found.steps["event_id"].isin(chosen))
        touched = steps.loc[steps["chosen"], "contact_id"]
        found = replace(self.found, steps=steps[steps["contact_id"].isin(touched)])
        return planned(found, Choice.of({}), NOW)

    def before(self, contact_id: str, event_id: str) -> State:
        """The contact just before an event, by taking back the events from the newest on."""
        state = self.now[contact_id]
        for event in reversed(self.events[contact_id]):
            fields = dict(state or {})
            fields.update({change["field"]: change["old"] for change in event["changes"]})
            state = None if event["action"] in ("create", "restore") else fields
            if event["event_id"] == event_id:
                return state
        raise KeyError(event_id)


def applied(told: dict[str, Any], now: dict[str, State]) -> dict[str, State]:
    """The states after a plan is carried out."""
    states = {contact_id: None if state is None else dict(state) for contact_id, state in now.items()}
    for entry in told["set"]:
        state = states[entry["contact_id"]]
        assert state is not None
        assert same(state.get(entry["field"]), entry["now"])
        state[entry["field"]] = entry["back_to"]
    for entry in told["recreate"]:
        assert states[entry["contact_id"]] is None
        states[entry["contact_id"]] = dict(entry["state"])
    for entry in told["remove"]:
        assert states[entry["contact_id"]] is not None
        states[entry["contact_id"]] = None
    return states


def same(one: Any, other: Any) -> bool:
    return canonical_text(one) == canonical_text(other)


def covered(told: dict[str, Any], log: Log) -> Counter[Change]:
    """How often the plan takes account of each chosen change."""
    by_id = {event["event_id"]: event for events in log.events.values() for event in events}
    found: Counter[Change] = Counter()
    for section in ("set", "conflicts", "already_back"):
        for entry in told[section]:
            found.update((event_id, entry["field"]) for event_id in entry["events"])
    for section in ("recreate", "remove"):
        for entry in told[section]:
            for event_id in entry["events"]:
                found.update(change for change in changes_of(by_id[event_id]) if found[change] == 0)
    return found


def changes_of(event: dict[str, Any]) -> list[Change]:
    existence: list[Change] = [] if event["action"] == "update" else [(event["event_id"], None)]
    return [(event["event_id"], change["field"]) for change in event["changes"]] + existence


def check(log: Log, chosen: set[str], plan: UndoPlan) -> None:
    told = json.loads(plan.as_json())
    wanted: Counter[Change] = Counter()
    conflicts = {(entry["contact_id"], entry["field"]) for entry in told["conflicts"]}
    states = applied(told, log.now)
    for contact_id, events in log.events.items():
        seen: set[str | None] = set()
        for event in events:
            if event["event_id"] not in chosen:
                continue
            wanted.update(changes_of(event))
            for _, field in changes_of(event):
                if field in seen or (contact_id, field) in conflicts:
                    continue
                seen.add(field)
                before, after = log.before(contact_id, event["event_id"]), states[contact_id]
                if field is None:
                    assert (before is None) == (after is None), (contact_id, event)
                elif field != "account_id":
                    assert same((before or {}).get(field), (after or {}).get(field)), (contact_id, field, told)
    assert covered(told, log) == wanted
    assert sum(plan.counts().values()) == wanted.total()


@pytest.fixture(scope="module")
def logs(postgres: Server, _helpdesk_template: str, _audit_template: str) -> list[Log]:
    """Three worlds, from an honest journal to one that lies much."""
    from tests.conftest import _execute

    found = []
    for seed in range(3):
        names = [f"undo_{side}_{seed}" for side in ("helpdesk", "audit")]
        for name, template in zip(names, (_helpdesk_template, _audit_template), strict=True):
            _execute(postgres, "create database {} template {}", name, template)
        helpdesk, audit = (postgres.dsn(name) for name in names)
        write_world(helpdesk, random_world(100 + seed, contacts=30, captures=9, hardness=seed / 2))
        backfill(
            new_pipeline(helpdesk, audit, brake_share=1.0), from_="2019-10-01T00:00:00Z", to="2019-10-04T00:00:00Z"
        )
        found.append(Log(audit))
    return found


any_choice = settings(
    max_examples=40,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_the_worlds_have_what_can_go_wrong(logs: list[Log]) -> None:
    for log in logs:
        actions = Counter(event["action"] for events in log.events.values() for event in events)
        assert min(actions["create"], actions["update"], actions["delete"]) > 5
    assert any(event["attribution"] == "unattributed" for events in logs[2].events.values() for event in events)


@any_choice
@given(
    world=st.integers(0, 2),
    share=st.sampled_from([0.02, 0.2, 0.5, 0.8, 0.97, 1.0]),
    rng=st.randoms(use_true_random=False),
)
def test_what_a_plan_sets_back_is_as_before_the_first_chosen_event(
    logs: list[Log], world: int, share: float, rng: random.Random
) -> None:
    log = logs[world]
    chosen = {event_id for event_id in log.ids if rng.random() < share}
    check(log, chosen, log.plan(chosen))


@any_choice
@given(world=st.integers(0, 2), rng=st.randoms(use_true_random=False))
def test_the_newest_events_of_contacts_can_all_be_taken_back_or_are_conflicts_of_evidence(
    logs: list[Log], world: int, rng: random.Random
) -> None:
    log = logs[world]
    newest = [events[-rng.randint(1, len(events)) :] for events in log.events.values() if rng.random() < 0.5]
    chosen = {event["event_id"] for events in newest for event in events}
    plan = log.plan(chosen)
    check(log, chosen, plan)
    reasons = {entry["reason"] for entry in json.loads(plan.as_json())["conflicts"]}
    assert reasons <= {"before_first_capture", "unattributed_beside", "account", "stays"}


def test_a_choice_by_filters_reads_what_the_choice_of_all_reads(logs: list[Log]) -> None:
    log = logs[2]
    chosen = {
        event["event_id"] for events in log.events.values() for event in events if event["author_type"] == "agent"
    }
    by_filter = make_plan(log.dsn, Choice.of({}, kinds=["agent"]), NOW)
    assert json.loads(by_filter.as_json()) == json.loads(log.plan(chosen).as_json())
    assert by_filter.events == len(chosen) > 10
