"""Stories of a contact of which captures have rows that cannot be used, each with what the log has to say (compact.py)."""

import pytest

ACROSS = [
    pytest.param(
        """
        00:00 capture plan=a
        01:00 update #1 ann plan:a>b
        03:00 capture bad
        06:00 capture plan=b
        """,
        "06:00/1 [1-3] update 01:00 ann recorded #1: plan a>b",
        id="a recorded change before it",
    ),
    pytest.param(
        """
        00:00 capture plan=a
        03:00 capture bad
        04:00 update #1 ann plan:a>b
        06:00 capture plan=b
        """,
        "06:00/1 [1-3] update 04:00 ann recorded #1: plan a>b",
        id="a recorded change after it",
    ),
    pytest.param(
        """
        00:00 capture plan=a
        01:00 update #1 ann plan:a>b
        03:00 capture bad
        04:00 update #2 bo plan:b>a
        06:00 capture plan=a
        """,
        """
        06:00/1 [1-3] update 01:00 ann recorded #1: plan a>b
        06:00/2 [1-3] update 04:00 bo recorded #2: plan b>a
        """,
        id="there and back, which no capture shows",
    ),
    pytest.param(
        """
        00:00 capture plan=a
        03:00 capture bad
        06:00 capture plan=b
        """,
        "06:00/1 [1-3] update 00:00..06:00 ? unattributed -: plan a>b",
        id="without an entry, anywhere across it",
    ),
    pytest.param(
        """
        00:00 capture plan=a
        03:00 capture bad
        06:00 changed
        07:00 update #1 ann plan
        09:00 changed bad
        12:00 changed plan=b
        15:00 changed plan=c
        """,
        """
        12:00/1 [1-5] update 07:00 ann matched #1: plan a>b
        15:00/1 [5-6] update 12:00..15:00 ? unattributed -: plan b>c
        """,
        id="who is not mentioned is as before, which nobody knows",
    ),
    pytest.param(
        """
        00:00 capture plan=a
        03:00 changed
        06:00 changed bad
        09:00 capture plan=b
        """,
        "09:00/1 [2-4] update 03:00..09:00 ? unattributed -: plan a>b",
        id="known until the capture before, though that does not mention it",
    ),
    pytest.param(
        """
        00:00 capture plan=a
        01:00 update #1 ann plan:a>b
        03:00 capture bad
        04:00 update #2 bo plan:b>c
        """,
        "",
        id="no later capture: its entries wait",
    ),
    pytest.param(
        """
        00:00 capture plan=a
        02:00 delete #1 ann
        03:00 capture bad
        06:00 capture -
        """,
        "06:00/1 [1-3] delete 02:00 ann matched #1: plan a>null",
        id="absence is known again",
    ),
    pytest.param(
        """
        00:00 capture -
        02:00 create #1 ann plan:null>a
        03:00 capture bad
        06:00 capture plan=a
        """,
        "06:00/1 [1-3] create 02:00 ann recorded #1: plan null>a",
        id="a birth",
    ),
    pytest.param(
        """
        00:00 capture plan=a
        02:59 update #1 ann plan:a>b
        03:00 capture bad
        05:59 update #2 bo plan:b>c
        06:00 capture plan=b
        09:00 capture plan=c
        """,
        """
        06:00/1 [1-3] update 02:59 ann recorded #1: plan a>b
        09:00/1 [3-4] update 05:59 bo recorded #2: plan b>c
        """,
        id="cuts are where it is known",
    ),
    pytest.param(
        """
        00:00 capture plan=a
        03:00 capture bad
        06:00 capture plan=b
        06:01 update #1 ann plan:a>b
        09:00 capture plan=b
        """,
        "06:00/1 [1-3] update 06:01 ann recorded #1: plan a>b",
        id="an entry after the capture that has seen it",
    ),
    pytest.param(
        """
        00:00 capture plan=a
        00:01 update #1 ann plan:z>a
        03:00 capture bad
        06:00 capture plan=a
        """,
        "03:00/1 [-] update 00:01 ann unconfirmed #1: plan z>a",
        id="an entry that the capture before it has seen",
    ),
]

FROM_THE_FIRST = [
    pytest.param(
        """
        00:00 capture bad
        01:00 update #1 ann plan:a>b
        05:00 update #2 ann plan:b>c
        07:00 capture plan=c
        08:30 update #3 ann plan:c>d
        10:00 capture plan=d
        """,
        """
        03:00/1 [-] update 01:00 ann unconfirmed #1: plan a>b
        06:00/1 [-] update 05:00 ann unconfirmed #2: plan b>c
        12:00/1 [2-3] update 08:30 ann recorded #3: plan c>d
        """,
        id="in windows without a capture",
    ),
    pytest.param(
        """
        00:00 capture bad
        03:00 capture plan=a
        06:00 capture plan=b
        """,
        "06:00/1 [2-3] update 03:00..06:00 ? unattributed -: plan a>b",
        id="no create",
    ),
    pytest.param(
        """
        00:00 capture bad
        03:00 changed
        06:00 changed plan=a
        09:00 changed -
        """,
        "09:00/1 [3-4] delete 06:00..09:00 ? unattributed -: plan a>null",
        id="not mentioned in between",
    ),
    pytest.param(
        """
        00:00 capture bad
        03:00 capture -
        06:00 capture plan=a
        """,
        "06:00/1 [2-3] create 03:00..06:00 ? unattributed -: plan null>a",
        id="absent in the next, no delete; then born",
    ),
    pytest.param(
        """
        00:00 capture bad
        01:00 update #1 ann plan:a>b
        02:00 update #2 bo plan
        03:00 capture plan=b
        04:00 update #3 ann plan:b>c
        06:00 capture plan=c
        """,
        """
        03:00/1 [-] update 01:00 ann unconfirmed #1: plan a>b
        06:00/1 [2-3] update 04:00 ann recorded #3: plan b>c
        #2 no_known_effect
        """,
        id="what the journal says of the time before",
    ),
    pytest.param(
        """
        00:00 capture bad
        01:00 create #1 ann plan:null>a
        03:00 capture plan=a
        """,
        "03:00/1 [-] create 01:00 ann unconfirmed #1: plan null>a",
        id="a create that the journal tells",
    ),
    pytest.param(
        """
        00:00 capture bad
        01:00 update #1 ann plan:a>b
        03:00 capture bad
        04:00 update #2 ann plan:b>c
        """,
        """
        03:00/1 [-] update 01:00 ann unconfirmed #1: plan a>b
        06:00/1 [-] update 04:00 ann unconfirmed #2: plan b>c
        """,
        id="never usable",
    ),
    pytest.param(
        """
        00:00 capture bad
        03:00 capture plan=b
        03:01 update #1 ann plan:a>b
        06:00 capture plan=b
        """,
        "06:00/1 [-] update 03:01 ann unconfirmed #1: plan a>b",
        id="seen by the capture in which its history starts",
    ),
    pytest.param(
        """
        00:00 capture bad
        02:59 update #1 ann plan:a>b
        03:00 capture plan=a
        06:00 capture plan=b
        """,
        """
        03:00/1 [-] update 02:59 ann unconfirmed #1: plan a>b
        06:00/1 [2-3] update 03:00..06:00 ? unattributed -: plan a>b
        """,
        id="before it by the clock stays before",
    ),
]
