"""A capture's row that cannot be used tells nothing of its contact: for that contact the capture is as if it were not there."""

import pytest

from tests.support.compact import events_of, expected
from tests.support.unusable_rows import ACROSS, FROM_THE_FIRST


@pytest.mark.parametrize(("story", "told"), ACROSS)
def test_its_contacts_pair_reaches_across_it(story: str, told: str) -> None:
    assert events_of(story) == expected(told)


@pytest.mark.parametrize(("story", "told"), FROM_THE_FIRST)
def test_in_the_very_first_capture_its_contacts_history_starts_with_the_next_usable_row(story: str, told: str) -> None:
    assert events_of(story) == expected(told)
