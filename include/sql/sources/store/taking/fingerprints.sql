-- Each person's digest as of the newest capture. One row a person; O(persons).
select
    f.contact_id,
    f.fingerprint,
    f.present
from captures.fingerprints as f
