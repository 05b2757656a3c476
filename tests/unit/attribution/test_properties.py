"""What must hold for any world: the oracle's events, conservation, and nothing that depends on order of rows or on chunks."""

import random
from datetime import datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contact_audit.attribution import conservation
from contact_audit.errors import ConservationError
from contact_audit.evidence.states import Extract
from contact_audit.windows import Span
from tests.support.extracts import as_records, attributed, extract_of, in_order, shuffled
from tests.support.oracle import derive
from tests.support.proof import any_world, compared, some_worlds
from tests.support.worlds import random_world

worlds = st.builds(
    random_world,
    st.integers(0, 2**32),
    contacts=st.integers(1, 6),
    captures=st.integers(1, 8),
    hardness=st.floats(0, 1),
)
randoms = st.randoms(use_true_random=False)


# a birth's entry names one of two fields without its value, and two later entries by one author name both
MIXED = random_world(1007773001, contacts=3, captures=4, hardness=1.0)


@any_world
@given(worlds)
@example(MIXED)
def test_events_are_the_oracles_lead_from_capture_to_capture_and_account_for_every_entry(world: dict[str, Any]) -> None:
    evidence, derived = attributed(extract_of(world))
    conservation.check(
        conservation.captured(evidence, derived), conservation.replayed(evidence, derived), evidence.contacts
    )
    conservation.check_entries(evidence, derived)
    events, without = as_records(derived)
    oracles, oracles_without = derive(world)
    assert in_order(events) == in_order(oracles)
    assert sorted(without, key=str) == sorted(oracles_without, key=str)
    compared("oracle", events=len(events))


@any_world
@given(worlds, randoms)
def test_any_chunk_of_rows_in_any_order_gives_its_part_of_the_whole(world: dict[str, Any], rng: random.Random) -> None:
    chunk = _chunk(extract_of(world), rng)
    evidence, derived = attributed(shuffled(chunk, rng))
    conservation.check_entries(evidence, derived)
    events, _ = as_records(derived)
    oracles = [one for one in derive(world)[0] if chunk.span.start < _end(one) <= chunk.span.end]
    assert in_order(events) == in_order(oracles)
    compared("chunk", events=len(events))


@some_worlds
@given(worlds, randoms)
def test_the_same_evidence_gives_the_same_event_ids(world: dict[str, Any], rng: random.Random) -> None:
    extract = extract_of(world)
    _, whole = attributed(extract)
    assert whole.events["event_id"].is_unique
    _, again = attributed(shuffled(extract, rng))
    pd.testing.assert_frame_equal(whole.events, again.events)
    pd.testing.assert_frame_equal(whole.entries_without_event, again.entries_without_event)
    chunk = _chunk(extract, rng)
    _, part = attributed(chunk)
    for name in ("events", "entries_without_event"):
        frame = getattr(whole, name)
        inside = (frame["window_end"] > chunk.span.start) & (frame["window_end"] <= chunk.span.end)
        pd.testing.assert_frame_equal(getattr(part, name), frame[inside].reset_index(drop=True))


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


def _chunk(extract: Extract, rng: random.Random) -> Extract:
    """The same evidence for some of its windows: only those are to be derived."""
    windows = extract.span.windows
    first = rng.randrange(len(windows))
    last = rng.randrange(first, len(windows))
    span = Span(windows[first].start, windows[last].end)
    return Extract(span, extract.captures, True, extract.states, extract.journal)


def _end(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["window_end"])
