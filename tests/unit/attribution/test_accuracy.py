"""The accuracy report counts what it says it counts."""

import pytest

from bench.accuracy import ANY, AUTHORS, LOSSES, SHARES, besides, last_writer, measure, score, true_changes
from tests.support.truth import live

ANN, BO = ("agent", "id", "1"), ("agent", "id", "2")


def test_claims_and_changes_are_held_against_each_other_one_to_one() -> None:
    true = [(1, 1, "email", '"a"', ANN), (1, 1, "email", '"b"', BO), (1, 2, "name", '"c"', ANN)]
    twice = [true[0], true[0], (1, 1, "email", '"b"', ANN), (1, 2, "name", '"c"', None)]
    result = score(true, twice)
    assert (result.true, result.claims, result.right) == (3, 3, 1)
    assert score(true, []).accuracy is None
    assert score(true, [(1, 1, "email", ANY, BO)]).right == 1


def test_with_a_whole_journal_every_author_is_named_and_right() -> None:
    result = measure(live(7, contacts=12, captures=6, near=0, odd=0, authors=AUTHORS), 7, LOSSES["mixed"](0.0))
    for method in ("audit log", "audit log, recorded or matched", "journal only"):
        assert (result[method].accuracy, result[method].coverage) == (1, 1)
    assert result["shown by the log"] == 1
    assert result["snapshot diff"].coverage == 0


def test_the_last_writer_is_right_where_there_is_only_one() -> None:
    truth = live(7, contacts=12, captures=6, near=0, odd=0, authors=AUTHORS[:1])
    result = score(list(true_changes(truth)), list(last_writer(truth)), list(besides(truth)))
    assert result.accuracy == 1
    assert result.coverage < 1  # what was changed twice between two captures is not seen


@pytest.mark.parametrize("share", SHARES)
def test_a_share_of_damaged_entries_is_that_share(share: float) -> None:
    losses = LOSSES["mixed"](share)
    whole = (1 - losses.dropped) * (1 - losses.bare) * (1 - losses.stripped)
    assert whole == pytest.approx(1 - share)
