"""The digests of persons in their blocks: whatever comes and goes, what is read again is what was kept."""

import random

import numpy as np

from contact_audit.database import audit_connection
from contact_audit.sources.fingerprints import Known, keep, known_persons
from contact_audit.sources.taking import Store
from contact_audit.sql import statement
from tests.conftest import NewDatabase
from tests.support.runs import query

IDS = [-(2**63), -1025, -1, 0, 1, 1023, 1024, 2**40, 2**63 - 1, *range(5_000, 9_000)]


def known(persons: dict[int, tuple[int, bool]]) -> Known:
    """As the store has them."""
    ids = sorted(persons)
    return Known(
        np.array(ids, np.int64),
        np.array([persons[one][0] for one in ids], np.int64),
        np.array([persons[one][1] for one in ids], bool),
    )


def test_who_comes_changes_and_goes_is_who_is_read_again(audit_dsn: str) -> None:
    rng = random.Random(5)
    persons: dict[int, tuple[int, bool]] = {}
    for share in (0.5, 0.01, 0.3, 0.0, 0.002):
        came = {one: (rng.randrange(-(2**63), 2**63), rng.random() < 0.8) for one in IDS if rng.random() < share}
        gone = sorted(one for one in persons.keys() - came.keys() if rng.random() < share / 2)
        before = known_persons(audit_dsn, 60)
        with audit_connection(audit_dsn) as connection:
            present = keep(Store(connection), before, known(came), np.array(gone, np.int64))
        persons = {one: kept for one, kept in persons.items() if one not in gone} | came
        found, expected = known_persons(audit_dsn, 60), known(persons)
        for name in ("contact", "fingerprint", "present"):
            assert np.array_equal(getattr(found, name), getattr(expected, name))
        assert present == sum(there for _, there in persons.values())
    with audit_connection(audit_dsn) as connection:
        everybody = np.array(sorted(persons), np.int64)
        assert keep(Store(connection), known_persons(audit_dsn, 60), known({}), everybody) == 0
    assert query(audit_dsn, "select count(*)::int as n from captures.fingerprint_blocks") == [{"n": 0}]


def test_blocks_in_which_nothing_changes_are_not_written(audit_dsn: str) -> None:
    with audit_connection(audit_dsn) as connection:
        keep(Store(connection), known({}), known(dict.fromkeys(range(5_000), (7, True))), np.zeros(0, np.int64))
    before = query(audit_dsn, "select block::int, xmin::text from captures.fingerprint_blocks order by 1")
    with audit_connection(audit_dsn) as connection:
        keep(Store(connection), known_persons(audit_dsn, 60), known({2_000: (8, True)}), np.array([4_999], np.int64))
    after = query(audit_dsn, "select block::int, xmin::text from captures.fingerprint_blocks order by 1")
    assert [row["block"] for row in after if row not in before] == [1, 4]
    assert known_persons(audit_dsn, 60).fingerprint[2_000] == 8


def test_an_upgrade_moves_the_digests_that_are_there_into_blocks(new_database: NewDatabase) -> None:
    dsn = new_database()
    query(
        dsn,
        "create schema captures; create table captures.fingerprints (contact_id bigint primary key, fingerprint bigint, present boolean); "
        "insert into captures.fingerprints values (5, -2, true), (4, 9, false), (5000, 1, true)",
    )
    query(dsn, statement("audit/revisions/0010/fingerprint_blocks"))
    found = known_persons(dsn, 60)
    assert (found.contact.tolist(), found.fingerprint.tolist()) == ([4, 5, 5000], [9, -2, 1])
    assert found.present.tolist() == [False, True, True]
