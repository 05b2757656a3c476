"""The log's claims against what truly happened: never a wrong name where the evidence excludes it, never a change lost.

judge.py spells the laws out; here they are asked of thousands of worlds, whose journals tell all, lose values, lose entries, or err.
"""

import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_audit.attribution import conservation
from contact_audit.windows import window_of
from tests.support.extracts import as_records, attributed, extract_of, in_order, shuffled
from tests.support.judge import SKEW, Judge
from tests.support.oracle import derive
from tests.support.proof import any_world, compared
from tests.support.telling import Losses, World, tell
from tests.support.truth import live

rates = st.sampled_from([0.0, 0.1, 0.3, 0.6])
HARMLESS = dict.fromkeys(("duplicated", "late", "spelled", "shuffled"), rates)
STRIPPED = HARMLESS | dict.fromkeys(("stripped", "half_stripped"), rates)
OMITTED = STRIPPED | dict.fromkeys(("dropped", "bare", "truncated", "half_told"), rates)
WRONG_CLOCKS = OMITTED | {"clock": st.sampled_from([0.1, 0.5])}
losses = st.one_of([st.builds(Losses, **some) for some in (HARMLESS, STRIPPED, OMITTED, WRONG_CLOCKS)])
truths = st.builds(
    live,
    st.integers(0, 2**32),
    contacts=st.integers(1, 6),
    captures=st.integers(2, 8),
    near=st.sampled_from([0.0, 0.3]),
    odd=st.sampled_from([0.0, 0.5, 1.0]),
    busy=st.sampled_from([0.2, 0.5, 0.9]),
    most=st.integers(1, 8),
)
worlds = st.builds(tell, truths, st.integers(0, 2**32), losses)


@any_world
@given(worlds)
def test_nobody_is_named_against_the_evidence_and_no_change_is_lost(world: World) -> None:
    evidence, derived = attributed(extract_of(world.rows), SKEW)
    conservation.check(
        conservation.captured(evidence, derived), conservation.replayed(evidence, derived), evidence.contacts
    )
    conservation.check_entries(evidence, derived)
    events, _ = as_records(derived)
    judge = Judge(world, events, SKEW)
    judge.all_laws()
    compared("truth", events=len(events), verdicts=judge.verdicts())


@any_world
@given(truths, st.integers(0, 2**32), losses, st.randoms(use_true_random=False))
def test_full_or_changed_captures_of_one_truth_give_the_same_events(
    truth: Any, seed: int, lost: Losses, rng: random.Random
) -> None:
    world = tell(truth, seed, lost)
    other = tell(truth.with_kinds(rng.choice(["full", "changed", rng])), seed, lost)
    assert other.rows["contact_journal"] == world.rows["contact_journal"]
    _, derived = attributed(shuffled(extract_of(other.rows), rng), SKEW)
    events, without = as_records(derived)
    expected, expected_without = derive(world.rows, SKEW.total_seconds())
    assert in_order(events) == in_order(expected)
    assert sorted(without, key=str) == sorted(expected_without, key=str)
    compared("kinds of capture", events=len(events))


# ---- the simulator is worth asking ---------------------------------------------------------------------------------

WHOLE = Losses(duplicated=0.2, late=0.2, spelled=0.3)
NAMES = Losses(stripped=0.5, half_stripped=0.3)
GAPS = Losses(dropped=0.2, bare=0.2, stripped=0.3, half_stripped=0.2, truncated=0.2, half_told=0.2)


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        (WHOLE, {"recorded", "unconfirmed"}),
        (NAMES, {"recorded", "matched", "ambiguous", "inferred", "unconfirmed"}),
        (GAPS, {"recorded", "matched", "ambiguous", "inferred", "unconfirmed", "unattributed"}),
    ],
)
def test_the_journals_that_lose_more_give_the_weaker_claims(lost: Losses, expected: set[str]) -> None:
    seen: Counter[str] = Counter()
    for seed in range(40):
        world = tell(live(seed, contacts=4, captures=5), seed, lost)
        events, _ = derive(world.rows, SKEW.total_seconds())
        Judge(world, events, SKEW).all_laws()
        seen.update(event["attribution"] for event in events)
    assert set(seen) == expected
    assert seen["recorded"] > 100


def test_truths_hold_chains_reverts_several_authors_births_deaths_and_saves_without_effect() -> None:
    seen: Counter[str] = Counter()
    for seed in range(20):
        truth = live(seed, contacts=4, captures=5)
        judge = Judge(tell(truth, seed, Losses()), [], SKEW)
        for contact, pair in judge.pairs:
            operations = judge.operations[contact, pair]
            seen.update(operation.action for operation in operations)
            seen["without effect"] += sum(not operation.net for operation in operations)
            seen["several authors"] += len({operation.who for operation in operations}) > 1
            seen["one moment"] += len({operation.at for operation in operations}) < len(operations)
            for name in {name for operation in operations for name in operation.changes}:
                values = [one.changes[name] for one in operations if name in one.changes]
                seen["chain"] += len(values) > 1
                seen["revert"] += len(values) > 1 and values[0][0] == values[-1][1]
    assert min(seen.values()) > 10, seen


def test_more_is_lost_where_more_is_asked_for_and_the_rest_stays() -> None:
    truth = live(5, contacts=6, captures=6)
    left = [
        {
            (row["contact_id"], row["occurred_at"], str(row["changes"]))
            for row in tell(truth, 5, Losses(dropped=share)).rows["contact_journal"]
        }
        for share in (0.0, 0.3, 0.6, 1.0)
    ]
    assert all(more > less for more, less in pairwise(left))
    assert not left[-1]


@pytest.mark.parametrize("name", list(Losses.__dataclass_fields__))
def test_each_loss_is_seen_in_the_evidence(name: str) -> None:
    truth = live(5, contacts=6, captures=6)
    whole, lost = (tell(truth, 5, one).rows for one in (Losses(), Losses(**{name: 1.0})))
    assert lost["contact_journal"] != whole["contact_journal"]
    assert [row["snapshot_id"] for row in lost["snapshots"]] == [row["snapshot_id"] for row in whole["snapshots"]]


def test_captures_are_missed_off_their_border_and_several_in_a_window() -> None:
    seen: Counter[str] = Counter()
    for seed in range(40):
        moments = [capture.at for capture in live(seed, contacts=1, captures=8, odd=1.0).captures]
        windows = [window_of(at) for at in moments]
        seen["off the border"] += sum(window.end != at for window, at in zip(windows, moments, strict=True))
        seen["several in a window"] += len(windows) - len(set(windows))
        seen["missed"] += sum(later.start > earlier.end for earlier, later in pairwise(windows))
        seen["closer than twice the skew"] += sum(later - earlier <= 2 * SKEW for earlier, later in pairwise(moments))
    assert min(seen.values()) > 10, seen


@pytest.mark.parametrize("wrong", ["author_name", "old", "gone", "moment"])
def test_the_judge_finds_a_wrong_claim(wrong: str) -> None:
    world = tell(live(5, contacts=3, captures=5), 5, Losses())
    events, _ = derive(world.rows, SKEW.total_seconds())
    Judge(world, events, SKEW).all_laws()
    event = next(one for one in events if one["attribution"] == "recorded" and one["changes"])
    if wrong == "gone":
        events.remove(event)
    elif wrong == "old":
        event["changes"][0]["old"] = "never"
    elif wrong == "moment":
        event["occurred_at"] = event["window_end"]
    else:
        event["author_name"] = "Nobody"
    with pytest.raises(AssertionError):
        Judge(world, events, SKEW).all_laws()
