-- The digests of what came. O(rows that differ).
insert into captures.fingerprints as f (contact_id, fingerprint, present)
select
    i.contact_id,
    i.fingerprint,
    not i.deleted as present
from incoming_contacts as i
on conflict (contact_id) do update set fingerprint = excluded.fingerprint, present = excluded.present
