-- The digests of all persons as of the newest capture, block by block in the order of ids. One row a block; O(persons).
select
    b.contacts,
    b.fingerprints,
    b.present
from captures.fingerprint_blocks as b
order by b.block
