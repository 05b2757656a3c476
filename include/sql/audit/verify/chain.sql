-- What is wrong with the chain itself: sequence, problem. None where it holds. O(ledger).
with entry as (
    select
        l.sequence,
        l.hash,
        l.previous_hash,
        l.digest,
        l.roots,
        l.window_end,
        audit.entry_hash(l) as computed,
        lag(l.sequence) over (order by l.sequence) as sequence_before,
        lag(l.hash) over (order by l.sequence) as hash_before
    from audit.ledger as l
),

before as (
    select sha256(coalesce(string_agg(entry.computed, '' order by entry.sequence), '')) as hash
    from entry
    cross join audit.ledger_head as head
    where entry.sequence < head.first_sequence
),

last as (
    select
        coalesce(max(entry.sequence), 0) as sequence,
        (array_agg(entry.hash order by entry.sequence desc))[1] as hash
    from entry
)

select
    entry.sequence,
    'the entry was changed: its hash is not that of what it says' as problem
from entry
cross join audit.ledger_head as head
where
    entry.sequence >= head.first_sequence
    and entry.hash is distinct from entry.computed
union all
select
    entry.sequence,
    'the entry does not follow the one before it: its previous_hash is another' as problem
from entry
cross join audit.ledger_head as head
cross join before
where
    entry.sequence >= head.first_sequence
    and entry.previous_hash is distinct from case
        when entry.sequence = head.first_sequence then before.hash
        when entry.sequence_before = entry.sequence - 1 then entry.hash_before
        else entry.previous_hash
    end
union all
select
    missing.sequence,
    'the entry is missing' as problem
from entry
cross join audit.ledger_head as head
cross join lateral generate_series(
    greatest(coalesce(entry.sequence_before, 0) + 1, head.first_sequence), entry.sequence - 1
) as missing (sequence)
where entry.sequence > head.first_sequence
union all
select
    missing.sequence,
    'the entry is missing: the chain was longer' as problem
from audit.ledger_head as head
cross join last
cross join lateral generate_series(greatest(last.sequence + 1, head.first_sequence), head.sequence) as missing (sequence)
union all
select
    last.sequence,
    'the last entry is not the one that audit.ledger_head remembers' as problem
from audit.ledger_head as head
cross join last
where
    last.sequence > head.sequence
    or (last.sequence = head.sequence and last.sequence >= head.first_sequence and last.hash is distinct from head.hash)
order by
    sequence,
    problem
