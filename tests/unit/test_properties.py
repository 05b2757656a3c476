"""What must hold for any world: the oracle's events, conservation, and nothing that depends on order of rows or on chunks."""

import random
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contact_audit import conservation
from contact_audit.attribution import Derived, attribute
from contact_audit.errors import ConservationError
from contact_audit.evidence import Evidence, Extract, read
from contact_audit.windows import Span
from tests.support.extracts import as_records, extract_of
from tests.support.oracle import derive
from tests.support.worlds import random_world

SKEW = timedelta(seconds=120)
worlds = st.builds(
    random_world,
    st.integers(0, 2**32),
    contacts=st.integers(1, 6),
    captures=st.integers(1, 8),
    hardness=st.floats(0, 1),
)
any_world = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def attributed(extract: Extract) -> tuple[Evidence, Derived]:
    evidence = read(extract)
    return evidence, attribute(evidence, SKEW)


def in_order(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(events, key=lambda event: (event["contact_id"], event["window_end"], event["sequence"]))


@any_world
@given(worlds)
def test_events_and_entries_without_one_are_the_oracles(world: dict[str, Any]) -> None:
    _, derived = attributed(extract_of(world))
    events, without = as_records(derived)
    oracles, oracles_without = derive(world)
    assert in_order(events) == in_order(oracles)
    assert sorted(without, key=str) == sorted(oracles_without, key=str)


@any_world
@given(worlds)
def test_events_lead_from_each_capture_to_the_next_and_every_entry_is_accounted_for(world: dict[str, Any]) -> None:
    evidence, derived = attributed(extract_of(world))
    captured = conservation.captured(evidence, derived)
    conservation.check(captured, conservation.replayed(evidence, derived), evidence.contacts)
    conservation.check_entries(evidence, derived)


@any_world
@given(worlds, st.randoms(use_true_random=False))
def test_the_order_of_a_sources_rows_changes_nothing(world: dict[str, Any], rng: random.Random) -> None:
    extract = extract_of(world)
    shuffled = Extract(
        extract.span, extract.captures, True, _shuffled(extract.states, rng), _shuffled(extract.journal, rng)
    )
    _, one = attributed(extract)
    _, other = attributed(shuffled)
    pd.testing.assert_frame_equal(one.events, other.events)
    pd.testing.assert_frame_equal(one.entries_without_event, other.entries_without_event)


@any_world
@given(worlds, st.randoms(use_true_random=False))
def test_chunks_give_the_rows_of_the_whole(world: dict[str, Any], rng: random.Random) -> None:
    extract = extract_of(world)
    _, whole = attributed(extract)
    parts = [attributed(part)[1] for part in _chunks(extract, rng)]
    for name, keys in (("events", ["window_end", "contact_id", "sequence"]), ("entries_without_event", ["entry_id"])):
        frames = [getattr(part, name) for part in parts]
        joined = pd.concat([frame for frame in frames if len(frame)] or frames[:1]).sort_values(keys, ignore_index=True)
        pd.testing.assert_frame_equal(joined, getattr(whole, name).sort_values(keys, ignore_index=True))


@pytest.mark.parametrize("broken", ["old", "new", "gone"])
def test_the_check_finds_an_event_that_does_not_fit(broken: str) -> None:
    evidence, derived = attributed(extract_of(random_world(3, contacts=4, captures=5, hardness=0.0)))
    captured, replayed = conservation.captured(evidence, derived), conservation.replayed(evidence, derived)
    row = int(replayed.index[replayed["field"] >= 0][0])
    if broken == "gone":
        replayed = replayed.drop(index=row)
    else:
        replayed.loc[row, broken] += 1
    contact = int(evidence.contacts[int(replayed["contact"].iloc[0])])
    with pytest.raises(ConservationError, match=rf"contacts \[{contact}\].*nothing was loaded"):
        conservation.check(captured, replayed, evidence.contacts)


def _shuffled(table: pa.Table, rng: random.Random) -> pa.Table:
    rows = list(range(table.num_rows))
    rng.shuffle(rows)
    return table.take(pa.array(rows, pa.int64()))


def _chunks(extract: Extract, rng: random.Random) -> list[Extract]:
    """The same evidence for several spans that together are the whole: each derives its own windows only."""
    borders = [extract.span.start, *(window.end for window in extract.span.windows if rng.random() < 0.3)]
    borders = [*dict.fromkeys([*borders, extract.span.end])]
    return [
        Extract(Span(start, end), extract.captures, True, extract.states, extract.journal)
        for start, end in pairwise(borders)
    ]
